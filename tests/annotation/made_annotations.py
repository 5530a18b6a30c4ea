"""Segments, events and COCO's files in small."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from PIL import Image

from saliency.annotation import AnnotationEvent, Segment, Segmentation

TIME = "2026-11-28T13:00:00.000+00:00"
# Four quarters of 4 x 8 pixels, but for a pixel that belongs to none.
QUARTERS = np.kron(np.array([[0, 1], [2, 3]]), np.ones((4, 8))).astype(np.int32)
QUARTERS[7, 15] = -1
NAMES = ("person", "sky", "dog", "grass")


def quarters() -> Segmentation:
    return Segmentation(QUARTERS, tuple(Segment(name, name in ("person", "dog")) for name in NAMES), "coco panoptic")


def event(number: int, action: str = "toggle", *segments: int, **changes: str) -> AnnotationEvent:
    """An event of Ann in the picture `a`, among `quarters`, unless `changes` say otherwise."""
    known = {"annotator": "Ann", "picture": "a", "segmentation": quarters().key, "time": TIME}
    return AnnotationEvent(id=f"event-{number:06d}", action=action, segments=segments, **known | changes)


def write_pictures(folder: Path, *stems: str) -> Path:
    """Pictures of 8 x 16 pixels."""
    rng = np.random.default_rng(0)
    for stem in stems:
        path = folder / f"{stem}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(256, size=(8, 16, 3), dtype=np.uint8)).save(path)
    return folder


def write_panoptic(folder: Path, stem: str = "a") -> Path:
    """`quarters` as COCO has them: the JSON file's path."""
    ids = np.array([7, 300, 70_000, 16_000_000, 0])[QUARTERS]  # -1 is the last
    colours = np.stack([ids % 256, ids // 256 % 256, ids // 256**2], axis=2).astype(np.uint8)
    (folder / "panoptic").mkdir(parents=True)
    Image.fromarray(colours).save(folder / "panoptic" / f"{stem}.png")
    infos = [{"id": number, "category_id": at, "iscrowd": 0} for at, number in enumerate((7, 300, 70_000, 16_000_000))]
    content = {
        "images": [{"id": 5, "file_name": f"{stem}.jpg", "height": 8, "width": 16}],
        "annotations": [{"image_id": 5, "file_name": f"{stem}.png", "segments_info": infos}],
        "categories": [{"id": at, "name": name, "isthing": int(at in (0, 2))} for at, name in enumerate(NAMES)],
    }
    path = folder / "panoptic.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def write_captions(path: Path, *captions: str, stem: str = "a") -> Path:
    content = {
        "images": [{"id": 5, "file_name": f"{stem}.jpg"}],
        "annotations": [{"image_id": 5, "id": at, "caption": caption} for at, caption in enumerate(captions)],
    }
    path.write_text(json.dumps(content), encoding="utf-8")
    return path
