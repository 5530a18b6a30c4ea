"""The camera live: the browser sends one picture after the other, each when the map of the last has arrived.

So the rate is what the machine gives, nobody's pictures wait in a row, and other visitors take turns with them.
"""

from __future__ import annotations

import base64
import binascii
import time
from collections.abc import Callable
from typing import Any

from saliency.conditions import Condition
from saliency.errors import PictureError
from saliency.predictor import Predictor
from saliency.ui.shared.component import Component
from saliency.ui.shared.model_choice import readable
from saliency.ui.shared.presentation import packed_density

SECONDS = 120  # after which the camera has to be started again: who went away sends nothing
CAMERA_SIDE, MAP_SIDE = 480, 160  # pixels of the longer side: of what is sent, and of what comes back
_LONGEST = 600_000  # characters of a picture in base64
_JPEG = "data:image/jpeg;base64,"


class LiveCamera(Component):
    """The camera's picture with the newest map over it, and how many maps per second there are."""

    def __init__(self, **options: Any):
        super().__init__("live_camera", seconds=SECONDS, side=CAMERA_SIDE, **options)


def seeing(predictor: Predictor) -> Callable[..., dict[str, Any]]:
    """The handler of one picture of the camera.

    The component sends ``{frame: data URI of a JPEG, number}`` and gets ``{number, map, seconds}``.
    """

    def look(sent: Any, sentence: str | None, model: str | None) -> dict[str, Any]:
        started = time.perf_counter()
        read, _ = readable(predictor, model or "", sentence)
        condition = Condition.GENERAL if read else Condition.PURE
        comparison = predictor.predict(decoded(sent), {condition: read}, models=[model] if model else [])
        [prediction] = comparison.reduced(MAP_SIDE).predictions
        number = sent.get("number")
        return {"number": number, "map": packed_density(prediction.density), "seconds": time.perf_counter() - started}

    return look


def decoded(sent: Any) -> bytes:
    """The JPEG of what the browser sends.

    Raises:
        PictureError: it is none, or too large.
    """
    frame = sent.get("frame") if isinstance(sent, dict) else None
    if not isinstance(frame, str) or not frame.startswith(_JPEG) or len(frame) > _LONGEST:
        raise PictureError("The camera's picture cannot be read.")
    try:
        return base64.b64decode(frame.removeprefix(_JPEG), validate=True)
    except binascii.Error:
        raise PictureError("The camera's picture cannot be read.") from None
