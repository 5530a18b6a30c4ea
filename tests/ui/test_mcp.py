"""The endpoints as tools of the Model Context Protocol, through its own client."""

from __future__ import annotations

import ast
import base64
import importlib.util
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client
from typer.testing import CliRunner

from saliency.cli import app
from saliency.predictor import Predictor
from saliency.ui import build
from tests.pictures import COFFEE
from tests.ui.own_thread import finished
from tests.ui.serving import serving

TOOLS = {"compare", "words", "score", "caption"}


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with serving(lambda: build(Predictor(["clip_salgan"])), mcp=True) as address:
        yield address


def asked(address: str, question: Callable[[ClientSession], Any]) -> Any:
    """What a client gets on a question."""

    async def ask() -> Any:
        async with (
            streamable_http_client(f"{address}gradio_api/mcp/") as (read, write, _),
            ClientSession(read, write) as session,
        ):
            await session.initialize()
            return await question(session)

    return finished(ask())


def test_a_client_finds_the_tools_and_reads_what_they_take(address: str):
    tools = {tool.name: tool for tool in asked(address, lambda session: session.list_tools()).tools}
    assert set(tools) >= TOOLS
    for name in TOOLS:
        assert len(tools[name].description.split()) > 10
        taken = tools[name].inputSchema
        assert "picture" in taken["required"]
        assert [one for one, schema in taken["properties"].items() if not schema.get("description")] == []
    assert tools["words"].inputSchema["properties"]["model"]["enum"] == ["clip_salgan"]


def test_a_client_calls_a_tool(address: str):
    picture = f"data:image/jpeg;base64,{base64.b64encode(COFFEE.read_bytes()).decode()}"
    taken = {"picture": picture, "sentence": "A red cup.", "model": "clip_salgan"}
    result = asked(address, lambda session: session.call_tool("words", taken))
    assert not result.isError, result.content
    answer = ast.literal_eval(result.content[0].text)  # Gradio writes it as Python, not as JSON
    assert answer["provenance"]["format"] == 1
    assert answer["model"]["name"] == "clip_salgan"
    assert [word["word"] for word in answer["words"]] == ["A", "red", "cup"]


def test_without_the_package_a_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch):
    found = importlib.util.find_spec
    monkeypatch.setattr("saliency.cli.serve.find_spec", lambda name: None if name == "mcp" else found(name))
    result = CliRunner().invoke(app, ["app", "--mcp"])
    assert result.exit_code == 2
    assert 'pip install "saliency[mcp]"' in result.stderr
