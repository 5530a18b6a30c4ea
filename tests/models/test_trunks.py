"""Trunks: shapes at any size, and the same features as implementations written from the descriptions."""

import math
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import Tensor

from saliency.models.trunks import TRUNKS, ResNet50V2, TimmTrunk, build_trunk, normalisation
from saliency.models.trunks.resnet50_v2 import max_pool_same
from saliency.runtime.torchvision_compat import ensure_torchvision

WEIGHTS = Path(__file__).parents[2] / ".." / "shared" / "weights" / "resnet50_v2_trunk.safetensors"


@pytest.fixture(scope="module")
def resnet() -> ResNet50V2:
    torch.manual_seed(0)
    return build_trunk("resnet50_v2", (4, 8, 16, 32)).eval()


@pytest.mark.parametrize("size", [(64, 96), (65, 97), (63, 70), (225, 289)])
def test_resnet_strides_round_up(size):
    with torch.device("meta"):
        trunk = ResNet50V2((4, 8, 16, 32))
        levels = trunk(torch.empty(2, 3, *size))
    assert {stride: tuple(level.shape) for stride, level in levels.items()} == {
        stride: (2, trunk.channels[stride], math.ceil(size[0] / stride), math.ceil(size[1] / stride))
        for stride in (4, 8, 16, 32)
    }


@torch.no_grad()
def test_only_the_levels_asked_for_are_given(resnet):
    pixels = torch.randn(1, 3, 32, 48)
    trunk = ResNet50V2((16, 4))
    assert list(trunk(pixels)) == [16, 4]
    assert not any(name.startswith("deep") for name in trunk.state_dict())
    assert any(name.startswith("deep") for name in resnet.state_dict())


def naive_max_pool_same(x: Tensor) -> Tensor:
    """TensorFlow's SAME, window by window: the window may hang out, further at the end than at the start."""
    height, width = x.shape
    pooled = torch.empty(math.ceil(height / 2), math.ceil(width / 2))
    top = max((len(pooled) - 1) * 2 + 3 - height, 0) // 2
    left = max((pooled.shape[1] - 1) * 2 + 3 - width, 0) // 2
    for i in range(pooled.shape[0]):
        for j in range(pooled.shape[1]):
            y, x0 = 2 * i - top, 2 * j - left
            pooled[i, j] = x[max(y, 0) : y + 3, max(x0, 0) : x0 + 3].max()
    return pooled


@pytest.mark.parametrize("size", [(8, 10), (9, 11), (8, 9), (1, 2)])
def test_max_pooling_pads_as_tensorflow_does(size):
    x = torch.randn(2, 3, *size, generator=torch.Generator().manual_seed(0)) - 5  # padding with 0 would show
    expected = torch.stack([naive_max_pool_same(plane) for plane in x.flatten(0, 1)]).unflatten(0, (2, 3))
    assert torch.equal(max_pool_same(x), expected)


def described_features(weights: dict[str, Tensor], pixels: Tensor) -> dict[int, Tensor]:
    """The trunk as weights/README.md describes it, tensor by tensor."""

    def convolve(x: Tensor, name: str, stride: int = 1, padding: int = 0) -> Tensor:
        return F.conv2d(x, weights[f"{name}.weight"], weights[f"{name}.bias"], stride, padding)

    def affine_relu(x: Tensor, name: str) -> Tensor:
        return (x * weights[f"{name}.weight"].view(1, -1, 1, 1) + weights[f"{name}.bias"].view(1, -1, 1, 1)).relu()

    x = convolve(pixels, "conv1", 2, 3)
    height, width = x.shape[-2:]
    x = F.pad(x, (width % 2, 1, height % 2, 1), value=-math.inf)  # SAME: at the start on odd sizes only
    x = F.max_pool2d(x, 3, 2)
    found = {}
    for b, units in enumerate((3, 4, 6)):
        for u in range(units):
            name = f"blocks.{b}.{u}"
            stride = 2 if u == units - 1 and b < 2 else 1
            p = affine_relu(x, f"{name}.preact")
            shortcut = convolve(p, f"{name}.shortcut") if f"{name}.shortcut.weight" in weights else x
            y = convolve(p, f"{name}.conv1").relu()
            y = convolve(y, f"{name}.conv2", stride, 1).relu()
            x = shortcut[:, :, ::stride, ::stride] + convolve(y, f"{name}.conv3")
            if u == units - 1:
                found[4 * 2**b] = p
    found[16] = affine_relu(x, "norm")
    return found


