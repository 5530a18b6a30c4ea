"""The models there are, on one screen. No import side effects: the dictionary is the registry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from types import MappingProxyType
from typing import Any

from ..errors import UnknownModelError
from . import clip_salgan, gsgnet, tranblend, transalnet
from .base import SaliencyModel
from .spec import ModelSpec, Preset

REGISTRY: MappingProxyType[str, ModelSpec] = MappingProxyType(
    {
        "gsgnet": gsgnet.SPEC,
        "clip_salgan": clip_salgan.SPEC,
        "tranblend": tranblend.SPEC,
        "transalnet": transalnet.SPEC,
    }
)


def spec(name: str) -> ModelSpec:
    """The entry of `name`; `UnknownModelError` lists the names there are."""
    try:
        return REGISTRY[name]
    except KeyError:
        raise UnknownModelError(f"There is no model called “{name}”. There are: {', '.join(REGISTRY)}.") from None


def preset(name: str, preset: str = "compact") -> Preset:
    """The configuration `preset` of model `name`; `UnknownModelError` where one of them does not exist."""
    presets = spec(name).presets
    try:
        return presets[preset]
    except KeyError:
        message = f"{spec(name).title} has no preset “{preset}”. There are: {', '.join(presets)}."
        raise UnknownModelError(message) from None


def create(name: str, preset_name: str = "compact", **overrides: Any) -> SaliencyModel:
    """A freshly initialised model.

    Args:
        name: key of `REGISTRY`.
        preset_name: ``compact`` or ``paper``.
        overrides: fields of the preset's configuration to set differently.
    """
    return spec(name).model(replace(preset(name, preset_name).config, **overrides))


def list_models(pattern: str | Sequence[str] = "*") -> list[str]:
    """Names of models that `create` takes, in the order of the registry.

    Args:
        pattern: a name, in which ``*`` and ``?`` stand for any characters, or several of them.

    Example:
        >>> list_models("tran*")
        ['tranblend', 'transalnet']
    """
    patterns = [pattern] if isinstance(pattern, str) else pattern
    return [name for name in REGISTRY if any(fnmatchcase(name, one) for one in patterns)]
