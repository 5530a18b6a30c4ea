"""The examples of docs/app.md, run as they are printed but for the port."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from saliency.predictor import Predictor
from saliency.ui import build
from tests.ui.serving import serving

ROOT = Path(__file__).parents[2]
PRINTED = "http://127.0.0.1:7860/"


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with serving(lambda: build(Predictor(["clip_salgan"]))) as address:
        yield address


def printed(language: str, address: str) -> str:
    """The block in a language that names the app's address, which is exchanged for another."""
    blocks = re.findall(rf"^```{language}\n(.*?)^```$", (ROOT / "docs/app.md").read_text(), re.MULTILINE | re.DOTALL)
    [block] = [block for block in blocks if PRINTED in block]
    return block.replace(PRINTED, address)


def test_the_python_example(address: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(ROOT)
    names: dict = {}
    exec(printed("python", address), names)
    assert [one["condition"] for one in names["answer"]["maps"]] == ["pure", "salient"]
    assert names["answer"]["maps"][0]["png"].startswith("data:image/png;base64,")
    assert names["answer"]["provenance"]["format"] == 1


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not on this machine")
def test_the_curl_example(address: str):
    ran = subprocess.run(
        ["bash", "-c", printed("bash", address)], cwd=ROOT, capture_output=True, text=True, timeout=120, check=True
    )
    *_, event, data = (line for line in ran.stdout.splitlines() if line)
    assert event == "event: complete"
    [answer] = json.loads(data.removeprefix("data: "))
    assert [word["word"] for word in answer["words"]] == ["There", "is", "a", "blue", "ball"]
