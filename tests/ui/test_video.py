"""The Video tab's handlers: a clip over the wire, the camera's pictures, and what is refused."""

from __future__ import annotations

import base64
import re
from io import BytesIO
from pathlib import Path

import gradio as gr
import numpy as np
import pytest
from PIL import Image

from saliency.errors import PictureError, UnknownModelError, VideoError
from saliency.predictor import Predictor
from saliency.ui.shared.cancellation import go_on
from saliency.ui.shared.component import source
from saliency.ui.shared.texts import LANGUAGES, own, section
from saliency.ui.video import video_tab
from saliency.ui.video.clip_view import ClipView
from saliency.ui.video.live_camera import MAP_SIDE, seeing
from saliency.ui.video.video_tab import LIMITS, MAPS_PER_SECOND, SECONDS, answer, smallest
from saliency.video import open_clip
from tests.video import clips


@pytest.fixture
def predictor(miniatures):
    return Predictor(checkpoint_dir=miniatures, precision="float32")


@pytest.fixture
def view():
    with gr.Blocks():
        return ClipView()


@pytest.fixture
def clip(tmp_path):
    return clips.write(tmp_path / "clip.mp4", 12, options={"bf": "0"}, sound="aac")


def test_the_video_is_a_file_with_its_numbers(predictor, view, clip):
    said = []
    made = answer(predictor, view, str(clip), "a dog", "reader", 5, 0, 70, lambda *step: said.append(step))
    with open_clip(made["video"]["path"]) as written:
        assert len(list(written.frames())) == 12
    assert made["video"]["path"] in view.temp_files  # served, and deleted in time
    numbers = {key: made[key] for key in ("frames", "maps", "width", "height", "duration", "sound")}
    assert numbers == {"frames": 12, "maps": 6, "width": 64, "height": 48, "duration": 1.2, "sound": True}
    assert (made["model"], made["sentence"], made["notices"]) == ("Reader", "a dog", [])
    assert made["provenance"]["weights"][0]["checkpoint"] == "reader"
    assert [share for share, _ in said] == pytest.approx([number / 12 for number in range(13)])
    assert re.fullmatch(r"Frame 12 of 12, about 0 s left", said[-1][1])


def test_a_text_blind_model_leaves_the_sentence_and_says_so(predictor, view, clip):
    made = answer(predictor, view, str(clip), "a dog", "blind", 5, 0, 70)
    assert made["sentence"] == ""
    assert made["notices"] == ["Blind reads no text: its maps are those of the pictures alone."]


def test_damage_is_among_the_notices(predictor, view, clip):
    clips.damage(clip, 3)
    made = answer(predictor, view, str(clip), "", "blind", 5, 0, 70)
    assert made["frames"] == 11
    assert made["notices"] == ["1 frame is damaged and was skipped; the one before it is shown longer."]


def test_what_clients_ask_beyond_the_bounds_is_brought_within(predictor, view, tmp_path):
    path = clips.write(tmp_path / "fast.mp4", 20)
    assert answer(predictor, view, str(path), "", "blind", 1000, -3, 400)["maps"] == 20  # ten per second for two
    large = clips.write(tmp_path / "large.mp4", [clips.square(0, (720, 1280))] * 2)
    made = answer(predictor, view, str(large), "", "blind", 5, 0, 70)
    assert (made["width"], made["height"]) == (960, 540)


def test_what_cannot_be_answered(predictor, view, clip, tmp_path):
    with pytest.raises(VideoError, match="No video was given"):
        answer(predictor, view, None, "", "blind", 5, 0, 70)
    with pytest.raises(UnknownModelError):
        answer(predictor, view, str(clip), "", None, 5, 0, 70)
    with pytest.raises(UnknownModelError):
        answer(predictor, view, str(clip), "a dog", "other", 5, 0, 70)
    long = clips.write(tmp_path / "long.mp4", 10 * SECONDS + 10, options={"preset": "ultrafast"})
    with pytest.raises(VideoError, match="longer than"):
        answer(predictor, view, str(long), "", "blind", 5, 0, 70)


def test_a_cancelled_clip_ends_at_its_next_frame_and_leaves_no_file(predictor, view, clip, monkeypatch):
    def cancelled(share, _):
        if share > 0.4:
            raise KeyboardInterrupt

    folders = []
    monkeypatch.setattr(
        video_tab, "TemporaryDirectory", lambda real=video_tab.TemporaryDirectory: noted(real(), folders)
    )
    with pytest.raises(KeyboardInterrupt):
        answer(predictor, view, str(clip), "", "blind", 5, 0, 70, cancelled)
    assert [Path(folder).exists() for folder in folders] == [False]
    assert view.temp_files == set()
    go_on()


def noted(folder, folders):
    folders.append(folder.name)
    return folder


def picture(shape=(48, 64)) -> dict:
    file = BytesIO()
    Image.fromarray(clips.square(0, shape)).save(file, "JPEG")
    return {"frame": f"data:image/jpeg;base64,{base64.b64encode(file.getvalue()).decode()}", "number": 7}


@pytest.mark.parametrize(("model", "sentence"), [("blind", "a dog"), ("reader", "a dog"), ("reader", None)])
def test_the_cameras_picture_has_the_predictors_map(predictor, model, sentence):
    sent = picture((240, 320))
    answered = seeing(predictor)(sent, sentence, model)
    assert answered["number"] == 7
    packed = answered["map"]
    grey = np.asarray(Image.open(BytesIO(base64.b64decode(packed["png"].split(",")[1]))))
    assert max(grey.shape) == MAP_SIDE
    pixels = np.asarray(Image.open(BytesIO(base64.b64decode(sent["frame"].split(",")[1]))))
    condition = "general" if sentence and model == "reader" else "pure"
    alone = predictor.predict(pixels, {condition: sentence if condition == "general" else ""}, models=[model])
    expected = alone.reduced(MAP_SIDE).predictions[0].map
    assert np.abs(grey / 255 - expected).max() < 0.01


@pytest.mark.parametrize(
    "sent",
    [
        None,
        "text",
        {},
        {"frame": None},
        {"frame": "data:image/png;base64,AAAA"},
        {"frame": "data:image/jpeg;base64,%%%"},
        {"frame": "data:image/jpeg;base64,AAAA"},
        {"frame": "data:image/jpeg;base64," + "A" * 700_000},
    ],
)
def test_what_is_no_picture_of_a_camera_is_refused(predictor, sent):
    with pytest.raises(PictureError):
        seeing(predictor)(sent, "", "blind")


def test_the_smallest_model_that_reads_is_chosen_at_first(predictor):
    assert smallest(predictor) in ("reader", "padder")


@pytest.mark.parametrize("name", ["video", "clip_view", "live_camera"])
def test_every_text_is_in_both_languages_and_every_drawn_one_is_there(name):
    for key, entry in section(name).items():
        assert all(entry[language].strip() for language in LANGUAGES), key
    if name != "video":
        drawn = set(re.findall(r'data-(?:text|label)="(\w+)"', source(f"{name}.html")))
        drawn |= set(re.findall(r'\b(?:text|say|end)\("(\w+)"', source(f"{name}.js")))
        assert len(drawn) > 5
        assert drawn <= set(section(name))


def test_the_bounds_are_told_before(predictor):
    assert (SECONDS, LIMITS.frames, MAPS_PER_SECOND) == (20, 1200, 10)  # as the texts and the API's documentation say
    for entry in (own("video")["clip"], own("clip_view")["welcome"]):
        for language in LANGUAGES:
            assert "20" in entry[language]
            assert "64 MB" in entry[language]
