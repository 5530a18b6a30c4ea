"""The Compare tab: one picture, several sentences about it, several models, side by side."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import gradio as gr
from gradio.data_classes import FileData

from saliency.archive import write_archive
from saliency.gaze.options import written_options
from saliency.imaging import load_image, open_picture
from saliency.predictor import Predictor
from saliency.ui import constants
from saliency.ui.compare import compare_fields, first_sight
from saliency.ui.compare.archive_endpoint import ArchiveFile, asked_as
from saliency.ui.compare.compare_fields import CompareFields
from saliency.ui.compare.comparison_request import read_request, still_there
from saliency.ui.compare.first_sight import FirstSight
from saliency.ui.compare.map_grid import MapGrid
from saliency.ui.constants import ENGINE
from saliency.ui.gradio_internals import kept_file
from saliency.ui.share import share
from saliency.ui.shared import outdated
from saliency.ui.shared.cancel_button import CancelButton
from saliency.ui.shared.cancellation import cancellable
from saliency.ui.shared.component import Component
from saliency.ui.shared.examples import Example, example_buttons
from saliency.ui.shared.form import Form
from saliency.ui.shared.guard import guarded
from saliency.ui.shared.hidden_download import download_after, hidden_download
from saliency.ui.shared.model_choice import readers
from saliency.ui.shared.presentation import present
from saliency.ui.shared.sentences import reporting
from saliency.ui.shared.texts import t
from saliency.ui.truth.truth_files import read_truth
from saliency.ui.words.word_presentation import present_caption

_PROGRESS = gr.Progress()  # as a default value it makes Gradio pass each request's own progress
_ON_ENGINE = {"concurrency_limit": 1, "concurrency_id": ENGINE}


def build(predictor: Predictor, opening: Example | None = None) -> Form:
    """Adds the tab's content to the Blocks or Tab being built.

    Args:
        opening: the example whose comparison the page opens with; None: it opens empty.
    """
    opened = first_sight.build(opening) if opening else None
    clickable = example_buttons()
    fields = compare_fields.build(predictor)
    grid = MapGrid(label=t("map_grid.result"), elem_id="maps")
    request = gr.State(None, time_to_live=constants.KEPT_SECONDS)
    with gr.Row(elem_classes="taken-home"):
        download = gr.Button(t("compare.download"), size="sm", visible=False, elem_id="download", elem_classes="plain")
        cancel_download = CancelButton()
        archive, cutout = hidden_download("archive"), hidden_download("cutout")
        example = share.build(fields.picture)
    compare, packed = comparing(predictor, grid), packing(predictor, archive)
    outdated.follow(grid, fields.inputs, fields.truth.options)
    form = _form(fields, example, compare, [grid, request, download])
    begun = [fields.button.click, *(box.submit for box in form.written)]
    form.answered(gr.on, triggers=begun, api_name="compare", trigger_mode="once")
    form.filled_by(clickable, fields.of_an_example, compare_fields.example_values)
    description = fields.description
    asked = description.button.click(
        describing(predictor), fields.picture, description.words, api_name="caption", trigger_mode="once", **_ON_ENGINE
    )
    compare_fields.described(fields, asked)
    downloading = download.click(
        packed, request, archive, show_progress_on=cancel_download, api_visibility="private", **_ON_ENGINE
    )
    download_after(downloading, archive)
    cancel_download.ends(downloading)
    cutting = grid.cut(cutting_out(predictor, cutout), request, cutout, api_visibility="private", **_ON_ENGINE)
    download_after(cutting, cutout)
    if opening and opened:
        _open_with(FirstSight(predictor, opening, readers(predictor)), opened, form, grid)
    _add_archive_endpoint(form, compare, packed)
    return form


def comparing(predictor: Predictor, grid: MapGrid) -> Callable[..., Any]:
    """The handler of the endpoint `compare`."""

    @cancellable
    @guarded
    @outdated.repeats_asked
    def compare(
        picture,
        general=None,
        salient=None,
        non_salient=None,
        models=None,
        density=None,
        fixations=None,
        truth_condition=None,
        units=None,
        screen=None,
        shown=None,
        corner=None,
        picture_name=None,
        drop_zeros=False,
        log=False,
        named=None,
        mask=None,
        progress=_PROGRESS,
    ):
        """Predicted maps of gaze of a picture, alone and after each sentence, for each model.

        Returns the comparison as one JSON object; see its schema.

        Args:
            picture: A file: JPEG, PNG, WebP, GIF, BMP, TIFF, HEIC or AVIF.
            general: What is in the picture as a whole; without a sentence the condition is left out.
            salient: What catches the eye; without a sentence the condition is left out.
            non_salient: The background, or what is easily missed; without a sentence the condition is left out.
            models: Names of the models to compare, at least one.
            density: A file that says where people looked: a grey picture, brighter where they looked more, or .npy.
            fixations: A file that says where people looked: a table, JSON, .npy, .mat or ASC file, or a picture.
            truth_condition: What the people of the two files had read; that condition must be compared.
            units: Of the positions in the file of fixations: auto, pixels, shares or shares-from-below.
            screen: Size of the screen that positions are on, such as 1920x1080; empty where they are on the picture.
            shown: How the picture was shown on the screen: centred, fitted, stretched or at.
            corner: Where the picture's upper left corner was on the screen, such as 240, 60; for shown at.
            picture_name: Which picture's rows are read where the file of fixations has several pictures.
            drop_zeros: Whether fixations at exactly (0, 0), which may be lost samples, are left out.
            log: Whether the density map holds logarithms, which are then exponentiated.
            named: Further sentences, each with a name of its own: a list of {"name": ..., "sentence": ...}.
            mask: A file that says where objects are, white on them: a grey picture, .npy, .npz or .mat.
        """
        request = read_request(picture, (general, salient, non_salient), models, named)
        truth = None
        if density or fixations or mask:  # read first: their errors come before the models begin
            options = written_options(units, screen, shown, corner, picture_name, drop_zeros, log)
            shape = load_image(picture).shape[:2]
            truth = read_truth(density, fixations, truth_condition, shape, options, picture, mask)
        comparison = request.answer(predictor, progress)
        view = present(comparison, truth)
        view["picture"]["large"] = grid.keep_large(comparison)
        answered = replace(request, tables=tuple(view["tables"]), truth=truth.record if truth else None)
        return view, answered, gr.Button(visible=True)

    return compare


def describing(predictor: Predictor) -> Callable[..., Any]:
    """The handler of the endpoint `caption`."""

    @guarded
    def caption(picture):
        """A sentence about a picture, by the captioner, and where each of its words comes from.

        Returns one JSON object; see its schema.

        Args:
            picture: A file: JPEG, PNG, WebP, GIF, BMP, TIFF, HEIC or AVIF.
        """
        started = time.perf_counter()
        opened = open_picture(picture)
        return present_caption(predictor.caption(opened), opened, seconds=time.perf_counter() - started)

    return caption


def packing(predictor: Predictor, archive: gr.DownloadButton) -> Callable[..., Any]:
    """The handler that writes a comparison as a ZIP."""

    @cancellable
    @guarded
    def packed(request, progress=_PROGRESS):
        request = still_there(request)
        with TemporaryDirectory() as folder:
            path = Path(folder) / "saliency-comparison.zip"
            comparison = request.answer(predictor, progress)
            write_archive(comparison, path, request.tables, reporting(progress), request.truth, predictor.cards)
            return kept_file(archive, path)

    return packed


def cutting_out(predictor: Predictor, cutout: gr.DownloadButton) -> Callable[..., Any]:
    """The handler that writes an object, cut out of the picture, as a PNG."""

    @guarded
    def cut(request, event: gr.EventData, progress=_PROGRESS):
        request = still_there(request)
        with TemporaryDirectory() as folder:
            path = Path(folder) / "saliency-cutout.png"
            request.answer(predictor, progress).to_cutout(path, str(event.model), str(event.condition))
            return kept_file(cutout, path)

    return cut


def _form(fields: CompareFields, example: Component, compare: Callable[..., Any], outputs: list[Any]) -> Form:
    """The form of the tab.

    Args:
        example: holds the title of the example on view.
        outputs: of `compare`; the first shows the answer.
    """
    return Form(
        fields.picture,
        fields.sentences,
        fields.models,
        (fields.picture, example, *fields.truth.of_one_picture),
        lambda chosen: (str(chosen.picture), chosen.title, None, None, None, ""),
        {
            "fn": compare,
            "inputs": fields.inputs,
            "outputs": outputs,
            "show_progress_on": [outputs[0], fields.cancel],
            **_ON_ENGINE,
        },
        fields.cancel,
        fields.named,
    )


def _add_archive_endpoint(form: Form, compare: Callable[..., Any], packed: Callable[..., Any]) -> None:
    @asked_as(compare)
    async def archived(*sent):
        """The ZIP that the page offers for download: every map as float32 in maps.npz, overlays, numbers, the record.

        Takes what compare takes. README.txt in it says what its files and columns are, and under which terms.
        """
        _, answered, _ = await compare(*sent)
        return await packed(answered, sent[-1])  # the last is the progress

    # The page has no button for it.
    gr.on([], archived, form.run["inputs"], ArchiveFile(visible=False), api_name="archive", **_ON_ENGINE)


def _open_with(first: FirstSight, opened: Component, form: Form, grid: MapGrid) -> None:
    """Fills the form and the result with the comparison that the page opens with.

    Args:
        opened: the component that asks for it where nobody has begun with anything.
    """
    fields = [form.picture, *form.sentences.values()]

    async def wait():
        await first.view()
        return {"ready": True}

    async def fill(picture, *values):
        given = dict(zip(form.run["inputs"], (picture, *values), strict=True))
        models, rest = given[form.models], values[len(form.sentences) + 1 :]
        begun = picture or any(given[field] for field in form.written)
        if begun or set(models) != set(first.models):
            return [None, *[gr.skip()] * (len(form.run["outputs"]) + len(fields))]
        view = await first.view()
        path = kept_file(grid, first.example.picture)
        large = FileData(path=path, mime_type="image/jpeg").model_dump()
        asked = outdated.asked((path, *first.sentences, models, *rest))
        shown = view | {"asked": asked, "opening": True, "picture": view["picture"] | {"large": large}}
        request = replace(read_request(path, first.sentences, first.models), tables=tuple(view["tables"]))
        return first_sight.strip(view), shown, request, gr.Button(visible=True), path, *first.sentences

    opened.wanted(wait, None, opened, concurrency_limit=None, show_progress="hidden", api_visibility="private")
    outputs = [opened, *form.run["outputs"], *fields]
    opened.fill(fill, form.run["inputs"], outputs, show_progress="hidden", api_visibility="private", queue=False)
