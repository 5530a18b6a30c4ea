"""Puts the web app together; what launching it needs is beside it, because Gradio takes the theme at launch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gradio as gr

from saliency.data import ObjectDataset
from saliency.data.layouts import DataSet
from saliency.external_maps import ExternalMaps
from saliency.predictor import Predictor
from saliency.ui import constants
from saliency.ui.annotate import annotate_tab
from saliency.ui.class_mode import class_mode
from saliency.ui.class_mode.classroom import Classroom
from saliency.ui.compare import compare_tab
from saliency.ui.errors import errors_tab
from saliency.ui.gaze import gaze_tab
from saliency.ui.lecture import lecture
from saliency.ui.models import models_tab
from saliency.ui.page import address, undo
from saliency.ui.page.documentation import DocumentedBlocks
from saliency.ui.page.page_head import app_options
from saliency.ui.page.theme import CSS, theme
from saliency.ui.share import share
from saliency.ui.shared.component import Component
from saliency.ui.shared.examples import FOLDER, Example
from saliency.ui.shared.form import Form, take_over
from saliency.ui.shared.texts import t, translations
from saliency.ui.video import video_tab
from saliency.ui.words import words_tab

TABS = {
    "compare": compare_tab,
    "words": words_tab,
    "gaze": gaze_tab,
    "video": video_tab,
    "annotate": annotate_tab,
    "errors": errors_tab,
    "models": models_tab,
}

TITLE = "Text-guided visual attention"

_UPLOADS_LIVE = (3600, constants.KEPT_SECONDS)  # every hour, files that are older are deleted


def build(
    predictor: Predictor,
    data: DataSet | ObjectDataset | None = None,
    maps: Sequence[ExternalMaps] = (),
    opening: Example | None = None,
) -> gr.Blocks:
    """The app on an engine. Launch it with ``.launch(**launch_options())``.

    Args:
        data: of gaze or of salient objects, what the Errors tab analyses.
        maps: of other programs, which the Errors tab shows beside the models.
        opening: the example whose comparison the page opens with; None: it opens empty.
    """
    room = Classroom()
    arguments: dict[str, dict[str, Any]] = {
        "compare": {"opening": opening},
        "gaze": {"room": room},
        "errors": {"data": data, "maps": maps},
    }
    with DocumentedBlocks(title=TITLE, analytics_enabled=False, delete_cache=_UPLOADS_LIVE, fill_width=True) as demo:
        Component("masthead", scripts=("tab_keys", "answers"))
        bar = lecture.build()
        place = address.build(list(TABS))
        offer = undo.build()
        opened, forms = {}, {}
        with gr.Tabs(overflow_behavior="wrap"):
            for name, tab in TABS.items():
                with gr.Tab(t(f"app.{name}"), id=name) as opened[name]:
                    forms[name] = tab.build(predictor, **arguments.get(name, {}))
        take_over(opened["words"], forms["words"], forms["compare"])
        address.follow(place, forms)
        undo.offer(offer, {name: forms[name] for name in address.FORMS})
        for name in address.FORMS:
            _focus(forms[name])
        class_mode.build_visit(room)
        lecture.lead(bar, {name: form for name, form in forms.items() if form})
    return demo.queue(max_size=64)


def _focus(form: Form) -> None:
    """Moves the focus to the form's result once a requested one is there."""
    view = form.run["outputs"][0]
    announced = f"document.dispatchEvent(new CustomEvent('answered', {{ detail: '{view.elem_id}' }}))"
    js = f"(answer) => answer && !answer.opening && {announced}"
    view.change(None, view, js=js, **share.PRIVATE)


def launch_options() -> dict[str, Any]:
    """Arguments of ``launch``: the theme, and what visitors may do.

    Address and port come from Gradio's environment variables (GRADIO_SERVER_NAME, GRADIO_SERVER_PORT); Gradio's default
    port is 7860.
    """
    return {
        "theme": theme(),
        "i18n": translations(),
        "css_paths": [CSS],
        "footer_links": ["api", "settings"],
        "app_kwargs": app_options(),
        "allowed_paths": [str(FOLDER)],
        "max_file_size": "64mb",
        "show_error": False,  # messages of `gr.Error` are shown all the same, those of other exceptions are not
        "run_history": False,
        "ssr_mode": False,
        "share": False,
        "enable_monitoring": False,
        "state_session_capacity": 200,
    }
