"""Metrics of salient object detection: a predicted map against the mask of the salient objects of a picture.

Conventions are those of PySODMetrics 1.6.2 (docs/specs/metrics.md, section 4), with which the values agree to 1e-6. In
every function:

- `prediction` is a map (H, W): uint8 (255 is 1) or numbers. It is scaled to [0, 1] by its minimum and maximum, as the
  field does; a constant map stays as it is. ``minmax=False`` leaves every map as it is, which changes all metrics.
- `mask` is (H, W), true on the objects: booleans, or numbers 0 and 1.
- Curves have 256 values, of the thresholds 255/255, 254/255, ... 0: a pixel is predicted as object where its value,
  truncated to 8 bits, is at least the threshold. At the last threshold every pixel is.

`MetricError` is raised for shapes that differ, values that are not finite, a mask of other values, and a map outside of
[0, 1] where it is not scaled.
"""

from __future__ import annotations

from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import MetricError
from .inputs import Map, as_map

Mask = NDArray[np.bool_]
Curve = NDArray[np.float64]
Threshold = Literal["adaptive", "mean", "max"]

LEVELS = 256  # thresholds of a curve
BETA2 = 0.3  # weight of precision in the F-measure: Achanta et al., CVPR 2009
_EPSILON = float(np.spacing(1))


def mae(prediction: ArrayLike, mask: ArrayLike, *, minmax: bool = True) -> float:
    """Mean absolute error, in [0, 1]; lower is better (Perazzi et al., CVPR 2012).

    Example:
        >>> mae([[0.0, 0.5], [1.0, 0.5]], [[0, 0], [1, 1]])
        0.25
    """
    return ObjectPair(prediction, mask, minmax).mae


def precision_recall(prediction: ArrayLike, mask: ArrayLike, *, minmax: bool = True) -> tuple[Curve, Curve]:
    """Precision and recall at every threshold, two curves in [0, 1].

    Precision is 0 where no pixel is predicted, recall 0 where the mask is empty.

    Example:
        >>> precision, recall = precision_recall([[0.0, 0.5], [1.0, 0.5]], [[0, 0], [1, 1]])
        >>> precision[[0, 128, 255]].round(2), recall[[0, 128, 255]]
        (array([1.  , 0.67, 0.5 ]), array([0.5, 1. , 1. ]))
    """
    pair = ObjectPair(prediction, mask, minmax)
    return pair.precision, pair.recall


def f_curve(prediction: ArrayLike, mask: ArrayLike, *, minmax: bool = True) -> Curve:
    """F-measure with beta² = 0.3 at every threshold, in [0, 1] (Achanta et al., CVPR 2009); 0 without true positives.

    Example:
        >>> f_curve([[0.0, 0.5], [1.0, 0.5]], [[0, 0], [1, 1]])[[0, 128, 255]].round(3)
        array([0.812, 0.722, 0.565])
    """
    return ObjectPair(prediction, mask, minmax).f_curve


def f_measure(
    prediction: ArrayLike, mask: ArrayLike, threshold: Threshold = "adaptive", *, minmax: bool = True
) -> float:
    """F-measure with beta² = 0.3, in [0, 1]; 0 for an empty mask (Achanta et al., CVPR 2009).

    Args:
        threshold: ``adaptive`` is twice the mean of the map, at most 1; ``mean`` and ``max`` are of `f_curve`. The
            maximum of a data set is that of the mean curve: see `ObjectEvaluator`.

    Example:
        >>> map_, mask = [[0.0, 0.5], [1.0, 0.5]], [[0, 0], [1, 1]]
        >>> [round(f_measure(map_, mask, threshold), 3) for threshold in ("adaptive", "mean", "max")]
        [0.812, 0.767, 0.812]
    """
    pair = ObjectPair(prediction, mask, minmax)
    return _at(threshold, pair.f_adaptive, pair.f_curve)


def weighted_f(prediction: ArrayLike, mask: ArrayLike, *, minmax: bool = True) -> float:
    """Weighted F-measure with beta² = 1, in [0, 1]; 0 for an empty mask (Margolin et al., CVPR 2014).

    Errors count less where they are near an object's border, and inside of objects where neighbours are right.

    Example:
        >>> round(weighted_f([[0.0, 0.5], [1.0, 0.5]], [[0, 0], [1, 1]]), 3)
        0.87
    """
    return ObjectPair(prediction, mask, minmax).weighted_f


def e_curve(prediction: ArrayLike, mask: ArrayLike, *, minmax: bool = True) -> Curve:
    """Enhanced-alignment measure at every threshold (Fan et al., IJCAI 2018), >= 0.

    The sum over N pixels is divided by N - 1, as in its source: a perfect map has N / (N - 1), a little above 1.

    Example:
        >>> e_curve([[0.0, 0.5], [1.0, 0.5]], [[0, 0], [1, 1]])[[0, 128, 255]].round(3)
        array([0.852, 0.852, 0.333])
    """
    return ObjectPair(prediction, mask, minmax).e_curve


