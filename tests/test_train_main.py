"""The command that trains."""

from pathlib import Path

import pytest
import torch

import train.__main__ as command


def test_numbers_next_to_zero_are_zero_in_training(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Processors are slow with them, and gradients are full of them."""
    products = []

    def trained(recipe):
        products.append(float(torch.full((1,), 1e-38) * 0.01))
        return tmp_path

    monkeypatch.setattr(command, "train", trained)
    assert float(torch.full((1,), 1e-38) * 0.01) > 0
    try:
        command.main("subjects")
    finally:
        torch.set_flush_denormal(False)
    assert products == [0]
