"""What an object detector finds in pictures that nobody has captioned: looked for once, kept in a file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
from accelerate import PartialState
from tqdm import tqdm

from ..data.detected import Detections
from ..data.kept import fingerprint, with_contents
from ..data.samples import read_rgb
from ..files import write_whole
from ..models.objects import NAMES, ObjectPlanes
from ..preprocessing import Preprocessing, prepare

# A kind is there if a box of it scores `SURE`, and then so are those of its boxes that score `THERE`. Of two boxes of a
# kind that share more than `OVERLAP` of their union, only the better one is a thing.
SURE, THERE, OVERLAP = 0.5, 0.3, 0.5


def detections(paths: Sequence[Path], detector: ObjectPlanes, folder: Path) -> dict[Path, Detections]:
    """What `detector` is sure of in each picture; kept in a file of `folder`."""
    described = json.dumps([detector.SIZE, SURE, THERE, OVERLAP, [with_contents(path) for path in paths]])
    file = folder / f"{fingerprint([detector], described)}.json"
    with PartialState().main_process_first():
        if not file.is_file():
            found = [_look(path, detector) for path in tqdm(paths, desc="the detector looks", mininterval=5)]
            folder.mkdir(parents=True, exist_ok=True)
            write_whole(file, lambda draft: draft.write_text(json.dumps(found)))
    found = json.loads(file.read_text())
    return {
        path: {name: np.array(boxes) for name, boxes in kinds.items()} for path, kinds in zip(paths, found, strict=True)
    }


@torch.inference_mode()
def _look(path: Path, detector: ObjectPlanes) -> dict[str, list[list[float]]]:
    pixels = prepare(read_rgb(path), Preprocessing(*detector.SIZE, mean=(0.5,) * 3, std=(0.5,) * 3))[None]
    pixels = pixels.to(next(detector.parameters()).device, memory_format=torch.channels_last)
    boxes, scores, _ = detector.detect(pixels)
    found = sure(boxes[0].numpy(force=True) / (detector.SIZE[::-1] * 2), scores[0].numpy(force=True))
    return {name: boxes.tolist() for name, boxes in found.items()}


def sure(boxes: np.ndarray, scores: np.ndarray) -> Detections:
    """The things of one picture that a detector is sure of.

    Args:
        boxes: (cells, 4) centre x, y, width, height in shares of the picture.
        scores: (cells, 80) in [0, 1].
    """
    best, kinds = scores.max(axis=1), scores.argmax(axis=1)
    corners, sides = boxes[:, :2] - boxes[:, 2:] / 2, boxes[:, 2:]
    kept = np.array(cv2.dnn.NMSBoxesBatched(np.hstack([corners, sides]), best, kinds, THERE, OVERLAP), dtype=int)
    corners = np.hstack([corners, corners + sides]).clip(0, 1)
    found = np.unique(kinds[kept][best[kept] > SURE])
    return {NAMES[kind]: corners[kept[kinds[kept] == kind]] for kind in found}
