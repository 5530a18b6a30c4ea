"""The one door for pictures: whatever a person has becomes RGB, or a typed error with a sentence that says why not.

Formats are an allow-list, sizes are read from the header before anything is decoded, and files are read in a child
process within limits of time and memory: every format has structures of few bytes that cost minutes and gigabytes, and
some cost them while the header is read. For a photograph of 12 megapixels that takes about as long as in this process,
so that all callers get it, whatever the file. Files of data sets (``max_pixels=None``) are their owner's, and are read
in this process: training has many of its own already.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Any, BinaryIO

import numpy as np
from PIL import ExifTags, Image, ImageOps, JpegImagePlugin
from pillow_heif import register_heif_opener

from .bounded import read_within_limits
from .cut_jpeg import decode_cut
from .errors import (
    DamagedPictureError,
    EmptyPictureError,
    PictureError,
    PictureShapeError,
    PictureTooCostlyError,
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
_GREY_MODES = (*_MORE_BITS, "L")  # of pictures whose values are taken as they are
_BAND = 2**20  # pixels

_TURNS = {  # by the EXIF tag
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_ON_ITS_SIDE = (5, 6, 7, 8)


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
        top = int(source.max()) if source.dtype == np.uint16 else None
        return LoadedPicture(pixels, tuple(notices_on(pixels, None, top)))
    if isinstance(source, Image.Image):
        return _picture(source, max_pixels, upright)
    content = read(source, max_bytes)
    if max_pixels is None:
        return _picture(content, max_pixels, upright)
    return read_within_limits(PictureTooCostlyError, _picture, content, max_pixels, upright)


def _picture(source: bytes | Image.Image, max_pixels: int | None, upright: bool) -> LoadedPicture:
    image = source if isinstance(source, Image.Image) else _opened(source, scalable=max_pixels is not None)
    notices = [] if max_pixels is None else list(_scaled_down(image, max_pixels))
    _check_size(image, max_pixels)
    image, missing = _loaded(image, None if notices else source)
    if missing is not None:
        notices.append(_on_cut_file(missing))
    top, white = _top_and_white(image) if image.mode in _MORE_BITS else (255, 255)
    pixels = _rgb_of(image, white, _orientation(image) if upright else None)
    notices += notices_on(pixels, image, int(top) if white == 65535 else None)
    return LoadedPicture(pixels, tuple(notices))


def _scaled_down(image: Image.Image, max_pixels: int) -> Iterator[Message]:
    """Has a JPEG file with more than `max_pixels` decoded at a half, a quarter or an eighth of its size."""
    width, height = image.size
    if width * height <= max_pixels or not isinstance(image, JpegImagePlugin.JpegImageFile):
        return
    factor = next((factor for factor in (2, 4) if -(-width // factor) * -(-height // factor) <= max_pixels), 8)
    image.draft(None, (width // factor, height // factor))
    yield Message(
        "The picture has {pixels:,.0f} million pixels; it was scaled down to {width} x {height} while it was read.",
        pixels=width * height / 1e6,
        width=image.width,
        height=image.height,
    )


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


def read_values(source: bytes | Image.Image, max_pixels: int | None = MAX_PIXELS, *, grey: bool = False) -> np.ndarray:
    """The values of a picture, upright: (H, W) of a grey one, of its own type; else its colours, (H, W, 3) uint8.

    Nothing of the picture may be missing, and it is not scaled down.

    Args:
        source: bytes of a file, or a PIL image.
        max_pixels: as for `open_picture`.
        grey: of a picture in colour, its luminance, (H, W) uint8.

    Raises:
        PictureError: as `open_picture`.
    """
    if isinstance(source, Image.Image) or max_pixels is None:
        return _values(source, max_pixels, grey)
    return read_within_limits(PictureTooCostlyError, _values, source, max_pixels, grey)


def _values(source: bytes | Image.Image, max_pixels: int | None, grey: bool) -> np.ndarray:
    image = source if isinstance(source, Image.Image) else _opened(source)
    _check_size(image, max_pixels)
    image, missing = _loaded(image, source)
    if missing:
        raise _damaged()
    image = _turned(image)
    return _values_of(image.convert("L") if grey and image.mode not in _GREY_MODES else image)


def _loaded(image: Image.Image, source: bytes | Image.Image | None) -> tuple[Image.Image, float | None]:
    """The first frame, decoded, and which share of it is missing; None where the file is complete.

    Args:
        source: from which `image` was opened; None: nothing may be missing.
    """
    try:
        image.load()
        return image, None
    except MemoryError:
        raise
    except Exception:  # decoders of hostile files raise nearly anything
        cut = decode_cut(source) if isinstance(source, bytes) and image.format == "JPEG" else None
    if cut is None:
        raise _damaged()
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
    return read_within_limits(PictureTooCostlyError, _format_of, read(source))


def _format_of(content: bytes) -> str:
    image = _opened(content, scalable=True)
    list(_scaled_down(image, MAX_PIXELS))
    _check_size(image, MAX_PIXELS)
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
    return _orientation(image) in _ON_ITS_SIDE


def _orientation(image: Image.Image) -> Any:
    """The EXIF tag, which may be anything; None without one."""
    try:
        return image.getexif().get(ExifTags.Base.Orientation)
    except Exception:  # as in `_turned`
        return None


def _opened(content: bytes, scalable: bool = False) -> Image.Image:
    """A picture of which only the header has been read.

    Args:
        scalable: whether a JPEG file may have any number of pixels, as `_scaled_down` follows.
    """
    try:
        return Image.open(BytesIO(content), formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        if scalable and content.startswith(b"\xff\xd8"):  # this class itself does not mind the size
            return JpegImagePlugin.JpegImageFile(BytesIO(content))
        raise PictureTooLargeError("The picture has far more pixels than can be used.") from None
    except Image.UnidentifiedImageError:
        raise _unidentified(content) from None
    except MemoryError:
        raise
    except Exception:  # as in `_loaded`
        raise _damaged() from None


def _damaged() -> DamagedPictureError:
    return DamagedPictureError("The picture's file is damaged or was cut short.")


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
        return _damaged()
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


def _check_size(picture: Image.Image | np.ndarray, max_pixels: int | None) -> None:
    if max_pixels is None:
        return
    height, width = picture.shape[:2] if isinstance(picture, np.ndarray) else picture.size[::-1]
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


def _rgb_of(image: Image.Image, white: float, orientation: Any) -> np.ndarray:
    """A decoded picture of any mode as (H, W, 3) uint8, turned by its EXIF tag; made in bands, which saves memory."""
    width, height = image.size[::-1] if orientation in _ON_ITS_SIDE else image.size
    pixels = np.empty((height, width, 3), np.uint8)
    transparent = image.has_transparency_data
    rows = max(1, _BAND // width)
    for top in range(0, height, rows):
        band = _turned_band(image, orientation, top, min(top + rows, height))
        pixels[top : top + rows] = _band_as_rgb(band, white, transparent)
    return pixels


def _turned_band(image: Image.Image, orientation: Any, top: int, bottom: int) -> Image.Image:
    """Rows of the picture once it is turned."""
    if orientation in (3, 4):
        top, bottom = image.height - bottom, image.height - top
    elif orientation in (7, 8):
        top, bottom = image.width - bottom, image.width - top
    box = (top, 0, bottom, image.height) if orientation in _ON_ITS_SIDE else (0, top, image.width, bottom)
    band = image.crop(box)
    return band.transpose(_TURNS[orientation]) if orientation in _TURNS else band


def _band_as_rgb(image: Image.Image, white: float, transparent: bool) -> np.ndarray:
    """(H, W, 3) uint8, or (H, W, 1)."""
    if image.mode in _MORE_BITS:
        return _bytes(np.clip(_values_of(image), 0, None) / white)[..., None]  # negative values are black
    try:
        if transparent:
            image = image.convert("RGBA")
            image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
        return np.asarray(image if image.mode == "RGB" else image.convert("RGB"))
    except ValueError:
        raise UnsupportedFormatError(
            "The picture's colour space is not read; JPEG, PNG, WebP, GIF, BMP, TIFF, HEIC and AVIF pictures are read."
        ) from None


def _values_of(image: Image.Image) -> np.ndarray:
    """The values of a grey picture as they are, (H, W); of others their colours, (H, W, 3) uint8."""
    if image.mode in _SIXTEEN_BITS:
        return np.asarray(image).astype(np.uint16, copy=False)
    if image.mode in _GREY_MODES:
        return np.asarray(image)
    return np.asarray(image.convert("RGB"))


def white_of(values: np.ndarray) -> float:
    """Which of a picture's grey values is white: that of its bits, 255 or 65535.

    Of floats it is the smallest usual one (1, 255, 65535) that holds them all; wider integers have 16 bits. Where
    values lie beyond that, it is their maximum.
    """
    if values.dtype in (np.uint8, np.uint16):
        return np.iinfo(values.dtype).max
    top = values.max()
    if not (top < np.inf and values.min() > -np.inf):  # false for NaN too
        raise PictureShapeError("The picture has values that are not numbers.")
    usual = (1, 255, 65535) if values.dtype.kind == "f" else (65535,)
    return next((white for white in usual if top <= white), top)


def _top_and_white(image: Image.Image) -> tuple[float, float]:
    """The largest value of a grey picture of more than 8 bits, and which is white."""
    values = _values_of(image)
    return values.max(), white_of(values)


def _from_array(array: np.ndarray, max_pixels: int | None) -> np.ndarray:
    """An array of the shapes and types that `open_picture` names, as (H, W, 3) uint8."""
    if array.size == 0:
        raise EmptyPictureError("The picture's array is empty.")
    if array.ndim == 2:
        array = array[..., None]
    if array.ndim != 3 or array.shape[2] not in (1, 3, 4):
        raise PictureShapeError("An array must have the shape (height, width), or that with 1, 3 or 4 channels last.")
    _check_size(array, max_pixels)
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
