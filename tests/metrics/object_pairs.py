"""Pairs of a prediction and a mask, and their scores by PySODMetrics 1.6.2 as recorded in object_scores.npz.

PySODMetrics asks for an OpenCV that writes over this project's, so it is in an environment of its own:

    python -m venv sod && sod/bin/pip install pysodmetrics==1.6.2 && sod/bin/python tests/metrics/object_pairs.py
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

RECORDED = Path(__file__).parent / "object_scores.npz"


def pairs() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Predictions (H, W) uint8 and masks (H, W) bool by name: random, structured, empty, full, constant, tiny."""
    rng = np.random.default_rng(32)
    rows, columns = np.mgrid[:60, :80]
    disc = (rows - 25) ** 2 + (columns - 50) ** 2 < 200
    two = disc | ((rows > 40) & (columns < 20))
    noise = rng.integers(256, size=disc.shape).astype(np.uint8)
    blurred = (255 * np.exp(-((rows - 30) ** 2 + (columns - 45) ** 2) / 300)).astype(np.uint8)
    dim = (20 + 150 * disc + rng.integers(40, size=disc.shape)).astype(np.uint8)
    corner = np.zeros_like(disc)
    corner[0, 0] = True
    maps = {"noise": noise, "blurred": blurred, "dim": dim, "zero": noise * 0, "constant": noise * 0 + 77}
    masks = {
        "disc": disc, "two": two, "scattered": rng.random(disc.shape) < 0.3, "corner": corner, "inside": ~corner,
        "empty": disc & False, "full": disc | True,
    }  # fmt: skip
    found = {f"{m} on {k}": (prediction, mask) for m, prediction in maps.items() for k, mask in masks.items()}
    found |= {f"perfect on {k}": (mask * np.uint8(255), mask) for k, mask in masks.items()}
    found |= {f"inverted on {k}": (~mask * np.uint8(255), mask) for k, mask in masks.items()}
    for number, shape in enumerate([(2, 3), (5, 4), (17, 31), (31, 17), (40, 40), (3, 90)]):
        found[f"random {number}"] = (rng.integers(256, size=shape).astype(np.uint8), rng.random(shape) < 0.5)
    return found


def recorded() -> None:
    """Writes a row of scores per pair, and the curves: of F, E, precision and recall."""
    import py_sod_metrics as theirs

    scores, curves = [], []
    totals = [theirs.MAE(), theirs.Fmeasure(), theirs.WeightedFmeasure(), theirs.Emeasure(), theirs.Smeasure()]
    for prediction, mask in pairs().values():
        own = [type(total)() for total in totals]
        for metric in (*own, *totals):
            metric.step(prediction, mask * np.uint8(255))
        scores.append(results(own)[0])
        curves.append(results(own)[1])
    scores_of_all, curves_of_all = results(totals)
    np.savez_compressed(
        RECORDED, scores=scores, curves=np.float32(curves), scores_of_all=scores_of_all, curves_of_all=curves_of_all
    )


def results(metrics: list) -> tuple[list, list]:
    """MAE, adaptive, mean and maximum F, weighted F, adaptive, mean and maximum E, S; and the four curves."""
    mae, f, weighted, e, s = (metric.get_results() for metric in metrics)
    of_f, of_e, pr = f["fm"], e["em"], f["pr"]
    scores = [mae["mae"], of_f["adp"], of_f["curve"].mean(), of_f["curve"].max(), weighted["wfm"]]
    scores += [of_e["adp"], of_e["curve"].mean(), of_e["curve"].max(), s["sm"]]
    return scores, [of_f["curve"], of_e["curve"], pr["p"], pr["r"]]


if __name__ == "__main__":
    recorded()