@pytest.mark.parametrize("size", [(225, 289), (224, 286)], ids=["odd", "even"])
@torch.no_grad()
def test_the_starting_weights_give_the_features_that_are_described(data_sets, size):
    if not WEIGHTS.is_file():
        pytest.skip("the starting weights are not on this machine")
    from saliency.data.samples import read_rgb

    picture = read_rgb(data_sets / "sjtu_tis" / "image_1800" / "000000000109_0.jpg")
    pixels = torch.tensor(picture).permute(2, 0, 1)[None].float() / 127.5 - 1
    pixels = F.interpolate(pixels, size, mode="bilinear")
    weights = load_file(WEIGHTS)
    trunk = ResNet50V2((4, 8, 16)).eval()
    trunk.start_from(weights)
    found = trunk(pixels)
    for stride, expected in described_features({k: v.float() for k, v in weights.items()}, pixels).items():
        assert expected.std() > 0.01
        assert (found[stride] - expected).abs().max() < 1e-4 * expected.abs().max(), stride


def test_starting_weights_keep_what_they_lack(resnet):
    weights = {name: value.half() for name, value in resnet.state_dict().items() if not name.startswith("deep.")}
    weights["norm.running_mean"] = torch.zeros(1024)
    torch.manual_seed(1)
    other = ResNet50V2((16, 32))
    deep = {name: value.clone() for name, value in other.deep.state_dict().items()}
    other.start_from(weights)
    assert all(torch.equal(value, deep[name]) for name, value in other.deep.state_dict().items())
    assert torch.equal(other.conv1.weight, resnet.conv1.weight.half().float())


@pytest.mark.parametrize(
    "harm",
    [
        lambda weights: weights.pop("blocks.1.3.conv2.weight"),
        lambda weights: weights.update({"features.0.weight": torch.zeros(1)}),
        lambda weights: weights.update({"conv1.bias": torch.zeros(63)}),
        lambda weights: weights.clear(),
    ],
    ids=["one missing", "one too many", "one of another shape", "none"],
)
def test_other_weights_are_refused(resnet, harm):
    weights = {name: value for name, value in resnet.state_dict().items() if not name.startswith("deep.")}
    harm(weights)
    with pytest.raises(ValueError, match="not the weights of a ResNet-50 v2"):
        ResNet50V2((16,)).start_from(weights)


@pytest.mark.parametrize("final_norm", [False, True])
@torch.no_grad()
def test_densenet_is_tapped_in_front_of_its_transitions(final_norm):
    torch.manual_seed(0)
    trunk = build_trunk("densenet161", (4, 8, 16, 32), final_norm=final_norm).eval()
    pixels = torch.randn(1, 3, 64, 96)
    found = trunk(pixels)
    assert {stride: tuple(level.shape[1:]) for stride, level in found.items()} == {
        4: (384, 16, 24),
        8: (768, 8, 12),
        16: (2112, 4, 6),
        32: (2208, 2, 3),
    }

    ensure_torchvision()
    from torchvision.models import densenet161

    with torch.device("meta"):
        network = densenet161()
    weights = {name.replace("features_", ""): value for name, value in trunk.features.state_dict().items()}
    network.features.load_state_dict(weights, strict=final_norm, assign=True)
    if not final_norm:
        network.features.norm5 = torch.nn.Identity()
    inputs = {}
    for stride, part in ((4, "transition1"), (8, "transition2"), (16, "transition3"), (32, "norm5")):
        network.features.get_submodule(part).register_forward_pre_hook(
            lambda module, args, stride=stride: inputs.update({stride: args[0].clone()})
        )
    last = network.eval().features(pixels)
    inputs[32] = last.relu() if final_norm else inputs[32]
    for stride, expected in inputs.items():
        torch.testing.assert_close(found[stride], expected)


# Published sizes without the classifiers: 28.7 M - 2.2 M, 138.4 M - 123.6 M, 45.2 M - 0.5 M.
@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("densenet161", 26_472_000),
        ("vgg16", 14_714_688),
        ("vgg16_stride8", 14_714_688),
        ("pvt_v2_b3", 44_725_696),
    ],
)
def test_the_papers_trunks_have_as_many_parameters_as_published(name: str, parameters: int):
    with torch.device("meta"):
        trunk = build_trunk(name, (8, 16, 32))
    assert sum(parameter.numel() for parameter in trunk.parameters()) == parameters


