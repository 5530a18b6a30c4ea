"""The one door for pictures: whatever a person has becomes RGB, or a typed error with a sentence that says why not.

Formats are an allow-list and sizes are read from the header, before anything is decoded.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from io import BytesIO
from typing import BinaryIO

import numpy as np
from PIL import ExifTags, Image, ImageOps
from pillow_heif import register_heif_opener

from .cut_jpeg import decode_cut
from .errors import (
    DamagedPictureError,
    EmptyPictureError,
    PictureError,
    PictureShapeError,
    PictureTooLargeError,
    PictureTooSmallError,
    UnsupportedFormatError,
)
from .messages import Message
from .picture_notices import notices_on

register_heif_opener(thumbnails=False, depth_images=False, aux_images=False)  # Pillow itself reads no HEIC


@dataclass(frozen=True, eq=False)
class LoadedPicture:
    """A picture that was read.

    Attributes:
        pixels: (H, W, 3) uint8 RGB, C-contiguous.
        notices: what its owner should know: the file was cut short, the picture is dark or of one single colour.
    """

    pixels: np.ndarray
    notices: tuple[Message, ...] = ()


Source = bytes | str | os.PathLike[str] | Image.Image | np.ndarray | BinaryIO | LoadedPicture | None

# AVIF before HEIF: both have files of the brand mif1, and only AVIF's reader passes on those of the other.
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "HEIF", "PPM")
MAX_PIXELS = 50_000_000
MAX_BYTES = 64 * 2**20
MIN_SIDE = 8
MAX_ASPECT = 20

_ISO_BRANDS = (
    *(b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"),
    *(b"avif", b"avis"),
)
_PNG_TAGS = (b"eXIf", b"Raw profile type exif", b"XML:com.adobe.xmp")  # which may hold the orientation
_SIXTEEN_BITS = ("I;16", "I;16L", "I;16B", "I;16N")
_MORE_BITS = (*_SIXTEEN_BITS, "I", "F")
GREY_MODES = (*_MORE_BITS, "L")  # of pictures that `values_of` takes as they are


def load_image(source: Source, *, max_pixels: int = MAX_PIXELS, max_bytes: int = MAX_BYTES) -> np.ndarray:
    """The pixels of `open_picture`: (H, W, 3) uint8 RGB, C-contiguous and the caller's own.

    Example:
        >>> load_image(np.zeros((40, 60), dtype=np.uint8)).shape  # a grey picture becomes RGB
        (40, 60, 3)
    """
    return open_picture(source, max_pixels=max_pixels, max_bytes=max_bytes).pixels


def open_picture(
    source: Source, *, max_pixels: int | None = MAX_PIXELS, max_bytes: int = MAX_BYTES, upright: bool = True
) -> LoadedPicture:
    """A picture as RGB, with what its owner should know of it.

    Transparency lies over white; of several frames the first is read; 16-bit values are divided by 257, floats in
    [0, 1] multiplied by 255. A JPEG file that lacks its last bytes is read where nearly all of the picture is there.

    Args:
        source: bytes of a file, its path, an open binary file, a PIL image, or an array: (H, W), (H, W, 1), (H, W, 3)
            RGB or (H, W, 4) RGBA; uint8, uint16, bool, other integers in 0..255, or floats in [0, 1]. A
            `LoadedPicture` is returned unchanged; None, a form's empty field, is refused.
        max_pixels: more are refused, before decoding; None takes files of any size and shape, which is for data sets.
        max_bytes: a larger file is refused, before it is read.
        upright: whether it is turned by its EXIF tag. HEIC and TIFF pictures always are upright: their readers turn
            them.

    Raises:
        PictureError: one of its subclasses, by what is wrong.

    Example:
        >>> open_picture(Image.new("L", (60, 40), 128)).pixels[0, 0].tolist()
        [128, 128, 128]
    """
    if isinstance(source, LoadedPicture):
        return source
    if isinstance(source, np.ndarray):
        pixels = _from_array(source, max_pixels)
        return LoadedPicture(pixels, tuple(notices_on(pixels, None, source if source.dtype == np.uint16 else None)))
    content = source if isinstance(source, Image.Image) else read(source, max_bytes)
    image, missing = _decoded(content, max_pixels)
    turned = _turned(image) if upright else image
    pixels = rgb_of(turned)
    cut = () if missing is None else (_on_cut_file(missing),)
    values = values_of(turned) if turned.mode in _MORE_BITS else None
    has_16_bits = values is not None and white_of(values) == 65535
    return LoadedPicture(pixels, (*cut, *notices_on(pixels, image, values if has_16_bits else None)))


def _on_cut_file(missing: float) -> Message:
    if not missing:
        return Message("The picture's file was cut short, but nothing of the picture is missing.")
    return Message(
        "The picture's file was cut short: up to {percent:.1f} % of the picture, along one edge, is missing or coarse.",
        percent=100 * missing,
    )


# --- files ------------------------------------------------------------------------------------------------------------


def read(source: bytes | str | os.PathLike[str] | BinaryIO | None, max_bytes: int = MAX_BYTES) -> bytes:
    """The bytes of a file, none of them read where there are too many."""
    if source is None:
        raise EmptyPictureError("No picture was given.")
    if isinstance(source, str | os.PathLike):
        try:
            with open(source, "rb") as file:
                return read(file, max_bytes)
        except (OSError, ValueError):
            raise PictureError("The picture's file cannot be opened.") from None
    if isinstance(source, bytes | bytearray | memoryview):
        content = bytes(source)
    elif hasattr(source, "read"):
        content = source.read(max_bytes + 1)
        if not isinstance(content, bytes):
            raise UnsupportedFormatError("The picture's file must be opened in binary mode.")
    else:
        raise UnsupportedFormatError("A picture is given as a file, bytes, a PIL image or an array.")
    if not content:
        raise EmptyPictureError("The picture's file is empty.")
    if len(content) > max_bytes:
        raise PictureTooLargeError("The picture's file is larger than {megabytes:g} MB.", megabytes=max_bytes / 2**20)
    return content


def decode(source: bytes | Image.Image, max_pixels: int | None = MAX_PIXELS) -> Image.Image:
    """The first frame, decoded and upright; header checks come first. Nothing of it may be missing.

    Args:
        max_pixels: as for `open_picture`.
    """
    image, missing = _decoded(source, max_pixels)
    if missing:
        raise DamagedPictureError("The picture's file is damaged or was cut short.")
    return _turned(image)


def _decoded(source: bytes | Image.Image, max_pixels: int | None) -> tuple[Image.Image, float | None]:
    """The first frame as it lies in the file, and which share of it is missing; None where the file is complete."""
    image = source if isinstance(source, Image.Image) else _opened(source)
    if max_pixels is not None:
        _check_size(image.height, image.width, max_pixels)
    try:
        image.load()
        return image, None
    except Exception:  # decoders of hostile files raise nearly anything
        cut = decode_cut(source) if isinstance(source, bytes) and image.format == "JPEG" else None
    if cut is None:
        raise DamagedPictureError("The picture's file is damaged or was cut short.")
    return cut


def _turned(image: Image.Image) -> Image.Image:
    """Turned by its EXIF tag."""
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # a broken tag says nothing about which way is up
        return image


def format_of(source: bytes | str | os.PathLike[str] | BinaryIO) -> str:
    """The format of a picture's file by its header, without decoding it.

    Returns:
        One of `FORMATS`, or a format that Pillow reads as one of them.

    Raises:
        PictureError: as `open_picture`, as far as the header says.
    """
    image = _opened(read(source))
    _check_size(image.height, image.width, MAX_PIXELS)
    return str(image.format)


def upright_shape(content: bytes) -> tuple[int, int]:
    """Height and width of the picture in a file once `decode` has turned it upright, without decoding it."""
    image = _opened(content)
    return (image.width, image.height) if _lies_on_its_side(image, content) else (image.height, image.width)


def stored_shape(content: bytes) -> tuple[int, int]:
    """Height and width of the picture in a file as it is stored, whatever its EXIF tag says."""
    image = _opened(content)
    return image.height, image.width


def _lies_on_its_side(image: Image.Image, content: bytes) -> bool:
    """Whether the EXIF tag exchanges the sides in the header of a file."""
    if image.format == "TIFF":  # Pillow has exchanged them already
        return False
    if image.format == "PNG" and not any(mark in content for mark in _PNG_TAGS):  # Pillow would decode it to find out
        return False
    try:
        return image.getexif().get(ExifTags.Base.Orientation) in (5, 6, 7, 8)
    except Exception:  # as in `_turned`
        return False


def _opened(content: bytes) -> Image.Image:
    """A picture of which only the header has been read."""
    try:
        return Image.open(BytesIO(content), formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise PictureTooLargeError("The picture has far more pixels than can be used.") from None
    except Image.UnidentifiedImageError:
        raise _unidentified(content) from None
    except Exception:  # as in `_decoded`
        raise DamagedPictureError("The picture's file is damaged or was cut short.") from None


def _unidentified(content: bytes) -> PictureError:
    """Why Pillow did not know the file."""
    start = content[:4096].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith(b"<svg") or (start.startswith(b"<?xml") and b"<svg" in start):
        return UnsupportedFormatError(
            "SVG drawings are not read; JPEG, PNG, WebP, GIF, BMP, TIFF, HEIC and AVIF pictures are read."
        )
    known = (b"\xff\xd8", b"\x89PNG", b"GIF8", b"BM", b"II*\0", b"MM\0*")
    iso = content[4:8] == b"ftyp" and content[8:12] in _ISO_BRANDS
    if content.startswith(known) or iso or (content.startswith(b"RIFF") and content[8:12] == b"WEBP"):
        return DamagedPictureError("The picture's file is damaged or was cut short.")
    return UnsupportedFormatError(
        "This file is not a picture that can be read; JPEG, PNG, WebP, GIF, BMP, TIFF, HEIC and AVIF pictures are read."
    )


def check_pixels(pixels: int, max_pixels: int) -> None:
    """Raises `PictureTooLargeError` where there are too many."""
    if pixels > max_pixels:
        raise PictureTooLargeError(
            "The picture has {pixels:,.0f} million pixels; up to {most:g} million are read.",
            pixels=pixels / 1e6,
            most=max_pixels / 1e6,
        )


def _check_size(height: int, width: int, max_pixels: int) -> None:
    check_pixels(height * width, max_pixels)
    if max(height, width) > MAX_ASPECT * min(height, width):
        raise PictureShapeError(
            "The picture is {width} x {height} pixels; one side may be at most {most} times the other.",
            width=width,
            height=height,
            most=MAX_ASPECT,
        )
    if min(height, width) < MIN_SIDE:
        raise PictureTooSmallError(
            "The picture is {width} x {height} pixels; it needs at least {least} on each side to be looked at.",
            width=width,
            height=height,
            least=MIN_SIDE,
        )


# --- values -----------------------------------------------------------------------------------------------------------


def rgb_of(image: Image.Image) -> np.ndarray:
    """A decoded picture as (H, W, 3) uint8, whatever its mode."""
    if image.mode in _MORE_BITS:
        return np.repeat(_bytes(_unit(values_of(image)))[..., None], 3, axis=2)
    try:
        if image.has_transparency_data:
            image = image.convert("RGBA")
            white = Image.new("RGBA", image.size, "white")
            image = Image.alpha_composite(white, image)
        # np.array copies: Pillow's own buffer would be read-only.
        return np.array(image.convert("RGB"))
    except ValueError:
        raise UnsupportedFormatError(
            "The picture's colour space is not read; JPEG, PNG, WebP, GIF, BMP, TIFF, HEIC and AVIF pictures are read."
        ) from None


def values_of(image: Image.Image) -> np.ndarray:
    """The values of a grey picture as they are, (H, W); of others their colours, (H, W, 3) uint8."""
    if image.mode in _SIXTEEN_BITS:
        return np.asarray(image).astype(np.uint16)
    if image.mode in GREY_MODES:
        return np.asarray(image)
    return np.asarray(image.convert("RGB"))


def white_of(values: np.ndarray) -> float:
    """Which of a picture's grey values is white: that of its bits, 255 or 65535.

    Of floats it is the smallest usual one (1, 255, 65535) that holds them all; wider integers have 16 bits. Where
    values lie beyond that, it is their maximum.
    """
    if values.dtype in (np.uint8, np.uint16):
        return np.iinfo(values.dtype).max
    if not np.isfinite(values).all():
        raise PictureShapeError("The picture has values that are not numbers.")
    top = values.max()
    usual = (1, 255, 65535) if values.dtype.kind == "f" else (65535,)
    return next((white for white in usual if top <= white), top)


def _unit(values: np.ndarray) -> np.ndarray:
    """Grey values in [0, 1]; negative ones are black."""
    return np.clip(values, 0, None) / white_of(values)


def _from_array(array: np.ndarray, max_pixels: int | None) -> np.ndarray:
    """An array of the shapes and types that `open_picture` names, as (H, W, 3) uint8."""
    if array.size == 0:
        raise EmptyPictureError("The picture's array is empty.")
    if array.ndim == 2:
        array = array[..., None]
    if array.ndim != 3 or array.shape[2] not in (1, 3, 4):
        raise PictureShapeError("An array must have the shape (height, width), or that with 1, 3 or 4 channels last.")
    if max_pixels is not None:
        _check_size(array.shape[0], array.shape[1], max_pixels)
    array = _bytes(array)
    if array.shape[2] == 4:
        colour, alpha = array[..., :3].astype(np.uint32), array[..., 3:].astype(np.uint32)
        array = ((colour * alpha + 255 * (255 - alpha) + 127) // 255).astype(np.uint8)
    return np.array(np.broadcast_to(array, (*array.shape[:2], 3)), order="C")


def _bytes(array: np.ndarray) -> np.ndarray:
    """Values in 0..255, uint8."""
    kind = array.dtype.kind
    if array.dtype == np.uint8:
        return array
    if array.dtype == np.uint16:
        return ((array.astype(np.uint32) + 128) // 257).astype(np.uint8)
    if kind == "b":
        return array.astype(np.uint8) * 255
    if kind not in "iuf":
        raise PictureShapeError("An array must hold numbers.")
    low, high = array.min(), array.max()
    if kind == "f":
        if not (low >= 0 and high <= 1):  # false for NaN too
            raise PictureShapeError("An array of floats must lie between 0 and 1, without NaN.")
        return np.round(array * 255).astype(np.uint8)
    if low < 0 or high > 255:
        raise PictureShapeError("An array of integers must lie between 0 and 255, or be of the type uint16.")
    return array.astype(np.uint8)
