"""A file that the server makes and the browser then downloads: a hidden button, pressed once its file is there.

The file lies in Gradio's cache (`gradio_internals.kept_file`), whose files are deleted after a while.
"""

from __future__ import annotations

import gradio as gr
from gradio.events import Dependency


def hidden_download(elem_id: str) -> gr.DownloadButton:
    """Adds the button."""
    return gr.DownloadButton(visible="hidden", elem_id=elem_id)


def download_after(made: Dependency, button: gr.DownloadButton) -> None:
    """Begins the download after the event whose output is the button's file."""
    made.success(None, js=f"() => document.querySelector('#{button.elem_id}').click()", api_visibility="private")
