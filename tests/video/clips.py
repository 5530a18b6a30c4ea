"""Small clips that tests write themselves, by PyAV alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

HEIGHT, WIDTH, SIDE = 48, 64, 16
RATE = 10
SOUND_RATE = 44_100


def square(number: int, shape: tuple[int, int] = (HEIGHT, WIDTH)) -> np.ndarray:
    """A bright square on grey, (H, W, 3); it moves to the right, two pixels per frame."""
    picture = np.full((*shape, 3), 60, np.uint8)
    left = 2 * number % (shape[1] - SIDE)
    picture[10 : 10 + SIDE, left : left + SIDE] = (250, 230, 210)
    return picture


def write(
    path: Path,
    pictures: Iterable[np.ndarray] | int = 20,
    *,
    seconds: Sequence[Fraction] | None = None,
    kind: str = "mp4",
    encoder: str = "libx264",
    sound: str | None = None,
    options: dict[str, str] | None = None,
    ratio: Fraction | None = None,
) -> Path:
    """A clip.

    Args:
        pictures: (H, W, 3) uint8 RGB, or how many `square`s.
        seconds: of each; by default ten per second.
        sound: an encoder, of a tone as long as the pictures.
        ratio: width of a pixel in its heights.
    """
    pictures = [square(number) for number in range(pictures)] if isinstance(pictures, int) else list(pictures)
    times = [Fraction(number, RATE) for number in range(len(pictures))] if seconds is None else seconds
    tick = Fraction(1, RATE if seconds is None else 1000)
    with av.open(str(path), "w", format=kind) as clip:
        video = clip.add_stream(encoder, rate=RATE, options=options or {})
        video.height, video.width = pictures[0].shape[:2]
        video.pix_fmt = "rgb8" if encoder == "gif" else "yuv420p"
        video.codec_context.time_base = tick
        if ratio:
            video.sample_aspect_ratio = ratio
        audio = clip.add_stream(sound, rate=SOUND_RATE, layout="mono") if sound else None
        clip.start_encoding()
        for at, picture in zip(times, pictures, strict=True):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format=video.pix_fmt)
            frame.pts, frame.time_base = int(at / tick), tick
            clip.mux(video.encode(frame))
        clip.mux(video.encode())
        if audio:
            for frame in tone(len(pictures) / RATE, audio.codec_context.frame_size or 1024, audio.format.name):
                clip.mux(audio.encode(frame))
            clip.mux(audio.encode())
    return path


def tone(seconds: float, size: int, kind: str) -> Iterable[av.AudioFrame]:
    wave = np.sin(2 * np.pi * 440 * np.arange(round(seconds * SOUND_RATE)) / SOUND_RATE)
    for start in range(0, len(wave), size):
        scale, dtype = {"flt": (1, np.float32), "s16": (2**14, np.int16), "s32": (2**30, np.int32)}[kind[:3]]
        values = (wave[None, start : start + size] * scale).astype(dtype)
        frame = av.AudioFrame.from_ndarray(values, format=kind, layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = SOUND_RATE, start, Fraction(1, SOUND_RATE)
        yield frame


def packets(path: Path, kind: str) -> list[av.Packet]:
    """Packets of the ``video`` or the ``audio`` stream."""
    with av.open(str(path)) as clip:
        return [packet for packet in clip.demux(**{kind: 0}) if packet.size]


def damage(path: Path, number: int) -> None:
    """Overwrites the frame `number`, in the order of the file, with zeros."""
    packet = packets(path, "video")[number]
    content = bytearray(path.read_bytes())
    content[packet.pos : packet.pos + packet.size] = bytes(packet.size)
    path.write_bytes(content)


def turn(path: Path) -> None:
    """Makes the MP4 file's video one that players turn clockwise by a quarter, as ISO 14496-12 has it in ``tkhd``.

    The matrix [a b u; c d v; x y w] takes (p, q) to (a p + c q + x, b p + d q + y), of which a..y are 16.16 numbers.
    """
    content = bytearray(path.read_bytes())
    at = content.index(b"tkhd") + 4 + 40
    content[at : at + 36] = b"".join(
        value.to_bytes(4, "big", signed=True) for value in (0, 1 << 16, 0, -1 << 16, 0, 0, HEIGHT << 16, 0, 1 << 30)
    )
    path.write_bytes(content)


def times(path: Path) -> list[Fraction]:
    """Of the frames, in seconds, as PyAV decodes them."""
    with av.open(str(path)) as clip:
        return [frame.pts * Fraction(frame.time_base) for frame in clip.decode(video=0)]
