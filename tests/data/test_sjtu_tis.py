"""SJTU-TIS: both layouts give the same samples, what is missing is named in a sentence, splits keep pictures whole."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from saliency.conditions import Condition
from saliency.data import Sample, SjtuTis, split_by_picture
from saliency.data.sjtu_tis import SHIPPED_SPLIT, parse_stem, shipped_split
from saliency.errors import DatasetError

SENTENCES = {
    "7_0": "",
    "7": "a train in a curve",
    "70_0": "",
    "70_1": "a dog and a wall",
    "70_2": "the wall",
    "70_3": "the dog",
}
STEMS = [name.partition("_")[0].zfill(12) + "".join(name.partition("_")[1:]) for name in SENTENCES]
PICTURE = np.arange(72, dtype=np.uint8).reshape(4, 6, 3)


def write(path: Path, pixels: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)


def write_data_set(root: Path, public: bool) -> Path:
    """Two pictures of 6 x 4 in the public layout (an RGBA PNG a sample, RGB fixations) or the compact one."""
    for number, stem in enumerate(STEMS):
        if public:
            write(root / "image_1800" / f"{stem}.png", np.dstack([PICTURE, np.full((4, 6), 255, dtype=np.uint8)]))
        elif stem.endswith("_0"):
            write(root / "image_1800" / f"{stem}.png", PICTURE)
        write(root / "map_1800" / f"{stem}.png", np.full((4, 6), 40 + 43 * number, dtype=np.uint8))
        fixations = np.zeros((4, 6), dtype=np.uint8)
        fixations[3, number] = fixations[0, 5] = 255
        write(root / "fixation_1800" / f"{stem}.png", np.dstack([fixations] * 3) if public else fixations)
    (root / "text.json").write_text(json.dumps(SENTENCES))
    return root


@pytest.fixture(params=[True, False], ids=["public", "compact"])
def root(request, tmp_path) -> Path:
    return write_data_set(tmp_path, public=request.param)


def test_both_layouts_give_the_same_samples(root):
    samples = SjtuTis(root)
    assert [sample.stem for sample in samples] == sorted(STEMS)
    for sample in samples:
        number = STEMS.index(sample.stem)
        assert sample.sentence == list(SENTENCES.values())[number]
        np.testing.assert_array_equal(sample.image(), PICTURE)
        np.testing.assert_allclose(sample.density(), np.full((4, 6), (40 + 43 * number) / 255))
        assert sample.fixations().tolist() == [[0, 5], [3, number]]


def test_conditions_may_be_chosen(root):
    samples = SjtuTis(root, conditions=[Condition.SALIENT, Condition.WHOLE])
    assert [(sample.picture, sample.condition) for sample in samples] == [
        ("000000000007", Condition.WHOLE),
        ("000000000070", Condition.SALIENT),
    ]


@pytest.mark.parametrize(
    ("stem", "condition"),
    [
        ("000000000109_0", Condition.PURE),
        ("000000000109", Condition.WHOLE),
        ("000000000109_1", Condition.GENERAL),
        ("000000000109_2", Condition.NON_SALIENT),
        ("000000000109_3", Condition.SALIENT),
    ],
)
def test_a_stem_names_picture_and_condition(stem, condition):
    assert parse_stem(stem) == ("000000000109", condition)


@pytest.mark.parametrize("stem", ["000000000109_4", "000000000109_", "000000000109_3_1"])
def test_a_stem_that_names_no_sample_is_refused(stem):
    with pytest.raises(DatasetError, match=f"“{stem}”"):
        parse_stem(stem)


@pytest.mark.parametrize(
    ("harm", "named"),
    [
        (lambda root: (root / "text.json").unlink(), "text.json"),
        (lambda root: (root / "text.json").write_text("{"), "text.json"),
        (lambda root: (root / "text.json").write_text("{}"), "000000000007"),
        (lambda root: (root / "fixation_1800").rename(root / "elsewhere"), "fixation_1800"),
        (lambda root: (root / "image_1800").rename(root / "elsewhere"), "image_1800"),
        (lambda root: [path.unlink() for path in (root / "image_1800").glob("*70*")], "000000000070"),
        (lambda root: (root / "fixation_1800" / "000000000007_9.png").touch(), "000000000007_9"),
    ],
)
def test_what_is_missing_is_named_without_a_path(root, harm, named):
    harm(root)
    with pytest.raises(DatasetError, match=named) as caught:
        SjtuTis(root)
    assert str(root) not in str(caught.value)


@pytest.mark.parametrize("folder", ["image_1800", "map_1800", "fixation_1800"])
@pytest.mark.parametrize("size", [0, 44])
def test_a_damaged_file_is_named_when_it_is_read(root, folder, size):
    path = root / folder / "000000000007_0.png"
    path.write_bytes(path.read_bytes()[:size])
    sample = next(sample for sample in SjtuTis(root) if sample.stem == "000000000007_0")
    read = {"image_1800": sample.image, "map_1800": sample.density, "fixation_1800": sample.fixations}[folder]
    with pytest.raises(DatasetError, match=r"“000000000007_0\.png”") as caught:
        read()
    assert str(root) not in str(caught.value)


def test_a_data_set_without_maps_has_no_densities(root):
    (root / "map_1800").rename(root / "elsewhere")
    assert {sample.density() for sample in SjtuTis(root)} == {None}


def test_a_split_is_read_from_the_folder_where_it_has_one(root):
    (root / "split.json").write_text(json.dumps({"training": ["000000000070"], "validation": ["000000000007"]}))
    assert [sample.stem for sample in SjtuTis(root, "validation")] == ["000000000007", "000000000007_0"]
    with pytest.raises(DatasetError, match=r"“test”.*training, validation"):
        SjtuTis(root, "test")


def test_without_one_the_split_is_that_of_the_shipped_checkpoints(root):
    split = json.loads(SHIPPED_SPLIT.read_text(encoding="utf-8"))
    trained, chosen = split["training"][0], split["validation"][0]
    others = [sample.picture for sample in SjtuTis(root)]
    pictures = [*others, chosen, trained]
    samples = [Sample(picture, picture, Condition.PURE, "", Path(), None, None) for picture in pictures]
    assert shipped_split(samples) == {"training": [trained], "validation": [chosen], "test": sorted(set(others))}


def test_no_picture_of_the_shipped_split_is_on_two_sides(data_sets):
    split = json.loads(SHIPPED_SPLIT.read_text(encoding="utf-8"))
    assert not set(split["training"]) & set(split["validation"])
    trained_on = json.loads((data_sets / "sjtu_tis" / "split.json").read_text(encoding="utf-8"))
    assert {name: sorted(pictures) for name, pictures in trained_on.items()} == split


def made_up(group_1: int, group_2: int) -> list[Sample]:
    stems = [f"{n:012d}{suffix}" for n in range(group_1) for suffix in ("_0", "")]
    stems += [f"{n:012d}_{k}" for n in range(group_1, group_1 + group_2) for k in range(4)]
    return [Sample(stem, *parse_stem(stem), "", Path(), None, None) for stem in stems]


def test_splitting_by_picture():
    samples = made_up(100, 60)
    splits = split_by_picture(samples)
    assert {name: len(pictures) for name, pictures in splits.items()} == {"training": 112, "validation": 16, "test": 32}
    divided = [picture for pictures in splits.values() for picture in pictures]
    assert sorted(divided) == sorted({sample.picture for sample in samples})  # so none is on two sides
    # Both groups are divided 70 : 10 : 20.
    assert [sum(int(picture) < 100 for picture in pictures) for pictures in splits.values()] == [70, 10, 20]


def test_splitting_depends_on_the_seed_and_not_on_the_order():
    samples = made_up(50, 50)
    assert split_by_picture(samples) == split_by_picture(samples[::-1])
    assert split_by_picture(samples) != split_by_picture(samples, seed=43)


def test_the_splits_of_a_folder_share_it_out(root):
    parts = [SjtuTis(root, name) for name in ("training", "validation", "test")]
    assert sorted(sample.stem for part in parts for sample in part) == sorted(STEMS)
    assert all({"000000000007", "000000000007_0"} & {s.stem for s in part} in (set(), set(STEMS[:2])) for part in parts)


def test_the_real_data_set(data_sets):
    samples = SjtuTis(data_sets / "sjtu_tis")
    assert len(samples) == 1440
    conditions: dict[str, set[Condition]] = {}
    for sample in samples:
        conditions.setdefault(sample.picture, set()).add(sample.condition)
    assert len(conditions) == 480
    scene = {Condition.PURE, Condition.WHOLE}
    objects = {Condition.PURE, Condition.GENERAL, Condition.SALIENT, Condition.NON_SALIENT}
    assert [list(conditions.values()).count(group) for group in (scene, objects)] == [240, 240]
    assert all((sample.sentence == "") == (sample.condition is Condition.PURE) for sample in samples)

    by_stem = {sample.stem: sample for sample in samples}
    assert by_stem["000000000071"].sentence == "A passenger train glides around a curve on the outer track."
    assert by_stem["000000000109_1"].sentence == "Some grass, a guy in a blue shirt walking his dog, and water"

    sample = by_stem["000000000109_3"]
    assert sample.density().shape == sample.image().shape[:2]
    assert sample.density().max() == 1
    rows, columns = sample.fixations().T
    assert sample.density()[rows, columns].mean() > 2 * sample.density().mean()


def test_the_real_split(data_sets):
    training, validation = (SjtuTis(data_sets / "sjtu_tis", name) for name in ("training", "validation"))
    assert len({sample.picture for sample in training}) == 420
    assert len({sample.picture for sample in validation}) == 60
    assert len(training) + len(validation) == 1440
