"""The table of all scores says what the cards say."""

from __future__ import annotations

import json

from saliency.predictor import Predictor
from saliency.ui.models.models_tab import card_views
from saliency.ui.models.score_table import score_view


def card(name, *tables, task="gaze"):
    return {"name": name, "title": name.title(), "file": 7, "task": task, "scores": list(tables)}


def table(split, metrics, data=None, **rows):
    shown = [{"condition": condition, "n": n, "values": values} for condition, (n, values) in rows.items()]
    return {"split": split, "data": data, "metrics": metrics, "rows": shown}


ONE, TWO, THREE = [0.1, 0.0, 0.2], [0.2, 0.1, 0.3], [0.3, 0.2, 0.4]


def test_scores_are_put_under_the_metrics_of_all_cards():
    cards = [
        card("a", table("validation", ["CC", "KL"], "people", pure=(4, [ONE, TWO]))),
        card("b", table("validation", ["NSS", "CC"], None, pure=(5, [THREE, None]), salient=(6, [ONE, TWO]))),
        card("c"),
    ]
    view = score_view(cards)
    json.dumps(view)
    assert (view["split"], view["data"]) == ("validation", "people")
    assert view["metrics"] == [
        {"name": "CC", "lower": False},
        {"name": "KL", "lower": True},
        {"name": "NSS", "lower": False},
    ]
    assert view["conditions"] == ["pure", "salient"]
    assert [model["scores"] for model in view["models"]] == [
        {"pure": [ONE, TWO, None]},
        {"pure": [None, None, THREE], "salient": [TWO, None, ONE]},
        {},
    ]
    assert [model["n"] for model in view["models"]] == [{"pure": 4}, {"pure": 5, "salient": 6}, {}]


def test_of_several_splits_the_one_that_most_cards_have_is_compared():
    cards = [
        card("a", table("test", ["CC"], pure=(1, [ONE])), table("validation", ["CC"], pure=(2, [TWO]))),
        card("b", table("validation", ["CC"], pure=(3, [THREE]))),
        card("c", table("held out", ["MAE"], pure=(3, [THREE])), task="objects"),
    ]
    view = score_view(cards)
    assert view["split"] == "validation"
    assert [model["scores"]["pure"] for model in view["models"]] == [[TWO], [THREE]]


def test_cards_without_scores_leave_the_table_empty(miniatures):
    empty = score_view(card_views(Predictor(checkpoint_dir=miniatures)))
    assert (empty["split"], empty["conditions"], empty["metrics"]) == (None, [], [])
    assert [model["name"] for model in empty["models"]] == ["reader", "padder", "blind"]
