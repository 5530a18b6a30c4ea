"""The log of annotations: nothing that was answered is lost."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading

import pytest

from saliency.annotation import AnnotationLog
from saliency.annotation.events import annotator_named, event_of
from saliency.errors import AnnotationError, OutputError
from tests.annotation.made_annotations import TIME, event


@pytest.fixture
def path(tmp_path):
    return tmp_path / "annotations" / "log.jsonl"


def test_events_are_lines_of_the_file_and_come_back_in_order(path):
    events = [event(1, "toggle", 3), event(2, "undo"), event(3, "guess", 0, 2, source="captions", annotator="张三")]
    log = AnnotationLog(path)
    for each in events:
        log.append([each])
    assert [json.loads(line)["action"] for line in path.read_text(encoding="utf-8").splitlines()] == [
        "toggle",
        "undo",
        "guess",
    ]
    assert AnnotationLog(path).events == log.events == tuple(events)


def test_what_is_sent_again_is_one_event(path):
    log = AnnotationLog(path)
    log.append([event(1, "toggle", 3)])
    log.append([event(1, "toggle", 3), event(2, "toggle", 3)])
    log.append([event(2, "toggle", 3)])
    assert len(path.read_text().splitlines()) == len(log.events) == 2
    assert [each.id for each in AnnotationLog(path).of("a")] == ["event-000001", "event-000002"]
    assert list(log.of("b")) == []


def test_it_is_on_the_disk_before_append_returns(path, monkeypatch):
    log = AnnotationLog(path)
    synced = []
    plain = os.fsync
    monkeypatch.setattr(os, "fsync", lambda handle: (synced.append(path.read_bytes().count(b"\n")), plain(handle)))
    log.append([event(1, "toggle", 3)])
    assert synced[0] == 1, "the line was written when the file was synced"


def test_a_line_that_a_crash_cut_off_harms_no_other(path):
    AnnotationLog(path).append([event(1, "toggle", 3)])
    with open(path, "ab") as file:
        file.write(b'{"id": "event-000002", "ti')
    log = AnnotationLog(path)
    assert (log.cut, len(log.events)) == (1, 1)
    log.append([event(3, "toggle", 1)])
    again = AnnotationLog(path)
    assert [each.id for each in again.events] == ["event-000001", "event-000003"]
    assert again.cut == 1


WRITER = """
import sys
from pathlib import Path
from saliency.annotation import AnnotationLog
from tests.annotation.made_annotations import event
log = AnnotationLog(Path(sys.argv[1]))
for number in range(10_000):
    log.append([event(number, "toggle", 1)])
    print(number, flush=True)
"""


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL")
def test_a_killed_process_loses_nothing_that_it_answered(path):
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True)
    answered = [int(writer.stdout.readline()) for _ in range(20)]
    writer.send_signal(signal.SIGKILL)
    writer.wait(timeout=60)
    found = {int(each.id[-6:]) for each in AnnotationLog(path).events}
    assert found >= set(answered)


def test_threads_write_whole_lines(path):
    log = AnnotationLog(path)
    numbers = range(40)
    threads = [threading.Thread(target=log.append, args=([event(number, "toggle", 1)],)) for number in numbers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    again = AnnotationLog(path)
    assert again.cut == 0
    assert sorted(int(each.id[-6:]) for each in again.events) == list(numbers)


def test_where_it_cannot_be_written_nothing_counts_as_saved(path):
    log = AnnotationLog(path)
    path.parent.write_text("a file is in the way")
    with pytest.raises(OutputError, match="cannot be saved"):
        log.append([event(1, "toggle", 3)])
    assert log.events == ()
    path.parent.unlink()
    log.append([event(1, "toggle", 3)])
    assert len(AnnotationLog(path).events) == 1


GOOD = event(1, "toggle", 3).record()


def test_a_record_is_read_with_the_time_of_its_arrival():
    assert event_of(GOOD) == event(1, "toggle", 3)
    assert event_of(GOOD, "later").time == "later"
    assert event_of(GOOD | {"annotator": " =SUM(A1)  x\n"}).annotator == "SUM(A1) x"


@pytest.mark.parametrize(
    "changes",
    [
        {"id": "../../etc"},
        {"id": 7},
        {"action": "delete"},
        {"segments": [1, 2]},
        {"segments": []},
        {"segments": [-1]},
        {"segments": [True]},
        {"segments": ["1"]},
        {"segments": [70_000]},
        {"segments": "1"},
        {"annotator": ""},
        {"annotator": "x" * 61},
        {"annotator": None},
        {"picture": "x" * 1001},
        {"time": None},
    ],
)
def test_what_is_no_event_is_refused(changes):
    with pytest.raises(AnnotationError):
        event_of(GOOD | changes)


@pytest.mark.parametrize("sent", [None, [], "x", 3])
def test_what_is_no_object_is_refused(sent):
    with pytest.raises(AnnotationError):
        event_of(sent, TIME)


def test_a_name_that_is_empty_is_refused():
    with pytest.raises(AnnotationError, match="at most 60 characters"):
        annotator_named("  = ")
