"""What the contract's tests share."""

from __future__ import annotations

import pytest

from saliency.models.base import SaliencyModel

from .contract import Case, settled_model


@pytest.fixture(scope="module")
def settled(case: Case) -> SaliencyModel:
    """The model of a case, built once for its tests, which get copies."""
    return settled_model(case)
