"""What a sentence is about: sentences of single things, with their sides, and mosaics in which boxes move along."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from saliency.conditions import Condition
from saliency.data.flickr8k import Caption, Entry, Phrase
from saliency.data.samples import PictureFile, Sample
from saliency.preprocessing import Preprocessing
from saliency.training.feature_cache import CacheableDataset
from saliency.training.targets.mosaics import (
    CELLS,
    AnnotatedPicture,
    BoxTarget,
    GazeTarget,
    Scene,
    caption_sentences,
    captioned_pictures,
    gaze_pictures,
    scenes,
    sided,
)

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
    whole = caption_sentences(entry(3))[0]
    assert whole.sentence == "a dog sees two men on the grass ."
    np.testing.assert_array_equal(whole.boxes, np.concatenate([LEFT, RIGHT, BESIDE]))
    assert whole.heights.tolist() == [1, 0.5, 0.5]


def test_shorter_sentences_are_about_the_thing_they_begin_with_and_say_its_side_rightly():
    found = {about.sentence: about for number in range(60) for about in caption_sentences(entry(number), parts=20)}
    assert found["A dog sees two men on the grass"].boxes.tolist() == LEFT.tolist()
    assert len(found["Two men on the grass"].boxes) == 2
    assert len(found["There are two men on the grass"].boxes) == 2
    assert len(found["A dog and two men"].boxes) == 3
    assert "A dog on the left sees two men on the grass" in found
    assert "Two men to the right" in found
    assert not any(sentence.startswith(("The grass", "There is the grass")) for sentence in found)
    for sentence, about in found.items():
        side = "left" if about.boxes[0, 0] < 0.5 else "right"
        assert sided(about) == (f"the {side}" in sentence)
        assert ("left" in sentence) + ("right" in sentence) == sided(about)


def test_a_caption_that_says_a_side_is_in_no_mosaic(tmp_path: Path):
    """Half of a mosaic's pictures lie on the other side of it."""
    phrase = Phrase(0, 2, LEFT, "animals")
    entries = [Entry(str(n), tmp_path, (Caption("a dog on the left", (phrase,)),)) for n in range(4)]
    assert all(sided(caption_sentences(one)[0]) for one in entries)
    [mosaic] = scenes(captioned_pictures([*entries[1:], entry(7)], parts=3))
    assert mosaic.sentences
    assert not any("left" in about.sentence for about in mosaic.sentences)
    assert scenes(captioned_pictures(entries, parts=0)) == [], "nothing is left to say of it"


def test_a_wide_thing_and_one_in_the_middle_are_on_no_side():
    for box in ([0.0, 0.0, 0.5, 1.0], [0.3, 0.0, 0.7, 1.0]):
        phrase = Phrase(0, 2, np.array([box]), "animals")
        entries = [Entry(str(number), Path(), (Caption("a dog", (phrase,)),)) for number in range(40)]
        assert not any(sided(about) for one in entries for about in caption_sentences(one, parts=10))


def test_the_sentences_depend_on_the_entry_alone():
    again = [about.sentence for about in caption_sentences(entry(5))]
    assert [about.sentence for about in caption_sentences(entry(5))] == again
    assert caption_sentences(Entry("5", Path(), (Caption("nothing", ()),))) == ()


@pytest.mark.parametrize("cell", CELLS)
def test_boxes_move_with_their_picture(cell: tuple[float, float, float, float]):
    moved = BoxTarget("a dog", LEFT, np.ones(1)).within(cell)
    x0, y0, _, _ = cell
    np.testing.assert_allclose(moved.boxes, [[x0, y0 + 0.125, x0 + 0.125, y0 + 0.375]])
    target = moved.target((40, 40))
    row, column = np.unravel_index(target.argmax(), target.shape)
    assert abs(row / 40 - (y0 + 0.25)) < 0.05
    assert abs(column / 40 - (x0 + 0.0625)) < 0.05


DENSITY = np.zeros((60, 80))
DENSITY[30:45, 60:80] = 0.5  # the lower right, but for the lowest quarter


def test_gaze_moves_with_its_picture():
    alone = GazeTarget("a dog", DENSITY)
    target = alone.target((30, 40))
    assert target.max() == 1
    assert target[15:22, 30:].min() == 1
    assert target.sum() == pytest.approx(7.5 * 10)
    for number, (x0, y0, x1, y1) in enumerate(CELLS):
        placed = alone.within(CELLS[number]).target((30, 40))
        inside = placed[round(30 * y0) : round(30 * y1), round(40 * x0) : round(40 * x1)]
        assert inside.shape == (15, 20)
        assert inside.max() == 1
        assert inside.sum() == pytest.approx(7.5 * 10 / 4, rel=0.1)
        assert placed.sum() == inside.sum()
        assert inside[:7, :15].sum() == 0


