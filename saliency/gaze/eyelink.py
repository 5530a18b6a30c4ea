"""EyeLink recordings as text (ASC): the fixations that the tracker itself found, its EFIX events.

pymovements reads ASC files, too, but gives the times of events without their positions, and needs the samples that
``edf2asc -e`` leaves out. The positions of EFIX are those that EyeLink computed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pandas as pd

from ..errors import GroundTruthError
from .recording import GazeOptions, Recording
from .rows import frame_recording

_EVENT = re.compile(r"^(EFIX|SFIX|ESACC|SSACC|EBLINK|SBLINK)\s+[LR]\s", re.MULTILINE)
_PREAMBLE = re.compile(r"^\*\* ", re.MULTILINE)
_DISPLAY = re.compile(r"^MSG\s+\S+\s+(?:DISPLAY_COORDS|GAZE_COORDS)\s*=?\s*((?:[\d.]+\s+){3}[\d.]+)", re.MULTILINE)
_LOADED = re.compile(r"!V\s+IMGLOAD\s+\S+\s+(\S+)")
_VARIABLE = re.compile(r"!V\s+TRIAL_VAR\s+(?:image|img|picture|stimulus|filename)\s+(.+)", re.IGNORECASE)
_TRIAL = re.compile(r"TRIALID\s*(.*)")


def looks_like_asc(text: str) -> bool:
    """Whether a text is an EyeLink recording."""
    return _EVENT.search(text) is not None or (_PREAMBLE.match(text) is not None and "SR Research" in text[:5000])


def asc_recording(text: str, shape: tuple[int, int], options: GazeOptions, participant: str) -> Recording:
    """The recording of an ASC text; see `read_fixations`.

    Raises:
        GroundTruthError: it has no EFIX event, several pictures of which none is named, or a screen of another size
            than the picture and `options.screen` is not given.
    """
    rows = list(_fixations(text))
    if not rows:
        raise GroundTruthError("The EyeLink file has no fixation events (EFIX); please convert it with its events.")
    _check_screen(text, shape, options)
    frame = pd.DataFrame(rows, columns=["eye", "onset", "duration", "x", "y", "image", "trial"])
    shown = [name for name in ("image", "trial") if (frame[name] != "").any()]
    if "image" not in shown and frame["trial"].nunique() > 1:
        frame["image"] = frame["trial"]
        shown.append("image")
    return frame_recording(frame[["eye", "onset", "duration", "x", "y", *shown]], shape, options, participant)


def _fixations(text: str) -> Iterator[tuple[str, ...]]:
    """Eye, onset since the trial began, duration, x, y, picture and trial of each EFIX event.

    A picture that is named after its fixations, as Data Viewer's trial variables are, counts for its whole trial.
    """
    trial, picture, began, pending = "", "", None, []
    for line in text.splitlines():
        if line.startswith("EFIX"):
            cells = line.split()
            if len(cells) < 7:
                raise GroundTruthError("The EyeLink file has a fixation event without a position.")
            onset = _since(cells[2], began)
            pending.append((cells[1], onset, cells[4], cells[5], cells[6]))
        elif line.startswith("MSG"):
            if found := _TRIAL.search(line):
                yield from ((*row, picture, trial) for row in pending)
                trial, picture, pending = found[1].strip() or "-", "", []
            elif found := _LOADED.search(line):
                yield from ((*row, picture, trial) for row in pending)
                picture, pending = found[1], []
            elif found := _VARIABLE.search(line):
                picture = picture or found[1].strip()
        elif line.startswith("START"):
            began = line.split()[1] if len(line.split()) > 1 else None
    yield from ((*row, picture, trial) for row in pending)


def _since(time: str, began: str | None) -> str:
    try:
        return "" if began is None else f"{float(time) - float(began):g}"
    except ValueError:
        return ""


def _check_screen(text: str, shape: tuple[int, int], options: GazeOptions) -> None:
    """EyeLink's positions are on the screen, whose size the file names."""
    found = _DISPLAY.search(text)
    if found is None or options.screen is not None:
        return
    left, top, right, bottom = map(float, found[1].split())
    width, height = round(right - left), round(bottom - top)
    if {(width, height), (width + 1, height + 1)} & {(shape[1], shape[0])}:
        return
    raise GroundTruthError(
        "The EyeLink file has positions on a screen of {columns} x {rows} pixels, and the picture is {width} x "
        "{height}: please give the screen's size and how the picture was shown.",
        columns=width + 1,
        rows=height + 1,
        width=shape[1],
        height=shape[0],
    )
