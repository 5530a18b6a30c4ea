"""A complete model in miniature, with a text encoder of its own, for tests of what is built around models.

Its answers can be worked out by hand: every word has a place in the picture, and the map is the picture's brightness
plus a spot at the place of each word.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from unittest.mock import patch

import torch
from torch import Tensor, nn

from saliency import checkpoints, session
from saliency.checkpoints import Card, Description
from saliency.models import registry
from saliency.models.base import SaliencyModel
from saliency.models.features import ImageFeatures, SaliencyOutput, TextFeatures
from saliency.models.spec import MIT, ModelSpec, Preset, Text
from saliency.models.text import EncodedText, Word
from saliency.preprocessing import Preprocessing

GRID = 12
LIMIT = 8  # words that the encoder reads


@dataclass(frozen=True)
class TinyConfig:
    reads: bool = True
    brightness: float = 1.0
    side: int = 48
    fit: str = "squash"

    def preprocessing(self) -> Preprocessing:
        return Preprocessing(self.side, self.side, fit=self.fit)


class Tiny(SaliencyModel):
    """Counts its calls."""

    def __init__(self, config: TinyConfig) -> None:
        super().__init__()
        self.reads = config.reads
        self.brightness = nn.Parameter(torch.full((3, 1), config.brightness))
        self.encoded = 0
        self.decoded: list[int] = []

    def encode_image(self, pixels: Tensor) -> ImageFeatures:
        self.encoded += len(pixels)
        grey = (pixels * self.brightness[..., None]).mean(dim=1, keepdim=True)
        return {"grey": nn.functional.adaptive_avg_pool2d(grey, GRID)}

    def decode(self, features: ImageFeatures, text: TextFeatures | None = None) -> SaliencyOutput:
        logits = features["grey"].clone()
        self.decoded.append(len(logits))
        if text is None or not self.reads:
            return SaliencyOutput(torch.sigmoid(logits), logits)
        places = text.tokens[..., 0].long() % GRID**2
        spots = nn.functional.one_hot(places, GRID**2).unflatten(-1, (GRID, GRID)).float()
        spots = spots * text.words[..., None, None]
        logits += 4 * spots.sum(dim=1, keepdim=True)
        counts = text.words.sum(dim=1, keepdim=True).clamp(min=1)
        first = text.words.float().argmax(dim=1)  # what the sentence is about
        subject = spots[torch.arange(len(spots)), first][:, None]
        return SaliencyOutput(torch.sigmoid(logits), logits, spots, text.words / counts, subject)


class TinyEncoder:
    """Words by white space; each is one token, those of more than six letters are two."""

    def __init__(self) -> None:
        self.encoded: list[tuple[str, ...]] = []

    def encode(self, sentences: list[str]) -> EncodedText:
        self.encoded.append(tuple(sentences))
        words = [_words(sentence) for sentence in sentences]
        length = 2 + max(sum(len(word.tokens) for word in row) for row in words)
        tokens = torch.zeros(len(sentences), length, 1)
        real = torch.zeros(len(sentences), length, dtype=torch.bool)
        for number, row in enumerate(words):
            for word in row:
                for token in word.tokens:
                    tokens[number, token] = place(word.text)
                    real[number, token] = True
        ones = torch.ones_like(real)
        features = TextFeatures(tokens, ones, real, tokens[:, 0], real.any(dim=1), tokens[..., 0].long())
        return EncodedText(features, tuple(words), tuple(any(not word.tokens for word in row) for row in words))


def place(word: str) -> int:
    """Cell of the grid, counted row by row, where the model puts the spot of a word."""
    return hashlib.sha256(word.encode()).digest()[0] % GRID**2


def _words(sentence: str) -> tuple[Word, ...]:
    words, start, token = [], 0, 1
    for number, text in enumerate(sentence.split()):
        start = sentence.index(text, start)
        count = 0 if number >= LIMIT else 1 + (len(text) > 6)
        words.append(Word(text, start, start + len(text), tuple(range(token, token + count))))
        start, token = start + len(text), token + count
    return tuple(words)


def _spec(name: str, config: TinyConfig) -> ModelSpec:
    preset = Preset(config, "tiny" if config.reads else None)
    return ModelSpec(
        name=name,
        title=name.title(),
        summary=Text("A model for tests.", "测试用模型。"),
        paper="",
        model=Tiny,
        presets={"compact": preset},
        tiny={"compact": preset},
        licence=MIT,
        reads_text=config.reads,
        word_maps=config.reads,
    )


SPECS = {
    "reader": _spec("reader", TinyConfig()),
    "padder": _spec("padder", TinyConfig(fit="pad")),
    "blind": _spec("blind", TinyConfig(reads=False, side=24)),
}


@contextmanager
def in_miniature(folder: Path, encoder: TinyEncoder | None = None) -> Iterator[Path]:
    """The only models there are meanwhile are those of `SPECS`, with their checkpoints in `folder`."""
    encoder = encoder or TinyEncoder()
    with (
        patch.object(registry, "REGISTRY", MappingProxyType(SPECS)),
        patch.object(session, "load_encoder", lambda _: encoder),
    ):
        save_all(folder)
        yield folder


def save_all(folder: Path) -> dict[str, Card]:
    """A checkpoint of each model of `SPECS`, which must be in the registry."""
    cards = {}
    for name, spec in SPECS.items():
        preset = spec.presets["compact"]
        description = Description(
            name=name,
            model=name,
            preset="compact",
            text_encoder=preset.text_encoder,
            preprocessing=preset.preprocessing,
            licence="MIT",
        )
        cards[name] = checkpoints.save(Tiny(preset.config), description, folder)
    return cards
