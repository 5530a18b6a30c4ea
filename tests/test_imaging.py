"""Pictures of every kind come out as RGB; everything else gets its own typed error with a sentence."""

import struct
import zlib
from io import BytesIO, StringIO

import numpy as np
import pytest
from PIL import Image, ImageOps

from saliency import errors, imaging
from saliency.imaging import format_of, load_image, open_picture, upright_shape

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


def heic_header(width: int, height: int) -> bytes:
    """A picture of 400 x 400 pixels whose header has another size."""
    content = bytearray(encoded(plain(size=(400, 400)), "HEIF"))
    at = content.index(b"ispe") + 8
    content[at : at + 8] = struct.pack(">II", width, height)
    return bytes(content)


# --- what is read -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("format", ["PNG", "BMP", "TIFF", "PPM", "GIF", "JPEG", "WEBP", "AVIF", "HEIF"])
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


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P", "I;16"])
def test_every_orientation_is_as_pillow_turns_it(mode, monkeypatch):
    """Of a picture that is converted in several bands."""
    monkeypatch.setattr(imaging, "_BAND", 1000)
    values = np.arange(120 * 100).reshape(120, 100)
    image = Image.fromarray((5 * values).astype(np.uint16))
    if mode != "I;16":
        colours = np.stack([values % 241, values % 251, values // 50], axis=-1).astype(np.uint8)
        image = Image.fromarray(colours).convert(mode)
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        opened = Image.open(BytesIO(encoded(image, exif=exif)))
        turned = ImageOps.exif_transpose(opened)
        expected = np.asarray(turned) / 257 if mode == "I;16" else np.asarray(turned.convert("RGB"))
        picture = load_image(opened)
        assert np.abs(picture - (expected[..., None] if expected.ndim == 2 else expected)).max() <= 0.51


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


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_heic_picture_is_turned_once(orientation):
    """The PNG of the same pixels and tag says how."""
    image = Image.fromarray((np.arange(1200) % 241).astype(np.uint8).reshape(30, 40))
    exif = Image.Exif()
    exif[0x0112] = orientation
    lossless = {"quality": -1, "chroma": 444, "matrix_coefficients": 0}
    content = encoded(image.convert("RGB"), "HEIF", exif=exif.tobytes(), **lossless)
    expected = load_image(encoded(image, exif=exif))
    assert np.array_equal(load_image(content), expected)
    assert upright_shape(content) == expected.shape[:2]


def test_the_exif_tag_alone_does_not_turn_a_heic_picture():
    """ISO 23008-12 has its own properties for that; the tag is for the record."""
    exif = Image.Exif()
    exif[0x0112] = 6
    content = encoded(plain(), "HEIF", exif=exif)  # as an object it is written, but not looked into
    assert upright_shape(content) == load_image(content).shape[:2] == (30, 40)


@pytest.mark.parametrize("format", ["HEIF", "AVIF"])
def test_a_file_of_the_brand_that_heic_and_avif_share(format):
    content = bytearray(encoded(plain(), format))
    content[8:12] = b"mif1"
    np.testing.assert_allclose(load_image(bytes(content))[5, 5].astype(int), RED, atol=8)


def test_a_picture_may_stay_as_it_lies_in_the_file():
    exif = Image.Exif()
    exif[0x0112] = 6
    content = encoded(plain(), "JPEG", exif=exif)
    assert open_picture(content, upright=False).pixels.shape == (30, 40, 3)
    assert open_picture(content).pixels.shape == (40, 30, 3)


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


def test_alpha_of_a_heic_picture_lies_over_white():
    content = encoded(plain("RGBA", colour=(255, 0, 0, 51)), "HEIF", quality=95)
    np.testing.assert_allclose(load_image(content)[5, 5].astype(int), (255, 204, 204), atol=4)


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


@pytest.mark.parametrize("format", ["PNG", "TIFF", "PPM", "JPEG", "AVIF", "HEIF"])
def test_the_format_is_known_without_decoding(format, monkeypatch):
    content = encoded(plain(), format)
    monkeypatch.setattr("saliency.bounded._in_child", True)  # decode in this process
    monkeypatch.setattr(Image.Image, "load", lambda _: pytest.fail("decoded"))
    assert format_of(content) == format
    with pytest.raises(errors.PictureTooLargeError, match="64 million"):
        format_of(png_header(8000, 8000))


# --- what is refused --------------------------------------------------------------------------------------------------

SVG = b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"></svg>'
REFUSED = {
    "nothing": (None, errors.EmptyPictureError, "No picture"),
    "empty": (b"", errors.EmptyPictureError, "empty"),
    "empty array": (np.zeros((0, 5, 3), np.uint8), errors.EmptyPictureError, "empty"),
    "text": (b"This is a letter to my friend.", errors.UnsupportedFormatError, "not a picture"),
    "svg": (SVG, errors.UnsupportedFormatError, "SVG"),
    "heic without content": (
        b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(100),
        errors.DamagedPictureError,
        "damaged",
    ),
    "truncated heic": (encoded(Image.effect_noise((60, 60), 50), "HEIF")[:-1], errors.DamagedPictureError, "cut short"),
    "truncated avif": (encoded(plain(), "AVIF")[:40], errors.DamagedPictureError, "cut short"),
    "large heic": (heic_header(8000, 8000), errors.PictureTooLargeError, "64 million"),
    "small heic": (encoded(plain(size=(4, 4)), "HEIF"), errors.PictureTooSmallError, "4 x 4"),
    "heic of another size than its header's": (heic_header(64, 64), errors.DamagedPictureError, "damaged"),
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
    monkeypatch.setattr("saliency.bounded._in_child", True)  # decode in this process
    monkeypatch.setattr(Image.Image, "load", lambda _: pytest.fail("decoded"))
    with pytest.raises(errors.PictureTooLargeError):
        load_image(png_header(8000, 8000))


@pytest.mark.parametrize(("pixels", "factor"), [(120_000, 1), (119_999, 2), (30_000, 2), (29_999, 4), (1_900, 8)])
def test_a_jpeg_of_too_many_pixels_is_scaled_down(pixels, factor):
    image = photograph(300, 400)
    opened = open_picture(encoded(image, "JPEG", quality=95), max_pixels=pixels)
    assert opened.pixels.shape == (-(-400 // factor), -(-300 // factor), 3)
    assert np.abs(opened.pixels - np.asarray(image.reduce(factor)).astype(float)).mean() < 6
    if factor > 1:
        [notice] = opened.notices
        assert f"scaled down to {opened.pixels.shape[1]} x {opened.pixels.shape[0]}" in notice
    with pytest.raises(errors.PictureTooLargeError):
        load_image(encoded(image, "JPEG"), max_pixels=1_800)


def test_what_is_missing_in_a_picture_that_was_scaled_down_is_not_guessed():
    with pytest.raises(errors.DamagedPictureError):
        load_image(encoded(photograph(300, 400), "JPEG")[:-30], max_pixels=60_000)


def test_a_telephones_largest_photograph_is_read(monkeypatch):
    """200 megapixels, of which Pillow thinks that they are an attack."""
    monkeypatch.setenv("SALIENCY_READ_SECONDS", "60")
    content = encoded(Image.new("L", (16_384, 12_288), 90), "JPEG", quality=50)
    assert format_of(content) == "JPEG"
    assert load_image(content).shape == (3_072, 4_096, 3)


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
    for format in ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM", "AVIF", "HEIF"):
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


# --- files without their last bytes ----------------------------------------------------------------------------------


def photograph(width: int = 320, height: int = 400) -> Image.Image:
    """Smooth shapes with some noise, as a photograph has."""
    rows, columns = np.mgrid[:height, :width]
    waves = np.stack([np.sin(rows / 23) + np.cos(columns / period) for period in (11, 17, 31)], axis=-1)
    noise = np.random.default_rng(0).normal(0, 6, waves.shape)
    return Image.fromarray((128 + 50 * waves + noise).clip(0, 255).astype(np.uint8))


KINDS = {
    "baseline": {},
    "few colours": {"subsampling": 2, "quality": 40},
    "restarts": {"restart_marker_rows": 1},
    "progressive": {"progressive": True},
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("lost", [1, 2, 3, 30, 100])
def test_a_jpeg_without_its_last_bytes_is_read_and_told(kind, lost):
    content = encoded(photograph(), "JPEG", **KINDS[kind])
    whole = load_image(content).astype(int)
    picture = open_picture(content[:-lost])
    wrong = (np.abs(picture.pixels - whole) > 0).any(axis=2).mean()
    assert wrong <= 0.05
    [notice] = picture.notices
    assert "cut short" in notice
    assert notice.values.get("percent", 0) >= 100 * wrong - 1e-9
    if lost <= 2:  # the mark of the end
        assert "nothing of the picture is missing" in notice


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("left", [0.1, 0.5, 0.8, 0.9])
def test_a_jpeg_that_lacks_more_is_refused(kind, left):
    content = encoded(photograph(), "JPEG", **KINDS[kind])
    with pytest.raises(errors.DamagedPictureError, match="cut short"):
        load_image(content[: int(left * len(content))])


def test_what_is_missing_is_found_in_a_grey_picture_too():
    """libjpeg makes what is missing grey."""
    grey = Image.new("RGB", (320, 400), (128, 128, 128))
    grey.paste(photograph(320, 150), (0, 0))
    content = encoded(grey, "JPEG")
    assert len(open_picture(content[:-3]).notices) == 1
    with pytest.raises(errors.DamagedPictureError):
        load_image(content[: len(content) - 400])


def test_a_complete_file_has_no_notice():
    for format in ("JPEG", "PNG", "WEBP", "TIFF", "HEIF"):
        assert open_picture(encoded(photograph(), format)).notices == ()


# --- what should be known of a picture --------------------------------------------------------------------------------


def notices(source) -> list[str]:
    return [str(notice) for notice in open_picture(source).notices]


@pytest.mark.parametrize(("bits", "factor"), [(8, 256), (10, 64), (12, 16), (14, 4)])
@pytest.mark.parametrize("format", ["PNG", "TIFF", "array"])
def test_few_bits_in_a_file_of_sixteen(bits, factor, format):
    ramp = np.linspace(0, 2**bits - 1, 1200).reshape(30, 40).astype(np.uint16)
    [notice] = notices(ramp if format == "array" else encoded(Image.fromarray(ramp), format))
    assert f"{2**bits - 1:,} of 65,535" in notice
    assert f"{bits} of 16 bits" in notice
    assert f"by {factor}" in notice
    assert notices(ramp * factor) == []


def test_a_nearly_black_picture():
    ramp = np.linspace(0, 15, 1200).reshape(30, 40).astype(np.uint8)
    assert notices(ramp) == ["The picture is nearly black: its largest value is 15 of 255."]
    assert notices(ramp + np.uint8(1)) == []


def test_a_picture_of_one_colour():
    drawing = Image.new("RGBA", (40, 30), (255, 255, 255, 0))
    drawing.paste((255, 255, 255, 255), (5, 5, 20, 20))
    animation = {"save_all": True, "append_images": [photograph(40, 30)], "duration": 100}
    assert ["transparent" in sentence for sentence in notices(encoded(drawing))] == [True]
    assert ["first frame" in sentence for sentence in notices(encoded(plain(), "GIF", **animation))] == [True]
    empty = plain("RGBA", colour=(0, 0, 0, 0))
    assert ["first frame" in sentence for sentence in notices(encoded(empty, "GIF", **animation))] == [True]
    one_colour = ["The picture is one single colour; a map of it says nothing about it."]
    assert notices(encoded(plain())) == notices(encoded(plain("RGBA"))) == one_colour
    assert notices(np.full((30, 40), 7, np.uint8)) == one_colour
    nearly = np.full((30, 40), 200, np.uint8)
    nearly[1, 1] = 201
    assert notices(nearly) == []


def test_a_picture_that_was_read_is_taken_as_it_is():
    picture = open_picture(encoded(plain()))
    assert open_picture(picture) is picture
    assert load_image(picture) is picture.pixels
