"""A prediction: frozen, with its provenance, at the picture's own size, and written to files on request.

Maps are held at the model's working resolution and resized when asked for: a density of a 24-megapixel picture takes
96 MB, and a comparison has twelve. Store it in a variable to use it several times.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from ..conditions import AnyCondition, Condition
from ..errors import UnknownModelError
from ..messages import Message
from ..metrics import cc
from ..resizing import Shape, bilinear, within
from . import export
from .export import FilePath

if TYPE_CHECKING:
    from matplotlib.figure import Figure


SHOWN = 800  # pixels of the longer side of a picture in figures and notebooks


@dataclass(frozen=True, eq=False)
class WordMap:
    """Where one word of the sentence points.

    Attributes:
        word: as written, ``sentence[start:end]``.
        start, end: characters of the sentence.
        weight: how much the word counts; those of a sentence sum to 1.
        read: false for words beyond the text encoder's limit, which have no map.
        known: false where a part of the word is not in the vocabulary of the model's text encoder.
        working_map: (h, w) float32 in [0, 1], at the model's resolution; None without a map.
        shape: (H, W) of the picture.
    """

    word: str
    start: int
    end: int
    weight: float
    read: bool
    working_map: np.ndarray | None
    shape: Shape
    known: bool = True

    def __post_init__(self) -> None:
        if self.working_map is not None:
            object.__setattr__(self, "working_map", _read_only(self.working_map))

    @property
    def map(self) -> np.ndarray | None:
        """(H, W) float32 in [0, 1], at the picture's own size; None where there is none. Computed at each access."""
        return None if self.working_map is None else resized(self.working_map, self.shape)


@dataclass(frozen=True)
class CheckpointIdentity:
    """Which weights made a prediction; a baseline has none, and no sha256."""

    name: str
    sha256: str | None
    model: str
    preset: str


