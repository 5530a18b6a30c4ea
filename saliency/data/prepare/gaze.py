"""Free viewing from several data sets in one folder of pictures, maps and fixations."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np

from ...conditions import Condition
from ...metrics.ground_truth import density_from_fixations
from ..layouts import open_data_set
from ..samples import Sample


def prepare_gaze(sources: Mapping[str, Sequence[Sample]], target: Path) -> Iterable[str]:
    """Write the samples of free viewing in the layout ``folder``, and yield the name of each as it is written.

    A picture is copied as it is to ``images/PREFIX_NAME``, its fixations become a binary PNG, and its density an 8-bit
    PNG of half the size with 255 at its maximum. Without a map in the data set, the density is that of the fixations
    blurred by 24 pixels (`metrics.ground_truth.BLURS`, ``tuebingen``), about one degree where these were recorded.
    Samples with a sentence or without ground truth are left out.

    Args:
        sources: samples by the prefix of their names, for example ``{"osie": open_data_set(...).samples}``.
        target: a folder, created where it is missing.

    Raises:
        DatasetError: a file of a data set cannot be read.
    """
    folders = {kind: target / kind for kind in ("images", "maps", "fixations")}
    for folder in folders.values():
        folder.mkdir(parents=True, exist_ok=True)
    for prefix, samples in sources.items():
        for sample in samples:
            if sample.condition is not Condition.PURE:
                continue
            shape, fixations = sample.shape(), sample.fixations()
            density = _density(sample, shape, fixations)
            if density is None:
                continue
            name = f"{prefix}_{sample.picture.replace('/', '_')}"
            if fixations is not None:
                cv2.imwrite(str(folders["fixations"] / f"{name}.png"), _binary(fixations, shape))
            half = cv2.resize(density, (shape[1] // 2, shape[0] // 2), interpolation=cv2.INTER_AREA)
            cv2.imwrite(str(folders["maps"] / f"{name}.png"), np.rint(half / half.max() * 255).astype(np.uint8))
            shutil.copyfile(sample.image_path, folders["images"] / f"{name}{sample.image_path.suffix.lower()}")
            yield name


def open_sources(sources: Mapping[str, Path]) -> dict[str, Sequence[Sample]]:
    """The samples of data sets of any layout that `open_data_set` recognises, by prefix.

    Raises:
        DatasetError: a folder has none of the layouts.
    """
    return {prefix: open_data_set(root).samples for prefix, root in sources.items()}


def _density(sample: Sample, shape: tuple[int, int], fixations: np.ndarray | None) -> np.ndarray | None:
    """(H, W) with a positive maximum; None without gaze."""
    density = sample.density()
    if density is None and fixations is not None:
        density = density_from_fixations(fixations, shape, "tuebingen")
    return density if density is not None and density.max() > 0 else None


def _binary(fixations: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """(H, W) uint8, 255 at fixated pixels."""
    marked = np.zeros(shape, np.uint8)
    marked[tuple(fixations.T)] = 255
    return marked