def e_measure(
    prediction: ArrayLike, mask: ArrayLike, threshold: Threshold = "adaptive", *, minmax: bool = True
) -> float:
    """Enhanced-alignment measure, >= 0, as `e_curve` (Fan et al., IJCAI 2018).

    Args:
        threshold: as for `f_measure`.

    Example:
        >>> map_, mask = [[0.0, 0.5], [1.0, 0.5]], [[0, 0], [1, 1]]
        >>> [round(e_measure(map_, mask, threshold), 3) for threshold in ("adaptive", "mean", "max")]
        [0.852, 0.849, 0.852]
    """
    pair = ObjectPair(prediction, mask, minmax)
    return _at(threshold, pair.e_adaptive, pair.e_curve)


def s_measure(prediction: ArrayLike, mask: ArrayLike, alpha: float = 0.5, *, minmax: bool = True) -> float:
    """Structure measure, in [0, 1] (Fan et al., ICCV 2017).

    For an empty mask it is 1 minus the mean of the map, for a full one the mean of the map. A part of the picture that
    has no pixels, where the objects lie in the last row or column, has no weight; PySODMetrics gives NaN there.

    Args:
        alpha: weight of the object's part against the regions' part, in [0, 1].

    Example:
        >>> round(s_measure([[0.0, 0.5], [1.0, 0.5]], [[0, 0], [1, 1]]), 3)
        0.641
    """
    return ObjectPair(prediction, mask, minmax).s_measure(alpha)


