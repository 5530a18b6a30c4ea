"""`Predictor.caption`, ``saliency caption`` and ``saliency evaluate --task captions`` on a captioner in miniature."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from typer.testing import CliRunner

from saliency import checkpoints
from saliency.caption_evaluation import commonest_caption, nearest_captions, pooled
from saliency.checkpoints import Description
from saliency.cli import app
from saliency.data.flickr8k import Caption as Sentence
from saliency.data.flickr8k import Entry
from saliency.errors import CheckpointError, PictureError
from saliency.models import registry, trunks
from saliency.models.captioner import Captioner
from saliency.models.captioner.beam_search import Sequences
from saliency.models.text import load_word_pieces
from saliency.predictor import Predictor

from .tiny import in_miniature
from .training.squares import ColourTrunk, draw

CONFIG = {
    "trunk": "colours",
    "height": 64,
    "width": 96,
    "grid": [8, 12],
    "hidden": 16,
    "heads": 2,
    "vocabulary": 16,
    "length": 9,
}
WORDS = "a brown dog runs through tri - colored grass ."


@pytest.fixture
def captioner(monkeypatch) -> Captioner:
    """Of random weights, with a few words."""
    monkeypatch.setitem(trunks.TRUNKS, "colours", ColourTrunk)
    torch.manual_seed(3)
    model = Captioner(registry.preset("captioner", **CONFIG).config).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if not name.startswith("trunk"):
                parameter += 0.4 * torch.randn_like(parameter)
    model.vocabulary.fill([load_word_pieces("minilm").pieces([WORDS])[0].ids])
    return model


def save(model: Captioner, folder: Path) -> checkpoints.Card:
    preset = registry.preset("captioner", **CONFIG)
    description = Description(
        name="captioner",
        model="captioner",
        preset="compact",
        config=CONFIG,
        text_encoder="minilm",
        preprocessing=preset.preprocessing,
        licence="MIT",
    )
    return checkpoints.save(model, description, folder)


@pytest.fixture
def folder(captioner, tmp_path) -> Path:
    save(captioner, tmp_path / "checkpoints")
    return tmp_path / "checkpoints"


@pytest.fixture
def predictor(folder) -> Predictor:
    return Predictor([], checkpoint_dir=folder, precision="float32")


def picture(seed: int = 0, shape: tuple[int, int] = (60, 90)) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (*shape, 3), dtype=np.uint8)


class TestPredictor:
    def test_a_caption_has_its_words_their_attention_and_its_checkpoint(self, predictor, folder):
        caption = predictor.caption(picture())
        assert caption.sentence[0] == caption.sentence[0].upper()
        assert [caption.sentence[start:end] for start, end in caption.spans] == [one.word for one in caption.words]
        assert caption.attention.shape == (len(caption.spans), 2, 3)
        assert caption.attention.dtype == np.float32
        np.testing.assert_allclose(caption.attention.sum((1, 2)), 1, rtol=1e-5)
        assert caption.log_probability < 0
        assert caption.checkpoint.sha256 == checkpoints.read_card("captioner", folder).sha256
        for word in caption.words:
            assert word.map.shape == (60, 90)
            assert word.working_map.max() == 1

    def test_the_same_picture_has_the_same_caption(self, predictor, folder):
        first = predictor.caption(picture())
        again = Predictor([], checkpoint_dir=folder, precision="float32", pictures_cached=0).caption(picture())
        assert (first.sentence, first.spans) == (again.sentence, again.spans)
        np.testing.assert_array_equal(first.attention, again.attention)
        assert first.log_probability == again.log_probability

    def test_a_picture_is_described_once(self, predictor):
        assert predictor.caption(picture()) is predictor.caption(picture())
        assert predictor.caption(picture(1)) is not predictor.caption(picture())

    def test_a_caption_cannot_be_changed(self, predictor):
        with pytest.raises(ValueError, match="read-only"):
            predictor.caption(picture()).attention[0] = 0

    def test_the_attention_of_a_word_is_the_mean_over_its_pieces(self, predictor, monkeypatch):
        """The captioner is made to say “A tri-colored dog.”, whose second word has three pieces."""
        predictor.caption(picture())
        session = predictor._captions
        ids = load_word_pieces("minilm").pieces(["a tri - colored dog ."])[0].ids
        tokens = session.model.vocabulary.tokens([ids], length=9)
        monkeypatch.setattr(Captioner, "describe", lambda *_: Sequences(tokens, torch.zeros(1)))
        maps = torch.rand(1, len(ids), 2, 3)
        monkeypatch.setattr(Captioner, "attention", lambda *_: maps)
        caption = predictor.caption(picture(1))
        assert [word.word for word in caption.words] == ["A", "tri-colored", "dog"]
        expected = [maps[0, 0], maps[0, 1:4].mean(0), maps[0, 4]]
        np.testing.assert_allclose(caption.attention, torch.stack(expected).numpy(), rtol=1e-6)

    def test_without_a_captioner_the_reason_is_said(self, tmp_path):
        with in_miniature(tmp_path) as folder:
            predictor = Predictor(checkpoint_dir=folder)
            assert predictor.captioner is None
            with pytest.raises(CheckpointError, match="no checkpoint called “captioner”"):
                predictor.caption(picture())

    def test_its_card_is_known_before_it_is_loaded(self, predictor):
        assert predictor.captioner.model == "captioner"
        assert predictor._captions is None

    def test_a_bad_picture_is_refused(self, predictor):
        with pytest.raises(PictureError):
            predictor.caption(b"no picture")

    def test_it_is_none_of_the_models(self, captioner, tmp_path):
        with in_miniature(tmp_path) as folder:
            save(captioner, folder)
            predictor = Predictor(checkpoint_dir=folder)
            assert "captioner" not in predictor.models
            assert predictor.caption(picture()).sentence
            assert set(predictor.predict(picture()).models) == set(predictor.models)


def run(*arguments) -> str:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.output
    return result.stdout


class TestCommandLine:
    @pytest.fixture(autouse=True)
    def _checkpoints(self, folder, monkeypatch):
        monkeypatch.setenv("SALIENCY_CHECKPOINTS", str(folder))
        monkeypatch.setattr("saliency.predictor.preferred_dtype", lambda device: torch.float32)

    @pytest.fixture
    def pictures(self, tmp_path) -> list[Path]:
        paths = [tmp_path / f"{name}.png" for name in ("first", "second")]
        for seed, path in enumerate(paths):
            Image.fromarray(picture(seed)).save(path)
        return paths

    def test_a_picture_is_described_in_one_line(self, pictures, predictor):
        assert run("caption", pictures[0]).strip() == predictor.caption(picture(0)).sentence

    def test_several_pictures_have_their_names(self, pictures, predictor):
        lines = run("caption", *pictures).splitlines()
        expected = [predictor.caption(picture(seed)).sentence for seed in (0, 1)]
        assert lines == [f"first.png: {expected[0]}", f"second.png: {expected[1]}"]

    def test_where_the_words_come_from_is_written(self, pictures, tmp_path, predictor):
        run("caption", pictures[0], "--out", tmp_path / "out")
        caption = predictor.caption(picture(0))
        record = json.loads((tmp_path / "out" / "first.json").read_text())
        assert record["sentence"] == caption.sentence
        assert record["words"] == [word.word for word in caption.words]
        with np.load(tmp_path / "out" / "first.npz") as arrays:
            np.testing.assert_allclose(arrays["attention"], caption.attention, rtol=1e-6)

    def test_a_picture_that_cannot_be_read_is_left_out(self, pictures, tmp_path):
        (tmp_path / "broken.png").write_bytes(b"nothing")
        result = CliRunner().invoke(app, ["caption", str(tmp_path / "broken.png"), str(pictures[0])])
        assert result.exit_code == 3
        assert "first.png: " in result.stdout
        assert "broken.png: " in result.stderr

    def test_captions_are_scored_beside_both_baselines(self, tmp_path, monkeypatch):
        monkeypatch.setattr("saliency.training.frozen_features.FEATURES", tmp_path / "features")
        (tmp_path / "squares").mkdir()
        out = run("evaluate", draw(tmp_path / "squares"), "--task", "captions", "--json", tmp_path / "scores.json")
        assert {line.split()[0] for line in out.splitlines()[1:]} >= {"n", "CIDEr-D", "BLEU-4", "distinct-2"}
        found = json.loads((tmp_path / "scores.json").read_text())
        assert list(found) == ["captioner", "nearest picture", "commonest caption"]
        assert found["commonest caption"]["distinct_1"] < found["nearest picture"]["distinct_1"]
        assert 0 <= found["captioner"]["bleu_4"] <= 1
        assert len(found["captioner"]["ciders"]) == len(range(107, 427, 20))

    def test_the_task_refuses_options_that_it_does_not_read(self, tmp_path):
        result = CliRunner().invoke(app, ["evaluate", str(tmp_path), "--task", "captions", "--model", "gsgnet"])
        assert result.exit_code == 2
        assert "does not read --model" in result.output


class TestBaselines:
    ENTRIES = (
        Entry("1", Path(), (Sentence("A dog .", ()), Sentence("A cat", ()))),
        Entry("2", Path(), (Sentence("a dog", ()), Sentence("Two cats .", ()))),
    )

    def test_the_commonest_caption_is_counted_by_its_words(self):
        assert commonest_caption(self.ENTRIES) == "a dog"

    def test_of_equally_frequent_captions_it_is_the_first(self):
        assert commonest_caption(self.ENTRIES[:1]) == "a cat"

    def test_the_nearest_picture_lends_its_first_caption(self):
        known = torch.tensor([[1.0, 0.0], [0.0, 2.0]])
        held_out = torch.tensor([[0.1, 0.3], [5.0, 4.0], [3.0, 0.0]])
        assert nearest_captions(held_out, self.ENTRIES, known) == ["a dog", "A dog .", "A dog ."]

    def test_features_are_pooled_over_the_deepest_level(self):
        features = {"stride16": torch.ones(1, 2, 4, 4), "stride32": torch.arange(8.0).reshape(1, 2, 2, 2)}
        assert pooled(features).tolist() == [[1.5, 5.5]]
