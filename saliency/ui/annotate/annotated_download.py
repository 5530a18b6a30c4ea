"""Annotations as a ZIP: a data set of salient objects with its audit."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

import gradio as gr

from saliency.annotation import Annotated, export_objects
from saliency.ui.gradio_internals import kept_file


def zipped(button: gr.DownloadButton, pictures: Iterable[Annotated], name: str) -> str:
    """The path of the ZIP, where the browser fetches it.

    Raises:
        AnnotationError: nothing is annotated.
    """
    with TemporaryDirectory() as folder:
        export_objects(pictures, Path(folder, "export", name))
        file = shutil.make_archive(str(Path(folder, f"{name}-objects")), "zip", Path(folder, "export"))
        return kept_file(button, Path(file))
