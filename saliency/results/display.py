"""Results in notebooks: PNG and HTML, as IPython asks for them."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable
from html import escape

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from .rendering import overlay


def map_png(map_: np.ndarray) -> bytes:
    """A map (H, W) in [0, 1] in the colours of overlays."""
    colours = overlay(np.zeros((*map_.shape, 3), np.uint8), map_, opacity=1)
    file = io.BytesIO()
    Image.fromarray(colours).save(file, "PNG")
    return file.getvalue()


def figure_png(figure: Figure) -> bytes:
    """A figure at 100 dots per inch."""
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=100)
    return file.getvalue()


def html(png: bytes, title: str, notices: Iterable[str], *, caption: bool = True) -> str:
    """A picture, what it shows, and sentences below it.

    Args:
        caption: whether the title is written, too; it is always read out.
    """
    source = f"data:image/png;base64,{base64.b64encode(png).decode()}"
    below = ([title] if caption else []) + list(notices)
    return (
        f'<figure><img src="{source}" alt="{escape(title)}" style="max-width: 100%">'
        f"<figcaption>{'<br>'.join(map(escape, below))}</figcaption></figure>"
    )
