"""The page of ``saliency annotate``: the pictures of a folder on this machine, one after the other."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import gradio as gr

from saliency.annotation import Annotated, AnnotationFolder
from saliency.annotation.events import annotator_named, event_of
from saliency.annotation.first_guess import FirstGuess
from saliency.annotation.object_export import agreement_on
from saliency.errors import AnnotationError, SaliencyError
from saliency.ui.annotate.annotate_stage import AnnotateStage, guess_message, picture_message
from saliency.ui.annotate.annotated_download import zipped
from saliency.ui.gradio_internals import handling
from saliency.ui.page.documentation import DocumentedBlocks
from saliency.ui.shared.guard import guarded
from saliency.ui.shared.hidden_download import download_after, hidden_download
from saliency.ui.shared.sentences import translated

Guess = Callable[[Annotated], FirstGuess | None]


def build_annotator(folder: AnnotationFolder, guess: Guess | None = None) -> gr.Blocks:
    """The page. Launch it as the app.

    Args:
        guess: makes a first guess for a picture; None: there are none.
    """
    functions = [_answering(function) for function in _functions(folder, guess)]
    with DocumentedBlocks(title=folder.name, analytics_enabled=False, fill_width=True) as page:
        stage = AnnotateStage(folder=_key(folder), functions=functions, elem_id="annotate-stage")
        file = hidden_download("annotate-file")

        @guarded
        def export():
            return zipped(file, folder.all_annotated(), folder.name)

        exported = stage.export(export, outputs=file, show_progress_on=stage, api_visibility="private")
        download_after(exported, file)
    return page.queue(max_size=64)


def _functions(folder: AnnotationFolder, guess: Guess | None) -> list[Callable[[Any], dict[str, Any]]]:
    """What the browser calls, each with one object."""

    def open_picture(sent: Any) -> dict[str, Any]:
        """The picture that is ``step`` pictures after ``stem``, with what the annotator did in it."""
        at = folder.stems.index(sent["stem"]) if sent["stem"] in folder.stems else 0
        index = min(max(at + int(sent["step"]), 0), len(folder.stems) - 1)
        stem, annotator = folder.stems[index], annotator_named(sent["annotator"])
        message = picture_message(stem, stem, folder.picture(stem), folder.segmentation(stem))
        return message | {
            "events": [event.record() for event in folder.events(stem, annotator)],
            "place": {"index": index, "count": len(folder.stems), "finished": folder.finished(annotator)},
            "guessable": guess is not None,
        }

    def save(sent: Any) -> dict[str, Any]:
        """Puts events into the log. ``settled``: those that the browser need not send again."""
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        good, refused = [], {}
        for each in sent["events"]:
            try:
                event = event_of(each, now)
                folder.path(event.picture)
                good.append(event)
            except AnnotationError as error:
                refused[str(each.get("id"))] = translated(error.message)
        folder.save(good)
        return {"settled": [*(event.id for event in good), *refused], "error": next(iter(refused.values()), None)}

    def first_guess(sent: Any) -> dict[str, Any]:
        return guess_message(guess(folder.annotated(sent["stem"])) if guess else None)

    def agreement(sent: Any) -> dict[str, Any]:
        found = agreement_on(folder.all_annotated())
        if found is None:
            return {"pictures": 0}
        pairs = [[*pair, _number(kappa)] for pair, kappa in found.cohen.items()]
        return {"pictures": found.pictures, "iou": found.iou, "fleiss": _number(found.fleiss), "cohen": pairs}

    open_picture.__name__, first_guess.__name__ = "open", "guess"  # as the script calls them
    return [open_picture, save, first_guess, agreement]


def _answering(function: Callable[[Any], dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    """A server function of the component whose errors are answers: `error` is a sentence in the visitor's language."""

    def answer(sent: Any, request: gr.Request) -> dict[str, Any]:
        with handling(request):
            try:
                return function(sent)
            except SaliencyError as error:
                return {"error": translated(error.message)}

    answer.__name__ = function.__name__
    return answer


def _key(folder: AnnotationFolder) -> str:
    """Tells folders apart in the browser's storage."""
    return hashlib.sha256(str(folder.root.resolve()).encode()).hexdigest()[:16]


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value
