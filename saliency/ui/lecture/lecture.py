"""The guided lecture: six steps from viewing without a sentence to a sentence that moves attention.

A step is a tab, a link (share.py) that fills the tab's form with a prepared example, and a text. It then runs what the
tab's own button runs, so everything that a class sees is computed in front of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import gradio as gr
import yaml
from gradio.events import Dependency

from saliency.ui.share import share
from saliency.ui.shared.component import Component
from saliency.ui.shared.form import Form
from saliency.ui.shared.picture_input import PictureInput

STEPS = Path(__file__).with_name("steps.yaml")

# Who goes on quickly is not held up by a step that is still computed: no event waits for its like to end.
_PRIVATE = {"show_progress": "hidden", "api_visibility": "private", "trigger_mode": "multiple"}


@dataclass(frozen=True)
class Step:
    """A step of the lecture.

    Attributes:
        name: of its texts, NAME_title and NAME_text of texts/lecture.yaml.
        tab: where it is shown.
        link: what fills the tab's form, as `share.read_link` takes it; it leaves nothing as a visitor had it.
    """

    name: str
    tab: str
    link: str


def steps(path: Path = STEPS) -> list[Step]:
    """The steps, in order."""
    written = yaml.safe_load(path.read_text(encoding="utf-8"))
    return [Step(step["name"], step["tab"], urlencode(written["always"] | step["link"])) for step in written["steps"]]


def build() -> Component:
    """Adds the button that begins the lecture, and the bar that leads through it."""
    return Component("lecture", steps=[asdict(step) for step in steps()], elem_id="lecture")


def lead(bar: Component, forms: Mapping[str, Form]) -> None:
    """Lets the lecture fill and run the forms.

    Args:
        bar: from `build`.
        forms: by tab.
    """
    for tab in {step.tab for step in steps()}:
        filled = getattr(bar, tab)(share.filler(forms[tab]), bar, forms[tab].fields, queue=False, **_PRIVATE)
        ended = filled.success(None, bar, js=share.script("settle"), **_PRIVATE)
        _announce(filled, "failure")
        if forms[tab].run:
            ended = forms[tab].answered(ended.success, api_visibility="private", trigger_mode="multiple")
            _announce(ended, "failure")
            shown = forms[tab].run["outputs"]
            bar.leave(_cleared(shown), outputs=shown, cancels=[ended], queue=False, **_PRIVATE)
        _announce(ended, "success")

    restored = [field for form in forms.values() for field in _restored(form)]
    bar.begin(None, restored, js=share.script("keep"), **_PRIVATE)
    bar.leave(None, None, restored, js=share.script("putBack"), **_PRIVATE)


def _announce(event: Dependency, outcome: str) -> None:
    """Sends the bar the event ``success`` or ``failure`` when a step ends."""
    js = f"() => document.querySelector('#lecture .bar').dispatchEvent(new CustomEvent('{outcome}'))"
    getattr(event, outcome)(None, js=js, **_PRIVATE)


def _cleared(shown: Sequence[Any]) -> Callable[[], Mapping[Any, Any]]:
    """The handler that clears the lecture's results: below a visitor's own sentences they would be wrong."""
    return lambda: {output: gr.Button(visible=False) if isinstance(output, gr.Button) else None for output in shown}


def _restored(form: Form) -> list[gr.components.Component]:
    """The fields of a form that get their values back after the lecture.

    The stage keeps its picture: the marks on it are still to be scored. For the same reason a stage with marks is not
    filled (lecture.js).
    """
    return form.fields if isinstance(form.picture, PictureInput) else [*form.sentences.values(), form.models]
