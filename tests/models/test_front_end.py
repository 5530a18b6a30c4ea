"""Models with equal front ends compute its features once per picture."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from saliency import checkpoints
from saliency.checkpoints import Description, save
from saliency.models import registry
from saliency.models.base import SaliencyModel
from saliency.models.detector import ObjectPlanes
from saliency.models.front_end import FrontEnd
from saliency.models.tranblend.blip import BlipConfig, BlipEncoder
from saliency.models.tranblend.model import BlipFrontEnd
from saliency.models.trunks import TimmTrunk
from saliency.models.trunks.trunk import Trunk
from saliency.predictor import Predictor
from saliency.weight_sharing import share_parts

from .contract import awaken


def trunk(pixels: torch.Tensor) -> dict[int, torch.Tensor]:
    """Means of the pixels."""
    return {stride: F.avg_pool2d(pixels, stride) for stride in (8, 16)}


class Owner(SaliencyModel):
    """Has a trunk, two modules deep."""

    def __init__(self, levels: tuple[int, ...], seed: int = 0):
        super().__init__()
        torch.manual_seed(seed)
        self.inner = torch.nn.ModuleDict({"trunk": TimmTrunk("test_resnet", levels)})

    @property
    def front_end(self) -> FrontEnd:
        return FrontEnd(self.inner["trunk"])


@pytest.fixture
def pixels() -> torch.Tensor:
    return torch.rand(1, 3, 48, 72, generator=torch.Generator().manual_seed(3))


def test_levels_are_averaged_to_the_grid(pixels):
    features = FrontEnd(trunk, grid=(3, 3))(pixels)
    assert features["stride8"].shape[-2:] == (3, 3)
    assert features["stride16"].shape[-2:] == (2, 2)
    torch.testing.assert_close(features["stride8"].mean(), pixels.mean())
    plain = FrontEnd(trunk)(pixels)
    assert plain.keys() == {"stride8", "stride16"}
    assert torch.equal(plain["stride8"], trunk(pixels)[8])


@torch.no_grad()
def test_equal_trunks_become_one_that_gives_what_all_of_them_gave(pixels):
    first, second = Owner((8, 16, 32)), Owner((4, 8, 32))
    before = [model.front_end(pixels) for model in (first, second)]
    assert first.front_end != second.front_end
    share_parts([first, second])
    assert first.inner["trunk"] is second.inner["trunk"]
    assert first.front_end == second.front_end
    assert hash(first.front_end) == hash(second.front_end)
    after = first.front_end(pixels)
    assert after.keys() == {"stride4", "stride8", "stride16", "stride32"}
    for front_features in before:
        for name, value in front_features.items():
            assert torch.equal(after[name], value)


def test_other_weights_and_other_networks_are_left_alone():
    first, second, third = Owner((8, 16, 32)), Owner((8, 16, 32), seed=1), Owner((8, 16))
    trunks = [model.inner["trunk"] for model in (first, second, third)]
    share_parts([first, second, third])
    assert [model.inner["trunk"] for model in (first, second, third)] == trunks
    assert third.inner["trunk"].levels == (8, 16)


def test_front_ends_with_other_options_differ():
    own = FrontEnd(trunk)
    assert own == FrontEnd(trunk)
    assert own != FrontEnd(trunk, grid=(4, 6))
    assert FrontEnd(trunk, grid=(4, 6)) != FrontEnd(trunk, grid=(6, 4))


def test_networks_of_other_configurations_are_not_equal():
    """BLIP's weights do not say how large it wants its pictures."""
    names = ("image_layers", "image_heads", "heads", "layers")
    small = dict.fromkeys(names, 1) | {"image_hidden": 8, "hidden": 8, "intermediate": 8}

    class Seer(Owner):
        def __init__(self, size: int):
            super().__init__((8, 16))
            self.blip = BlipEncoder(BlipConfig(image_size=size, **small))

        @property
        def front_end(self) -> BlipFrontEnd:
            return BlipFrontEnd(self.inner["trunk"], blip=self.blip)

    first, second, third = Seer(32), Seer(48), Seer(32)
    for other in (second, third):
        other.blip.load_state_dict(first.blip.state_dict(), strict=False)
    share_parts([first, second, third])
    assert second.blip is not first.blip
    assert third.blip is first.blip


@pytest.fixture(scope="module")
def readers(tmp_path_factory):
    """Checkpoints of TranBlend and GSGNet, untrained but with one trunk and one detector, and their folder."""
    folder = tmp_path_factory.mktemp("readers")
    made = {}
    for name in ("tranblend", "gsgnet"):
        torch.manual_seed(0)
        model = registry.create(name, "compact")
        with torch.no_grad():
            awaken(model)
        if made:
            first = made["tranblend"]
            model.trunk.load_state_dict(first.backbone.trunk.state_dict())
            model.grounding.objects.load_state_dict(first.grounding.objects.state_dict())
        made[name] = model
        save_as(model, name, folder)
    return folder


def save_as(model: SaliencyModel, name: str, folder: Path, **preprocessing: str) -> None:
    preset = registry.spec(model_name := name.split("-")[0]).presets["compact"]
    description = Description(
        name=name,
        model=model_name,
        preset="compact",
        text_encoder=preset.text_encoder,
        preprocessing=replace(preset.preprocessing, **preprocessing),
        licence="MIT",
    )
    save(model, description, folder)


@pytest.fixture
def passes(monkeypatch) -> list[str]:
    """Names of trunk and detector in the order of their forward passes."""
    made = []
    for part, word in ((Trunk, "trunk"), (ObjectPlanes, "detector")):
        forward = part.forward
        monkeypatch.setattr(
            part, "forward", lambda self, *given, forward=forward, word=word: made.append(word) or forward(self, *given)
        )
    return made


FRONT_END = ["trunk", "detector"]


def pixelled(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (48, 64, 3), dtype=np.uint8)


def test_front_features_are_computed_once_for_models_with_one_front_end(readers, passes):
    picture, names = pixelled(0), ("tranblend", "gsgnet")
    alone = {
        name: Predictor([name], checkpoint_dir=readers, precision="float32").maps(picture, ["A dog"], name)
        for name in names
    }
    assert passes == 2 * FRONT_END
    predictor = Predictor(names, checkpoint_dir=readers, precision="float32")
    passes.clear()
    for name in names:
        np.testing.assert_allclose(predictor.maps(picture, ["A dog"], name), alone[name], atol=1e-5, rtol=1e-4)
    assert passes == FRONT_END
    predictor.maps(pixelled(1), ["A dog"], "gsgnet")
    assert passes == 2 * FRONT_END, "another picture is encoded"
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda name: predictor.maps(pixelled(2), ["A dog"], name), 2 * names))
    assert passes == 3 * FRONT_END
    np.testing.assert_array_equal(found[0], found[2])


def test_without_caches_every_model_computes_its_front_features(readers, passes):
    predictor = Predictor(["tranblend", "gsgnet"], checkpoint_dir=readers, precision="float32", pictures_cached=0)
    predictor.predict(pixelled(0))
    assert passes == 2 * FRONT_END


def test_front_features_are_not_shared_between_other_preprocessings(readers, passes, tmp_path):
    for file in readers.iterdir():
        if file.stem == "gsgnet":
            (tmp_path / file.name).write_bytes(file.read_bytes())
    save_as(checkpoints.load("gsgnet", readers)[0], "gsgnet-padded", tmp_path, fit="pad")
    Predictor(checkpoint_dir=tmp_path, precision="float32").predict(pixelled(0))
    assert passes == 2 * FRONT_END
