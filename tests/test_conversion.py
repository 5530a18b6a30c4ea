"""Published weights: random ones under the authors' names, against the authors' arithmetic written with PyTorch."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from typer.testing import CliRunner

from saliency import checkpoints
from saliency.cli import app
from saliency.conversion import convert
from saliency.errors import CheckpointError
from saliency.models.features import TextFeatures
from saliency.runtime.torchvision_compat import ensure_torchvision

ENCODERS = (("TransEncoder1", 768, 12), ("TransEncoder2", 768, 12), ("TransEncoder3", 512, 8))
KINDS = ("weight", "bias")
CONVOLUTIONS = ((768, 768), (768, 512), (512, 256), (256, 128), (128, 64), (64, 32), (32, 1))

Tensors = dict[str, Tensor]


@pytest.fixture(autouse=True)
def _seeded() -> None:
    torch.manual_seed(0)


def shaken(layers: nn.Module) -> nn.Module:
    """In evaluation mode, with statistics of batch norms that are not those they start with."""
    for layer in layers.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.running_mean.normal_(std=0.1)
            layer.running_var.uniform_(0.5, 1.5)
    return layers.eval()


def transalnet_trunk(kind: str) -> tuple[nn.ModuleList, dict[int, int]]:
    """The layers of TranSalNet's encoder by number, and the channels of those that are tapped."""
    ensure_torchvision()
    from torchvision import models

    if kind == "Dense":
        return nn.ModuleList(list(models.densenet161().features)[:-1]), {6: 768, 8: 2112, 10: 2208}
    return nn.ModuleList(list(models.resnet50().children())[:8]), {5: 512, 6: 1024, 7: 2048}


def transformer(channels: int, hidden: int, tokens: int) -> Tensors:
    """Random tensors of one of TranSalNet's transformer encoders."""
    sizes = {"attn.query": (hidden, hidden), "attn.key": (hidden, hidden), "attn.value": (hidden, hidden)}
    sizes |= {"attn.out": (hidden, hidden), "ffn.fc1": (4 * hidden, hidden), "ffn.fc2": (hidden, 4 * hidden)}
    found: Tensors = {"position_embeddings": torch.randn(1, tokens, hidden)}
    found["patch_embeddings.weight"] = torch.randn(hidden, channels, 1, 1) / channels**0.5
    found["patch_embeddings.bias"] = torch.randn(hidden)
    for layer in range(2):
        prefix = f"transformer_encoder.layer.{layer}."
        for name, (outputs, inputs) in sizes.items():
            found[f"{prefix}{name}.weight"] = torch.randn(outputs, inputs) / inputs**0.5
            found[f"{prefix}{name}.bias"] = torch.randn(outputs)
        for norm in ("attention_norm", "ffn_norm"):
            found |= {f"{prefix}{norm}.weight": torch.rand(hidden), f"{prefix}{norm}.bias": torch.randn(hidden)}
    norm = "transformer_encoder.encoder_norm"
    return found | {f"{norm}.weight": torch.rand(hidden), f"{norm}.bias": torch.randn(hidden)}


