"""The specification of a model: its presets, inputs and outputs as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..preprocessing import Preprocessing
from .base import SaliencyModel


@dataclass(frozen=True)
class Preset:
    """One configuration of a model.

    Attributes:
        config: the model's own configuration (a frozen dataclass).
        preprocessing: of its pictures.
        text_encoder: name of the encoder in `text.ENCODERS` whose features it takes; None for text-blind models.
    """

    config: Any
    preprocessing: Preprocessing
    text_encoder: str | None


@dataclass(frozen=True)
class ModelSpec:
    """A registry entry: everything the rest of the package needs to know of a model.

    Attributes:
        name: key in the registry, e.g. ``clip_salgan``.
        title: name for people, e.g. ``CLIP-SalGAN``.
        summary: one sentence on the architecture and how it uses text.
        paper: citation.
        model: class built as ``model(config)``.
        presets: by name, ``paper`` and ``compact``.
        licence: of code and weights.
        reads_text: false for the text-blind baselines.
        word_maps: whether `SaliencyOutput.word_maps` is given.
        link: where the paper can be read; None where none was published.
    """

    name: str
    title: str
    summary: str
    paper: str
    model: type[SaliencyModel]
    presets: Mapping[str, Preset]
    licence: str
    reads_text: bool
    word_maps: bool
    link: str | None = None

    @property
    def reads(self) -> str:
        """How it reads a sentence: ``words`` (one by one, each with its map), ``vector`` (as a whole), ``nothing``."""
        if not self.reads_text:
            return "nothing"
        return "words" if self.word_maps else "vector"
