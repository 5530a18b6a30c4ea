import logging
import math

import gradio as gr
import pytest

from saliency.conditions import Condition
from saliency.errors import ExpiredError, TextError, UnknownModelError
from saliency.predictor import Predictor
from saliency.ui import build
from saliency.ui.compare import compare_tab
from saliency.ui.compare.comparison_request import MAX_CHARACTERS, read_request, still_there
from saliency.ui.shared.examples import examples
from saliency.ui.shared.guard import UNEXPECTED, guarded
from saliency.ui.shared.model_choice import choices


def test_the_picture_alone_is_always_compared_and_empty_sentences_are_left_out():
    request = read_request("p.jpg", ("  A cat. ", None, "   "), ["one"])
    assert request.sentences == {Condition.PURE: "", Condition.GENERAL: "A cat."}
    assert request.models == ("one",)


def test_a_form_that_cannot_be_used_is_refused():
    with pytest.raises(UnknownModelError, match="at least one"):
        read_request("p.jpg", ("", "", ""), [])
    read_request("p.jpg", ("", "", "x" * MAX_CHARACTERS), ["one"])
    with pytest.raises(TextError, match="Non-salient"):
        read_request("p.jpg", ("", "", "x" * (MAX_CHARACTERS + 1)), ["one"])


def test_further_sentences_have_names_of_their_own():
    rows = [{"name": " a red car ", "sentence": " A red car. "}, {"name": "B", "sentence": " "}]
    request = read_request("p.jpg", ("", "A cat.", ""), ["one"], rows)
    assert request.sentences == {Condition.PURE: "", Condition.SALIENT: "A cat.", "a red car": "A red car."}


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([{"name": "Salient", "sentence": "A dog."}], "have the name “Salient”"),
        ([{"name": "A", "sentence": "A dog."}, {"name": "A ", "sentence": "A cat."}], "have the name “A”"),
        ([{"name": "", "sentence": "A dog."}], "1 to 40"),
        ([{"name": "A", "sentence": "x" * (MAX_CHARACTERS + 1)}], "“A” is longer"),
        ([{"name": str(n), "sentence": "A dog."} for n in range(7)], "At most 6"),
        ([{"name": 3}], "list of names"),
        ("A dog.", "list of names"),
    ],
)
def test_further_sentences_that_cannot_be_used_are_refused(rows, words):
    with pytest.raises(TextError, match=words):
        read_request("p.jpg", ("", "A cat.", ""), ["one"], rows)


def test_a_ground_truth_leaves_with_its_picture(miniatures):
    """What the page does when the picture is another is tested in a browser (test_ground_truth.py)."""
    with gr.Blocks() as demo:
        form = compare_tab.build(Predictor(checkpoint_dir=miniatures))
    picture, _, *truth = form.shown
    leaving = [fn for fn in demo.fns.values() if set(truth) <= set(fn.outputs) and set(fn.inputs) <= {picture}]
    for fn in leaving:
        if fn.fn:  # an example
            values = dict(zip(fn.outputs, fn.fn(), strict=True))
            assert [values[field] for field in truth] == [None, None, None, ""]  # files, and the picture's name in one
        else:
            assert fn.outputs == truth
    begun = [target for fn in leaving for target in fn.targets]
    assert {event for block, event in begun if block == picture._id} == {"input", "upload", "clear"}
    assert len({block for block, event in begun if event == "click"}) == len(examples())


def test_what_a_class_compared_is_there_for_a_day(miniatures):
    with build(Predictor(checkpoint_dir=miniatures)) as demo:
        states = [block for block in demo.blocks.values() if isinstance(block, gr.State)]
    [request] = [state for state in states if math.isfinite(state.time_to_live)]
    assert request.time_to_live == demo.delete_cache[1] == 24 * 60 * 60


def test_a_download_of_an_expired_comparison_is_refused(tmp_path):
    (tmp_path / "p.jpg").touch()
    request = read_request(str(tmp_path / "p.jpg"), ("", "", ""), ["one"])
    assert still_there(request) is request
    (tmp_path / "p.jpg").unlink()
    for gone in (None, request):
        with pytest.raises(ExpiredError, match="compare again"):
            still_there(gone)


def test_errors_of_ours_are_shown_as_sentences_without_markup():
    @guarded
    def fail():
        raise TextError("<b>Too</b> long.")

    with pytest.raises(gr.Error) as shown:
        fail()
    assert shown.value.message == "&lt;b&gt;Too&lt;/b&gt; long."


def test_other_errors_are_logged_without_details_for_the_visitor(caplog):
    @guarded
    def fail():
        raise OSError("/secret/path")

    with caplog.at_level(logging.ERROR), pytest.raises(gr.Error) as shown:
        fail()
    assert shown.value.message == UNEXPECTED
    assert "/secret/path" in caplog.text


def test_examples_have_a_picture_and_three_sentences():
    shown = examples()
    assert len(shown) >= 6
    for example in shown:
        assert example.picture.is_file()
        assert all((example.general, example.salient, example.non_salient))


def test_without_assets_there_are_no_examples(tmp_path):
    assert examples(tmp_path) == []


def test_a_generators_errors_are_shown_likewise():
    @guarded
    def fail():
        yield 1
        raise TextError("<b>Too</b> long.")

    results = fail()
    assert next(results) == 1
    with pytest.raises(gr.Error) as shown:
        next(results)
    assert shown.value.message == "&lt;b&gt;Too&lt;/b&gt; long."


def test_each_model_says_at_its_choice_how_it_reads(miniatures):
    predictor = Predictor(checkpoint_dir=miniatures)
    labels = dict(reversed(choice) for choice in choices(predictor))
    assert {name: label.split("\n")[0] for name, label in labels.items()} == dict(predictor.titles)
    kinds = {name: label.partition("model_choice.reads_")[2].partition('"')[0] for name, label in labels.items()}
    assert kinds == {name: spec.reads for name, spec in predictor.specs.items()}
