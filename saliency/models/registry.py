"""The models there are: one line per model, its package, whose module ``spec`` has a `ModelSpec` called ``SPEC``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from importlib import import_module
from types import MappingProxyType
from typing import Any

from ..errors import UnknownModelError
from .base import SaliencyModel
from .spec import ModelSpec, Named, Preset

# In the order of tables and menus.
PACKAGES = (
    "saliency.models.gsgnet",
    "saliency.models.clip_salgan",
    "saliency.models.tranblend",
    "saliency.models.transalnet",
    "saliency.models.mlnet",
    "saliency.models.centre_prior",
    "saliency.models.spectral_residual",
    "saliency.models.fine_grained",
)


def specifications(packages: Iterable[str]) -> Mapping[str, ModelSpec]:
    """The specifications of models by name, read-only.

    Args:
        packages: such as ``saliency.models.gsgnet``.
    """
    specs = (import_module(f"{package}.spec").SPEC for package in packages)
    return MappingProxyType({spec.name: spec for spec in specs})


REGISTRY: Mapping[str, ModelSpec] = specifications(PACKAGES)


def spec(name: str) -> ModelSpec:
    """The entry of `name`; `UnknownModelError` lists the names there are."""
    try:
        return REGISTRY[name]
    except KeyError:
        raise UnknownModelError(f"There is no model called “{name}”. There are: {', '.join(REGISTRY)}.") from None


def preset(name: str, preset: str = "compact", **overrides: Any) -> Preset:
    """The configuration `preset` of model `name`; `UnknownModelError` where one of them does not exist.

    Args:
        overrides: fields of the configuration to set differently, see `spec.configured`.
    """
    presets = spec(name).presets
    try:
        found = presets[preset]
    except KeyError:
        message = f"{spec(name).title} has no preset “{preset}”. There are: {', '.join(presets)}."
        raise UnknownModelError(message) from None
    return found.configured(overrides)


def create(name: str, preset_name: str = "compact", **overrides: Any) -> SaliencyModel:
    """A freshly initialised model.

    Args:
        name: key of `REGISTRY`.
        preset_name: ``compact``, which ships, ``paper``, or another of the model's presets.
        overrides: fields of the preset's configuration to set differently.
    """
    return spec(name).model(preset(name, preset_name, **overrides).config)


def translations() -> dict[str, str]:
    """Chinese by English of every sentence in the specifications."""
    return {text.en: text.zh for spec in REGISTRY.values() for text in spec.texts}


def present(name: str, preset_name: str, config: Mapping[str, Any]) -> Named:
    """Preset and configuration of an earlier card or recipe by their present names.

    Those of models that are not registered are returned unchanged.
    """
    return REGISTRY[name].present(preset_name, config) if name in REGISTRY else Named(preset_name, config)


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
