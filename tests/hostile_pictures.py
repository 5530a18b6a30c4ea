"""Files that mean harm, or that nobody expected: made here, small, and named by what is wrong with them."""

from __future__ import annotations

import pickle
import struct
import zlib
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from io import BytesIO

import numpy as np
from PIL import Image

import saliency.imaging  # noqa: F401  it teaches Pillow HEIC

Maker = Callable[[], bytes]


def encoded(image: Image.Image, format: str = "PNG", **options: object) -> bytes:
    """A picture as the bytes of a file."""
    file = BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


@cache
def scene(width: int = 96, height: int = 72) -> Image.Image:
    """Smooth shapes with some noise."""
    rows, columns = np.mgrid[:height, :width]
    waves = np.stack([np.sin(rows / 9) + np.cos(columns / period) for period in (5, 8, 13)], axis=-1)
    noise = np.random.default_rng(0).normal(0, 6, waves.shape)
    return Image.fromarray((128 + 50 * waves + noise).clip(0, 255).astype(np.uint8))


def tagged(orientation: object) -> Image.Exif:
    """EXIF data with an orientation."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


# --- much work for few bytes ------------------------------------------------------------------------------------------


def chunk(kind: bytes, data: bytes = b"") -> bytes:
    """A chunk of a PNG file."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, data: bytes, before: bytes = b"", colour: int = 2, bits: int = 8) -> bytes:
    """A PNG file with any pixels."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + before + chunk(b"IDAT", data) + chunk(b"IEND")


def zeros(count: int) -> bytes:
    """So many of them, compressed."""
    return zlib.compress(bytes(count), 1)


def png_of_zeros(width: int, height: int, channels: int = 3) -> bytes:
    """The smallest file of so many pixels."""
    return png(width, height, zeros((1 + channels * width) * height), colour={1: 0, 3: 2, 4: 6}[channels])


def jpeg_of_scans(side: int, scans: int) -> bytes:
    """A progressive JPEG file whose last scan is there many times."""
    content = encoded(Image.new("L", (side, side), 90), "JPEG", progressive=True)
    last = content.rindex(b"\xff\xda")
    return content[:last] + scans * content[last : last + 10] + content[last:]


def jpeg_with(segments: bytes) -> bytes:
    """A JPEG file with more segments at its head."""
    content = encoded(scene(), "JPEG")
    return content[:2] + segments + content[2:]


def gif_with(extensions: bytes) -> bytes:
    """A GIF file with extensions before its picture."""
    content = encoded(scene(), "GIF")
    start = 13 + 3 * 2 ** ((content[10] & 7) + 1) * (content[10] >> 7)
    return content[:start] + extensions + content[start:]


def tiff(entries: list[tuple[int, int, int, int]], data: bytes = b"") -> bytes:
    """A TIFF file of one directory; `data` follows it, at 10 + 12 * entries + 4."""
    body = b"".join(struct.pack("<HHII", *entry) for entry in sorted(entries))
    return b"II*\0\x08\0\0\0" + struct.pack("<H", len(entries)) + body + bytes(4) + data


def tiff_of_strips(strips: int) -> bytes:
    """A picture of one row per strip, all of which lie at the same place."""
    at = 10 + 12 * 9 + 4
    entries = [
        (256, 4, 1, 64), (257, 4, 1, strips), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1),
        (273, 4, strips, at), (277, 3, 1, 1), (278, 4, 1, 1), (279, 4, strips, at + 4 * strips),
    ]  # fmt: skip
    return tiff(entries, 4 * strips * b"\x08" + struct.pack("<I", 64) * strips)


def tiff_of_large_tags(tags: int, size: int) -> bytes:
    """Every tag has the same data, each of which is read."""
    at = 10 + 12 * (tags + 8) + 4
    needed = [(256, 3, 1, 64), (257, 3, 1, 64), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1)]
    needed += [(273, 4, 1, at), (278, 3, 1, 64), (279, 4, 1, 4096)]
    return tiff(needed + [(40_000 + number, 7, size, at) for number in range(tags)], bytes(size))


def bmp_of_runs(width: int, height: int) -> bytes:
    """Run lengths of one pixel each."""
    data = (b"\x01\x05" * width + b"\0\0") * height + b"\0\1"
    header = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 8, 1, len(data), 0, 0, 256, 0)
    return b"BM" + struct.pack("<IHHI", 54 + 1024 + len(data), 0, 0, 54 + 1024) + header + bytes(1024) + data


def plain_ppm(width: int, height: int) -> bytes:
    """Its values as text."""
    return b"P3 %d %d 255\n" % (width, height) + b"9 " * (3 * width * height)


def jpeg_of_size(width: int, height: int) -> bytes:
    """A small file whose header says another size."""
    content = bytearray(encoded(scene(), "JPEG"))
    at = content.index(b"\xff\xc0") + 5
    content[at : at + 4] = struct.pack(">HH", height, width)
    return bytes(content)


def gif_frame() -> bytes:
    """A frame of 4 x 4 pixels."""
    return b"," + struct.pack("<HHHHB", 0, 0, 4, 4, 0) + b"\x02\x05\x84\x8f\xa9\xcb\x5b\0"


COSTLY: Mapping[str, Maker] = {
    "2000 scans of 49 megapixels": lambda: jpeg_of_scans(7000, 2000),
    "100,000 scans of a megapixel": lambda: jpeg_of_scans(1000, 100_000),
    "a million comments": lambda: jpeg_with(b"\xff\xfe\0\2" * 1_000_000),
    "20 million fill bytes": lambda: jpeg_with(b"\xff" * 20_000_000),
    "a million restart intervals": lambda: jpeg_with(b"\xff\xdd\0\4\0\1" * 1_000_000),
    "300,000 tables": lambda: jpeg_with((b"\xff\xdb\0\x43\0" + b"\1" * 64) * 300_000),
    "millions of empty extensions": lambda: gif_with(b"!\xfe\0" * 5_000_000),
    "a comment of 20 MB": lambda: gif_with(b"!\xfe" + (b"\xff" + b"a" * 255) * 80_000 + b"\0"),
    "2 million strips": lambda: tiff_of_strips(2_000_000),
    "many large tags": lambda: tiff_of_large_tags(4000, 1_000_000),
    "2 million text chunks": lambda: png(8, 8, b"", chunk(b"tEXt", b"a\0b") * 2_000_000),
    "2 million unknown chunks": lambda: png(64, 64, zeros(193 * 64), chunk(b"abCd") * 2_000_000),
    "text that inflates": lambda: png(64, 64, b"", chunk(b"zTXt", b"a\0\0" + zeros(60_000_000))),
    "a profile that inflates": lambda: png(64, 64, b"", chunk(b"iCCP", b"a\0\0" + zeros(100_000_000))),
    "plain PPM": lambda: plain_ppm(2600, 2600),
    "runs of one": lambda: bmp_of_runs(5500, 5500),
    "a PNG of 49 megapixels": lambda: png_of_zeros(7000, 7000),
    "a transparent PNG of 25 megapixels": lambda: png_of_zeros(5000, 5000, 4),
    "a PNG of 64 megapixels": lambda: png_of_zeros(8000, 8000),
    "a PNG of 3600 megapixels": lambda: png(60_000, 60_000, zeros(1000)),
    "a WebP of 16 megapixels": lambda: encoded(Image.new("RGB", (4000, 4000)), "WEBP", lossless=True, method=0),
    "a JPEG of 4000 megapixels": lambda: jpeg_of_size(65_000, 65_000),
    "a JPEG of 500 megapixels": lambda: jpeg_of_size(22_000, 22_000),
    "16 bits of 49 megapixels": lambda: png(7000, 7000, zeros(7000 * 14_001), colour=0, bits=16),
    "int32 of 12 megapixels": lambda: encoded(
        Image.fromarray(np.zeros((3500, 3500), np.int32)), "TIFF", compression="tiff_adobe_deflate"
    ),
    "a GIF of 20,000 frames": lambda: gif_with(gif_frame() * 20_000),
}


# --- what is odd, damaged or no picture -------------------------------------------------------------------------------

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "HEIF", "PPM")
MODES = {
    "PNG": ("1", "L", "LA", "P", "RGB", "RGBA", "I;16", "I"),
    "TIFF": ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "LAB", "I;16", "I", "F"),
    "JPEG": ("L", "RGB", "CMYK"),
    "BMP": ("1", "L", "P", "RGB", "RGBA"),
    "GIF": ("1", "L", "P"),
    "WEBP": ("RGB", "RGBA"),
    "PPM": ("1", "L", "RGB", "I;16"),
}
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>fetch("http://example.com")</script></svg>'


def in_mode(mode: str, format: str) -> bytes:
    """`scene` in a mode."""
    if mode == "I;16":
        return encoded(Image.fromarray(np.asarray(scene().convert("L")).astype(np.uint16) * 257), format)
    image = scene()
    if mode == "I":
        return encoded(Image.fromarray(np.asarray(image.convert("L")).astype(np.int32) * 257), format)
    if mode in ("F", "LA"):
        image = image.convert("L")
    if mode == "LAB":
        return encoded(Image.frombytes("LAB", image.size, image.tobytes()), format)
    return encoded(image.convert(mode), format)


def _odd() -> Iterator[tuple[str, Maker]]:
    """Files by name; what comes of them is a picture or a typed error."""
    for format in FORMATS:
        whole = encoded(scene(), format)
        for tenth in range(10):
            yield f"{format} cut after {tenth} tenths", lambda whole=whole, at=tenth: whole[: at * len(whole) // 10]
        yield f"{format} with another after it", lambda whole=whole: whole + whole
        yield f"{format} with its head alone repeated", lambda whole=whole: whole[:16] * 100
    for format, modes in MODES.items():
        for mode in modes:
            yield f"{format} in {mode}", lambda mode=mode, format=format: in_mode(mode, format)
    for orientation in (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 65_535):
        for format in ("JPEG", "PNG", "WEBP", "TIFF"):
            yield (
                f"{format} that says its orientation is {orientation}",
                lambda tag=orientation, format=format: encoded(scene(), format, exif=tagged(tag)),
            )
    for format in ("GIF", "PNG", "WEBP", "TIFF", "AVIF"):
        frames = [scene().rotate(90 * turn) for turn in range(4)]
        yield (
            f"{format} of four frames",
            lambda format=format, frames=frames: encoded(scene(), format, save_all=True, append_images=frames),
        )
    for width, height in ((0, 0), (0, 5), (1, 1), (1, 20_000), (20_000, 1), (7, 7), (2**31 - 1, 1), (8, 161)):
        yield (
            f"PNG of {width} x {height}",
            lambda w=width, h=height: png(w, h, zeros((1 + 3 * w) * h if w < 1e6 else 9)),
        )
    yield "NaN in TIFF", lambda: encoded(Image.fromarray(np.full((40, 40), np.nan, np.float32)), "TIFF")
    yield "infinity in TIFF", lambda: encoded(Image.fromarray(np.full((40, 40), np.inf, np.float32)), "TIFF")
    yield "SVG with a script", lambda: SVG
    yield "SVG behind a header of XML", lambda: b'<?xml version="1.0"?>' + b" " * 3000 + SVG
    yield "HTML", lambda: b"<html><script>alert(1)</script></html>"
    yield "nothing", lambda: b""
    yield "a byte", lambda: b"\0"
    yield "zeros", lambda: bytes(100_000)
    yield "a pickle", lambda: pickle.dumps({"a": 1})
    yield "a ZIP", lambda: b"PK\3\4" + bytes(1000)
    yield "a PDF", lambda: b"%PDF-1.7\n" + bytes(1000)
    yield "PostScript", lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 60 60\n(x) run\n"
    yield "a program", lambda: b"\x7fELF" + bytes(1000)
    yield "an icon", lambda: encoded(scene().resize((32, 32)), "ICO")


ODD: Mapping[str, Maker] = dict(_odd())
