"""Videos decoded frame by frame, in this process. `saliency.video.open_clip` calls it in a child process, with limits.

Formats are an allow-list, as for pictures: lists of other files, which FFmpeg would open, are none of them. PyAV
(BSD) reads them by FFmpeg's libraries (GPL), which its wheels hold. The module is not in `saliency.video`, so that a
child imports no model.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from io import BytesIO
from itertools import chain
from typing import Any

import av
import numpy as np

from .errors import VideoError
from .imaging import MAX_PIXELS, check_pixels
from .resizing import Shape, within

FORMATS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,flv,asf,ogg,gif"  # FFmpeg's names
_OPTIONS = {"format_whitelist": FORMATS, "protocol_whitelist": "file"}
_UNSPECIFIED = 2  # FFmpeg's AVCOL_SPC_UNSPECIFIED
_HIGH_DEFINITION = 720  # rows from which players take unspecified colours for BT.709
_MOST_THREADS = 4  # each counts its stack to the memory that a child may use
_MOST_BEFORE_SOUND = 32 * 2**20  # bytes that are read in search of the first packet of sound


@dataclass(frozen=True)
class ClipLimits:
    """What a clip may be at most; None: anything.

    Attributes:
        seconds: its duration.
        frames: their number.
        pixels: of a frame.
        decoding: seconds of the processor that reading all of it takes.
    """

    seconds: float | None = None
    frames: int | None = None
    pixels: int = MAX_PIXELS
    decoding: float | None = None


@dataclass(frozen=True, eq=False)
class Frame:
    """A picture of a clip.

    Attributes:
        seconds: since the clip's beginning, exactly.
        pixels: (H, W, 3) uint8 RGB, upright, with square pixels.
    """

    seconds: Fraction
    pixels: np.ndarray


@dataclass(frozen=True)
class SoundPacket:
    """A packet of encoded sound, with its times in units of `time_base` seconds; see PyAV's ``Packet``."""

    content: bytes
    pts: int | None
    dts: int | None
    duration: int
    time_base: Fraction
    is_keyframe: bool


@dataclass(frozen=True)
class ClipHeader:
    """What is known of a clip before its frames are decoded.

    Attributes:
        seconds: its duration by its header; None where that is unknown.
        rate: mean frames per second by its header.
        time_base: of which every frame's time is a multiple, in seconds.
        start: when the file begins by its own clock, in seconds; frames are counted from there.
        frame_count: by the header, or as duration and rate have it; None where both are unknown.
        has_sound: whether it has a stream of sound.
        sound: an MP4 file of the first packet of sound, which describes its encoding; None where there is no sound, or
            none that MP4 holds.
    """

    seconds: float | None
    rate: Fraction
    time_base: Fraction
    start: Fraction
    frame_count: int | None
    has_sound: bool
    sound: bytes | None


@dataclass(frozen=True, eq=False)
class Step:
    """A frame and what comes before it in the file.

    Attributes:
        frame: None in the last step.
        sound: the packets before the frame.
        damaged: frames that could not be decoded, so far.
        cut: whether the file ended before its time, so far as it was read.
    """

    frame: Frame | None
    sound: tuple[SoundPacket, ...]
    damaged: int
    cut: bool


def decoded(path: str, side: int | None, limits: ClipLimits) -> Iterator[ClipHeader | Step]:
    """The header of a clip, then its frames in order, then a step without a frame.

    Args:
        path: of a file.
        side, limits: as for `saliency.video.open_clip`.

    Raises:
        VideoError, PictureTooLargeError: as for `saliency.video.open_clip`.
    """
    began = time.process_time()
    with _opened(path) as container:
        decoder = ClipDecoder(container, limits, side)
        yield decoder.header()
        steps, took = decoder.steps(), time.process_time() - began
        while True:  # what the receiver of a step does meanwhile is not counted
            began = time.process_time()
            step = next(steps, None)
            took += time.process_time() - began
            if step is None:
                return
            if limits.decoding is not None and took > limits.decoding:
                raise VideoError(
                    "Reading the video takes longer than {most:g} seconds; please send a shorter or smaller one.",
                    most=limits.decoding,
                )
            yield step


