"""Undo for an example, or a description, that took the place of a visitor's own picture or sentences."""

from __future__ import annotations

from collections.abc import Mapping

from saliency.ui.gradio_internals import served_name
from saliency.ui.share import share
from saliency.ui.shared.component import Component
from saliency.ui.shared.examples import examples
from saliency.ui.shared.form import Form


def build() -> Component:
    """Adds the line that offers it."""
    all_examples = examples()
    known = [sentence for shown in all_examples for sentence in (shown.general, shown.salient, shown.non_salient)]
    pictures = [served_name(shown.picture) for shown in all_examples]
    return Component("undo", known=known, pictures=pictures, elem_id="undo")


def offer(undo: Component, forms: Mapping[str, Form]) -> None:
    """Stores a form's values when one of its examples, or the button that describes, is clicked, to restore them.

    Args:
        undo: from `build`.
        forms: by tab, those with buttons of examples.
    """
    for tab, form in forms.items():
        sentences = form.written
        left = f"""(picture, ...values) => document.dispatchEvent(new CustomEvent("form-left", {{ detail: {{
            tab: "{tab}", picture, sentences: values.slice(0, {len(sentences)}), values: values.slice({len(sentences)}),
        }} }}))"""
        getattr(undo, f"leave_{tab}")(None, [form.picture, *sentences, *form.fields], js=left, **share.PRIVATE)
        back = "() => document.querySelector('#undo .offer').values"
        getattr(undo, f"back_{tab}")(None, None, form.fields, js=back, **share.PRIVATE)
