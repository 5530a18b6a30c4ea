"""Maps of frames: each by itself, as a picture; the models know nothing of motion."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from ..clip_decoder import Frame
from ..conditions import Condition
from ..errors import TextError
from ..predictor import Predictor
from ..results import Prediction


@dataclass(frozen=True, eq=False)
class FrameMap:
    """A frame with where people look in it.

    Attributes:
        frame: the picture.
        prediction: its density and map have the frame's size. That of an earlier frame where fewer maps than frames
            are computed; with smoothing, its working map is the average.
        computed: whether the model was asked for this frame.
    """

    frame: Frame
    prediction: Prediction
    computed: bool


def video_maps(
    predictor: Predictor,
    frames: Iterable[Frame],
    *,
    model: str | None = None,
    sentence: str = "",
    rate: float | None = None,
    smoothing: float = 0.0,
) -> Iterator[FrameMap]:
    """The map of every frame; one frame is in memory at a time.

    Args:
        frames: in the order of their times, all of one size, as `Clip.frames` gives them.
        model: name; default the predictor's first.
        sentence: that is read before every frame; empty: the pure condition.
        rate: maps per second of the clip at most, > 0; frames between them have the map before. Default: a map per
            frame.
        smoothing: time constant in seconds of an exponential average of the densities over time, >= 0; 0: none. After
            that time a change counts 63 %. The average calms maps that flicker; it lags, and knows no motion.

    Raises:
        TextError: the model reads no text, or the sentence cannot be used.
        UnknownModelError: no model of this name.
        PictureError: the frames are too small, or too long and thin.
        ValueError: `rate` or `smoothing` is outside of its range.
    """
    if not (rate is None or 0 < rate < math.inf) or not 0 <= smoothing < math.inf:
        raise ValueError(f"a rate is above 0 and a smoothing not below, not {rate} and {smoothing}")
    name = model or predictor.models[0]
    if sentence.strip() and name in predictor.cards and predictor.cards[name].text_encoder is None:
        raise TextError("{title} reads no text; leave the sentence out.", title=predictor.titles[name])
    return _maps(predictor, frames, name, sentence, rate, smoothing)


def _maps(
    predictor: Predictor, frames: Iterable[Frame], model: str, sentence: str, rate: float | None, smoothing: float
) -> Iterator[FrameMap]:
    condition = Condition.GENERAL if sentence.strip() else Condition.PURE
    average = _Average(smoothing)
    latest: Prediction | None = None
    tick = None
    for frame in frames:
        due = None if rate is None else math.floor(frame.seconds * Fraction(rate))
        computed = latest is None or due is None or due != tick
        tick = due
        if computed:
            [latest] = predictor.predict(frame.pixels, {condition: sentence}, models=[model]).predictions
        assert latest is not None
        shown = replace(latest, working_map=average(frame.seconds, latest.working_map)) if smoothing else latest
        yield FrameMap(frame, shown, computed)


class _Average:
    """The exponential average of densities over time, which each moves by 1 - exp(-time since the last / constant)."""

    def __init__(self, constant: float) -> None:
        self.constant = constant
        self.seconds = Fraction(0)
        self.density: np.ndarray | None = None

    def __call__(self, seconds: Fraction, values: np.ndarray) -> np.ndarray:
        """The average once a map (h, w) >= 0 of any sum was added, float32; it sums to 1."""
        total = values.sum(dtype=np.float64)
        density = values / np.float32(total) if total > 0 else np.full_like(values, 1 / values.size)
        if self.density is not None:
            share = -math.expm1(-float(seconds - self.seconds) / self.constant)
            density = self.density + np.float32(share) * (density - self.density)
        self.seconds, self.density = seconds, density
        return density