class ClipDecoder:
    """Decodes the first video stream of an open file.

    Args:
        container: PyAV's, open for reading.
        limits, side: as for `saliency.video.open_clip`.

    Attributes:
        damaged: frames that could not be decoded, so far.
        cut: whether the file ended before its time, so far as it was read.
    """

    def __init__(self, container: Any, limits: ClipLimits = ClipLimits(), side: int | None = None) -> None:
        self._container = container
        self._limits = limits
        self._side = side
        self._shape: Shape | None = None
        streams = [stream for stream in container.streams.video if not _is_cover(stream)]
        if not streams:
            raise VideoError("There is no video in the file.")
        self._video = streams[0]
        self._check_header()
        self._video.codec_context.thread_count = min(_MOST_THREADS, os.cpu_count() or 1)
        self._audio = container.streams.audio[0] if container.streams.audio else None
        self._rate = Fraction(self._video.average_rate or self._video.guessed_rate or 25)
        self._time_base = Fraction(self._video.time_base)
        self._start = Fraction(container.start_time or 0, av.time_base)
        self._sound: list[SoundPacket] = []  # since the last frame
        self._read: list[av.Packet] = []  # before the decoding began
        self.damaged, self.cut = 0, False

    def header(self) -> ClipHeader:
        """What is known before decoding."""
        seconds = self._seconds()
        count = self._video.frames or (None if seconds is None else max(1, round(seconds * self._rate)))
        sound = self._described_sound()
        return ClipHeader(seconds, self._rate, self._time_base, self._start, count, self._audio is not None, sound)

    def steps(self) -> Iterator[Step]:
        """As `decoded` yields them."""
        latest, count = None, 0
        for frame in self._decoded():
            seconds = self._time(frame, latest)
            if latest is not None and seconds <= latest:
                seconds = latest + self._time_base  # time goes on even where the file says otherwise
            latest, count = seconds, count + 1
            self._check(float(seconds), count)
            yield self._step(Frame(seconds, self._pixels(frame)))
        if not count:
            raise VideoError("No frame of the video can be read.")
        yield self._step(None)

    def _step(self, frame: Frame | None) -> Step:
        sound, self._sound = tuple(self._sound), []
        return Step(frame, sound, self.damaged, self.cut)

    def _seconds(self) -> float | None:
        """Of the video's stream, or of the whole file."""
        if self._video.duration is not None:
            return float(self._video.duration * self._video.time_base)
        return None if self._container.duration is None else self._container.duration / av.time_base

    def _described_sound(self) -> bytes | None:
        """See `ClipHeader.sound`. Packets that are read for it are decoded later."""
        if self._audio is None or self._audio.codec_context is None:
            return None
        size = 0
        for packet in self._packets():
            self._read.append(packet)
            size += packet.size
            if packet.stream is self._audio and packet.size:
                return _described(self._audio, packet)
            if size > _MOST_BEFORE_SOUND:
                break
        return None

    def _time(self, frame: av.VideoFrame, latest: Fraction | None) -> Fraction:
        if frame.pts is None:
            return Fraction(0) if latest is None else latest + 1 / self._rate
        return max(Fraction(0), frame.pts * self._time_base - self._start)

    def _decoded(self) -> Iterator[av.VideoFrame]:
        # A second iterator goes on where the one of `_described_sound` ended.
        for packet in chain(self._read, self._packets()):
            if packet.stream is self._video:
                yield from self._whole(packet)
            elif packet.size:
                self._sound.append(_sound_packet(packet))
        if self.cut:
            yield from self._whole(None)

    def _whole(self, packet: av.Packet | None) -> Iterator[av.VideoFrame]:
        """The undamaged frames that come out of the decoder with a packet; None: those that wait in it."""
        try:
            frames = self._video.codec_context.decode(packet)
        except MemoryError:
            raise MemoryError from None
        except av.FFmpegError:
            self.damaged += 1
            return
        for frame in frames:
            if frame.is_corrupt:
                self.damaged += 1
            else:
                yield frame

    def _packets(self) -> Iterator[av.Packet]:
        streams = [self._video, *([self._audio] if self._audio else [])]
        try:
            yield from self._container.demux(streams)
        except MemoryError:
            raise MemoryError from None  # PyAV's own cannot be sent to another process
        except av.FFmpegError:
            self.cut = True

    def _pixels(self, frame: av.VideoFrame) -> np.ndarray:
        """An upright picture of square pixels, not larger than wanted."""
        turned = round(frame.rotation / 90) % 4
        height, width = self._shape_of(frame, sideways=turned % 2 == 1)
        source = "ITU709" if frame.colorspace == _UNSPECIFIED and frame.height >= _HIGH_DEFINITION else None
        pixels = frame.to_ndarray(
            format="rgb24", width=width, height=height, src_colorspace=source, interpolation="AREA"
        )
        return np.ascontiguousarray(np.rot90(pixels, turned))

    def _shape_of(self, frame: av.VideoFrame, sideways: bool) -> Shape:
        """Height and width before turning, those of the first frame."""
        if self._shape is None:
            wide = Fraction(self._video.sample_aspect_ratio or 1)
            height, width = frame.height, max(1, round(frame.width * wide))
            check_pixels(height * width, self._limits.pixels)
            shape = within((height, width), self._side) if self._side else (height, width)
            self._shape = shape[::-1] if sideways else shape
        return self._shape[::-1] if sideways else self._shape

    def _check_header(self) -> None:
        """Refuses what the header says is too much, before anything is decoded."""
        codec = self._video.codec_context
        if codec is None:
            raise VideoError("The video's encoding is not known here; H.264 in an MP4 file is, as phones record it.")
        check_pixels(codec.width * codec.height, self._limits.pixels)
        self._check(self._seconds() or 0, self._video.frames)

    def _check(self, seconds: float, frames: int) -> None:
        if self._limits.seconds is not None and seconds > self._limits.seconds:
            raise VideoError("The video is longer than {most:g} seconds.", most=self._limits.seconds)
        if self._limits.frames is not None and frames > self._limits.frames:
            raise VideoError("The video has more than {most} frames.", most=self._limits.frames)


