"""The Compare tab: one picture, up to four readings of it, several models, side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import gradio as gr
from gradio.data_classes import FileData

from saliency.archive.writer import write_archive
from saliency.conditions import AnyCondition, Condition, by_condition
from saliency.errors import ExpiredError, TextError, UnknownModelError
from saliency.gaze.options import written_options
from saliency.imaging import load_image
from saliency.predictor import Predictor
from saliency.results import Comparison
from saliency.ui import constants
from saliency.ui.compare import first_sight
from saliency.ui.compare.archive_endpoint import ArchiveFile, asked_as
from saliency.ui.compare.first_sight import FirstSight
from saliency.ui.compare.map_grid import MapGrid
from saliency.ui.compare.named_sentences import NamedSentences, read_named
from saliency.ui.constants import ENGINE
from saliency.ui.share import share
from saliency.ui.shared import outdated
from saliency.ui.shared.cancel_button import CancelButton
from saliency.ui.shared.cancellation import cancellable
from saliency.ui.shared.component import Component
from saliency.ui.shared.examples import Example, example_buttons
from saliency.ui.shared.form import Form
from saliency.ui.shared.guard import guarded
from saliency.ui.shared.model_choice import choices, readers
from saliency.ui.shared.picture_input import PictureInput
from saliency.ui.shared.presentation import present
from saliency.ui.shared.sentences import telling
from saliency.ui.shared.texts import t
from saliency.ui.truth import gaze_fields
from saliency.ui.truth.truth_files import read_truth
from saliency.ui.truth.truth_preview import TruthPreview, preview
from saliency.words import MAX_CHARACTERS

_PROGRESS = gr.Progress()  # as a default it tells Gradio to hand the handler a visitor's own

_WRITTEN = (Condition.GENERAL, Condition.SALIENT, Condition.NON_SALIENT)


@dataclass(frozen=True)
class Request:
    """What was compared, kept for the visitor's session: a download asks the engine, and its caches, again.

    `tables` are the numbers that were shown, which a ground truth may have had a part in; `truth` says how that was
    read, as `tables.GroundTruth.record`.
    """

    picture: str
    sentences: dict[AnyCondition, str]
    models: tuple[str, ...]
    tables: tuple[dict[str, Any], ...] = ()
    truth: Mapping[str, Any] | None = None

    def answer(self, predictor: Predictor, progress: gr.Progress) -> Comparison:
        """The comparison; `progress` moves meanwhile."""
        return predictor.predict(self.picture, self.sentences, models=self.models, progress=telling(progress))


def read_request(
    picture: str | None, sentences: Sequence[str | None], models: Sequence[str], named: Any = None
) -> Request:
    """A form's fields as a request. The picture alone is always compared, other conditions where there is a sentence.

    Args:
        sentences: general, salient, non-salient.
        named: further ones, as `named_sentences.SCHEMA` has them.

    Raises:
        TextError: a sentence is too long, or a name cannot be used.
        UnknownModelError: no model was chosen.
    """
    if not models:
        raise UnknownModelError("Please choose at least one model.")
    standard = [(c, sentence.strip()) for c, sentence in zip(_WRITTEN, sentences, strict=True) if sentence]
    written = by_condition((name, sentence) for name, sentence in (*standard, *read_named(named)) if sentence)
    for condition, sentence in written.items():
        if len(sentence) > MAX_CHARACTERS:
            raise TextError(
                "The sentence for “{condition.title}” is longer than {most} characters.",
                condition=condition,
                most=MAX_CHARACTERS,
            )
    return Request(picture, {Condition.PURE: ""} | written, tuple(models))


def still_kept(request: Request | None) -> Request:
    """What is to be downloaded, as the session has it.

    Raises:
        ExpiredError: it has it no longer.
    """
    if request is None or not Path(request.picture).is_file():
        raise ExpiredError("This comparison is no longer kept; please compare again.")
    return request


def build(predictor: Predictor, opening: Example | None = None) -> Form:
    """Adds the tab's content to the Blocks or Tab being built.

    Args:
        opening: the example whose comparison the page opens with; None: it opens empty.
    """

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
        """
        request = read_request(picture, (general, salient, non_salient), models, named)
        truth = None
        if density or fixations:  # read first: what is wrong with them is told before the models begin
            options = written_options(units, screen, shown, corner, picture_name, drop_zeros, log)
            shape = load_image(picture).shape[:2]
            truth = read_truth(density, fixations, truth_condition, shape, options, picture)
        comparison = request.answer(predictor, progress)
        view = present(comparison, truth)
        view["picture"]["large"] = grid.keep_large(comparison)
        answered = replace(request, tables=tuple(view["tables"]), truth=truth and truth.record)
        return view, answered, gr.Button(visible=True)

    def show(picture, density, fixations, *written):
        return preview(picture, density, fixations, lambda: written_options(*written))

    @cancellable
    @guarded
    def packed(request, progress=_PROGRESS):
        request = still_kept(request)
        with TemporaryDirectory() as folder:
            path = Path(folder) / "saliency-comparison.zip"
            comparison = request.answer(predictor, progress)
            write_archive(comparison, path, request.tables, telling(progress), request.truth, predictor.cards)
            # Into Gradio's cache, whose files are deleted after a while.
            return archive_link.move_resource_to_block_cache(str(path))

    opened = first_sight.build(opening) if opening else None
    clickable = example_buttons()
    with gr.Row():
        with gr.Column(scale=4, min_width=300):
            picture = PictureInput(
                label=t("compare.picture"),
                sources=["upload", "clipboard", "webcam"],
                image_mode=None,
                buttons=[],
                height=370,
                elem_id="picture",
            )
            picture.draw_uploads()
        with gr.Column(scale=6, min_width=320, elem_classes="fields"):
            boxes = [
                gr.Textbox(
                    label=t(f"common.{condition}"),
                    info=t(f"compare.{condition}_task"),
                    placeholder=t(f"compare.{condition}_example"),
                    lines=1,
                    max_lines=4,
                    elem_classes="task",
                )
                for condition in _WRITTEN
            ]
            named = NamedSentences(elem_id="named-sentences")
            models = gr.CheckboxGroup(
                choices(predictor),
                value=readers(predictor),
                label=t("compare.models"),
                elem_classes="described",
            )
            with gr.Accordion(t("compare.truth"), open=False):
                with gr.Row():
                    density = gr.File(label=t("compare.density"), height=140, elem_classes="upload")
                    fixations = gr.File(label=t("compare.fixations"), height=140, elem_classes="upload")
                seen = TruthPreview(elem_id="truth-preview")
                with gr.Accordion(t("gaze_fields.title"), open=False, elem_id="truth-fields"):
                    fields = gaze_fields.build(density=True)
                truth_condition = gr.Dropdown(
                    _truth_conditions(),
                    value=Condition.PURE.value,
                    allow_custom_value=True,  # the name of a further sentence
                    label=t("compare.truth_condition"),
                    info=t("compare.truth_help"),
                )
            with gr.Row(equal_height=True, elem_classes="begin"):
                button = gr.Button(t("compare.button"), variant="primary", elem_id="compare")
                cancel = CancelButton()

    grid = MapGrid(label=t("map_grid.result"), elem_id="maps")
    request = gr.State(None, time_to_live=constants.KEPT_SECONDS)
    with gr.Row(elem_classes="taken-home"):
        download = gr.Button(t("compare.download"), size="sm", visible=False, elem_id="download", elem_classes="plain")
        cancel_download = CancelButton()
        archive_link = gr.DownloadButton(visible="hidden", elem_id="archive")
        example = share.build(picture)
    options = [truth_condition, *fields.inputs]
    inputs = [picture, *boxes, models, density, fixations, *options, named]
    outdated.follow(grid, inputs, options)
    form = Form(
        picture,
        dict(zip((condition.value for condition in _WRITTEN), boxes, strict=True)),
        models,
        (picture, example, density, fixations, fields.picture),  # a ground truth belongs to one picture
        lambda chosen: (str(chosen.picture), chosen.title, None, None, ""),
        {
            "fn": compare,
            "inputs": inputs,
            "outputs": [grid, request, download],
            "show_progress_on": [grid, cancel],
            "concurrency_limit": 1,
            "concurrency_id": ENGINE,
        },
        cancel,
        named,
    )

    named.change(
        lambda rows: gr.Dropdown(choices=_truth_conditions(rows)),
        named,
        truth_condition,
        show_progress="hidden",
        trigger_mode="always_last",
        api_visibility="private",
        queue=False,
    )
    gr.on(
        [picture.input, picture.upload, picture.clear],
        None,
        outputs=[density, fixations, fields.picture],
        js='() => [null, null, ""]',  # in the browser: the server's answer might come after newer files
        show_progress="hidden",
        api_visibility="private",
    )
    gr.on(
        [density.change, fixations.change, *fields.changes],
        guarded(show),
        [picture, density, fixations, *fields.inputs],
        seen,
        show_progress="hidden",
        trigger_mode="always_last",
        concurrency_limit=2,
        api_visibility="private",
    )
    begun = [button.click, *(box.submit for box in (*boxes, named))]
    form.answered(gr.on, triggers=begun, api_name="compare", trigger_mode="once")
    for example_button, example in clickable:
        filled = example_button.click(
            _filler(example),
            outputs=[picture, *boxes, named, density, fixations, fields.picture],
            show_progress="hidden",
            api_visibility="private",
        )
        form.answered(filled.then, api_visibility="private")
    downloading = download.click(
        packed,
        request,
        archive_link,
        show_progress_on=cancel_download,
        concurrency_limit=1,
        concurrency_id=ENGINE,
        api_visibility="private",
    )
    downloading.success(None, js="() => document.querySelector('#archive').click()", api_visibility="private")
    cancel_download.ends(downloading)
    if opening:
        _open_with(FirstSight(predictor, opening, readers(predictor)), opened, form, grid)

    @asked_as(compare)
    async def archived(*sent):
        """The ZIP that the page offers for download: every map as float32 in maps.npz, overlays, numbers, the record.

        Takes what compare takes. README.txt in it says what its files and columns are, and under which terms.
        """
        _, answered, _ = await compare(*sent)
        return await packed(answered, sent[-1])  # the last is the progress

    gr.on(
        [],  # nothing on the page asks for it
        archived,
        form.run["inputs"],
        ArchiveFile(visible=False),
        api_name="archive",
        concurrency_limit=1,
        concurrency_id=ENGINE,
    )
    return form


