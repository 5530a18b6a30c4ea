"""A comparison as the JSON that the browser draws and the API returns: small enough to travel, free of HTML."""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping
from dataclasses import asdict
from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image

from saliency.results import Comparison, Prediction
from saliency.ui.description import describe
from saliency.ui.tables import GroundTruth, against, agreement, moved

MAP_SIDE = 320  # pixels of a map's longer side; the models' own maps are no finer
PICTURE_SIDE = 720


def present(comparison: Comparison, truth: GroundTruth | None = None) -> dict[str, Any]:
    """Everything a page needs of a comparison, as `map_grid.SCHEMA` describes it.

    The maps are at `MAP_SIDE`, and so are those that the tables compare with each other; a ground truth is compared
    with maps at the picture's own size.

    Raises:
        GroundTruthError: see `tables.against`.
    """
    # As multiples of the picture's average.
    maps = {(p.model, p.condition): p.density * math.prod(p.shape) for p in comparison.reduced(MAP_SIDE).predictions}
    tables = [
        against(truth, comparison) if truth else None,
        moved(comparison, maps),
        agreement(comparison, maps),
    ]
    firsts = [comparison.get(model, comparison.conditions[0]) for model in comparison.models]
    return {
        "picture": _picture(comparison.reduced(PICTURE_SIDE).picture),
        "models": [{"name": p.model, "title": p.title} for p in firsts],
        "conditions": [
            {"name": c.value, "title": c.title, "sentence": comparison.get(comparison.models[0], c).sentence}
            for c in comparison.conditions
        ],
        "maps": [_map(p, maps[p.model, p.condition]) for p in comparison.predictions],
        "tables": [asdict(table) for table in tables if table],
        # Models that share a text encoder say the same of a sentence; once is enough.
        "notices": list(dict.fromkeys(p.notice for p in comparison.predictions if p.notice)),
        "provenance": [*map(_identity, firsts), _seconds(comparison.timings)],
    }


def _map(prediction: Prediction, values: np.ndarray) -> dict[str, Any]:
    low, high = float(values.min()), float(values.max())
    grey = np.round((values - low) * (255 / (high - low or 1.0))).astype(np.uint8)
    return {
        "model": prediction.model,
        "condition": prediction.condition.value,
        "png": _data_uri(Image.fromarray(grey), "PNG", compress_level=2),  # four times as fast as the usual 6
        "low": low,
        "high": high,
        "label": f"{prediction.title}, {prediction.condition.title.lower()}. {describe(values)}",
    }


def _picture(picture: np.ndarray) -> dict[str, Any]:
    height, width = picture.shape[:2]
    return {"jpeg": _data_uri(Image.fromarray(picture), "JPEG", quality=85), "width": width, "height": height}


def _data_uri(image: Image.Image, kind: str, **options: Any) -> str:
    file = BytesIO()
    image.save(file, kind, **options)
    return f"data:image/{kind.lower()};base64,{base64.b64encode(file.getvalue()).decode()}"


def _identity(prediction: Prediction) -> str:
    checkpoint = prediction.checkpoint
    return f"{prediction.title}: {checkpoint.name}, {checkpoint.preset}, {checkpoint.sha256[:12]}"


def _seconds(timings: Mapping[str, float]) -> str:
    return "Seconds: " + ", ".join(f"{stage.replace('_', ' ')} {seconds:.2f}" for stage, seconds in timings.items())
