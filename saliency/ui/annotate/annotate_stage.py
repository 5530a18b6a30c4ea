"""A picture with its segments to be chosen, as a Gradio component.

Choosing happens in the browser (annotate_stage.js). In the app's tab the component takes messages as its value: a
picture (`picture_message`) or a first guess (`guess_message`); it gives ``{events: [...], count}``, each event as
`saliency.annotation.AnnotationEvent`, and the number of superpixels that the picture was divided for. On the page of a
folder it calls server functions instead.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from PIL import Image

from saliency.annotation import Segmentation
from saliency.annotation.first_guess import FirstGuess
from saliency.ui.shared.component import Component
from saliency.ui.shared.presentation import data_uri, picture_view

SHOWN_SIDE = 1024  # pixels of the longer side of picture and segments in the page
NOWHERE = 65535  # as segment_canvas.js has it


class AnnotateStage(Component):
    """The picture, its segments, and what is chosen.

    Args:
        folder: names the folder that is annotated; empty in the app's tab.
        functions: of the server, for the page of a folder.
    """

    def __init__(self, *, folder: str = "", functions: Sequence[Callable[..., Any]] = (), **options: Any):
        super().__init__(
            "annotate_stage",
            scripts=("segment_canvas", "annotation_storage"),
            folder=folder,
            server_functions=list(functions),
            **options,
        )


def picture_message(stem: str, key: str, pixels: np.ndarray, segmentation: Segmentation) -> dict[str, Any]:
    """A picture that is to be annotated.

    Args:
        stem: its name.
        key: names it by its content.
        pixels: (H, W, 3) uint8 RGB.
    """
    small = Image.fromarray(pixels)
    small.thumbnail((SHOWN_SIDE, SHOWN_SIDE))
    return {
        "stem": stem,
        "picture": picture_view(np.asarray(small)) | {"key": key},
        "labels": labels_view(segmentation.reduced(SHOWN_SIDE)),
        "names": [segment.name for segment in segmentation.segments],
        "shares": [round(share, 4) for share in segmentation.shares.tolist()],
        "segmentation": segmentation.key,
    }


def guess_message(guess: FirstGuess | None) -> dict[str, Any]:
    """A first guess; None says that there is none."""
    return {"guess": guess and {"segments": list(guess.segments), "source": guess.source}}


def labels_view(labels: np.ndarray) -> str:
    """Labels (H, W) as a PNG whose red and green are the lower and the upper byte of a segment's number."""
    numbers = np.where(labels < 0, NOWHERE, labels)
    bytes_of = np.stack([numbers % 256, numbers // 256, np.zeros_like(numbers)], axis=2)
    return data_uri(Image.fromarray(bytes_of.astype(np.uint8)), "PNG")
