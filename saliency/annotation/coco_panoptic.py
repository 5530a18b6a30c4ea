"""Segments and captions of pictures as COCO releases them (Kirillov et al., CVPR 2019; Chen et al., 2015)."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..data.samples import read_rgb
from ..errors import AnnotationError
from .segmentation import NO_SEGMENT, Segment, Segmentation

PANOPTIC = "coco panoptic"


class PanopticFiles:
    """Panoptic segmentations: a JSON file, and a folder of PNG files whose colours are the segments' ids.

    Args:
        description: ``panoptic_val2017.json`` or alike.
        folder: of the PNG files; default the one beside `description` that has its name.

    Raises:
        AnnotationError: the file is none of that form, or there is no folder.
    """

    def __init__(self, description: Path, folder: Path | None = None) -> None:
        content = read_json(description)
        self._folder = folder or description.with_suffix("")
        try:
            self._categories = {
                each["id"]: Segment(each["name"], bool(each["isthing"])) for each in content["categories"]
            }
            names = {each["id"]: each["file_name"] for each in content["images"]}
            self._annotations = {Path(names[each["image_id"]]).stem: each for each in content["annotations"]}
        except (KeyError, TypeError):
            raise AnnotationError(
                "The file “{name}” is no panoptic segmentation as COCO's.", name=description.name
            ) from None
        if not self._folder.is_dir():
            raise AnnotationError("There is no folder “{name}” of panoptic PNG files.", name=self._folder.name)

    def find(self, stem: str) -> Segmentation | None:
        """The segments of the picture called `stem`, in the order of the JSON file; None where it has none.

        Raises:
            AnnotationError: its PNG file has other segments than the JSON file says.
            DatasetError: the PNG file cannot be read.
        """
        annotation = self._annotations.get(Path(stem).name)
        if annotation is None:
            return None
        colours = read_rgb(self._folder / annotation["file_name"]).astype(np.int64)
        ids = colours @ np.array([1, 256, 256**2])
        infos = annotation["segments_info"]
        known = np.array([info["id"] for info in infos], dtype=np.int64)
        present, where = np.unique(ids, return_inverse=True)
        numbers = {number: at for at, number in enumerate(known.tolist())}
        if strange := [number for number in present.tolist() if number and number not in numbers]:
            raise AnnotationError(
                "The segments of “{name}” are not those of its JSON file: there is none of the id {number}.",
                name=annotation["file_name"],
                number=strange[0],
            )
        table = np.array([numbers.get(number, NO_SEGMENT) for number in present.tolist()], dtype=np.int32)
        segments = tuple(self._categories[info["category_id"]] for info in infos)
        return Segmentation(table[where].reshape(ids.shape), segments, PANOPTIC)


def read_captions(path: Path) -> Mapping[str, list[str]]:
    """Captions by the pictures' names without extension, of ``captions_val2017.json`` or alike.

    Raises:
        AnnotationError: the file is none of that form.
    """
    content = read_json(path)
    found: defaultdict[str, list[str]] = defaultdict(list)
    try:
        names = {each["id"]: Path(each["file_name"]).stem for each in content["images"]}
        for each in content["annotations"]:
            found[names[each["image_id"]]].append(each["caption"])
    except (KeyError, TypeError):
        raise AnnotationError("The file “{name}” has no captions as COCO's.", name=path.name) from None
    return found


def read_json(path: Path) -> Any:
    """The content of a JSON file; `AnnotationError` where it is none."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise AnnotationError("The file “{name}” cannot be read as JSON.", name=path.name) from None
