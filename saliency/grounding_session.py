"""Inference of a grounding branch, which models that share it compute once per picture and once per sentence."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch

from .acceleration import GraphGrounding, GroundingStep
from .cache import BoundedCache
from .models.features import ImageFeatures, TextFeatures, features_size
from .models.grounding import Grounding, GroundingOutput

# Outputs are needed only until the next model of the same call has used them.
OUTPUTS, OUTPUT_BYTES = 4, 32 * 2**20


class GroundingSession:
    """A grounding with its caches. Not thread-safe: the sessions that share it hold their device's lock.

    Args:
        grounding: the branch.
        pictures: number of pictures whose features are cached; 0 disables the caches.
        feature_bytes: bound of their cache.
    """

    def __init__(self, grounding: Grounding, pictures: int, feature_bytes: int) -> None:
        self._grounding = grounding
        self._compute = GroundingStep(grounding)
        self._features: BoundedCache[ImageFeatures] = BoundedCache(pictures, feature_bytes, features_size)
        self._outputs: BoundedCache[GroundingOutput] = BoundedCache(min(pictures, OUTPUTS), OUTPUT_BYTES, _output_size)

    def accelerate(self, sha256: str, dtype: torch.dtype) -> None:
        """Compute by graphs of `runtime.graphs` from now on."""
        self._compute = GraphGrounding(self._grounding, sha256, dtype)

    def run(
        self,
        picture: str,
        sentences: Sequence[str],
        text: TextFeatures,
        front_features: Callable[[], ImageFeatures],
    ) -> GroundingOutput:
        """The output for sentences of one picture, cached or computed.

        Args:
            picture: its cache key.
            sentences: cache keys of `text`, one per sentence.
            front_features: computes or finds those of the picture, see `models.front_end.FrontEnd`.
        """
        key = (picture, tuple(sentences))
        output = self._outputs.get(key)
        if output is None:
            output = self._outputs[key] = self._compute(self._encode(picture, front_features), text)
        return output

    def _encode(self, picture: str, front_features: Callable[[], ImageFeatures]) -> ImageFeatures:
        features = self._features.get(picture)
        if features is None:
            features = self._features[picture] = self._compute.encode(front_features())
        return features


def _output_size(output: GroundingOutput) -> int:
    return features_size(output.tensors)
