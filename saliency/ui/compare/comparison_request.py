"""The request of the Compare form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from saliency.conditions import AnyCondition, Condition, by_condition
from saliency.errors import ExpiredError, TextError, UnknownModelError
from saliency.predictor import Predictor
from saliency.results import Comparison
from saliency.ui.shared.named_sentences import read_named
from saliency.ui.shared.sentences import reporting
from saliency.words import MAX_CHARACTERS

WRITTEN = (Condition.GENERAL, Condition.SALIENT, Condition.NON_SALIENT)


@dataclass(frozen=True)
class Request:
    """What was compared, held for the visitor's session: a download asks the engine, and its caches, again.

    `tables` are the numbers that were shown, which a ground truth may have had a part in; `truth` says how that was
    read, as `comparison_tables.GroundTruth.record`.
    """

    picture: str | None
    sentences: dict[AnyCondition, str]
    models: tuple[str, ...]
    tables: tuple[dict[str, Any], ...] = ()
    truth: Mapping[str, Any] | None = None

    def answer(self, predictor: Predictor, progress: gr.Progress) -> Comparison:
        """The comparison; reports to `progress`."""
        return predictor.predict(self.picture, self.sentences, models=self.models, progress=reporting(progress))


def read_request(
    picture: str | None, sentences: Sequence[str | None], models: Sequence[str], named: Any = None
) -> Request:
    """A form's fields as a request. The picture alone is always compared, other conditions where there is a sentence.

    Args:
        sentences: general, salient, non-salient.
        named: further ones, as `named_sentences.SCHEMA` has them.

    Raises:
        TextError: a sentence is too long, or a name cannot be used.
        UnknownModelError: no model was chosen.
    """
    if not models:
        raise UnknownModelError("Please choose at least one model.")
    standard = [(c, sentence.strip()) for c, sentence in zip(WRITTEN, sentences, strict=True) if sentence]
    written = by_condition((name, sentence) for name, sentence in (*standard, *read_named(named)) if sentence)
    for condition, sentence in written.items():
        if len(sentence) > MAX_CHARACTERS:
            raise TextError(
                "The sentence for “{condition.title}” is longer than {most} characters.",
                condition=condition,
                most=MAX_CHARACTERS,
            )
    return Request(picture, {Condition.PURE: "", **written}, tuple(models))


def still_there(request: Request | None) -> Request:
    """The session's comparison, for a download.

    Raises:
        ExpiredError: the session has none, or its picture is deleted.
    """
    if request is None or request.picture is None or not Path(request.picture).is_file():
        raise ExpiredError("This comparison has expired; please compare again.")
    return request
