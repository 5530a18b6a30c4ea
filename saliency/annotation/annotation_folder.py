"""A folder of pictures that are annotated: their segments, the log beside them, and what was chosen so far."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from threading import Lock

import numpy as np
from PIL import Image

from ..atomic_files import write_whole
from ..data.files import list_files
from ..data.samples import IMAGE_EXTENSIONS, read_rgb
from ..errors import AnnotationError
from .annotation_log import AnnotationLog
from .coco_panoptic import PanopticFiles
from .events import AnnotationEvent
from .object_export import Annotated
from .picture_annotation import PictureAnnotation, annotations_of
from .segmentation import Segmentation
from .superpixels import COUNT, of_superpixels, superpixels

PLACE, LOG, SEGMENTS = "annotations", "log.jsonl", "segments"


class AnnotationFolder:
    """Pictures in a folder and in its folders, with their annotations in the folder ``annotations`` of it.

    Superpixels are stored there as PNG files when a picture is first opened, so that they stay the same.

    Args:
        root: the folder.
        panoptic: segments as COCO has them; pictures without get superpixels.
        captions: of people, by the picture's name; for first guesses.
        count: superpixels aimed at.

    Raises:
        AnnotationError: there is no folder or no picture.
        DatasetError: two pictures have one name.

    Attributes:
        stems: names of the pictures, in order.
        log: what was done.
    """

    def __init__(
        self,
        root: Path,
        panoptic: PanopticFiles | None = None,
        captions: Mapping[str, list[str]] | None = None,
        count: int = COUNT,
    ) -> None:
        if not root.is_dir():
            raise AnnotationError("There is no folder “{name}” with pictures to annotate.", name=root.name)
        self.root, self.name = root, root.resolve().name
        self._panoptic, self._captions, self._count = panoptic, captions or {}, count
        self._paths = list_files(root, IMAGE_EXTENSIONS, ignored=(PLACE,))
        self.stems: Sequence[str] = tuple(self._paths)
        if not self.stems:
            raise AnnotationError("There is no picture to annotate in the folder “{name}”.", name=self.name)
        self.log = AnnotationLog(root / PLACE / LOG)
        self._lock = Lock()

    def path(self, stem: str) -> Path:
        """The file of a picture; `AnnotationError` where there is none."""
        try:
            return self._paths[stem]
        except KeyError:
            raise AnnotationError("There is no picture “{name}” in the folder.", name=stem) from None

    def picture(self, stem: str) -> np.ndarray:
        """A picture, upright, (H, W, 3) uint8 RGB; `DatasetError` where it cannot be read."""
        return read_rgb(self.path(stem))

    def captions(self, stem: str) -> Sequence[str]:
        """The captions of a picture, if any."""
        return self._captions.get(Path(stem).name, ())

    def segmentation(self, stem: str) -> Segmentation:
        """The segments of a picture: COCO's where there are some, else superpixels, stored at the first call.

        Raises:
            AnnotationError: COCO's have another size than the picture.
            DatasetError: picture or segments cannot be read.
        """
        found = self._panoptic.find(stem) if self._panoptic else None
        if found is None:
            return self._superpixels(stem)
        shape = self.picture(stem).shape[:2]
        if found.labels.shape != shape:
            raise AnnotationError("The segments of “{name}” have another size than the picture.", name=stem)
        return found

    def annotated(self, stem: str) -> Annotated:
        """A picture with what was chosen in it."""
        segmentation = self.segmentation(stem)
        return Annotated(stem, self.path(stem), segmentation, annotations_of(self.log.of(stem), segmentation))

    def all_annotated(self) -> Iterator[Annotated]:
        """Every picture that somebody opened and changed."""
        touched = {event.picture for event in self.log.events}
        return (self.annotated(stem) for stem in self.stems if stem in touched)

    def events(self, stem: str, annotator: str) -> Sequence[AnnotationEvent]:
        """What one annotator did in a picture; nobody sees what others chose."""
        return [event for event in self.log.of(stem) if event.annotator == annotator]

    def finished(self, annotator: str) -> int:
        """Pictures that count as annotated by one annotator."""
        return sum(self._counts(stem, annotator) for stem in self.stems)

    def save(self, events: Sequence[AnnotationEvent]) -> None:
        """Adds events to the log; `AnnotationError` where one is of no picture here, `OutputError` as its `append`."""
        for event in events:
            self.path(event.picture)
        self.log.append(events)

    def _counts(self, stem: str, annotator: str) -> bool:
        state = PictureAnnotation()
        for event in self.events(stem, annotator):
            state = state.with_event(event)
        return state.counts

    def _superpixels(self, stem: str) -> Segmentation:
        stored = self.root / PLACE / SEGMENTS / f"{stem}.png"
        with self._lock:
            if stored.is_file():
                return of_superpixels(_read_labels(stored))
            made = superpixels(self.picture(stem), self._count)
            image = Image.fromarray(made.labels.astype(np.uint16))
            write_whole(stored, lambda path: image.save(path, format="PNG"))
            return made


def _read_labels(path: Path) -> np.ndarray:
    try:
        with Image.open(path, formats=["PNG"]) as image:
            return np.asarray(image).astype(np.int32)
    except OSError:
        raise AnnotationError("The stored segments “{name}” cannot be read.", name=path.name) from None