@dataclass(frozen=True, eq=False)
class Prediction:
    """The predicted density of gaze of one model for a picture and a sentence.

    Attributes:
        model: name of the checkpoint, unique in a comparison.
        title: name of the model for people.
        condition: what the sentence describes.
        sentence: the model's input; empty for the pure condition.
        working_map: (h, w) float32 >= 0, as the model gave it, without padding.
        shape: (H, W) of the picture.
        checkpoint: the weights.
        words: map and weight of each word; empty unless requested, and for models without word maps.
        referent: (h', w') float32 in [0, 1], where the thing is that the sentence is about; None where `words` is
            empty, and for models without such a map.
        presence: in [0, 1], the probability that the picture shows what the sentence is about; None for the empty
            sentence and for models without such an estimate.
        truncated: whether the sentence exceeded the text encoder's limit.
        understood: false where the model knows no English word of the sentence; its map then says nothing about it.
        notices: sentences for the user on what was left unread, and which words are unknown.
        timings: seconds of each stage for this model's whole batch in this call; 0 where a cache answered. What
            another model of the call has computed for both (the front end) is not in it.
        task: what the map is of, see `ModelSpec.task`; one of ``objects`` is no density of gaze, and has a `mask`.
    """

    model: str
    title: str
    condition: AnyCondition
    sentence: str
    working_map: np.ndarray
    shape: Shape
    checkpoint: CheckpointIdentity
    words: tuple[WordMap, ...] = ()
    referent: np.ndarray | None = None
    presence: float | None = None
    truncated: bool = False
    understood: bool = True
    notices: tuple[Message, ...] = ()
    timings: Mapping[str, float] = field(default_factory=dict)
    task: str = "gaze"

    def __post_init__(self) -> None:
        object.__setattr__(self, "working_map", _read_only(self.working_map))
        if self.referent is not None:
            object.__setattr__(self, "referent", _read_only(self.referent))

    @property
    def density(self) -> np.ndarray:
        """(H, W) float32 >= 0, sums to 1: the probability of gaze at each pixel. Computed at each access.

        The model's map, resized bilinearly, divided by its sum; uniform where the map is zero everywhere.
        """
        values = resized(self.working_map, self.shape)
        total = values.sum(dtype=np.float64)
        if total <= 0:
            return np.full(self.shape, 1 / values.size, dtype=np.float32)
        return values / np.float32(total)

    @property
    def map(self) -> np.ndarray:
        """(H, W) float32 in [0, 1]: the density for display, scaled from its minimum to its maximum."""
        values = resized(self.working_map, self.shape)
        values -= values.min()
        top = values.max()
        return values / top if top > 0 else values

    @property
    def mask(self) -> np.ndarray:
        """(H, W) float32 in [0, 1]: how likely each pixel is of the object. Computed at each access.

        Raises:
            UnknownModelError: the model's maps are of gaze.
        """
        if self.task != "objects":
            raise UnknownModelError(
                "{title} finds where people look; only a model of objects has a mask.", title=self.title
            )
        return np.clip(resized(self.working_map, self.shape), 0, 1)

    @cached_property
    def summary(self) -> Mapping[str, float]:
        """The density in numbers: its peak and centre of mass (pixels, from the upper left), entropy (bits); cached."""
        density = self.density
        row, column = np.unravel_index(density.argmax(), density.shape)
        rows, columns = density.sum(axis=1, dtype=np.float64), density.sum(axis=0, dtype=np.float64)
        positive = density[density > 0]
        return {
            "peak_x": int(column),
            "peak_y": int(row),
            "centre_x": float(columns @ np.arange(len(columns)) / columns.sum()),
            "centre_y": float(rows @ np.arange(len(rows)) / rows.sum()),
            "entropy_bits": float(-(positive * np.log2(positive)).sum(dtype=np.float64)),
        }

    def record(self) -> dict[str, Any]:
        """Everything but the arrays, ready for JSON."""
        return {
            "model": self.model,
            "title": self.title,
            "condition": self.condition.value,
            "sentence": self.sentence,
            "truncated": self.truncated,
            "notices": list(self.notices),
            "checkpoint": vars(self.checkpoint),
            "timings": dict(self.timings),
            "words": [
                {name: getattr(word, name) for name in ("word", "start", "end", "weight", "read", "known")}
                for word in self.words
            ],
            "summary": dict(self.summary),
        }

    def _repr_png_(self) -> bytes:
        """The map in colours, for notebooks; its longer side has at most `SHOWN` pixels."""
        from .display import map_png  # matplotlib takes a second to import

        return map_png(self._reduced(SHOWN).map)

    def _repr_html_(self) -> str:
        """The same with the model, condition and sentence, and the notices, for notebooks."""
        from .display import html

        title = f"{self.title}, {self.condition.title.lower()}"
        return html(self._repr_png_(), f"{title}: {self.sentence}" if self.sentence else title, self.notices)

    def _reduced(self, longest: int) -> Prediction:
        """The same at a picture whose longer side is at most `longest` pixels."""
        shape = within(self.shape, longest) if max(self.shape) > longest else self.shape
        return replace(self, shape=shape, words=tuple(replace(word, shape=shape) for word in self.words))

    def to_npz(self, path: FilePath) -> None:
        """``density`` (H, W) float32, ``words`` (number, H, W) where there are word maps, and ``record``, JSON text."""
        arrays = [("density", self.density), ("record", np.array(export.json_text(self.record())))]
        if self.words:
            empty = np.zeros(self.shape, np.float32)
            arrays.append(("words", np.stack([empty if word.map is None else word.map for word in self.words])))
        export.write_npz(path, arrays)

    def to_png(self, path: FilePath) -> None:
        """The map in 8-bit grey, its maximum white. For measuring, use `to_npz`: 8 bits lose the tails."""
        export.write_png(path, self.map)

    def to_csv(self, path: FilePath) -> None:
        """One row of names and summary numbers under a header."""
        export.write_csv(path, [_row(self)])

    def to_json(self, path: FilePath) -> None:
        """`record` and the versions of the software."""
        export.write_json(path, {"software": export.software(), **self.record()})


