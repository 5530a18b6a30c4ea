"""What a sentence is about: sentences of single things, with their sides, and mosaics in which boxes move along."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from saliency.data.flickr8k import Caption, Entry, Phrase
from saliency.data.subjects import CELLS, About, scenes, sentences_about
from saliency.models.spec import Preprocessing

LEFT = np.array([[0.0, 0.25, 0.25, 0.75]])
RIGHT = np.array([[0.75, 0.0, 1.0, 1.0]])
BESIDE = np.array([[0.65, 0.1, 0.9, 0.9]])
COLOURS = ((250, 0, 0), (0, 250, 0), (0, 0, 250), (250, 250, 0), (0, 250, 250))


def entry(number: int, text: str = "a dog sees two men on the grass .", folder: Path = Path()) -> Entry:
    phrases = (
        Phrase(0, 2, LEFT, "animals"),
        Phrase(3, 5, np.concatenate([RIGHT, BESIDE]), "people"),
        Phrase(6, 8, LEFT, "scene"),
    )
    return Entry(str(number), folder / f"{number}.png", (Caption(text, phrases),))


def test_a_caption_is_about_its_first_thing_before_the_others():
    whole = sentences_about(entry(3))[0]
    assert whole.sentence == "a dog sees two men on the grass ."
    np.testing.assert_array_equal(whole.boxes, np.concatenate([LEFT, RIGHT, BESIDE]))
    assert whole.heights.tolist() == [1, 0.5, 0.5]


def test_shorter_sentences_are_about_the_thing_they_begin_with_and_say_its_side_rightly():
    found = {about.sentence: about for number in range(60) for about in sentences_about(entry(number), parts=20)}
    assert found["A dog sees two men on the grass"].boxes.tolist() == LEFT.tolist()
    assert len(found["Two men on the grass"].boxes) == 2
    assert len(found["There are two men on the grass"].boxes) == 2
    assert len(found["A dog and two men"].boxes) == 3
    assert "A dog on the left sees two men on the grass" in found
    assert "Two men to the right" in found
    assert not any(sentence.startswith(("The grass", "There is the grass")) for sentence in found)
    for sentence, about in found.items():
        side = "left" if about.boxes[0, 0] < 0.5 else "right"
        assert about.sided == (f"the {side}" in sentence)
        assert ("left" in sentence) + ("right" in sentence) == about.sided


def test_a_caption_that_says_a_side_is_in_no_mosaic(tmp_path: Path):
    """Half of a mosaic's pictures lie on the other side of it."""
    phrase = Phrase(0, 2, LEFT, "animals")
    entries = [Entry(str(n), tmp_path, (Caption("a dog on the left", (phrase,)),)) for n in range(4)]
    assert all(sentences_about(one)[0].sided for one in entries)
    [mosaic] = scenes(entries, singles=0, seed=0)
    assert not any("left" in about.sentence for about in mosaic.sentences)


def test_a_wide_thing_and_one_in_the_middle_are_on_no_side():
    for box in ([0.0, 0.0, 0.5, 1.0], [0.3, 0.0, 0.7, 1.0]):
        phrase = Phrase(0, 2, np.array([box]), "animals")
        entries = [Entry(str(number), Path(), (Caption("a dog", (phrase,)),)) for number in range(40)]
        assert not any(about.sided for one in entries for about in sentences_about(one, parts=10))


def test_the_sentences_depend_on_the_entry_alone():
    again = [about.sentence for about in sentences_about(entry(5))]
    assert [about.sentence for about in sentences_about(entry(5))] == again
    assert sentences_about(Entry("5", Path(), (Caption("nothing", ()),))) == ()


@pytest.mark.parametrize("cell", CELLS)
def test_boxes_move_with_their_picture(cell: tuple[float, float, float, float]):
    moved = About("a dog", LEFT, np.ones(1)).within(cell)
    x0, y0, _, _ = cell
    np.testing.assert_allclose(moved.boxes, [[x0, y0 + 0.125, x0 + 0.125, y0 + 0.375]])
    target = moved.target((40, 40))
    row, column = np.unravel_index(target.argmax(), target.shape)
    assert abs(row / 40 - (y0 + 0.25)) < 0.05
    assert abs(column / 40 - (x0 + 0.0625)) < 0.05


def test_scenes_are_pictures_alone_and_mosaics_of_all(tmp_path: Path):
    entries = [entry(number, folder=tmp_path) for number in range(5)]
    for colour, one in zip(COLOURS, entries, strict=True):
        Image.fromarray(np.full((30, 50, 3), colour, np.uint8)).save(one.image_path)
    entries.append(Entry("9", tmp_path / "missing.png", (Caption("nothing", ()),)))
    made = scenes(entries, singles=2, seed=0)
    assert sorted(len(scene.entries) for scene in made) == [1, 1, 4]
    assert [scene.entries for scene in scenes(entries, singles=2, seed=0)] == [scene.entries for scene in made]

    mosaic = next(scene for scene in made if len(scene.entries) == 4)
    assert len({one.id for one in mosaic.entries}) == 4
    assert not any(about.sided for about in mosaic.sentences)
    picture = mosaic.picture(Preprocessing(24, 40))
    assert picture.shape == (24, 40, 3)
    for one, (x0, y0, x1, y1) in zip(mosaic.entries, CELLS, strict=True):
        part = picture[int(24 * y0) : int(24 * y1), int(40 * x0) : int(40 * x1)]
        assert (part == COLOURS[int(one.id)]).all()
        inside = [
            (about.boxes >= (x0, y0, x0, y0)).all() and (about.boxes <= (x1, y1, x1, y1)).all()
            for about in mosaic.sentences
        ]
        assert sum(inside) == sum(not about.sided for about in sentences_about(one))
    single = next(scene for scene in made if len(scene.entries) == 1)
    assert (single.picture(Preprocessing(24, 40)) == COLOURS[int(single.entries[0].id)]).all()
