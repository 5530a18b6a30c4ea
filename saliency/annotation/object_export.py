"""Annotations as a data set of salient objects, with an audit: who chose what, when, and from which first guess."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from ..data.samples import IMAGE_EXTENSIONS, read_rgb
from ..errors import AnnotationError
from .agreement import Agreement, agreement_of
from .picture_annotation import Chosen, PictureAnnotation
from .segmentation import Segmentation

AUDIT = "audit.jsonl"


@dataclass(frozen=True)
class Annotated:
    """A picture with what people have chosen in it.

    Attributes:
        stem: names the picture; with a slash in a folder of folders.
        path: its file.
        segmentation: its segments.
        annotations: by annotator; only those that count are exported.
    """

    stem: str
    path: Path
    segmentation: Segmentation
    annotations: Mapping[str, PictureAnnotation]

    @property
    def answers(self) -> dict[str, Chosen]:
        """What was chosen, by annotator, where it counts."""
        return {name: each.chosen for name, each in self.annotations.items() if each.counts}

    def majority(self) -> Chosen:
        """The segments that more than half of the annotators chose."""
        answers = self.answers
        votes = Counter(segment for chosen in answers.values() for segment in chosen)
        return frozenset(segment for segment, count in votes.items() if 2 * count > len(answers))


def export_objects(pictures: Iterable[Annotated], folder: Path) -> int:
    """Writes ``images``, ``masks`` and ``audit.jsonl`` to `folder`, as `saliency.data.ObjectDataset` reads them.

    A mask has its picture's size, and is white where more than half of the picture's annotators chose the segment. The
    audit has a line per picture and annotator. Pictures that nobody has annotated are left out.

    Returns:
        The number of pictures.

    Raises:
        AnnotationError: nobody has annotated any, or the folder is not empty.
    """
    if folder.exists() and any(folder.iterdir()):
        raise AnnotationError("The folder “{name}” is not empty.", name=folder.name)
    lines: list[dict[str, Any]] = []
    count = 0
    for picture in pictures:
        if picture.answers:
            lines += _export(picture, folder)
            count += 1
    if not count:
        raise AnnotationError("There is nothing to export yet: no picture is annotated.")
    written = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    (folder / AUDIT).write_text(written, encoding="utf-8")
    return count


def agreement_on(pictures: Iterable[Annotated]) -> Agreement | None:
    """How far the annotators of `pictures` agree; None where none has two."""
    return agreement_of([(picture.segmentation.areas, picture.answers) for picture in pictures])


def _export(picture: Annotated, folder: Path) -> Iterator[dict[str, Any]]:
    """Writes a picture and its mask; yields its lines of the audit."""
    known = picture.path.suffix.lower() in IMAGE_EXTENSIONS
    image = folder / "images" / f"{picture.stem}{picture.path.suffix if known else '.png'}"
    mask = folder / "masks" / f"{picture.stem}.png"
    for path in (image, mask):
        path.parent.mkdir(parents=True, exist_ok=True)
    if known:
        shutil.copyfile(picture.path, image)
    else:  # an upload may have any name
        Image.fromarray(read_rgb(picture.path)).save(image)
    chosen = picture.majority()
    white = picture.segmentation.mask(chosen).astype(np.uint8) * 255
    Image.fromarray(white).save(mask)
    for name in sorted(picture.answers):
        yield _audit(picture, name, picture.annotations[name], chosen)


def _audit(picture: Annotated, name: str, annotation: PictureAnnotation, mask: Chosen) -> dict[str, Any]:
    segments = picture.segmentation.segments
    guess = annotation.guess
    return {
        "picture": picture.stem,
        "annotator": name,
        "began": annotation.began,
        "ended": annotation.ended,
        "done": annotation.done,
        "events": annotation.events,
        "by_hand": annotation.by_hand,
        "undone": annotation.undone,
        "segments": [{"number": each, "name": segments[each].name} for each in sorted(annotation.chosen)],
        "share": float(picture.segmentation.shares[sorted(annotation.chosen)].sum()),
        "guess": None if guess is None else _guess(guess, annotation),
        "segmentation": {
            "source": picture.segmentation.source,
            "segments": len(segments),
            "key": picture.segmentation.key,
        },
        "mask": sorted(mask),
        "annotators": len(picture.answers),
    }


def _guess(guess: Chosen, annotation: PictureAnnotation) -> dict[str, Any]:
    """The first guess that was corrected: pseudo-labels, no person's answer."""
    return {
        "source": annotation.guess_source,
        "segments": sorted(guess),
        "added": sorted(annotation.chosen - guess),
        "removed": sorted(guess - annotation.chosen),
    }
