"""A link says what it can, and nothing else."""

from __future__ import annotations

from urllib.parse import urlencode

from saliency.ui.share import read_link
from saliency.words import MAX_CHARACTERS

MODELS = ("one", "two")


def test_a_link_gives_back_what_was_put_in():
    fields = {
        "example": "Cat",
        "general": "<b>猫</b> & 100 %",
        "salient": "",
        "non_salient": "a\nb",
        "models": "two one",
    }
    assert read_link(urlencode(fields), MODELS) == fields | {"models": ["one", "two"]}


def test_what_is_unknown_or_too_much_is_left_out():
    assert read_link("", MODELS) == {}
    assert read_link(None, MODELS) == {}
    assert read_link(urlencode({"models": "three ../x", "picture": "/etc/passwd", "opacity": "3"}), MODELS) == {}
    assert read_link(urlencode({"general": "x" * (MAX_CHARACTERS + 1), "salient": "y"}), MODELS) == {"salient": "y"}
    assert read_link("&".join(f"general={n}" for n in range(1000)), MODELS) == {}
    assert read_link("%zz=%ff&;;;#?", MODELS) == {}
