"""Uploaded ground truth: read for its picture, accounted for, and recorded in what is taken home."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from dataclasses import asdict

import numpy as np
import pytest
from PIL import Image

from saliency.archive.writer import metrics_csv, write_archive
from saliency.conditions import Condition
from saliency.errors import GroundTruthError
from saliency.gaze import Fixation, GazeOptions, Recording, Screen, Units
from saliency.messages import Message
from saliency.ui.shared.presentation import present
from saliency.ui.shared.sentences import translated
from saliency.ui.truth import truth_files
from saliency.ui.truth.truth_files import account, read_recording, read_truth
from tests.ui.gaze_tables import two_pictures


@pytest.fixture
def truth(tmp_path):
    """A density whose proportions are the picture's, (480, 640), and a table in which one place occurs twice."""
    (tmp_path / "f.csv").write_text("x,y\n3,4\n3,4\n600,100\n")
    np.save(tmp_path / "d.npy", np.eye(240, 320))
    return read_truth(str(tmp_path / "d.npy"), str(tmp_path / "f.csv"), "salient", (480, 640))


def test_ground_truth_is_read_in_the_pictures_pixels(truth, tmp_path):
    assert read_truth(None, None, "pure", (480, 640)) is None
    assert truth.condition is Condition.SALIENT
    assert truth.density.shape == (480, 640)
    assert truth.fixations.tolist() == [[4, 3], [4, 3], [100, 600]]  # two looks at one place are two
    with pytest.raises(GroundTruthError, match="outside"):
        read_truth(None, str(tmp_path / "f.csv"), "salient", (2, 2))
    with pytest.raises(GroundTruthError, match="320 x 240, the picture 640 x 640"):
        read_truth(str(tmp_path / "d.npy"), None, "salient", (640, 640))


def test_the_table_says_how_many_fixations_its_numbers_are_of(truth, comparison):
    [table, *_] = present(comparison, truth)["tables"]
    assert table["fixations"] == 3
    assert table["notes"][0].startswith("3 fixations")
    nss = table["columns"].index("NSS")
    for row in table["rows"][:2]:
        density = comparison.get(row[0], Condition.SALIENT).density.astype(np.float64)
        standard = (density - density.mean()) / density.std()
        assert row[nss] == pytest.approx((2 * standard[4, 3] + standard[100, 600]) / 3, abs=1e-4)


def test_what_is_taken_home_says_how_the_ground_truth_was_read(truth, comparison, tmp_path):
    tables = present(comparison, truth)["tables"]
    write_archive(comparison, tmp_path / "all.zip", tables, truth=truth.record)
    with zipfile.ZipFile(tmp_path / "all.zip") as archive:
        record = json.loads(archive.read("ground_truth.json"))
        rows = list(csv.DictReader(io.StringIO(archive.read("metrics.csv").decode())))
    assert record["condition"] == "salient"
    assert record["fixations"] | {"notices": []} == {
        "file": "f.csv",
        "used": 3,
        "total": 3,
        "left_out": {},
        "people": 1,
        "units": "pixels",
        "columns": record["fixations"]["columns"],
        "notices": [],
    }
    assert record["density"]["file"] == "d.npy"
    assert record["other_people"] is None  # nobody is named
    assert record["options"] == json.loads(json.dumps(asdict(GazeOptions())))
    [count] = [row for row in rows if row["metric"] == "fixations"]
    assert (count["table"], count["value"]) == ("against", "3")
    write_archive(comparison, tmp_path / "none.zip")
    with zipfile.ZipFile(tmp_path / "none.zip") as archive:
        assert "ground_truth.json" not in archive.namelist()


def test_a_mask_is_scored_by_the_metrics_of_objects_alone(comparison, tmp_path):
    mask = np.zeros((240, 320), np.uint8)
    mask[60:180, 80:240] = 255
    Image.fromarray(mask).save(tmp_path / "m.png")
    truth = read_truth(None, None, "salient", (480, 640), mask=str(tmp_path / "m.png"))
    assert truth.mask.mean() == 0.25
    view = present(comparison, truth)
    assert view["people"] is None
    assert [table["name"] for table in view["tables"]] == ["objects", "moved", "agreement"]
    table = view["tables"][0]
    assert {"MAE", "maxF", "meanF", "adpF", "wF", "S", "meanE"} <= set(table["columns"])
    assert not {"CC", "NSS"} & set(table["columns"])
    assert table["notes"] == ["A mask of objects on 25% of the picture"]
    write_archive(comparison, tmp_path / "all.zip", view["tables"], truth=truth.record)
    with zipfile.ZipFile(tmp_path / "all.zip") as archive:
        assert json.loads(archive.read("ground_truth.json"))["mask"] == {"file": "m.png", "notices": []}
        rows = list(csv.DictReader(io.StringIO(archive.read("metrics.csv").decode())))
    assert {row["metric"] for row in rows if row["table"] == "objects"} == set(table["columns"][2:])


