"""Maps that another program wrote, one file per sample, as one more model to score."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from .data import Sample
from .data.samples import IMAGE_EXTENSIONS
from .errors import DatasetError, GroundTruthError
from .evaluation import OF_A_SAMPLE, Answer
from .gaze import DensityMap, GazeOptions, read_density
from .messages import Message
from .resizing import fit_density
from .results import CheckpointIdentity, Prediction
from .score_store import state_of

# Of several files of one sample, that of the first extension is read: an array has more digits than a picture.
EXTENSIONS = (".npy", ".npz", ".mat", ".tif", ".tiff", ".png", ".bmp", ".webp", ".jpg", ".jpeg")
ENDINGS = ("", "_salmap", "_saliency", "_saliency_map", "_sal", "_smap", "_pred", "_prediction", "_density", "_map")
_LEVELS = 256  # of 8 bits


@dataclass(frozen=True, eq=False)
class ExternalPrediction(Prediction):
    """A map of a file as a `Prediction`; `working_map` is a copy for drawing.

    Attributes:
        values: (H, W) float64 >= 0, of any scale; scored without rounding.
        notices: what was inferred or converted when the file was read.
    """

    values: np.ndarray = field(kw_only=True)
    notices: tuple[Message, ...] = field(default=(), kw_only=True)

    @property
    def density(self) -> np.ndarray:
        """(H, W), sums to 1: float64 at the picture's own size; uniform where the map is zero everywhere."""
        whole = self.values.shape == tuple(self.shape) and self.values.any()
        return self.values / self.values.sum() if whole else super().density


class ExternalMaps:
    """The maps of a folder and its subfolders, found by the names of samples; an `evaluation.MapSource`.

    The map of the sample ``Action/001`` is ``Action/001.npy`` in the folder or below, or ``001.npy`` where no other
    sample is called ``.../001``; one of `ENDINGS` may follow the name. Files are what `gaze.read_density` reads; a map
    of another size than the picture's is resized to it, bilinear. Where pictures have several sentences and no map is
    called as one of these samples, the map of a picture serves for all of its sentences.

    Args:
        name: unique in an analysis, and for people.
        folder: with the files; it is searched here, once.
        samples: of the data set.
        options: `GazeOptions.log` is read.

    Attributes:
        paths: the file of each sample that has one, by stem.
        notices: on samples without a map, and on maps that were chosen among several.

    Raises:
        DatasetError: there is no such folder; no sample has a map in it; or two folders in it have one for a sample.
    """

    sha256 = None

    def __init__(
        self, name: str, folder: Path | str, samples: Sequence[Sample], options: GazeOptions | None = None
    ) -> None:
        self.name = self.title = name
        self._folder = Path(folder)
        self._options = options or GazeOptions()
        files = _Files(self._folder, [name for sample in samples for name in (sample.stem, sample.picture)])
        found = {sample.stem: files.of(sample.stem) for sample in samples}
        per_picture = _none_of([found[sample.stem] for sample in samples if sample.stem != sample.picture])
        if per_picture:
            found |= {sample.stem: files.of(sample.picture) for sample in samples}
        if _none_of(found.values()):
            raise DatasetError(
                "No map in “{folder}” is called as a sample of the data set. The first sample is “{stem}”; the first "
                "maps are: {names}.",
                folder=self._folder.name,
                stem=samples[0].stem,
                names=", ".join(files.names[:3]) or "-",
            )
        self.paths = {stem: paths[0] for stem, paths in found.items() if paths}
        self.notices = tuple(self._coverage(found, per_picture))

    @property
    def identity(self) -> Any:
        """Names, sizes and dates of the files, and how they are read."""
        states = [(stem, state_of(path)) for stem, path in sorted(self.paths.items())]
        return ["maps", hashlib.sha256(json.dumps(states).encode()).hexdigest(), self._options.log]

    def answers(self, samples: Iterable[Sample]) -> Iterator[tuple[Sample, Answer]]:
        """As `evaluation.MapSource.answers`."""
        for sample in samples:
            try:
                yield sample, self.prediction(sample)
            except OF_A_SAMPLE as error:
                yield sample, error

    def prediction(self, sample: Sample) -> ExternalPrediction:
        """The map of a sample.

        Raises:
            DatasetError: there is none, or the picture cannot be read.
            GroundTruthError: it cannot be read, or has other proportions than the picture.
        """
        if sample.stem not in self.paths:
            raise DatasetError("There is no map of this sample in “{folder}”.", folder=self._folder.name)
        picture = sample.loaded()  # decoded, too: models and maps are compared on the same samples
        shape = picture.pixels.shape[:2]
        found = read_map(self.paths[sample.stem], shape, self._options)
        return ExternalPrediction(
            model=self.name,
            title=self.title,
            condition=sample.condition,
            sentence=sample.sentence,
            working_map=found.values.astype(np.float32),
            shape=shape,
            checkpoint=CheckpointIdentity(self.name, "", "maps", ""),
            values=found.values,
            notices=(*picture.notices, *found.notices),
        )

    def _coverage(self, found: Mapping[str, Sequence[Path]], per_picture: bool) -> Iterator[Message]:
        missing = [stem for stem, paths in found.items() if not paths]
        if missing:
            yield Message(
                "{missing:,} of {count:,} samples have no map by {title}; the first is “{stem}”.",
                missing=len(missing),
                count=len(found),
                title=self.title,
                stem=missing[0],
            )
        if per_picture:
            yield Message("{title} has one map per picture, which serves for all of its sentences.", title=self.title)
        several = [paths for paths in found.values() if len(paths) > 1]
        if several:
            yield Message(
                "Samples with several maps by {title}: {count:,}; for example, “{first}” is read, “{second}” is not.",
                count=len(several),
                title=self.title,
                first=several[0][0].name,
                second=several[0][1].name,
            )


