"""What the app's logs hold of its visitors: nothing."""

from __future__ import annotations

import logging
import shutil
from contextlib import suppress

import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError

from tests.pictures import COFFEE
from tests.ui.serving import serving
from tests.ui.test_endpoint import raw

MARK = "zebrafinch"


@pytest.fixture
def records():
    """What the app, Gradio and its server log, at any level; `caplog` misses loggers that do not propagate."""
    found: list[logging.LogRecord] = []

    class Keeping(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            found.append(record)

    handler, before = Keeping(), {}
    for name in ("saliency", "gradio", "uvicorn"):
        logger = logging.getLogger(name)
        before[logger] = logger.level
        logger.setLevel(logging.DEBUG)
        logger.addHandler(handler)
    yield found
    for logger, level in before.items():
        logger.setLevel(level)
        logger.removeHandler(handler)


def test_nothing_that_identifies_a_visitor_is_logged_or_printed(tmp_path, records, capfd):
    picture, table = tmp_path / f"{MARK}.jpg", tmp_path / f"{MARK}.csv"
    shutil.copy(COFFEE, picture)
    table.write_text(f"x,y,{MARK}\n300,200,1\n{MARK},1,1\n")
    headers = {"User-Agent": MARK, "X-Forwarded-For": MARK, "Referer": f"http://{MARK}/", "Cookie": f"{MARK}=1"}
    with serving() as address:
        client = Client(address, verbose=False, headers=headers, download_files=str(tmp_path / "downloads"))

        def compare(**sent):
            with suppress(AppError):
                return client.predict(handle_file(picture), api_name="/compare", **{"models": ["clip_salgan"]} | sent)

        assert compare(salient=f"A {MARK}.")["conditions"][1]["sentence"] == f"A {MARK}."
        refused = [
            compare(salient=MARK * 1000),
            compare(models=[MARK]),
            compare(fixations=handle_file(table)),
            compare(mask=handle_file(table)),
        ]
        assert refused == [None] * 4
        for place, sent in ((0, f"/{MARK}.png"), (0, {"path": f"/{MARK}.png", "meta": {"_type": "gradio.FileData"}})):
            data = [None, MARK, "", "", ["clip_salgan"], None, None, "pure"]
            data[place] = sent
            assert raw(address, "compare", data, **headers).startswith("event: error")
    assert any("was refused" in record.getMessage() for record in records)
    logged = [logging.Formatter().format(record) for record in records]
    assert not [text for text in logged if MARK in text]
    printed = capfd.readouterr()
    assert MARK not in printed.out + printed.err
