"""The registry: every entry tells the truth about its model."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields, is_dataclass

import pytest

from saliency.errors import UnknownModelError
from saliency.models import registry
from saliency.models.base import SaliencyModel
from saliency.models.registry import REGISTRY
from saliency.models.text import ENCODERS


@pytest.mark.parametrize("name", REGISTRY)
class TestEntries:
    def test_describes_itself(self, name: str) -> None:
        spec = registry.spec(name)
        assert spec.name == name
        assert spec.title
        assert spec.summary.endswith(".")
        assert spec.paper
        assert spec.licence
        assert issubclass(spec.model, SaliencyModel)
        assert set(spec.presets) == {"paper", "compact"}

    @pytest.mark.parametrize("preset_name", ["paper", "compact"])
    def test_presets_are_frozen_data(self, name: str, preset_name: str) -> None:
        preset = registry.preset(name, preset_name)
        assert is_dataclass(preset.config)
        with pytest.raises(FrozenInstanceError):
            setattr(preset.config, fields(preset.config)[0].name, None)
        assert preset.preprocessing.fit in ("squash", "pad")
        assert (preset.text_encoder is not None) == registry.spec(name).reads_text

    @pytest.mark.parametrize("preset_name", ["paper", "compact"])
    def test_text_encoders_exist_and_fit(self, name: str, preset_name: str) -> None:
        preset = registry.preset(name, preset_name)
        if preset.text_encoder is None:
            return
        encoder = ENCODERS[preset.text_encoder]
        if preset_name == "compact":
            assert encoder.offline, "the compact preset must need no network"
        wanted = getattr(preset.config, "text_dim", None)
        assert wanted in (encoder.dim, encoder.sentence_dim) or encoder.dim == 0

    def test_creates_the_compact_preset(self, name: str) -> None:
        model = registry.create(name)
        assert type(model) is registry.spec(name).model
        assert model.config == registry.preset(name, "compact").config
        assert sum(p.numel() for p in model.parameters()) < 20e6

    def test_word_maps_as_promised(self, name: str) -> None:
        """A model with a grounding is one that says it gives word maps."""
        has_grounding = any(part == "grounding" for part, _ in registry.create(name).named_modules())
        assert has_grounding == registry.spec(name).word_maps


def test_overrides() -> None:
    model = registry.create("gsgnet", "compact", channels=32, fusion="none")
    assert model.config.channels == 32
    assert model.config.fusion == "none"
    with pytest.raises(TypeError, match="chanels"):
        registry.create("gsgnet", chanels=32)


def test_unknown_names_list_the_known() -> None:
    with pytest.raises(UnknownModelError, match="gsgnet, clip_salgan, tranblend, transalnet"):
        registry.create("deepgaze")
    with pytest.raises(UnknownModelError, match="GSGNet has no preset “huge”"):
        registry.create("gsgnet", "huge")


def test_read_only() -> None:
    with pytest.raises(TypeError):
        REGISTRY["mine"] = None


def test_how_models_read_follows_from_what_they_give() -> None:
    assert {name: spec.reads for name, spec in REGISTRY.items()} == {
        "transalnet": "nothing",
        "gsgnet": "words",
        "clip_salgan": "vector",
        "tranblend": "words",
    }
