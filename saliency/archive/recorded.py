"""Replay of a recorded comparison: whether every map is reproduced.

The record is what the app's download holds, as a ZIP or unpacked: the record itself, the picture without loss, and the
maps.
"""

from __future__ import annotations

import io
import math
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import BaseModel, Field, PlainValidator, ValidationError

from ..conditions import AnyCondition, condition_named
from ..errors import ArchiveError, CheckpointError, TextError
from ..faults import first_fault
from ..imaging import MAX_BYTES, load_image
from ..predictor import Predictor
from ..results import Comparison

RECORD, PICTURE, MAPS = "comparison.json", "picture.png", "maps.npz"

_MOST_RECORD_BYTES = 2**24
_MOST_PREDICTIONS = 1000
_HEADER_BYTES = 2**16  # of an array, and of its place in a ZIP, at most

TOLERANCE = 0.01
"""Share of a map's peak within which it counts as the same: another processor rounds differently, and bfloat16 keeps
eight bits. On the same machine maps are expected to be equal."""


class _Picture(BaseModel):
    sha256: str


class _Checkpoint(BaseModel):
    name: str
    sha256: str | None  # None of a baseline, which has no weights


def _condition(name: object) -> AnyCondition:
    if not isinstance(name, str):
        raise ValueError("Input should be a valid string")
    try:
        return condition_named(name)
    except TextError as error:
        raise ValueError(str(error)) from None


class _Prediction(BaseModel):
    model: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")  # a name, and no path
    condition: Annotated[AnyCondition, PlainValidator(_condition)]
    sentence: str
    checkpoint: _Checkpoint


class _Record(BaseModel):
    """What a replay needs of `Comparison.record`."""

    software: dict[str, str] = {}
    computed: dict[str, str] = {}
    picture: _Picture
    predictions: list[_Prediction] = Field(min_length=1, max_length=_MOST_PREDICTIONS)


@dataclass(frozen=True, eq=False)
class Recorded:
    """A comparison as it was recorded.

    Attributes:
        picture: (H, W, 3) uint8 RGB.
        picture_sha256: of its bytes, as recorded.
        sentences: by condition, in order.
        models: names of the checkpoints, in order.
        weights: sha256 of each checkpoint, None of a baseline.
        precision: computed in, or ``auto`` where the record does not say.
        software: versions of the packages.
        densities: (H, W) float32 by model and condition.
    """

    picture: np.ndarray
    picture_sha256: str
    sentences: Mapping[AnyCondition, str]
    models: tuple[str, ...]
    weights: Mapping[str, str | None]
    precision: str
    software: Mapping[str, str]
    densities: Mapping[tuple[str, AnyCondition], np.ndarray]


@dataclass(frozen=True)
class Replayed:
    """A recorded map against the one made now.

    Attributes:
        difference: the largest absolute difference of the two densities, as a share of the recorded one's peak.
        same: whether that is within the tolerance.
    """

    model: str
    condition: AnyCondition
    difference: float
    same: bool


