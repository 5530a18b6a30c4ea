"""Training losses. Each is reduced per picture by the formula of the metric of the same name, then averaged.

Maps are (N, 1, h, w): a prediction >= 0 of any scale, a density >= 0 and, where needed, a binary fixation map.
Computation is in float32 at least, also under autocast; float64 stays float64. Pictures for which a term is undefined
(no fixations, an empty density) do not count in its mean, and a constant prediction contributes 0 to CC and NSS, so
that every loss and its gradient are finite for finite inputs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor

from .metrics import formulas


def kl(prediction: Tensor, density: Tensor) -> Tensor:
    """Kullback-Leibler divergence of the density from the prediction, in nats; >= 0, to be minimised."""
    prediction, density = _aligned(prediction, density)
    value = formulas.divergence(formulas.distribution(prediction), formulas.distribution(density))
    return _mean(value, ~formulas.is_empty(density))


def cc(prediction: Tensor, density: Tensor) -> Tensor:
    """Pearson correlation, in [-1, 1]; to be maximised (negative weight)."""
    prediction, density = _aligned(prediction, density)
    return _mean(formulas.correlation(prediction, density), ~formulas.is_flat(density))


def nss(prediction: Tensor, fixations: Tensor) -> Tensor:
    """Normalised scanpath saliency; to be maximised (negative weight).

    Args:
        fixations: (N, 1, h, w), 1 at fixated pixels (or their number of fixations), 0 elsewhere.
    """
    prediction, fixations = _aligned(prediction, fixations)
    return _mean(formulas.scanpath(prediction, fixations), ~formulas.is_empty(fixations))


def sim(prediction: Tensor, density: Tensor, minmax: bool = False) -> Tensor:
    """Histogram intersection, in [0, 1]; to be maximised (negative weight).

    Args:
        minmax: scale both maps to [0, 1] before they are made to sum to 1, as the published code of TranSalNet,
            TranBlend and GSGNet does (and their papers do not).
    """
    prediction, density = _aligned(prediction, density)
    defined = ~formulas.is_empty(density)
    if minmax:
        prediction, density = formulas.minmax(prediction), formulas.minmax(density)
    return _mean(formulas.intersection(formulas.distribution(prediction), formulas.distribution(density)), defined)


def mse(prediction: Tensor, density: Tensor) -> Tensor:
    """Mean squared error; prediction and density are in [0, 1]."""
    return formulas.squared_error(*_aligned(prediction, density)).mean()


ALPHA = 1.1
SMALLEST_PEAK = 1e-6  # of a map behind a ReLU, which can be all zero


def weighted_mse(prediction: Tensor, density: Tensor, power: int = 1) -> Tensor:
    """MLNet's squared error (Cornia et al., ICPR 2016): pixels that are looked at more count more.

    The mean over pixels and maps of (prediction / its maximum - density)^2 / (1.1 - density)^power.

    Args:
        prediction: (N, 1, h, w) >= 0 of any scale.
        density: (N, 1, h, w) in [0, 1].
        power: 1 as in the public code; 2 as the paper prints it, with the divisor inside of the square.
    """
    prediction, density = _aligned(prediction, density)
    scaled = prediction / prediction.amax((-2, -1), keepdim=True).clamp(min=SMALLEST_PEAK)
    return ((scaled - density).square() / (ALPHA - density) ** power).mean()


def bce(prediction: Tensor, density: Tensor) -> Tensor:
    """Binary cross-entropy of two maps in [0, 1]; `bce_with_logits` is safer where the logits are at hand."""
    prediction, density = _aligned(prediction, density)
    with torch.autocast(prediction.device.type, enabled=False):  # autocast refuses this function outright on CUDA
        return F.binary_cross_entropy(prediction, density)


def bce_with_logits(logits: Tensor, density: Tensor) -> Tensor:
    """Binary cross-entropy of sigmoid(logits) against a density in [0, 1], without overflow."""
    return F.binary_cross_entropy_with_logits(*_aligned(logits, density))


def adversarial(logits: Tensor, real: bool) -> Tensor:
    """What a discriminator pays for `logits` (N, ...) when their maps are real (true) or generated (false).

    The generator minimises ``adversarial(discriminator(fake), real=True)`` (the non-saturating GAN loss of SalGAN).
    """
    logits = _widened(logits)
    return F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, float(real)))


def structure(logits: Tensor, mask: Tensor) -> Tensor:
    """Pixel-position-aware loss for salient objects (F3Net, Wei et al., AAAI 2020): weighted BCE plus weighted IoU.

    Pixels whose neighbourhood (31 x 31) differs from them, that is edges and thin parts, weigh up to six times as much.

    Args:
        logits: (N, 1, h, w) before the sigmoid.
        mask: (N, 1, h, w) in [0, 1].
    """
    logits, mask = _aligned(logits, mask)
    # Rows, then columns: the same mean of 31 x 31 with a fifteenth of the sums.
    near = F.avg_pool2d(F.avg_pool2d(mask, (31, 1), 1, (15, 0)), (1, 31), 1, (0, 15))
    weight = 1 + 5 * (near - mask).abs()
    entropy = F.binary_cross_entropy_with_logits(logits, mask, reduction="none")
    weighted_bce = (weight * entropy).sum((-2, -1)) / weight.sum((-2, -1))
    probability = torch.sigmoid(logits)
    overlap = (weight * probability * mask).sum((-2, -1))
    union = (weight * (probability + mask)).sum((-2, -1)) - overlap
    return (weighted_bce + 1 - (overlap + 1) / (union + 1)).mean()


def box_loss(logits: Tensor, masks: Tensor) -> Tensor:
    """Cross-entropy and Dice of phrase logits (P, h, w) against box masks, averaged over phrases."""
    logits = logits.float()
    entropy = F.binary_cross_entropy_with_logits(logits, masks, reduction="none").mean((1, 2))
    map_ = torch.sigmoid(logits)
    dice = 1 - (2 * (map_ * masks).sum((1, 2)) + 1) / ((map_ + masks).sum((1, 2)) + 1)
    return (entropy + dice).mean()


def box_projection(logits: Tensor, boxes: Tensor) -> Tensor:
    """BoxInst's loss of masks of which the box alone is known (Tian et al., CVPR 2021), with what is outside of it.

    A mask that fits its box has in each row and in each column that the box crosses a pixel of the object, and none
    elsewhere: Dice of the maxima over rows and over columns, and cross-entropy of the pixels outside of the box.

    Args:
        logits: (P, 1, h, w) before the sigmoid.
        boxes: (P, 1, h, w) in [0, 1], the share of each pixel that the box covers.
    """
    logits, boxes = _aligned(logits, boxes)
    map_ = torch.sigmoid(logits)
    dice = sum(
        1 - 2 * (found * known).sum(-1) / (found.square().sum(-1) + known.square().sum(-1)).clamp(min=1e-6)
        for found, known in ((map_.amax(side), boxes.amax(side)) for side in (-2, -1))
    )
    outside = (boxes == 0).to(logits.dtype)
    wrong = (F.softplus(logits) * outside).sum((-2, -1)) / outside.sum((-2, -1)).clamp(min=1)
    return (dice + wrong).mean()


def contrast_loss(regions: Tensor, words: Tensor, content: Tensor, index: Tensor, temperature: Tensor) -> Tensor:
    """InfoNCE between captions and pictures; a caption's score is how well its words find a region.

    Args:
        regions: (N, C, h, w) and words: (T, L, C) in the shared space.
        content: (T, L) bool, the tokens that carry a caption's own words.
        index: (T,) picture of each caption.
        temperature: scale of the similarities.
    """
    content = content.float()
    regions = F.normalize(F.avg_pool2d(regions.float(), 2).flatten(2), dim=1)
    words = F.normalize(words.float(), dim=2)
    found = torch.einsum("ncr,tlc->tlnr", regions, words)
    strongest = torch.logsumexp(found * 20, dim=-1) / 20
    scores = torch.einsum("tln,tl->tn", strongest, content / content.sum(1, keepdim=True).clamp(min=1)) * temperature
    to_picture = F.cross_entropy(scores, index)
    own = index[:, None] == torch.arange(scores.shape[1], device=scores.device)
    to_caption = -(torch.log_softmax(scores, dim=0) * own).sum() / own.sum()
    return (to_picture + to_caption) / 2


TERMS = ("kl", "cc", "nss", "sim", "mse", "bce", "weighted_mse", "weighted_mse_paper")
_PLAIN: Mapping[str, Callable[[Tensor, Tensor], Tensor]] = {
    "kl": kl,
    "cc": cc,
    "mse": mse,
    "bce": bce,
    "weighted_mse": weighted_mse,
    "weighted_mse_paper": partial(weighted_mse, power=2),
}


@dataclass(frozen=True)
class WeightedLoss:
    """A weighted sum of terms, for example TranBlend's ``{"cc": -2, "nss": -1, "sim": -1, "kl": 10, "mse": 4}``.

    The signs are as written: a term to be maximised has a negative weight.

    Attributes:
        weights: weight by name, the names from `TERMS`.
        sim_minmax: see `sim`.

    Raises:
        ValueError: no term, or one that is not in `TERMS`.
    """

    weights: Mapping[str, float]
    sim_minmax: bool = False

    def __post_init__(self) -> None:
        unknown = sorted(set(self.weights) - set(TERMS))
        if unknown or not self.weights:
            raise ValueError(f"a loss is a weighted sum of {', '.join(TERMS)}, not of {unknown or 'nothing'}")

    def __call__(
        self, prediction: Tensor, density: Tensor, fixations: Tensor | None = None, logits: Tensor | None = None
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """The sum to minimise, and each term's own value, unweighted and detached, by name.

        Args:
            prediction: (N, 1, h, w) >= 0; in [0, 1] for mse and bce.
            density: (N, 1, h, w) >= 0; in [0, 1] for mse and bce.
            fixations: (N, 1, h, w) binary; None only if the loss has no nss term.
            logits: (N, 1, h, w) whose sigmoid the prediction is: bce is then computed from them.
        """
        terms = {name: self._term(name, prediction, density, fixations, logits) for name in self.weights}
        total = sum(self.weights[name] * value for name, value in terms.items())
        return total, {name: value.detach() for name, value in terms.items()}

    def _term(
        self, name: str, prediction: Tensor, density: Tensor, fixations: Tensor | None, logits: Tensor | None
    ) -> Tensor:
        if name == "nss":
            if fixations is None:
                raise ValueError("the loss has an nss term and needs fixation maps")
            return nss(prediction, fixations)
        if name == "sim":
            return sim(prediction, density, minmax=self.sim_minmax)
        if name == "bce" and logits is not None:
            return bce_with_logits(logits, density)
        return _PLAIN[name](prediction, density)


def _widened(x: Tensor) -> Tensor:
    return x if x.dtype == torch.float64 else x.float()


def _aligned(prediction: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Both in one dtype, float32 or float64; a mismatch of shapes would otherwise broadcast unnoticed."""
    if prediction.shape != target.shape:
        raise ValueError(f"prediction {tuple(prediction.shape)} and target {tuple(target.shape)} differ in shape")
    prediction = _widened(prediction)
    return prediction, target.to(prediction.dtype)


def _mean(values: Tensor, defined: Tensor) -> Tensor:
    """Mean of (N, 1) `values` over the pictures where the term is `defined` (N, 1, 1, 1); 0 if there is none."""
    defined = defined.flatten().to(values.dtype)
    return (values.flatten() * defined).sum() / defined.sum().clamp(min=1)
