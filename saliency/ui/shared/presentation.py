"""A comparison as the JSON that the browser draws and the API returns: small enough to travel, free of HTML."""

from __future__ import annotations

import base64
import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from io import BytesIO
from typing import Any

import cv2
import numpy as np
from PIL import Image

from saliency import map_summary
from saliency.comparison_tables import COMPARED_SIDE, GroundTruth, Table, against_truth, compared
from saliency.conditions import Condition
from saliency.human_consistency import density_of_people
from saliency.messages import Message
from saliency.object_files import resized_mask
from saliency.resizing import move_points
from saliency.results import CheckpointIdentity, Comparison, Prediction, Shape
from saliency.ui.shared.sentences import translated

MAP_SIDE = COMPARED_SIDE  # pixels of a map's longer side
PICTURE_SIDE = 720
OUTLINE_POINTS = 8000  # of all outlines of a mask; a mask of noise has more, and then the longest are sent


def present(comparison: Comparison, truth: GroundTruth | None = None) -> dict[str, Any]:
    """Everything a page needs of a comparison, as `map_grid.SCHEMA` describes it.

    The maps are at `MAP_SIDE`, and so are those that the tables compare with each other; a ground truth is compared
    with maps at the picture's own size, a mask with maps of at most `comparison_tables.MASKED_SIDE`.

    Raises:
        GroundTruthError: see `comparison_tables.against`.
    """
    # As multiples of the picture's average.
    small, picture = comparison.reduced(MAP_SIDE), comparison.reduced(PICTURE_SIDE).picture
    maps = {(p.model, p.condition): p.density * math.prod(p.shape) for p in small.predictions}
    tables = [*(against_truth(truth, comparison) if truth else ()), *compared(comparison)]
    conditions = comparison.conditions
    firsts = [comparison.get(model, conditions[0]) for model in comparison.models]
    return {
        "picture": picture_view(picture),
        "models": [{"name": p.model, "title": p.title, "task": p.task} for p in firsts],
        "conditions": [{"name": c.value, "sentence": comparison.get(firsts[0].model, c).sentence} for c in conditions],
        "maps": [
            _map(p, maps[p.model, p.condition], maps.get((p.model, Condition.PURE))) for p in comparison.predictions
        ],
        "people": _people(truth, *(of.shape[:2] for of in (comparison.picture, small.picture, picture)))
        if truth and truth.has_gaze
        else None,
        "outlines": None if truth is None or truth.mask is None else outlines(truth.mask, picture.shape[:2]),
        "tables": [table_view(table) for table in tables],
        "notices": _notices(comparison),
        "provenance": provenance(((p.title, p.checkpoint) for p in firsts), comparison.timings),
    }


def table_view(table: Table) -> dict[str, Any]:
    """A table as JSON, its notes in the visitor's language."""
    return asdict(table) | {"notes": [translated(note) for note in table.notes]}


def packed(values: np.ndarray) -> dict[str, Any]:
    """A map (h, w) as drawing.js decodes it: an 8-bit PNG, and the values that its 0 and 255 stand for."""
    low, high = float(values.min()), float(values.max())
    grey = np.round((values - low) * (255 / (high - low or 1.0))).astype(np.uint8)
    # At level 2 four times as fast as at the usual 6.
    return {"png": data_uri(Image.fromarray(grey), "PNG", compress_level=2), "low": low, "high": high}


def packed_map(values: np.ndarray) -> dict[str, Any]:
    """`packed` with where the map lies; that is None where it is zero everywhere."""
    return packed(values) | {"where": asdict(map_summary.where(values)) if values.any() else None}


def packed_density(density: np.ndarray) -> dict[str, Any]:
    """A density of any sum > 0 in multiples of its average, with where it lies."""
    return packed_map(density * np.float32(density.size / density.sum(dtype=np.float64)))


def picture_view(picture: np.ndarray) -> dict[str, Any]:
    """A picture (H, W, 3) uint8 as a JPEG with its size."""
    height, width = picture.shape[:2]
    return {"jpeg": data_uri(Image.fromarray(picture), "JPEG", quality=85), "width": width, "height": height}