_COARSE = Message("The map has at most 256 different values, as 8 bits hold; ties between them change AUC a little.")


def read_map(path: Path, shape: tuple[int, int] | None, options: GazeOptions) -> DensityMap:
    """A map that is to be scored, float64 with the maximum 1 before it is resized.

    Args:
        shape: (H, W) of the picture; None for the size of the file.
        options: `GazeOptions.log` is read.

    Raises:
        GroundTruthError: it cannot be read, or has other proportions than the picture; the sentence names the file.
    """
    try:
        found = read_density(path, options)
        values = found.values / found.values.max()  # scaled first: what is resized has float32's range only
        values = values if shape is None else np.asarray(fit_density(values, shape), dtype=np.float64)
    except GroundTruthError as error:
        raise GroundTruthError("The map “{name}” cannot be used. {why}", name=path.name, why=error.message) from error
    return DensityMap(values, (*found.notices, *((_COARSE,) if _is_coarse(found.values) else ())))


def external_maps(
    text: str, samples: Sequence[Any], kind: Callable[[str, str, Sequence[Any]], ExternalMaps] = ExternalMaps
) -> tuple[ExternalMaps, ...]:
    """The folders of maps that a host names.

    Args:
        text: ``name:folder``, several separated by semicolons; a folder may have a colon of its own.
        samples: of the data set.
        kind: `ExternalMaps`, or `object_evaluation.ObjectMaps` for samples of objects.

    Raises:
        DatasetError: something else is written, or as `ExternalMaps`.
    """
    pairs = [part.strip().partition(":") for part in text.split(";") if part.strip()]
    if not all(name.strip() and folder.strip() for name, _, folder in pairs):
        raise DatasetError("Maps are named as name:folder, several separated by semicolons, not “{text}”.", text=text)
    return tuple(kind(name.strip(), folder.strip(), samples) for name, _, folder in pairs)


class _Files:
    """Files of maps in a folder and its subfolders.

    Args:
        known: names of all samples and pictures, by which a map may be called.

    Attributes:
        names: of all files, in alphabetical order.
    """

    def __init__(self, folder: Path, known: Iterable[str]) -> None:
        if not folder.is_dir():
            raise DatasetError("There is no folder “{folder}” to read maps from.", folder=folder.name)
        self._folder = folder
        self._shared = {name for name, count in Counter(_last(stem) for stem in set(known)).items() if count > 1}
        self._by_name: dict[str, list[Path]] = {}
        for path in sorted(folder.rglob("*")):
            hidden = any(part.startswith(".") or part == "__MACOSX" for part in path.relative_to(folder).parts)
            if path.suffix.lower() in EXTENSIONS and not hidden and path.is_file():
                self._by_name.setdefault(_bare(path), []).append(path)
        self.names = sorted(path.name for paths in self._by_name.values() for path in paths)

    def of(self, stem: str) -> list[Path]:
        """The files that are maps of a sample or picture, the one to read first.

        Raises:
            DatasetError: two folders have one.
        """
        wanted, name = stem.rpartition("/")[0], _last(stem)
        found = [(path, ending) for ending in ENDINGS for path in self._by_name.get(name + ending, ())]
        inside = {path: path.parent.relative_to(self._folder).as_posix() for path, _ in found}
        exact = [entry for entry in found if inside[entry[0]] == (wanted or ".")]
        below = [entry for entry in found if f"/{inside[entry[0]]}".endswith(f"/{wanted}")] if wanted else found
        chosen = exact or below or ([] if name in self._shared else found)
        folders = {inside[path] for path, _ in chosen}
        if len(folders) > 1:
            raise DatasetError(
                "Sample “{stem}” has maps in two folders of “{folder}”, “{first}” and “{second}”; please give the "
                "folder of one model.",
                stem=stem,
                folder=self._folder.name,
                first=min(folders),
                second=max(folders),
            )
        rank = {path: (ENDINGS.index(ending), EXTENSIONS.index(path.suffix.lower())) for path, ending in chosen}
        return sorted(rank, key=rank.__getitem__)


def _last(stem: str) -> str:
    return stem.rpartition("/")[2]


def _bare(path: Path) -> str:
    """The name of a file without its extension, nor that of the picture that it was made of, as in ``p.jpg.npy``."""
    inner = Path(path.stem)
    return inner.stem if inner.suffix.lower() in IMAGE_EXTENSIONS else inner.name


def _none_of(found: Iterable[Sequence[Path]]) -> bool:
    found = list(found)
    return bool(found) and not any(found)


def _is_coarse(values: np.ndarray) -> bool:
    """Whether there are no more different values than 8 bits hold; a few pixels mostly show it."""
    some = values.ravel()[:: max(1, values.size // 4096)]
    return len(np.unique(some)) <= _LEVELS and len(np.unique(values)) <= _LEVELS
