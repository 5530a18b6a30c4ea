"""What an object detector finds in a picture, as captions with boxes: any picture becomes grounding data.

A caption names some of the objects found ("a dog and two cars"), sometimes beside one that is nowhere to be found,
whose phrase has no box. The detector is YOLOX (Ge et al., arXiv 2107.08430) on the 80 classes of COCO; it is used for
training only.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from ..errors import DatasetError
from ..models.objects import NAMES
from .flickr8k import Caption, Entry, Phrase
from .samples import read_rgb

_PLURALS = {"person": "people", "sheep": "sheep", "skis": "skis", "broccoli": "broccoli", "scissors": "scissors"}
_PLURALS |= {"mouse": "mice", "knife": "knives"}
_MASS = {"broccoli", "skis", "scissors"}
_COUNTS = {2: "two", 3: "three", 4: "four", 5: "five"}

# A box counts as of a class from SURE on; a class counts as absent where no box of it reaches UNLIKELY.
SURE, UNLIKELY = 0.35, 0.05


@dataclass(frozen=True)
class Detections:
    """Objects of one picture.

    Attributes:
        boxes: (n, 4) x0 y0 x1 y1 in 0..1.
        classes: (n,) numbers in `NAMES`.
        scores: (n,) in 0..1, at least `UNLIKELY`.
    """

    boxes: np.ndarray
    classes: np.ndarray
    scores: np.ndarray


class Detector:
    """YOLOX with its published input: BGR 0..255, the longer side at 416, padded with 114.

    Args:
        path: the network as ONNX, one output (1, 3549, 85).

    Raises:
        DatasetError: it cannot be read.
    """

    SIDE = 416

    def __init__(self, path: Path):
        try:
            self.network = cv2.dnn.readNetFromONNX(str(path))
        except cv2.error as error:
            raise DatasetError(f"“{path.name}” cannot be read as an object detector.") from error
        cells = [(stride, self.SIDE // stride) for stride in (8, 16, 32)]
        self.corners = np.concatenate([np.stack(np.meshgrid(range(n), range(n)), -1).reshape(-1, 2) for _, n in cells])
        self.strides = np.concatenate([np.full((n * n, 1), stride) for stride, n in cells])

    def __call__(self, picture: np.ndarray) -> Detections:
        """Objects of a picture (H, W, 3) uint8 RGB, overlapping boxes of a class merged into the surest."""
        height, width = picture.shape[:2]
        scale = self.SIDE / max(height, width)
        small = cv2.resize(picture[..., ::-1], (round(width * scale), round(height * scale)))
        padded = np.full((self.SIDE, self.SIDE, 3), 114, np.uint8)
        padded[: small.shape[0], : small.shape[1]] = small
        self.network.setInput(padded.transpose(2, 0, 1)[None].astype(np.float32))
        return self._decoded(self.network.forward()[0], (width * scale, height * scale))

    def _decoded(self, rows: np.ndarray, size: tuple[float, float]) -> Detections:
        """Rows (3549, 85) of raw output to boxes in shares of the picture's (width, height) `size`."""
        scores = rows[:, 4:5] * rows[:, 5:]
        classes, best = scores.argmax(1), scores.max(1)
        kept = best >= UNLIKELY
        centre = ((rows[:, :2] + self.corners) * self.strides)[kept]
        half = (np.exp(rows[:, 2:4]) * self.strides)[kept] / 2
        classes, best = classes[kept], best[kept]
        boxes = np.concatenate([centre - half, 2 * half], 1)
        chosen = cv2.dnn.NMSBoxesBatched(boxes.tolist(), best.tolist(), classes.tolist(), UNLIKELY, 0.5)
        chosen = np.asarray(chosen, dtype=int).reshape(-1)
        corners = np.concatenate([centre - half, centre + half], 1)[chosen] / np.array([*size, *size])
        return Detections(np.clip(corners, 0, 1).astype(np.float32), classes[chosen], best[chosen].astype(np.float32))


