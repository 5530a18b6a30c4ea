"""Captions that the captioner gives pictures without sentences, computed once and cached in a file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import torch
from accelerate import PartialState
from tqdm import tqdm

from .. import checkpoints
from ..atomic_files import write_whole
from ..checkpoints import Card
from ..data import ObjectSample
from ..errors import CheckpointError
from ..models.captioner import Captioner
from ..models.text import load_word_pieces
from ..preprocessing import prepare, stacked
from ..runtime.precision import autocast
from .feature_cache import content_key
from .runs import RUNS

CAPTIONS = RUNS / "captions"  # may be deleted
CAPTIONER = "captioner"  # the name of its checkpoint
BATCH = 8


def generated_captions(samples: Sequence[ObjectSample], folder: Path) -> dict[str, str]:
    """The shipped captioner's caption of each picture, by stem; cached in a file of `folder`, one per captioner.

    Raises:
        CheckpointError: there is no captioner.
    """
    file = folder / f"{str(checkpoints.read_card(CAPTIONER).sha256)[:16]}.json"
    keys = {sample.stem: content_key(sample.image_path) for sample in samples}
    with PartialState().main_process_first():
        known: dict[str, str] = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
        missing = {keys[sample.stem]: sample for sample in samples if keys[sample.stem] not in known}
        if missing:
            known |= zip(missing, _captions(list(missing.values())), strict=True)
            write_whole(file, lambda draft: draft.write_text(json.dumps(known), encoding="utf-8"))
    return {stem: known[key] for stem, key in keys.items()}


@torch.inference_mode()
def _captions(samples: Sequence[ObjectSample]) -> list[str]:
    captioner, card = _captioner()
    assert card.text_encoder is not None, "it has the pieces of its vocabulary"
    tokeniser = load_word_pieces(card.text_encoder)
    found: list[str] = []
    for start in tqdm(range(0, len(samples), BATCH), "captions", unit=" pictures", unit_scale=BATCH, mininterval=5):
        pictures = [prepare(sample.image(), card.preprocessing) for sample in samples[start : start + BATCH]]
        with autocast("cpu"):
            described = captioner.describe(captioner.encode(stacked(pictures)))
        pieces = (captioner.vocabulary.piece_ids(row) for row in described.tokens.tolist())
        found += [tokeniser.spelled(row)[0] for row in pieces]
    return found


def _captioner() -> tuple[Captioner, Card]:
    model, card = checkpoints.load_network(CAPTIONER)
    if not isinstance(model, Captioner):
        raise CheckpointError("“{name}” is no captioner.", name=card.name)
    return model.to(memory_format=torch.channels_last), card
