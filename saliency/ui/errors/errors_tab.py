"""The Errors tab: scores and failures of models on the host's data set; visitors cannot name one."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import Any

import gradio as gr
import pandas as pd

from saliency.analysis import Analysis, ErrorAnalysis, LeftOut, differences, means
from saliency.conditions import Condition
from saliency.data import ObjectDataset
from saliency.data.layouts import DataSet
from saliency.external_maps import ExternalMaps
from saliency.object_evaluation import ObjectEvaluation
from saliency.predictor import Predictor
from saliency.ui.constants import ENGINE
from saliency.ui.errors.report import write_report
from saliency.ui.errors.sample_presentation import present_sample
from saliency.ui.errors.thumbnails import Thumbnails
from saliency.ui.gradio_internals import kept_file
from saliency.ui.models.models_tab import card_views
from saliency.ui.models.score_table import ScoreTable
from saliency.ui.shared.cancellation import cancellable, go_on
from saliency.ui.shared.component import Component
from saliency.ui.shared.guard import guarded
from saliency.ui.shared.hidden_download import download_after, hidden_download
from saliency.ui.shared.sentences import translated

# Apart from the engine's queue: an evaluation takes an hour, and shares the engine with other tabs picture by picture.
EVALUATION = "evaluation"
_EVERY = 0.5  # seconds between two messages of progress


def build(predictor: Predictor, data: DataSet | ObjectDataset | None = None, maps: Sequence[ExternalMaps] = ()) -> None:
    """Adds the tab's content to the Blocks or Tab being built.

    Without a data set these are the scores on the models' cards, and how a host gives a data set.

    Args:
        data: of gaze, or of salient objects.
        maps: of other programs, each shown as one model more; of objects `object_evaluation.ObjectMaps`.
    """
    if data is None:
        ScoreTable(card_views(predictor), elem_id="shipped-scores")
        _view(given=False)
        return
    study = _analysis(predictor, data, maps)
    thumbnails = Thumbnails(study.samples)

    @guarded
    def overview():
        return present_overview(study)

    turn = Lock()

    @cancellable
    @guarded
    def evaluate(event: gr.EventData):
        with turn:  # of one that was cancelled the sample at work is finished first
            yield from evaluated(study, _names(event.models))

    @guarded
    def intervals(event: gr.EventData):
        stems = None if event.stems is None else _names(event.stems)
        found = present_intervals(study, stems, str(event.first), str(event.second))
        return {"number": event.number, **found}

    @guarded
    def small(event: gr.EventData):
        return thumbnails.of(_names(event.stems))

    @guarded
    def sample(event: gr.EventData):
        # With a number: the view does not hear of a value that is the one before, and may have been closed since.
        return present_sample(study, str(event.stem)) | {"opening": event.opening}

    @guarded
    def report(event: gr.EventData):
        with TemporaryDirectory() as folder:
            path = Path(folder) / "saliency-errors.html"
            for done, total in write_report(study, _names(event.stems), str(event.chosen), path):
                yield {"progress": {"task": "report", "done": done, "total": total}}, None
            yield {"progress": None}, kept_file(report_link, path)

    view = _view(given=True)
    opened = Component("sample_view", elem_id="sample")
    report_link = hidden_download("report")

    # The view shows what goes on by itself; Gradio's own progress would lie over it.
    quiet = {"show_progress": "hidden", "api_visibility": "private"}
    on_engine = {"concurrency_limit": 1, "concurrency_id": ENGINE}
    view.shown(overview, outputs=view, **quiet)
    evaluating = view.evaluate(evaluate, outputs=view, concurrency_limit=1, concurrency_id=EVALUATION, **quiet)
    reporting = view.report(report, outputs=[view, report_link], **on_engine, **quiet)
    download_after(reporting, report_link)
    for running in (evaluating, reporting):
        running.failure(overview, outputs=view, **quiet)
    view.cancel(overview, outputs=view, cancels=[evaluating, reporting], **quiet)
    view.open(sample, outputs=opened, show_progress="minimal", api_visibility="private", **on_engine).then(
        None, js="() => document.dispatchEvent(new Event('sample-answered'))", api_visibility="private"
    )
    # Not through the view's value: of two values that arrive together it would see only the last.
    for asked, answer in ((view.intervals, intervals), (view.thumbnails, small)):
        carrier = gr.JSON(visible="hidden")
        told_by = (
            f"(answer) => document.dispatchEvent(new CustomEvent('{answer.__name__}-answered', {{ detail: answer }}))"
        )
        asked(answer, outputs=carrier, trigger_mode="always_last", **quiet).success(
            None, carrier, js=told_by, api_visibility="private"
        )


def _analysis(predictor: Predictor, data: DataSet | ObjectDataset, maps: Sequence[ExternalMaps]) -> Analysis:
    if isinstance(data, ObjectDataset):
        return ObjectEvaluation(predictor, data, maps=maps)
    return ErrorAnalysis(predictor, data, maps=maps)


def _view(given: bool) -> Component:
    return Component("error_view", scripts=("error_charts",), given=given, elem_id="errors")


def evaluated(study: Analysis, models: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Runs an evaluation; yields its progress at intervals, and the overview at the end."""
    last = -math.inf
    for step in study.run(models):
        go_on()
        if time.monotonic() - last >= _EVERY:
            last = time.monotonic()
            title = study.titles[step.model]
            yield {"progress": {"task": "evaluate", "title": title, "done": step.done, "total": step.total}}
    yield present_overview(study)


