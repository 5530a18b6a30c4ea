"""Batches for training: what a picture shows, where people looked and what was read stay together."""

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest
import torch

from saliency.conditions import Condition
from saliency.data.samples import PictureFile
from saliency.preprocessing import Preprocessing
from saliency.training.targets.augmentation import Augmentation, mirror_words
from saliency.training.targets.gaze_targets import PictureDataset
from saliency.training.targets.pseudo_targets import PseudoSample
from saliency.training.targets.sentence_bank import SentenceBank
from tests.tiny import TinyEncoder, place

PLAIN = Preprocessing(48, 64, mean=(0, 0, 0), std=(1, 1, 1))
GRID = (12, 16)


@dataclass
class Scene:
    """A sample of 96 x 160 with a white square, a density peak on it and fixations on the peak; counts readings."""

    row: int  # of the peak
    column: int
    picture: str = "1"
    condition: Condition = Condition.SALIENT
    sentence: str = "left dog"
    image_path: Path = Path("folder/1.png")
    readings: list[str] = field(default_factory=list)

    @property
    def stem(self) -> str:
        return f"{self.picture}{self.condition.suffix}"

    @property
    def file(self) -> PictureFile:
        return PictureFile(self.image_path)

    def image(self) -> np.ndarray:
        self.readings.append("image")
        picture = np.full((96, 160, 3), 40, dtype=np.uint8)
        picture[self.row - 4 : self.row + 4, self.column - 4 : self.column + 4] = 255
        return picture

    def density(self) -> np.ndarray:
        rows, columns = np.mgrid[:96, :160] + 0.5
        return np.exp(-((rows - self.row) ** 2 + (columns - self.column) ** 2) / 20)

    def fixations(self) -> np.ndarray | None:
        return np.array([[self.row, self.column], [self.row + 1, self.column - 1], [95, 159]])


@pytest.fixture
def bank(monkeypatch) -> SentenceBank:
    monkeypatch.setattr("saliency.training.targets.sentence_bank.load_encoder", lambda name: TinyEncoder())
    return SentenceBank("tiny", ["left dog", "right dog", "a bird"])


def whole_batch(dataset: PictureDataset):
    return dataset.collate([dataset[number] for number in range(len(dataset))])


def test_a_picture_is_decoded_once_for_all_its_samples():
    first = Scene(40, 40)
    samples = [first, replace(first, condition=Condition.PURE, row=60), replace(first, picture="2", readings=[])]
    dataset = PictureDataset(samples, PLAIN, GRID)
    assert len(dataset) == 2
    assert (first.readings, samples[2].readings) == (["image"], ["image"])  # the first two share their list
    batch = whole_batch(dataset)
    assert batch.pixels.shape == (2, 3, 48, 64)
    assert batch.index.tolist() == [0, 0, 1]
    assert batch.stems == ("1_3", "1_0", "2_3")
    assert batch.conditions == ("salient", "pure", "salient")
    assert batch.text is None


def test_equal_names_in_different_folders_are_different_pictures():
    samples = [Scene(40, 40), Scene(40, 40, image_path=Path("other/1.png"))]
    assert len(PictureDataset(samples, PLAIN, GRID)) == 2


@pytest.mark.parametrize("flip", [0.0, 1.0])
@pytest.mark.parametrize(("row", "column"), [(12, 12), (84, 24), (44, 148)])
def test_picture_density_and_fixations_stay_aligned(row, column, flip):
    batch = whole_batch(PictureDataset([Scene(row, column)], PLAIN, GRID, augmentation=Augmentation(flip=flip)))
    # Cells are 8 rows x 10 columns of the sample, and 4 x 4 pixels of the model's input.
    cell = row // 8, 15 - column // 10 if flip else column // 10
    corner = 11, 0 if flip else 15
    density, fixations = batch.density[0, 0], batch.fixations[0, 0]
    assert np.unravel_index(int(density.argmax()), GRID) == cell
    assert {tuple(place.tolist()) for place in fixations.nonzero()} == {cell, corner}
    brightness = torch.nn.functional.avg_pool2d(batch.pixels[0].mean(0)[None], 4)[0]
    assert np.unravel_index(int(brightness.argmax()), GRID) == cell