def _opened(path: str) -> Any:
    try:
        empty = os.stat(path).st_size == 0
    except (OSError, ValueError):
        raise VideoError("The video's file cannot be opened.") from None
    if empty:
        raise VideoError("The video's file is empty.")
    try:
        return av.open(path, options=_OPTIONS, metadata_errors="replace")
    except MemoryError:
        raise MemoryError from None
    except (av.FFmpegError, OSError, ValueError):
        raise VideoError("The file is no video that can be read; MP4, MOV, WebM, MKV and AVI files are.") from None


def _is_cover(stream: Any) -> bool:
    """Whether it is the picture of a piece of music."""
    return bool(stream.disposition & av.stream.Disposition.attached_pic)


def _sound_packet(packet: av.Packet) -> SoundPacket:
    base = Fraction(packet.time_base)
    return SoundPacket(bytes(packet), packet.pts, packet.dts, packet.duration or 0, base, packet.is_keyframe)


def _described(audio: Any, packet: av.Packet) -> bytes | None:
    """An MP4 file of one packet of sound; None where MP4 does not hold its encoding."""
    file = BytesIO()
    sent = _sound_packet(packet)
    try:
        with av.open(file, "w", format="mp4") as container:
            if audio.codec_context.codec.canonical_name not in container.supported_codecs:
                return None
            stream = container.add_stream_from_template(audio)
            container.mux(muxable(sent, stream))
    except (av.FFmpegError, ValueError):
        return None
    return file.getvalue()


def muxable(packet: SoundPacket, stream: Any, start: Fraction = Fraction(0)) -> av.Packet:
    """A packet of a stream that is written, with its times counted from `start`, in seconds."""
    made = av.Packet(packet.content)
    shift = round(start / packet.time_base)
    made.time_base, made.duration, made.is_keyframe = packet.time_base, packet.duration, packet.is_keyframe
    made.dts = None if packet.dts is None else packet.dts - shift
    made.pts = None if packet.pts is None else packet.pts - shift
    made.stream = stream
    return made
