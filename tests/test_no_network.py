"""Weights of the hub on a machine whose network is down, and that is not set to be offline."""

from __future__ import annotations

import os
import subprocess
import sys

_SCRIPT = """
import socket, time
time.sleep = lambda _: None  # the hub's library tries five times, 47 seconds in all
def refused(*_, **__): raise socket.gaierror(-3, "Temporary failure in name resolution")
socket.getaddrinfo = socket.socket.connect = refused
import saliency
from saliency.errors import HubUnavailableError
from saliency.models.text import load_encoder
from saliency.models.trunks.trunk import hub_weights
for load, name in ((load_encoder, "bert"), (hub_weights, "resnet18"), (saliency.load, "hf://me/other")):
    try:
        load(name)
    except HubUnavailableError as error:
        print(error)
"""


def test_the_error_is_a_sentence(tmp_path):
    """Of a text encoder, a trunk and a checkpoint."""
    offline = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")
    environment = {name: value for name, value in os.environ.items() if name not in offline}
    environment |= {"HF_HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path), "HOME": str(tmp_path)}
    script = [sys.executable, "-c", _SCRIPT]
    ended = subprocess.run(script, env=environment, capture_output=True, text=True, check=False)
    encoder, trunk, checkpoint = ended.stdout.splitlines()
    assert "“google-bert/bert-base-uncased” is not on this machine" in encoder
    assert "resnet18 are not on" in trunk
    assert "“me/other” is not on this machine" in checkpoint
    assert str(tmp_path) not in ended.stdout
