"""What better pointing would be worth: the models' answers when they are told where the named things are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
import yaml
from torch import Tensor

from saliency import checkpoints
from saliency.conditions import Condition
from saliency.data import Sample
from saliency.metrics import cc
from saliency.metrics.bootstrap import Interval
from saliency.models.base import SaliencyModel
from saliency.models.features import TextFeatures
from saliency.models.grounding import Grounding
from saliency.models.text import load_encoder
from saliency.preprocessing import prepare
from saliency.results import resized
from saliency.training.targets.pseudo_targets import bumps

from .document import markdown_table, told
from .reading import over_pictures

TEXTS = (Condition.GENERAL, Condition.SALIENT, Condition.NON_SALIENT)
NAMED = Path(__file__).with_name("named.yaml")

# Planes of the guidance where a thing is: half of the words' weight lies on it, and one word is sure of it.
WEIGHT, SURE = 0.5, 1.0

Boxes = Mapping[tuple[str, Condition], np.ndarray]


@dataclass(frozen=True)
class Told:
    """CC under one condition.

    Attributes:
        pointing: of the map of what the sentence names with the boxes' bumps.
        own: of the answer with where people looked.
        told: the same when the words point at the boxes' bumps and nowhere else.
    """

    pointing: Interval
    own: Interval
    told: Interval


def read_boxes(path: Path = NAMED) -> Boxes:
    """Boxes (n, 4) x0 y0 x1 y1 in 0..1 by picture and condition; a general sentence names what the two others name."""
    found: dict[tuple[str, Condition], np.ndarray] = {}
    for picture, boxes in yaml.safe_load(path.read_text(encoding="utf-8")).items():
        found |= {(picture, Condition(name)): np.array(values) for name, values in boxes.items()}
        found[picture, Condition.GENERAL] = np.concatenate([np.array(values) for values in boxes.values()])
    return found


def measure(checkpoint: str, samples: Sequence[Sample], boxes: Boxes) -> dict[Condition, Told]:
    """What being told is worth to `checkpoint`, whose words point, by condition.

    Args:
        samples: those without `boxes` are left out.
    """
    model, card = checkpoints.load(checkpoint)
    grounding = next(part for part in model.modules() if isinstance(part, Grounding))
    encoder = load_encoder(card.text_encoder)
    found: dict[Condition, dict[str, tuple[float, float, float]]] = {condition: {} for condition in TEXTS}
    for sample in samples:
        if (sample.picture, sample.condition) in boxes:
            pixels = prepare(sample.image(), card.preprocessing)[None]
            text = encoder.encode([sample.sentence]).features
            answers = _answers(model, grounding, pixels, text, boxes[sample.picture, sample.condition])
            found[sample.condition][sample.picture] = _scores(sample, *answers)
    return {
        condition: Told(
            *(over_pictures({picture: row[column] for picture, row in rows.items()}, samples) for column in range(3))
        )
        for condition, rows in found.items()
    }


@torch.inference_mode()
def _answers(
    model: SaliencyModel, grounding: Grounding, pixels: Tensor, text: TextFeatures, boxes: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Where the words point, where they should, the model's own map and the one it gives when told; (h, w) each."""
    features = model.encode_image(pixels)
    pointed = grounding(features, text).named[0, 0].numpy()
    truth = bumps(boxes, pointed.shape, np.ones(len(boxes)))
    own = model.decode(features, text).map[0, 0]
    there = torch.from_numpy(truth).float()
    guidance = torch.stack([WEIGHT * there, SURE * there, torch.ones_like(there)])[None]
    with grounding.register_forward_hook(lambda _, __, output: replace(output, guidance=guidance)):
        instead = model.decode(features, text).map[0, 0]
    return pointed, truth, own.numpy(), instead.numpy()


def _scores(
    sample: Sample, pointed: np.ndarray, truth: np.ndarray, own: np.ndarray, instead: np.ndarray
) -> tuple[float, float, float]:
    density = sample.density()
    return cc(pointed, truth), *(cc(resized(map_, density.shape), density) for map_ in (own, instead))


def section(measured: Mapping[str, Mapping[Condition, Told]]) -> str:
    """Markdown: a row or three a model."""
    rows = []
    for name, conditions in measured.items():
        for label, part in (("reading against the boxes", "pointing"), ("answer", "own"), ("answer, told", "told")):
            rows.append((f"{name}, {label}", *(told(getattr(conditions[c], part)) for c in TEXTS)))
    return "\n\n".join(
        [
            "### What better pointing would be worth",
            "The things that the sentences name were marked by hand (`train/results/named.yaml`), from picture and "
            "sentence alone. First row: CC of what a model takes the sentence to be about with bumps in these boxes. "
            "Second: CC of its answer with where people looked. Third: of the answer of the same weights when they "
            "are told the boxes.",
            markdown_table(("CC", *(condition.title for condition in TEXTS)), rows),
        ]
    )
