"""``saliency results``: every checkpoint measured anew."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .. import checkpoints
from ..report.markdown import write
from ..report.measuring import measured
from ..report.models_table import MARKS, models_table
from ..report.scores_csv import scores_csv


def results(
    root: Annotated[Path, typer.Argument(help="Folder of SJTU-TIS.")] = Path("../shared/data/sjtu_tis"),
    phrases: Annotated[Path, typer.Option(help="Folder of Flickr8k Entities.")] = Path(
        "../shared/data/flickr8k_entities"
    ),
    path: Annotated[Path, typer.Option(help="File to write.")] = Path("RESULTS.md"),
    model: Annotated[list[str] | None, typer.Option(help="Only this checkpoint; may be repeated.")] = None,
    figures: Annotated[bool, typer.Option(help="Also draw the figures.")] = True,
    masks: Annotated[Path, typer.Option(help="Folder of DUTS-TR.")] = Path("../shared/data/duts_tr"),
) -> None:
    """Measure the baselines and every checkpoint; write RESULTS.md, README's table, cards and figures.

    The validation pictures of SJTU-TIS, Flickr8k Entities and DUTS-TR are used. RESULTS.csv has the scores of gaze of
    the cards. The README is the one beside RESULTS.md; its table is of all checkpoints, and stays where only some are
    measured.
    """
    text, oracle = measured(root, phrases, model, figures, masks)
    write(path, text)
    cards = [*checkpoints.available(), *checkpoints.baselines()]
    path.with_suffix(".csv").write_text(scores_csv(cards), encoding="utf-8")
    if not model:
        write(path.with_name("README.md"), models_table(cards, oracle), MARKS)