def read_recorded(path: Path) -> Recorded:
    """A recorded comparison: the ZIP of a download, or its ``comparison.json`` with picture and maps beside it.

    Raises:
        ArchiveError: it is neither, a part is missing, or one cannot be read.
        PictureError: the picture cannot be used.
    """
    with _opened(path) as (folder, name):
        record = _record(_content(folder / name, name, _MOST_RECORD_BYTES))
        picture = load_image(_content(folder / PICTURE, PICTURE, MAX_BYTES))
        # Beside the maps there are the picture and the record.
        most = (len(record.predictions) + 1) * (4 * picture.size // 3 + _HEADER_BYTES) + 4 * _MOST_RECORD_BYTES
        densities = _densities(_content(folder / MAPS, MAPS, most), record, picture.shape[:2])
    precision = record.computed.get("precision", "auto")
    return Recorded(
        picture=picture,
        picture_sha256=record.picture.sha256,
        sentences={p.condition: p.sentence for p in record.predictions},
        models=tuple(dict.fromkeys(p.model for p in record.predictions)),
        weights={p.model: p.checkpoint.sha256 for p in record.predictions},
        precision=precision if precision in ("float32", "bfloat16") else "auto",
        software=record.software,
        densities=densities,
    )


def replay(
    recorded: Recorded, predictor: Predictor, *, tolerance: float = TOLERANCE, other_weights: bool = False
) -> tuple[list[Replayed], Comparison]:
    """Runs `recorded` again and compares every map; also the new comparison.

    Args:
        other_weights: compare although a checkpoint is not the recorded one.

    Raises:
        CheckpointError: a checkpoint here has other weights than the recorded one.
        ArchiveError: the picture is not the recorded one.
    """
    changed = changed_weights(recorded, predictor)
    if changed and not other_weights:
        raise CheckpointError(
            f"The weights here are not those that made the record: {'; '.join(changed)}. Its maps cannot come out the "
            "same; ask for a comparison with other weights to see how far they differ."
        )
    comparison = predictor.predict(recorded.picture, recorded.sentences, models=recorded.models)
    if comparison.record()["picture"]["sha256"] != recorded.picture_sha256:
        raise ArchiveError("The picture is not the one that the record was made of (its sha256 differs).")
    results = []
    for (model, condition), before in recorded.densities.items():
        change = np.abs(comparison.get(model, condition).density - before).max() / before.max()
        results.append(Replayed(model, condition, float(change), bool(change <= tolerance)))
    return results, comparison


def changed_weights(recorded: Recorded, predictor: Predictor) -> list[str]:
    """A phrase on each checkpoint whose weights are not the recorded ones."""
    here = {name: predictor.cards[name].sha256 for name in recorded.models}
    return [
        f"{name} was {_short(before)}, here it is {_short(here[name])}"
        for name, before in recorded.weights.items()
        if before != here[name]
    ]


def _short(sha256: str | None) -> str:
    return "without weights" if sha256 is None else sha256[:12]


@contextmanager
def _opened(path: Path) -> Iterator[tuple[Path | zipfile.Path, str]]:
    """The folder that holds the record, in a ZIP or on disk, and the record's name in it."""
    if path.suffix.lower() == ".json":
        yield path.parent, path.name
        return
    try:
        archive = zipfile.ZipFile(path)
    except (OSError, zipfile.BadZipFile):
        raise ArchiveError(f"“{path.name}” is neither a ZIP nor a JSON record.") from None
    with archive:
        yield zipfile.Path(archive), RECORD


def _content(file: Path | zipfile.Path, name: str, most: int) -> bytes:
    """The bytes of a part, never more than `most`: a few may unpack to any number."""
    try:
        with file.open("rb") as opened:
            content = opened.read(most + 1)
    except (OSError, KeyError):
        raise ArchiveError(f"{name} is missing from the record.") from None
    except (zipfile.BadZipFile, zlib.error, RuntimeError):  # the last: encrypted, or packed in an unknown way
        raise ArchiveError(f"{name} is damaged.") from None
    if len(content) > most:
        raise ArchiveError(f"{name} is larger than any that belongs to a comparison.")
    return content


def _record(content: bytes) -> _Record:
    try:
        return _Record.model_validate_json(content)
    except ValidationError as error:
        raise ArchiveError(f"This is not the record of a comparison ({first_fault(error)}).") from None


def _densities(content: bytes, record: _Record, shape: tuple[int, int]) -> dict[tuple[str, AnyCondition], np.ndarray]:
    """The recorded maps; all must be there, of the picture's shape and usable."""
    densities: dict[tuple[str, AnyCondition], np.ndarray] = {}
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            for p in record.predictions:
                name = f"{p.model}.{p.condition.value}"
                if arrays.zip.getinfo(f"{name}.npy").file_size > 4 * math.prod(shape) + _HEADER_BYTES:
                    raise ValueError("more than a map of the picture's size")
                densities[p.model, p.condition] = arrays[name]
    except Exception:  # a damaged archive, or a single array in its place, raises nearly anything
        raise ArchiveError(f"{MAPS} is damaged, or does not hold the maps of the record.") from None
    for values in densities.values():
        usable = values.shape == shape and values.dtype == np.float32 and np.isfinite(values).all() and values.max() > 0
        if not usable:
            raise ArchiveError(f"{MAPS} does not hold maps of the picture's size.")
    return densities
