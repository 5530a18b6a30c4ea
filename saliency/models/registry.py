"""The models there are: one line per model, its package, whose module ``spec`` has a `ModelSpec` called ``SPEC``.

Beside them stand networks that answer with something else than maps of gaze. They have presets, recipes and checkpoints
like models; in the tables, the grid of the app and the contract of the models they are not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from importlib import import_module
from types import MappingProxyType
from typing import Any

from ..errors import UnknownModelError
from .base import SaliencyModel
from .spec import ModelSpec, NetworkSpec, Preset

# In the order of tables and menus.
PACKAGES = (
    "saliency.models.gsgnet",
    "saliency.models.clip_salgan",
    "saliency.models.tranblend",
    "saliency.models.transalnet",
    "saliency.models.mlnet",
    "saliency.models.sdg_sod",
    "saliency.models.centre_prior",
    "saliency.models.spectral_residual",
    "saliency.models.fine_grained",
)
OTHER_PACKAGES = ("saliency.models.captioner",)


def specifications(packages: Iterable[str]) -> Mapping[str, Any]:
    """The specifications of models, or of other networks, by name, read-only.

    Args:
        packages: such as ``saliency.models.gsgnet``.
    """
    specs = (import_module(f"{package}.spec").SPEC for package in packages)
    return MappingProxyType({spec.name: spec for spec in specs})


REGISTRY: Mapping[str, ModelSpec] = specifications(PACKAGES)

OTHERS: Mapping[str, NetworkSpec] = specifications(OTHER_PACKAGES)


def network(name: str) -> NetworkSpec:
    """The entry of a model or of another network; `UnknownModelError` lists the models there are."""
    return OTHERS[name] if name in OTHERS else spec(name)


def spec(name: str) -> ModelSpec:
    """The entry of `name`; `UnknownModelError` lists the names there are."""
    try:
        return REGISTRY[name]
    except KeyError:
        raise UnknownModelError(f"There is no model called “{name}”. There are: {', '.join(REGISTRY)}.") from None


def preset(name: str, preset: str = "compact", **overrides: Any) -> Preset:
    """The configuration `preset` of the `network` of this name; `UnknownModelError` where one of them does not exist.

    Args:
        overrides: fields of the configuration to set differently, see `spec.configured`.
    """
    presets = network(name).presets
    try:
        found = presets[preset]
    except KeyError:
        message = f"{network(name).title} has no preset “{preset}”. There are: {', '.join(presets)}."
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
    return {text.en: text.zh for spec in (*REGISTRY.values(), *OTHERS.values()) for text in spec.texts}


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
