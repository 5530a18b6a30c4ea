"""A link says what it can, and nothing else."""

from __future__ import annotations

from urllib.parse import urlencode

from saliency.ui.share.share import read_link, title_of
from saliency.ui.shared.examples import examples
from saliency.words import MAX_CHARACTERS

MODELS = ("one", "two")


def test_a_link_gives_back_what_was_put_in():
    fields = {
        "example": "Cows",
        "general": "<b>猫</b> & 100 %",
        "salient": "",
        "non_salient": "a\nb",
        "models": "two one",
    }
    assert read_link(urlencode(fields), MODELS) == fields | {"models": ["one", "two"]}


def test_a_link_brings_sentences_with_names_of_their_own():
    fields = {"general": "", "own.a red car": "A <red> car.", "own.猫 & 2": "a=b"}
    assert read_link(urlencode(fields), MODELS) == {
        "general": "",
        "named": [{"name": "a red car", "sentence": "A <red> car."}, {"name": "猫 & 2", "sentence": "a=b"}],
    }
    many = urlencode({f"own.{n}": "x" for n in range(9)})
    assert len(read_link(many, MODELS)["named"]) == 6


def test_what_is_unknown_or_too_much_is_left_out():
    assert read_link("", MODELS) == {}
    assert read_link(None, MODELS) == {}
    assert read_link(urlencode({"models": "three ../x", "picture": "/etc/passwd", "opacity": "3"}), MODELS) == {}
    assert read_link(urlencode({"general": "x" * (MAX_CHARACTERS + 1), "salient": "y"}), MODELS) == {"salient": "y"}
    assert read_link("&".join(f"general={n}" for n in range(1000)), MODELS) == {}
    assert read_link("%zz=%ff&;;;#?", MODELS) == {}


def test_a_picture_is_an_example_by_its_content_wherever_it_lies(tmp_path):
    shown = examples()[1]
    (tmp_path / "upload").write_bytes(shown.picture.read_bytes())
    assert title_of(str(tmp_path / "upload")) == shown.title
    (tmp_path / "upload").write_bytes(shown.picture.read_bytes() + b"\0")
    assert title_of(str(tmp_path / "upload")) == ""
    assert title_of(None) == title_of(str(tmp_path / "gone")) == ""
