"""What a person should know of a picture that is read, but shows less than they may think."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from PIL import Image

from .messages import Message

_BITS = (8, 10, 12, 14)  # that cameras and scanners write into files of 16
_NEARLY_BLACK = 16  # of 255: where the values of 12 bits end in 16


def notices_on(pixels: np.ndarray, image: Image.Image | None, top: int | None) -> Iterator[Message]:
    """Sentences on a picture of one colour, and on a dark one.

    Args:
        pixels: (H, W, 3) uint8, as models see it.
        image: as it was opened, before it was turned; None where there was only an array.
        top: the largest value of 16 bits, from which the pixels come; None where they have 8.
    """
    if _one_colour(pixels):
        yield _why_one_colour(image)
    elif top is not None:
        yield from _on_bits(top)
    elif (largest := int(pixels.max())) < _NEARLY_BLACK:
        yield Message("The picture is nearly black: its largest value is {top} of 255.", top=largest)


def _one_colour(pixels: np.ndarray) -> bool:
    colour = pixels[0, 0]
    few = pixels[::16, ::16]  # nearly always enough
    return bool((few == colour).all()) and all((row == colour).all() for row in pixels)


def _why_one_colour(image: Image.Image | None) -> Message:
    if image is not None and _has_frames(image):
        return Message(
            "The file's first frame is one single colour; a map of it says nothing about it, and the other frames are "
            "not read."
        )
    if image is not None and _shows_white(image):
        return Message(
            "The picture is transparent and, over white, one single colour; a map of it says nothing about it."
        )
    return Message("The picture is one single colour; a map of it says nothing about it.")


def _shows_white(image: Image.Image) -> bool:
    """Whether the picture is transparent anywhere."""
    return image.has_transparency_data and any(image.convert("RGBA").getchannel("A").histogram()[:255])


def _has_frames(image: Image.Image) -> bool:
    try:
        return bool(getattr(image, "is_animated", False))
    except Exception:  # decoders of hostile files raise nearly anything
        return False


def _on_bits(top: int) -> Iterator[Message]:
    """Values that end at a quarter of white, or below, are those of fewer bits."""
    bits = next((bits for bits in _BITS if top < 2**bits), None)
    if bits:
        yield Message(
            "The picture's largest value is {top:,} of 65,535, so that it is dark to the models: its values seem to "
            "have {bits} of 16 bits. Multiplied by {factor}, they would use all.",
            top=top,
            bits=bits,
            factor=2 ** (16 - bits),
        )
