"""Optimisers of a stage: their first steps against the formulas."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from saliency.training.learner import optimizer_of
from saliency.training.recipe import Stage


def after(steps: int, gradient: float, start: float = 2.0, weight_decay: float = 0.0, **fields: object) -> float:
    """A number after so many steps of rate .1 down a constant gradient."""
    number = nn.Parameter(torch.tensor([start], dtype=torch.float64))
    stage = Stage(name="one", data=(), epochs=1, **fields)
    optimizer = optimizer_of(stage, [{"params": [number], "lr": 0.1, "weight_decay": weight_decay}])
    for _ in range(steps):
        number.grad = torch.full_like(number, gradient)
        optimizer.step()
    return number.item()


def test_sgd_has_nesterovs_momentum() -> None:
    """v = .9 v + g, and a step is g + .9 v."""
    assert after(1, 1.0, optimizer="sgd") == pytest.approx(2 - 0.1 * 1.9)
    assert after(2, 1.0, optimizer="sgd") == pytest.approx(2 - 0.1 * (1.9 + 2.71))
    assert after(2, 1.0, optimizer="sgd", momentum=0) == pytest.approx(2 - 0.1 * 2)
    assert after(1, 0.0, optimizer="sgd", momentum=0, weight_decay=0.5) == pytest.approx(2 - 0.1 * 0.5 * 2)


def test_adam_has_weight_decay_in_its_gradient_and_adamw_beside_it() -> None:
    """Where the gradient is zero, Adam's first step is the whole rate, AdamW's the share of the weight."""
    assert after(1, 0.0, optimizer="adam", weight_decay=0.5) == pytest.approx(2 - 0.1)
    assert after(1, 0.0, optimizer="adamw", weight_decay=0.5) == pytest.approx(2 * (1 - 0.1 * 0.5))
    assert after(1, 0.0, weight_decay=0.5) == after(1, 0.0, optimizer="adamw", weight_decay=0.5)
