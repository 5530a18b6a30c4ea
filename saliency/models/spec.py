"""The specification of a model: its presets, inputs, outputs and texts as plain data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple

from torch import nn

from ..preprocessing import Preprocessing
from .base import SaliencyModel

Config = Any  # a frozen dataclass with a method `preprocessing`; each model has its own


class Text(NamedTuple):
    """A sentence in both languages of the app."""

    en: str
    zh: str


RESEARCH_ONLY = Text("code MIT; weights research, non-commercial", "代码 MIT；权重仅限非商业研究")
MIT = Text("code and weights MIT", "代码与权重 MIT")
WITHOUT_WEIGHTS = Text("code MIT; no weights", "代码 MIT；无权重")


@dataclass(frozen=True)
class Preset:
    """One configuration of a model.

    Attributes:
        config: the model's own configuration (a frozen dataclass) with ``preprocessing() -> Preprocessing``, and
            ``reads_text`` where its fields may leave a model text-blind.
        text_encoder: name of the encoder in `text.ENCODERS` whose features it takes; None for text-blind models.
    """

    config: Config
    text_encoder: str | None = None

    @property
    def preprocessing(self) -> Preprocessing:
        """Of its pictures."""
        return self.config.preprocessing()

    def configured(self, overrides: Mapping[str, Any]) -> Preset:
        """The preset with some fields of its configuration set differently, see `configured`.

        It has no text encoder where they leave it text-blind.
        """
        config = configured(self.config, overrides)
        return Preset(config, self.text_encoder if getattr(config, "reads_text", True) else None)


def configured(config: Config, overrides: Mapping[str, Any]) -> Config:
    """`config` with other values for some fields, as recipes and cards hold them.

    A mapping sets fields of a nested configuration; a list becomes a tuple.

    Raises:
        TypeError: there is no such field.
    """
    values = {}
    for name, value in overrides.items():
        nested = isinstance(value, Mapping) and hasattr(config, name)
        values[name] = configured(getattr(config, name), value) if nested else _tuples(value)
    return replace(config, **values)


def _tuples(value: Any) -> Any:
    return tuple(_tuples(item) for item in value) if isinstance(value, list) else value


@dataclass(frozen=True, kw_only=True)
class NetworkSpec:
    """A registry entry: what the rest of the package needs to know of a network that has presets and checkpoints.

    Attributes:
        name: key in the registry, e.g. ``clip_salgan``.
        title: name for people, e.g. ``CLIP-SalGAN``.
        summary: one sentence on the architecture and how it uses text.
        paper: citation.
        model: class built as ``model(config)``.
        presets: by name. ``compact`` is what ships: it is the network of ``checkpoints/NAME.safetensors``. ``paper`` is
            the published one; others are steps of the training.
        tiny: small presets for tests, one for each variant of the architecture: ``compact`` and, where there is a
            preset of that name, ``paper`` among them.
        licence: of code and weights.
        learned: false for baselines, which have no parameters: no training, no weights and a card alone.
        limits: sentences on where the network should not be trusted, for its cards.
        notes: other sentences of its cards, for their translation: where its initial weights come from, and uses and
            terms of data sets that no other network has.
        link: where the paper can be read; None where none was published.
    """

    name: str
    title: str
    summary: Text
    paper: str
    model: type[nn.Module]
    presets: Mapping[str, Preset]
    tiny: Mapping[str, Preset]
    licence: Text
    learned: bool = True
    limits: tuple[Text, ...] = ()
    notes: tuple[Text, ...] = ()
    link: str | None = None

    @property
    def texts(self) -> Iterator[Text]:
        """Every sentence of the specification and of the network's cards that has a translation here."""
        yield from (self.summary, self.licence, *self.limits, *self.notes)


@dataclass(frozen=True, kw_only=True)
class ModelSpec(NetworkSpec):
    """The registry's entry of a saliency model, which `registry.create` builds.

    Attributes:
        reads_text: false for text-blind models, trained ones and baselines.
        word_maps: whether `SaliencyOutput.word_maps` is given.
        task: what its maps are of: ``gaze``, or ``objects``, which are scored against masks and stand in no table of
            gaze.
    """

    model: type[SaliencyModel]
    reads_text: bool
    word_maps: bool
    task: Literal["gaze", "objects"] = "gaze"

    @property
    def reads(self) -> str:
        """How it reads a sentence: ``words`` (one by one, each with its map), ``vector`` (as a whole), ``nothing``."""
        if not self.reads_text:
            return "nothing"
        return "words" if self.word_maps else "vector"
