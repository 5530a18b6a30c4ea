"""A video with its maps drawn over it, or the maps alone, from a video's file."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..atomic_files import write_whole
from ..clip_decoder import ClipLimits
from ..errors import OutputError
from ..messages import Message
from ..predictor import Predictor
from ..results import CheckpointIdentity
from ..results.rendering import COLORMAPS, overlay
from .clip_reader import ANY_CLIP, Clip, open_clip
from .clip_writer import ClipWriter
from .frame_maps import FrameMap, video_maps

Progress = Callable[[int, int | None], None]


@dataclass(frozen=True)
class Drawing:
    """How maps are drawn, as `results.rendering.overlay` takes it; opacity 1 is the map alone."""

    opacity: float = 0.6
    colormap: str = COLORMAPS[0]
    fading: bool = False


@dataclass(frozen=True)
class VideoReport:
    """What was made of a clip.

    Attributes:
        title, checkpoint: of the model.
        frames, maps: numbers of frames written and of maps computed.
        shape: (H, W) of the written frames.
        seconds: duration of the video.
        took: seconds of computing and writing.
        sound: whether the clip's sound is in the video.
        notices: sentences for the user on what was skipped or left out, and on the sentence.
    """

    title: str
    checkpoint: CheckpointIdentity
    frames: int
    maps: int
    shape: tuple[int, int]
    seconds: float
    took: float
    sound: bool
    notices: tuple[Message, ...] = ()

    @property
    def speed(self) -> float:
        """Maps per second of computing and writing."""
        return self.maps / self.took


def write_video(
    predictor: Predictor,
    source: str | os.PathLike[str] | None,
    out: str | os.PathLike[str],
    *,
    model: str | None = None,
    sentence: str = "",
    rate: float | None = None,
    smoothing: float = 0.0,
    drawing: Drawing = Drawing(),
    side: int | None = None,
    limits: ClipLimits = ANY_CLIP,
    progress: Progress | None = None,
) -> VideoReport:
    """Writes the maps of a video's frames as an MP4 file (H.264), with the frames' times and the sound of the source.

    The file is there once it is whole. Few frames are in memory at a time, whatever the clip's length. A damaged frame
    is skipped.

    Args:
        source: a video's file.
        out: of the result.
        model, sentence, rate, smoothing: as for `video_maps`.
        drawing: how the maps are drawn.
        side, limits: as for `open_clip`.
        progress: called before each frame with the number of those that are done and of all; None where that is
            unknown. An exception of it ends the call.

    Raises:
        VideoError, PictureError: the clip cannot be used.
        OutputError: the result cannot be written, or would replace the clip.
        TextError, UnknownModelError: as `video_maps`.
    """
    target = Path(out)
    if source and target.exists() and Path(source).exists() and target.samefile(source):
        raise OutputError("The result would replace the video that it is made of; give it another name.")
    reports: list[VideoReport] = []

    def write(draft: Path) -> None:
        with open_clip(source, side=side, limits=limits) as clip, ClipWriter(draft, clip) as writer:
            frames = clip.frames(writer.copy)
            maps = video_maps(predictor, frames, model=model, sentence=sentence, rate=rate, smoothing=smoothing)
            reports.append(_written(clip, writer, maps, drawing, progress))

    write_whole(target, write)
    return reports[0]


def _written(
    clip: Clip, writer: ClipWriter, maps: Iterator[FrameMap], drawing: Drawing, progress: Progress | None
) -> VideoReport:
    began, computed, seconds = time.perf_counter(), 0, 0.0
    on_sentence: dict[Message, None] = {}
    if progress:
        progress(0, clip.frame_count)
    for frame, picture, made in _drawn(maps, drawing):
        writer.write(frame.frame.seconds, picture)
        on_sentence |= dict.fromkeys(frame.prediction.notices)
        computed, seconds = computed + made, float(frame.frame.seconds)
        if progress:
            progress(writer.frames, clip.frame_count)
    took = time.perf_counter() - began
    seconds += float(1 / clip.rate)  # the last frame has one, too
    notices = (*on_sentence, *clip.notices, *writer.notices)
    of = frame.prediction  # there is one: a clip without a frame is an error
    return VideoReport(
        of.title, of.checkpoint, writer.frames, computed, writer.shape, seconds, took, writer.sound, notices
    )


def _drawn(maps: Iterator[FrameMap], drawing: Drawing) -> Iterator[tuple[FrameMap, np.ndarray, bool]]:
    """Each frame with its picture (H, W, 3); a map that several frames share is resized once."""
    latest, values = None, np.empty(0)
    for made in maps:
        if made.prediction is not latest:
            latest, values = made.prediction, made.prediction.map
        picture = overlay(made.frame.pixels, values, drawing.opacity, drawing.colormap, drawing.fading)
        yield made, picture, made.computed
