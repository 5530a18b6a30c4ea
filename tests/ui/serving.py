"""The app as its visitors meet it: the shipped checkpoints, a real server, a port of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from saliency.predictor import Predictor
from saliency.ui import build, launch_options


@contextmanager
def serving() -> Iterator[str]:
    """The address of the running app."""
    demo = build(Predictor())
    # With an explicit range Gradio takes the first free port.
    _, address, _ = demo.launch(prevent_thread_lock=True, quiet=True, server_name="127.0.0.1", **launch_options())
    try:
        yield address
    finally:
        demo.close()
