"""What a visitor sees when something goes wrong: a sentence, never a trace or a path of the server."""

from __future__ import annotations

import html
import logging
from collections.abc import Callable
from functools import wraps
from typing import Any

import gradio as gr

from saliency.errors import SaliencyError

logger = logging.getLogger(__name__)

UNEXPECTED = "Something went wrong here, and not with what you sent. It has been noted; please try again."


def guarded(handler: Callable[..., Any]) -> Callable[..., Any]:
    """An event handler whose errors are fit to be shown.

    A `SaliencyError` becomes a message with its sentence, escaped because Gradio's messages are HTML; anything else is
    logged and becomes `UNEXPECTED`.
    """

    @wraps(handler)
    def safe(*args: Any, **kwargs: Any) -> Any:
        try:
            return handler(*args, **kwargs)
        except SaliencyError as error:
            message = html.escape(str(error), quote=False)
            raise gr.Error(message, print_exception=False) from None
        except gr.Error:
            raise
        except Exception:
            logger.exception("An event handler failed.")
            raise gr.Error(UNEXPECTED, print_exception=False) from None

    return safe
