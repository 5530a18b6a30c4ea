"""One pass of the trunk over a large picture serves every part of a model."""

from __future__ import annotations

import pytest
import torch

from saliency.models import registry
from saliency.models.front_end import averaged


@pytest.mark.parametrize("name", ["tranblend", "gsgnet"])
def test_the_trunk_runs_once(name: str):
    preset = registry.spec(name).tiny["compact"]
    torch.manual_seed(0)
    model = registry.spec(name).model(preset.config).eval()
    passes = []
    model.front_end.trunk.register_forward_hook(lambda _, inputs, __: passes.append(inputs[0].shape[-2:]))
    pictures = preset.preprocessing
    pixels = torch.randn(1, 3, pictures.height, pictures.width)
    with torch.inference_mode():
        features = model.front_end(pixels)
        model.decode(model.encode_features(features))
    assert passes == [pixels.shape[-2:]]
    height, width = pictures.height / 1.5, pictures.width / 1.5
    for stride in (8, 16, 32):
        assert features[f"stride{stride}"].shape[-2:] == (-(-height // stride), -(-width // stride))


def test_a_level_is_averaged_over_areas():
    level = torch.arange(9.0).reshape(1, 1, 3, 3)
    assert averaged(level, (2, 2)).flatten().tolist() == [2, 3, 5, 6]  # of [[0, 1], [3, 4]] and so on
    assert averaged(level, (3, 1)).flatten().tolist() == [1, 4, 7]
    assert averaged(level, (3, 3)) is level
