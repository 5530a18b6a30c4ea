"""The registry: every entry describes its model correctly."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields, is_dataclass, replace
from pathlib import Path

import pytest
import torch
from safetensors import safe_open

from saliency import checkpoints, models
from saliency.errors import UnknownModelError
from saliency.models import registry
from saliency.models.base import SaliencyModel
from saliency.models.registry import REGISTRY
from saliency.models.text import ENCODERS

PRESETS = [(name, preset_name) for name, spec in REGISTRY.items() for preset_name in spec.presets]


@pytest.mark.parametrize("name", REGISTRY)
class TestEntries:
    def test_describes_itself(self, name: str) -> None:
        spec = registry.spec(name)
        assert spec.name == name
        assert spec.title
        assert spec.summary.en.endswith(".")
        assert spec.paper
        assert spec.limits
        assert issubclass(spec.model, SaliencyModel)
        assert "compact" in spec.presets

    def test_every_text_has_chinese(self, name: str) -> None:
        for text in registry.spec(name).texts:
            assert text.en
            assert any("一" <= character <= "鿿" for character in text.zh), text.en
            assert registry.translations()[text.en] == text.zh

    def test_what_learns_nothing_has_no_parameters(self, name: str) -> None:
        with torch.device("meta"):
            assert bool(registry.create(name).state_dict()) == registry.spec(name).learned

    def test_tiny_presets_are_of_what_ships_and_of_the_paper(self, name: str) -> None:
        spec = registry.spec(name)
        assert {"compact", *({"paper"} & spec.presets.keys())} <= spec.tiny.keys()
        with torch.device("meta"):
            for preset in spec.tiny.values():
                assert sum(p.numel() for p in spec.model(preset.config).parameters()) < 3e6

    def test_creates_what_ships(self, name: str) -> None:
        """`create` without a preset builds the network of the shipped checkpoint, and the pictures are its pictures."""
        if name not in {card.name for card in checkpoints.available()}:
            pytest.skip("no weights of this model ship")
        card = checkpoints.read_card(name)
        assert (card.preset, card.config) == ("compact", {})
        with torch.device("meta"):
            model = registry.create(name)
        assert model.config == registry.preset(name).config
        stem = checkpoints.directory_of_checkpoints() / f"{name}.safetensors"
        with safe_open(stem, "pt") as file:
            stored = {key: tuple(file.get_slice(key).get_shape()) for key in file.keys()}  # noqa: SIM118
        assert {key: tuple(value.shape) for key, value in model.state_dict().items()} == stored
        assert registry.preset(name).preprocessing == card.preprocessing
        assert registry.preset(name).text_encoder == card.text_encoder
        assert sum(p.numel() for p in model.parameters()) < 25e6

    def test_word_maps_as_promised(self, name: str) -> None:
        """A model with a grounding branch is one that says it gives word maps."""
        with torch.device("meta"):
            assert (registry.create(name).grounding_branch is not None) == registry.spec(name).word_maps


@pytest.mark.parametrize(("name", "preset_name"), PRESETS)
class TestPresets:
    def test_presets_are_frozen_data(self, name: str, preset_name: str) -> None:
        preset = registry.preset(name, preset_name)
        assert is_dataclass(preset.config)
        with pytest.raises(FrozenInstanceError):
            setattr(preset.config, fields(preset.config)[0].name, None)
        assert preset.preprocessing.fit in ("squash", "pad", "within")
        assert (preset.text_encoder is not None) == registry.spec(name).reads_text

    def test_text_encoders_exist_and_fit(self, name: str, preset_name: str) -> None:
        preset = registry.preset(name, preset_name)
        if preset.text_encoder is None:
            return
        encoder = ENCODERS[preset.text_encoder]
        if preset_name == "compact":
            assert encoder.offline, "the compact preset must need no network"
        wanted = getattr(preset.config, "text_dim", None)
        assert wanted in (encoder.dim, encoder.sentence_dim) or encoder.dim == 0


@pytest.mark.parametrize(
    ("name", "preset_name", "size"),
    [("gsgnet", "paper", (352, 352)), ("gsgnet", "compact", (360, 480)), ("transalnet", "compact", (240, 320))],
)
def test_pictures_of_presets(name: str, preset_name: str, size: tuple[int, int]) -> None:
    pictures = registry.preset(name, preset_name).preprocessing
    assert (pictures.height, pictures.width) == size
    assert pictures.mean == ((0.485, 0.456, 0.406) if preset_name == "paper" else (0.5,) * 3)


def test_every_folder_with_a_specification_is_registered() -> None:
    folders = {path.parent.name for path in Path(models.__file__).parent.glob("*/spec.py")}
    assert {f"saliency.models.{folder}" for folder in folders} == {*registry.PACKAGES, *registry.OTHER_PACKAGES}


def test_overrides() -> None:
    config = registry.preset("gsgnet", "compact", channels=32, fusion="none").config
    assert (config.channels, config.fusion) == (32, "none")
    with pytest.raises(TypeError, match="chanels"):
        registry.create("gsgnet", chanels=32)


def test_overrides_reach_into_nested_configurations_and_lists_are_tuples() -> None:
    """As recipes and cards hold them."""
    preset = registry.preset("tranblend", "compact", backbone={"trunk": "test_resnet", "decoder": [8, 8]})
    assert (preset.config.backbone.trunk, preset.config.backbone.decoder) == ("test_resnet", (8, 8))
    assert preset.config.backbone.height == 240
    with pytest.raises(TypeError, match="trunc"):
        registry.preset("tranblend", "compact", backbone={"trunc": "test_resnet"})


@pytest.mark.parametrize(
    ("name", "overrides", "reads"),
    [
        ("tranblend", {"blend": "none", "guide_fine": False}, False),
        ("tranblend", {"blend": "upsample"}, True),
        ("sdg_sod", {"guided": []}, False),
        ("sdg_sod", {"guided": [4]}, True),
        ("transalnet", {}, False),
    ],
)
def test_a_preset_has_a_text_encoder_where_it_reads(name: str, overrides: dict, reads: bool) -> None:
    assert (registry.preset(name, **overrides).text_encoder is not None) == reads


def test_the_detectors_pictures_are_the_trunks() -> None:
    """The detector would otherwise take values of another range, and find nothing."""
    for name, trunk in (("gsgnet", {"trunk": "densenet161"}), ("tranblend", {"backbone": {"trunk": "densenet161"}})):
        with pytest.raises(ValueError, match="densenet161"):
            registry.create(name, **trunk)
        assert registry.preset(name, objects=False, **trunk).preprocessing.mean == (0.485, 0.456, 0.406)


def test_unknown_names_list_the_known() -> None:
    with pytest.raises(UnknownModelError, match=f"There are: {', '.join(REGISTRY)}"):
        registry.create("deepgaze")
    with pytest.raises(UnknownModelError, match="GSGNet has no preset “huge”"):
        registry.create("gsgnet", "huge")


def test_read_only() -> None:
    with pytest.raises(TypeError):
        REGISTRY["mine"] = None


@pytest.mark.parametrize(
    ("reads_text", "word_maps", "reads"), [(False, False, "nothing"), (True, False, "vector"), (True, True, "words")]
)
def test_how_models_read_follows_from_what_they_give(reads_text: bool, word_maps: bool, reads: str) -> None:
    spec = replace(next(iter(REGISTRY.values())), reads_text=reads_text, word_maps=word_maps)
    assert spec.reads == reads