def transalnet(kind: str) -> tuple[Tensors, Callable[[Tensor], Tensor]]:
    """Random weights of TranSalNet by its authors' names, and its logits for a picture."""
    trunk, taps = transalnet_trunk(kind)
    shaken(trunk)
    tensors = {f"encoder.encoder.{name}": value for name, value in trunk.state_dict().items()}
    for (name, hidden, _), channels, tokens in zip(ENCODERS, reversed(taps.values()), (108, 432, 1728), strict=True):
        tensors |= {f"decoder.{name}.{key}": value for key, value in transformer(channels, hidden, tokens).items()}
    for number, (inputs, outputs) in enumerate(CONVOLUTIONS, 1):
        layers = shaken(nn.ModuleDict({"conv": nn.Conv2d(inputs, outputs, 3), "batchnorm": nn.BatchNorm2d(outputs)}))
        named = layers.state_dict().items()
        tensors |= {f"decoder.{name.replace('.', f'{number}.', 1)}": value for name, value in named}
    tensors = {name: value for name, value in tensors.items() if "batchnorm7" not in name}

    def encode(x: Tensor, name: str, heads: int) -> Tensor:
        own = {key.split(".", 2)[2]: value for key, value in tensors.items() if key.startswith(f"decoder.{name}.")}
        size = x.shape[-2:]
        x = F.conv2d(x, own["patch_embeddings.weight"], own["patch_embeddings.bias"]).flatten(2).transpose(1, 2)
        x = x + own["position_embeddings"]
        hidden = x.shape[-1]
        for layer in range(2):
            part = {key.split(".", 3)[3]: value for key, value in own.items() if f"layer.{layer}." in key}
            block = nn.TransformerEncoderLayer(
                hidden, heads, 4 * hidden, activation="gelu", layer_norm_eps=1e-6, batch_first=True, norm_first=True
            )
            projections = {
                f"self_attn.in_proj_{kind}": torch.cat(
                    [part[f"attn.{name}.{kind}"] for name in ("query", "key", "value")]
                )
                for kind in ("weight", "bias")
            }
            renamed = {"attn.out": "self_attn.out_proj", "ffn.fc1": "linear1", "ffn.fc2": "linear2"}
            renamed |= {"attention_norm": "norm1", "ffn_norm": "norm2"}
            others = {f"{here}.{kind}": part[f"{theirs}.{kind}"] for theirs, here in renamed.items() for kind in KINDS}
            block.load_state_dict(projections | others)
            x = block.eval()(x)
        norm = "transformer_encoder.encoder_norm"
        x = F.layer_norm(x, (hidden,), own[f"{norm}.weight"], own[f"{norm}.bias"], 1e-6)
        return x.transpose(1, 2).unflatten(2, size)

    def block(x: Tensor, number: int) -> Tensor:
        conv, norm = f"decoder.conv{number}", f"decoder.batchnorm{number}"
        x = F.conv2d(x, tensors[f"{conv}.weight"], tensors[f"{conv}.bias"], padding=1)
        statistics = [tensors[f"{norm}.{name}"] for name in ("running_mean", "running_var", "weight", "bias")]
        return F.relu(F.batch_norm(x, *statistics))

    def doubled(x: Tensor) -> Tensor:
        return F.interpolate(x, scale_factor=2, mode="nearest")

    def predict(pixels: Tensor) -> Tensor:
        tapped = []
        for number, layer in enumerate(trunk):
            pixels = layer(pixels)
            if number in taps:
                tapped.append(pixels)
        fine, middle, deep = (
            encode(x, name, heads) for x, (name, _, heads) in zip(tapped, reversed(ENCODERS), strict=True)
        )
        x = F.relu(doubled(block(deep, 1)) * middle)
        x = F.relu(doubled(block(x, 2)) * fine)
        x = block(doubled(block(doubled(block(x, 3)), 4)), 5)
        x = block(doubled(x), 6)
        return F.conv2d(x, tensors["decoder.conv7.weight"], tensors["decoder.conv7.bias"], padding=1)

    return tensors, predict


def assert_near(found: Tensor, expected: Tensor) -> None:
    """Equal but for the checkpoint's float16."""
    assert (found - expected).abs().max() < 0.05 * expected.std()


@torch.no_grad()
def test_transalnet_answers_as_its_authors_code(tmp_path: Path) -> None:
    tensors, predict = transalnet("Res")
    torch.save({"state_dict": {f"module.{name}": value for name, value in tensors.items()}}, tmp_path / "public.pth")
    found = convert(tmp_path / "public.pth", "transalnet", tmp_path)
    assert found.format.title == "TranSalNet_Res"
    model, card = checkpoints.load("transalnet", tmp_path)
    assert card.preprocessing.mean == (0, 0, 0)
    picture = torch.rand(1, 3, 288, 384)
    assert_near(model(picture).logits, predict(picture))


