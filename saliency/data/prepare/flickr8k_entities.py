"""Flickr8k with the phrases and boxes of Flickr30k Entities (Plummer et al., IJCV 123, 2017) in the form of `flickr8k`.

A release has ``Sentences/ID.txt``, one caption per line with its phrases marked as ``[/EN#CHAIN/TYPE/TYPE words]``, and
``Annotations/ID.xml`` in the form of Pascal VOC, where an object may name several chains and has pixels counted from 1.
"""

from __future__ import annotations

import gzip
import json
import re
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import cv2

from ...atomic_files import write_whole
from ...errors import DatasetError

SIDE = 224
_PHRASE = re.compile(r"\[/EN#(?P<chain>\d+)/(?P<kind>\S+) (?P<words>[^\]]+)\]")


def prepare_flickr8k_entities(
    pictures: Path, entities: Path, target: Path, leave_out: Iterable[str] = ()
) -> Iterable[str]:
    """Write ``images/ID.jpg`` (224 x 224, squashed) and ``annotations.jsonl.gz``, and yield each picture's id.

    Args:
        pictures: the folder of Flickr8k's JPEG files, named by the ids of Flickr (``1000268201_693b08cb0e.jpg``).
        entities: the folder of ``Sentences`` and ``Annotations``.
        target: a folder, created where it is missing.
        leave_out: ids of pictures that another data set tests on.

    Raises:
        DatasetError: no picture has sentences, or a file cannot be read.
    """
    unwanted = set(leave_out)
    found = {path.stem.split("_")[0]: path for path in sorted(pictures.glob("*.jpg"))}
    chosen = [name for name in found if (entities / "Sentences" / f"{name}.txt").is_file() and name not in unwanted]
    if not chosen:
        raise DatasetError("None of the pictures in “{name}” has sentences of Flickr30k Entities.", name=pictures.name)
    (target / "images").mkdir(parents=True, exist_ok=True)
    lines = []
    for name in chosen:
        lines.append(json.dumps(record(name, entities)))
        picture = cv2.imread(str(found[name]))
        if picture is None:
            raise DatasetError("The file “{name}” of the data set cannot be read as a picture.", name=found[name].name)
        small = cv2.resize(picture, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
        cv2.imwrite(str(target / "images" / f"{name}.jpg"), small, [cv2.IMWRITE_JPEG_QUALITY, 92])
        yield name
    text = "".join(f"{line}\n" for line in lines).encode()
    write_whole(target / "annotations.jsonl.gz", lambda path: path.write_bytes(gzip.compress(text, mtime=0)))


def record(name: str, entities: Path) -> dict[str, Any]:
    """One line of ``annotations.jsonl.gz``: size, boxes by chain in shares of the picture, captions with phrases.

    Raises:
        DatasetError: a file is missing or not in the form of the release.
    """
    try:
        sentences = (entities / "Sentences" / f"{name}.txt").read_text(encoding="utf-8")
        root = ElementTree.parse(entities / "Annotations" / f"{name}.xml").getroot()
        width, height = (_number(root, f"size/{side}") for side in ("width", "height"))
        boxes = _boxes(root, width, height)
    except (OSError, ValueError, AttributeError, TypeError, ElementTree.ParseError) as error:
        raise DatasetError("The annotations of picture “{name}” cannot be read.", name=name) from error
    captions = [caption(line) for line in sentences.splitlines() if line.strip()]
    return {"id": name, "width": width, "height": height, "boxes": boxes, "captions": captions}


def caption(marked: str) -> dict[str, Any]:
    """The text of a caption and its phrases ``[first word, last word + 1, chain, types]``."""
    words: list[str] = []
    phrases = []
    end = 0
    for phrase in _PHRASE.finditer(marked):
        words += marked[end : phrase.start()].split()
        start = len(words)
        words += phrase["words"].split()
        phrases.append([start, len(words), phrase["chain"], phrase["kind"]])
        end = phrase.end()
    words += marked[end:].split()
    return {"text": " ".join(words), "phrases": phrases}


def _boxes(root: ElementTree.Element, width: int, height: int) -> dict[str, list[list[float]]]:
    """``x0, y0, x1, y1`` in shares of the picture, by chain; an object without a box gives none."""
    boxes: dict[str, list[list[float]]] = defaultdict(list)
    for thing in root.iter("object"):
        box = thing.find("bndbox")
        if box is None:
            continue
        x0, y0, x1, y1 = (_number(box, side) for side in ("xmin", "ymin", "xmax", "ymax"))
        shares = [round((x0 - 1) / width, 4), round((y0 - 1) / height, 4), round(x1 / width, 4), round(y1 / height, 4)]
        for chain in thing.iter("name"):
            boxes[chain.text or ""].append(shares)
    return dict(boxes)


def _number(element: ElementTree.Element, path: str) -> int:
    """A whole number below an element; `ValueError` where it is missing."""
    return int(element.findtext(path, ""))
