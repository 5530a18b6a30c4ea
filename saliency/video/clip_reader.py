"""The one door for videos: a file becomes upright RGB frames, one after the other, or a typed error.

They are decoded in a child process: each frame within the time, and all of a clip within the memory, that reading a
file may take (`saliency.bounded`). The child decodes a frame ahead.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from typing import Any

from ..bounded import bounded_items, refused_as
from ..clip_decoder import ClipHeader, ClipLimits, Frame, SoundPacket, decoded
from ..errors import VideoError
from ..messages import Message

Packets = Callable[[SoundPacket], None]

ANY_CLIP = ClipLimits()

_SLOW = "Reading a frame of the video takes longer than {seconds:g} seconds; please save it anew, in another format."


class Clip:
    """A video file that is open, see `open_clip`.

    Attributes:
        seconds, rate, time_base, start, frame_count, has_sound, sound: see `ClipHeader`.
        damaged: frames that could not be decoded, so far.
        cut: whether the file ended before its time, so far as it was read.
    """

    def __init__(self, header: ClipHeader, steps: Iterator[Any]) -> None:
        self.seconds, self.rate, self.time_base = header.seconds, header.rate, header.time_base
        self.start, self.frame_count = header.start, header.frame_count
        self.has_sound, self.sound = header.has_sound, header.sound
        self._steps = steps
        self.damaged, self.cut = 0, False

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
        """The frames in order, once; damaged ones are skipped.

        All have the first one's size. Of a video with rotation metadata they are turned upright.

        Args:
            sound: called with each packet of sound where it lies between the frames.

        Raises:
            VideoError: no frame can be decoded, or the clip exceeds a limit that its header did not.
            PictureTooLargeError: the frames do.
        """
        for step in self._steps:
            self.damaged, self.cut = step.damaged, step.cut
            if sound:
                for packet in step.sound:
                    sound(packet)
            if step.frame is not None:
                yield step.frame


@contextmanager
def open_clip(
    source: str | os.PathLike[str] | None, *, side: int | None = None, limits: ClipLimits = ANY_CLIP
) -> Iterator[Clip]:
    """A video file for the time of a ``with`` block.

    Args:
        side: longer side that frames have at most, in pixels; None: as they are.
        limits: that the clip is refused beyond; header first, then while it is read.

    Raises:
        VideoError: there is no file, it is no video that can be read, or it exceeds a limit: of these, or of time and
            memory (`settings.read_limits`).
        PictureTooLargeError: its frames do.
    """
    if source is None:
        raise VideoError("No video was given.")
    with closing(_items(source, side, limits)) as items:
        yield Clip(next(items), items)


def _items(source: str | os.PathLike[str], side: int | None, limits: ClipLimits) -> Generator[Any, None, None]:
    with refused_as(VideoError, slow=_SLOW):
        yield from bounded_items(decoded, os.path.abspath(source), side, limits)
