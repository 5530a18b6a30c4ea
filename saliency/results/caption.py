"""A caption: the sentence that a captioner says of a picture, and where each of its words comes from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from . import export
from .prediction import CheckpointIdentity, Shape, WordMap


@dataclass(frozen=True, eq=False)
class Caption:
    """A sentence about a picture.

    Attributes:
        sentence: as a person would write it.
        spans: characters (start, end) of each of its L words.
        attention: (L, h, w) float32 >= 0, where the captioner read the picture when it gave each word, the mean over
            the word's pieces; each map sums to 1.
        log_probability: natural logarithm of the probability of the sentence, <= 0.
        shape: (H, W) of the picture.
        checkpoint: the weights.
    """

    sentence: str
    spans: tuple[tuple[int, int], ...]
    attention: np.ndarray
    log_probability: float
    shape: Shape
    checkpoint: CheckpointIdentity

    def __post_init__(self) -> None:
        view = self.attention.view()
        view.flags.writeable = False
        object.__setattr__(self, "attention", view)

    @property
    def words(self) -> tuple[WordMap, ...]:
        """The words with their attention as maps in [0, 1], each scaled by its maximum; all weigh alike."""
        return tuple(
            WordMap(
                word=self.sentence[start:end],
                start=start,
                end=end,
                weight=1 / len(self.spans),
                read=True,
                working_map=map_ / map_.max(),
                shape=self.shape,
            )
            for (start, end), map_ in zip(self.spans, self.attention, strict=True)
        )

    def record(self) -> dict[str, Any]:
        """Everything but the arrays, ready for JSON."""
        return {
            "sentence": self.sentence,
            "words": [self.sentence[start:end] for start, end in self.spans],
            "log_probability": self.log_probability,
            "checkpoint": vars(self.checkpoint),
        }

    def to_npz(self, path: export.FilePath) -> None:
        """``attention`` (L, h, w) float32, and ``record``, JSON text."""
        export.write_npz(path, [("attention", self.attention), ("record", np.array(export.json_text(self.record())))])

    def to_json(self, path: export.FilePath) -> None:
        """`record` and the versions of the software."""
        export.write_json(path, {"software": export.software(), **self.record()})
