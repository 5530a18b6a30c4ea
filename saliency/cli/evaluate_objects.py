"""``saliency evaluate --task objects``: how well maps agree with masks of salient objects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import typer

from ..data import ObjectDataset
from ..errors import DatasetError
from ..metrics import ObjectEvaluator
from ..metrics.evaluator import bootstrap_record, write_json
from ..object_evaluation import ObjectEvaluation, ObjectMaps
from ..predictor import Predictor
from .data_options import make_folder
from .studies import SAMPLES_LEFT_OUT, cell, named_maps, records_of_left_out, run_with_bar, tell, tell_left_out

FIGURES = (".png", ".pdf", ".svg")


def evaluate_objects(
    folder: Path,
    models: Sequence[str] | None,
    maps: Sequence[Path],
    names: Sequence[str],
    split: str | None,
    json: Path | None,
    curves: Path | None,
) -> None:
    """Prints the scores of models and maps; writes them to `json`, and the figure of the curves to `curves`."""
    if curves is not None and curves.suffix.lower() not in FIGURES:
        raise typer.BadParameter(f"Figures are written as {', '.join(FIGURES)}, not as “{curves.name}”.")
    data = ObjectDataset(folder, split)
    predictor = Predictor(models, pictures_cached=1) if models else None
    external = named_maps(maps, names, lambda title, place: ObjectMaps(title, place, data))
    for path in (json, curves):
        if path is not None:
            make_folder(path.parent)
    study = ObjectEvaluation(predictor, data, maps=external)
    tell([*data.notices, *(notice for source in external for notice in source.notices)])
    run_with_bar(study)
    left_out = study.left_out()
    tell_left_out(left_out, study)
    evaluators = {name: study.evaluator(name) for name in study.sources}
    scored = {name: evaluator for name, evaluator in evaluators.items() if len(evaluator)}
    if not scored:
        raise DatasetError("Nothing was scored of {count:,} samples.", count=len(data))
    if empty := max(evaluator.empty for evaluator in scored.values()):
        tell([f"{empty:,} of {len(data):,} masks are empty; they are scored, too."])
    tables = {name: evaluator.table() for name, evaluator in scored.items()}
    typer.echo(table_of_objects(tables).to_string())
    if json is not None:
        records = [_record(study, name, scored[name], table) for name, table in tables.items()]
        write_json(json, records[0] if len(records) == 1 else {"models": records})
    if curves is not None:
        from ..report.object_curves import figure_of  # Matplotlib takes a while to import.

        titles = {study.sources[name].title: evaluator.curves() for name, evaluator in scored.items()}
        figure_of(titles, data.name).savefig(curves, dpi=150)
    if left_out:
        raise typer.Exit(SAMPLES_LEFT_OUT)


def table_of_objects(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Metrics by models as text, each ``mean [low, high]``, and how many pictures count.

    Args:
        tables: of `ObjectEvaluator`, by model.
    """
    columns = {
        name: {"n": str(table["n"].iloc[0]), **{metric: cell(row, counted=False) for metric, row in table.iterrows()}}
        for name, table in tables.items()
    }
    return pd.DataFrame(columns)


def _record(study: ObjectEvaluation, name: str, evaluator: ObjectEvaluator, table: pd.DataFrame) -> dict[str, Any]:
    """Everything on one model, ready for JSON."""
    return {
        "model": name,
        "sha256": study.sources[name].sha256,
        "data": study.data.name,
        "split": study.data.split,
        "task": "objects",
        "minmax": evaluator.minmax,
        "bootstrap": bootstrap_record(evaluator.seed),
        "metrics": table.to_dict("index"),
        "empty_masks": evaluator.empty,
        "curves": {curve: values.tolist() for curve, values in evaluator.curves().items()},
        "rows": evaluator.rows().to_dict("records"),
        "left_out": records_of_left_out(study.left_out(), name),
        "notices": list(study.data.notices),
    }
