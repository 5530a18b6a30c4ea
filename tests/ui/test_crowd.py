"""Many visitors at once, some of whom mean harm: each gets an answer of their own, and the server stays as it was."""

from __future__ import annotations

import json
import resource
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import gradio as gr
import httpx
import numpy as np
import pytest
from gradio_client import Client
from gradio_client.utils import QueueError
from PIL import Image

from saliency import bounded
from saliency.predictor import Predictor
from saliency.ui import build
from saliency.ui.shared.guard import BUSY, UNEXPECTED
from saliency.ui.shared.sentences import chinese
from tests.hostile_pictures import COSTLY, ODD, encoded
from tests.tiny import in_miniature
from tests.ui.serving import serving

CLIENTS, REQUESTS = 8, 20
HOSTILE = (
    "2000 scans of 49 megapixels", "a million comments", "millions of empty extensions", "2 million strips",
    "many large tags", "2 million unknown chunks", "plain PPM", "a PNG of 3600 megapixels", "JPEG cut after 5 tenths",
    "SVG with a script", "nothing", "a pickle", "NaN in TIFF", "PNG of 1 x 20000",
)  # fmt: skip


@pytest.fixture(scope="module")
def served(tmp_path_factory) -> Iterator[tuple[str, gr.Blocks]]:
    folder = tmp_path_factory.mktemp("checkpoints")
    with in_miniature(folder):
        built: list[gr.Blocks] = []

        def make() -> gr.Blocks:
            built.append(build(Predictor(["reader"], checkpoint_dir=folder)))
            return built[0]

        with serving(make) as address:  # which builds it, so that it has a folder of its own for its files
            yield address, built[0]


@pytest.fixture
def address(served) -> str:
    return served[0]


@pytest.fixture(autouse=True)
def _short(monkeypatch):
    """Less time than the default, so that the tests take less."""
    monkeypatch.setenv("SALIENCY_READ_SECONDS", "0.3")


def compare(client: httpx.Client, content: bytes, sentence: str = "") -> tuple[str, dict]:
    """Whether an upload was compared, ``complete`` or ``error``, and the answer."""
    [path] = client.post("upload", files={"files": ("picture", content)}).json()
    picture = {"path": path, "meta": {"_type": "gradio.FileData"}}
    data = [picture, sentence, "", "", ["reader"], None, None, "pure"]
    event = client.post("call/compare", json={"data": data}).json()["event_id"]
    last = client.get(f"call/compare/{event}").text.strip().split("\n\n")[-1]
    kind, sent = (line.partition(": ")[2] for line in last.splitlines())
    answer = json.loads(sent)
    return kind, answer[0] if kind == "complete" else answer


def visitor(address: str) -> httpx.Client:
    return httpx.Client(base_url=f"{address}gradio_api/", timeout=120)


def own_picture(number: int) -> bytes:
    """Bright where no other visitor's is."""
    picture = np.full((64, 64), 40, np.uint8)
    row, column = divmod(number, 4)
    picture[row * 16 : row * 16 + 16, column * 16 : column * 16 + 16] = 250
    return encoded(Image.fromarray(picture))


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_upload_is_answered_and_so_is_the_next(address, name):
    with visitor(address) as client:
        kind, answer = compare(client, {**COSTLY, **ODD}[name]())
        if kind == "error":
            assert answer["error"].endswith(".")
            assert answer["error"] != UNEXPECTED
        assert compare(client, own_picture(0))[0] == "complete"


def test_others_are_served_while_a_hostile_picture_is_read(address, monkeypatch):
    """In one process the decoder would hold Python's lock, and nobody would be."""
    monkeypatch.setenv("SALIENCY_READ_SECONDS", "1")
    with visitor(address) as client, ThreadPoolExecutor() as threads:
        hostile = threads.submit(compare, client, COSTLY["100,000 scans of a megapixel"]())
        served = 0
        while not hostile.done():
            assert client.get("info").status_code == 200
            served += 1
            time.sleep(0.05)
        assert hostile.result()[0] == "error"
        assert served > 5


def test_nobody_gets_an_error_or_a_result_of_another(address):
    def visit(number: int) -> list[tuple[str, str]]:
        answers = []
        with visitor(address) as client:
            for request in range(REQUESTS):
                bad = request % 4 == number % 4
                kind, answer = compare(client, ODD["a pickle"]() if bad else own_picture(number), f"sentence {number}")
                answers.append((kind, "" if bad else json.dumps([answer["maps"], answer["conditions"]])))
        return answers

    def memory() -> int:
        return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()

    with ThreadPoolExecutor(CLIENTS) as threads:
        alone = [_alone(address, number) for number in range(CLIENTS)]
        before = memory()
        visits = list(threads.map(visit, range(CLIENTS)))
    assert len(set(alone)) == CLIENTS
    for number, answers in enumerate(visits):
        assert [kind for kind, _ in answers] == [
            "error" if request % 4 == number % 4 else "complete" for request in range(REQUESTS)
        ]
        assert {answer for _, answer in answers if answer} == {alone[number]}
    assert memory() - before < 100 * 2**20
    assert len(bounded._idle) <= bounded.MOST_CHILDREN


@pytest.mark.parametrize(
    ("accepted", "sentence"), [("en", BUSY), ("zh-CN", chinese()[BUSY])], ids=["English", "Chinese"]
)
def test_a_full_queue_refuses_with_a_sentence_and_takes_the_next_when_there_is_room(
    served, monkeypatch, accepted, sentence
):
    address, demo = served
    assert demo._queue.max_size == 64
    sent = {"data": [None, "", "", "", ["reader"], None, None, "pure"]}
    headers = {"Accept-Language": accepted}
    with visitor(address) as client:
        with monkeypatch.context() as patch:
            patch.setattr(demo._queue, "max_size", 0)
            refused = client.post("call/compare", json=sent, headers=headers)
            of_the_page = client.post("call/compare", json=sent, headers=headers | {"Origin": address.rstrip("/")})
            with pytest.raises(QueueError):
                Client(address, verbose=False).predict(None, api_name="/compare")
        assert (refused.status_code, of_the_page.status_code) == (503, 429)
        assert refused.json()["detail"] == of_the_page.json()["detail"] == sentence
        assert refused.headers["Retry-After"] == "60"
        assert compare(client, own_picture(0))[0] == "complete"


def test_another_unavailability_is_gradios(served, monkeypatch):
    address, demo = served
    monkeypatch.setattr(demo._queue, "stopped", True)
    with visitor(address) as client:
        refused = client.post("call/compare", json={"data": []})
    assert (refused.status_code, refused.json()) == (503, {"detail": "Queue is stopped."})


def _alone(address: str, number: int) -> str:
    """What a visitor gets while there is no other."""
    with visitor(address) as client:
        kind, answer = compare(client, own_picture(number), f"sentence {number}")
    assert kind == "complete", answer
    return json.dumps([answer["maps"], answer["conditions"]])
