"""Fixations on the other pictures of a set, the negatives of shuffled AUC and the baseline of the information gain."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .inputs import Points, pool_fixations


@dataclass(frozen=True, eq=False)
class Fixated:
    """Where people looked in one row of a set.

    Attributes:
        id: of the row; unique.
        picture: which rows show the same picture.
        shape: (H, W) of the picture.
        fixations: (N, 2) pixels (row, column), repeats included.
    """

    id: str
    picture: str
    shape: tuple[int, int]
    fixations: Points


class Pool:
    """The rows of a set under one condition.

    Args:
        rows: in any order; nothing depends on it.
        most: how many other pictures, drawn at random, give the fixations that a row is compared with; None for all.
    """

    def __init__(self, rows: Iterable[Fixated], most: int | None = None) -> None:
        self._rows = sorted(rows, key=lambda row: row.id)
        self._most = most

    def others(self, row: str, picture: str, shape: tuple[int, int]) -> Points:
        """Fixations on the other pictures, moved to `shape` (H, W); (M, 2).

        Args:
            row: id of the row that they are compared with; where pictures are drawn at random, the seed comes from it.
            picture: of that row; rows of the same picture are left out.
        """
        others = [other for other in self._rows if other.picture != picture]
        if self._most is not None and len(others) > self._most:
            chosen = np.random.default_rng(seed_of(row)).choice(len(others), self._most, replace=False)
            others = [others[i] for i in chosen]
        return pool_fixations([(other.fixations, other.shape) for other in others], shape)

    def record(self) -> dict[str, Any]:
        """The pool's identity: numbers of fixations and pictures, and a sha256."""
        digest = hashlib.sha256()
        for row in self._rows:
            digest.update(f"{row.id} {row.shape} ".encode() + row.fixations.astype("<i8").tobytes())
        return {
            "pictures": len({row.picture for row in self._rows}),
            "fixations": sum(len(row.fixations) for row in self._rows),
            "sha256": digest.hexdigest(),
        }


def seed_of(row: str) -> int:
    """A seed from the id of a row, so that metrics that draw do not depend on the order of the rows."""
    return int.from_bytes(hashlib.sha256(row.encode()).digest()[:8], "little")
