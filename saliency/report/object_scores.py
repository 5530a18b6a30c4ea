"""Scores of models of objects against masks of held-out pictures, in their cards."""

from __future__ import annotations

from pathlib import Path

from tqdm import tqdm

from .. import checkpoints
from ..checkpoints import Estimate
from ..metrics import ObjectEvaluator
from ..models import registry
from ..predictor import Predictor
from ..results import resized
from ..training.datasets import read_masks
from ..training.recipe import DataSource


def write_cards(root: Path) -> None:
    """Measures the checkpoints of objects, and writes the scores into their cards.

    Args:
        root: folder of a data set of objects, of whose validation pictures the masks are used.
    """
    for card in checkpoints.available():
        if registry.spec(card.model).task == "objects":
            checkpoints.annotate(card.name, {}, objects=measure(card.name, root))


def measure(name: str, root: Path) -> dict[str, Estimate]:
    """Scores of a checkpoint by metric, of maps without a sentence at the pictures' own size.

    Args:
        root: as for `write_cards`.
    """
    predictor, evaluator = Predictor([name], pictures_cached=0), ObjectEvaluator()
    source = DataSource(reader="folder", root=root, split="validation")
    for sample in tqdm(read_masks([source]), "masks"):
        mask = sample.mask()
        [values] = predictor.maps(sample.image(), [""], name)
        evaluator.add(sample.stem, resized(values, mask.shape), mask)
    return {metric: Estimate.model_validate(found) for metric, found in evaluator.summary().items()}