@pytest.mark.parametrize("flip", [0.0, 1.0])
@pytest.mark.parametrize(("row", "column"), [(12, 12), (84, 148)])
def test_they_stay_aligned_beside_padding(row, column, flip):
    """96 x 160 in 64 x 80: the picture has rows 8 to 56 of the input, and 2 to 14 of 16 on the grid."""
    preprocessing = Preprocessing(64, 80, mean=(0, 0, 0), std=(1, 1, 1), fit="pad")
    batch = whole_batch(
        PictureDataset([Scene(row, column)], preprocessing, (16, 20), augmentation=Augmentation(flip=flip))
    )
    cell = 2 + row // 8, 19 - column // 8 if flip else column // 8
    corner = 13, 0 if flip else 19
    density, fixations = batch.density[0, 0], batch.fixations[0, 0]
    assert np.unravel_index(int(density.argmax()), (16, 20)) == cell
    assert not density[[0, 1, 14, 15]].any()
    assert {tuple(place.tolist()) for place in fixations.nonzero()} == {cell, corner}
    brightness = torch.nn.functional.avg_pool2d(batch.pixels[0].mean(0)[None], 4)[0]
    assert np.unravel_index(int(brightness.argmax()), (16, 20)) == cell


@pytest.mark.parametrize("seed", range(6))
def test_a_crop_keeps_picture_density_and_fixations_aligned(seed):
    """The scene is blown up: its square, its peak and its fixations move alike, and the window keeps its gaze."""
    dataset = PictureDataset([Scene(44, 72)], PLAIN, GRID, augmentation=Augmentation(crop=0.5), seed=seed)
    batch = whole_batch(dataset)
    rows, columns = Augmentation(crop=0.5).window(GRID, generator_behind(seed))
    assert rows.stop - rows.start < GRID[0]
    cell = np.array([44 / 8 - rows.start, 72 / 10 - columns.start])
    expected = cell * GRID / [rows.stop - rows.start, columns.stop - columns.start]
    peak = np.unravel_index(int(batch.density[0, 0].argmax()), GRID)
    assert float(batch.density.max()) == 1
    assert np.abs(np.array(peak) + 0.5 - expected).max() <= 1.5
    near = batch.fixations[0, 0].nonzero().numpy() + 0.5
    assert np.abs(near - expected).max(1).min() <= 1.5
    brightness = torch.nn.functional.avg_pool2d(batch.pixels[0].mean(0)[None], 4)[0]
    brightest = np.array(np.unravel_index(int(brightness.argmax()), GRID)) + 0.5
    assert np.abs(brightest - expected).max() <= 1.5


def generator_behind(seed: int) -> np.random.Generator:
    """The data set's own generator for its first picture, after recolouring (nothing drawn) and the flip."""
    generator = np.random.default_rng((seed, 0, 0))
    generator.random()
    return generator


def test_a_crop_that_loses_the_gaze_is_not_taken(monkeypatch):
    monkeypatch.setattr(Augmentation, "window", lambda self, grid, generator: (slice(0, 4), slice(0, 6)))
    lost, kept = (
        whole_batch(PictureDataset([Scene(row, column)], PLAIN, GRID, augmentation=Augmentation(crop=0.6)))
        for row, column in ((84, 148), (16, 30))
    )
    assert np.unravel_index(int(lost.density[0, 0].argmax()), GRID) == (10, 14)
    assert np.unravel_index(int(kept.density[0, 0].argmax()), GRID) != (2, 3)


def test_boxes_of_what_a_sentence_names_are_on_the_grid_where_they_are_known():
    boxes = np.array([[0.0, 0.0, 0.25, 0.5]])
    scene = Scene(40, 40)
    made = PseudoSample("1-0", "1", Condition.SALIENT, "", scene.image_path, scene.density(), boxes, np.ones(1))
    batch = whole_batch(PictureDataset([scene, made], PLAIN, GRID, augmentation=Augmentation(flip=1.0)))
    assert batch.boxed.tolist() == [False, True]
    expected = torch.zeros(GRID)
    expected[:6, 12:] = 1
    torch.testing.assert_close(batch.named[1, 0], expected)
    assert not batch.named[0].any()


def test_targets_are_in_range_and_keep_their_shape():
    scene = Scene(44, 72)
    batch = whole_batch(PictureDataset([scene], PLAIN, GRID))
    expected = scene.density().reshape(12, 8, 16, 10).mean((1, 3))  # the mean over each cell
    np.testing.assert_allclose(batch.density[0, 0], expected / expected.max(), atol=0.51 / 255)
    assert set(batch.fixations.unique().tolist()) == {0.0, 1.0}


