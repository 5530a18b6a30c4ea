"""The command line and the app of a user whose home cannot be written to."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from gradio_client import Client, handle_file

from saliency.settings import variable
from tests.pictures import COFFEE

ROOT = Path(__file__).parents[1]


@pytest.fixture
def environment(untrained, tmp_path):
    """Home and cache lie below a file, so that not even root can make them."""
    (tmp_path / "file").write_text("in the way")
    home = {name: str(tmp_path / "file" / "home") for name in ("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME")}
    ours = {variable("checkpoints"): str(untrained), variable("fast"): "on", "PYTHONUNBUFFERED": "1"}
    return {**os.environ, **home, **ours, "PYTHONPATH": str(ROOT), "GRADIO_TEMP_DIR": str(tmp_path / "gradio")}


def test_a_prediction_is_answered_with_a_warning(environment, tmp_path):
    pytest.importorskip("openvino", reason="without it nothing is cached")
    out = tmp_path / "out"
    command = [sys.executable, "-m", "saliency", "predict", COFFEE, "--salient", "A cup.", "--out", out]
    ended = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    assert list(out.rglob("*.png"))
    assert ended.stderr.count("Graphs cannot be stored in") == 1
    assert "Traceback" not in ended.stderr


def test_the_app_starts_and_answers(environment, tmp_path):
    command = [sys.executable, ROOT / "app.py"]
    log = tmp_path / "log"
    with log.open("w") as errors:
        app = subprocess.Popen(command, env=environment, cwd=tmp_path, stdout=subprocess.PIPE, stderr=errors, text=True)
    assert app.stdout is not None
    try:
        address = next((line.split()[-1] for line in app.stdout if "Running on local URL" in line), None)
        assert address, log.read_text()
        assert httpx.get(address).status_code == 200
        client = Client(address, verbose=False, download_files=str(tmp_path / "downloads"))
        view = client.predict(handle_file(COFFEE), salient="A cup.", models=["untrained"], api_name="/compare")
        assert len(view["maps"]) == 2
    finally:
        app.kill()
        app.communicate()
    assert "Traceback" not in log.read_text()
