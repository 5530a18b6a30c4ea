"""Models of objects in experiments: counts of sentences that find their thing, and scores of masks, by hand."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from saliency.data import ObjectDataset
from saliency.data.two_things import NamedThing, TwoThings
from saliency.report.object_experiment import following, object_rows


class Fake:
    """A predictor whose mask is the left or the right half: the one that the sentence names."""

    models = ("halves",)

    def __init__(self, text_encoder: str | None = "minilm") -> None:
        self.cards = {"halves": SimpleNamespace(text_encoder=text_encoder)}

    def maps(self, picture: np.ndarray, sentences: list[str], model: str) -> list[np.ndarray]:
        found = []
        for sentence in sentences:
            map_ = np.full((10, 20), 0.01, dtype=np.float32)
            map_[:, slice(10, 20) if "right" in sentence else slice(0, 10)] = 0.9
            found.append(map_)
        return found


def thing(sentence: str, left: float) -> NamedThing:
    return NamedThing(sentence, np.array([left, 0.1, left + 0.4, 0.9]))


def test_sentences_that_find_their_thing_are_counted(tmp_path: Path):
    Image.fromarray(np.zeros((40, 80, 3), np.uint8)).save(tmp_path / "p.png")
    follows = TwoThings("1", tmp_path / "p.png", (thing("on the left", 0.05), thing("on the right", 0.55)))
    blind = TwoThings("2", tmp_path / "p.png", (thing("a dog", 0.05), thing("a ball", 0.55)))
    row = following({"halves": [Fake()]}, [follows, blind]).splitlines()[-1]
    assert [cell.strip() for cell in row.strip("|").split("|")][:3] == ["halves", "1 of 2", "3 of 4"]
    share = 0.9 * 0.32 / (0.9 * 0.5 + 0.01 * 0.5) - 0.01 * 0.32 / (0.9 * 0.5 + 0.01 * 0.5)
    assert float(row.strip("|").split("|")[3]) == pytest.approx(share / 2, abs=0.02)


def test_readers_are_scored_without_and_with_a_caption(tmp_path: Path):
    for folder in ("images", "masks"):
        (tmp_path / folder).mkdir()
    mask = np.zeros((10, 20), np.uint8)
    mask[:, 10:] = 255
    Image.fromarray(np.zeros((10, 20, 3), np.uint8)).save(tmp_path / "images" / "a.png")
    Image.fromarray(mask).save(tmp_path / "masks" / "a.png")
    samples = list(ObjectDataset(tmp_path))
    rows = object_rows({"reads": [Fake()], "blind": [Fake(None)]}, samples, {"a": "on the right"})
    assert dict(zip(rows["model"], rows["MAE"], strict=True)) == pytest.approx(
        {"reads": 1.0, "reads, captioned": 0.0, "blind": 1.0}, abs=1e-6
    )
