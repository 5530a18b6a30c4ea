"""The contract of `contract.py` on every model of the registry: each of its tiny presets, and what ships."""

from __future__ import annotations

from saliency.models.registry import REGISTRY

from .contract import ModelContract, ShippedContract, shipped_cases, tiny_cases


class TestTiny(ModelContract):
    cases = tiny_cases(REGISTRY)


class TestShipped(ShippedContract):
    cases = shipped_cases(REGISTRY)
