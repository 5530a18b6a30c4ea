"""Fixations as a picture or an array: marked pixels, discs and numbers of fixations per pixel."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from scipy import ndimage

from ..errors import GroundTruthError
from ..imaging import white_of
from ..messages import Message
from ..resizing import move_points, same_proportions
from .coordinates import check_count
from .recording import Fixation, Recording, Units

_MOST_MARKED = 0.2  # share of the pixels; more is no picture of fixations
_MOST_COUNTED = 0.05  # share of the pixels that a map of counts may mark
_MOST_REPEATS = 50
_LEAST_DISC = 4  # pixels; fixations that touch by chance seldom make more (measured on SJTU-TIS and freeview)
_LARGEST_DISC = 0.003  # share of the picture; a thresholded density has larger areas
_SIZES_DIFFER = 1.2  # times; so much larger are the largest of discs of one size
_ROUND = 0.58  # share that a disc fills of the square around it: pi / 4 for large ones, 0.59 for the least round
_FEW = 13  # pixels of a disc that is too small to be round
_SMALL = 30  # pixels of a disc that is never too large, in small pictures
_MANY = 5  # areas of one size; fewer have to be as symmetrical as discs are, the peak of a density seldom is
_COVERED = 0.9  # share of the marked pixels that discs must account for


@dataclass(frozen=True, eq=False)
class Marks:
    """What a map of fixations marks.

    Attributes:
        points: (N, 2) int64 (row, column), by row, repeats included.
        notices: on how they were read.
    """

    points: np.ndarray
    notices: tuple[Message, ...] = ()


def map_recording(values: np.ndarray, shape: tuple[int, int], participant: str) -> Recording:
    """The fixations of a map of the picture's size, or of its proportions.

    Args:
        values: (h, w) or (h, w, channels), numbers or bool; zero where there is no fixation.
        shape: (H, W) of the picture.

    Raises:
        GroundTruthError: other proportions, no fixation, too many, or a density map, a photograph or a mask.
    """
    size = values.shape[:2]
    if not same_proportions(size, shape):
        raise GroundTruthError(
            "The fixations are {columns} x {rows} pixels, the picture {width} x {height}.",
            columns=size[1],
            rows=size[0],
            width=shape[1],
            height=shape[0],
        )
    marks = read_marks(values)
    points, notices = marks.points, marks.notices
    if size != tuple(shape):
        points = move_points(points, size, shape)
        notices += (
            Message(
                "The map of fixations is {columns} x {rows}, the picture {width} x {height} pixels; the fixations were "
                "moved by the ratio.",
                columns=size[1],
                rows=size[0],
                width=shape[1],
                height=shape[0],
            ),
        )
    fixations = tuple(Fixation(int(x), int(y), participant, 1, number) for number, (y, x) in enumerate(points, start=1))
    return Recording(fixations, (shape[0], shape[1]), Units.PIXELS, total=len(fixations), notices=notices)


def read_marks(values: np.ndarray) -> Marks:
    """The fixations that a map marks.

    A map of two values marks each pixel, or each disc where it has discs. Whole numbers up to 50 on few pixels are how
    often each was fixated. Anything else is a picture in which white is marked.

    Args:
        values: as for `map_recording`.

    Raises:
        GroundTruthError: as `map_recording`, but for the proportions.
    """
    level = values if values.ndim == 2 else values[..., :3].max(axis=2)
    if level.dtype.kind == "f" and not np.isfinite(level).all():
        raise GroundTruthError("The map of fixations has values that are not finite numbers.")
    marked = level != 0
    count = np.count_nonzero(marked)
    if count == 0:
        raise GroundTruthError("There is no fixation in the file.")
    values_there = level[marked] if count <= _MOST_MARKED * level.size else level.ravel()
    if values_there.size == count:
        if (values_there == values_there[0]).all():
            return _marks(marked)
        if _are_counts(values_there, level.size):
            return _repeated(level, marked)
    return _white(level)


def looks_like_fixations(values: np.ndarray) -> bool:
    """Whether a map given as a density (h, w) has fixations: few marked pixels, one by one or as discs of one size."""
    marked = values != 0
    count = np.count_nonzero(marked)
    if not 0 < count <= 0.01 * values.size:
        return False
    few = values[marked]
    if not ((few == few[0]).all() or _are_counts(few, values.size)):
        return False
    components = _Components.of(marked)
    return components.are_pixels() or (components.are_pixels() is False and components.disc_centres() is not None)


def _are_counts(values: np.ndarray, size: int) -> bool:
    """Whether the values that are not zero are numbers of fixations."""
    if len(values) > _MOST_COUNTED * size or values.max() > _MOST_REPEATS or values.min() < 0:
        return False
    return bool((values == np.floor(values)).all())


def _repeated(level: np.ndarray, marked: np.ndarray) -> Marks:
    if not _Components.of(marked).are_pixels():
        raise _density()
    counts = level[marked].astype(np.int64)
    check_count(int(counts.sum()))
    return Marks(
        np.repeat(np.argwhere(marked), counts, axis=0),
        (
            Message(
                "The map's values, 1 to {most}, were read as numbers of fixations per pixel: {count:,} fixations.",
                most=int(counts.max()),
                count=int(counts.sum()),
            ),
        ),
    )


def _white(level: np.ndarray) -> Marks:
    """The white pixels of a grey picture."""
    white = white_of(level)
    if level.min() < 0 or white <= 0:
        raise GroundTruthError("The map of fixations has negative values.")
    half = white * 127 / 255
    marked = level > half
    grey = np.count_nonzero((level >= white * 64 / 255) & ~marked)
    if _is_shaded(level, white, int(np.count_nonzero(marked))):
        raise _density()
    if not marked.any():
        raise GroundTruthError("There is no fixation in the file.")
    marks = _marks(marked)
    if not grey:
        return marks
    return Marks(
        marks.points,
        (*marks.notices, Message("Pixels darker than half of white were not read: {number:,}.", number=grey)),
    )


def _density() -> GroundTruthError:
    return GroundTruthError(
        "This looks like a density map or a photograph; fixations are white pixels in a black picture."
    )


def _is_shaded(level: np.ndarray, white: float, marked: int) -> bool:
    """Whether too much is grey for fixations.

    Soft edges and JPEG leave dots with less grey than white, where a density map has more grey than white and at least
    0.7 % of its pixels (measured on SJTU-TIS and freeview). A bright photograph has more white, but much of both. A
    dark density map has hardly any of either.
    """
    grey = np.count_nonzero((level >= white * 64 / 255) & (level < white * 192 / 255))
    if grey > max(0.005 * level.size, min(marked, 0.05 * level.size)):
        return True
    return not marked and int(np.count_nonzero(level > white * 8 / 255)) > 0.05 * level.size


# --- marked pixels ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Components:
    """Areas of marked pixels that touch, diagonally, too.

    Attributes:
        labels: (H, W), the number of the area from 1; 0 is not marked.
        stats: (N, 5), left, top, width, height and pixels of each area.
    """

    labels: np.ndarray
    stats: np.ndarray

    @classmethod
    def of(cls, marked: np.ndarray) -> _Components:
        _, labels, stats, _ = cv2.connectedComponentsWithStats(marked.astype(np.uint8), connectivity=8)
        return cls(labels, stats[1:])

    @property
    def sizes(self) -> np.ndarray:
        return self.stats[:, cv2.CC_STAT_AREA]

    def are_pixels(self) -> bool | None:
        """Whether each pixel is a fixation; None where some are and most others make areas."""
        solid = self.sizes >= _LEAST_DISC
        if 2 * solid.sum() > len(solid):
            return False
        return True if 2 * self.sizes[solid].sum() <= self.sizes.sum() else None

    def disc(self) -> np.ndarray | None:
        """A single disc, (h, w) bool: of the size that most round areas have, and not cut by the picture's edge."""
        left, top, width, height = self.stats[:, :4].T
        rows, columns = self.labels.shape
        whole = (left > 0) & (top > 0) & (left + width < columns) & (top + height < rows)
        filled = (self.sizes >= _ROUND * width * height) | (self.sizes <= _FEW)
        square = np.maximum(width, height) <= 1.25 * np.minimum(width, height)
        chosen = np.flatnonzero((self.sizes >= _LEAST_DISC) & whole & filled & square)
        if len(chosen) == 0:
            return None
        chosen = chosen[np.argsort(self.sizes[chosen], kind="stable")]
        sizes = self.sizes[chosen]
        like = np.searchsorted(sizes, _SIZES_DIFFER * sizes, side="right") - np.arange(len(sizes))
        number = chosen[like.argmax()]
        left, top, width, height, _ = self.stats[number]
        disc = self.labels[top : top + height, left : left + width] == number + 1
        symmetrical = np.array_equal(disc, disc[::-1]) and np.array_equal(disc, disc[:, ::-1])
        return disc if symmetrical or like.max() >= _MANY else None

    def disc_centres(self) -> np.ndarray | None:
        """The centres of discs of one size, (N, 2) int64 (row, column), by row; None where the areas are no discs.

        A centre is where a single disc fits into what is marked. Areas are discs if those at the centres cover them.
        """
        disc = self.disc()
        if disc is None or disc.sum() > max(_LARGEST_DISC * self.labels.size, _SMALL):
            return None
        marked = self.labels > 0
        fit = _overlap(marked, disc, beyond=1)  # a disc may be cut by the picture's edge
        best = np.asarray(ndimage.maximum(fit, self.labels, np.arange(1, len(self.sizes) + 1)))
        enough = np.concatenate([[np.inf], np.minimum(best, disc.sum()) - 0.5])
        peaks = (fit >= enough[self.labels]).astype(np.uint8)
        centres = cv2.connectedComponentsWithStats(peaks, connectivity=8)[3][1:, ::-1]
        points = np.ceil(centres - 0.5).astype(np.int64)
        drawn = np.zeros(marked.shape, bool)
        drawn[tuple(points.T)] = True
        covered = cv2.dilate((_overlap(drawn, disc[::-1, ::-1], beyond=0) > 0.5).astype(np.uint8), np.ones((3, 3)))
        if np.count_nonzero(covered[marked]) < _COVERED * np.count_nonzero(marked):
            return None
        return points[np.lexsort((points[:, 1], points[:, 0]))]


