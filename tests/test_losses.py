"""Losses against the specification's printed values, closed forms, and their guards."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from saliency import losses, metrics
from saliency.losses import WeightedLoss

PREDICTION = [[0, 1, 2, 3, 4], [1, 2, 4, 6, 5], [2, 4, 8, 6, 3], [1, 2, 3, 2, 1]]
DENSITY = [[0, 0, 1, 1, 1], [0, 1, 2, 3, 2], [1, 2, 4, 3, 1], [0, 1, 1, 1, 0]]


def batch(*maps, dtype=torch.float64) -> torch.Tensor:
    return torch.tensor(np.array(maps, dtype=float), dtype=dtype)[:, None]


def fixation_map(*points: tuple[int, int]) -> list[list[int]]:
    fixated = np.zeros((4, 5))
    for point in points:
        fixated[point] += 1
    return fixated.tolist()


def test_printed_values_of_the_two_by_two_case():
    p, g = batch([[1, 2], [3, 4]]), batch([[4, 3], [2, 1]])
    assert losses.cc(p, g).item() == pytest.approx(-1, abs=1e-12)
    assert losses.sim(p, g).item() == pytest.approx(0.6, abs=1e-12)
    assert losses.sim(p, g, minmax=True).item() == pytest.approx(1 / 3, abs=1e-12)
    assert losses.kl(p, g).item() == pytest.approx(0.4564348, abs=1e-7)
    assert losses.nss(p, batch([[0, 0], [0, 1]])).item() == pytest.approx(1.3416408, abs=1e-7)


def test_printed_values_of_the_four_by_five_case():
    p, g = batch(PREDICTION), batch(DENSITY)
    assert losses.cc(p, g).item() == pytest.approx(0.9635461, abs=1e-7)
    assert losses.sim(p, g).item() == pytest.approx(0.8733333, abs=1e-7)
    assert losses.kl(p, g).item() == pytest.approx(0.0880884, abs=1e-7)
    assert losses.kl(g, p).item() == pytest.approx(2.0854134, abs=1e-7)
    assert losses.mse(p / 8, g / 4).item() == pytest.approx(0.009375, abs=1e-12)
    repeated = batch(fixation_map((2, 2), (1, 3), (1, 3), (0, 4)))
    assert losses.nss(p, repeated).item() == pytest.approx(1.5, abs=1e-12)


@pytest.mark.parametrize(("name", "power"), [("weighted_mse", 1), ("weighted_mse_paper", 2)])
def test_mlnets_loss_against_its_formula_pixel_by_pixel(name, power):
    """Specification, section 6.3: the maximum is of each map, the mean of all pixels."""
    generator = np.random.default_rng(2)
    p, g = 3 * generator.random((2, 4, 5)), generator.random((2, 4, 5))
    g[0, 1, 1] = 1
    expected = sum(
        (p[n, i, j] / p[n].max() - g[n, i, j]) ** 2 / (1.1 - g[n, i, j]) ** power
        for n in range(2)
        for i in range(4)
        for j in range(5)
    )
    total, _ = WeightedLoss({name: 1.0})(batch(*p), batch(*g))
    assert total.item() == pytest.approx(expected / 40, abs=1e-12)
    # A pixel that everybody looks at, missed by a map of zeros, costs 10 or 100.
    missed = WeightedLoss({name: 1.0})(batch([[0, 0]]), batch([[1, 0]]))[0]
    assert missed.item() == pytest.approx(10**power / 2)


@pytest.mark.parametrize("scale", [1e-6, 1.0])
def test_losses_agree_with_the_metrics(scale):
    rng = np.random.default_rng(3)
    p, g = rng.random((2, 5, 30, 40)) ** 3
    p = (0.9 * p + 0.01) * scale
    f = rng.random((5, 30, 40)) > 0.9
    pictures = list(zip(p, g, f, strict=True))
    expected = {
        "kl": np.mean([metrics.kl(a, b) for a, b, _ in pictures]),
        "cc": np.mean([metrics.cc(a, b) for a, b, _ in pictures]),
        "sim": np.mean([metrics.sim(a, b) for a, b, _ in pictures]),
        "mse": np.mean([metrics.mse(a, b) for a, b, _ in pictures]),
        "nss": np.mean([metrics.nss(a, c) for a, _, c in pictures]),
    }
    _, terms = WeightedLoss(dict.fromkeys(expected, 1.0))(batch(*p), batch(*g), batch(*f))
    assert {name: value.item() for name, value in terms.items()} == pytest.approx(expected, abs=1e-6)
    minmax = np.mean([metrics.sim(a, b, minmax=True) for a, b, _ in pictures])
    assert losses.sim(batch(*p), batch(*g), minmax=True).item() == pytest.approx(minmax, abs=1e-6)
    # float32, in which training runs, has another regulariser; it matters only where the prediction is next to 0.
    _, terms = WeightedLoss(dict.fromkeys(expected, 1.0))(*(batch(*x, dtype=torch.float32) for x in (p, g, f)))
    assert {name: value.item() for name, value in terms.items()} == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e4])
def test_identical_maps_are_perfect_at_any_scale(scale):
    generator = torch.Generator().manual_seed(0)
    g = torch.rand(3, 1, 24, 32, generator=generator)
    p = g * scale
    assert losses.kl(p, g).item() == pytest.approx(0, abs=1e-5)
    assert losses.cc(p, g).item() == pytest.approx(1, abs=1e-5)
    assert losses.sim(p, g).item() == pytest.approx(1, abs=1e-5)


def test_a_batch_is_the_mean_of_its_pictures():
    generator = torch.Generator().manual_seed(1)
    p, g = torch.rand(2, 4, 1, 8, 9, generator=generator, dtype=torch.float64)
    f = (torch.rand(4, 1, 8, 9, generator=generator) > 0.8).double()
    for loss, target in (
        (losses.kl, g),
        (losses.cc, g),
        (losses.sim, g),
        (losses.mse, g),
        (losses.bce, g),
        (losses.nss, f),
    ):
        single = [loss(p[i : i + 1], target[i : i + 1]).item() for i in range(4)]
        assert loss(p, target).item() == pytest.approx(np.mean(single), abs=1e-12)


def test_pictures_without_ground_truth_do_not_count():
    p, g = batch(PREDICTION, PREDICTION), batch(DENSITY, np.zeros((4, 5)))
    for loss in (losses.kl, losses.cc, losses.sim):
        assert loss(p, g).item() == pytest.approx(loss(p[:1], g[:1]).item(), abs=1e-12)
    f = batch(fixation_map((2, 2)), fixation_map())
    assert losses.nss(p, f).item() == pytest.approx(losses.nss(p[:1], f[:1]).item(), abs=1e-12)
    assert losses.nss(p[1:], f[1:]).item() == 0


@pytest.mark.parametrize("value", [0.0, 0.1, 1.0])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_constant_prediction_has_finite_losses_and_gradients(value, dtype):
    p = torch.full((2, 1, 4, 5), value, dtype=dtype, requires_grad=True)
    g, f = batch(DENSITY, np.zeros((4, 5))) / 4, batch(fixation_map((1, 1)), fixation_map())
    total, terms = WeightedLoss({"kl": 10, "cc": -2, "nss": -1, "sim": -1, "mse": 4, "bce": 1})(p, g, f)
    total.backward()
    assert total.dtype == torch.float32
    assert torch.isfinite(total)
    assert torch.isfinite(p.grad).all()
    assert terms["cc"] == 0
    assert terms["nss"] == 0
    # Against a uniform prediction KL is the density's missing entropy.
    q = np.array(DENSITY).ravel() / np.sum(DENSITY)
    assert terms["kl"].item() == pytest.approx(math.log(20) + sum(x * math.log(x) for x in q if x), abs=1e-4)


@pytest.mark.parametrize("loss", [losses.kl, losses.cc, losses.sim, losses.mse, losses.bce, losses.nss])
def test_gradients_agree_with_finite_differences(loss):
    generator = torch.Generator().manual_seed(2)
    p = (0.1 + 0.8 * torch.rand(2, 1, 4, 5, generator=generator, dtype=torch.float64)).requires_grad_()
    target = (torch.rand(2, 1, 4, 5, generator=generator) > 0.6).double()
    assert torch.autograd.gradcheck(lambda x: loss(x, target), (p,), eps=1e-7, atol=1e-4)


def test_weights_have_the_signs_as_written():
    p, g, f = batch(PREDICTION) / 8, batch(DENSITY) / 4, batch(fixation_map((2, 2)))
    total, terms = WeightedLoss({"cc": -2, "nss": -1, "sim": -1, "kl": 10, "mse": 4})(p, g, f)
    expected = -2 * terms["cc"] - terms["nss"] - terms["sim"] + 10 * terms["kl"] + 4 * terms["mse"]
    assert total.item() == pytest.approx(expected.item(), abs=1e-12)
    assert terms["cc"].item() == pytest.approx(0.9635461, abs=1e-7)
    assert not terms["cc"].requires_grad


def test_bce_reads_the_logits_where_the_probability_saturates():
    logits = torch.tensor([[[[200.0]]]])
    _, terms = WeightedLoss({"bce": 1})(torch.sigmoid(logits), torch.zeros(1, 1, 1, 1), logits=logits)
    assert terms["bce"].item() == pytest.approx(200)


def test_unknown_missing_and_mismatched_inputs_are_refused():
    with pytest.raises(ValueError, match="auc"):
        WeightedLoss({"auc": 1})
    with pytest.raises(ValueError, match="fixation maps"):
        WeightedLoss({"nss": -1})(batch(PREDICTION), batch(DENSITY))
    with pytest.raises(ValueError, match="shape"):
        losses.kl(torch.rand(2, 1, 4, 5), torch.rand(2, 4, 5))


def test_adversarial_loss_of_an_undecided_discriminator():
    logits = torch.zeros(3, 1)
    assert losses.adversarial(logits, real=True).item() == pytest.approx(math.log(2))
    assert losses.adversarial(logits, real=False).item() == pytest.approx(math.log(2))
    assert losses.adversarial(logits + 30, real=True).item() < 1e-6
    assert losses.adversarial(logits + 30, real=False).item() == pytest.approx(30)


def test_structure_loss_of_a_uniform_mask_has_a_closed_form():
    # Inside a mask of ones larger than the window, pooling with zero padding lowers only the border; with 0 logits and
    # a mask of zeros every weight is 1: BCE is ln 2 and IoU is 1 - 1 / (N / 2 + 1).
    logits = torch.zeros(1, 1, 40, 40)
    expected = math.log(2) + 1 - 1 / (40 * 40 / 2 + 1)
    assert losses.structure(logits, torch.zeros_like(logits)).item() == pytest.approx(expected, abs=1e-5)
    perfect = torch.zeros(1, 1, 40, 40)
    perfect[..., 10:30, 10:30] = 1
    assert losses.structure(200 * perfect - 100, perfect).item() == pytest.approx(0, abs=1e-5)


def test_structure_weighs_pixels_by_their_neighbourhood_of_31():
    generator = torch.Generator().manual_seed(3)
    mask = (torch.rand(2, 1, 40, 50, generator=generator) > 0.7).float()
    logits = torch.randn(2, 1, 40, 50, generator=generator)
    weight = 1 + 5 * (torch.nn.functional.avg_pool2d(mask, 31, stride=1, padding=15) - mask).abs()
    p = torch.sigmoid(logits)
    bce = -(mask * p.log() + (1 - mask) * (1 - p).log())
    both = (weight * p * mask).sum((1, 2, 3))
    either = (weight * (p + mask - p * mask)).sum((1, 2, 3))
    expected = (weight * bce).sum((1, 2, 3)) / weight.sum((1, 2, 3)) + 1 - (both + 1) / (either + 1)
    assert losses.structure(logits, mask).item() == pytest.approx(expected.mean().item(), abs=1e-5)


def test_projections_ask_only_that_a_mask_fits_its_box():
    box = torch.zeros(1, 1, 12, 16)
    box[..., 2:9, 3:14] = 1
    diagonal = torch.zeros(12, 16)  # touches each row and column of the box
    for step in range(11):
        diagonal[2 + min(step, 6), 3 + step] = 1
    shifted = torch.roll(diagonal, 2, 1)
    values = [
        losses.box_projection((200 * mask - 100)[None, None], box).item() for mask in (box[0, 0], diagonal, shifted)
    ]
    assert values[:2] == pytest.approx([0, 0], abs=1e-5)
    assert values[2] > 0.1
    # By hand: of the rows all are right, of 11 columns 9 are, and 11 others than the box's pixels are none of it.
    wrong = shifted[box[0, 0] == 0].sum().item() * 100 / (box == 0).sum().item()
    assert values[2] == pytest.approx(1 - 2 * 9 / (11 + 11) + wrong, abs=1e-4)
