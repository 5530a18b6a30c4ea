"""The page's address: the open tab with its form's values, the open sample of the Errors tab, or the lecture's step.

Back and forward go through the visited tabs, samples and steps; a reload or a link opens one of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import gradio as gr

from saliency.ui.share import share
from saliency.ui.shared.component import Component
from saliency.ui.shared.form import Form

FORMS = ("compare", "words")  # tabs whose form an address has


def build(tabs: Sequence[str]) -> Component:
    """Adds what reads and writes the address, and the line on what a link could not restore.

    Args:
        tabs: names in their order; the first is open when the address says nothing.
    """
    return Component("address", scripts=("share",), tabs=list(tabs), forms=list(FORMS), elem_id="address")


def follow(address: Component, forms: Mapping[str, Form]) -> None:
    """Links forms and address: it holds their values, and fills them.

    Args:
        address: from `build`.
        forms: by tab.
    """
    for tab in FORMS:
        form = forms[tab]
        own = (field for field in form.shown if isinstance(field, share.ExampleTitle))
        title = next(own, None) or share.titled(form.picture)
        noted = [form.picture, title, *form.written, form.models]
        names = list(form.sentences)
        gr.on(
            [form.picture.change, title.change, form.models.change, *(box.change for box in form.written)],
            None,
            noted,
            js=share.script("note", tab, names),
            **share.PRIVATE,
        )
        # The address is not among Gradio's inputs, so the component's value carries it to the server.
        filled = getattr(address, tab)(share.filler(form), address, form.fields, **share.PRIVATE)
        filled.success(None, noted, js=share.script("filled", tab, names), **share.PRIVATE)
