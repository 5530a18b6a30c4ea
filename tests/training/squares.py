"""Pictures of coloured squares in the layout of Flickr8k Entities, and a trunk that sees colours."""

import gzip
import json
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from saliency.models.grounding import Grounding, GroundingModel, Referent
from saliency.models.trunks.trunk import HALVES

COLOURS = {"red": (230, 30, 30), "green": (30, 200, 30), "blue": (40, 40, 230), "yellow": (230, 230, 30)}


class ColourTrunk(nn.Module):
    """A stand-in for a trunk that sees colours: 4, 8, 16 and 32 pixels square, averaged."""

    normalisation = HALVES

    def __init__(self, levels: tuple[int, ...]):
        super().__init__()
        self.levels = levels
        self.channels = {4: 16, 8: 16, 16: 16, 32: 16}
        self.mix = nn.Conv2d(3, 16, 1)

    def forward(self, pixels: Tensor) -> dict[int, Tensor]:
        return {
            level: torch.relu(self.mix(nn.functional.avg_pool2d(pixels, level, ceil_mode=True)))
            for level in self.levels
        }


def grounding_model(
    referent: bool = False, objects: bool = False, presence: bool = False, attention_grid: tuple[int, int] = (8, 12)
) -> GroundingModel:
    """A small grounding model on a `ColourTrunk`; `attention_grid` is the `Referent`'s."""
    trunk = ColourTrunk((8, 16, 32))
    grounding = Grounding(trunk.channels, 384, 32, objects)
    if referent:
        grounding.referent = Referent(
            trunk.channels, 384, 32, objects, attention_grid=attention_grid, presence=presence
        )
    return GroundingModel(trunk, grounding)


def draw(root: Path) -> Path:
    """Pictures with two squares of different colours; validation is every 20th. The folder."""
    (root / "images").mkdir()
    generator = np.random.default_rng(0)
    records = []
    for number in (*(n for n in range(70) if n % 20 != 7), *range(107, 427, 20)):
        picture = generator.integers(0, 60, (64, 96, 3)).astype(np.uint8)
        names = generator.permutation(list(COLOURS))[:2].tolist()
        boxes = {}
        for chain, (name, left) in enumerate(zip(names, (0, 48), strict=True), 1):
            y, x = 8 * generator.integers(0, 6), left + 8 * generator.integers(0, 4)
            picture[y : y + 16, x : x + 16] = COLOURS[name]
            boxes[str(chain)] = [[x / 96, y / 64, (x + 16) / 96, (y + 16) / 64]]
        Image.fromarray(picture).save(root / "images" / f"{number}.jpg", quality=95)
        text = f"a {names[0]} square and a {names[1]} square"
        caption = {"text": text, "phrases": [[0, 3, "1", "other"], [4, 7, "2", "other"]]}
        records.append({"id": str(number), "width": 96, "height": 64, "boxes": boxes, "captions": [caption]})
    with gzip.open(root / "annotations.jsonl.gz", "wt", encoding="utf-8") as lines:
        lines.writelines(json.dumps(record) + "\n" for record in records)
    return root
