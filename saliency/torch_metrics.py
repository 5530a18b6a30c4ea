"""The metrics as `torchmetrics` has them: classes that take batches and are shared by the processes of a training.

    from saliency.torch_metrics import CC, NSS
    metric = CC()
    metric.update(maps, densities)  # (N, H, W) each
    metric.compute()  # the mean over all pictures of all processes

Each value is that of the function in `saliency.metrics`, computed on the processor in double precision. As there, a
value can be undefined (a picture without fixations): such pictures are left out of the mean, which is NaN if all are.

Needs the package torchmetrics: ``pip install "saliency[metrics]"``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, TypeAlias

import numpy as np
import torch
from torch import Tensor

from . import metrics
from .errors import MetricError, MissingPackageError
from .runtime.torchvision_compat import ensure_torchvision

ensure_torchvision()  # which torchmetrics imports
try:
    from torchmetrics import Metric
except ImportError:
    raise MissingPackageError(
        'The package torchmetrics is not installed; pip install "saliency[metrics]" installs it.'
    ) from None

Fixations: TypeAlias = Tensor | Sequence[Tensor]
"""Of N pictures: booleans (N, H, W), true where people looked; or (K, 2) pairs (row, column) of each."""


class _Mean(Metric):
    """The mean of a function of `saliency.metrics` over pictures."""

    full_state_update = False
    is_differentiable = False
    function: ClassVar[Callable[..., float]]
    total: Tensor
    count: Tensor

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.add_state("total", torch.zeros((), dtype=torch.float64), dist_reduce_fx="sum")
        self.add_state("count", torch.zeros((), dtype=torch.int64), dist_reduce_fx="sum")

    def _add(self, prediction: Tensor, *truths: Tensor | Sequence[Tensor]) -> None:
        if prediction.ndim != 3 or any(len(truth) != len(prediction) for truth in truths):
            raise MetricError(
                "the predictions must be maps (N, H, W) of as many pictures as the ground truth, not {shape} and "
                "{count}",
                shape=tuple(prediction.shape),
                count=", ".join(str(len(truth)) for truth in truths),
            )
        values = [type(self).function(*map(_array, picture)) for picture in zip(prediction, *truths, strict=True)]
        defined = np.array([value for value in values if not np.isnan(value)])
        self.total += float(defined.sum())
        self.count += len(defined)

    def compute(self) -> Tensor:
        """The mean over the pictures so far, of all processes; a float64 scalar."""
        return self.total / self.count


class _OfDensities(_Mean):
    def update(self, prediction: Tensor, density: Tensor) -> None:
        """Takes a batch.

        Args:
            prediction, density: (N, H, W); densities are >= 0.

        Raises:
            MetricError: shapes that differ, or values that are not finite.
        """
        self._add(prediction, density)


class _OfFixations(_Mean):
    def update(self, prediction: Tensor, fixations: Fixations) -> None:
        """Takes a batch.

        Args:
            prediction: (N, H, W).
            fixations: see `Fixations`.

        Raises:
            MetricError: shapes that differ, values that are not finite, or a fixation outside its picture.
        """
        self._add(prediction, fixations)


class CC(_OfDensities):
    """Pearson correlation, see `metrics.cc`; higher is better."""

    function = staticmethod(metrics.cc)
    higher_is_better = True


class SIM(_OfDensities):
    """Similarity, see `metrics.sim`; higher is better."""

    function = staticmethod(metrics.sim)
    higher_is_better = True


class KL(_OfDensities):
    """Kullback-Leibler divergence in nats, see `metrics.kl`; lower is better."""

    function = staticmethod(metrics.kl)
    higher_is_better = False


class NSS(_OfFixations):
    """Normalised scanpath saliency, see `metrics.nss`; higher is better."""

    function = staticmethod(metrics.nss)
    higher_is_better = True


class AUCJudd(_OfFixations):
    """AUC-Judd, see `metrics.auc_judd`; higher is better."""

    function = staticmethod(metrics.auc_judd)
    higher_is_better = True


class AUC(_OfFixations):
    """AUC against all pixels of the picture, see `metrics.auc`; higher is better."""

    function = staticmethod(metrics.auc)
    higher_is_better = True


class SAUC(_Mean):
    """Shuffled AUC, see `metrics.sauc`; higher is better."""

    function = staticmethod(metrics.sauc)
    higher_is_better = True

    def update(self, prediction: Tensor, fixations: Fixations, others: Fixations) -> None:
        """Takes a batch.

        Args:
            prediction: (N, H, W).
            fixations: see `Fixations`.
            others: for each of the N pictures, fixations on other pictures, moved to its size.

        Raises:
            MetricError: as of the other metrics.
        """
        self._add(prediction, fixations, others)


def _array(values: Tensor) -> np.ndarray:
    values = values.detach().cpu()
    return (values.double() if values.is_floating_point() else values).numpy()