@torch.no_grad()
def test_vgg16_of_stride_8_is_torchvisions_but_for_two_poolings():
    ensure_torchvision()
    from torchvision.models import vgg16

    torch.manual_seed(0)
    layers = vgg16().features.eval()
    trunk = build_trunk("vgg16_stride8", (8, 16, 32)).eval()
    weights = {f"features.{name}": value for name, value in layers.state_dict().items()}
    assert trunk.start_from(weights | {"classifier.0.weight": torch.zeros(1)}) == set(trunk.state_dict())
    pixels = torch.randn(1, 3, 48, 72)
    found = trunk(pixels)
    third = layers[:17](pixels)
    fourth = layers[17:23](third)
    # 2x2 of stride 1, hanging out at the top and left: the maximum of each pixel and those above and to the left.
    padded = torch.full((1, 512, 7, 10), -math.inf)
    padded[..., 1:, 1:] = fourth
    pooled = torch.stack([padded[..., i : i + 6, j : j + 9] for i in (0, 1) for j in (0, 1)]).amax(0)
    for level, expected in zip((8, 16, 32), (third, pooled, layers[24:30](pooled)), strict=True):
        torch.testing.assert_close(found[level], expected)
    wide = build_trunk("vgg16_stride8", (16,), wide_pool=True).eval()
    wide.start_from(weights)
    torch.testing.assert_close(wide(pixels)[16], F.max_pool2d(fourth, 5, stride=1, padding=2))


def test_other_weights_than_vgg16s_are_refused():
    trunk = build_trunk("vgg16_stride8", (8,))
    with pytest.raises(ValueError, match="not the weights of VGG-16"):
        trunk.start_from({"features.0.weight": torch.zeros(64, 3, 3, 3)})


def test_every_trunk_is_built_by_name():
    with torch.device("meta"):
        for name, kind in TRUNKS.items():
            assert type(build_trunk(name, (8, 16))) is kind
        assert type(build_trunk("test_resnet", (16, 8))) is TimmTrunk


def test_a_name_or_a_stride_that_there_is_not_is_refused():
    for build in (lambda: build_trunk("resnet_of_nobody", (8,)), lambda: normalisation("resnet_of_nobody")):
        with pytest.raises(ValueError, match="no trunk called 'resnet_of_nobody'"):
            build()
    with pytest.raises(ValueError, match=r"not at \[64\]"):
        build_trunk("test_resnet", (8, 64))


@torch.no_grad()
def test_a_trunk_of_timm_gives_other_levels_where_models_share_it():
    """`weight_sharing.share_parts` sets the levels of a shared trunk."""
    torch.manual_seed(0)
    trunk, pixels = build_trunk("test_resnet", (8, 32)).eval(), torch.randn(1, 3, 64, 96)
    before = trunk(pixels)
    trunk.levels = (4, 8, 32)
    after = trunk(pixels)
    assert list(before) == [8, 32]
    assert [tuple(level.shape[1:]) for level in after.values()] == [
        (trunk.channels[stride], 64 // stride, 96 // stride) for stride in (4, 8, 32)
    ]
    for stride, level in before.items():
        assert torch.equal(after[stride], level)


def test_weights_of_timm_are_taken_over_by_their_names():
    torch.manual_seed(0)
    weights = build_trunk("test_resnet", (8, 16, 32)).features.state_dict() | {"fc.weight": torch.zeros(1)}
    other = build_trunk("test_resnet", (8, 16, 32))
    assert other.start_from(weights) == set(other.state_dict())
    assert all(torch.equal(value, weights[name]) for name, value in other.features.state_dict().items())
    with pytest.raises(ValueError, match="not the weights of this trunk"):
        other.start_from({"fc.weight": torch.zeros(1)})


def test_pictures_are_normalised_as_the_trunks_weights_want_them():
    assert normalisation("resnet50_v2") == {"mean": (0.5,) * 3, "std": (0.5,) * 3}
    for name in ("densenet161", "vgg16_stride8"):
        assert normalisation(name)["mean"] == (0.485, 0.456, 0.406)
    assert normalisation("tf_efficientnet_lite2")["mean"] == (0.5, 0.5, 0.5)
