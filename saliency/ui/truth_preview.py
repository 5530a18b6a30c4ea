"""Where uploaded gaze falls in its picture, before anything is scored: a picture, and sentences on what was read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image

from saliency.errors import SaliencyError
from saliency.gaze import GazeOptions, Recording
from saliency.imaging import load_image
from saliency.messages import Message
from saliency.rendering import overlay
from saliency.ui.component import Component
from saliency.ui.description import where
from saliency.ui.ground_truth import account, read_map, read_recording
from saliency.ui.presentation import picture_view
from saliency.ui.sentences import told

SIDE = 640  # pixels of the preview's longer side
_DOT, _RING = (255, 196, 61), (20, 19, 17)
_RADIUS = 4


class TruthPreview(Component):
    """Takes what `preview` or `preview_of` gives; takes no room without it."""

    def __init__(self, **options: Any):
        super().__init__("truth_preview", elem_classes="truth-preview", **options)


def preview(
    picture: str | None, density: str | None, fixations: str | None, options: Callable[[], GazeOptions]
) -> dict[str, Any] | None:
    """Files (paths) as they are read for a picture (path); None where there is no file.

    Args:
        options: makes the options; an error of theirs is shown like one of a file.

    Returns:
        ``image``: {jpeg, width, height}, or None where nothing can be shown; ``where``: as `description.where` has it;
        ``files``: [{name: empty where the sentence is on no file, failed, lines: sentences}].
    """
    if not (density or fixations):
        return None
    drawn = _Drawn()
    try:
        drawn.load(picture)
        chosen = options()
    except SaliencyError as error:
        return drawn.view() | {"files": [_lines("", True, [error.message])]}
    files = []
    for file, read in ((fixations, _read_fixations), (density, _read_density)):
        if file:
            try:
                files.append(_lines(Path(file).name, False, read(drawn, file, picture, chosen)))
            except GroundTruthError as error:
                files.append(_lines(Path(file).name, True, [error.message]))
    return drawn.view() | {"files": files}


def preview_of(picture: str, recordings: Sequence[tuple[str, Recording]]) -> dict[str, Any] | None:
    """Recordings with the names of their files, which were read for a picture (path); as `preview`."""
    if not recordings:
        return None
    drawn = _Drawn()
    drawn.load(picture)
    drawn.points = np.concatenate([recording.points for _, recording in recordings])
    return drawn.view() | {"files": [_lines(name, False, account(recording)) for name, recording in recordings]}


class _Drawn:
    """What is there to be drawn.

    Attributes:
        picture: (H, W, 3) uint8 RGB; None before it is loaded.
        density: (H, W) >= 0; or None.
        points: (N, 2) integers (row, column) in the picture's pixels; or None.
    """

    def __init__(self) -> None:
        self.picture: np.ndarray | None = None
        self.density: np.ndarray | None = None
        self.points: np.ndarray | None = None

    def load(self, picture: str | None) -> None:
        """Reads the picture (a path)."""
        self.picture = load_image(picture)

    def view(self) -> dict[str, Any]:
        """The picture, grey, with the density over it and the points on it."""
        if self.picture is None or (self.points is None and self.density is None):
            return {"image": None, "where": None}
        height, width = self.picture.shape[:2]
        scale = min(1, SIDE / max(height, width))
        size = max(1, round(width * scale)), max(1, round(height * scale))
        canvas = _grey(self.picture, size)
        if self.density is not None:
            heat = cv2.resize(self.density, size, interpolation=cv2.INTER_AREA)
            canvas = overlay(canvas, heat / (heat.max() or 1), 0.75, "viridis", fading=True)
        if self.points is not None:
            _dot(canvas, self.points, (height, width))
        return {"image": picture_view(canvas), "where": asdict(where(self._gaze()))}

    def _gaze(self) -> np.ndarray:
        """What the words of the preview are about: the fixations, or the density where there are none."""
        if self.points is None:
            return cv2.resize(self.density, (90, 90), interpolation=cv2.INTER_AREA)
        counts = np.zeros((90, 90))
        np.add.at(counts, tuple((self.points * 90 // self.picture.shape[:2]).T), 1)
        return counts


def _read_fixations(drawn: _Drawn, file: str, picture: str, options: GazeOptions) -> Sequence[Message]:
    recording = read_recording(file, drawn.picture.shape[:2], options, picture)
    drawn.points = recording.points
    return account(recording)


def _read_density(drawn: _Drawn, file: str, picture: str, options: GazeOptions) -> Sequence[Message]:
    read = read_map(file, drawn.picture.shape[:2], options)
    drawn.density = np.asarray(read.values, dtype=np.float32)
    height, width = drawn.density.shape
    return (
        Message("A density map for a picture of {width} x {height} pixels", width=width, height=height),
        *read.notices,
    )


def _lines(name: str, failed: bool, lines: Sequence[Message]) -> dict[str, Any]:
    return {"name": name, "failed": failed, "lines": [told(line) for line in lines]}


def _grey(picture: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """A picture at a size (width, height), without colours and dimmed, so that dots are seen on every one."""
    small = Image.fromarray(picture).convert("L").resize(size, Image.Resampling.BILINEAR)
    return np.repeat((np.asarray(small)[..., None] * 0.6 + 24).astype(np.uint8), 3, axis=2)


def _dot(canvas: np.ndarray, points: np.ndarray, shape: tuple[int, int]) -> None:
    """Draws points of a picture of `shape` on its preview; those at one place once."""
    places = np.unique((points + 0.5) * canvas.shape[:2] // shape, axis=0).astype(int)
    for radius, colour in ((_RADIUS + 1, _RING), (_RADIUS, _DOT)):
        for row, column in places:
            cv2.circle(canvas, (int(column), int(row)), radius, colour, -1, cv2.LINE_AA)
