"""Weights of the hub on a machine whose network is down, which nobody told to be offline."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

_SCRIPT = """
import socket
def refused(*_, **__): raise socket.gaierror(-3, "Temporary failure in name resolution")
socket.getaddrinfo = socket.socket.connect = refused
from saliency.errors import HubUnavailableError
try:
    {call}
except HubUnavailableError as error:
    print(error)
"""


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        ("from saliency.models.text import load_encoder; load_encoder('bert')", "“compact” works without a network"),
        ("from saliency.models.trunks.timm_trunk import hub_weights; hub_weights('resnet18')", "resnet18 are not on"),
        ("import saliency; saliency.load('hf://me/other')", "“me/other” is not on this machine"),
    ],
    ids=["a text encoder", "a trunk", "a checkpoint"],
)
def test_the_error_is_a_sentence(call, sentence, tmp_path):
    offline = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")
    environment = {name: value for name, value in os.environ.items() if name not in offline}
    environment |= {"HF_HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path), "HOME": str(tmp_path)}
    script = [sys.executable, "-c", _SCRIPT.format(call=call)]
    ended = subprocess.run(script, env=environment, capture_output=True, text=True, check=False)
    assert sentence in ended.stdout, ended.stderr
    assert str(tmp_path) not in ended.stdout
