"""Metrics of captions against their formulas, worked out here from counts of n-grams."""

from __future__ import annotations

import math
from collections import Counter

import pytest

from saliency.metrics.captions import caption_scores, split

SAID = ["a dog runs on the beach", "two men play football", "a man on a horse rides by"]
REFERENCES = [
    ["A dog runs along the beach .", "The brown dog runs on the sand .", "a dog on the beach"],
    ["Two men play soccer .", "Two men are playing football on a field .", "men play football"],
    ["A man rides a horse .", "A man on a horse .", "Someone rides by on a horse ."],
]


def grams(words: list[str], n: int) -> Counter:
    return Counter(tuple(words[i : i + n]) for i in range(len(words) - n + 1))


def bleu_4(said: list[str], references: list[list[str]]) -> float:
    """Papineni et al. (2002): clipped precision of the corpus, brevity penalty with the closest length."""
    matched, total, length, closest = [0] * 4, [0] * 4, 0, 0
    for caption, group in zip(said, references, strict=True):
        words, known = split(caption), [split(one) for one in group]
        length += len(words)
        closest += min((abs(len(one) - len(words)), len(one)) for one in known)[1]
        for n in range(1, 5):
            own = grams(words, n)
            most: Counter = Counter()
            for one in known:
                most |= grams(one, n)
            matched[n - 1] += sum((own & most).values())
            total[n - 1] += sum(own.values())
    precision = math.exp(sum(math.log(m / t) for m, t in zip(matched, total, strict=True)) / 4)
    return precision * min(1.0, math.exp(1 - closest / length))


def cider_d(said: list[str], references: list[list[str]]) -> list[float]:
    """Vedantam et al. (2015), section on CIDEr-D: clipped cosine of TF-IDF vectors, a Gaussian of the lengths, x 10."""
    known = [[split(one) for one in group] for group in references]
    pictures = len(known)
    scores = []
    for caption, group in zip(said, known, strict=True):
        words, total = split(caption), 0.0
        for n in range(1, 5):
            found = Counter(gram for other in known for gram in {g for one in other for g in grams(one, n)})

            def weighed(counts: Counter, found: Counter = found) -> dict:
                return {gram: c * (math.log(pictures) - math.log(max(1, found[gram]))) for gram, c in counts.items()}

            own = weighed(grams(words, n))
            for one in group:
                theirs = weighed(grams(one, n))
                product = sum(min(value, theirs[gram]) * theirs[gram] for gram, value in own.items() if gram in theirs)
                norms = math.sqrt(sum(v * v for v in own.values()) * sum(v * v for v in theirs.values()))
                close = math.exp(-((len(words) - len(one)) ** 2) / (2 * 6**2))
                total += (product / norms if norms else 0.0) * close / len(group) / 4
        scores.append(10 * total)
    return scores


def test_bleu_is_the_corpus_formula():
    assert caption_scores(SAID, REFERENCES).bleu_4 == pytest.approx(bleu_4(SAID, REFERENCES), rel=1e-4)


def test_cider_is_the_formula():
    scores = caption_scores(SAID, REFERENCES)
    assert scores.ciders == pytest.approx(cider_d(SAID, REFERENCES), rel=1e-3)
    assert scores.cider == pytest.approx(sum(scores.ciders) / 3)


def test_distinct_n_grams_are_counted_over_all_captions():
    scores = caption_scores(["a dog a dog", "a cat"], [["a dog"], ["a cat"]])
    assert scores.distinct_1 == pytest.approx(3 / 6)
    assert scores.distinct_2 == pytest.approx(3 / 4)
    assert scores.words == 3


def test_case_and_punctuation_do_not_count():
    assert split("A man's tri-colored hat , red .") == ["a", "man's", "tri", "colored", "hat", "red"]
    assert caption_scores(["A Dog Runs On The Beach!"], [[SAID[0]]]).bleu_4 == pytest.approx(1, abs=1e-3)


def test_every_caption_needs_references():
    with pytest.raises(ValueError, match="2 captions and 1"):
        caption_scores(["a", "b"], [["a"]])
    with pytest.raises(ValueError, match="0 captions"):
        caption_scores([], [])


def test_nothing_is_printed(capfd):
    caption_scores(SAID, REFERENCES)
    assert capfd.readouterr().out == ""