@torch.no_grad()
def test_transalnets_densenet_is_tapped_where_its_authors_tap_it(tmp_path: Path) -> None:
    tensors, _ = transalnet("Dense")
    torch.save(tensors, tmp_path / "public.pth")
    assert convert(tmp_path / "public.pth", "transalnet", tmp_path).format.title == "TranSalNet_Dense"
    trunk, taps = transalnet_trunk("Dense")
    trunk.eval().load_state_dict(
        {
            name.removeprefix("encoder.encoder."): value
            for name, value in tensors.items()
            if name.startswith("encoder.encoder.")
        }
    )
    x = picture = torch.rand(1, 3, 64, 96)
    model, _ = checkpoints.load("transalnet", tmp_path)
    tapped = model.trunk(picture)
    for number, layer in enumerate(trunk):
        x = layer(x)
        if number in taps:
            assert_near(tapped[2 ** (number // 2)], x)


def generator() -> nn.ModuleDict:
    """The public CLIP-SalGAN generator's layers by its names."""

    def block(*channels: int) -> nn.Sequential:
        layers: list[nn.Module] = []
        for inputs, outputs in pairwise(channels):
            layers += [nn.Conv2d(inputs, outputs, 3, padding=1), nn.BatchNorm2d(outputs), nn.ReLU()]
        return nn.Sequential(*layers)

    return nn.ModuleDict(
        {
            "conv_vgg1": block(3, 64, 64, 64),
            "conv_vgg2": block(64, 128, 128, 128),
            "conv_scratch": block(128, 64, 64),
            "sigmoid": nn.Sequential(nn.Conv2d(64, 1, 3, padding=1), nn.Sigmoid()),
            "text_feature_conv": nn.Conv2d(512, 64, 1),
            "fusion_conv": nn.Conv2d(128, 64, 3, padding=1),
        }
    )


@torch.no_grad()
def test_the_public_generator_of_clip_salgan_answers_as_its_code(tmp_path: Path) -> None:
    layers = shaken(generator())
    torch.save(layers.state_dict(), tmp_path / "generator.pt")
    convert(tmp_path / "generator.pt", "clip_salgan", tmp_path, "total")
    model, card = checkpoints.load("total", tmp_path)
    assert card.text_encoder == "clip"
    picture, sentence = torch.rand(1, 3, 64, 64), torch.randn(1, 512)
    x = layers["conv_vgg2"](F.max_pool2d(layers["conv_vgg1"](picture), 2))
    x = layers["conv_scratch"](F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=True))
    text = layers["text_feature_conv"](sentence[:, :, None, None]).expand(-1, -1, 64, 64)
    expected = layers["sigmoid"](layers["fusion_conv"](torch.cat([x, text], dim=1)))
    none = torch.zeros(1, 0)
    read = TextFeatures(torch.zeros(1, 0, 512), none.bool(), none, sentence, torch.tensor([True]), none.long())
    assert_near(model(picture, read).map, expected)


@torch.no_grad()
def test_the_port_of_mlnet_answers_as_its_code(tmp_path: Path) -> None:
    ensure_torchvision()
    from torchvision.models import vgg16

    features = list(vgg16().features)[:-1]
    features[23] = nn.MaxPool2d(5, stride=1, padding=2)
    layers = nn.ModuleDict(
        {
            "features": nn.ModuleList(features),
            "int_conv": nn.Conv2d(1280, 64, 3, padding=1),
            "pre_final_conv": nn.Conv2d(64, 1, 1),
        }
    ).eval()
    factors = torch.rand(1, 1, 3, 4) + 0.5
    torch.save(layers.state_dict() | {"prior": factors}, tmp_path / "mlnet.pt")
    convert(tmp_path / "mlnet.pt", "mlnet", tmp_path)
    model, card = checkpoints.load("mlnet", tmp_path)
    assert (card.preprocessing.height, card.preprocessing.width) == (240, 320)
    x = picture = torch.randn(1, 3, 240, 320)
    taps = []
    for number, layer in enumerate(layers["features"]):
        x = layer(x)
        taps += [x] if number in {16, 23, 29} else []
    x = layers["pre_final_conv"](layers["int_conv"](torch.cat(taps, dim=1)))
    x = F.relu(x * nn.UpsamplingBilinear2d(scale_factor=10)(factors))
    assert_near(model(picture).map, x / x.max())


def test_what_does_not_fit_is_named_and_nothing_written(tmp_path: Path) -> None:
    tensors = generator().state_dict()
    tensors["extra.weight"] = tensors.pop("fusion_conv.weight")
    tensors["sigmoid.0.weight"] = torch.zeros(1, 32, 3, 3)
    torch.save(tensors, tmp_path / "generator.pt")
    with pytest.raises(CheckpointError) as caught:
        convert(tmp_path / "generator.pt", "clip_salgan", tmp_path / "out")
    for part in ("fusion_conv.weight is missing", "sigmoid.0.weight is (1, 32, 3, 3)", "extra.weight has no place"):
        assert part in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_a_pickle_of_objects_is_refused(tmp_path: Path) -> None:
    torch.save({"weights": Path("x")}, tmp_path / "objects.pth")
    torch.save([1, 2], tmp_path / "list.pth")
    (tmp_path / "text.pth").write_text("no weights")
    (tmp_path / "text.safetensors").write_text("no weights")
    for name in ("objects.pth", "list.pth", "text.pth", "text.safetensors"):
        with pytest.raises(CheckpointError, match=name):
            convert(tmp_path / name, "mlnet", tmp_path)
    with pytest.raises(CheckpointError, match="no published format of “gsgnet”"):
        convert(tmp_path / "text.pth", "gsgnet", tmp_path)


def test_the_command_reports_the_parts(tmp_path: Path) -> None:
    torch.save(generator().state_dict(), tmp_path / "generator.pt")
    arguments = ["convert", str(tmp_path / "generator.pt"), "--as", "clip_salgan", "--out", str(tmp_path / "out")]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    assert ["fusion", "2", "73792"] in [line.split() for line in result.output.splitlines()]
    assert "text_feature_conv.bias" in CliRunner().invoke(app, [*arguments, "--tensors"]).output
    assert checkpoints.read_card("clip_salgan", tmp_path / "out").preset == "paper"
