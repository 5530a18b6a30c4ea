"""A model's trunk, detector and decoder as graphs of `runtime.graphs`, which compute the same faster."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields

import torch
from torch import Tensor

from .models.base import SaliencyModel
from .models.detector import ObjectPlanes
from .models.features import ImageFeatures, SaliencyOutput, TextFeatures, select
from .models.front_end import FrontEnd
from .runtime.graphs import Graph, Named, plain

TEXT = "text."  # of the sentence's tensors among the inputs of a decoder
TOKENS = dict.fromkeys((f"{TEXT}{name}" for name in ("tokens", "mask", "words", "ids")), 1)  # dimension of the tokens
DETECTED = ("boxes", "scores", "level8", "level16", "level32")


class Decoder:
    """A model's `decode` of one picture under several sentences."""

    def __init__(self, model: SaliencyModel) -> None:
        self._model = model

    def __call__(self, features: ImageFeatures, text: TextFeatures | None, sentences: int) -> SaliencyOutput:
        """Outputs of `sentences` sentences for one picture's features (1, ...)."""
        return self._model.decode(select(features, [0] * sentences), text)


class GraphDecoder(Decoder):
    """The same by a graph that takes one sentence: batches gain it nothing."""

    def __init__(self, model: SaliencyModel, sha256: str, dtype: torch.dtype) -> None:
        super().__init__(model)
        self._graph = Graph(self._decoded, f"{sha256} decoder", dtype, TOKENS)

    def __call__(self, features: ImageFeatures, text: TextFeatures | None, sentences: int) -> SaliencyOutput:
        """See `Decoder`."""
        picture = {name: plain(value) for name, value in features.items()}
        outputs = [self._graph(picture | _named(text, row)) for row in range(sentences)]
        return SaliencyOutput(**{name: torch.cat([output[name] for output in outputs]) for name in outputs[0]})

    def _decoded(self, inputs: Named) -> Named:
        text = {name.removeprefix(TEXT): value for name, value in inputs.items() if name.startswith(TEXT)}
        features = {name: value for name, value in inputs.items() if not name.startswith(TEXT)}
        output = self._model.decode(features, TextFeatures(**text) if text else None)
        found = {field.name: getattr(output, field.name) for field in fields(output) if field.name != "aux"}
        return {name: value for name, value in found.items() if value is not None}


def _named(text: TextFeatures | None, row: int) -> Named:
    """One sentence's tensors by name."""
    return {} if text is None else {TEXT + name: value[row : row + 1] for name, value in vars(text).items()}


def accelerate_front_ends(front_ends: Iterable[tuple[FrontEnd | None, str | None]], dtype: torch.dtype) -> None:
    """Let the trunk and the detector of front ends compute by graphs; parts that several share once.

    Args:
        front_ends: each with its checkpoint's sha256.
        dtype: see `Graph`.
    """
    done: set[int] = set()
    for front_end, sha256 in front_ends:
        if front_end is None or sha256 is None:
            continue
        if id(front_end.trunk) not in done:
            _accelerate_trunk(front_end.trunk, sha256, dtype)
        if front_end.objects is not None and id(front_end.objects) not in done:
            _accelerate_detector(front_end.objects, sha256, dtype)
        done |= {id(part) for part in front_end.parts}


def _accelerate_trunk(trunk: torch.nn.Module, sha256: str, dtype: torch.dtype) -> None:
    compute = trunk.forward
    graphs: dict[tuple[int, ...], Graph] = {}

    def named(inputs: Named) -> Named:
        return {str(level): value for level, value in compute(inputs["pixels"]).items()}

    def forward(pixels: Tensor) -> dict[int, Tensor]:
        levels = tuple(trunk.levels)  # more as soon as another model shares the trunk
        if levels not in graphs:
            graphs[levels] = Graph(named, f"{sha256} trunk {levels}", dtype)
        return {int(level): value for level, value in graphs[levels]({"pixels": pixels}).items()}

    trunk.forward = forward


def _accelerate_detector(objects: ObjectPlanes, sha256: str, dtype: torch.dtype) -> None:
    compute = objects.detector.forward

    def named(inputs: Named) -> Named:
        boxes, scores, levels = compute(inputs["pictures"])
        return dict(zip(DETECTED, (boxes, scores, *levels), strict=True))

    graph = Graph(named, f"{sha256} detector", dtype)

    def forward(pictures: Tensor) -> tuple[Tensor, Tensor, tuple[Tensor, ...]]:
        found = graph({"pictures": pictures})
        boxes, scores, *levels = (found[name] for name in DETECTED)
        return boxes, scores, tuple(levels)

    objects.detector.forward = forward
