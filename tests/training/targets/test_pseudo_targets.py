"""Pseudo-targets follow their definition: the sentence draws the density to the regions it names."""

from pathlib import Path

import numpy as np
import pytest

from saliency.conditions import Condition
from saliency.data.flickr8k import Caption, Entry, Phrase
from saliency.training.targets.pseudo_targets import PseudoSample, bumps, pseudo_samples

FREE = np.exp(-((np.mgrid[:60, :80][0] - 30) ** 2 + (np.mgrid[:60, :80][1] - 40) ** 2) / 600)
CORNER = np.array([[0.0, 0.0, 0.25, 0.25]])


def sample(condition: Condition, boxes: np.ndarray = CORNER) -> PseudoSample:
    return PseudoSample("1-0", "1", condition, "A bird", Path("1.jpg"), FREE, boxes, np.ones(len(boxes)))


def test_a_bump_is_a_gaussian_of_the_boxs_size():
    found = bumps(np.array([[0.25, 0.25, 0.75, 0.75]]), (101, 101), np.ones(1))
    assert np.unravel_index(found.argmax(), found.shape) == (50, 50)
    deviation = 0.5 / 2.6 * 101
    offset = 10
    assert found[50, 50 + offset] == pytest.approx(np.exp(-((offset / deviation) ** 2) / 2), rel=1e-6)


def test_without_a_sentence_it_is_the_free_density():
    np.testing.assert_allclose(sample(Condition.PURE).density(), FREE / FREE.max())


def test_a_part_draws_more_than_a_whole_caption():
    def share(density: np.ndarray) -> float:
        return density[:15, :20].sum() / density.sum()

    pure, whole, part = (share(sample(c).density()) for c in (Condition.PURE, Condition.WHOLE, Condition.SALIENT))
    assert pure < whole < part


def test_a_caption_that_names_everything_leaves_the_density_alone():
    everywhere = np.array([[-50.0, -50.0, 51.0, 51.0]])
    density = sample(Condition.WHOLE, everywhere).density()
    np.testing.assert_allclose(density, FREE / FREE.max(), atol=1e-3)


def entry(text: str, *phrases: Phrase) -> Entry:
    return Entry("7", Path("7.jpg"), (Caption(text, phrases), Caption("nothing here", ())))


def test_samples_are_seeded_and_hold_what_was_asked_for():
    words = "a bird on a branch"
    bird = entry(words, Phrase(0, 2, CORNER), Phrase(3, 5, CORNER + 0.5))
    first, second = (list(pseudo_samples([bird], {"7": FREE})) for _ in range(2))
    assert [s.sentence for s in first] == [s.sentence for s in second]
    assert [s.condition.value for s in first] == ["pure", "whole", "salient", "salient"]
    assert first[1].sentence == words
    assert first[1].heights.tolist() == [1, 0.5]


def test_a_clause_is_about_the_thing_it_begins_with_and_never_about_the_scene():
    text = "a dog near a man in a hat on the grass ."
    phrases = (
        Phrase(0, 2, CORNER, "animals"),
        Phrase(3, 5, CORNER + 0.5, "people"),
        Phrase(6, 8, CORNER + 0.6, "clothing"),
        Phrase(9, 11, CORNER + 0.7, "scene"),
    )
    captions = tuple(Caption(text, phrases) for _ in range(1))
    made = list(pseudo_samples([Entry("9", Path("9.jpg"), captions)], {"9": FREE}, parts=60))
    about = {s.sentence: [round(float(x), 2) for x in s.boxes[:, 0]] for s in made}
    assert about[text] == [0, 0.5]
    assert about["A dog near a man in a hat on the grass"] == [0]
    assert about["A man in a hat on the grass"] == [0.5]
    assert about["A dog and a man"] == [0, 0.5]
    assert about["There is a man"] == [0.5]
    assert not {s for s in about if s.startswith(("The grass", "A hat"))}


@pytest.mark.parametrize(
    ("words", "verb"),
    [("two dogs", "are"), ("several people", "are"), ("a man", "is"), ("the grass", "is"), ("a bus", "is")],
)
def test_there_are_several_and_there_is_one(words: str, verb: str):
    named = entry(f"{words} here", Phrase(0, 2, CORNER))
    made = {s.sentence for s in pseudo_samples([named], {"7": FREE}, parts=40)}
    assert {text for text in made if text.startswith("There")} == {f"There {verb} {words}"}


def test_a_caption_of_another_picture_leaves_the_density_alone():
    bird = entry("a bird on a branch", Phrase(0, 2, CORNER))
    same = Entry("8", Path("8.jpg"), (Caption("a tall Bird", (Phrase(0, 3, CORNER),)),))
    other = Entry("9", Path("9.jpg"), (Caption("two boats at sea", (Phrase(0, 2, CORNER),)),))
    made = list(pseudo_samples([bird, same, other], dict.fromkeys("789", FREE), parts=0))
    free = {s.picture: s.sentence for s in made if s.condition is Condition.SALIENT and not len(s.boxes)}
    assert free["7"] == free["8"] == "two boats at sea"
    assert free["9"] in {"a bird on a branch", "a tall Bird"}
    np.testing.assert_allclose(made[2].density(), FREE / FREE.max())


def test_some_pictures_get_a_caption_of_another_one():
    pictures = [Entry(str(n), Path(f"{n}.jpg"), (Caption(f"thing{n}", (Phrase(0, 1, CORNER),)),)) for n in range(300)]
    made = list(pseudo_samples(pictures, {picture.id: FREE for picture in pictures}, parts=0))
    share = sum(s.condition is Condition.SALIENT for s in made) / len(pictures)
    assert 0.3 < share < 0.5
