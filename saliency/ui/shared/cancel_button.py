"""A button that is visible while an event runs, and cancels it."""

from __future__ import annotations

from gradio.events import Dependency

from saliency.ui.shared.component import Component


class CancelButton(Component):
    """Cancel, beside what began the event or what shows how far it is.

    The events that it `ends` have it among their ``show_progress_on``: by that it knows when they run.
    """

    def __init__(self):
        super().__init__("cancel_button", elem_classes="cancel-button")

    def ends(self, running: Dependency) -> None:
        """Lets the button cancel an event, whose handler is `cancellable` or a generator."""
        self.cancel(None, cancels=[running], api_visibility="private")
