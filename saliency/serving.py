"""The web app as its host configures it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

from . import checkpoints, ui
from .data import ObjectDataset
from .data.layouts import DataSet, open_data_set
from .errors import CheckpointError, DatasetError
from .external_maps import ExternalMaps, external_maps
from .object_evaluation import ObjectMaps
from .predictor import Predictor
from .ui.shared.examples import examples


def demo(
    folder: str | None = None, split: str | None = None, maps: str | None = None
) -> tuple[gr.Blocks, dict[str, Any]]:
    r"""The app on every checkpoint there is and the baselines, and the arguments of its ``launch``.

    Args:
        folder: of the data set that the Errors tab analyses, of gaze or of salient objects; None: the tab says how to
            get one.
        split: the part of it that is analysed; None: all of it.
        maps: of other programs, shown there beside the models: ``name:folder``, several separated by semicolons, e.g.
            ``DeepGaze:/data/deepgaze; UNISAL:C:\data\unisal``.

    Raises:
        DatasetError: the folder is no data set, it has no ground truth, or `maps` without `folder`.
        CheckpointError: there is no checkpoint, or one cannot be read.
    """
    data = _data_set(Path(folder), split) if folder else None
    if maps and data is None:
        raise DatasetError("SALIENCY_MAPS needs SALIENCY_DATASET, the data set that the maps are of.")
    beside = () if not maps or data is None else _maps_of(maps, data)
    trained = checkpoints.available()
    if not trained:  # baselines alone are no app
        raise CheckpointError("There is no checkpoint to predict with; train one first.")
    predictor = Predictor([card.name for card in (*trained, *checkpoints.baselines())])
    page = ui.build(predictor, data, beside, opening=next(iter(examples()), None))
    return page, ui.launch_options()


def _data_set(folder: Path, split: str | None) -> DataSet | ObjectDataset:
    """A data set of salient objects where the folder has masks and no gaze, else one of gaze."""
    try:
        return open_data_set(folder, split, require_ground_truth=True)
    except DatasetError:
        if not ObjectDataset.recognises(folder):
            raise
        return ObjectDataset(folder, split)


def _maps_of(text: str, data: DataSet | ObjectDataset) -> tuple[ExternalMaps, ...]:
    if isinstance(data, ObjectDataset):
        return external_maps(text, data, ObjectMaps)
    return external_maps(text, data.samples)
