"""Pictures of every kind come out as RGB; everything else gets its own typed error with a sentence."""

import struct
import zlib
from io import BytesIO, StringIO

import numpy as np
import pytest
from PIL import Image

from saliency import errors
from saliency.imaging import load_image, upright_shape

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


def encoded(image: Image.Image, format: str = "PNG", **options) -> bytes:
    file = BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def plain(mode: str = "RGB", size: tuple[int, int] = (40, 30), colour=RED) -> Image.Image:
    return Image.new(mode, size, colour)


def png_header(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")


# --- what is read -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("format", ["PNG", "BMP", "TIFF", "PPM", "GIF", "JPEG", "WEBP", "AVIF"])
def test_formats(format):
    picture = load_image(encoded(plain(), format))
    assert picture.shape == (30, 40, 3)
    assert picture.dtype == np.uint8
    assert picture.flags.c_contiguous
    assert picture.flags.writeable
    np.testing.assert_allclose(picture[5, 5].astype(int), RED, atol=8)


def test_sources_agree(tmp_path):
    content = encoded(plain())
    path = tmp_path / "picture.png"
    path.write_bytes(content)
    sources = [content, path, str(path), BytesIO(content), plain(), np.asarray(plain())]
    pictures = [load_image(source) for source in sources]
    assert all(np.array_equal(pictures[0], picture) for picture in pictures)


@pytest.mark.parametrize(("orientation", "corner"), [(1, (0, 0)), (3, (29, 39)), (6, (0, 29)), (8, (39, 0))])
def test_exif_rotation(orientation, corner):
    image = plain(colour=WHITE)
    image.putpixel((0, 0), (0, 0, 0))
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture = load_image(encoded(image, "PNG", exif=exif))
    assert picture.shape[:2] == ((30, 40) if orientation in (1, 3) else (40, 30))
    assert tuple(np.argwhere(picture.sum(axis=2) == 0)[0]) == corner


@pytest.mark.parametrize("orientation", [1, 2, 6, 8])
@pytest.mark.parametrize("format", ["JPEG", "PNG", "TIFF", "WEBP", "AVIF"])
def test_the_upright_shape_is_known_without_decoding(format, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    content = encoded(plain(), format, exif=exif)
    assert upright_shape(content) == load_image(content).shape[:2] == ((30, 40) if orientation < 5 else (40, 30))


def test_the_upright_shape_of_a_png_whose_tag_follows_its_pixels():
    exif = Image.Exif()
    exif[0x0112] = 6
    content = encoded(plain(), "PNG", exif=exif)
    start = content.index(b"eXIf") - 4
    end = start + 12 + int.from_bytes(content[start : start + 4], "big")
    late = content[:start] + content[end:-12] + content[start:end] + content[-12:]
    assert upright_shape(late) == load_image(late).shape[:2] == (40, 30)


@pytest.mark.parametrize(
    "image",
    [
        plain("RGBA", colour=(255, 0, 0, 51)),
        plain("RGBA", colour=(255, 0, 0, 51)).convert("PA"),
        np.full((30, 40, 4), (255, 0, 0, 51), dtype=np.uint8),
    ],
    ids=["RGBA", "PA", "array"],
)
def test_alpha_lies_over_white(image):
    picture = load_image(image)
    np.testing.assert_allclose(picture[3, 3].astype(int), (255, 204, 204), atol=1)


def test_transparent_palette_is_white():
    image = plain().convert("P")
    content = encoded(image, transparency=image.getpixel((0, 0)))
    assert tuple(load_image(content)[0, 0]) == WHITE


def test_palette():
    assert tuple(load_image(encoded(plain(colour=BLUE).convert("P")))[0, 0]) == BLUE


def test_cmyk():
    content = encoded(plain("CMYK", colour=(0, 255, 255, 0)), "JPEG", quality=95)
    np.testing.assert_allclose(load_image(content)[5, 5].astype(int), RED, atol=8)


@pytest.mark.parametrize("format", ["GIF", "WEBP", "PNG"])
def test_first_frame_of_an_animation(format):
    frames = {"save_all": True, "append_images": [plain(colour=BLUE)], "duration": 100}
    content = encoded(plain(colour=RED), format, **frames)
    np.testing.assert_allclose(load_image(content)[5, 5].astype(int), RED, atol=8)


@pytest.mark.parametrize("format", ["PNG", "TIFF", "PPM"])
def test_sixteen_bits(format):
    ramp = np.linspace(0, 65535, 1200).reshape(30, 40).astype(np.uint16)
    picture = load_image(encoded(Image.fromarray(ramp), format))
    np.testing.assert_allclose(picture[..., 1], ramp / 257, atol=0.51)


@pytest.mark.parametrize("white", [1.0, 255.0])
def test_float_tiff(white):
    ramp = np.linspace(0, white, 1200, dtype=np.float32).reshape(30, 40)
    picture = load_image(encoded(Image.fromarray(ramp), "TIFF"))
    np.testing.assert_allclose(picture[..., 2], ramp / white * 255, atol=0.51)


@pytest.mark.parametrize(
    "array",
    [
        np.full((30, 40), 51, np.uint8),
        np.full((30, 40, 1), 51, np.int64),
        np.full((30, 40, 3), 51 * 257, np.uint16),
        np.full((30, 40), 0.2),
        np.full((30, 40, 4), (51, 51, 51, 255), np.uint8),
    ],
)
def test_arrays(array):
    assert np.array_equal(load_image(array), np.full((30, 40, 3), 51))


def test_boolean_array():
    assert load_image(np.eye(20, dtype=bool))[:2, :2, 0].tolist() == [[255, 0], [0, 255]]


def test_an_array_is_copied():
    array = np.zeros((30, 40, 3), np.uint8)
    load_image(array)[:] = 9
    assert array.max() == 0


# --- what is refused --------------------------------------------------------------------------------------------------

SVG = b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"></svg>'
REFUSED = {
    "nothing": (None, errors.EmptyPictureError, "No picture"),
    "empty": (b"", errors.EmptyPictureError, "empty"),
    "empty array": (np.zeros((0, 5, 3), np.uint8), errors.EmptyPictureError, "empty"),
    "text": (b"This is a letter to my friend.", errors.UnsupportedFormatError, "not a picture"),
    "svg": (SVG, errors.UnsupportedFormatError, "SVG"),
    "heic": (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(100), errors.UnsupportedFormatError, "HEIC"),
    "other format": (encoded(plain(), "ICO"), errors.UnsupportedFormatError, "JPEG, PNG"),
    "number": (42, errors.UnsupportedFormatError, "given as"),
    "text mode": (StringIO("hello"), errors.UnsupportedFormatError, "binary mode"),
    "1x1": (encoded(plain(size=(1, 1))), errors.PictureTooSmallError, "1 x 1"),
    "20000x2": (encoded(plain(size=(20000, 2))), errors.PictureShapeError, "20000 x 2"),
    "bomb": (png_header(60000, 60000), errors.PictureTooLargeError, "far more pixels"),
    "large": (png_header(8000, 8000), errors.PictureTooLargeError, "64 million"),
    "truncated png": (encoded(Image.effect_noise((60, 60), 50))[:900], errors.DamagedPictureError, "cut short"),
    "truncated jpeg": (encoded(plain(), "JPEG")[:-90], errors.DamagedPictureError, "cut short"),
    "header only": (encoded(plain())[:20], errors.DamagedPictureError, "cut short"),
    "too few rows": (png_header(100, 100), errors.DamagedPictureError, "cut short"),
    "nan": (np.full((30, 40), np.nan), errors.PictureShapeError, "NaN"),
    "float range": (np.full((30, 40), 17.0), errors.PictureShapeError, "between 0 and 1"),
    "int range": (np.full((30, 40), -1), errors.PictureShapeError, "between 0 and 255"),
    "channels first": (np.zeros((3, 30, 40), np.uint8), errors.PictureShapeError, "channels last"),
    "complex": (np.zeros((30, 40), complex), errors.PictureShapeError, "numbers"),
    "nan tiff": (
        encoded(Image.fromarray(np.full((30, 40), np.nan, np.float32)), "TIFF"),
        errors.PictureShapeError,
        "not",
    ),
    "array too large": (np.broadcast_to(np.uint8(0), (9000, 9000, 3)), errors.PictureTooLargeError, "81 million"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused(case):
    source, kind, words = REFUSED[case]
    with pytest.raises(errors.PictureError, match=words) as caught:
        load_image(source)
    assert type(caught.value) is kind
    assert str(caught.value)[0].isupper()
    assert str(caught.value).endswith(".")


def test_the_size_is_checked_before_decoding(monkeypatch):
    monkeypatch.setattr(Image.Image, "load", lambda _: pytest.fail("decoded"))
    with pytest.raises(errors.PictureTooLargeError):
        load_image(png_header(8000, 8000))


def test_limits_are_the_callers():
    with pytest.raises(errors.PictureTooLargeError):
        load_image(encoded(plain()), max_pixels=1000)
    with pytest.raises(errors.PictureTooLargeError, match="MB"):
        load_image(BytesIO(encoded(plain())), max_bytes=50)


def test_text_renamed_png_shows_no_path(tmp_path):
    path = tmp_path / "letter.png"
    path.write_text("Dear friend")
    with pytest.raises(errors.UnsupportedFormatError) as caught:
        load_image(path)
    assert str(tmp_path) not in str(caught.value)


@pytest.mark.parametrize("path", ["nowhere.png", ".", "\0"])
def test_a_path_that_cannot_be_opened(path):
    with pytest.raises(errors.PictureError, match="cannot be opened"):
        load_image(path)


@pytest.mark.filterwarnings("ignore:Truncated File Read")
def test_noise_after_every_header_is_never_an_untyped_error():
    generator = np.random.default_rng(0)
    for format in ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM", "AVIF"):
        content = encoded(Image.effect_noise((64, 48), 60).convert("RGB"), format)
        for _ in range(30):
            damaged = bytearray(content)
            for position in generator.integers(4, len(content), 8):
                damaged[position] = generator.integers(256)
            try:
                picture = load_image(bytes(damaged))
            except errors.PictureError:
                continue
            assert picture.ndim == 3
