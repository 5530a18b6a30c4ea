"""Where uploaded gaze, or a mask, lies in its picture, before anything is scored: a picture, and what was read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

import cv2
import numpy as np
from PIL import Image

from saliency.errors import SaliencyError
from saliency.gaze import DensityMap, GazeOptions, Recording
from saliency.imaging import load_image
from saliency.map_summary import where
from saliency.messages import Message
from saliency.object_files import resized_mask
from saliency.resizing import within
from saliency.results.rendering import overlay
from saliency.ui.shared.component import Component
from saliency.ui.shared.presentation import picture_view
from saliency.ui.shared.sentences import translated
from saliency.ui.truth.truth_files import account, read_map, read_objects, read_recording

SIDE = 640  # pixels of the preview's longer side
RADIUS = 4  # of a dot
DOT, RING = (255, 196, 61), (20, 19, 17)

_Read = TypeVar("_Read")


class TruthPreview(Component):
    """Takes what `preview` or `preview_of` gives; takes no room without it."""

    def __init__(self, **options: Any):
        super().__init__("truth_preview", elem_classes="truth-preview", **options)


def preview(
    picture: str | None,
    density: str | None,
    fixations: str | None,
    options: Callable[[], GazeOptions],
    mask: str | None = None,
) -> dict[str, Any] | None:
    """Files (paths) as they are read for a picture (path); None where there is no file.

    Args:
        options: makes the options; an error of theirs is shown like one of a file.

    Returns:
        ``image``: {jpeg, width, height}, or None where nothing can be shown; ``where``: of the gaze, as
        `description.where` has it, None without gaze; ``files``: [{name: empty where the sentences are on no file,
        failed, lines: sentences}].
    """
    if not (density or fixations or mask):
        return None
    try:
        pixels, chosen = load_image(picture), options()
    except SaliencyError as error:
        return {"image": None, "where": None, "files": [_file("", [error.message], failed=True)]}
    shape = pixels.shape[:2]
    files: list[dict[str, Any]] = []
    recording = _attempt(fixations, lambda file: read_recording(file, shape, chosen, picture), account, files)
    read = _attempt(density, lambda file: read_map(file, shape, chosen), _account_of_map, files)
    objects = _attempt(mask, lambda file: read_objects(file, shape), lambda read: read.account, files)
    drawn = _drawn(
        pixels,
        recording.points if recording else None,
        read.values if read else None,
        objects.pixels if objects else None,
    )
    return drawn | {"files": files}


def preview_of(picture: str, recordings: Sequence[tuple[str, Recording]]) -> dict[str, Any] | None:
    """Recordings with the names of their files, which were read for a picture (path); as `preview`."""
    if not recordings:
        return None
    points = np.concatenate([recording.points for _, recording in recordings])
    files = [_file(name, account(recording)) for name, recording in recordings]
    return _drawn(load_image(picture), points, None) | {"files": files}


def _attempt(
    file: str | None,
    read: Callable[[str], _Read],
    account_of: Callable[[_Read], Sequence[Message]],
    files: list[dict[str, Any]],
) -> _Read | None:
    """What is read of a file (path), None where there is none or it fails; adds to `files` what there is to say."""
    if not file:
        return None
    try:
        result = read(file)
    except SaliencyError as error:
        files.append(_file(Path(file).name, [error.message], failed=True))
        return None
    files.append(_file(Path(file).name, account_of(result)))
    return result


def _file(name: str, lines: Sequence[Message], failed: bool = False) -> dict[str, Any]:
    return {"name": name, "failed": failed, "lines": [translated(line) for line in lines]}


def _account_of_map(read: DensityMap) -> tuple[Message, ...]:
    height, width = read.values.shape
    summary = Message("A density map for a picture of {width} x {height} pixels", width=width, height=height)
    return summary, *read.notices


def _drawn(
    picture: np.ndarray, points: np.ndarray | None, density: np.ndarray | None, mask: np.ndarray | None = None
) -> dict[str, Any]:
    """The picture, grey, with all that was read on it, and where people looked: ``image`` and ``where``.

    Args:
        picture: (H, W, 3) uint8 RGB.
        points: (N, 2) integers (row, column) in the picture's pixels; or None.
        density: (H, W) >= 0; or None.
        mask: (H, W) bool, of which the outline is drawn; or None.
    """
    if points is None and density is None and mask is None:
        return {"image": None, "where": None}
    shape = picture.shape[:2]
    height, width = within(shape, SIDE)
    canvas = _grey(picture, (width, height))
    heat = None
    if density is not None:
        heat = cv2.resize(density.astype(np.float32), (width, height), interpolation=cv2.INTER_AREA)
        canvas = overlay(canvas, heat / (heat.max() or 1), 0.75, "viridis", fading=True)
    if points is not None:
        _dot(canvas, points, shape)
        heat = np.zeros((90, 90))
        np.add.at(heat, tuple((points * 90 // shape).T), 1)
    if mask is not None:
        _outline(canvas, resized_mask(mask, (height, width)))
    return {"image": picture_view(canvas), "where": None if heat is None else asdict(where(heat))}


def _grey(picture: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """A picture at a size (width, height), without colours and dimmed, so that dots stand out on every one."""
    small = Image.fromarray(picture).convert("L").resize(size, Image.Resampling.BILINEAR)
    return np.repeat((np.asarray(small)[..., None] * 0.6 + 24).astype(np.uint8), 3, axis=2)


def _outline(canvas: np.ndarray, mask: np.ndarray) -> None:
    """Draws the outline of a mask of the canvas's size, with a dark edge."""
    lines, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    for width, colour in ((4, RING), (2, DOT)):
        cv2.drawContours(canvas, lines, -1, colour, width, cv2.LINE_AA)


def _dot(canvas: np.ndarray, points: np.ndarray, shape: tuple[int, int]) -> None:
    """Draws points of a picture of `shape` on its preview; those at one place once."""
    places = np.unique((points + 0.5) * canvas.shape[:2] // shape, axis=0).astype(int)
    for radius, colour in ((RADIUS + 1, RING), (RADIUS, DOT)):
        for row, column in places:
            cv2.circle(canvas, (int(column), int(row)), radius, colour, -1, cv2.LINE_AA)
