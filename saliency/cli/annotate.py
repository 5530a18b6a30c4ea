"""``saliency annotate``: a page on which the pictures of a folder are annotated, and what becomes of it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..annotation import AnnotationFolder, export_objects
from ..annotation.coco_panoptic import PanopticFiles, read_captions
from ..annotation.object_export import agreement_on
from ..annotation.superpixels import COUNT

_JSON = {"exists": True, "dir_okay": False}


def annotate(
    folder: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="The pictures, also in folders of it.")],
    panoptic: Annotated[
        Path | None, typer.Option(**_JSON, help="Segments: COCO's panoptic JSON; default: superpixels (SLIC).")
    ] = None,
    panoptic_folder: Annotated[
        Path | None, typer.Option(exists=True, file_okay=False, help="Its PNG files; default: the folder of its name.")
    ] = None,
    captions: Annotated[
        Path | None, typer.Option(**_JSON, help="COCO's captions JSON: first guesses, of things that two mention.")
    ] = None,
    model: Annotated[
        str | None, typer.Option(help="First guesses where no caption helps: a model's map of the picture's caption.")
    ] = None,
    segments: Annotated[int, typer.Option(min=20, max=2000, help="Superpixels per picture.")] = COUNT,
    export: Annotated[
        Path | None, typer.Option(file_okay=False, help="Write masks and audit to this folder, and serve no page.")
    ] = None,
    agreement: Annotated[
        bool, typer.Option("--agreement", help="Print how far annotators agree, serve no page.")
    ] = False,
    host: Annotated[str | None, typer.Option(help="Address to listen on; 0.0.0.0: the whole network.")] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Default: 7860.")] = None,
) -> None:
    """Choose the salient segments of the pictures in a folder, on a page in the browser.

    Every click is on the disk before the next: FOLDER/annotations/log.jsonl. --export writes images, masks and
    audit.jsonl, which `saliency evaluate --task objects` reads.
    """
    opened = AnnotationFolder(
        folder,
        PanopticFiles(panoptic, panoptic_folder) if panoptic else None,
        read_captions(captions) if captions else None,
        segments,
    )
    if opened.log.cut:
        typer.echo(f"{opened.log.cut} lines of the log cannot be read and are passed over.", err=True)
    if agreement:
        _tell_agreement(opened)
    if export:
        count = export_objects(opened.all_annotated(), export)
        typer.echo(f"{count} pictures with masks and their audit are in {export}.")
    if not (export or agreement):
        _serve(opened, captions is not None, model, host, port)


def _tell_agreement(folder: AnnotationFolder) -> None:
    found = agreement_on(folder.all_annotated())
    if found is None:
        typer.echo("No picture has two annotators yet.")
        return
    typer.echo(f"pictures with two or more annotators  {found.pictures}")
    typer.echo(f"mean pairwise IoU                     {found.iou:.3f}")
    typer.echo(f"Fleiss' kappa                         {found.fleiss:.3f}")
    for (one, other), kappa in found.cohen.items():
        typer.echo(f"Cohen's kappa, {one} and {other}: {kappa:.3f}")


def _serve(folder: AnnotationFolder, captioned: bool, model: str | None, host: str | None, port: int | None) -> None:
    from ..annotation.first_guess import guesses
    from ..ui import launch_options
    from ..ui.annotate.annotate_page import build_annotator

    guess = guesses(folder, model) if captioned or model else None
    page = build_annotator(folder, guess)
    page.launch(server_name=host, server_port=port, **launch_options())
