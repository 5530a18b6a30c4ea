"""Joined sentences: both are read, both densities count as much, and pictures with one of them only are left out."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from saliency.conditions import Condition
from saliency.data.samples import Sample
from saliency.training.targets.sentence_pairs import sentence_pairs


@pytest.fixture
def samples(tmp_path: Path) -> list[Sample]:
    """One picture with gaze at its left (salient) and, twice as bright, at its right (non-salient)."""
    Image.fromarray(np.zeros((4, 6, 3), np.uint8)).save(tmp_path / "picture.png")

    def sample(condition: Condition, sentence: str, column: int, value: int) -> Sample:
        paths = tmp_path / f"{condition}_map.png", tmp_path / f"{condition}_fixations.png"
        for path, brightness in zip(paths, (value, 255), strict=True):
            pixels = np.zeros((4, 6), np.uint8)
            pixels[1, column] = brightness
            Image.fromarray(pixels).save(path)
        return Sample(f"7_{condition}", "7", condition, sentence, tmp_path / "picture.png", *paths)

    return [
        sample(Condition.PURE, "", 3, 100),
        sample(Condition.SALIENT, "A dog runs.", 1, 100),
        sample(Condition.NON_SALIENT, "There is a wall", 5, 200),
    ]


def test_both_sentences_are_read_in_both_orders(samples: list[Sample]):
    made = list(sentence_pairs(samples))
    assert [sample.sentence for sample in made] == [
        "A dog runs. There is a wall",
        "There is a wall and a dog runs.",
    ]
    assert len({sample.stem for sample in made} | {sample.stem for sample in samples}) == 5
    assert all(sample.picture == "7" and sample.condition is Condition.GENERAL for sample in made)
    assert made[0].image().shape == (4, 6, 3)


def test_both_densities_count_as_much(samples: list[Sample]):
    for sample in sentence_pairs(samples):
        expected = np.zeros((4, 6))
        expected[1, [1, 5]] = 1.0
        np.testing.assert_allclose(sample.density(), expected)
        assert sample.fixations().tolist() == [[1, 1], [1, 5]]


def test_where_one_is_missing_there_is_nothing_to_join(samples: list[Sample]):
    assert not list(sentence_pairs(samples[:2]))
    assert not list(sentence_pairs(samples[1:2]))
