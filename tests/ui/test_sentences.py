"""Sentences from the server, in the visitor's language."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from string import Formatter

import gradio as gr
import pytest
from gradio.context import LocalContext

import saliency
from saliency import checkpoints, errors
from saliency.conditions import Condition
from saliency.errors import GroundTruthError, TextError
from saliency.messages import Message
from saliency.models.registry import REGISTRY, spec
from saliency.ui.models.models_tab import card_view, in_chinese, sentences_of
from saliency.ui.shared.examples import examples
from saliency.ui.shared.guard import UNEXPECTED, guarded
from saliency.ui.shared.sentences import chinese, reporting, translated
from saliency.ui.shared.texts import section

SOURCES = Path(saliency.__file__).parent

# Sentences for hosts, developers and users of the command line only: starting the engine, training, and requests that
# the app never makes.
NOT_FOR_VISITORS = [
    "checkpoints.py",
    "cli",
    "archive/recorded.py",
    "report",
    "serving.py",
    "data/cat2000.py",
    "data/files.py",
    "data/flickr8k.py",
    "data/folder.py",
    "data/layouts.py",
    "data/mit1003.py",
    "data/osie.py",
    "data/prepare",
    "data/released.py",
    "data/salicon.py",
    "data/sentence_table.py",
    "data/sjtu_tis.py",
    "metrics/density.py",
    "metrics/evaluator.py",
    "metrics/fixations.py",
    "metrics/ground_truth.py",
    "metrics/object_evaluator.py",
    "metrics/objects.py",
    "metrics/profiles.py",
    "models/baseline.py",
    "models/registry.py",
    "models/trunks",
    *(f"models/{name}" for name in REGISTRY),
    "torch_metrics.py",
    "training",
]
STARTING = {"CheckpointError", "HubUnavailableError"}  # raised when the app starts, and never later
MAKERS = {"errors.py", "score_store.py", "ui/shared/sentences.py"}  # make messages of messages
WITHOUT_WORDS = {"{name}: {why}", "{condition.title}", "{condition.title}: {notice}", "{first}, {second}"}
SAID = {name for name, value in vars(errors).items() if isinstance(value, type) and issubclass(value, Exception)}


def sentences() -> list[tuple[str, str | None]]:
    """Where a visitor's sentence is written, and the sentence; None where it is not written out."""
    found = []
    for path in sorted(SOURCES.rglob("*.py")):
        name = path.relative_to(SOURCES).as_posix()
        if name in MAKERS or any(name == part or name.startswith(f"{part}/") for part in NOT_FOR_VISITORS):
            continue
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and getattr(call.func, "id", None) in (SAID | {"Message"}) - STARTING:
                written = call.args[0].value if call.args and isinstance(call.args[0], ast.Constant) else None
                found.append((f"{name}:{call.lineno}", written))
    report = (SOURCES / "ui" / "errors" / "report.html").read_text(encoding="utf-8")
    return found + [("ui/errors/report.html", sentence) for sentence in re.findall(r'translate\("([^"]*)"', report)]


def fields(template: str) -> set[str]:
    """Names of the values of a template; a condition is put into words by the app, so its attribute does not count."""
    return {name.split(".")[0] for _, name, _, _ in Formatter().parse(template) if name}


def test_every_sentence_for_visitors_is_written_out_and_has_chinese():
    written = sentences()
    assert len(written) > 60
    assert [place for place, sentence in written if sentence is None] == []
    assert [(place, sentence) for place, sentence in written if sentence not in chinese()] == []


def test_both_languages_have_the_same_values():
    for english, own in chinese().items():
        assert fields(english) == fields(own), english
        assert any("一" <= character <= "鿿" for character in own) or english in WITHOUT_WORDS


def test_what_the_shipped_cards_say_has_chinese():
    views = [card_view(card, spec(card.model)) for card in (*checkpoints.available(), *checkpoints.baselines())]
    assert [sentence for view in views for sentence in sentences_of(view) if sentence not in in_chinese(views)] == []


def test_example_pictures_have_a_name_in_both_languages():
    assert set(section("examples")) >= {example.title for example in examples()}
    assert examples()[0].label.key == f"examples.{examples()[0].title}"


@pytest.fixture
def visitor():
    """Sets the language that the visitor's browser asks for."""
    token = LocalContext.request.set(None)

    def asks(accepted: str | None):
        headers = {} if accepted is None else {"accept-language": accepted}
        LocalContext.request.set(gr.Request(headers=headers))

    yield asks
    LocalContext.request.reset(token)


@pytest.mark.parametrize("accepted", ["zh-CN,zh;q=0.9,en;q=0.8", "zh", "zh-TW", "ZH-hans"])
def test_a_chinese_browser_gets_chinese_sentences(visitor, accepted):
    visitor(accepted)
    assert translated(Message("There is no fixation in the file.")) == "文件中没有注视点。"


@pytest.mark.parametrize("accepted", [None, "", "*", "en-GB,zh;q=0.9", "de"])
def test_others_get_english_sentences(visitor, accepted):
    visitor(accepted)
    assert translated(Message("There is no fixation in the file.")) == "There is no fixation in the file."


def test_values_and_nested_sentences_are_translated(visitor):
    visitor("zh-CN")
    inner = GroundTruthError("There is no fixation in the file.")
    assert translated(Message("{name}: {why}", name="{x}.csv", why=inner.message)) == "{x}.csv：文件中没有注视点。"
    long = Message(
        "The sentence for “{condition.title}” is longer than {most} characters.",
        condition=Condition.NON_SALIENT,
        most=5000,
    )
    assert long == "The sentence for “Non-salient” is longer than 5000 characters."
    assert translated(long) == "“非显著对象描述”的句子超过 5000 个字符。"


def test_progress_is_shown_in_the_visitors_language(visitor):
    shown = []
    report = reporting(lambda share, desc: shown.append((share, desc)))
    report(0.5, Message("{title} predicts", title="GSGNet"))
    visitor("zh-CN")
    report(0.5, Message("{title} predicts", title="GSGNet"))
    assert shown == [(0.5, "GSGNet predicts"), (0.5, "GSGNet 正在预测")]


def test_what_has_no_chinese_stays_english(visitor):
    visitor("zh")
    assert translated("Plain text {0}") == "Plain text {0}"
    assert translated(Message("Not in the table: {n}", n=1)) == "Not in the table: 1"


def test_the_guard_shows_errors_in_the_visitors_language(visitor):
    @guarded
    def fails(error):
        raise error

    @guarded
    def fails_later(error):
        yield 1
        raise error

    error = TextError("There is no model called “{name}” here. There are: {known}.", name="<b>", known="a")
    visitor("zh-CN")
    for handler in (fails, lambda error: list(fails_later(error))):
        with pytest.raises(gr.Error) as shown:
            handler(error)
        assert shown.value.message == "这里没有名为“&lt;b&gt;”的模型。可用的有：a。"
        with pytest.raises(gr.Error) as shown:
            handler(RuntimeError("/secret"))
        assert shown.value.message == chinese()[UNEXPECTED]
