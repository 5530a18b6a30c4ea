"""The endpoint `archive`: the ZIP of a comparison for clients of the API, who have no page to download it from."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import gradio as gr


class ArchiveFile(gr.File):
    """The file as the API documents it."""

    is_template = True  # drawn by Gradio's own, which is never on view

    def api_info(self) -> dict[str, Any]:
        """Gradio's schema of a file, with the contents of the ZIP described."""
        about = (
            "A ZIP: README.txt, comparison.json, picture.png, maps.npz (per map an array MODEL.CONDITION, (H, W) "
            "float32 that sums to 1), maps.csv, metrics.csv, maps.png and overlays."
        )
        return super().api_info() | {"title": "Archive", "description": about}


def asked_as(other: Callable[..., Any]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Gives a handler the parameters of another one, with what is documented of them."""

    def asked(handler: Any) -> Any:
        handler.__signature__ = inspect.signature(other)
        handler.__doc__ = f"{inspect.getdoc(handler)}\n\nArgs:{(inspect.getdoc(other) or '').partition('Args:')[2]}"
        return handler

    return asked
