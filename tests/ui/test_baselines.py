"""Baselines without weights in the app: there to be chosen, not chosen at first sight, and named as what they are."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace

import pytest

from saliency import checkpoints, serving, ui
from saliency.analysis import ErrorAnalysis
from saliency.data.layouts import open_data_set
from saliency.predictor import Predictor
from saliency.ui.errors.errors_tab import present_overview
from saliency.ui.errors.report import write_report
from saliency.ui.models.models_tab import card_views, in_chinese, measured
from saliency.ui.shared.model_choice import choices, learned, readers
from saliency.ui.shared.presentation import present
from saliency.ui.shared.texts import section
from tests.samples import SENTENCES, write_data_set

BASELINES = ["centre_prior", "spectral_residual", "fine_grained"]


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    return Predictor(["clip_salgan", "transalnet", *BASELINES])


def test_the_app_offers_them_beside_the_checkpoints(monkeypatch):
    found = {}

    def build(predictor, *_, **__):
        found["models"] = list(predictor.models)
        return SimpleNamespace()

    monkeypatch.setattr(ui, "build", build)
    monkeypatch.setattr(checkpoints, "available", lambda: [checkpoints.read_card("clip_salgan")])
    serving.demo()
    assert found["models"] == ["clip_salgan", *BASELINES]


def test_they_are_not_chosen_at_first_sight(predictor):
    assert readers(predictor) == ["clip_salgan"]
    assert learned(predictor) == ["clip_salgan", "transalnet"]
    assert learned(Predictor(BASELINES)) == BASELINES
    labels = dict(reversed(choice) for choice in choices(predictor))
    assert [name for name, label in labels.items() if "model_choice.without_weights" in label] == BASELINES
    assert labels["spectral_residual"].startswith("Spectral residual\n")
    texts = section("model_choice")
    assert "model_choice.reads_nothing" in labels["transalnet"]
    assert "baseline" in texts["without_weights"]["en"]
    assert "baseline" not in texts["reads_nothing"]["en"], "a trained model that reads no text is none"


def test_a_model_of_objects_is_offered_and_not_chosen(predictor):
    specs = dict(predictor.specs)
    specs["clip_salgan"] = replace(specs["clip_salgan"], task="objects")
    other = SimpleNamespace(specs=specs, cards=predictor.cards, titles=predictor.titles, models=predictor.models)
    assert learned(other) == ["transalnet"]
    labels = dict(reversed(choice) for choice in choices(other))
    assert "model_choice.objects" in labels["clip_salgan"]


def test_words_offers_those_with_weights(predictor):
    names = [name for _, name in choices(predictor, learned(predictor))]
    assert names == ["clip_salgan", "transalnet"]
    radios = [block for block in ui.build(predictor).blocks.values() if block.get_block_name() == "radio"]
    assert [name for _, name in radios[0].choices] == names


def test_the_errors_tab_leaves_them_out_until_they_are_asked_for(predictor, tmp_path):
    data = open_data_set(write_data_set(tmp_path / "gaze", 1, SENTENCES))
    study = ErrorAnalysis(predictor, data, tmp_path / "cache")
    models = present_overview(study)["models"]
    assert [model["name"] for model in models if model["baseline"]] == BASELINES
    for _ in study.run(["spectral_residual"]):
        pass
    table = study.table()
    assert set(table["model"]) == {"spectral_residual"}
    assert table["CC"].notna().all()
    for _ in write_report(study, [data.samples[0].stem], "", tmp_path / "report.html"):
        pass
    assert "Spectral residual: spectral_residual, without weights" in (tmp_path / "report.html").read_text("utf-8")


def test_their_maps_and_cards_are_json_without_a_sha256(predictor):
    comparison = predictor.predict("assets/examples/otters.jpg", models=BASELINES)
    view = json.loads(json.dumps(present(comparison), allow_nan=False))
    assert [weights["sha256"] for weights in view["provenance"]["weights"]] == [None] * 3
    cards = card_views(predictor)
    assert [(card["sha256"], card["file"], card["reads"]) for card in cards[2:]] == [(None, 0, "nothing")] * 3
    assert all(card["scores"] for card in cards)
    assert {card["summary"] for card in cards} <= set(in_chinese(cards))


def test_their_speed_is_measured_like_any(predictor):
    *_, last = measured(predictor, "spectral_residual", rounds=1)
    assert last["memory"] == 0
    assert last["seconds"]["total"] > 0
