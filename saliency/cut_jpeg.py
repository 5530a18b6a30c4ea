"""JPEG files without their last bytes: decoded where nearly all of the picture is in them."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from itertools import islice

import numpy as np
from PIL import Image

MOST_MISSING = 0.05
"""Share of the picture that may be missing at its end."""

_END = b"\xff\xd9"
_SCAN = b"\xff\xda"
_FRAMES = (0xC0, 0xC1, 0xC2)  # start of a frame: baseline, extended, progressive
_MOST_SEGMENTS = 1000  # far more than a picture has; hostile files may have millions
_MCU = 16  # rows of a picture that are stored together, at most
# Bytes that are no marker, to go on with where the file ends.
_NOISE = np.random.default_rng(0).integers(0, 255, 4096, dtype=np.uint8).tobytes()


def decode_cut(content: bytes) -> tuple[Image.Image, float] | None:
    """The picture of a JPEG file that ends early, and the share of it that is missing.

    None where more than `MOST_MISSING` is, and where the file cannot be decoded at all.

    Pillow's ``ImageFile.LOAD_TRUNCATED_IMAGES`` would decode it too, but is a setting of the whole process, and does
    not say how much is missing: libjpeg makes it grey. Here the file is decoded twice, with an end mark and with noise
    in place of what is missing; where the two begin to differ, the file has ended. A progressive file holds the whole
    picture several times, ever finer: its last pass must have begun.
    """
    content = content.rstrip(b"\xff")  # half of a marker
    try:
        if not _last_pass_has_begun(content):
            return None
        picture, other = _decoded(content + _END), _decoded(content + _NOISE + _END)
    except Exception:  # as in `imaging._loaded`
        return None
    missing = _share_from_first_difference(np.asarray(picture), np.asarray(other))
    return (picture, missing) if missing <= MOST_MISSING else None


def _decoded(content: bytes) -> Image.Image:
    image = Image.open(BytesIO(content), formats=("JPEG",))
    image.load()
    return image


def _share_from_first_difference(one: np.ndarray, other: np.ndarray) -> float:
    """Share of two pictures (H, W) or (H, W, C) that follows their first different pixel, in JPEG's order of blocks."""
    different = one != other
    if different.ndim == 3:
        different = different.any(axis=2)
    rows = np.flatnonzero(different.any(axis=1))
    if not rows.size:
        return 0.0
    height, width = different.shape
    begun = different[rows[0] : rows[0] + _MCU]
    column = int(begun.any(axis=0).argmax())
    missing = len(begun) * (width - column) + (height - rows[0] - len(begun)) * width
    return float(missing / different.size)


def _last_pass_has_begun(content: bytes) -> bool:
    """Whether every coefficient of every component has a scan that gives it its last bit."""
    components = 0
    begun: set[tuple[int, int]] = set()
    for at in islice(_segments(content), _MOST_SEGMENTS):
        if content[at + 1] in _FRAMES:
            components = content[at + 9]
        elif content[at : at + 2] == _SCAN:
            count = content[at + 4]
            first, last, bits = content[at + 5 + 2 * count : at + 8 + 2 * count]
            if bits & 0x0F == 0:
                named = content[at + 5 : at + 5 + 2 * count : 2]
                begun.update((name, number) for name in named for number in range(first, last + 1))
    return 0 < 64 * components == len(begun)


def _segments(content: bytes) -> Iterator[int]:
    """Where each segment up to the first scan begins, and each later scan."""
    at = 2
    while content[at] == 0xFF and content[at : at + 2] != _SCAN:
        yield at
        at += 2 + int.from_bytes(content[at + 2 : at + 4], "big")
    while at >= 0:
        yield at
        at = content.find(_SCAN, at + 2)
