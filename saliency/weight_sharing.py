"""Equal pre-trained parts of several models, held in memory once."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import nn

from .models.base import SaliencyModel


def share_parts(models: Iterable[SaliencyModel]) -> None:
    """Have models that scan by equal parts scan by the same ones, so that these lie in memory once and scanners that
    ask for the same are equal. A shared trunk gives the strides that any of them asks for."""
    known: list[nn.Module] = []
    for model in models:
        for part in model.scanner.parts if model.scanner else ():
            twin = next((one for one in known if one is part or _equal(one, part)), None)
            if twin is None:
                known.append(part)
            elif twin is not part:
                if hasattr(twin, "levels"):
                    twin.levels = tuple(sorted({*twin.levels, *part.levels}))
                path = next(name for name, module in model.named_modules() if module is part)
                parent, _, name = path.rpartition(".")
                setattr(model.get_submodule(parent), name, twin)


def _equal(one: nn.Module, other: nn.Module) -> bool:
    """Whether they are networks of one kind, one configuration and the same weights."""
    own, others = ({**dict(part.named_parameters()), **dict(part.named_buffers())} for part in (one, other))
    return (
        type(one) is type(other)
        and getattr(one, "config", None) == getattr(other, "config", None)
        and own.keys() == others.keys()
        and all(torch.equal(own[name], others[name]) for name in own)
    )
