"""The log of annotations: a line per event, on the disk before the annotator is answered.

Lines are appended and never changed, so neither a reload nor a crash loses what was answered. A line that was cut off
by a crash is passed over.
"""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from threading import Lock

from filelock import FileLock

from ..errors import AnnotationError, OutputError
from .events import AnnotationEvent, event_of


class AnnotationLog:
    """Events in a file of JSON lines. Safe for concurrent callers and processes.

    Args:
        path: of the file; it is made, with its folder, by the first event.

    Raises:
        OutputError: the file cannot be read.

    Attributes:
        cut: lines that could not be read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = Lock()
        self._events: dict[str, AnnotationEvent] = {}
        self._of: defaultdict[str, list[AnnotationEvent]] = defaultdict(list)
        self.cut = 0
        for line in self._lines():
            try:
                event = event_of(json.loads(line))
            except (ValueError, AnnotationError):
                self.cut += 1
                continue
            self._add(event)

    @property
    def events(self) -> Sequence[AnnotationEvent]:
        """All of them, in the order of the file."""
        with self._lock:
            return tuple(self._events.values())

    def of(self, picture: str) -> Sequence[AnnotationEvent]:
        """The events of one picture."""
        with self._lock:
            return tuple(self._of.get(picture, ()))

    def append(self, events: Iterable[AnnotationEvent]) -> None:
        """Writes events and waits until they are on the disk. Those that are in the log already are passed over.

        Raises:
            OutputError: they cannot be written; none counts as saved.
        """
        with self._lock:
            new = {event.id: event for event in events if event.id not in self._events}
            if not new:
                return
            lines = "".join(json.dumps(event.record(), ensure_ascii=False) + "\n" for event in new.values())
            try:
                self._write(lines.encode())
            except OSError:
                raise OutputError("The annotations cannot be saved: their file cannot be written to.") from None
            for event in new.values():
                self._add(event)

    def _add(self, event: AnnotationEvent) -> None:
        if event.id not in self._events:
            self._events[event.id] = event
            self._of[event.picture].append(event)

    def _write(self, content: bytes) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(self.path.with_name(f".{self.path.name}.lock")), open(self.path, "ab+") as file:
            if size := file.seek(0, os.SEEK_END):
                file.seek(size - 1)
                if file.read(1) != b"\n":  # a crash cut the last line off
                    content = b"\n" + content
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        _sync_folder(self.path.parent)

    def _lines(self) -> list[bytes]:
        try:
            return [line for line in self.path.read_bytes().split(b"\n") if line]
        except FileNotFoundError:
            return []
        except OSError:
            raise OutputError("The file of annotations “{name}” cannot be read.", name=self.path.name) from None


def _sync_folder(folder: Path) -> None:
    """Lets a new file's name be on the disk, too; Windows has no such call and needs none."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
