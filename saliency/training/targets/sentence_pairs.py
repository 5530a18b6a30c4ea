"""Sentence pairs: after reading about two things, people look at both.

SJTU-TIS has, for half of its pictures, gaze after a sentence about what is salient, after one about what is not, and
after one about both. On its training pictures the mean of the first two densities correlates .87 with the third, so
that the two sentences as one, with that mean, are further text-conditioned data.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...conditions import Condition
from ...data.samples import PictureFile
from .gaze_targets import TrainingSample

PAIRED_CONDITIONS = (Condition.SALIENT, Condition.NON_SALIENT)


@dataclass(frozen=True)
class SentencePair:
    """Two samples of one picture as one, with the interface of a `Sample`; both have sentences and densities."""

    first: TrainingSample
    second: TrainingSample
    link: str

    condition = Condition.GENERAL

    @property
    def stem(self) -> str:
        """Both stems, joined by a plus sign."""
        return f"{self.first.stem}+{self.second.stem}"

    @property
    def picture(self) -> str:
        """Name of the picture, which both samples share."""
        return self.first.picture

    @property
    def image_path(self) -> Path:
        """The picture's file."""
        return self.first.image_path

    @property
    def file(self) -> PictureFile:
        """The picture's file with its way to be decoded."""
        return self.first.file

    @property
    def sentence(self) -> str:
        """The first sentence, the link and the second one."""
        start, end = self.first.sentence.rstrip(" ."), self.second.sentence
        return f"{start}. {end}" if self.link == "." else f"{start} {self.link} {end[:1].lower()}{end[1:]}"

    def image(self) -> np.ndarray:
        """The picture, (H, W, 3) uint8 RGB."""
        return self.first.image()

    def density(self) -> np.ndarray:
        """The mean of the two densities, (H, W) float64 with a maximum of 1."""
        first, second = (d / d.sum() for d in (self.first.density(), self.second.density()) if d is not None)
        return (first + second) / (first + second).max()

    def fixations(self) -> np.ndarray | None:
        """Fixated pixels of both samples, (N, 2) int64; None if one has none."""
        first, second = self.first.fixations(), self.second.fixations()
        return None if first is None or second is None else np.unique(np.concatenate([first, second]), axis=0)


def sentence_pairs(samples: Sequence[TrainingSample]) -> Iterator[SentencePair]:
    """Both orders of the `PAIRED_CONDITIONS`, once as two sentences and once as one, per picture that has both."""
    found = {(sample.picture, sample.condition): sample for sample in samples if sample.sentence}
    for picture in dict.fromkeys(sample.picture for sample in samples):
        salient, other = (found.get((picture, condition)) for condition in PAIRED_CONDITIONS)
        if salient and other:
            yield SentencePair(salient, other, ".")
            yield SentencePair(other, salient, "and")
