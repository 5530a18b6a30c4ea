"""The server's sentences in the visitor's language: the engine's English, or Chinese by sentences.yaml.

The labels of the page and what its scripts say are the browser's to choose (texts.py); errors, progress and notices are
sentences with numbers and names in them, and are made here, where the request names the language.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import gradio as gr
import yaml

from saliency.conditions import Condition
from saliency.messages import Message
from saliency.ui.gradio_internals import visitors_request
from saliency.ui.shared.cancellation import go_on
from saliency.ui.shared.texts import section


@cache
def chinese() -> Mapping[str, str]:
    """Chinese by English sentence; both have the same fields."""
    return yaml.safe_load(Path(__file__).with_name("sentences.yaml").read_text(encoding="utf-8"))


def translated(sentence: str) -> str:
    """A sentence in the language of the visitor whose event is handled; English where there is no visitor.

    What is no `Message`, or has no Chinese, stays as it is.
    """
    return in_language(sentence, language())


def in_language(sentence: str, language: str) -> str:
    """A sentence in a language of `texts.LANGUAGES`; English where it has no Chinese."""
    return _in_chinese(sentence) if language == "zh" else str(sentence)


def translate(sentence: str, /, **values: Any) -> str:
    """`translated` for templates, which write sentences and values as `Message` takes them."""
    return translated(Message(sentence, **values))


def language() -> str:
    """Of the visitor whose event is handled, a name from `texts.LANGUAGES`; English where there is no visitor."""
    return "zh" if speaks_chinese(visitors_request()) else "en"


def reporting(progress: gr.Progress) -> Callable[[float, str], None]:
    """A visitor's progress bar as the engine takes it; the engine stops there once the visitor has cancelled."""

    def report(share: float, stage: str) -> None:
        go_on()
        progress(share, desc=translated(stage))

    return report


def speaks_chinese(request: gr.Request | None) -> bool:
    """Whether the first language a request accepts is Chinese: browsers name their own first, and the page goes by it.

    Clients of the API that name none get English.
    """
    accepted = request.headers.get("accept-language", "") if request else ""
    return accepted.strip().lower().startswith("zh")


def _in_chinese(value: Any) -> Any:
    if isinstance(value, Condition):
        return section("common")[value.value]["zh"]
    if not isinstance(value, Message) or value.template not in chinese():
        return value
    return Message(chinese()[value.template], **{name: _in_chinese(part) for name, part in value.values.items()})
