"""TranSalNet as its paper has it (specification, sections 4 and 13)."""

import pytest
import torch

from saliency.models import registry
from saliency.models.transalnet.model import TranSalNet
from saliency.models.transalnet.spec import SPEC


@pytest.fixture(scope="module")
def paper() -> TranSalNet:
    with torch.device("meta"):
        return registry.create("transalnet", "paper")


def test_positions_are_learned_for_every_cell_and_start_at_zero():
    model = registry.create("transalnet", "compact")
    tables = [encoder.positions for encoder in (model.deep, model.middle, model.fine)]
    assert [tuple(table.shape) for table in tables] == [(1, 80, 192), (1, 300, 192), (1, 1200, 128)]
    assert not any(table.any() for table in tables)


def test_the_paper_preset_has_the_papers_shapes(paper: TranSalNet):
    assert tuple(paper.deep.positions.shape) == (1, 108, 768)
    assert tuple(paper.middle.positions.shape) == (1, 432, 768)
    assert tuple(paper.fine.positions.shape) == (1, 1728, 512)
    assert [len(encoder.layers) for encoder in (paper.deep, paper.middle, paper.fine)] == [2, 2, 2]
    widths = [
        (layer[0].in_channels, layer[0].out_channels) for layer in (paper.from_deep, paper.from_middle, *paper.decoder)
    ]
    assert widths == [(768, 768), (768, 512), (512, 256), (256, 128), (128, 64), (64, 32)]
    with torch.device("meta"):
        assert paper(torch.empty(1, 3, 288, 384)).map.shape == (1, 1, 288, 384)


def test_the_paper_trunk_is_tapped_raw_at_strides_8_16_and_32(paper: TranSalNet):
    with torch.device("meta"):
        levels = paper.trunk(torch.empty(1, 3, 288, 384))
    assert {stride: tuple(level.shape) for stride, level in levels.items()} == {
        8: (1, 768, 36, 48),
        16: (1, 2112, 18, 24),
        32: (1, 2208, 9, 12),
    }
    assert not any(isinstance(part, torch.nn.BatchNorm2d) for part in paper.trunk.features["features_norm5"].modules())


def test_the_levels_are_fused_by_products_before_the_relu():
    """With the second level at zero, the third decides nothing either."""
    config = SPEC.tiny["compact"].config
    torch.manual_seed(0)
    model = TranSalNet(config).eval()
    features = model.encode_image(torch.randn(1, 3, 64, 96))
    nothing = {"middle": torch.zeros_like(features["middle"]), "fine": features["fine"]}
    other = {"middle": torch.zeros_like(features["middle"]), "fine": torch.zeros_like(features["fine"])}
    with torch.no_grad():
        for layer in model.from_middle.modules():
            if isinstance(layer, torch.nn.BatchNorm2d):
                layer.bias.zero_()
        torch.testing.assert_close(model.decode(nothing).logits, model.decode(other).logits)
        assert not torch.allclose(model.decode(features).logits, model.decode(other).logits)