class ObjectPair:
    """A prediction with its mask, and what their metrics share; each metric is computed at its first use.

    Args:
        prediction, mask, minmax: as the module says.

    Raises:
        MetricError: as the module says.
    """

    def __init__(self, prediction: ArrayLike, mask: ArrayLike, minmax: bool = True) -> None:
        self.mask = as_mask(mask)
        self.prediction = _scaled(np.asarray(prediction), minmax)
        if self.prediction.shape != self.mask.shape:
            raise MetricError(
                "the prediction has shape {shape}, the mask {expected}",
                shape=self.prediction.shape,
                expected=self.mask.shape,
            )

    @property
    def mae(self) -> float:
        """As `mae`."""
        return float(np.abs(self.prediction - self.mask).mean())

    @cached_property
    def precision(self) -> Curve:
        """As `precision_recall`."""
        hits, predicted = self._counts
        return hits / np.maximum(predicted, 1)

    @cached_property
    def recall(self) -> Curve:
        """As `precision_recall`."""
        return self._counts[0] / max(self._objects, 1)

    @cached_property
    def f_curve(self) -> Curve:
        """As `f_curve`."""
        return _f(self.precision, self.recall)

    @cached_property
    def f_adaptive(self) -> float:
        """As `f_measure`."""
        hits, predicted = self._adaptive
        return float(_f(np.asarray(hits / max(predicted, 1)), np.asarray(hits / max(self._objects, 1))))

    @cached_property
    def e_curve(self) -> Curve:
        """As `e_curve`."""
        return self._alignment(*self._counts)

    @cached_property
    def e_adaptive(self) -> float:
        """As `e_measure`."""
        hits, predicted = self._adaptive
        return float(self._alignment(np.asarray(hits), np.asarray(predicted)))

    @cached_property
    def weighted_f(self) -> float:
        """As `weighted_f`."""
        from scipy.ndimage import correlate1d, distance_transform_edt

        mask = self.mask
        if not mask.any():
            return 0.0
        error = np.abs(self.prediction - mask)
        distance, (rows, columns) = distance_transform_edt(~mask, return_indices=True)
        # Outside of the objects stands the error of the nearest pixel of one, so that borders are smoothed rightly.
        smooth = error[rows, columns]
        for axis in (0, 1):
            smooth = correlate1d(smooth, _GAUSSIAN, axis=axis, mode="constant")
        inside = np.minimum(error, smooth)[mask]
        outside = (error * (2 - np.exp(np.log(0.5) / 5 * distance)))[~mask]
        hits = inside.size - inside.sum()
        recall, precision = 1 - inside.mean(), hits / (hits + outside.sum() + _EPSILON)
        return float(2 * recall * precision / (recall + precision + _EPSILON))

    def s_measure(self, alpha: float = 0.5) -> float:
        """As `s_measure`."""
        share = self.mask.mean()
        if share == 0:
            return float(1 - self.prediction.mean())
        if share == 1:
            return float(self.prediction.mean())
        objects = share * _likeness(self.prediction[self.mask])
        objects += (1 - share) * _likeness(1 - self.prediction[~self.mask])
        return float(max(0, alpha * objects + (1 - alpha) * self._regions()))

    @cached_property
    def _objects(self) -> int:
        """Pixels of the objects."""
        return int(np.count_nonzero(self.mask))

    @cached_property
    def _counts(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """At every threshold, the pixels of the objects that are predicted, and all that are."""
        levels = (self.prediction * (LEVELS - 1)).astype(np.uint8)
        of_objects = np.bincount(levels[self.mask], minlength=LEVELS)
        of_all = np.bincount(levels.ravel(), minlength=LEVELS)
        return of_objects[::-1].cumsum(), of_all[::-1].cumsum()

    @cached_property
    def _adaptive(self) -> tuple[int, int]:
        """As `_counts` at the adaptive threshold."""
        predicted = self.prediction >= min(2 * self.prediction.mean(), 1)
        return int(np.count_nonzero(predicted & self.mask)), int(np.count_nonzero(predicted))

    def _alignment(self, hits: NDArray, predicted: NDArray) -> Curve:
        """E-measure of binary maps, by their numbers of pixels: there are only four kinds of pixels."""
        pixels, objects = self.mask.size, self._objects
        if objects == 0:
            total = pixels - predicted
        elif objects == pixels:
            total = predicted
        else:
            share, share_of_objects = predicted / pixels, objects / pixels
            kinds = (
                (hits, 1 - share, 1 - share_of_objects),
                (predicted - hits, 1 - share, -share_of_objects),
                (objects - hits, -share, 1 - share_of_objects),
                (pixels - predicted - objects + hits, -share, -share_of_objects),
            )
            enhanced = [number * (2 * a * b / (a * a + b * b + _EPSILON) + 1) ** 2 / 4 for number, a, b in kinds]
            total = np.sum(enhanced, axis=0)
        return total / (pixels - 1 + _EPSILON)

    def _regions(self) -> float:
        """The regions' part of the S-measure: four blocks around the centroid of the objects, weighted by area."""
        row, column = (int(centre) + 1 for centre in np.argwhere(self.mask).mean(axis=0).round())
        total = 0.0
        for rows in (slice(None, row), slice(row, None)):
            for columns in (slice(None, column), slice(column, None)):
                block = self.mask[rows, columns]
                if block.size:
                    total += block.size / self.mask.size * _similarity(self.prediction[rows, columns], block)
        return total


def as_mask(mask: ArrayLike) -> Mask:
    """A mask (H, W) as booleans.

    Raises:
        MetricError: not two-dimensional, empty, or of other values than booleans, 0 and 1.
    """
    values = as_map(mask, "mask")
    if not np.isin(values, (0, 1)).all():
        raise MetricError(
            "the mask must be true on the objects and false elsewhere; it holds other values than 0 and 1"
        )
    return values.astype(bool)


def _scaled(prediction: NDArray, minmax: bool) -> Map:
    values = as_map(prediction)
    if prediction.dtype == np.uint8:
        values = values / 255
    low, high = values.min(), values.max()
    if minmax and low < high:
        return (values - low) / (high - low)
    if low < 0 or high > 1:
        raise MetricError("the prediction holds values outside of 0 to 1, from {low:g} to {high:g}", low=low, high=high)
    return values


def _at(threshold: Threshold, adaptive: float, curve: Curve) -> float:
    found = {"adaptive": adaptive, "mean": curve.mean(), "max": curve.max()}
    if threshold not in found:
        raise MetricError("there is no threshold {name!r}; there are: {known}", name=threshold, known=", ".join(found))
    return float(found[threshold])


def _f(precision: NDArray, recall: NDArray) -> NDArray:
    product = (1 + BETA2) * precision * recall
    return product / np.where(product == 0, 1, BETA2 * precision + recall)


def _likeness(values: NDArray) -> float:
    """How bright and even the values in [0, 1] are: the object's part of the S-measure."""
    mean, deviation = values.mean(), values.std(ddof=1) if values.size > 1 else 0.0
    return 2 * mean / (mean * mean + 1 + deviation + _EPSILON)


def _similarity(x: NDArray, y: NDArray) -> float:
    """Structural similarity of two blocks, as the S-measure has it."""
    mean_x, mean_y = x.mean(), y.mean()
    freedom = x.size - 1 + _EPSILON
    product = 4 * mean_x * mean_y * ((x - mean_x) * (y - mean_y)).sum() / freedom
    variances = (((x - mean_x) ** 2).sum() + ((y - mean_y) ** 2).sum()) / freedom
    total = (mean_x * mean_x + mean_y * mean_y) * variances
    if product != 0:
        return product / (total + _EPSILON)
    return float(total == 0)


def _gaussian(size: int, sigma: float) -> NDArray:
    weights = np.exp(-((np.arange(size) - size // 2) ** 2) / (2 * sigma**2))
    return weights / weights.sum()


_GAUSSIAN = _gaussian(7, 5)  # of the weighted F-measure