@dataclass(frozen=True, eq=False)
class Comparison:
    """The predictions of several models under several conditions for one picture.

    Attributes:
        picture: (H, W, 3) uint8 RGB.
        predictions: model by model, each under every condition, in the order of the call.
        timings: seconds of each stage over all models, and ``total``.
        computed: ``device`` and ``precision`` of the predictor; empty where unknown.
        notices: sentences for the user on the picture, and on sentences with equal tokens.
    """

    picture: np.ndarray
    predictions: tuple[Prediction, ...]
    timings: Mapping[str, float]
    computed: Mapping[str, str] = field(default_factory=dict)
    notices: tuple[Message, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "picture", _read_only(self.picture))

    @property
    def models(self) -> tuple[str, ...]:
        """Names of the checkpoints, in order."""
        return tuple(dict.fromkeys(prediction.model for prediction in self.predictions))

    @property
    def gaze_models(self) -> tuple[str, ...]:
        """Names of the checkpoints whose maps are of gaze, in order."""
        return tuple(dict.fromkeys(prediction.model for prediction in self.predictions if prediction.task == "gaze"))

    @property
    def conditions(self) -> tuple[AnyCondition, ...]:
        """Conditions, in order."""
        return tuple(dict.fromkeys(prediction.condition for prediction in self.predictions))

    def get(self, model: str, condition: AnyCondition | str) -> Prediction:
        """The prediction of `model` under `condition`; `UnknownModelError` where there is none."""
        for prediction in self.predictions:
            if prediction.model == model and prediction.condition == condition:
                return prediction
        raise UnknownModelError(
            "There is no prediction of “{model}” under the condition “{condition}”.", model=model, condition=condition
        )

    def to_cutout(self, path: FilePath, model: str, condition: AnyCondition | str) -> None:
        """The picture as a PNG that is opaque where `model` finds the object, and transparent around it.

        Raises:
            UnknownModelError: there is no such prediction, or the model's maps are of gaze.
        """
        export.write_cutout(path, self.picture, self.get(model, condition).mask)

    def reduced(self, longest: int) -> Comparison:
        """The same at a picture whose longer side is at most `longest` pixels, for display."""
        if max(self.picture.shape[:2]) <= longest:
            return self
        shape = within(self.picture.shape[:2], longest)
        picture = cv2.resize(self.picture, shape[::-1], interpolation=cv2.INTER_AREA)
        return replace(self, picture=picture, predictions=tuple(p._reduced(longest) for p in self.predictions))

    def record(self) -> dict[str, Any]:
        """Everything but the arrays, ready for JSON; the picture by its size and the sha256 of its RGB bytes."""
        height, width = self.picture.shape[:2]
        digest = hashlib.sha256(np.ascontiguousarray(self.picture).data).hexdigest()
        return {
            "software": export.software(),
            "computed": dict(self.computed),
            "picture": {"height": height, "width": width, "sha256": digest},
            "notices": list(self.notices),
            "timings": dict(self.timings),
            "predictions": [prediction.record() for prediction in self.predictions],
        }

    def to_npz(self, path: FilePath) -> None:
        """``picture``, one ``MODEL.CONDITION`` density (H, W) float32 a prediction, and ``record``, JSON text."""
        record = np.array(export.json_text(self.record()))
        densities = ((f"{p.model}.{p.condition.value}", p.density) for p in self.predictions)
        export.write_npz(path, chain([("picture", self.picture), ("record", record)], densities))

    def to_png(self, path: FilePath) -> None:
        """`figure`, 150 dots per inch."""
        self.figure().savefig(path, format="png", dpi=150)

    def _repr_png_(self) -> bytes:
        """`figure`, for notebooks."""
        from .display import figure_png

        return figure_png(self.figure())

    def _repr_html_(self) -> str:
        """`figure` and all notices, for notebooks."""
        from .display import html

        notices = [f"{p.title}, {p.condition.title}: {notice}" for p in self.predictions for notice in p.notices]
        return html(self._repr_png_(), ", ".join(self.models), [*self.notices, *notices], caption=False)

    def figure(self) -> Figure:
        """The grid models x conditions of overlays, see `rendering.figure`."""
        from .rendering import figure  # matplotlib takes a second to import and is needed here only

        small = self.reduced(SHOWN)
        maps = {
            small.get(model, small.conditions[0]).title: [small.get(model, name).map for name in small.conditions]
            for model in small.models
        }
        titles = [(name.title, small.get(small.models[0], name).sentence) for name in small.conditions]
        return figure(small.picture, maps, titles)

    def to_csv(self, path: FilePath) -> None:
        """One row per prediction: names, summary numbers, and CC to the same model's pure map where there is one.

        CC is taken at 1024 pixels at most: more take memory and add nothing to maps that are coarser than that.
        """
        small = [p.density for p in self.reduced(1024).predictions]
        pure = {p.model: d for p, d in zip(self.predictions, small, strict=True) if p.condition is Condition.PURE}
        rows = (
            _row(p) | {"cc_to_pure": cc(d, pure[p.model]) if p.model in pure else ""}
            for p, d in zip(self.predictions, small, strict=True)
        )
        export.write_csv(path, rows)

    def to_json(self, path: FilePath) -> None:
        """`record`."""
        export.write_json(path, self.record())


def resized(values: np.ndarray, shape: Shape) -> np.ndarray:
    """A new map of the shape `shape`, bilinear between cell centres (``align_corners=False``), float32."""
    return bilinear(np.asarray(values, dtype=np.float32), shape)


def _read_only(array: np.ndarray) -> np.ndarray:
    view = array.view()
    view.flags.writeable = False
    return view


def _row(prediction: Prediction) -> dict[str, Any]:
    names = {"model": prediction.model, "condition": prediction.condition.value, "sentence": prediction.sentence}
    return names | dict(prediction.summary)
