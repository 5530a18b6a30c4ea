"""README.txt of the ZIP: what its files and columns are, under which terms they may be used, and what to cite.

In English whatever the page's language is: it goes with the files to others.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping

import yaml

from .. import __version__
from ..checkpoints import Card
from ..models.registry import spec
from ..resources import resource
from ..results import Comparison

CITATION = resource("CITATION.cff")

FILES = {
    "comparison.json": "the record: sentences, models with the sha256 of their weights, versions of the software, "
    "notices. `saliency replay` runs it again from this ZIP",
    "picture.png": "the picture, without loss",
    "maps.npz": "picture, (H, W, 3) uint8; per map an array MODEL.CONDITION, (H, W) float32 >= 0 that sums to 1: the "
    "probability of gaze at each pixel; record, the text of comparison.json",
    "maps.csv": "one row per map, see below",
    "metrics.csv": "the numbers that the page shows, see below",
    "maps.png": "all maps in one figure",
    "overlays/": "each map over the picture: MODEL.CONDITION.png",
    "cutouts/": "of models of objects the picture, opaque on the object alone: MODEL.CONDITION.png",
    "ground_truth.json": "how the ground truth was read; only where one was given",
}
CONDITIONS = {
    "pure": "the picture alone",
    "general": "a sentence about the whole scene",
    "salient": "a sentence about what catches the eye",
    "non_salient": "a sentence about what is easily missed",
    "any other": "a sentence with a name that the user gave",
}
COLUMNS = {
    "maps.csv": {
        "model": "name of the checkpoint",
        "condition": "what the sentence is about",
        "sentence": "as the model was given it; empty for the picture alone",
        "peak_x, peak_y": "the pixel with the highest density, from the picture's upper left corner",
        "centre_x, centre_y": "the density's centre of mass, in pixels",
        "entropy_bits": "entropy of the density in bits: higher is more spread out",
        "cc_to_pure": "Pearson correlation with the same model's map of the picture alone; 1 is the same map",
    },
    "metrics.csv": {
        "table": "against: a map against where people looked; objects: against the mask; moved: a map against the "
        "same model's map of the picture alone; agreement: mean over all pairs of models",
        "model": "name of the checkpoint; empty for agreement",
        "condition": "what the sentence is about",
        "metric": "CC: Pearson correlation; SIM: intersection of two distributions; KL: Kullback-Leibler divergence in "
        "nats (lower is nearer); NSS: mean of the standardised map at the fixations; AUC: how well the map separates "
        "fixations from all pixels; fixations: how many there are; against the mask MAE: mean absolute error (lower is "
        "nearer); maxF, meanF, adpF: F-measure at the best threshold, mean over all, at twice the map's mean; wF: "
        "weighted F-measure; S: structural likeness; meanE: enhanced alignment, mean over all thresholds",
        "value": "empty where it is not defined",
    },
}


def readme(comparison: Comparison, cards: Mapping[str, Card]) -> str:
    """The text.

    Args:
        cards: of the models by name; models without one are left out.
    """
    used = {name: cards[name] for name in comparison.models if name in cards}
    columns = [_section(f"Columns of {file}", _listed(COLUMNS[file])) for file in COLUMNS]
    return "\n".join(
        [
            f"Predicted maps of gaze, made with saliency {__version__}\n",
            "The maps are predictions of models: averages over viewers, not where a given person looks.\n",
            _section("Files", _listed(FILES)),
            _section("Conditions", _listed(CONDITIONS)),
            *columns,
            _section("Licence", _licences(used)),
            _section("Citation", _citations(used)),
        ]
    )


def _section(title: str, lines: Iterable[str]) -> str:
    return "\n".join([title, "-" * len(title), *lines, ""])


def _listed(entries: Mapping[str, str]) -> list[str]:
    return [_wrapped(f"{name}: {meaning}.") for name, meaning in entries.items()]


def _wrapped(line: str, first: str = "", rest: str = "    ") -> str:
    return textwrap.fill(
        line, 100, initial_indent=first, subsequent_indent=rest, break_long_words=False, break_on_hyphens=False
    )


def _licences(cards: Mapping[str, Card]) -> list[str]:
    lines = [_wrapped("The picture and what is drawn over it: under the terms of the picture that was given.")]
    for name, card in cards.items():
        maps = f"Maps by {spec(card.model).title} ({name}): {card.licence}."
        lines.append(_wrapped(maps if card.sha256 is None else f"{maps} Its weights come from:"))
        lines += [_wrapped(f"{data.name} ({data.use}): {data.terms}.", "  - ", "    ") for data in card.data]
        lines += [_wrapped(f"{origin}.", "  - ", "    ") for origin in card.origin]
    return lines


def _citations(cards: Mapping[str, Card]) -> list[str]:
    about = yaml.safe_load(CITATION.read_text(encoding="utf-8"))
    authors = ", ".join(
        author.get("name") or f"{author['given-names']} {author['family-names']}" for author in about["authors"]
    )
    papers = dict.fromkeys(spec(card.model).paper for card in cards.values())
    return [
        _wrapped(about["message"]),
        _wrapped(f"{authors}: {about['title']}. Version {about['version']}, licence {about['license']}."),
        *(_wrapped(paper) for paper in papers),
    ]
