"""Trunks: shapes at any size, and the same features as implementations written from the descriptions."""

import math

import pytest
import torch
import torch.nn.functional as F

from saliency.models.trunks import TRUNKS, TimmTrunk, build_trunk, normalisation
from saliency.models.trunks.timm_trunk import timm_normalisation
from saliency.runtime.torchvision_compat import ensure_torchvision


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


@pytest.mark.parametrize("levels", [(2, 4, 8, 16, 32), (8, 16)])
@torch.no_grad()
def test_efficientnet_lite2_is_timms(levels: tuple[int, ...]):
    torch.manual_seed(0)
    reference = TimmTrunk("tf_efficientnet_lite2", levels).eval()
    for name, value in reference.state_dict().items():
        if name.endswith(("running_mean", "running_var")):
            value.uniform_(0.5, 1.5)
    trunk = build_trunk("tf_efficientnet_lite2", levels).eval()
    assert trunk.channels == reference.channels
    assert trunk.start_from(reference.features.state_dict()) == set(trunk.state_dict())
    # timm has the blocks up to the next stride, too.
    assert (set(trunk.state_dict()) == set(reference.state_dict())) == (32 in levels)
    for shape in ((96, 128), (97, 111), (45, 70)):  # padding depends on the sides
        pixels = torch.randn(1, 3, *shape)
        found, expected = trunk(pixels), reference(pixels)
        assert tuple(found) == tuple(expected) == levels
        for level, value in expected.items():
            torch.testing.assert_close(found[level], value)


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
    with pytest.raises(ValueError, match=r"not at \[64\]"):
        build_trunk("tf_efficientnet_lite2", (8, 64))


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


@pytest.mark.parametrize(("name", "timms"), [("tf_efficientnet_lite2",) * 2, ("vgg16_stride8", "vgg16")])
def test_pictures_are_normalised_as_the_trunks_weights_want_them(name: str, timms: str):
    assert normalisation(name) == timm_normalisation(timms)
