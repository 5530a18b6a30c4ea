"""How far annotators agree: intersection over union, and two kappas, which allow for agreement by chance.

A rating is whether an annotator has a pixel in the mask. Since annotators of a picture choose among the same segments,
a segment counts as often as it has pixels.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np


@dataclass(frozen=True)
class Agreement:
    """Agreement on the pictures that at least two annotators have annotated.

    Attributes:
        pictures: how many these are.
        iou: mean over pictures of the mean over pairs of annotators, in [0, 1].
        cohen: Cohen's kappa of each pair of annotators with a picture in common, in [-1, 1]; NaN where chance alone
            makes them agree.
        fleiss: Fleiss' kappa of all annotators.
    """

    pictures: int
    iou: float
    cohen: Mapping[tuple[str, str], float]
    fleiss: float


def agreement_of(pictures: Sequence[tuple[np.ndarray, Mapping[str, Collection[int]]]]) -> Agreement | None:
    """The agreement on pictures; None where no picture has two annotators.

    Args:
        pictures: for each the areas of its segments, (segments,), and the chosen segments by annotator.
    """
    rated = [(areas, _ratings(len(areas), chosen)) for areas, chosen in pictures if len(chosen) > 1]
    if not rated:
        return None
    return Agreement(
        pictures=len(rated),
        iou=float(np.mean([mean_pairwise_iou(list(ratings.values()), areas) for areas, ratings in rated])),
        cohen=_pairs(rated),
        fleiss=fleiss_kappa(*_counts(rated)),
    )


def mean_pairwise_iou(ratings: Sequence[np.ndarray], weights: np.ndarray) -> float:
    """Mean intersection over union of all pairs of two or more ratings, (items,) bool, of items of `weights`.

    Two that chose nothing agree: 1.

    Example:
        >>> left, right = np.array([True, True, False]), np.array([True, False, False])
        >>> mean_pairwise_iou([left, right], np.array([1, 3, 6]))
        0.25
    """
    return float(np.mean([_iou(one, other, weights) for one, other in combinations(ratings, 2)]))


def cohen_kappa(one: np.ndarray, other: np.ndarray, weights: np.ndarray) -> float:
    """Cohen's kappa (1960) of two ratings, (items,) bool, of items that count `weights` times.

    Returns:
        In [-1, 1]; 0 is chance. NaN where both always gave one and the same rating.

    Example:
        >>> one, other = np.array([True, True, False, False]), np.array([True, False, True, False])
        >>> round(cohen_kappa(one, other, np.array([20, 5, 10, 15])), 2)
        0.4
    """
    total = weights.sum()
    observed = weights[one == other].sum() / total
    first, second = weights[one].sum() / total, weights[other].sum() / total
    return _beyond_chance(observed, first * second + (1 - first) * (1 - second))


def fleiss_kappa(counts: np.ndarray, weights: np.ndarray) -> float:
    """Fleiss' kappa (1971) of items that count `weights` times.

    Args:
        counts: how many annotators gave each item each rating, (items, ratings); at least two to an item. Fleiss has
            equally many to each; here their number may differ, and items count by `weights` all the same.

    Returns:
        At most 1; 0 is chance. NaN where all gave one and the same rating.

    Example:
        >>> round(fleiss_kappa(np.array([[2, 0], [0, 2], [1, 1]]), np.ones(3)), 3)
        0.333
    """
    raters = counts.sum(axis=1)
    alike = (counts * (counts - 1)).sum(axis=1) / (raters * (raters - 1))
    observed = np.average(alike, weights=weights)
    shares = (counts * weights[:, None]).sum(axis=0) / (raters * weights).sum()
    return _beyond_chance(observed, (shares**2).sum())


def _beyond_chance(observed: float, chance: float) -> float:
    return float((observed - chance) / (1 - chance)) if chance < 1 else float("nan")


def _ratings(count: int, chosen: Mapping[str, Collection[int]]) -> dict[str, np.ndarray]:
    items = np.arange(count)
    return {name: np.isin(items, sorted(segments)) for name, segments in chosen.items()}


def _iou(one: np.ndarray, other: np.ndarray, weights: np.ndarray) -> float:
    union = weights[one | other].sum()
    return weights[one & other].sum() / union if union else 1.0


def _pairs(rated: Sequence[tuple[np.ndarray, Mapping[str, np.ndarray]]]) -> dict[tuple[str, str], float]:
    """Cohen's kappa by pair, over all pictures that both annotated."""
    names = sorted({name for _, ratings in rated for name in ratings})
    found = {}
    for pair in combinations(names, 2):
        common = [(areas, ratings) for areas, ratings in rated if ratings.keys() >= set(pair)]
        if common:
            one, other = (np.concatenate([ratings[name] for _, ratings in common]) for name in pair)
            found[pair] = cohen_kappa(one, other, np.concatenate([areas for areas, _ in common]))
    return found


def _counts(rated: Sequence[tuple[np.ndarray, Mapping[str, np.ndarray]]]) -> tuple[np.ndarray, np.ndarray]:
    """Of all pictures' segments how many chose each and how many did not, (segments, 2), and their areas."""
    chosen = [np.sum(list(ratings.values()), axis=0) for _, ratings in rated]
    left = [len(ratings) - count for count, (_, ratings) in zip(chosen, rated, strict=True)]
    counts = np.stack([np.concatenate(chosen), np.concatenate(left)], axis=1)
    return counts, np.concatenate([areas for areas, _ in rated]).astype(float)
