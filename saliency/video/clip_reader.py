"""The one door for videos: a file becomes upright RGB frames, one after the other, or a typed error.

Formats are an allow-list, as for pictures: lists of other files, which FFmpeg would open, are none of them. PyAV
(BSD) reads them by FFmpeg's libraries (GPL), which its wheels hold.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from ..errors import VideoError
from ..imaging import MAX_PIXELS, check_pixels
from ..messages import Message
from ..resizing import Shape, within

FORMATS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,flv,asf,ogg,gif"  # FFmpeg's names
_OPTIONS = {"format_whitelist": FORMATS, "protocol_whitelist": "file"}
_UNSPECIFIED = 2  # FFmpeg's AVCOL_SPC_UNSPECIFIED
_HIGH_DEFINITION = 720  # rows from which players take unspecified colours for BT.709

Packets = Callable[[av.Packet], None]


@dataclass(frozen=True)
class ClipLimits:
    """What a clip may be at most; None: anything.

    Attributes:
        seconds: its duration.
        frames: their number.
        pixels: of a frame.
    """

    seconds: float | None = None
    frames: int | None = None
    pixels: int = MAX_PIXELS


ANY_CLIP = ClipLimits()


@dataclass(frozen=True, eq=False)
class Frame:
    """A picture of a clip.

    Attributes:
        seconds: since the clip's beginning, exactly.
        pixels: (H, W, 3) uint8 RGB, upright, with square pixels.
    """

    seconds: Fraction
    pixels: np.ndarray


class Clip:
    """A video file that is open, see `open_clip`.

    Attributes:
        seconds: its duration by its header; None where that is unknown.
        rate: mean frames per second by its header.
        time_base: of which every frame's time is a multiple, in seconds.
        audio: PyAV's stream of its sound; None where it has none.
        damaged: frames that could not be decoded, so far.
        cut: whether the file ended before its time, so far as it was read.
    """

    def __init__(self, container: Any, limits: ClipLimits, side: int | None) -> None:
        self._container = container
        self._limits = limits
        self._side = side
        self._shape: Shape | None = None
        streams = [stream for stream in container.streams.video if not _is_cover(stream)]
        if not streams:
            raise VideoError("There is no video in the file.")
        self._video = streams[0]
        self._check_header()
        self.audio = container.streams.audio[0] if container.streams.audio else None
        self.rate = Fraction(self._video.average_rate or self._video.guessed_rate or 25)
        self.time_base = Fraction(self._video.time_base)
        self.damaged, self.cut = 0, False

    @property
    def seconds(self) -> float | None:
        """Of the video's stream, or of the whole file."""
        if self._video.duration is not None:
            return float(self._video.duration * self._video.time_base)
        return None if self._container.duration is None else self._container.duration / av.time_base

    @property
    def start(self) -> Fraction:
        """When the file begins by its own clock, in seconds; frames and sound are counted from there."""
        return Fraction(self._container.start_time or 0, av.time_base)

    @property
    def frame_count(self) -> int | None:
        """Number of frames by the header, or as duration and rate have it; None where both are unknown."""
        if self._video.frames:
            return self._video.frames
        return None if self.seconds is None else max(1, round(self.seconds * self.rate))

    @property
    def notices(self) -> tuple[Message, ...]:
        """On what was damaged, as far as the clip was read."""
        found = []
        if self.damaged == 1:
            found.append(Message("1 frame is damaged and was skipped; the one before it is shown longer."))
        elif self.damaged:
            found.append(
                Message(
                    "{damaged} frames are damaged and were skipped; those before them are shown longer.",
                    damaged=self.damaged,
                )
            )
        if self.cut:
            found.append(Message("The video's file was cut short or is damaged; its end is missing."))
        return tuple(found)

    def frames(self, sound: Packets | None = None) -> Iterator[Frame]:
        """The frames in order, each read when it is asked for; damaged ones are skipped.

        All have the first one's size. Of a video with rotation metadata they are turned upright.

        Args:
            sound: called with each packet of `audio` where it lies between the frames.

        Raises:
            VideoError: no frame can be decoded, or the clip exceeds a limit that its header did not.
            PictureTooLargeError: the frames do.
        """
        latest, count = None, 0
        for frame in self._decoded(sound):
            seconds = self._time(frame, latest)
            if latest is not None and seconds <= latest:
                seconds = latest + self.time_base  # time goes on even where the file says otherwise
            latest, count = seconds, count + 1
            self._check(float(seconds), count)
            yield Frame(seconds, self._pixels(frame))
        if not count:
            raise VideoError("No frame of the video can be read.")

    def _time(self, frame: av.VideoFrame, latest: Fraction | None) -> Fraction:
        if frame.pts is None:
            return Fraction(0) if latest is None else latest + 1 / self.rate
        return max(Fraction(0), frame.pts * self.time_base - self.start)

    def _decoded(self, sound: Packets | None) -> Iterator[av.VideoFrame]:
        for packet in self._packets(sound is not None):
            if packet.stream is not self._video:
                if sound and packet.size:
                    sound(packet)
                continue
            yield from self._whole(packet)
        if self.cut:
            yield from self._whole(None)

    def _whole(self, packet: av.Packet | None) -> Iterator[av.VideoFrame]:
        """The undamaged frames that come out of the decoder with a packet; None: those that wait in it."""
        try:
            frames = self._video.codec_context.decode(packet)
        except av.FFmpegError:
            self.damaged += 1
            return
        for frame in frames:
            if frame.is_corrupt:
                self.damaged += 1
            else:
                yield frame

    def _packets(self, with_audio: bool) -> Iterator[av.Packet]:
        streams = [self._video, *([self.audio] if with_audio and self.audio else [])]
        try:
            yield from self._container.demux(streams)
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
        self._check(self.seconds or 0, self._video.frames)

    def _check(self, seconds: float, frames: int) -> None:
        if self._limits.seconds is not None and seconds > self._limits.seconds:
            raise VideoError("The video is longer than {most:g} seconds.", most=self._limits.seconds)
        if self._limits.frames is not None and frames > self._limits.frames:
            raise VideoError("The video has more than {most} frames.", most=self._limits.frames)


@contextmanager
def open_clip(
    source: str | os.PathLike[str] | None, *, side: int | None = None, limits: ClipLimits = ANY_CLIP
) -> Iterator[Clip]:
    """A video file for the time of a ``with`` block.

    Args:
        side: longer side that frames have at most, in pixels; None: as they are.
        limits: that the clip is refused beyond; header first, then while it is read.

    Raises:
        VideoError: there is no file, it is no video that can be read, or it exceeds a limit.
        PictureTooLargeError: its frames do.
    """
    with _opened(source) as container:
        yield Clip(container, limits, side)


def _opened(source: str | os.PathLike[str] | None) -> Any:
    if source is None:
        raise VideoError("No video was given.")
    path = Path(source)
    try:
        empty = path.stat().st_size == 0
    except (OSError, ValueError):
        raise VideoError("The video's file cannot be opened.") from None
    if empty:
        raise VideoError("The video's file is empty.")
    try:
        return av.open(str(path.resolve()), options=_OPTIONS, metadata_errors="replace")
    except (av.FFmpegError, OSError, ValueError):
        raise VideoError("The file is no video that can be read; MP4, MOV, WebM, MKV and AVI files are.") from None


def _is_cover(stream: Any) -> bool:
    """Whether it is the picture of a piece of music."""
    return bool(stream.disposition & av.stream.Disposition.attached_pic)
