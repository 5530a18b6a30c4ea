"""Networks with their optimisers: schedule, rate per part of the network, steps down the gradient."""

from __future__ import annotations

import math
from functools import partial
from typing import Any, Protocol

import torch
from accelerate import Accelerator
from torch import Tensor, nn

from ..errors import RecipeError
from .recipe import Recipe, Stage


class Setting(Protocol):
    """The part of a run that a `Learner` uses."""

    recipe: Recipe
    accelerator: Accelerator
    warm_up: float


class Learner:
    """A network with its optimiser and its schedule, prepared by Accelerate.

    Args:
        network: what learns.
        optimizer: of its parameters, see `optimizer_of`.
        steps: their number.
        run: it belongs to.
        cycle: whether the rate follows `one_cycle`; constant otherwise.
    """

    def __init__(
        self,
        network: nn.Module,
        optimizer: torch.optim.Optimizer,
        steps: int,
        run: Setting,
        cycle: bool = True,
    ):
        factor = partial(one_cycle, steps=steps, warm_up=run.warm_up) if cycle else _constant
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, factor)
        self.network, self.optimizer, self.schedule = run.accelerator.prepare(network, optimizer, schedule)
        self._run = run

    def update(self, loss: Tensor) -> None:
        """One step down the gradient of `loss`."""
        self.optimizer.zero_grad(set_to_none=True)
        self._run.accelerator.backward(loss)
        self._run.accelerator.clip_grad_norm_(self.network.parameters(), self._run.recipe.clip)
        self.optimizer.step()
        self.schedule.step()

    def state(self) -> dict[str, Any]:
        """State of network, optimiser and schedule, for `restore`."""
        return {part: getattr(self, part).state_dict() for part in ("network", "optimizer", "schedule")}

    def restore(self, state: dict[str, Any]) -> None:
        """Load what `state` returned."""
        for part, value in state.items():
            getattr(self, part).load_state_dict(value)


def optimizer_of(
    stage: Stage, groups: list[dict[str, Any]], betas: tuple[float, float] = (0.9, 0.999)
) -> torch.optim.Optimizer:
    """The stage's optimiser.

    Args:
        groups: of parameters, with rate and weight decay.
        betas: of Adam and AdamW.
    """
    if stage.optimizer == "sgd":
        return torch.optim.SGD(groups, momentum=stage.momentum, nesterov=stage.momentum > 0)
    kind = torch.optim.Adam if stage.optimizer == "adam" else torch.optim.AdamW
    return kind(groups, betas=betas)


def one_cycle(step: int, steps: int, warm_up: float) -> float:
    """Factor of the peak rate: linear to 1 over the fraction `warm_up` of all `steps`, then a cosine to 0."""
    rising = max(round(warm_up * steps), 1)
    if step < rising:
        return (step + 1) / rising
    return 0.5 * (1 + math.cos(math.pi * min((step - rising) / max(steps - rising, 1), 1.0)))


def _constant(step: int) -> float:
    return 1.0


def parameter_groups(model: nn.Module, stage: Stage) -> list[dict[str, Any]]:
    """Optimiser groups of the stage: a rate by prefix of the parameter's name, no weight decay on vectors.

    Parameters whose rate is 0 stop learning for this stage.

    Raises:
        RecipeError: a prefix is of no parameter.
    """
    names = [name for name, _ in model.named_parameters()]
    for prefix in stage.rates:
        if not any(name.startswith(prefix) for name in names):
            raise RecipeError(f"The stage “{stage.name}” has a rate for “{prefix}”, which is no part of the model.")
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        longest = max((p for p in stage.rates if name.startswith(p)), key=len, default=None)
        rate = stage.rate if longest is None else stage.rates[longest]
        parameter.requires_grad_(rate > 0)
        if rate > 0:
            decay = stage.weight_decay if parameter.ndim > 1 else 0.0
            groups.setdefault((rate, decay), []).append(parameter)
    return [{"params": params, "lr": rate, "weight_decay": decay} for (rate, decay), params in groups.items()]
