"""Captions that the captioner gives pictures without sentences, computed once and cached in a file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from threading import Lock

import torch
from accelerate import PartialState
from tqdm import tqdm

from ..atomic_files import write_whole
from ..caption_session import CaptionSession
from ..data import ObjectSample
from ..session import Picture
from .feature_cache import content_key
from .runs import RUNS

CAPTIONS = RUNS / "captions"  # may be deleted


def generated_captions(samples: Sequence[ObjectSample], folder: Path) -> dict[str, str]:
    """The shipped captioner's caption of each picture, by stem; cached in a file of `folder`, one per captioner.

    Raises:
        CheckpointError: there is no captioner.
    """
    device = torch.device("cpu")
    session = CaptionSession(None, device=device, dtype=torch.float32, lock=Lock(), pictures=0)
    file = folder / f"{session.card.sha256[:16]}.json"
    keys = {sample.stem: content_key(sample.image_path) for sample in samples}
    with PartialState().main_process_first():
        known: dict[str, str] = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
        missing = [sample for sample in samples if keys[sample.stem] not in known]
        for sample in tqdm(missing, desc="captions", mininterval=5, disable=not missing):
            known[keys[sample.stem]] = session.run(Picture(sample.image(), sample.stem)).sentence
        if missing:
            folder.mkdir(parents=True, exist_ok=True)
            write_whole(file, lambda draft: draft.write_text(json.dumps(known), encoding="utf-8"))
    return {stem: known[key] for stem, key in keys.items()}
