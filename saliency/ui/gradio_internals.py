"""All that the app uses of Gradio beyond its documented interface; tests/ui/test_gradio_internals.py checks each.

What a new release of Gradio may break is here, in page/event_stream.py, and in the pages' scripts and style sheets
where they name Gradio's classes (`.pending`, `.html-container`, ``data-testid``, ``data-tab-id``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.components import Component
from gradio.context import LocalContext
from gradio.data_classes import FileData
from gradio.processing_utils import hash_file, save_bytes_to_cache
from gradio.route_utils import FnIndexInferError, get_root_url
from gradio.utils import get_function_description
from gradio_client.utils import is_file_obj_with_meta, traverse
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import Scope

UnknownEndpoint = FnIndexInferError  # raised where a client names an endpoint that there is not


def visitors_request() -> gr.Request | None:
    """The request whose event is handled; None where there is none."""
    return LocalContext.request.get(None)


@contextmanager
def handling(request: gr.Request | None) -> Iterator[None]:
    """Within it, `visitors_request` is `request`, also before and after the handler is at work."""
    token = LocalContext.request.set(request)
    try:
        yield
    finally:
        LocalContext.request.reset(token)


def queue_is_full(error: HTTPException) -> bool:
    """Whether Gradio refused a request because its queue is full; other errors may have the same status, 503."""
    return str(error.detail).startswith("Queue is full")


def described_parameters(handler: Any) -> Mapping[str, str]:
    """What a handler's docstring says of each parameter, under ``Args:``."""
    _, parameters, _ = get_function_description(handler)
    return parameters


def root_of(scope: Scope) -> str:
    """The app's address, as the visitor's browser knows it, without a slash at its end."""
    return get_root_url(Request(scope), "/", scope.get("root_path") or None)


def names_unmarked_file(value: Any) -> bool:
    """Whether JSON has a file's path anywhere without the mark that makes Gradio check it."""
    found: list[Any] = []
    traverse(value, found.append, lambda part: isinstance(part, dict) and "path" in part)
    return not all(is_file_obj_with_meta(part) for part in found)


def served_name(path: Path) -> str:
    """The end of the addresses at which files of this content and name are served: ``HASH/NAME``."""
    return f"{hash_file(path)}/{path.name}"


def kept_file(component: Component, path: Path) -> str:
    """A file's copy in a component's cache, which Gradio serves and deletes after a while."""
    return component.move_resource_to_block_cache(str(path))


def served_file(component: Component, path: Path, mime_type: str) -> dict[str, Any]:
    """A copy of a file that the browser asks for, as Gradio names files in JSON."""
    return FileData(path=kept_file(component, path), mime_type=mime_type).model_dump()


def served(component: Component, content: bytes, name: str, mime_type: str) -> dict[str, Any]:
    """Bytes as a file that the browser asks for, as Gradio names files in JSON."""
    path = save_bytes_to_cache(content, name, component.GRADIO_CACHE)
    component.temp_files.add(path)  # what Gradio serves, and deletes in time
    return FileData(path=path, mime_type=mime_type).model_dump()
