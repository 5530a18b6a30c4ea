"""``saliency replay``: a downloaded comparison run again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from ..archive.recorded import TOLERANCE, Recorded, Replayed, changed_weights, read_recorded
from ..archive.recorded import replay as run_again
from ..predictor import Predictor
from ..results import Comparison


def replay(
    record: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A downloaded ZIP, or its .json.")],
    tolerance: Annotated[float, typer.Option(min=0, help="Share of a map's peak that counts as the same.")] = TOLERANCE,
    other_weights: Annotated[bool, typer.Option(help="Compare although checkpoints differ from the recorded.")] = False,
) -> None:
    """Run a downloaded comparison again with the checkpoints here; say of each map whether it is the same.

    Unpacked, the picture and the maps must lie beside the .json. The largest absolute difference of a map is given as a
    share of the recorded map's peak. The exit code is 0 where all are the same, and 1 where one differs.
    """
    recorded = read_recorded(record)
    predictor = Predictor(recorded.models, precision=recorded.precision, pictures_cached=1)
    results, comparison = run_again(recorded, predictor, tolerance=tolerance, other_weights=other_weights)
    for line in (*changed_weights(recorded, predictor), *_changed_software(recorded, comparison)):
        typer.echo(f"Note: {line}.", err=True)
    typer.echo(_table_of_replayed(results).to_string(index=False))
    same = sum(result.same for result in results)
    typer.echo(f"{same} of {len(results)} maps are the same, to {tolerance:g} of their peak.")
    if same < len(results):
        raise typer.Exit(1)


def _changed_software(recorded: Recorded, comparison: Comparison) -> list[str]:
    """A phrase on each package whose version is not the recorded one."""
    here = comparison.record()["software"]
    return [
        f"{name} was {before}, here it is {here.get(name, 'unknown')}"
        for name, before in recorded.software.items()
        if here.get(name) != before
    ]


def _table_of_replayed(results: Sequence[Replayed]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "model": result.model,
            "condition": result.condition.value,
            "largest difference": f"{result.difference:.2g}",
            "": "same" if result.same else "different",
        }
        for result in results
    )
