"""A folder's annotations as a data set: written, read, evaluated; and the command."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from saliency.annotation import AnnotationFolder, export_objects
from saliency.annotation.coco_panoptic import PanopticFiles, read_captions
from saliency.annotation.first_guess import guesses
from saliency.cli import app
from saliency.data import ObjectDataset
from saliency.errors import AnnotationError
from tests.annotation.made_annotations import QUARTERS, event, write_captions, write_panoptic, write_pictures


@pytest.fixture
def pictures(tmp_path):
    return write_pictures(tmp_path / "pictures", "a", "b", "sub/c")


@pytest.fixture
def folder(pictures, tmp_path):
    return AnnotationFolder(pictures, PanopticFiles(write_panoptic(tmp_path / "coco")))


def run(*arguments) -> str:
    result = CliRunner().invoke(app, ["annotate", *map(str, arguments)])
    assert result.exit_code == 0, result.output
    return result.stdout


def annotate_three(folder) -> None:
    """In `a` of three annotators two chose 0 and one chose 2."""
    folder.save(
        [
            event(1, "toggle", 0),
            event(2, "guess", 0, 2, annotator="Bob", source="captions"),
            event(3, "toggle", 2, annotator="Bob"),
            event(4, "toggle", 2, annotator="Cy"),
            event(5, "guess", 1, annotator="Dee", source="captions"),  # looked at by nobody
        ]
    )


def test_the_export_is_a_data_set_of_what_most_annotators_chose(folder, tmp_path):
    annotate_three(folder)
    assert export_objects(folder.all_annotated(), tmp_path / "out") == 1
    [sample] = ObjectDataset(tmp_path / "out")
    assert sample.stem == "a"
    assert np.array_equal(sample.mask(), QUARTERS == 0)
    assert np.array_equal(sample.image(), folder.picture("a"))


def test_the_audit_says_who_chose_what_from_which_guess(folder, tmp_path):
    annotate_three(folder)
    export_objects(folder.all_annotated(), tmp_path / "out")
    lines = [json.loads(line) for line in (tmp_path / "out" / "audit.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [line["annotator"] for line in lines] == ["Ann", "Bob", "Cy"]
    ann, bob, _ = lines
    assert ann["segments"] == [{"number": 0, "name": "person"}]
    assert (ann["share"], ann["guess"], ann["mask"], ann["annotators"]) == (0.25, None, [0], 3)
    assert ann["began"] == ann["ended"] == event(1).time
    assert bob["guess"] == {"source": "captions", "segments": [0, 2], "added": [], "removed": [2]}
    assert ann["segmentation"] == {"source": "coco panoptic", "segments": 4, "key": event(1).segmentation}


def test_superpixels_stay_the_same_and_a_picture_in_a_folder_has_its_place(folder, pictures, tmp_path):
    first = folder.segmentation("sub/c")
    assert (pictures / "annotations" / "segments" / "sub" / "c.png").is_file()
    again = AnnotationFolder(pictures, count=20)
    assert again.segmentation("sub/c").key == first.key, "whatever is asked for now"
    assert again.stems == ("a", "b", "sub/c"), "what is stored is no picture of the folder"
    again.save([event(1, "toggle", 0, picture="sub/c", segmentation=first.key)])
    export_objects(again.all_annotated(), tmp_path / "out")
    [sample] = ObjectDataset(tmp_path / "out")
    assert sample.stem == "sub/c"
    assert np.array_equal(sample.mask(), first.labels == 0)


def test_an_annotator_sees_only_what_they_chose_and_how_many_they_did(folder):
    annotate_three(folder)
    assert [each.id for each in folder.events("a", "Bob")] == ["event-000002", "event-000003"]
    assert [folder.finished(name) for name in ("Ann", "Dee", "Eve")] == [1, 0, 0]


def test_a_first_guess_of_captions(folder, pictures, tmp_path):
    captions = write_captions(tmp_path / "captions.json", "A dog.", "Two dogs.")
    opened = AnnotationFolder(
        pictures, PanopticFiles(tmp_path / "coco" / "panoptic.json"), captions=read_captions(captions)
    )
    guess = guesses(opened, None)
    assert guess(opened.annotated("a")).segments == (2,)
    assert guess(opened.annotated("b")) is None


def test_what_is_of_no_picture_here_is_refused(folder):
    with pytest.raises(AnnotationError, match=r"no picture “\.\./x”"):
        folder.save([event(1, "toggle", 0, picture="../x")])
    assert folder.log.events == ()


def test_segments_of_another_size_are_refused(folder, pictures):
    Image.new("RGB", (20, 20)).save(pictures / "a.png")
    with pytest.raises(AnnotationError, match="another size"):
        folder.segmentation("a")


def test_nothing_annotated_is_nothing_to_export(folder, tmp_path):
    with pytest.raises(AnnotationError, match="nothing to export"):
        export_objects(folder.all_annotated(), tmp_path / "out")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").touch()
    with pytest.raises(AnnotationError, match="“full” is not empty"):
        export_objects(folder.all_annotated(), tmp_path / "full")


def test_a_folder_without_pictures_is_refused(tmp_path):
    (tmp_path / "empty").mkdir()
    for name in ("empty", "nowhere"):
        with pytest.raises(AnnotationError, match=name):
            AnnotationFolder(tmp_path / name)


def test_the_command_exports_what_evaluate_reads(folder, pictures, tmp_path):
    annotate_three(folder)
    panoptic = ("--panoptic", tmp_path / "coco" / "panoptic.json")
    output = run(pictures, *panoptic, "--agreement", "--export", tmp_path / "out")
    assert "1 pictures with masks" in output
    assert "mean pairwise IoU                     0.333" in output
    (tmp_path / "maps").mkdir()
    Image.fromarray(np.where(QUARTERS == 0, 255, 0).astype(np.uint8)).save(tmp_path / "maps" / "a.png")
    evaluated = CliRunner().invoke(
        app, ["evaluate", str(tmp_path / "out"), "--task", "objects", "--maps", str(tmp_path / "maps"), "--name", "x"]
    )
    assert evaluated.exit_code == 0, evaluated.output
    assert "MAE" in evaluated.output
    assert "0.000" in evaluated.output


def test_without_two_annotators_there_is_no_agreement(folder, pictures, tmp_path):
    assert "No picture has two annotators" in run(pictures, "--agreement")