def test_watched_pictures_hold_what_was_looked_at_after_each_of_their_sentences(tmp_path: Path):
    def sample(picture: str, condition: Condition, sentence: str) -> Sample:
        image, map_ = tmp_path / f"{picture}.png", tmp_path / f"{picture}{condition.suffix}.png"
        Image.fromarray(np.zeros((120, 160, 3), np.uint8)).save(image)
        shown = np.kron(DENSITY, np.ones((2, 2))) if condition is Condition.SALIENT else np.ones((120, 160))
        Image.fromarray((255 * shown).astype(np.uint8)).save(map_)
        return Sample(f"{picture}{condition.suffix}", picture, condition, sentence, image, map_, None)

    pure, salient = sample("1", Condition.PURE, ""), sample("1", Condition.SALIENT, "a dog")
    other, unseen = sample("2", Condition.NON_SALIENT, "a wall"), replace(salient, picture="3", map_path=None)
    first, second = gaze_pictures([pure, salient, other, unseen])
    assert [target.sentence for target in first.sentences] == ["a dog"]
    assert first.file.path == salient.image_path
    np.testing.assert_allclose(first.sentences[0].density, DENSITY, atol=0.01)
    assert [target.sentence for target in second.sentences] == ["a wall"]
    made = scenes([], [first, second])
    assert [scene.pictures for scene in made] == [(first,), (second,)]


def test_a_picture_whose_gaze_was_recorded_as_stored_is_read_as_stored(tmp_path: Path):
    """Its EXIF tag turns it, but its density is of the picture as stored; the cache has both apart."""
    stored = np.zeros((40, 60, 3), np.uint8)
    stored[:, :30] = 250
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees
    Image.fromarray(stored).save(tmp_path / "1.png", exif=exif)
    density = np.zeros((40, 60), np.uint8)
    density[:, :30] = 255
    Image.fromarray(density).save(tmp_path / "map.png")
    sample = Sample("1", "1", Condition.SALIENT, "a wall", tmp_path / "1.png", tmp_path / "map.png", None)
    [picture] = gaze_pictures([sample])
    squash = Preprocessing(40, 60)
    shown = Scene((picture,), picture.sentences).picture(squash)
    np.testing.assert_array_equal(shown, stored)
    upright = AnnotatedPicture(PictureFile(tmp_path / "1.png"), ())
    assert not np.array_equal(Scene((upright,), ()).picture(squash), shown)
    names = CacheableDataset([[picture.file], [upright.file]], squash, 0).names
    assert names[0] != names[1]


def test_scenes_are_pictures_alone_and_mosaics_of_all(tmp_path: Path):
    entries = [entry(number, folder=tmp_path) for number in range(5)]
    for colour, one in zip(COLOURS, entries, strict=True):
        Image.fromarray(np.full((30, 50, 3), colour, np.uint8)).save(one.image_path)
    entries.append(Entry("9", tmp_path / "missing.png", (Caption("nothing", ()),)))
    pictures = captioned_pictures(entries, parts=3)
    assert len(pictures) == 5
    made = scenes(pictures, singles=2)
    assert sorted(len(scene.pictures) for scene in made) == [1, 1, 4]
    assert [paths(scene) for scene in scenes(captioned_pictures(entries, parts=3), singles=2)] == [
        paths(s) for s in made
    ]

    mosaic = next(scene for scene in made if len(scene.pictures) == 4)
    assert len(set(paths(mosaic))) == 4
    assert not any(sided(about) for about in mosaic.sentences)
    picture = mosaic.picture(Preprocessing(24, 40))
    assert picture.shape == (24, 40, 3)
    for one, (x0, y0, x1, y1) in zip(mosaic.pictures, CELLS, strict=True):
        part = picture[int(24 * y0) : int(24 * y1), int(40 * x0) : int(40 * x1)]
        assert (part == COLOURS[int(one.file.path.stem)]).all()
        inside = [
            (about.boxes >= (x0, y0, x0, y0)).all() and (about.boxes <= (x1, y1, x1, y1)).all()
            for about in mosaic.sentences
        ]
        assert sum(inside) == sum(not sided(about) for about in one.sentences)
    single = next(scene for scene in made if len(scene.pictures) == 1)
    assert (single.picture(Preprocessing(24, 40)) == COLOURS[int(single.pictures[0].file.path.stem)]).all()


def paths(scene: Scene) -> list[Path]:
    return [picture.file.path for picture in scene.pictures]


def test_a_picture_with_a_file_for_each_condition_is_one_picture(tmp_path: Path):
    """As SJTU-TIS is released."""
    for name in ("map.png", "1_3.jpg", "1_2.jpg"):
        Image.fromarray(np.full((8, 12), 200, np.uint8)).save(tmp_path / name)
    found = gaze_pictures(
        Sample(f"1_{kind}", "1", condition, f"about {kind}", tmp_path / f"1_{kind}.jpg", tmp_path / "map.png", None)
        for kind, condition in ((3, Condition.SALIENT), (2, Condition.NON_SALIENT))
    )
    assert [[target.sentence for target in picture.sentences] for picture in found] == [["about 3", "about 2"]]
    assert found[0].file.path == tmp_path / "1_3.jpg"
