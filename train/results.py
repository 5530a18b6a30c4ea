"""``python -m train.results``: measure every shipped checkpoint on the validation pictures and write RESULTS.md.

The tables stand between two marks in RESULTS.md; what is written around them stays. The numbers also go into the
checkpoints' cards.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import pandas as pd
import typer
from tqdm import tqdm

from saliency import checkpoints
from saliency.conditions import Condition
from saliency.data import Sample, SjtuTis
from saliency.evaluation import evaluate_samples, predict_samples
from saliency.metrics import FixationEvaluator
from saliency.models import classical, registry
from saliency.predictor import Predictor

BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
METRICS = ("CC", "SIM", "KL", "NSS", "AUC", "sAUC")
ORDER = (Condition.PURE, Condition.GENERAL, Condition.WHOLE, Condition.SALIENT, Condition.NON_SALIENT)


def floors(training: Iterable[Sample], validation: list[Sample]) -> dict[str, Callable[[Sample], np.ndarray]]:
    """What needs no learning to predict: a function from a sample to a map, by name."""
    means = mean_maps(training)
    pure = {sample.picture: sample for sample in validation if sample.condition is Condition.PURE}

    def mean_map(sample: Sample) -> np.ndarray:
        height, width = sample.density().shape
        return cv2.resize(means[sample.condition], (width, height), interpolation=cv2.INTER_LINEAR)

    return {
        "centre prior": lambda sample: classical.predict("centre_prior", sample.image()),
        "spectral residual (OpenCV)": lambda sample: classical.predict("spectral_residual", sample.image()),
        "fine grained (OpenCV)": lambda sample: classical.predict("fine_grained", sample.image()),
        "mean training map of the condition": mean_map,
        "people's own pure map (text-blind oracle)": lambda sample: pure[sample.picture].density(),
        "people's own map (upper bound)": lambda sample: sample.density(),
    }


def mean_maps(training: Iterable[Sample], size: tuple[int, int] = (240, 320)) -> dict[Condition, np.ndarray]:
    """Mean density of each condition over the training pictures, each first made to sum to 1, at (h, w) `size`."""
    sums: dict[Condition, np.ndarray] = {}
    for sample in training:
        small = cv2.resize(sample.density(), size[::-1], interpolation=cv2.INTER_AREA)
        sums[sample.condition] = sums.get(sample.condition, 0) + small / small.sum()
    return {condition: total / total.sum() for condition, total in sums.items()}


def measure(predict: Callable[[Sample], np.ndarray], samples: list[Sample], title: str) -> FixationEvaluator:
    """Scores of a function from a sample to a map."""
    evaluator = FixationEvaluator(metrics=METRICS)
    for sample in tqdm(samples, desc=title):
        evaluator.add(
            sample.stem, sample.picture, sample.condition, predict(sample), sample.density(), sample.fixations()
        )
    return evaluator


def metric_table(tables: dict[str, pd.DataFrame], metric: str) -> str:
    """Markdown: a row a predictor, a column a condition, mean and 95 % interval."""
    header = "| " + metric + " | " + " | ".join(condition.title for condition in ORDER) + " |"
    lines = [header, "|---" * (len(ORDER) + 1) + "|"]
    for name, table in tables.items():
        cells = [table.loc[(condition, metric)] for condition in ORDER]
        shown = [f"{c['mean']:.3f} ({c['low']:.3f} to {c['high']:.3f})" for c in cells]
        lines.append(f"| {name} | " + " | ".join(shown) + " |")
    return "\n".join(lines)


def estimates(table: pd.DataFrame) -> dict[str, dict[str, checkpoints.Estimate]]:
    """The table as a card holds it: condition -> metric -> estimate."""
    found: dict[str, dict[str, checkpoints.Estimate]] = {}
    for (condition, metric), row in table.iterrows():
        estimate = checkpoints.Estimate(mean=row["mean"], low=row["low"], high=row["high"], n=int(row["n"]))
        found.setdefault(str(condition), {})[metric] = estimate
    return found


def write(path: Path, measured: str) -> None:
    """Put `measured` between the marks of RESULTS.md."""
    text = path.read_text(encoding="utf-8") if path.is_file() else f"# Results\n\n{BEGIN}\n{END}\n"
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    path.write_text(f"{before}{BEGIN}\n{measured}\n{END}{after}", encoding="utf-8")


def main(
    root: Annotated[Path, typer.Argument(help="folder of SJTU-TIS")] = Path("../shared/data/sjtu_tis"),
    path: Annotated[Path, typer.Option(help="file to write")] = Path("RESULTS.md"),
    models: Annotated[list[str] | None, typer.Option("--model", help="only these checkpoints")] = None,
) -> None:
    """Measure the floors and every checkpoint on the validation pictures, and write the tables and the cards."""
    validation = list(SjtuTis(root, "validation"))
    tables = {
        name: measure(predict, validation, name).table()
        for name, predict in floors(SjtuTis(root, "training"), validation).items()
    }
    predictor = Predictor(models)
    for name, card in predictor.cards.items():
        predictions = predict_samples(predictor, tqdm(validation, desc=name), name)
        table = evaluate_samples(predictions).table()
        checkpoints.annotate(name, {"validation": estimates(table)})
        tables[f"**{registry.spec(card.model).title}** ({card.preset}, seed {card.seed})"] = table
    counts = ", ".join(
        f"{condition.title.lower()} {sum(sample.condition is condition for sample in validation)}"
        for condition in ORDER
    )
    pictures = len({sample.picture for sample in validation})
    introduction = (
        f"Made by `python -m train.results`. {pictures} validation pictures of SJTU-TIS, whose training pictures are "
        f"others; samples: {counts}. Means over samples with 95 % bootstrap intervals over pictures; standard metrics "
        "at the pictures' own size (profile `tuebingen`). KL: lower is better."
    )
    sections = [f"### {metric}\n\n{metric_table(tables, metric)}" for metric in METRICS]
    write(path, "\n\n".join([introduction, *sections]))


if __name__ == "__main__":
    typer.run(main)
