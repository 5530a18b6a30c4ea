"""Fixations as JSON: positions, fixations with names, and scanpaths as COCO-Search18 and COCO-FreeView have them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from ..errors import GroundTruthError
from ..messages import Message
from .recording import GazeOptions, Recording, Screen, Shown
from .rows import frame_recording
from .tables import check_rows

COCO_SCREEN = Screen(1680, 1050, Shown.FITTED)

_INNER = ("fixations", "scanpaths", "scanpath", "data", "points", "gaze")
_COCO = {"name", "subject", "X", "Y", "T"}
_COCO_NAME = re.compile(r"\d{12}\.jpg")


def looks_like_json(text: str) -> bool:
    """Whether a text begins as a list or an object of JSON does."""
    return re.match(r"\s*(\[\s*[\[{\]]|\{\s*[\"}])", text) is not None


def json_recording(text: str, shape: tuple[int, int], options: GazeOptions, participant: str) -> Recording:
    """The recording of a JSON text; see `read_fixations`.

    Raises:
        GroundTruthError: it is damaged, or has another structure than those that are read.
    """
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        raise GroundTruthError("The JSON file is damaged or nested too deeply.") from None
    items = _items(value)
    if not items:
        raise GroundTruthError("There is no fixation in the file.")
    if all(_is_pair(item) for item in items):
        check_rows(len(items))
        return frame_recording(pd.DataFrame(items, columns=["x", "y"], dtype=object), shape, options, participant)
    if not all(isinstance(item, Mapping) for item in items):
        raise _unknown()
    if all(_is_scanpath(item) for item in items):
        return _scanpaths(items, shape, options, participant)
    check_rows(len(items))
    if any(isinstance(cell, list | dict) for item in items for cell in _lowered(item, ("x", "y")).values()):
        raise _unknown()
    frame = pd.DataFrame(items, dtype=object)
    flat = [name for name in frame.columns if not frame[name].map(lambda cell: isinstance(cell, list | dict)).any()]
    return frame_recording(frame[flat], shape, options, participant)


def _items(value: Any) -> Sequence[Any]:
    """The fixations, positions or scanpaths of a JSON value."""
    if isinstance(value, Mapping):
        if _is_scanpath(value) or {"x", "y"} <= {str(key).lower() for key in value}:
            return [value]
        inner = next((value[key] for key in _INNER if isinstance(value.get(key), list)), None)
        if inner is None:
            raise _unknown()
        value = inner
    if not isinstance(value, list):
        raise _unknown()
    return value


def _is_pair(item: Any) -> bool:
    return (
        isinstance(item, list)
        and len(item) == 2
        and all(isinstance(part, int | float | str) or part is None for part in item)
    )


def _is_scanpath(item: Any) -> bool:
    """Whether an object has lists of x and y."""
    if not isinstance(item, Mapping):
        return False
    axes = _lowered(item, ("x", "y"))
    return len(axes) == 2 and all(isinstance(axis, list) for axis in axes.values())


def _lowered(item: Mapping[str, Any], wanted: Sequence[str]) -> dict[str, Any]:
    return {key.lower(): value for key, value in item.items() if key.lower() in wanted}


def _scanpaths(
    items: Sequence[Mapping[str, Any]], shape: tuple[int, int], options: GazeOptions, participant: str
) -> Recording:
    """Fixations of scanpaths, whose times T are durations in milliseconds."""
    rows: list[dict[str, Any]] = []
    for item in items:
        lists = _lowered(item, ("x", "y", "t"))
        if any(isinstance(cell, list | dict) for axis in lists.values() if isinstance(axis, list) for cell in axis):
            raise _unknown()
        if len({len(axis) for axis in lists.values() if isinstance(axis, list)}) != 1:
            raise GroundTruthError("A scanpath of the JSON file has lists of different lengths.")
        single = {
            {"name": "image"}.get(key.lower(), key): cell
            for key, cell in item.items()
            if key.lower() not in lists and not isinstance(cell, list | dict)
        }
        check_rows(len(rows) + len(lists["x"]))
        times = lists.get("t")
        durations = times if isinstance(times, list) else [None] * len(lists["x"])
        rows += [
            single | {"x": x, "y": y, "duration": t} for x, y, t in zip(lists["x"], lists["y"], durations, strict=True)
        ]
    if not rows:
        raise GroundTruthError("There is no fixation in the file.")
    options, notices = _coco_options(items, rows, shape, options)
    recording = frame_recording(pd.DataFrame(rows, dtype=object), shape, options, participant)
    return replace(recording, notices=(*notices, *recording.notices))


def _coco_options(
    items: Sequence[Mapping[str, Any]], rows: Sequence[Mapping[str, Any]], shape: tuple[int, int], options: GazeOptions
) -> tuple[GazeOptions, tuple[Message, ...]]:
    """Options with the display of COCO-Search18 and COCO-FreeView, where scanpaths are theirs and leave the picture."""
    coco = all(set(item) >= _COCO and _COCO_NAME.fullmatch(str(item["name"])) for item in items)
    if options.screen is not None or not coco:
        return options, ()
    numbers = [(row["x"], row["y"]) for row in rows if all(isinstance(row[axis], int | float) for axis in "xy")]
    if not any(x >= shape[1] or y >= shape[0] for x, y in numbers):
        return options, ()
    return replace(options, screen=COCO_SCREEN), (
        Message(
            "The positions are on the display of COCO-Search18 and COCO-FreeView, {width} x {height} pixels with the "
            "picture fitted in; they were moved to the picture.",
            width=COCO_SCREEN.width,
            height=COCO_SCREEN.height,
        ),
    )


def _unknown() -> GroundTruthError:
    return GroundTruthError(
        "Of JSON files, lists of [x, y], of objects with x and y, and of scanpaths with lists X and Y are read."
    )
