"""Models that scan by equal parts scan a picture once."""

import pytest
import torch
from torch.nn import functional as F

from saliency.checkpoints import Description, save
from saliency.models import registry
from saliency.models.backbones import ResNet50V2
from saliency.models.base import SaliencyModel
from saliency.models.scanning import CLOSER, Scanner, reduced, share
from saliency.predictor import Predictor

from .contract import awaken


def trunk(pixels: torch.Tensor) -> dict[int, torch.Tensor]:
    """Means of the pixels."""
    return {stride: F.avg_pool2d(pixels, stride) for stride in (8, 16)}


class Owner(SaliencyModel):
    """Has a trunk, two modules deep."""

    def __init__(self, levels: tuple[int, ...], seed: int = 0):
        super().__init__()
        torch.manual_seed(seed)
        self.inner = torch.nn.ModuleDict({"trunk": ResNet50V2(levels)})

    @property
    def scanner(self) -> Scanner:
        return Scanner(self.inner["trunk"])


@pytest.fixture
def pixels() -> torch.Tensor:
    return torch.rand(1, 3, 48, 72, generator=torch.Generator().manual_seed(3))


def test_what_is_given_is_on_its_grid_and_the_rest_sees_the_picture_smaller(pixels):
    scanned = Scanner(trunk, larger=True, closer=(4, 6))(pixels)
    assert scanned["stride8"].shape[-2:] == (4, 6)  # of 32 x 48
    assert torch.equal(scanned["stride8"], trunk(reduced(pixels))[8])
    assert torch.equal(scanned["closer.coarse"], trunk(pixels)[16])
    assert scanned["closer.fine"].shape[-2:] == (4, 6)
    assert reduced(pixels).shape[-2:] == (48 / CLOSER, 72 / CLOSER)
    assert Scanner(trunk)(pixels).keys() == {"stride8", "stride16"}


@torch.no_grad()
def test_equal_trunks_become_one_that_gives_what_all_of_them_gave(pixels):
    first, second = Owner((8, 16, 32)), Owner((4, 8, 32))
    before = [model.scanner(pixels) for model in (first, second)]
    assert first.scanner != second.scanner
    share([first, second])
    assert first.inner["trunk"] is second.inner["trunk"]
    assert first.scanner == second.scanner
    assert hash(first.scanner) == hash(second.scanner)
    after = first.scanner(pixels)
    assert after.keys() == {"stride4", "stride8", "stride16", "stride32"}
    for scanned in before:
        for name, value in scanned.items():
            assert torch.equal(after[name], value)


def test_other_weights_and_other_networks_are_left_alone():
    first, second, third = Owner((8, 16, 32)), Owner((8, 16, 32), seed=1), Owner((8, 16))
    trunks = [model.inner["trunk"] for model in (first, second, third)]
    share([first, second, third])
    assert [model.inner["trunk"] for model in (first, second, third)] == trunks
    assert third.inner["trunk"].levels == (8, 16)


def test_scanners_that_ask_for_other_things_differ():
    own = Scanner(trunk)
    assert own == Scanner(trunk)
    assert own != Scanner(trunk, larger=True)
    assert Scanner(trunk, larger=True, closer=(4, 6)) != Scanner(trunk, larger=True, closer=(6, 4))


@pytest.fixture(scope="module")
def readers(tmp_path_factory):
    """Checkpoints of TranBlend and GSGNet, untrained but with one trunk and one detector, and their folder."""
    folder = tmp_path_factory.mktemp("readers")
    made = {}
    for name in ("tranblend", "gsgnet"):
        torch.manual_seed(0)
        model = registry.create(name, "compact", objects=True, subject=True)
        awaken(model)
        if made:
            first = made["tranblend"]
            model.trunk.load_state_dict(first.backbone.trunk.state_dict())
            model.grounding.objects.load_state_dict(first.grounding.objects.state_dict())
        made[name] = model
        preset = registry.spec(name).presets["compact"]
        description = Description(
            name=name,
            model=name,
            preset="compact",
            config={"objects": True, "subject": True},
            text_encoder=preset.text_encoder,
            preprocessing=preset.preprocessing.enlarged(CLOSER),
            licence="MIT",
        )
        save(model, description, folder)
    return folder


def test_a_picture_is_scanned_once_for_models_that_scan_alike(readers, pixels, monkeypatch):
    picture = (pixels[0].permute(1, 2, 0).numpy() * 255).astype("uint8")
    alone = {}
    for name in ("tranblend", "gsgnet"):
        alone[name] = Predictor([name], checkpoint_dir=readers, precision="float32").maps(picture, ["A dog"], name)
    predictor = Predictor(["tranblend", "gsgnet"], checkpoint_dir=readers, precision="float32")
    looks = []
    look = ResNet50V2.forward
    monkeypatch.setattr(ResNet50V2, "forward", lambda self, pixels: looks.append(pixels.shape) or look(self, pixels))
    for name, expected in alone.items():
        torch.testing.assert_close(
            torch.from_numpy(predictor.maps(picture, ["A dog"], name)), torch.from_numpy(expected), atol=1e-5, rtol=1e-4
        )
    assert [tuple(shape[-2:]) for shape in looks] == [(240, 320), (360, 480)]
    predictor.maps(255 - picture, ["A dog"], "gsgnet")
    assert len(looks) == 4, "another picture is looked at"
