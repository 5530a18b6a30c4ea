"""What a visitor sees when something goes wrong: a sentence, never a trace or a path of the server."""

from __future__ import annotations

import html
import logging
from collections.abc import Callable
from functools import wraps
from inspect import isgeneratorfunction
from typing import Any

import gradio as gr

from saliency.errors import SaliencyError
from saliency.messages import Message
from saliency.ui.sentences import told

logger = logging.getLogger(__name__)

UNEXPECTED = Message("Something went wrong here, and not with what you sent. It has been noted; please try again.")


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
        return error
    if isinstance(error, SaliencyError):
        return gr.Error(html.escape(told(error.message), quote=False), print_exception=False)
    logger.error("An event handler failed.", exc_info=error)
    return gr.Error(told(UNEXPECTED), print_exception=False)
