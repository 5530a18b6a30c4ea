"""The comparison that the page opens with is computed once for the models and the example that there are."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from saliency.conditions import Condition
from saliency.errors import SaliencyError
from saliency.predictor import Predictor
from saliency.ui.compare.first_sight import FirstSight, strip
from saliency.ui.shared.examples import examples
from tests.ui.own_thread import finished

EXAMPLE = examples()[0]


class Counting(Predictor):
    asked = 0

    def predict(self, *arguments, **options):
        self.asked += 1
        return super().predict(*arguments, **options)


@pytest.fixture
def predictor(miniatures) -> Counting:
    return Counting(checkpoint_dir=miniatures)


def view_of(*arguments) -> dict:
    return finished(FirstSight(*arguments).view())


def test_it_is_computed_once_and_again_for_another_sentence_or_model(predictor, tmp_path):
    view = view_of(predictor, EXAMPLE, ["reader"], tmp_path)
    assert [c["sentence"] for c in view["conditions"]] == ["", EXAMPLE.general, EXAMPLE.salient, EXAMPLE.non_salient]
    assert view_of(predictor, EXAMPLE, ["reader"], tmp_path) == view
    assert predictor.asked == 1
    view_of(predictor, replace(EXAMPLE, salient="Another."), ["reader"], tmp_path)
    view_of(predictor, EXAMPLE, ["reader", "padder"], tmp_path)
    assert predictor.asked == 3


def test_a_damaged_file_and_a_folder_that_cannot_be_written_do_no_harm(predictor, tmp_path):
    view_of(predictor, EXAMPLE, ["reader"], tmp_path)
    [stored] = (tmp_path / "first-sight").iterdir()
    whole = stored.read_text()
    stored.write_text(whole[:100])
    assert view_of(predictor, EXAMPLE, ["reader"], tmp_path)["maps"] == json.loads(whole)["maps"]
    (tmp_path / "file").touch()
    assert view_of(predictor, EXAMPLE, ["reader"], tmp_path / "file")["maps"]


def test_what_fails_is_logged_and_told_to_who_waits(predictor, tmp_path, caplog):
    with pytest.raises(SaliencyError, match="Please choose at least one model"):
        view_of(predictor, EXAMPLE, [], tmp_path)
    assert "opens with failed" in caplog.text


def test_the_line_is_of_the_model_and_sentence_that_move_most():
    def shown(model: str, condition: str, share: float | None) -> dict:
        moved = None if share is None else {"share": share, "source": [1, 1], "target": [0, 0]}
        return {"model": model, "condition": condition, "png": "", "low": 0, "high": 1, "where": {}, "moved": moved}

    maps = [("a", "pure", None), ("a", "salient", 0.2), ("b", "pure", None), ("b", "salient", 0.7)]
    view = {
        "picture": {},
        "models": [{"name": "a", "title": "A"}, {"name": "b", "title": "B"}],
        "conditions": [{"name": "pure", "sentence": ""}, {"name": "salient", "sentence": "A ball."}],
        "maps": [shown(*one) for one in maps],
    }
    reported = strip(view)
    assert (reported["model"], reported["most"], reported["of"]) == ("B", "salient", 4)
    assert [(one["condition"], one["sentence"]) for one in reported["maps"]] == [("pure", ""), ("salient", "A ball.")]


def test_the_shipped_models_move_their_gaze_visibly(tmp_path):
    """What the page says at first sight is worth saying, and in no language that a visitor may not read."""
    predictor = Predictor(["tranblend"])
    view = view_of(predictor, EXAMPLE, ["tranblend"], tmp_path)
    reported = strip(view)
    [most] = [one for one in reported["maps"] if one["condition"] == reported["most"]]
    assert most["moved"]["share"] > 0.5
    assert view["notices"] == []
    assert not any(table["notes"] for table in view["tables"])
    assert reported["most"] == Condition.SALIENT.value
