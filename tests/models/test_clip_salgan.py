"""CLIP-SalGAN layer for layer, its split decoder against the naive one, its discriminators."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from saliency.models.clip_salgan.model import ClipSalGan, ClipSalGanConfig, SplitFusion
from saliency.models.clip_salgan.spec import SPEC
from saliency.models.discriminators import SalGanDiscriminator, SimpleDiscriminator
from saliency.models.features import TextFeatures, select
from saliency.runtime.torchvision_compat import ensure_torchvision

TINY = ClipSalGanConfig(widths=(4, 6), text_dim=8)
CONFIGS = {
    "seed": TINY,
    "reference": replace(TINY, variant="reference"),
    "extended": replace(TINY, vgg2=(1, 2, 4), refinement=(1,), prior_maps=3, activation="softmax"),
}


def sentences(count: int, dim: int = 8, absent: tuple[int, ...] = ()) -> TextFeatures:
    present = torch.ones(count, dtype=torch.bool)
    present[list(absent)] = False
    return TextFeatures(
        tokens=torch.randn(count, 5, dim),
        mask=torch.ones(count, 5, dtype=torch.bool),
        words=torch.ones(count, 5, dtype=torch.bool),
        sentence=torch.randn(count, dim),
        present=present,
        ids=torch.zeros(count, 5, dtype=torch.long),
    )


def shaken(config: ClipSalGanConfig) -> ClipSalGan:
    """A model in evaluation mode none of whose parameters is zero or one by initialisation."""
    torch.manual_seed(0)
    model = ClipSalGan(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    return model


def shapes(module: nn.Module) -> list[tuple[int, ...]]:
    return [tuple(layer.weight.shape) for layer in module.modules() if isinstance(layer, nn.Conv2d)]


# --- the paper's layers ---


def test_seed_variant_has_the_published_layers() -> None:
    model = ClipSalGan(SPEC.presets["paper"].config)
    assert shapes(model.vgg1) == [(64, 3, 3, 3), (64, 64, 3, 3), (64, 64, 3, 3)]
    assert shapes(model.vgg2) == [(128, 64, 3, 3), (128, 128, 3, 3), (128, 128, 3, 3)]
    assert shapes(model.text) == [(128, 128, 2, 2)]
    assert shapes(model.fusion) == [(64, 256, 3, 3)]
    assert shapes(model.readout) == [(1, 64, 3, 3)]
    assert model.encode_image(torch.rand(1, 3, 32, 32))["image"].shape == (1, 64, 16, 16)


def test_reference_variant_has_the_published_layers() -> None:
    model = ClipSalGan(replace(SPEC.presets["paper"].config, variant="reference"))
    assert shapes(model.enlarge) == [(64, 128, 3, 3), (64, 64, 3, 3)]
    assert shapes(model.text) == [(64, 512, 1, 1)]
    assert shapes(model.fusion) == [(64, 128, 3, 3)]
    assert isinstance(model.refinement, nn.Identity)  # no activation behind the fusion
    assert model.encode_image(torch.rand(1, 3, 32, 32))["image"].shape == (1, 64, 32, 32)


def test_paper_preset_takes_unnormalised_squashed_pictures_and_clip_text() -> None:
    preset = SPEC.presets["paper"]
    assert (preset.preprocessing.height, preset.preprocessing.width) == (256, 256)
    assert preset.preprocessing.mean == (0, 0, 0)
    assert preset.preprocessing.std == (1, 1, 1)
    assert preset.text_encoder == "clip"


@pytest.mark.parametrize("name", ["paper", "compact"])
def test_output_has_the_size_of_the_input(name: str) -> None:
    preset = SPEC.presets[name]
    height, width = preset.preprocessing.height, preset.preprocessing.width
    with torch.inference_mode():
        output = ClipSalGan(preset.config).eval()(torch.rand(1, 3, height, width))
    assert output.map.shape == output.logits.shape == (1, 1, height, width)
    assert output.map.min() >= 0
    assert output.map.max() <= 1


def test_vgg16_starts_the_first_two_convolutions_of_each_block() -> None:
    ensure_torchvision()
    from torchvision.models import vgg16

    with torch.device("meta"):
        theirs = vgg16().features.state_dict()
    weights = {f"features.{name}": torch.rand(value.shape) for name, value in theirs.items()}
    model = ClipSalGan(SPEC.presets["paper"].config)
    taken = model.start_from(weights)
    assert taken == {f"vgg{block}.{number}.0.weight" for block in (1, 2) for number in (0, 1)}
    assert torch.equal(model.vgg1[1][0].weight, weights["features.2.weight"])
    assert torch.equal(model.vgg2[1][0].weight, weights["features.7.weight"])
    with pytest.raises(ValueError, match="another width of vgg1"):
        ClipSalGan(TINY).start_from(weights)


def test_unknown_variants_are_refused() -> None:
    with pytest.raises(ValueError, match="variant must be seed or reference"):
        ClipSalGanConfig(variant="other")


# --- the split ---


@pytest.mark.parametrize("size", [(2, 2), (2, 7), (9, 5)])
def test_split_fusion_equals_the_convolution_of_the_concatenation(size: tuple[int, int]) -> None:
    torch.manual_seed(0)
    fusion = SplitFusion(3, 4, 5)
    image, text = torch.randn(2, 3, *size), torch.randn(2, 4, 1, 1)
    naive = fusion.conv(torch.cat([image, text.expand(-1, -1, *size)], dim=1))
    torch.testing.assert_close(fusion(fusion.image(image), text), naive)


def naive_seed(model: ClipSalGan, pixels: Tensor, sentence: Tensor) -> Tensor:
    """The seed variant of section 3.2 of the specification, in one piece."""
    x = model.vgg2(nn.functional.max_pool2d(model.vgg1(pixels), 2))
    text = model.text(sentence).expand(-1, -1, *x.shape[-2:])
    x = model.refinement[0](model.fusion.conv(torch.cat([x, text], dim=1))).relu()
    x = nn.functional.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
    return torch.sigmoid(model.readout(x))


def test_seed_variant_equals_the_naive_network() -> None:
    model, text = shaken(CONFIGS["seed"]), sentences(2)
    pixels = torch.rand(2, 3, 16, 12)
    torch.testing.assert_close(model(pixels, text).map, naive_seed(model, pixels, text.sentence))


@pytest.mark.parametrize("name", CONFIGS)
def test_one_encoding_serves_all_sentences(name: str) -> None:
    model, text = shaken(CONFIGS[name]), sentences(4, absent=(3,))
    pixels = torch.rand(2, 3, 16, 12)
    index = [0, 0, 1, 1]
    once = model.decode(select(model.encode_image(pixels), index), text)
    torch.testing.assert_close(once.map, model(pixels[index], text).map)


# --- what the text does ---


@pytest.mark.parametrize("name", CONFIGS)
def test_text_changes_the_map(name: str) -> None:
    model = shaken(CONFIGS[name])
    maps = model(torch.rand(1, 3, 16, 12).expand(2, -1, -1, -1), sentences(2)).map
    assert (maps[0] - maps[1]).abs().max() > 1e-3


@pytest.mark.parametrize("name", CONFIGS)
def test_an_empty_sentence_is_the_learned_null_vector_whatever_its_encoding(name: str) -> None:
    model = shaken(CONFIGS[name])
    pixels = torch.rand(2, 3, 16, 12)
    without = model(pixels).map
    torch.testing.assert_close(model(pixels, sentences(2, absent=(0, 1))).map, without)
    spoken = replace(sentences(2), sentence=model.null.detach().expand(2, -1))
    torch.testing.assert_close(model(pixels, spoken).map, without)
    mixed = model(pixels, sentences(2, absent=(0,))).map
    torch.testing.assert_close(mixed[0], without[0])
    assert (mixed[1] - without[1]).abs().max() > 1e-3


def test_encode_empty_reads_the_encoding_of_the_empty_sentence() -> None:
    model = shaken(replace(TINY, null_text="encode_empty"))
    pixels, text = torch.rand(1, 3, 16, 12), sentences(1, absent=(0,))
    assert not torch.equal(model(pixels, text).map, model(pixels, sentences(1, absent=(0,))).map)
    with pytest.raises(ValueError, match="encode_empty"):
        model(pixels)


def test_normalised_text_forgets_its_length() -> None:
    model, text = shaken(replace(TINY, normalise_text=True)), sentences(1)
    pixels = torch.rand(1, 3, 16, 12)
    longer = replace(text, sentence=3 * text.sentence)
    torch.testing.assert_close(model(pixels, longer).map, model(pixels, text).map)


def test_the_prior_starts_at_zero() -> None:
    torch.manual_seed(0)
    model, text = ClipSalGan(CONFIGS["extended"]).eval(), sentences(1)
    pixels = torch.rand(1, 3, 16, 12)
    with_prior = model(pixels, text).logits
    model.prior = None
    assert torch.equal(model(pixels, text).logits, with_prior)


def test_every_parameter_learns() -> None:
    for name, config in CONFIGS.items():
        model = shaken(config).train()
        model(torch.rand(2, 3, 16, 12), sentences(2, absent=(1,))).logits.square().sum().backward()
        silent = [key for key, parameter in model.named_parameters() if parameter.grad is None]
        assert not silent, name


# --- discriminators ---


def test_simple_discriminator_flattens_to_the_published_length() -> None:
    with torch.device("meta"):
        discriminator = SimpleDiscriminator(256, 256)
    assert (discriminator.classifier.in_features, discriminator.classifier.out_features) == (2_097_152, 1)
    assert shapes(discriminator) == [(64, 1, 3, 3), (128, 64, 3, 3)]


def test_simple_discriminator_judges_the_map_alone() -> None:
    torch.manual_seed(0)
    discriminator = SimpleDiscriminator(16, 12)
    maps = torch.rand(2, 1, 16, 12)
    logits = discriminator(torch.rand(2, 3, 16, 12), maps)
    assert logits.shape == (2, 1)
    assert torch.equal(logits, discriminator(torch.rand(2, 3, 16, 12), maps))


@pytest.mark.parametrize(("first_pool", "cells"), [(2, 24 * 32), (4, 12 * 16)])
def test_salgan_discriminator_has_the_published_layers(first_pool: int, cells: int) -> None:
    discriminator = SalGanDiscriminator(192, 256, first_pool)
    assert shapes(discriminator) == [(3, 4, 1, 1), (32, 3, 3, 3), *[(64, 32, 3, 3), *[(64, 64, 3, 3)] * 3]]
    assert [tuple(layer.weight.shape) for layer in discriminator.classifier if isinstance(layer, nn.Linear)] == [
        (100, 64 * cells),
        (2, 100),
        (1, 2),
    ]
    maps = torch.rand(2, 1, 192, 256)
    scores = discriminator(torch.rand(2, 3, 192, 256), maps)
    assert scores.shape == (2, 1)
    assert not torch.equal(scores, discriminator(torch.rand(2, 3, 192, 256), maps))
