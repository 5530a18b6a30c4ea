"""The contract of `contract.py` on every model of the registry: each of its tiny presets, and what ships."""

from __future__ import annotations

import pytest

from saliency.models.registry import REGISTRY

from .contract import Case, ModelContract, cases


@pytest.fixture(scope="module", params=cases(REGISTRY), ids=str)
def case(request: pytest.FixtureRequest) -> Case:
    return request.param


class TestContract(ModelContract):
    pass
