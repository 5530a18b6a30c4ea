"""Oracle experiment: the models' maps when the grounding is replaced by the boxes of the named things."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
import yaml
from torch import Tensor

from .. import checkpoints
from ..conditions import Condition
from ..data import Sample
from ..metrics import cc
from ..metrics.bootstrap import Interval
from ..models.base import SaliencyModel
from ..models.features import TextFeatures
from ..models.grounding import Grounding
from ..models.text import load_encoder
from ..preprocessing import prepare
from ..results import resized
from ..training.targets.pseudo_targets import bumps
from .markdown import format_interval, markdown_table
from .scores import people
from .text_sensitivity import over_pictures

TEXTS = (Condition.GENERAL, Condition.SALIENT, Condition.NON_SALIENT)
NAMED = Path(__file__).with_name("named.yaml")

# Values of the guidance at a named thing: half of the words' weight, and a gated maximum of 1.
WEIGHT, MAXIMUM = 0.5, 1.0

Boxes = Mapping[tuple[str, Condition], np.ndarray]


@dataclass(frozen=True)
class OracleScores:
    """CC under one condition.

    Attributes:
        pointing: of the grounding's map with Gaussians in the boxes.
        own: of the model's map with the density of gaze.
        oracle: of its map with the boxes' Gaussians as guidance with the density of gaze.
    """

    pointing: Interval
    own: Interval
    oracle: Interval


def read_boxes(path: Path = NAMED) -> Boxes:
    """Boxes (n, 4) x0 y0 x1 y1 in 0..1 by picture and condition; a general sentence has the boxes of the two others."""
    found: dict[tuple[str, Condition], np.ndarray] = {}
    for picture, boxes in yaml.safe_load(path.read_text(encoding="utf-8")).items():
        found |= {(picture, Condition(name)): np.array(values) for name, values in boxes.items()}
        found[picture, Condition.GENERAL] = np.concatenate([np.array(values) for values in boxes.values()])
    return found


def measure(checkpoint: str, samples: Sequence[Sample], boxes: Boxes) -> dict[Condition, OracleScores]:
    """Oracle scores of `checkpoint`, which has a grounding, by condition.

    Args:
        samples: those without `boxes` are left out.
    """
    model, card = checkpoints.load(checkpoint)
    branch = model.grounding_branch
    assert branch is not None, "measured of models whose words point"
    grounding = branch.grounding
    encoder = load_encoder(card.text_encoder or "")
    found: dict[Condition, dict[str, tuple[float, float, float]]] = {condition: {} for condition in TEXTS}
    for sample in samples:
        if (sample.picture, sample.condition) in boxes:
            pixels = prepare(sample.image(), card.preprocessing)[None]
            text = encoder.encode([sample.sentence]).features
            maps = _maps(model, grounding, pixels, text, boxes[sample.picture, sample.condition])
            found[sample.condition][sample.picture] = _scores(sample, *maps)
    return {
        condition: OracleScores(
            *(over_pictures({picture: row[column] for picture, row in rows.items()}, samples) for column in range(3))
        )
        for condition, rows in found.items()
    }


@torch.inference_mode()
def _maps(
    model: SaliencyModel, grounding: Grounding, pixels: Tensor, text: TextFeatures, boxes: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The grounding's map, the boxes' Gaussians, the model's own map and the oracle's; (h, w) each."""
    features = model.encode_image(pixels)
    pointed = grounding(features, text).named[0, 0].numpy()
    truth = bumps(boxes, pointed.shape, np.ones(len(boxes)))
    own = model.decode(features, text).map[0, 0]
    target = torch.from_numpy(truth).float()
    guidance = torch.stack([WEIGHT * target, MAXIMUM * target, torch.ones_like(target)])[None]
    with grounding.register_forward_hook(lambda _, __, output: replace(output, guidance=guidance)):
        oracle = model.decode(features, text).map[0, 0]
    return pointed, truth, own.numpy(), oracle.numpy()


def _scores(
    sample: Sample, pointed: np.ndarray, truth: np.ndarray, own: np.ndarray, oracle: np.ndarray
) -> tuple[float, float, float]:
    density = people(sample)
    near_own, near_oracle = (cc(resized(map_, density.shape), density) for map_ in (own, oracle))
    return cc(pointed, truth), near_own, near_oracle


def section(measured: Mapping[str, Mapping[Condition, OracleScores]]) -> str:
    """Markdown: three rows per model."""
    rows = []
    for name, conditions in measured.items():
        for label, part in (
            ("grounding against the boxes", "pointing"),
            ("own map", "own"),
            ("with oracle boxes", "oracle"),
        ):
            rows.append((f"{name}, {label}", *(format_interval(getattr(conditions[c], part)) for c in TEXTS)))
    return "\n\n".join(
        [
            "### Oracle boxes",
            "The things that the sentences name were marked by hand (`saliency/report/named.yaml`), from picture and "
            "sentence alone. First row: CC of the grounding's map with Gaussians in these boxes. Second: CC of the "
            "model's map with the density of gaze. Third: the same with these Gaussians in place of the grounding's "
            "map.",
            markdown_table(("CC", *(condition.title for condition in TEXTS)), rows),
        ]
    )
