"""Maps as people see them: over the picture, as a difference, and as a figure of models x conditions."""

from __future__ import annotations

import textwrap
import unicodedata
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import matplotlib
import numpy as np
from matplotlib import font_manager
from matplotlib.figure import Figure

if TYPE_CHECKING:
    from .results import Comparison

COLORMAPS = ("inferno", "viridis", "turbo", "jet", "hot", "gray")
DIVERGING = "coolwarm"
FONTS = (
    "DejaVu Sans",  # comes with matplotlib; the others are systems' fonts for Chinese, Japanese and Korean
    *("Noto Sans CJK SC", "Noto Sans CJK JP", "Source Han Sans SC", "WenQuanYi Micro Hei", "WenQuanYi Zen Hei"),
    *("PingFang SC", "Hiragino Sans GB", "Hiragino Sans", "Apple SD Gothic Neo", "Arial Unicode MS"),
    *("Microsoft YaHei", "SimHei", "Yu Gothic", "Malgun Gothic"),
)


def overlay(
    picture: np.ndarray, map_: np.ndarray, opacity: float = 0.6, colormap: str = COLORMAPS[0], fading: bool = False
) -> np.ndarray:
    """The map in colours over the picture.

    Args:
        picture: (H, W, 3) uint8 RGB.
        map_: (H, W) in [0, 1].
        opacity: 0 shows the picture alone, 1 the map alone.
        colormap: name in matplotlib.
        fading: whether the picture shows through where the map is weak, as in the web app: values below 1 - opacity
            cover it in proportion.

    Returns:
        (H, W, 3) uint8 RGB.

    Raises:
        ValueError: shapes differ, the opacity is outside [0, 1], or there is no such colour map.
    """
    if map_.shape != picture.shape[:2]:
        raise ValueError(f"the map has the shape {map_.shape}, the picture {picture.shape[:2]}")
    if not 0 <= opacity <= 1:
        raise ValueError(f"opacity must lie in [0, 1], not {opacity}")
    strength = np.clip(map_, 0, 1)
    colours = _table(colormap)[np.round(strength * 255).astype(np.uint8)]
    if not fading or opacity == 1:
        return cv2.addWeighted(colours, opacity, picture, 1 - opacity, 0)
    cover = (opacity * np.minimum(1, strength / (1 - opacity)))[..., None]
    return np.round(cover * colours + (1 - cover) * picture).astype(np.uint8)


def difference(density: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """What is looked at more (> 0) and less (< 0) than in `reference`, (H, W) float32 in [-1, 1].

    Both are densities of the same shape; their difference is divided by its largest magnitude, so 0 stays 0.
    """
    change = np.asarray(density, dtype=np.float32) - np.asarray(reference, dtype=np.float32)
    top = np.abs(change).max()
    return change / top if top > 0 else change


def difference_overlay(picture: np.ndarray, change: np.ndarray, opacity: float = 0.6) -> np.ndarray:
    """A `difference` over the picture: red where it is looked at more, blue where less, (H, W, 3) uint8 RGB."""
    return overlay(picture, (change + 1) / 2, opacity, DIVERGING)


def figure(comparison: Comparison, opacity: float = 0.6, colormap: str = COLORMAPS[0]) -> Figure:
    """The grid models x conditions of overlays, with the sentences underneath the conditions' names.

    It belongs to no window and no global state: ``figure(...).savefig(path)``.
    """
    comparison = comparison.reduced(800)
    models, conditions = comparison.models, comparison.conditions
    height, width = comparison.picture.shape[:2]
    side = 3.0
    size = (side * len(conditions) + 0.4, side * height / width * len(models) + 0.8)
    grid = Figure(figsize=size, layout="constrained")
    axes = grid.subplots(len(models), len(conditions), squeeze=False)
    for row, model in zip(axes, models, strict=True):
        for axis, condition in zip(row, conditions, strict=True):
            prediction = comparison.get(model, condition)
            axis.imshow(overlay(comparison.picture, prediction.map, opacity, colormap))
            axis.set(xticks=[], yticks=[])
            if axis is row[0]:
                axis.set_ylabel(prediction.title)
    for axis, condition in zip(axes[0], conditions, strict=True):
        lines = [condition.title, *_lines(comparison.get(models[0], condition).sentence)]
        # Sentences may hold dollar signs, which are no mathematics.
        axis.set_title("\n".join(lines), fontsize=8, fontfamily=list(_fonts()), parse_math=False)
    return grid


def _lines(sentence: str) -> list[str]:
    """At most three lines; none where no font has all characters, because boxes tell nothing."""
    drawable = frozenset().union(*_fonts().values())
    if not all(character.isspace() or ord(character) in drawable for character in sentence):
        return []
    wide = any(unicodedata.east_asian_width(character) in "WF" for character in sentence)
    return textwrap.wrap(sentence, 22 if wide else 44, max_lines=3, placeholder=" …")


@cache
def _fonts() -> dict[str, frozenset[int]]:
    """The characters of those of `FONTS` that are installed, by name."""
    known = font_manager.fontManager.ttflist  # kept between runs: a file may be gone
    files = {font.name: font.fname for font in known if Path(font.fname).is_file()}
    return {name: frozenset(font_manager.get_font(files[name]).get_charmap()) for name in FONTS if name in files}


@cache
def _table(colormap: str) -> np.ndarray:
    """(256, 3) uint8 RGB."""
    if colormap not in matplotlib.colormaps:
        raise ValueError(f"there is no colour map called {colormap!r}")
    return np.round(matplotlib.colormaps[colormap](np.arange(256))[:, :3] * 255).astype(np.uint8)
