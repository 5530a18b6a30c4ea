"""Errors as visitors see them: a sentence, never a trace or a path of the server."""

from __future__ import annotations

import html
import logging
from collections.abc import Callable
from functools import wraps
from inspect import isgeneratorfunction
from typing import Any

import gradio as gr
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse

from saliency.errors import SaliencyError
from saliency.messages import Message
from saliency.ui.gradio_internals import handling, names_unmarked_file, queue_is_full
from saliency.ui.shared.sentences import in_language, speaks_chinese, translated

logger = logging.getLogger(__name__)

UNEXPECTED = Message("Something went wrong here, and not with what you sent. It has been noted; please try again.")
NOT_TAKEN = Message("What was sent is not what is taken here; the page “Use via API” says what each parameter takes.")

BUSY = Message("Many others are waiting here already; please try again in a minute.")


def guarded(handler: Callable[..., Any]) -> Callable[..., Any]:
    """An event handler, a function or a generator, whose errors are fit to be shown.

    A `SaliencyError` becomes a message with its sentence in the visitor's language, escaped because Gradio's messages
    are HTML; anything else is logged and becomes `UNEXPECTED`.
    """

    @wraps(handler)
    def safe(*args: Any, **kwargs: Any) -> Any:
        try:
            return handler(*args, **kwargs)
        except Exception as error:
            raise _shown(error) from None

    @wraps(handler)
    def safe_generator(*args: Any, **kwargs: Any) -> Any:
        try:
            yield from handler(*args, **kwargs)
        except Exception as error:
            raise _shown(error) from None

    return safe_generator if isgeneratorfunction(handler) else safe


def _shown(error: Exception) -> gr.Error:
    if isinstance(error, gr.Error):
        error.print_exception = False  # Gradio's own names what was sent
        return error
    if isinstance(error, SaliencyError):
        return gr.Error(html.escape(translated(error.message), quote=False), print_exception=False)
    logger.error("An event handler failed.", exc_info=error)
    return gr.Error(translated(UNEXPECTED), print_exception=False)


class GuardedBlocks(gr.Blocks):
    """Blocks whose events fail with a sentence also where no handler is at work.

    Gradio checks what a client sends before the handler gets it, and would answer ``{"error": null}``. It also checks
    that a file was uploaded, but only one that is marked as a file; the path of another would be opened as it was sent.
    """

    async def preprocess_data(self, block_fn: Any, inputs: list[Any], *args: Any, **kwargs: Any) -> Any:
        """As Gradio's; what it refuses is answered with a sentence."""
        try:
            if names_unmarked_file(inputs):
                raise ValueError("a file without Gradio's mark")
            return await super().preprocess_data(block_fn, inputs, *args, **kwargs)
        except gr.Error:
            raise
        except Exception as error:
            # Its text may name what was sent, which is not logged.
            logger.info("What was sent was refused (%s).", type(error).__name__)
            raise gr.Error(translated(NOT_TAKEN), print_exception=False) from None

    async def process_api(self, block_fn: Any, inputs: Any, state: Any = None, request: Any = None, **rest: Any) -> Any:
        """As Gradio's; every exception is answered with a sentence in the client's language."""
        with handling(request):  # it says which language is wanted
            try:
                return await super().process_api(block_fn, inputs, state, request, **rest)
            except Exception as error:
                raise _shown(error) from None


def no_endpoint(request: Request, _: Exception) -> JSONResponse:
    """The response to a call of an unknown endpoint; Gradio's own is a bare 500."""
    sentence = Message(
        "There is no endpoint called “{name}”; the page “Use via API” lists those there are.",
        name=str(request.path_params.get("api_name", "")),
    )
    shown = in_language(sentence, "zh" if speaks_chinese(request) else "en")
    return JSONResponse({"error": shown, "type": "UnknownEndpoint"}, status_code=404)


def no_key(request: Request, error: Exception) -> JSONResponse:
    """`no_endpoint` where Gradio's route ``call/v2`` looked up an unknown endpoint; other errors are raised again."""
    if error.args == (f"/{request.path_params.get('api_name')}",):
        return no_endpoint(request, error)
    raise error


def busy(request: Request, error: HTTPException) -> JSONResponse:
    """The response to a request that the queue has no place for.

    The page gets status 429: for 503 it shows a sentence of Gradio's own, in English. Clients of the API get 503, by
    which Gradio's own knows a full queue.
    """
    if not queue_is_full(error):
        return JSONResponse({"detail": error.detail}, error.status_code, error.headers)
    shown = in_language(BUSY, "zh" if speaks_chinese(request) else "en")
    status = 429 if "origin" in request.headers else 503  # browsers name the page that a request is from
    return JSONResponse({"detail": shown, "error": shown}, status, {"Retry-After": "60"})
