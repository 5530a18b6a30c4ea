"""Files of gaze made for tests."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image

from saliency.gaze import GazeOptions, Recording, read_fixations

SHAPE = (480, 640)


def encoded(array: np.ndarray, format: str = "PNG") -> bytes:
    """An array as the file of a picture."""
    file = BytesIO()
    Image.fromarray(array).save(file, format)
    return file.getvalue()


def npy(array: np.ndarray, **options: Any) -> bytes:
    """An array as a .npy file."""
    file = BytesIO()
    np.save(file, array, **options)
    return file.getvalue()


def read(content: bytes | str, shape: tuple[int, int] = SHAPE, **options: Any) -> Recording:
    """What `read_fixations` makes of a file, by `GazeOptions` of these values."""
    content = content.encode() if isinstance(content, str) else content
    return read_fixations(content, shape, GazeOptions(**options))


def positions(recording: Recording) -> list[list[int]]:
    """[x, y] of the fixations."""
    return recording.points[:, ::-1].tolist()


def notices(recording: Recording) -> str:
    """All notices, a line each."""
    return "\n".join(recording.notices)