def detect(paths: Sequence[Path], detector: Path, cache: Path | None = None) -> list[Detections]:
    """Detections in each picture; kept in a file of the folder `cache` between runs, as detecting takes minutes."""
    key = hashlib.sha256(hashlib.sha256(detector.read_bytes()).digest() + "\n".join(map(str, paths)).encode())
    file = cache / f"{key.hexdigest()[:16]}.json" if cache else None
    if file and file.is_file():
        return [_from_lists(entry) for entry in json.loads(file.read_text(encoding="utf-8"))]
    network = Detector(detector)
    found = [network(read_rgb(path)) for path in tqdm(paths, desc=f"{detector.stem} detects", mininterval=5)]
    if file:
        file.parent.mkdir(parents=True, exist_ok=True)
        draft = file.with_suffix(".new")
        draft.write_text(json.dumps([_to_lists(entry) for entry in found]), encoding="utf-8")
        draft.replace(file)
    return found


def _to_lists(detections: Detections) -> dict[str, list]:
    return {
        "boxes": detections.boxes.round(4).tolist(),
        "classes": detections.classes.tolist(),
        "scores": detections.scores.round(4).tolist(),
    }


def _from_lists(lists: dict[str, list]) -> Detections:
    boxes = np.array(lists["boxes"], dtype=np.float32).reshape(-1, 4)
    return Detections(boxes, np.array(lists["classes"], dtype=int), np.array(lists["scores"], dtype=np.float32))


def object_captions(detections: Detections, generator: np.random.Generator, count: int = 4) -> tuple[Caption, ...]:
    """Up to `count` different sentences that name objects of the picture; none where nothing sure was found."""
    sure = detections.scores >= SURE
    present = sorted(set(detections.classes[sure].tolist()))
    if not present:
        return ()
    absent = sorted(set(range(len(NAMES))) - set(detections.classes.tolist()))
    captions: dict[str, Caption] = {}
    for _ in range(count):
        chosen = generator.permutation(present)[: generator.integers(1, 4)].tolist()
        if generator.random() < 0.3:
            chosen.insert(int(generator.integers(len(chosen) + 1)), int(generator.choice(absent)))
        boxes = [detections.boxes[sure & (detections.classes == number)] for number in chosen]
        caption = _caption(list(_named(chosen, boxes, generator)), generator)
        captions[caption.text] = caption
    return tuple(captions.values())


def _named(
    chosen: Sequence[int], boxes: Sequence[np.ndarray], generator: np.random.Generator
) -> Iterator[tuple[str, np.ndarray]]:
    """How each class is called, one or many of it, and its boxes."""
    for number, found in zip(chosen, boxes, strict=True):
        name = NAMES[number]
        if name in _MASS:
            yield name, found
        elif len(found) > 1:
            many = [_COUNTS.get(len(found), "many"), "some", "the"][generator.integers(3)]
            yield f"{many} {_PLURALS.get(name, _plural(name))}", found
        else:
            article = "an" if name[0] in "aeiou" else "a"
            yield f"{[article, article, 'the'][generator.integers(3)]} {name}", found


def _plural(name: str) -> str:
    return name + ("es" if name.endswith(("s", "ch", "sh")) else "s")


def _caption(named: list[tuple[str, np.ndarray]], generator: np.random.Generator) -> Caption:
    """One sentence of the phrases, each with the words it covers."""
    words = ["There", "is"] if generator.random() < 0.3 else []
    phrases = []
    for position, (name, boxes) in enumerate(named):
        if position:
            words += ["and"] if position == len(named) - 1 else ["with"]
        start = len(words)
        words += name.split(" ")
        phrases.append(Phrase(start, len(words), boxes))
    words[0] = words[0][:1].upper() + words[0][1:]
    return Caption(" ".join(words), tuple(phrases), distinctive=False)


def with_objects(entries: Sequence[Entry], detector: Path, cache: Path | None = None, seed: int = 0) -> list[Entry]:
    """The entries with captions that name what `detector` finds beside their own; those without any are left out."""
    found = detect([entry.image_path for entry in entries], detector, cache)
    extended = []
    for number, (entry, detections) in enumerate(zip(entries, found, strict=True)):
        named = object_captions(detections, np.random.default_rng((seed, number)))
        if entry.captions or named:
            extended.append(Entry(entry.id, entry.image_path, entry.captions + named))
    return extended
