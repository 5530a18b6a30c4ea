"""The parts of a model by PyTorch, or by graphs of `runtime.graphs`, which compute the same faster."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor

from .models.base import SaliencyModel
from .models.detector import ObjectPlanes
from .models.features import ImageFeatures, SaliencyOutput, TextFeatures, select
from .models.front_end import FrontEnd
from .models.grounding import Grounding, GroundingOutput
from .runtime.graphs import Graph, Named, plain

# Prefixes of a sentence's tensors among the inputs of a graph, and which of their dimensions are its tokens.
TEXT, GROUNDING = "text.", "grounding."
TOKENS = {
    **dict.fromkeys((TEXT + name for name in ("tokens", "mask", "words", "ids")), 1),
    **dict.fromkeys((GROUNDING + name for name in ("word_maps", "word_weights", "words", "mask")), 1),
}
DETECTED = ("boxes", "scores", "level8", "level16", "level32")


class GroundingStep:
    """A `Grounding`: the features of a picture, and the output for its sentences."""

    def __init__(self, grounding: Grounding) -> None:
        self._grounding = grounding

    def encode(self, front_features: ImageFeatures) -> ImageFeatures:
        """See `Grounding.encode_features`."""
        return self._grounding.encode_features(front_features)

    def __call__(self, features: ImageFeatures, text: TextFeatures) -> GroundingOutput:
        """The output for sentences of one picture with `features` (1, ...)."""
        return self._grounding(select(features, [0] * len(text)), text)


class GraphGrounding(GroundingStep):
    """The same by graphs."""

    def __init__(self, grounding: Grounding, sha256: str, dtype: torch.dtype) -> None:
        super().__init__(grounding)
        self._encode = Graph(grounding.encode_features, f"{sha256} grounding features", dtype)
        self._read = Graph(self._outputs, f"{sha256} grounding", dtype, TOKENS)

    def encode(self, front_features: ImageFeatures) -> ImageFeatures:
        """See `GroundingStep`."""
        return self._encode(front_features)

    def __call__(self, features: ImageFeatures, text: TextFeatures) -> GroundingOutput:
        """See `GroundingStep`."""
        return GroundingOutput(
            **_each(self._read, features, [_rows(TEXT, vars(text), row) for row in range(len(text))])
        )

    def _outputs(self, inputs: Named) -> Named:
        return self._grounding(_without(inputs, TEXT), TextFeatures(**_named(inputs, TEXT))).tensors


class DecoderStep:
    """A model's own features of a picture, and its maps for the picture's sentences."""

    def __init__(self, model: SaliencyModel) -> None:
        self._model = model

    def encode(self, front_features: ImageFeatures) -> ImageFeatures:
        """See `SaliencyModel.own_features`."""
        return self._model.own_features(front_features)

    def encode_image(self, pixels: Tensor) -> ImageFeatures:
        """See `SaliencyModel.encode_image`; for a model without a front end."""
        return self._model.encode_image(pixels)

    def __call__(
        self, features: ImageFeatures, text: TextFeatures | None, grounding: GroundingOutput | None, sentences: int
    ) -> SaliencyOutput:
        """The output for `sentences` sentences of one picture with `features` (1, ...)."""
        repeated = select(features, [0] * sentences)
        return self._decoded(repeated, text, grounding)

    def _decoded(
        self, features: ImageFeatures, text: TextFeatures | None, grounding: GroundingOutput | None
    ) -> SaliencyOutput:
        if grounding is None:
            return self._model.decode(features, text)
        return self._model.decode_grounded(features, text, grounding)


class GraphDecoder(DecoderStep):
    """The same by graphs; that of the maps takes one sentence: batches gain it nothing."""

    def __init__(self, model: SaliencyModel, sha256: str, dtype: torch.dtype) -> None:
        super().__init__(model)
        self._encode = Graph(model.own_features, f"{sha256} features", dtype)
        self._encode_image = Graph(lambda inputs: model.encode_image(inputs["pixels"]), f"{sha256} image", dtype)
        self._decode = Graph(self._maps, f"{sha256} decoder", dtype, TOKENS)

    def encode(self, front_features: ImageFeatures) -> ImageFeatures:
        """See `DecoderStep`."""
        return self._encode(front_features)

    def encode_image(self, pixels: Tensor) -> ImageFeatures:
        """See `DecoderStep`."""
        return self._encode_image({"pixels": pixels})

    def __call__(
        self, features: ImageFeatures, text: TextFeatures | None, grounding: GroundingOutput | None, sentences: int
    ) -> SaliencyOutput:
        """See `DecoderStep`."""
        given = {TEXT: {} if text is None else vars(text), GROUNDING: {} if grounding is None else grounding.tensors}
        rows = [_rows(TEXT, given[TEXT], row) | _rows(GROUNDING, given[GROUNDING], row) for row in range(sentences)]
        outputs = {} if grounding is None else grounding.outputs
        found = _each(self._decode, features, rows)
        return SaliencyOutput(found["map"], found["logits"], **outputs, aux={})

    def _maps(self, inputs: Named) -> Named:
        text, grounding = _named(inputs, TEXT), _named(inputs, GROUNDING)
        output = self._decoded(
            _without(inputs, TEXT, GROUNDING),
            TextFeatures(**text) if text else None,
            GroundingOutput(**grounding) if grounding else None,
        )
        return {"map": output.map, "logits": output.logits}


def _each(graph: Graph, picture: Named, sentences: list[Named]) -> Named:
    """A graph's outputs for each of a picture's sentences."""
    picture = {name: plain(value) for name, value in picture.items()}
    outputs = [graph(picture | sentence) for sentence in sentences]
    return {name: torch.cat([output[name] for output in outputs]) for name in outputs[0]}


def _rows(prefix: str, tensors: Mapping[str, Tensor], row: int) -> Named:
    """One sentence's tensors, their names with a prefix."""
    return {prefix + name: value[row : row + 1] for name, value in tensors.items()}


def _named(inputs: Named, prefix: str) -> Named:
    """The inputs with a prefix, their names without it."""
    return {name.removeprefix(prefix): value for name, value in inputs.items() if name.startswith(prefix)}


def _without(inputs: Named, *prefixes: str) -> Named:
    """The inputs without any of the prefixes."""
    return {name: value for name, value in inputs.items() if not name.startswith(prefixes)}


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