def test_a_density_of_two_values_may_be_a_mask(tmp_path):
    mask = np.zeros((240, 320), np.uint8)
    mask[60:180, 80:240] = 255
    Image.fromarray(mask).save(tmp_path / "m.png")
    assert "field for masks" in truth_files.read_map(str(tmp_path / "m.png"), (480, 640)).notices[-1]
    mask[70] = 100
    Image.fromarray(mask).save(tmp_path / "d.png")
    assert truth_files.read_map(str(tmp_path / "d.png"), (480, 640)).notices == ()


def test_how_well_people_predict_each_other_is_taken_home(comparison, tmp_path):
    (tmp_path / "f.csv").write_text("participant,x,y\nann,300,200\nbob,300,200\nbob,310,210\n")
    truth = read_truth(None, str(tmp_path / "f.csv"), "salient", (480, 640))
    write_archive(comparison, tmp_path / "all.zip", present(comparison, truth)["tables"], truth=truth.record)
    with zipfile.ZipFile(tmp_path / "all.zip") as archive:
        record = json.loads(archive.read("ground_truth.json"))["other_people"]
        rows = list(csv.DictReader(io.StringIO(archive.read("metrics.csv").decode())))
    assert (record["participants"], record["blur"]) == (2, pytest.approx(31.98, abs=0.01))
    against = [row for row in rows if row["table"] == "against" and row["model"]]
    scores = {(row["model"], row["metric"]): float(row["value"]) for row in against}
    assert scores["other_people", "AUC"] == record["AUC"] > 0.98
    assert scores["other_people", "NSS"] == record["NSS"] > 3
    assert scores["centre_bias", "AUC"] > 0.5
    assert {name for name, _ in scores} == {"one", "two", "centre_bias", "other_people"}


def test_without_fixations_no_number_of_them_is_written(comparison):
    assert "fixations" not in metrics_csv(present(comparison)["tables"])


def test_the_record_has_the_screen(tmp_path):
    Image.fromarray(np.full((30, 40), 200, np.uint8)).save(tmp_path / "d.png")
    options = GazeOptions(Units.PIXELS, Screen(1920, 1080))
    record = json.loads(json.dumps(read_truth(str(tmp_path / "d.png"), None, "pure", (30, 40), options).record))
    assert record["fixations"] is None
    assert record["options"]["screen"] == {"width": 1920, "height": 1080, "shown": "centred", "left": 0, "top": 0}


def test_the_account_has_the_number_the_columns_and_every_notice():
    notice = Message("There is no fixation in the file.")
    recording = Recording(
        (Fixation(1, 2, "A"), Fixation(3, 4, "B")),
        (30, 40),
        columns={"x": "x", "y": "y", "participant": "LABEL", "duration": "Duration", "event": "Kind"},
        total=3,
        left_out={"lost": 1},
        notices=(notice,),
    )
    summary, *notices, columns = account(recording)
    assert summary == recording.summary()
    assert columns == "Also read: participant from “LABEL”, kind of event from “Kind”."
    assert notices == [notice]
    assert translated(columns) == columns
    assert account(Recording((Fixation(1, 2),), (30, 40)))[1:] == ()


def test_the_pictures_own_name_is_used_only_where_it_helps(monkeypatch):
    monkeypatch.setattr(truth_files, "read_fixations", two_pictures)
    assert read_recording("f.csv", (30, 40), picture="/tmp/x/cup.jpg").participants == ("cup",)
    chosen = GazeOptions(picture="cat")
    assert read_recording("f.csv", (30, 40), chosen, "/tmp/x/cup.jpg").participants == ("cat",)
    for options, picture in (
        (GazeOptions(), "/tmp/x/dog.jpg"),
        (GazeOptions(), None),
        (GazeOptions(picture="x"), "cup"),
    ):
        with pytest.raises(GroundTruthError):
            read_recording("f.csv", (30, 40), options, picture)


def test_a_trackers_table_is_accounted_for_in_chinese(tmp_path, monkeypatch):
    (tmp_path / "f.tsv").write_text(
        "RECORDING_SESSION_LABEL\tCURRENT_FIX_X\tCURRENT_FIX_Y\nann\t3\t4\nbob\t.\t.\nbob\t5\t6\n"
    )
    recording = read_recording(str(tmp_path / "f.tsv"), (30, 40))
    assert account(recording)[0] == "2 fixations of 2 people, pixels, 1 left out"
    monkeypatch.setattr("saliency.ui.shared.sentences.language", lambda: "zh")
    lines = [translated(line) for line in account(recording)]
    assert lines[-1] == "还读取了：参与者（“RECORDING_SESSION_LABEL”列）。"
    assert all(any("一" <= character <= "鿿" for character in line) for line in lines)


def test_a_table_of_several_pictures_is_asked_about_by_their_names(tmp_path):
    (tmp_path / "f.csv").write_text("image,x,y\ncup.jpg,1,2\ncat.jpg,3,4\ncup.jpg,5,6\n")
    read = read_recording(str(tmp_path / "f.csv"), (30, 40), picture="/tmp/gradio/12/cup.png")
    assert read.points.tolist() == [[2, 1], [6, 5]]
    assert read.left_out == {"other_picture": 1}
    with pytest.raises(GroundTruthError, match=r"please name the one that is meant: cup\.jpg, cat\.jpg"):
        read_recording(str(tmp_path / "f.csv"), (30, 40), picture="/tmp/gradio/12/photo.png")
