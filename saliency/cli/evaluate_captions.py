"""``saliency evaluate --task captions``: how well the captioner describes held-out pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import typer

from ..caption_session import CAPTIONER
from ..checkpoints import load_network
from ..errors import CheckpointError
from ..metrics.bootstrap import mean_interval, resamples
from ..metrics.captions import CaptionScores
from ..metrics.evaluator import write_json
from ..models.captioner import Captioner
from ..predictor import Predictor
from .data_options import make_folder


def evaluate_captions(folder: Path, json: Path | None) -> None:
    """Prints the scores of the captioner and of two baselines; writes them to `json`."""
    from ..report.captioner_scores import measure  # training takes a while to import

    if json is not None:
        make_folder(json.parent)
    model, card = load_network(CAPTIONER)
    if not isinstance(model, Captioner):
        raise CheckpointError("“{name}” is no captioner.", name=card.name)
    found = measure(Predictor([], pictures_cached=0), folder, model.front_end, card.preprocessing)
    typer.echo(table_of_captions(found).to_string())
    if json is not None:
        write_json(json, {name: vars(scores) for name, scores in found.items()})


def table_of_captions(found: dict[str, CaptionScores]) -> pd.DataFrame:
    """Metrics by who speaks as text; CIDEr with its 95 % interval over pictures."""
    return pd.DataFrame({name: _column(scores) for name, scores in found.items()})


def _column(scores: CaptionScores) -> dict[str, str]:
    values = np.array(scores.ciders)
    cider = mean_interval(values[None], resamples(len(values)))
    return {
        "n": str(len(values)),
        "CIDEr-D": f"{cider.mean:.3f} [{cider.low:.3f}, {cider.high:.3f}]",
        "BLEU-4": f"{scores.bleu_4:.3f}",
        "distinct-1": f"{scores.distinct_1:.3f}",
        "distinct-2": f"{scores.distinct_2:.3f}",
        "words": f"{scores.words:.1f}",
    }
