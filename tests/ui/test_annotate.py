"""The handlers of the Annotate tab and of the page of a folder: what the browser sends, and what it gets."""

from __future__ import annotations

import base64
import json
import re
import zipfile
from io import BytesIO
from pathlib import Path

import gradio as gr
import httpx
import numpy as np
import pytest
from PIL import Image

from saliency.annotation import AnnotationFolder, export_objects, superpixels
from saliency.data import ObjectDataset
from saliency.errors import AnnotationError, PictureError
from saliency.imaging import load_image
from saliency.predictor import Predictor
from saliency.ui.annotate.annotate_page import build_annotator
from saliency.ui.annotate.annotate_stage import labels_view
from saliency.ui.annotate.annotate_tab import MOST_EVENTS, annotated, guessing, opened
from saliency.ui.annotate.annotated_download import zipped
from saliency.ui.shared.component import source
from saliency.ui.shared.texts import LANGUAGES, own, section
from tests.annotation.made_annotations import event, write_pictures
from tests.ui.serving import serving

COUNT = 100


@pytest.fixture
def picture(tmp_path):
    rng = np.random.default_rng(0)
    path = tmp_path / "upload" / "cow.jpg"
    path.parent.mkdir()
    Image.fromarray(rng.integers(256, size=(48, 64, 3), dtype=np.uint8)).save(path)
    return str(path)


def labels_of(view: str) -> np.ndarray:
    values = np.asarray(Image.open(BytesIO(base64.b64decode(view.split(",")[1])))).astype(int)
    return values[..., 0] + 256 * values[..., 1]


def test_an_upload_is_a_picture_with_its_segments(picture):
    made = opened(picture, COUNT)
    segments = superpixels(load_image(picture), COUNT)
    assert (made["stem"], made["segmentation"], made["guessable"]) == ("cow", segments.key, True)
    assert np.array_equal(labels_of(made["labels"]), segments.labels)
    assert len(made["names"]) == len(made["shares"]) == len(segments.segments)
    assert opened(None, COUNT) is None


def test_labels_beyond_255_and_none_at_all_arrive():
    assert labels_of(labels_view(np.array([[0, 255, 256, 1000, -1]]))).tolist() == [[0, 255, 256, 1000, 65535]]


def test_the_zip_of_an_upload_is_a_data_set(picture, tmp_path):
    segments = superpixels(load_image(picture), COUNT)
    sent = [event(at, "toggle", at, picture="cow", segmentation=segments.key).record() for at in (3, 4)]
    with gr.Blocks():
        button = gr.DownloadButton()
    file = zipped(button, [annotated(picture, {"events": sent, "count": COUNT})], "cow")
    with zipfile.ZipFile(file) as archive:
        archive.extractall(tmp_path / "out")
        assert sorted(archive.namelist())[-1] == "cow/masks/cow.png"
        audit = json.loads(archive.read("cow/audit.jsonl"))
    assert [each["number"] for each in audit["segments"]] == [3, 4]
    [sample] = ObjectDataset(tmp_path / "out" / "cow")
    assert np.array_equal(sample.mask(), np.isin(segments.labels, [3, 4]))


def test_an_upload_of_any_name_becomes_a_picture_of_the_data_set(picture, tmp_path):
    path = tmp_path / "upload" / "nameless"
    Path(picture).rename(path)
    key = superpixels(load_image(path), COUNT).key
    sent = [event(0, "toggle", 0, picture="nameless", segmentation=key).record()]
    export_objects([annotated(str(path), {"events": sent, "count": COUNT})], tmp_path / "out")
    [sample] = ObjectDataset(tmp_path / "out")
    assert np.array_equal(sample.image(), load_image(path))


@pytest.mark.parametrize(
    "sent",
    [
        None,
        {},
        {"events": None},
        {"events": []},
        {"events": [{}], "count": COUNT},
        {"events": [], "count": 7},
        {"events": [{}] * (MOST_EVENTS + 1)},
    ],
)
def test_what_is_no_annotation_is_refused(picture, sent):
    with pytest.raises(AnnotationError):
        annotated(picture, sent)
    with pytest.raises(AnnotationError):
        annotated(None, sent)


def test_an_upload_that_is_no_picture_is_refused(tmp_path):
    (tmp_path / "x.jpg").write_text("no picture")
    with pytest.raises(PictureError):
        opened(str(tmp_path / "x.jpg"), COUNT)


