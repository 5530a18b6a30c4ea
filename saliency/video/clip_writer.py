"""A video as an MP4 file of H.264 that browsers play, with the sound of the clip it was made of."""

from __future__ import annotations

import os
from fractions import Fraction
from io import BytesIO
from typing import Any, Final

import av
import numpy as np

from ..clip_decoder import SoundPacket, muxable
from ..errors import OutputError, VideoError
from ..messages import Message
from .clip_reader import Clip

ENCODER: Final = "libx264"
# Quality by x264's scale, at a speed that the models' is not lost in.
_ENCODING = {"crf": "20", "preset": "veryfast"}
_MUXING = {"movflags": "faststart"}  # a browser begins to play before it has the whole file
_BT709 = 1  # of FFmpeg's enumerations of colour spaces, primaries and transfer curves


class ClipWriter:
    """Writes frames as they come, for the time of a ``with`` block; of frames waiting to be encoded there are few.

    Args:
        path: of the file, whose name need not end in ``.mp4``.
        clip: whose times and sound the video has. Sound that MP4 does not hold is left out.

    Raises:
        OutputError: the file cannot be written.

    Attributes:
        frames: written so far.
        shape: (H, W) of the frames; sides are even, an odd one loses its last row or column.
        sound: whether the clip's sound is copied.
    """

    def __init__(self, path: str | os.PathLike[str], clip: Clip) -> None:
        self.frames, self.shape = 0, (0, 0)
        self._clip = clip
        try:
            open(path, "wb").close()  # PyAV would find out at the first frame
        except OSError:
            raise OutputError("The video cannot be written where it was asked for.") from None
        self._container: Any = av.open(os.fspath(path), "w", format="mp4", container_options=_MUXING)
        self._video = self._container.add_stream(ENCODER, rate=clip.rate, options=dict(_ENCODING))
        self._audio = self._copied(clip.sound)
        self._waiting: list[av.Packet] = []  # sound before the first frame, whose size the header needs
        self._latest: Fraction | None = None

    @property
    def sound(self) -> bool:
        """Whether the clip's sound is copied."""
        return self._audio is not None

    @property
    def notices(self) -> tuple[Message, ...]:
        """On what the video lacks."""
        if not self._clip.has_sound or self.sound:
            return ()
        return (Message("The sound's encoding does not go into an MP4 file; the video has none."),)

    def __enter__(self) -> ClipWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                self._finish()
        finally:
            self._container.close()

    def write(self, seconds: Fraction, pixels: np.ndarray) -> None:
        """Encodes a frame.

        Args:
            seconds: since the clip's beginning, later than the frame's before.
            pixels: (H, W, 3) uint8 RGB, as large as the first.
        """
        even = pixels[: pixels.shape[0] // 2 * 2, : pixels.shape[1] // 2 * 2]
        if not self.frames:
            self._begin(even.shape[:2])
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(even), format="rgb24")
        frame = frame.reformat(format="yuv420p", dst_colorspace="ITU709", dst_color_range="MPEG")
        frame.pts, frame.time_base = round(seconds / self._clip.time_base), self._clip.time_base
        self.frames += 1
        self._mux(self._video.encode(frame))

    def copy(self, packet: SoundPacket) -> None:
        """Copies a packet of the clip's sound; nothing is decoded."""
        if self._audio is None or packet.dts is None:
            return
        copied = muxable(packet, self._audio, self._clip.start)
        if self.frames:
            self._mux(copied)
        else:
            self._waiting.append(copied)

    def _copied(self, sound: bytes | None) -> Any:
        """The stream that the sound goes into, see `ClipHeader.sound`; None where there is none."""
        if sound is None:
            return None
        with av.open(BytesIO(sound), format="mov,mp4,m4a,3gp,3g2,mj2") as described:
            return self._container.add_stream_from_template(described.streams.audio[0])

    def _begin(self, shape: tuple[int, int]) -> None:
        self.shape = shape
        encoder = self._video.codec_context
        encoder.height, encoder.width = shape
        encoder.pix_fmt, encoder.time_base = "yuv420p", self._clip.time_base
        encoder.colorspace = encoder.color_primaries = encoder.color_trc = _BT709
        self._container.start_encoding()
        for packet in self._waiting:
            self._mux(packet)
        self._waiting.clear()

    def _finish(self) -> None:
        if not self.frames:
            raise VideoError("No frame of the video can be read.")
        self._mux(self._video.encode())

    def _mux(self, packets: Any) -> None:
        try:
            self._container.mux(packets)
        except OSError:
            raise OutputError("The video cannot be written where it was asked for.") from None
