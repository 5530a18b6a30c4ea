"""``saliency app``: the web app on this machine."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Annotated

import typer

from ..errors import MissingPackageError
from ..serving import demo
from ..settings import settings


def app(
    host: Annotated[str | None, typer.Option(help="Address to listen on; 0.0.0.0: the whole network.")] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Default: 7860.")] = None,
    data: Annotated[str | None, typer.Option(help="Folder of the data set of the Errors tab.")] = None,
    split: Annotated[str | None, typer.Option(help="Only this split of it, e.g. test.")] = None,
    maps: Annotated[
        str | None, typer.Option(help="Maps that other programs wrote for it: NAME:FOLDER; NAME:FOLDER.")
    ] = None,
    mcp: Annotated[
        bool,
        typer.Option("--mcp", help="Offer the API as tools of the Model Context Protocol, too."),
    ] = False,
) -> None:
    """Serve the web app.

    What is not given is read from the environment: GRADIO_SERVER_NAME, GRADIO_SERVER_PORT, SALIENCY_DATASET,
    SALIENCY_SPLIT and SALIENCY_MAPS. With --mcp the address for language models is /gradio_api/mcp/ on this server.
    """
    if mcp and find_spec("mcp") is None:
        raise MissingPackageError('The package mcp is not installed; pip install "saliency[mcp]" installs it.')
    here = settings()
    page, options = demo(data or here.dataset, split or here.split, maps or here.maps)
    page.launch(server_name=host, server_port=port, mcp_server=mcp or None, **options)