def test_a_guess_is_made_without_a_captioner_too(miniatures, picture):
    guess = guessing(Predictor(checkpoint_dir=miniatures, precision="float32"))(picture, {"count": COUNT})["guess"]
    assert guess is None or (guess["segments"] and guess["source"] in ("reader", "padder"))


@pytest.fixture
def folder(tmp_path):
    return AnnotationFolder(write_pictures(tmp_path / "pictures", "a", "b"))


@pytest.fixture
def call(folder):
    """Calls a server function of the page over the wire, as its script does."""
    with serving(lambda: build_annotator(folder)) as address:
        config = httpx.get(f"{address}config").json()
        stage = next(part["id"] for part in config["components"] if part["props"].get("elem_id") == "annotate-stage")

        def post(function: str, sent: object, language: str = "en") -> httpx.Response:
            body = {"data": sent, "component_id": stage, "fn_name": function, "session_hash": "x"}
            headers = {"accept-language": language}
            return httpx.post(f"{address}gradio_api/component_server/", json=body, headers=headers, timeout=60)

        yield post


def test_what_was_answered_is_in_the_log_and_comes_back(call, folder):
    first = call("open", {"stem": "", "step": 0, "annotator": "Ann"}).json()
    assert (first["stem"], first["events"]) == ("a", [])
    assert first["place"] == {"index": 0, "count": 2, "finished": 0}
    clicked = event(1, "toggle", 0, segmentation=first["segmentation"]).record()
    assert call("save", {"events": [clicked, clicked]}).json() == {"settled": [clicked["id"]] * 2, "error": None}
    assert len(folder.log.path.read_text().splitlines()) == 1
    again = call("open", {"stem": "b", "step": -1, "annotator": "Ann"}).json()
    assert [each["segments"] for each in again["events"]] == [[0]]
    assert again["events"][0]["time"] != clicked["time"], "it has the server's time"
    assert again["place"]["finished"] == 1
    assert call("open", {"stem": "a", "step": 0, "annotator": "Bob"}).json()["events"] == []


def test_what_the_log_cannot_take_is_settled_with_a_sentence_and_the_rest_is_saved(call, folder):
    bad = event(1, "toggle", 0, picture="../a").record()
    good = event(2, "toggle", 0).record()
    answer = call("save", {"events": [bad, good]}).json()
    assert sorted(answer["settled"]) == [bad["id"], good["id"]]
    assert answer["error"] == "There is no picture “../a” in the folder."
    assert [each.id for each in folder.log.events] == [good["id"]]


def test_a_full_disk_settles_nothing(call, folder, monkeypatch):
    def full(*_):
        raise OSError("no space left")

    monkeypatch.setattr("saliency.annotation.annotation_log.os.fsync", full)
    answer = call("save", {"events": [event(1, "toggle", 0).record()]}, "zh-CN").json()
    assert answer == {"error": "无法保存标注：无法写入其文件。"}


def test_agreement_is_of_the_pictures_with_two_annotators(call, folder):
    assert call("agreement", {}).json() == {"pictures": 0}
    key = folder.segmentation("a").key
    folder.save([event(n, "toggle", 0, segmentation=key, annotator=name) for n, name in enumerate(("Ann", "Bob"))])
    made = call("agreement", {}).json()
    assert (made["pictures"], made["iou"]) == (1, 1.0)
    alone = len(folder.segmentation("a").segments) == 1
    assert made["cohen"] == [["Ann", "Bob", None if alone else 1.0]]


def test_only_the_functions_of_the_page_are_called(call):
    assert call("get_config", {}).status_code == 404
    assert call("open", {}).status_code == 500


@pytest.mark.parametrize("name", ["annotate", "annotate_stage"])
def test_every_text_is_in_both_languages_and_every_drawn_one_is_there(name):
    for key, entry in section(name).items():
        assert all(entry[language].strip() for language in LANGUAGES), key
    if name == "annotate_stage":
        drawn = set(re.findall(r'data-(?:text|label)="(\w+)"', source(f"{name}.html")))
        drawn |= set(re.findall(r'\b(?:text|say|refuse)\("(\w+)"', source(f"{name}.js")))
        assert len(drawn) > 30
        assert drawn <= set(own(name))
