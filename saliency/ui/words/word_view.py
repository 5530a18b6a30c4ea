"""A sentence, or a caption, word by word over its picture, as a Gradio component.

What it shows is one JSON value (see `word_presentation`); moving through the words happens in the browser
(word_view.js), without a request.
"""

from __future__ import annotations

from typing import Any

from saliency.ui.shared.component import Component
from saliency.ui.shared.outdated import ASKED
from saliency.ui.shared.presentation import PROVENANCE

# The JSON the component takes, and so what the API endpoint `words` returns.
SCHEMA: dict[str, Any] = {
    "title": "Words",
    "type": "object",
    "description": (
        "A sentence word by word. picture: {jpeg: data URI, width, height}. model: {name, title, reads_text, "
        "word_maps: whether it has a map of its own for each word}. sentence: as it was read. A map is {png: data "
        "URI of an 8-bit grey map, low, high: what 0 and 255 stand for}. gaze: the map after the whole sentence, in "
        "multiples of the picture's average density, with where: {half: share of the picture that holds half, "
        "place: [row, column] of the ninth with the most, share: in that ninth, peak: [x, y] in shares of the "
        "sides}. about: where what the whole sentence is about is, by the model, a map in [0, 1] with where; null "
        "for models that do not say. notices: sentences on the picture. words: [{word, start, end: characters of the "
        "sentence, known: false where the model does not know the word, and reads it as any other that it does not "
        "know; read: false where the model does not read the word; then the rest is null. weight: share of the "
        "sentence, by the model; points: "
        "where the word points, by the model, a map in [0, 1] with where; both null without word_maps. strength: "
        "share of the gaze that lies elsewhere without the word; moves: with the sentence minus without the word, a "
        "map in multiples of the average density, with moved: {share, source, target: ninths}}]. " + PROVENANCE + ASKED
    ),
    "properties": {
        "picture": {"type": "object"},
        "model": {"type": "object"},
        "sentence": {"type": "string"},
        "gaze": {"type": "object"},
        "about": {"anyOf": [{"type": "object"}, {"type": "null"}]},
        "notices": {"type": "array", "items": {"type": "string"}},
        "words": {"type": "array", "items": {"type": "object"}},
        "provenance": {"type": "object"},
        "asked": {"type": "array", "items": {}},
    },
}


class WordView(Component):
    """The words of a sentence, where each points and what each changes."""

    def __init__(self, **options: Any):
        super().__init__("word_view", **options)

    def api_info(self) -> dict[str, Any]:
        """JSON schema of the value."""
        return SCHEMA


# The JSON of a caption, and so what the API endpoint `caption` returns.
CAPTION_SCHEMA: dict[str, Any] = {
    "title": "Caption",
    "type": "object",
    "description": (
        "A sentence about a picture, by the captioner, word by word. picture: {jpeg: data URI, width, height}. model: "
        "{name, title}. sentence. log_probability: natural logarithm of the probability of the sentence. notices: "
        "sentences on the picture. words: [{word, start, end: characters of the sentence, attention: where the "
        "captioner read the picture when it gave the word}], a map as {png: data URI of an 8-bit grey map, low, high: "
        "what 0 and 255 stand for, in multiples of the picture's average, where: {half: share of the picture that "
        "holds half, place: [row, column] of the ninth with the most, share: in that ninth, peak: [x, y] in shares of "
        "the sides}}. The attention explains the sentence; it is no prediction of gaze. " + PROVENANCE
    ),
    "properties": {
        "picture": {"type": "object"},
        "model": {"type": "object"},
        "sentence": {"type": "string"},
        "log_probability": {"type": "number"},
        "notices": {"type": "array", "items": {"type": "string"}},
        "words": {"type": "array", "items": {"type": "object"}},
        "provenance": {"type": "object"},
    },
}


class CaptionView(Component):
    """The words of a caption, and where the captioner read the picture for each; a `WordView`, closed at first."""

    def __init__(self, **options: Any):
        super().__init__("word_view", elem_classes="of-caption", **options)

    def api_info(self) -> dict[str, Any]:
        """JSON schema of the value."""
        return CAPTION_SCHEMA
