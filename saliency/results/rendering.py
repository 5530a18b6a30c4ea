"""Pictures of maps: overlays, differences, and the figure of models x conditions."""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import cv2
import matplotlib
import numpy as np
from matplotlib import font_manager
from matplotlib.figure import Figure

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
    """The change of gaze against `reference`, more (> 0) or less (< 0), (H, W) float32 in [-1, 1].

    Both are densities of the same shape; their difference is divided by its largest magnitude, so 0 stays 0.
    """
    change = np.asarray(density, dtype=np.float32) - np.asarray(reference, dtype=np.float32)
    top = np.abs(change).max()
    return change / top if top > 0 else change


def difference_overlay(picture: np.ndarray, change: np.ndarray, opacity: float = 0.6) -> np.ndarray:
    """A `difference` over the picture: red where it is looked at more, blue where less, (H, W, 3) uint8 RGB."""
    return overlay(picture, (change + 1) / 2, opacity, DIVERGING)


def figure(
    picture: np.ndarray,
    maps: Mapping[str, Sequence[np.ndarray]],
    titles: Sequence[tuple[str, str]],
    opacity: float = 0.6,
    colormap: str = COLORMAPS[0],
) -> Figure:
    """A grid of overlays, one row per model and one column per condition, with the sentences under the conditions.

    It belongs to no window and no global state: ``figure(...).savefig(path)``.

    Args:
        picture: (H, W, 3) uint8 RGB.
        maps: of each model by its name, (H, W) in [0, 1] per condition.
        titles: name and sentence of each condition.
    """
    height, width = picture.shape[:2]
    side = 3.0
    size = (side * len(titles) + 0.4, side * height / width * len(maps) + 0.8)
    grid = Figure(figsize=size, layout="constrained")
    axes = grid.subplots(len(maps), len(titles), squeeze=False)
    for row, (model, values) in zip(axes, maps.items(), strict=True):
        row[0].set_ylabel(model)
        for axis, map_ in zip(row, values, strict=True):
            axis.imshow(overlay(picture, map_, opacity, colormap))
            axis.set(xticks=[], yticks=[])
    for axis, (title, sentence) in zip(axes[0], titles, strict=True):
        # Sentences may hold dollar signs, which are no mathematics.
        lines = "\n".join([title, *_lines(sentence)])
        axis.set_title(lines, fontsize=8, fontfamily=list(_fonts()), parse_math=False)
    return grid


def _lines(sentence: str) -> list[str]:
    """At most three lines; none where no font has all characters, because boxes cannot be read."""
    drawable = frozenset().union(*_fonts().values())
    if not all(character.isspace() or ord(character) in drawable for character in sentence):
        return []
    wide = any(unicodedata.east_asian_width(character) in "WF" for character in sentence)
    return textwrap.wrap(sentence, 22 if wide else 44, max_lines=3, placeholder=" …")


@cache
def _fonts() -> dict[str, frozenset[int]]:
    """The characters of those of `FONTS` that are installed, by name."""
    known = font_manager.fontManager.ttflist  # cached between runs: a file may be gone
    files = {font.name: font.fname for font in known if Path(font.fname).is_file()}
    return {name: frozenset(font_manager.get_font(files[name]).get_charmap()) for name in FONTS if name in files}


@cache
def _table(colormap: str) -> np.ndarray:
    """(256, 3) uint8 RGB."""
    if colormap not in matplotlib.colormaps:
        raise ValueError(f"there is no colour map called {colormap!r}")
    return np.round(matplotlib.colormaps[colormap](np.arange(256))[:, :3] * 255).astype(np.uint8)
