"""The app as its visitors meet it: the shipped checkpoints, a real server, a port of its own."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from unittest.mock import patch

import gradio as gr

from saliency.predictor import Predictor
from saliency.ui import build, launch_options
from tests.ports import free_port


@contextmanager
def serving(make: Callable[[], gr.Blocks] = lambda: build(Predictor()), *, mcp: bool = False) -> Iterator[str]:
    """The address of the running app.

    It keeps its files in a folder of its own: a closing app deletes those it knows, and others know them too.

    Args:
        mcp: whether the endpoints are tools of the Model Context Protocol, too.
    """
    with TemporaryDirectory() as folder, patch.dict(os.environ, {"GRADIO_TEMP_DIR": folder}):
        demo = make()
        # Gradio's own search from 7860 on meets that of another process of tests: an app whose port another one took
        # first shuts down, with its pictures, and starts once more without them.
        _, address, _ = demo.launch(
            prevent_thread_lock=True,
            quiet=True,
            server_name="127.0.0.1",
            server_port=free_port(),
            mcp_server=mcp,
            **launch_options(),
        )
        try:
            yield address
        finally:
            demo.close()