def present_overview(study: Analysis) -> dict[str, Any]:
    """Everything that `error_view.js` draws of the scores there are, ready for JSON.

    ``task`` is what maps are compared with, as `Analysis.task` has it. ``samples`` are lists of stems, pictures,
    conditions and sentences; ``scores`` has for each model of ``models`` and each metric of ``metrics`` a list over the
    samples, null where there is no score; ``means`` has one row per model, condition (and ``macro``) and metric: the
    mean, its 95 % interval, and how many samples count. ``left_out`` has the samples that the last run of a model left
    out, with a sentence; ``notices`` are sentences.
    """
    table = study.table()
    counts = table["model"].value_counts()
    scored = [name for name in study.sources if name in counts]
    specs = {} if study.predictor is None else study.predictor.specs
    baselines = {name for name, spec in specs.items() if not spec.learned}
    answered = set(table["stem"])
    stems = [stem for stem in study.samples if stem in answered]
    samples = [study.samples[stem] for stem in stems]
    of_all = list(study.samples.values())
    return {
        "task": study.task,
        "data": {
            "name": study.data.name,
            "split": study.data.split,
            "samples": len(of_all),
            "pictures": len({sample.picture for sample in of_all}),
        },
        "models": [
            {"name": name, "title": title, "scored": int(counts.get(name, 0)), "baseline": name in baselines}
            for name, title in study.titles.items()
        ],
        "conditions": [c.value for c in Condition if any(sample.condition is c for sample in samples)],
        "metrics": [{"name": name, "lower": name in study.lower} for name in study.metrics],
        "samples": {
            "stem": stems,
            "picture": [sample.picture for sample in samples],
            "condition": [sample.condition.value for sample in samples],
            "sentence": [sample.sentence for sample in samples],
        },
        "scores": {name: _columns(table[table["model"] == name], stems, study.metrics) for name in scored},
        "means": [_mean(row) for row in means(table, study.metrics).to_dict("records")],
        "left_out": [_left_out(study, entry) for entry in study.left_out()],
        "notices": [translated(notice) for notice in (*study.notices(), *study.sample_notices())],
    }


def present_intervals(
    study: Analysis, stems: Sequence[str] | None, first: str, second: str
) -> dict[str, list[dict[str, Any]]]:
    """Confidence intervals of a selection, ready for JSON; rows as ``means`` of `present_overview` has them.

    ``means`` are over the pictures of the selection, in one row per model and metric of the condition ``selection``.
    ``differences`` are those of two models (``model`` is null), paired by sample: by condition over all samples, and
    over the selection.

    Args:
        stems: of the selected samples; None where all are, which is no selection.
        first, second: names of models.
    """
    table = study.table()
    parts = [differences(table, first, second, study.metrics)]
    selected = []
    if stems is not None:
        chosen = table[table["stem"].isin(stems)].assign(condition="selection")
        selected = means(chosen, study.metrics).to_dict("records")
        parts.append(differences(chosen, first, second, study.metrics))
    paired = [row for part in parts for row in part.assign(model=None).to_dict("records")]
    return {"means": [_mean(row) for row in selected], "differences": [_mean(row) for row in paired]}


def _left_out(study: Analysis, entry: LeftOut) -> dict[str, str]:
    """A sample that was left out; of which models, where it was not all of them."""
    models = entry.models if len(entry.models) < len(study.sources) else ()
    return {
        "stem": entry.stem,
        "why": translated(entry.why),
        "models": ", ".join(study.titles[name] for name in models),
    }


def _columns(table: pd.DataFrame, stems: Sequence[str], metrics: Sequence[str]) -> dict[str, list[float | None]]:
    """By metric, the scores of the samples in their order."""
    ordered = table.set_index("stem").reindex(stems)
    return {metric: [_number(value) for value in ordered[metric]] for metric in metrics}


def _mean(row: dict[str, Any]) -> dict[str, Any]:
    numbers = {name: _number(row[name]) for name in ("mean", "low", "high")}
    return {"model": row["model"], "condition": row["condition"], "metric": row["metric"], "n": row["n"], **numbers}


def _number(value: float) -> float | None:
    """Four digits are more than is shown; JSON has no NaN."""
    return round(value, 4) if math.isfinite(value) else None


def _names(sent: Any) -> list[str]:
    """A list of names as the page sends it."""
    return [str(name) for name in sent] if isinstance(sent, list) else []
