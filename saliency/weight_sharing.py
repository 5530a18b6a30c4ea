"""Equal pre-trained parts of several models, held in memory once."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import nn

from .models.base import SaliencyModel
from .models.captioner import Captioner


def share_parts(models: Iterable[SaliencyModel | Captioner]) -> None:
    """Replaces equal front-end parts and groundings of several models by one object.

    It is in memory once, and front ends with the same options compare equal. A shared trunk gives the strides that any
    of the models needs.
    """
    known: list[nn.Module] = []
    for model in models:
        for part in _parts(model):
            if part in known:  # by identity
                continue
            twin = next((one for one in known if _equal(one, part)), None)
            if twin is None:
                known.append(part)
            else:
                if hasattr(twin, "levels"):
                    twin.levels = tuple(sorted({*twin.levels, *part.levels}))
                path = next(name for name, module in model.named_modules() if module is part)
                parent, _, name = path.rpartition(".")
                setattr(model.get_submodule(parent), name, twin)


def _parts(model: SaliencyModel | Captioner) -> tuple[nn.Module, ...]:
    """The parts that models may share; those of a grounding before itself."""
    parts = () if model.front_end is None else model.front_end.parts
    branch = None if isinstance(model, Captioner) else model.grounding_branch
    return parts if branch is None else (*parts, branch.grounding)


def _equal(one: nn.Module, other: nn.Module) -> bool:
    """Whether both networks have the same class, configuration and weights."""
    if type(one) is not type(other) or getattr(one, "config", None) != getattr(other, "config", None):
        return False
    own, others = ({**dict(part.named_parameters()), **dict(part.named_buffers())} for part in (one, other))
    return own.keys() == others.keys() and all(torch.equal(own[name], others[name]) for name in own)
