"""The words of a sentence, or of a caption, and their maps as the JSON that the browser draws and the API returns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from saliency.imaging import LoadedPicture
from saliency.map_summary import moved
from saliency.models.registry import network
from saliency.results import Caption, Comparison, Prediction, Shape, WordMap, resized
from saliency.ui.shared.presentation import (
    PICTURE_SIDE,
    packed,
    packed_density,
    packed_map,
    picture_view,
    provenance,
)
from saliency.ui.shared.sentences import translated
from saliency.words import Influence

WORD_SIDE = 160  # pixels of a map's longer side: there are two per word, and the models' own maps are hardly finer


def present_words(
    comparison: Comparison, influences: Sequence[Influence], *, reads_text: bool, word_maps: bool, seconds: float
) -> dict[str, Any]:
    """Everything a page needs of a sentence's words, as `word_view.SCHEMA` describes it.

    Args:
        comparison: one prediction, with its word maps.
        influences: of the words of its sentence, in order.
        reads_text: false for a text-blind model.
        word_maps: whether the model says where words point.
        seconds: that all of it took.
    """
    [prediction] = comparison.reduced(WORD_SIDE).predictions
    own = {(word.start, word.end): word for word in prediction.words}
    return {
        "picture": picture_view(comparison.reduced(PICTURE_SIDE).picture),
        "model": {
            "name": prediction.model,
            "title": prediction.title,
            "reads_text": reads_text,
            "word_maps": word_maps,
        },
        "sentence": prediction.sentence,
        "gaze": packed_map(prediction.density * prediction.density.size),
        "about": _about(prediction),
        "notices": [translated(notice) for notice in comparison.notices],
        "words": [_word(item, own.get((item.start, item.end)), prediction) for item in influences],
        "provenance": provenance([(prediction.title, prediction.checkpoint)], {"total": seconds}),
    }


def present_caption(caption: Caption, picture: LoadedPicture, *, seconds: float) -> dict[str, Any]:
    """Everything a page needs of a caption's words, as `word_view.CAPTION_SCHEMA` describes it.

    Args:
        picture: that the caption describes.
        seconds: that all of it took.
    """
    shown = Comparison(picture.pixels, (), {})
    shape = shown.reduced(WORD_SIDE).picture.shape[:2]
    title = network(caption.checkpoint.model).title
    return {
        "picture": picture_view(shown.reduced(PICTURE_SIDE).picture),
        "model": {"name": caption.checkpoint.name, "title": title},
        "sentence": caption.sentence,
        "log_probability": caption.log_probability,
        "notices": [translated(notice) for notice in picture.notices],
        "words": [
            {
                "word": caption.sentence[start:end],
                "start": start,
                "end": end,
                "attention": packed_density(resized(attention, shape)),
            }
            for (start, end), attention in zip(caption.spans, caption.attention, strict=True)
        ],
        "provenance": provenance([(title, caption.checkpoint)], {"total": seconds}),
    }


def _about(prediction: Prediction) -> dict[str, Any] | None:
    if prediction.referent is None or not prediction.referent.any():
        return None
    return packed_map(resized(prediction.referent, prediction.shape))


def _word(influence: Influence, own: WordMap | None, prediction: Prediction) -> dict[str, Any]:
    points = own.map if own else None
    return {
        "word": influence.word,
        "start": influence.start,
        "end": influence.end,
        "read": influence.read,
        "known": influence.known,
        "weight": own.weight if own and points is not None else None,
        "points": None if points is None else packed_map(points),
        "strength": influence.strength if influence.read else None,
        "moves": _moves(influence.change, prediction.working_map, prediction.shape) if influence.read else None,
    }


def _moves(change: np.ndarray, working_map: np.ndarray, shape: Shape) -> dict[str, Any]:
    """`change`, (h, w) of two densities, in multiples of the picture's average density, at `shape`."""
    density = working_map / working_map.sum()
    return packed(resized(change, shape) * change.size) | {"moved": asdict(moved(density, density - change))}
