"""A file that the server makes and the browser then downloads."""

from __future__ import annotations

from typing import Any

import gradio as gr
from gradio.events import Dependency


class OfferedFile(gr.DownloadButton):
    """A hidden button that is pressed once its file is there.

    The file lies in Gradio's cache (`gradio_internals.kept_file`), whose files are deleted after a while.
    """

    is_template = True  # drawn by Gradio's download button

    def __init__(self, *, elem_id: str, **options: Any):
        super().__init__(visible="hidden", elem_id=elem_id, **options)

    def offered_after(self, made: Dependency) -> None:
        """Begins the download after the event whose output this is."""
        made.success(None, js=f"() => document.querySelector('#{self.elem_id}').click()", api_visibility="private")
