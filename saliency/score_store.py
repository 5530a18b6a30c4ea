"""Scores on the disk: one file per data set and source of maps, one line per sample, named by the content of both."""

from __future__ import annotations

import base64
import errno
import hashlib
import json
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from .data import ObjectSample, Sample
from .errors import OutputError
from .messages import Message

# Raised whenever the same files would get other scores: those of before are then computed again.
_RULES = 2


@dataclass(frozen=True)
class Scored:
    """The scores of one map of one sample.

    Attributes:
        values: by metric; NaN where one is undefined for the sample.
        shape: (H, W) of the picture.
        fixations: how many there are in the data set for the sample, repeats included.
        notices: what was inferred or converted to get them.
        curves: (curves, thresholds) float32, for metrics of data sets that are made of the mean of these; or None.
    """

    values: Mapping[str, float]
    shape: tuple[int, int]
    fixations: int
    notices: tuple[Message, ...] = ()
    curves: np.ndarray | None = None


def fingerprint(samples: Sequence[Sample | ObjectSample]) -> str:
    """Names a data set by everything its samples hold, and the name, size and date of every file; 64 hex digits."""
    digest = hashlib.sha256()
    for sample in samples:
        record = [(field.name, _identity(getattr(sample, field.name))) for field in fields(sample)]
        digest.update(json.dumps(record).encode())
    return digest.hexdigest()


def _identity(value: Any) -> Any:
    return state_of(value) if isinstance(value, Path) else str(value)


def state_of(path: Path) -> list[Any]:
    """Changes when the file does: name, size, date, and whether it can be read; the name alone where it is missing."""
    try:
        status = path.stat()
    except OSError:
        return [path.name]
    return [path.name, status.st_size, status.st_mtime_ns, os.access(path, os.R_OK)]


class ScoreStore:
    """A file with one JSON line per sample. What a process that was killed left unfinished of a line is passed over.

    Args:
        folder: of all files of one data set.
        identity: of the source of the maps, ready for JSON.
        profile: name of the profile of the metrics.
        metrics: names; a line that lacks one is passed over.
    """

    def __init__(self, folder: Path, identity: Any, profile: str, metrics: Sequence[str]) -> None:
        record = json.dumps([_RULES, profile, identity], sort_keys=True)
        self._path = folder / f"{hashlib.sha256(record.encode()).hexdigest()}.jsonl"
        self._metrics = tuple(metrics)

    def read(self) -> dict[str, Scored]:
        """The scores by stem."""
        found = {}
        for line in self._path.read_bytes().splitlines() if self._path.is_file() else ():
            try:
                record = json.loads(line)
                found[record["stem"]] = self._scored(record)
            except (ValueError, KeyError, TypeError):
                continue
        return found

    def append(self, stem: str, scored: Scored) -> None:
        """Adds a line with one write, so that a reader sees all of it or none.

        Raises:
            OutputError: it cannot be written.
        """
        line = self._line(stem, scored)
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with open(self._path, "ab+", buffering=0) as file:
                end = file.seek(0, os.SEEK_END)
                if end:
                    file.seek(end - 1)
                    line = line if file.read(1) == b"\n" else b"\n" + line
                if file.write(line) < len(line):  # the rest found no room
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError as error:
            raise OutputError(
                "The scores cannot be written. Make room on the disk, or name another folder by the environment "
                "variable SALIENCY_CACHE."
            ) from error

    def _line(self, stem: str, scored: Scored) -> bytes:
        record = {
            "stem": stem,
            "height": scored.shape[0],
            "width": scored.shape[1],
            "fixations": scored.fixations,
            "notices": [_packed(notice) for notice in scored.notices],
            **({} if scored.curves is None else {"curves": _packed_curves(scored.curves)}),
            **{name: value if math.isfinite(value) else None for name, value in scored.values.items()},
        }
        return json.dumps(record, default=str).encode() + b"\n"

    def _scored(self, record: Mapping[str, Any]) -> Scored:
        values = {name: math.nan if record[name] is None else float(record[name]) for name in self._metrics}
        notices = tuple(_unpacked(notice) for notice in record["notices"])
        curves = _unpacked_curves(record["curves"]) if "curves" in record else None
        return Scored(values, (int(record["height"]), int(record["width"])), int(record["fixations"]), notices, curves)


def _packed_curves(curves: np.ndarray) -> dict[str, Any]:
    """As float32 in a text, a third of what the digits would take."""
    values = curves.astype("<f4")
    return {"shape": values.shape, "float32": base64.b64encode(values.tobytes()).decode()}


def _unpacked_curves(record: Mapping[str, Any]) -> np.ndarray:
    return np.frombuffer(base64.b64decode(record["float32"]), "<f4").reshape(record["shape"])


def _packed(notice: str) -> dict[str, Any]:
    if not isinstance(notice, Message):
        return {"text": notice}
    return {"text": str(notice), "template": notice.template, "values": notice.values}


def _unpacked(record: Mapping[str, Any]) -> Message:
    """The sentence as it was; without its values where JSON cannot hold them."""
    try:
        message = Message(record["template"], **record["values"])
    except (KeyError, IndexError, AttributeError, ValueError, TypeError):
        return Message(record["text"])
    return message if message == record["text"] else Message(record["text"])