def _overlap(marked: np.ndarray, disc: np.ndarray, beyond: int) -> np.ndarray:
    """How many pixels of a disc around each pixel are marked, (H, W) float32; outside of the picture is `beyond`."""
    height, width = disc.shape
    padded = cv2.copyMakeBorder(
        marked.astype(np.float32), height, height, width, width, cv2.BORDER_CONSTANT, value=float(beyond)
    )
    anchor = ((width - 1) // 2, (height - 1) // 2)
    counted = cv2.filter2D(padded, cv2.CV_32F, disc.astype(np.float32), anchor=anchor)
    return counted[height:-height, width:-width]


def _marks(marked: np.ndarray) -> Marks:
    """The fixations of marked pixels: one each, or one per disc.

    Raises:
        GroundTruthError: the pixels make large or irregular areas.
    """
    count = int(np.count_nonzero(marked))
    components = _Components.of(marked) if count <= _MOST_MARKED * marked.size else None
    if components is not None and components.are_pixels():
        check_count(count)
        return Marks(np.argwhere(marked))
    points = None if components is None or components.are_pixels() is not False else components.disc_centres()
    if points is None:
        raise GroundTruthError(
            "This looks like a mask or a density map after a threshold: its white areas are large or irregular. "
            "Fixations are white pixels, or discs of one size, in a black picture."
        )
    check_count(len(points))
    notice = (
        Message("1 white disc of {pixels:,} pixels was read as 1 fixation.", pixels=count)
        if len(points) == 1
        else Message(
            "{count:,} white discs, {pixels:,} pixels together, were read as {count:,} fixations; discs that cover "
            "each other nearly wholly count as one.",
            count=len(points),
            pixels=count,
        )
    )
    return Marks(points, (notice,))
