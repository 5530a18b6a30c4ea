"""What commands on data sets share: their options, reading one, a folder for the results, and progress."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from tqdm import tqdm

from ..data import Sample
from ..data.layouts import LAYOUTS, DataSet, open_data_set
from ..errors import OutputError
from ..gaze.recording import DEFAULT_OPTIONS, GazeOptions
from ..metrics import PROFILES

Item = TypeVar("Item")

AUTO = "auto"
# mypy cannot know the members of an enumeration that is made of a registry.
Layout = StrEnum("Layout", {name.upper().replace("-", "_"): name for name in (AUTO, *LAYOUTS)})  # type: ignore[misc]
ANY_LAYOUT = Layout(AUTO)
Profile = StrEnum("Profile", {name: name for name in PROFILES})  # type: ignore[misc]
STANDARD = Profile("tuebingen")

ProfileOption = Annotated[Profile, typer.Option(help="Which definitions the metrics have.")]
LayoutOption = Annotated[Layout, typer.Option(help="How the folder is laid out; auto finds it out.")]
SplitOption = Annotated[str | None, typer.Option(help="Only this split, e.g. validation; default: every sample.")]


def make_folder(folder: Path) -> None:
    """Makes the folder for results before they are computed: none are lost for want of a place."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        writable = os.access(folder, os.W_OK)
    except OSError:
        writable = False
    if not writable:
        raise OutputError(f"The folder “{folder}” cannot be written to.")


def open_samples(root: Path, layout: Layout, split: str | None) -> Sequence[Sample]:
    """The samples of a data set's folder."""
    return open_data(root, layout, split).samples


def open_data(
    root: Path,
    layout: Layout,
    split: str | None,
    *,
    require_ground_truth: bool = False,
    gaze: GazeOptions = DEFAULT_OPTIONS,
) -> DataSet:
    """The data set of a folder; notices on it go to stderr."""
    chosen = None if layout.value == AUTO else layout.value
    data = open_data_set(root, split, chosen, require_ground_truth=require_ground_truth, gaze=gaze)
    for notice in data.notices:
        typer.echo(notice, err=True)
    return data


def with_progress(items: Sequence[Item], unit: str = " samples") -> Iterable[Item]:
    """The items, with a bar on stderr where that is a terminal."""
    return tqdm(items, unit=unit, disable=None, leave=False)