def test_a_data_set_without_fixations_gives_an_empty_plane(monkeypatch):
    monkeypatch.setattr(Scene, "fixations", lambda self: None)
    batch = whole_batch(PictureDataset([Scene(40, 40)], PLAIN, GRID))
    assert not batch.fixations.any()


def test_pixels_are_normalised_as_the_model_wants():
    preprocessing = Preprocessing(48, 64, mean=(0.1, 0.2, 0.3), std=(0.5, 0.25, 0.125))
    wall = whole_batch(PictureDataset([Scene(40, 40)], preprocessing, GRID)).pixels[0, :, -1, -1]
    np.testing.assert_allclose(wall, (40 / 255 - np.array([0.1, 0.2, 0.3])) / [0.5, 0.25, 0.125], rtol=1e-5)


@pytest.mark.parametrize(("flip", "side"), [(0.0, "left"), (1.0, "right")])
def test_the_sentence_is_mirrored_with_its_picture(bank, flip, side):
    samples = [Scene(40, 40), Scene(40, 40, condition=Condition.PURE, sentence="")]
    batch = whole_batch(PictureDataset(samples, PLAIN, GRID, bank, Augmentation(flip=flip)))
    assert batch.text.present.tolist() == [True, False]
    assert batch.text.tokens[0, batch.text.words[0], 0].tolist() == [place(side), place("dog")]


@pytest.mark.parametrize(
    ("sentence", "mirrored"),
    [
        ("a dog on the left", "a dog on the right"),
        ("Right of the left-hand door", "Left of the right-hand door"),
        ("LEFT or right?", "RIGHT or left?"),
        ("a bright cleft", "a bright cleft"),
        ("", ""),
    ],
)
def test_mirroring_words_swaps_sides(sentence, mirrored):
    assert mirror_words(sentence) == mirrored
    assert mirror_words(mirrored) == sentence


def test_augmentation_depends_on_seed_epoch_and_number_only():
    augmentation = Augmentation(flip=0.5, brightness=0.2, contrast=0.2)
    samples = [Scene(40, 40, picture=str(number)) for number in range(8)]

    def draws(seed: int, epoch: int, order=range(8)) -> list[tuple[bytes, bool]]:
        dataset = PictureDataset(samples, PLAIN, GRID, augmentation=augmentation, seed=seed)
        dataset.set_epoch(epoch)
        drawn = {number: dataset[number] for number in order}
        return [(drawn[number][0].tobytes(), drawn[number][2]) for number in range(8)]

    first = draws(1, 3)
    assert first == draws(1, 3, order=[*range(7, -1, -1)]) == draws(1, 3, order=[0, 0, *range(8)])
    assert len({pixels for pixels, _ in first}) == 8  # the pictures are alike, their colours are not
    assert {flip for _, flip in first} == {True, False}
    for other in (draws(2, 3), draws(1, 4)):
        assert not {pixels for pixels, _ in first} & {pixels for pixels, _ in other}


def test_without_augmentation_a_picture_is_left_alone():
    picture = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
    changed = Augmentation().recolour(picture, np.random.default_rng(0))
    assert changed.dtype == np.float32
    np.testing.assert_allclose(changed, picture / 255, rtol=1e-6)


def test_recolouring_stays_within_its_bounds():
    picture = np.full((2, 2, 3), 100, dtype=np.uint8)
    picture[0] = 200
    for seed in range(20):
        brighter = Augmentation(brightness=0.2).recolour(picture, np.random.default_rng(seed)) * 255
        assert 0.8 <= brighter[0, 0, 0] / 200 <= 1.2
        assert brighter[0, 0, 0] / brighter[1, 0, 0] == pytest.approx(2, rel=1e-4)
        sharper = Augmentation(contrast=0.2).recolour(picture, np.random.default_rng(seed)) * 255
        assert 80 <= sharper[0, 0, 0] - sharper[1, 0, 0] <= 120
        assert sharper.mean() == pytest.approx(150, rel=1e-4)


def test_a_batch_moves_as_a_whole(bank):
    batch = whole_batch(PictureDataset([Scene(40, 40)], PLAIN, GRID, bank))
    moved = batch.to("meta", non_blocking=True)
    assert (moved.stems, moved.conditions) == (batch.stems, batch.conditions)
    tensors = [moved.pixels, moved.index, moved.density, moved.fixations, *vars(moved.text).values()]
    assert {tensor.device.type for tensor in tensors} == {"meta"}
    assert batch.pixels.device.type == "cpu"