def data_uri(image: Image.Image, kind: str, **options: Any) -> str:
    """An image inside of a text, for JSON and for pages that stand alone."""
    file = BytesIO()
    image.save(file, kind, **options)
    return f"data:image/{kind.lower()};base64,{base64.b64encode(file.getvalue()).decode()}"


FORMAT = 1  # of the JSON that the endpoints answer with; rises when a name in it changes its meaning or goes

PROVENANCE = (  # for the schemas of what has it
    "provenance: {format: number of this form of answer, higher when a name goes or changes its meaning, weights: "
    "[{title, checkpoint, preset, sha256}], seconds: by stage, total among them}. "
)


def provenance(used: Iterable[tuple[str, CheckpointIdentity]], seconds: Mapping[str, float]) -> dict[str, Any]:
    """The form of the answer, the weights behind predictions, and how long each stage took.

    Args:
        used: title and checkpoint of each model.
    """
    return {
        "format": FORMAT,
        "weights": [
            {
                "title": title,
                "checkpoint": checkpoint.name,
                "preset": checkpoint.preset,
                "sha256": checkpoint.sha256,
            }
            for title, checkpoint in used
        ],
        "seconds": {stage: round(taken, 4) for stage, taken in seconds.items()},
    }


def _notices(comparison: Comparison) -> list[str]:
    """On the picture, and on each sentence. Equal notices of models with one text encoder appear once."""
    noticed = dict.fromkeys((p.condition, notice) for p in comparison.predictions for notice in p.notices)
    own = [Message("{condition.title}: {notice}", condition=c, notice=notice) for c, notice in noticed]
    return [translated(notice) for notice in (*comparison.notices, *own)]


def _people(truth: GroundTruth, shape: Shape, map_shape: Shape, shown: Shape) -> dict[str, Any]:
    """Where people looked, as a map like a model's and as places, which are sent once however often fixated.

    Args:
        shape: (H, W) of the picture.
        map_shape: (h, w) of the map.
        shown: (h, w) of the picture that is sent, in whose pixels the places are.
    """
    fixations = np.empty((0, 2), int) if truth.fixations is None else truth.fixations
    density = truth.density if truth.density is not None else density_of_people(fixations, shape)
    # Averaging, since spots of a narrow blur would fall between the points that are looked up otherwise.
    small = cv2.resize(density.astype(np.float32), map_shape[::-1], interpolation=cv2.INTER_AREA)
    dots = np.unique(move_points(fixations, shape, shown), axis=0)
    values = small / (small.mean() or 1)
    return {
        "condition": truth.condition.value,
        **packed_map(values),
        "given": truth.density is not None,
        "dots": [[int(column), int(row)] for row, column in dots],
        "fixations": None if truth.fixations is None else len(truth.fixations),
        "participants": truth.people,
    }


def outlines(mask: np.ndarray, shape: Shape) -> list[list[list[int]]]:
    """The outlines of a mask (H, W) bool as polygons [[x, y], ...] in pixels of a picture of `shape`, longest first."""
    small = resized_mask(mask, shape).astype(np.uint8)
    found, _ = cv2.findContours(small, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    polygons, left = [], OUTLINE_POINTS
    for line in sorted((cv2.approxPolyDP(line, 0.7, True)[:, 0] for line in found), key=len, reverse=True):
        left -= len(line)
        if left < 0:
            break
        polygons.append(line.tolist())
    return polygons


def _map(prediction: Prediction, values: np.ndarray, pure: np.ndarray | None) -> dict[str, Any]:
    before = pure if prediction.condition.reads_text else None
    return {
        "model": prediction.model,
        "condition": prediction.condition.value,
        **packed_map(values),
        "understood": prediction.understood,
        "covers": None if prediction.task == "gaze" else round(float((prediction.mask >= 0.5).mean()), 4),
        "moved": None if before is None else asdict(map_summary.moved(values, before)),
        # Of two 8-bit maps the browser could only subtract steps.
        "difference": None if before is None else packed(values - before),
    }
