"""Detections in pictures without captions, computed once and cached in a file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
from accelerate import PartialState
from tqdm import tqdm

from ..atomic_files import write_whole
from ..data.samples import read_rgb
from ..models.detector import NAMES, ObjectPlanes
from ..preprocessing import prepare
from .feature_cache import content_key, fingerprint
from .targets.template_sentences import Detections

# A class is present if one of its boxes scores `SURE`, and then all its boxes count that score `THERE`. Of two boxes of
# a class whose IoU exceeds `OVERLAP` only the better one counts.
SURE, THERE, OVERLAP = 0.5, 0.3, 0.5


def detections(paths: Sequence[Path], detector: ObjectPlanes, folder: Path) -> dict[Path, Detections]:
    """Confident detections in each picture; cached in a file of `folder`."""
    described = json.dumps([detector.SIZE, SURE, THERE, OVERLAP, [content_key(path) for path in paths]])
    file = folder / f"{fingerprint([detector], described)}.json"
    with PartialState().main_process_first():
        if not file.is_file():
            found = [_detect(path, detector) for path in tqdm(paths, desc="detecting", mininterval=5)]
            write_whole(file, lambda draft: draft.write_text(json.dumps(found)))
    found = json.loads(file.read_text())
    return {
        path: {name: np.array(boxes) for name, boxes in kinds.items()} for path, kinds in zip(paths, found, strict=True)
    }


@torch.inference_mode()
def _detect(path: Path, detector: ObjectPlanes) -> dict[str, list[list[float]]]:
    pixels = prepare(read_rgb(path), detector.PREPROCESSING)[None]
    pixels = pixels.to(next(detector.parameters()).device, memory_format=torch.channels_last)
    boxes, scores, _ = detector.detect(pixels)
    found = sure(boxes[0].numpy(force=True) / (detector.SIZE[::-1] * 2), scores[0].numpy(force=True))
    return {name: boxes.tolist() for name, boxes in found.items()}


def sure(boxes: np.ndarray, scores: np.ndarray) -> Detections:
    """Confident detections in one picture.

    Args:
        boxes: (cells, 4) centre x, y, width, height in shares of the picture.
        scores: (cells, 80) in [0, 1].
    """
    best, kinds = scores.max(axis=1), scores.argmax(axis=1)
    corners, sides = boxes[:, :2] - boxes[:, 2:] / 2, boxes[:, 2:]
    found = cv2.dnn.NMSBoxesBatched(np.hstack([corners, sides]).tolist(), best, kinds, THERE, OVERLAP)
    chosen = np.asarray(found, dtype=np.int64)
    corners = np.hstack([corners, corners + sides]).clip(0, 1)
    certain = np.unique(kinds[chosen][best[chosen] > SURE])
    return {NAMES[kind]: corners[chosen[kinds[chosen] == kind]] for kind in certain}
