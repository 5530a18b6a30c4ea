"""The models that a form offers, and those that are chosen at first."""

from __future__ import annotations

from collections.abc import Collection

from saliency.messages import Message
from saliency.predictor import Predictor
from saliency.ui.shared.texts import t


def choices(predictor: Predictor, names: Collection[str] | None = None) -> list[tuple[str, str]]:
    """Each model's title with, on a line of its own, how it reads; and its name. `elem_classes` is ``described``.

    Args:
        names: of the models to offer; by default all.
    """
    cards, specs = predictor.cards, predictor.specs
    reads = {name: f"reads_{specs[name].reads if card.text_encoder else 'nothing'}" for name, card in cards.items()}
    reads |= {name: "without_weights" for name, spec in specs.items() if not spec.learned}
    reads |= {name: "objects" for name, spec in specs.items() if spec.task == "objects"}
    return [
        (f"{title}\n{t(f'model_choice.{reads[name]}')}", name)
        for name, title in predictor.titles.items()
        if names is None or name in names
    ]


def readers(predictor: Predictor) -> list[str]:
    """The models of gaze that read text, or all where none does; those of objects are there to be chosen."""
    return [name for name in _of_gaze(predictor) if predictor.cards[name].text_encoder] or list(predictor.models)


def learned(predictor: Predictor) -> list[str]:
    """The models of gaze with weights, or all where none has; the others are there to be chosen."""
    return [name for name in _of_gaze(predictor) if predictor.specs[name].learned] or list(predictor.models)


def _of_gaze(predictor: Predictor) -> list[str]:
    return [name for name, spec in predictor.specs.items() if spec.task == "gaze"]


def first_with_word_maps(predictor: Predictor) -> str:
    """A model that says where words point, where there is one."""
    return next((name for name, spec in predictor.specs.items() if spec.word_maps), predictor.models[0])


def readable(predictor: Predictor, model: str, sentence: str | None) -> tuple[str, tuple[Message, ...]]:
    """The sentence where the model reads one, else none; with a notice on what is left unread."""
    written = (sentence or "").strip()
    if not written or model not in predictor.cards or predictor.cards[model].text_encoder:
        return written, ()
    title = predictor.titles[model]
    return "", (Message("{title} reads no text: its maps are those of the pictures alone.", title=title),)
