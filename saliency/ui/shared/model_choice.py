"""The models that a form offers, and those that are chosen at first."""

from __future__ import annotations

from collections.abc import Collection

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
    return [
        (f"{title}\n{t(f'model_choice.{reads[name]}')}", name)
        for name, title in predictor.titles.items()
        if names is None or name in names
    ]


def readers(predictor: Predictor) -> list[str]:
    """The models that read text, or all where none does; the others are baselines."""
    return [name for name in predictor.models if predictor.cards[name].text_encoder] or list(predictor.models)


def learned(predictor: Predictor) -> list[str]:
    """The models with weights, or all where none has; the others are baselines, there to be chosen."""
    return [name for name, spec in predictor.specs.items() if spec.learned] or list(predictor.models)


def first_with_word_maps(predictor: Predictor) -> str:
    """A model that says where words point, where there is one."""
    return next((name for name, spec in predictor.specs.items() if spec.word_maps), predictor.models[0])
