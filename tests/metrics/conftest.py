"""The specification's 4 x 5 example and the real pictures, where they are."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest


@pytest.fixture
def example() -> SimpleNamespace:
    return SimpleNamespace(
        prediction=np.array([[0, 1, 2, 3, 4], [1, 2, 4, 6, 5], [2, 4, 8, 6, 3], [1, 2, 3, 2, 1]], dtype=float),
        density=np.array([[0, 0, 1, 1, 1], [0, 1, 2, 3, 2], [1, 2, 4, 3, 1], [0, 1, 1, 1, 0]], dtype=float),
        fixations=np.array([(2, 2), (1, 3), (1, 3), (0, 4)]),
        others=np.array([(0, 0), (1, 1), (2, 2), (3, 4), (2, 1), (1, 3)]),
    )


@pytest.fixture(scope="session")
def sjtu_tis(data_sets) -> Path:
    return data_sets / "sjtu_tis"
