"""The package's EfficientNet-Lite2 by timm's names."""

from __future__ import annotations

import pytest
import torch

from saliency.errors import CheckpointError
from saliency.models.trunks import build_trunk
from saliency.runtime.torchvision_compat import ensure_torchvision
from saliency.training.start_weights import LITE2, efficientnet_lite2


@pytest.fixture(scope="module")
def network():
    ensure_torchvision()
    import timm

    torch.manual_seed(0)
    return timm.create_model(LITE2)


def test_tensors_in_order_get_timms_names(network, tmp_path):
    renamed = {f"stage.{number}": value for number, value in enumerate(network.state_dict().values())}
    torch.save(renamed, tmp_path / "lite2.pth")
    weights = efficientnet_lite2(tmp_path / "lite2.pth")
    assert weights.keys() == network.state_dict().keys()
    trunk = build_trunk(LITE2, (8, 16, 32)).eval()
    trunk.start_from(weights)
    picture = torch.rand(1, 3, 64, 96) * 2 - 1
    network.eval()
    with torch.no_grad():
        # timm's own classifier sees the last tap through its head.
        last = network.bn2(network.conv_head(trunk(picture)[32]))
        torch.testing.assert_close(last, network.forward_features(picture))


@pytest.mark.parametrize("content", [b"no weights", None])
def test_another_file_is_refused(content, tmp_path):
    file = tmp_path / "other.pth"
    if content is None:
        torch.save({"weight": torch.zeros(3)}, file)
    else:
        file.write_bytes(content)
    with pytest.raises(CheckpointError, match=r"other\.pth"):
        efficientnet_lite2(file)
