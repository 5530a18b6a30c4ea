"""Files of gaze, and masks, as visitors upload them: read for one picture, with an account of what was read and how."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from functools import reduce
from pathlib import Path
from typing import Any

import numpy as np

from saliency.bounded import read_within_limits
from saliency.comparison_tables import GroundTruth
from saliency.conditions import condition_named
from saliency.errors import GroundTruthError
from saliency.gaze import DensityMap, GazeOptions, Recording, read_density, read_fixations
from saliency.gaze.recording import DEFAULT_OPTIONS
from saliency.human_consistency import Consistency, human_consistency
from saliency.messages import Message
from saliency.object_files import ObjectMask, read_mask
from saliency.resizing import fit_density
from saliency.results import Shape

# What columns hold besides x and y, in words.
_ROLES = {
    "participant": Message("participant"),
    "picture": Message("picture"),
    "duration": Message("duration"),
    "milliseconds": Message("onset"),
    "order": Message("order"),
    "round": Message("round"),
    "trial": Message("trial"),
    "eye": Message("eye"),
    "event": Message("kind of event"),
    "fixation": Message("number of the fixation"),
    "valid": Message("whether valid"),
    "confidence": Message("confidence"),
}


def read_truth(
    density: str | None,
    fixations: str | None,
    condition: str,
    shape: Shape,
    options: GazeOptions = DEFAULT_OPTIONS,
    picture: str | None = None,
    mask: str | None = None,
) -> GroundTruth | None:
    """Uploaded ground truth (paths) for a picture of `shape` (H, W); None where nothing was uploaded.

    Args:
        condition: what the people had read.
        picture: path of the picture, as for `read_recording`.
        mask: of objects, as `object_files.read_mask` reads it.

    Raises:
        GroundTruthError: a file cannot be used.
    """
    if not (density or fixations or mask):
        return None
    objects = read_objects(mask, shape) if mask else None
    read = read_map(density, shape, options) if density else None
    recording = read_recording(fixations, shape, options, picture) if fixations else None
    consistency = _consistency(recording) if recording else None
    return GroundTruth(
        condition_named(condition),
        read.values if read else None,
        recording.points if recording else None,
        (len([name for name in recording.participants if name]) or None) if recording else None,
        consistency,
        (*(account(recording) if recording else ()), *(read.notices if read else ())),
        {
            "condition": condition,
            "fixations": _record(recording, fixations) if recording and fixations else None,
            "other_people": consistency and asdict(consistency),
            "density": {"file": Path(density).name, "notices": list(read.notices)} if read and density else None,
            "mask": {"file": Path(mask).name, "notices": list(objects.notices)} if objects and mask else None,
            "options": asdict(options),
        },
        objects.pixels if objects else None,
        objects.account if objects else (),
    )


def read_map(file: str, shape: Shape, options: GazeOptions = DEFAULT_OPTIONS) -> DensityMap:
    """A density at the size (H, W) of its picture.

    Raises:
        GroundTruthError: the file (a path) cannot be used, or has other proportions than the picture.
    """
    read = read_within_limits(GroundTruthError, read_density, file, options)
    return DensityMap(fit_density(read.values, shape), (*read.notices, *_like_a_mask(read.values)))


def _like_a_mask(values: np.ndarray) -> tuple[Message, ...]:
    """A notice where a density (h, w) has two values alone, as masks have."""
    if not ((values == 0) | (values == values.max())).all() or values.all():
        return ()
    return (Message("It has two values only, like a mask of objects; a mask belongs in the field for masks."),)


def read_recording(
    file: str,
    shape: Shape,
    options: GazeOptions = DEFAULT_OPTIONS,
    picture: str | None = None,
    *,
    participant: str = "",
) -> Recording:
    """Fixations on a picture of `shape` (H, W).

    Args:
        file: a path.
        picture: path of the picture. Where the file has several pictures and `options` names none, the one that is
            called like it is read.
        participant: who looked, where the file does not say.

    Raises:
        GroundTruthError: as `read_fixations`.
    """
    try:
        return _fixations(file, shape, options, participant)
    except GroundTruthError:
        if options.picture or not picture:
            raise
        named = GazeOptions(**(vars(options) | {"picture": Path(picture).name}))
        try:
            return _fixations(file, shape, named, participant)
        except GroundTruthError:
            pass  # the name did not help: what is wrong without it is the question to be answered
        raise


def _fixations(file: str, shape: Shape, options: GazeOptions, participant: str) -> Recording:
    return read_within_limits(GroundTruthError, read_fixations, file, shape, options, participant=participant)


def read_objects(file: str, shape: Shape) -> ObjectMask:
    """The mask in a file (a path); see `object_files.read_mask`."""
    return read_within_limits(GroundTruthError, read_mask, file, shape)


def account(recording: Recording) -> tuple[Message, ...]:
    """What was read, in sentences: how many fixations in which units, every notice, and the columns taken.

    The notices say which columns were x and y, where they are not called so.
    """
    columns = [
        Message("{role} from “{column}”", role=_ROLES[role], column=column)
        for role, column in recording.columns.items()
        if role in _ROLES and column.lower() != role
    ]
    taken = (Message("Also read: {columns}.", columns=reduce(_and, columns)),) if columns else ()
    return recording.summary(), *recording.notices, *taken


def _consistency(recording: Recording) -> Consistency | None:
    people = [fixation.participant for fixation in recording.fixations]
    return human_consistency(recording.points, people, recording.shape)


def _and(first: Message, second: Message) -> Message:
    return Message("{first}, {second}", first=first, second=second)


def _record(recording: Recording, file: str) -> Mapping[str, Any]:
    return {
        "file": Path(file).name,
        "used": len(recording.fixations),
        "total": recording.total,
        "left_out": dict(recording.left_out),
        "people": len(recording.participants),
        "units": recording.units.value,
        "columns": dict(recording.columns),
        "notices": list(recording.notices),
    }
