"""What annotators do, one event per click or key: the lines of the log."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ..cleaning import clean
from ..errors import AnnotationError, TextError

ACTIONS = ("toggle", "undo", "redo", "guess", "done")
LONGEST_NAME = 60  # characters of an annotator's name
MOST_SEGMENTS = 65_535  # of a picture

_ID = re.compile(r"[0-9a-zA-Z-]{8,40}")


@dataclass(frozen=True)
class AnnotationEvent:
    """One click or key of an annotator.

    Attributes:
        id: unique; what is sent again after a broken connection has the same.
        time: ISO 8601, UTC, of the server.
        annotator: name of who did it.
        picture: name of the picture in its folder, without extension.
        segmentation: `Segmentation.key` of the segments.
        action: one of `ACTIONS`: a segment is chosen or not any more (``toggle``), the last change is taken back
            (``undo``) or made again (``redo``), a first guess replaces the choice (``guess``), the picture is finished
            (``done``).
        segments: one for ``toggle``, those of the guess for ``guess``, else none.
        source: what made the guess; for ``guess`` alone.
    """

    id: str
    time: str
    annotator: str
    picture: str
    segmentation: str
    action: str
    segments: tuple[int, ...] = ()
    source: str = ""

    def record(self) -> dict[str, Any]:
        """Ready for JSON."""
        return asdict(self) | {"segments": list(self.segments)}


def event_of(sent: Any, time: str | None = None) -> AnnotationEvent:
    """An event as a browser sends it, or as it is in a log.

    Args:
        time: when it arrived; None: it has its own.

    Raises:
        AnnotationError: it is none.
    """
    if not isinstance(sent, Mapping):
        raise AnnotationError("What was sent is no annotation.")
    event = AnnotationEvent(
        id=_text(sent, "id"),
        time=time or _text(sent, "time"),
        annotator=annotator_named(_text(sent, "annotator")),
        picture=_text(sent, "picture"),
        segmentation=_text(sent, "segmentation"),
        action=_text(sent, "action"),
        segments=_segments(sent.get("segments", [])),
        source=_text(sent, "source", ""),
    )
    one = event.action != "toggle" or len(event.segments) == 1
    if not (_ID.fullmatch(event.id) and event.action in ACTIONS and one):
        raise AnnotationError("What was sent is no annotation.")
    return event


def annotator_named(written: str) -> str:
    """The name of an annotator as it is recorded; `AnnotationError` where it is empty or too long."""
    try:
        # A leading sign would make a formula of a name in a spreadsheet.
        name = clean(written).lstrip("=+-@ ")
    except TextError:
        name = ""
    if not name or len(name) > LONGEST_NAME:
        raise AnnotationError("Please write a name of at most {most} characters for the annotator.", most=LONGEST_NAME)
    return name


def _text(sent: Mapping[str, Any], name: str, default: str | None = None) -> str:
    value = sent.get(name, default)
    if not isinstance(value, str) or len(value) > 1000:
        raise AnnotationError("What was sent is no annotation.")
    return value


def _segments(sent: Any) -> tuple[int, ...]:
    numbers = sent if isinstance(sent, list) else [None]
    if len(numbers) > MOST_SEGMENTS or not all(type(each) is int and 0 <= each < MOST_SEGMENTS for each in numbers):
        raise AnnotationError("What was sent is no annotation.")
    return tuple(numbers)
