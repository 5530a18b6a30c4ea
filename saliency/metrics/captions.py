"""Metrics of captions against references: BLEU-4, CIDEr-D and the share of distinct n-grams.

The first two are those of pycocoevalcap, which carries the code of the COCO evaluation (Chen et al., 2015). That
evaluation splits sentences by a program in Java; here words are runs of letters and digits in lower case, so that
numbers may differ a little from published ones. METEOR and SPICE need Java and are not here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from io import StringIO
from itertools import pairwise

import numpy as np

from .bootstrap import Interval, mean_interval, resamples

_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")


@dataclass(frozen=True)
class CaptionScores:
    """Scores of a corpus of captions.

    Attributes:
        bleu_4: corpus BLEU with n-grams of up to 4 words, in [0, 1] (Papineni et al., ACL 2002).
        cider: CIDEr-D, in [0, 10] (Vedantam et al., CVPR 2015). Its weights of n-grams come from the references here.
        ciders: that of each picture, whose mean it is.
        distinct_1, distinct_2: different words and pairs of words over all of them, in [0, 1] (Li et al., NAACL 2016).
        words: mean length of a caption.
    """

    bleu_4: float
    cider: float
    ciders: tuple[float, ...]
    distinct_1: float
    distinct_2: float
    words: float

    @property
    def cider_interval(self) -> Interval:
        """CIDEr-D with its 95 % bootstrap interval over pictures."""
        return mean_interval(np.array(self.ciders)[None], resamples(len(self.ciders)))


def caption_scores(captions: Sequence[str], references: Sequence[Sequence[str]]) -> CaptionScores:
    """The scores of one caption per picture.

    Args:
        references: of each picture, at least one.

    Raises:
        ValueError: there are not as many of the one as of the other, or none.
    """
    from pycocoevalcap.bleu.bleu import Bleu
    from pycocoevalcap.cider.cider import Cider

    if len(captions) != len(references) or not captions:
        raise ValueError(f"{len(captions)} captions and {len(references)} pictures with references")
    words = [split(caption) for caption in captions]
    candidates = {number: [" ".join(caption)] for number, caption in enumerate(words)}
    known = {number: [" ".join(split(one)) for one in group] for number, group in enumerate(references)}
    with redirect_stdout(StringIO()):  # it prints its lengths
        bleu, _ = Bleu(4).compute_score(known, candidates)
        cider, ciders = Cider().compute_score(known, candidates)
    return CaptionScores(
        bleu_4=bleu[3],
        cider=float(cider),
        ciders=tuple(map(float, ciders)),
        distinct_1=_distinct([(word,) for caption in words for word in caption]),
        distinct_2=_distinct([pair for caption in words for pair in pairwise(caption)]),
        words=sum(map(len, words)) / len(words),
    )


def split(sentence: str) -> list[str]:
    """The words of a sentence in lower case, without punctuation."""
    return _WORD.findall(sentence.lower())


def _distinct(grams: Sequence[tuple[str, ...]]) -> float:
    return len(set(grams)) / len(grams) if grams else 0.0