def _open_with(first: FirstSight, opened: Component, form: Form, grid: MapGrid) -> None:
    """Fills the form, and what it shows, with the comparison that the page opens with.

    Args:
        opened: the component that asks for it where nobody has begun with anything.
    """
    fields = [form.picture, *form.sentences.values()]

    async def wait():
        await first.view()
        return {"ready": True}

    async def fill(picture, *values):
        sentences, models, rest = values[: len(_WRITTEN)], values[len(_WRITTEN)], values[len(_WRITTEN) + 1 :]
        named = dict(zip(form.run["inputs"], (picture, *values), strict=True))[form.named]
        if picture or any(sentences) or named or set(models) != set(first.models):  # somebody has begun
            return [None, *[gr.skip()] * (len(form.run["outputs"]) + len(fields))]
        view = await first.view()
        path = grid.move_resource_to_block_cache(str(first.example.picture))
        large = FileData(path=path, mime_type="image/jpeg").model_dump()
        asked = outdated.asked((path, *first.sentences, models, *rest))
        shown = view | {"asked": asked, "opening": True, "picture": view["picture"] | {"large": large}}
        request = replace(read_request(path, first.sentences, first.models), tables=tuple(view["tables"]))
        return first_sight.strip(view), shown, request, gr.Button(visible=True), path, *first.sentences

    opened.wanted(wait, None, opened, concurrency_limit=None, show_progress="hidden", api_visibility="private")
    outputs = [opened, *form.run["outputs"], *fields]
    opened.fill(fill, form.run["inputs"], outputs, show_progress="hidden", api_visibility="private", queue=False)


def _filler(example: Example):
    return lambda: (str(example.picture), example.general, example.salient, example.non_salient, [], None, None, "")


def _truth_conditions(named: Sequence[Mapping[str, str]] | None = None) -> list[tuple[Any, str]]:
    """What people may have read: a title and a value each.

    Args:
        named: the further sentences.
    """
    standard = [(t(f"common.{condition}"), condition.value) for condition in (Condition.PURE, *_WRITTEN)]
    return [*standard, *((row["name"], row["name"]) for row in named or ())]
