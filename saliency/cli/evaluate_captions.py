"""``saliency evaluate --task captions``: how well the captioner describes held-out pictures."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import typer

from ..metrics.captions import CaptionScores
from ..metrics.evaluator import write_json
from .data_options import make_folder


def evaluate_captions(folder: Path, json: Path | None) -> None:
    """Prints the scores of the captioner and of two baselines; writes them to `json`."""
    from ..report.captioner_scores import measure  # training takes a while to import

    if json is not None:
        make_folder(json.parent)
    found = measure(folder)
    typer.echo(table_of_captions(found).to_string())
    if json is not None:
        write_json(json, {name: vars(scores) for name, scores in found.items()})


def table_of_captions(found: dict[str, CaptionScores]) -> pd.DataFrame:
    """Metrics by who speaks as text; CIDEr with its 95 % interval over pictures."""
    return pd.DataFrame({name: _column(scores) for name, scores in found.items()})


def _column(scores: CaptionScores) -> dict[str, str]:
    cider = scores.cider_interval
    return {
        "n": str(len(scores.ciders)),
        "CIDEr-D": f"{cider.mean:.3f} [{cider.low:.3f}, {cider.high:.3f}]",
        "BLEU-4": f"{scores.bleu_4:.3f}",
        "distinct-1": f"{scores.distinct_1:.3f}",
        "distinct-2": f"{scores.distinct_2:.3f}",
        "words": f"{scores.words:.1f}",
    }
