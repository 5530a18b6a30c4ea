"""Checkpoints: what is written is what is read, and everything that does not fit is refused with a reason."""

import hashlib
import json
import pickle
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import pytest
import torch
from pydantic import ValidationError
from safetensors import safe_open
from torch import nn

from saliency import checkpoints
from saliency.checkpoints import Description, Effort
from saliency.errors import CheckpointError
from saliency.models import registry
from saliency.models.base import SaliencyModel
from saliency.models.spec import MIT, ModelSpec, Preset, Text
from saliency.preprocessing import Preprocessing


@dataclass(frozen=True)
class TinyConfig:
    width: int = 4
    kernel: tuple[int, int] = (3, 3)

    def preprocessing(self) -> Preprocessing:
        return Preprocessing(32, 48)


class Tiny(SaliencyModel):
    def __init__(self, config: TinyConfig):
        super().__init__()
        assert isinstance(config.kernel, tuple)
        self.conv = nn.Conv2d(3, config.width, config.kernel)
        self.norm = nn.BatchNorm2d(config.width)


SPEC = ModelSpec(
    name="tiny",
    title="Tiny",
    summary=Text("A model for tests.", "测试用模型。"),
    paper="",
    model=Tiny,
    presets={"compact": Preset(TinyConfig())},
    tiny={"compact": Preset(TinyConfig())},
    licence=MIT,
    reads_text=False,
    word_maps=False,
)


@pytest.fixture(autouse=True)
def tiny_registry(monkeypatch):
    monkeypatch.setattr(registry, "REGISTRY", MappingProxyType({"tiny": SPEC}))


def describe(**changes) -> Description:
    fields = {
        "name": "first",
        "model": "tiny",
        "preset": "compact",
        "config": {"width": 5, "kernel": (5, 3)},
        "text_encoder": None,
        "preprocessing": Preprocessing(32, 48, fit="pad"),
        "licence": "research only",
        "data": [{"name": "SJTU-TIS", "use": "training", "terms": "research"}],
        "metrics": {"validation": {"pure": {"CC": {"mean": 0.7, "low": 0.6, "high": 0.8, "n": 40}}}},
    }
    return Description(**(fields | changes))


@pytest.fixture
def saved(tmp_path):
    torch.manual_seed(0)
    model = registry.create("tiny", width=5, kernel=(5, 3))
    with torch.no_grad():
        model.norm.running_var.copy_(torch.tensor([1e-7, 1.0, 2e5, 3.0, 4.0]))  # outside float16 at both ends
        model.norm.num_batches_tracked.fill_(100_000)
    return model, checkpoints.save(model, describe(), tmp_path), tmp_path


def edit_card(folder: Path, **changes) -> None:
    path = folder / "first.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_what_is_saved_comes_back(saved):
    model, card, folder = saved
    loaded, read = checkpoints.load("first", folder)
    assert read == card
    assert read.preprocessing == Preprocessing(32, 48, fit="pad")
    assert not loaded.training
    assert torch.equal(loaded.conv.weight, model.conv.weight.half().float())
    assert loaded.conv.weight.dtype == torch.float32
    assert torch.equal(loaded.norm.running_var, model.norm.running_var)
    assert loaded.norm.num_batches_tracked == 100_000


def test_the_card_describes_the_file(saved):
    _, card, folder = saved
    assert card.sha256 == hashlib.sha256((folder / "first.safetensors").read_bytes()).hexdigest()
    assert card.parameters == 5 * 3 * 5 * 3 + 5 + 5 + 5
    with safe_open(folder / "first.safetensors", "pt") as file:
        assert file.get_tensor("conv.weight").dtype == torch.float16
        assert file.get_tensor("norm.num_batches_tracked").dtype == torch.int64
    assert sorted(path.name for path in folder.iterdir()) == ["first.json", "first.safetensors"]


@pytest.mark.parametrize("suffix", [".safetensors", ".json"])
def test_a_path_names_a_checkpoint_too(saved, suffix):
    _, card, folder = saved
    assert checkpoints.load(folder / f"first{suffix}")[1] == card


def test_the_environment_names_the_directory(saved, monkeypatch):
    _, card, folder = saved
    monkeypatch.setenv("SALIENCY_CHECKPOINTS", str(folder))
    assert checkpoints.load("first")[1] == card
    assert checkpoints.available() == [card]


def test_a_runs_folder_is_one_of_checkpoints_too(saved):
    _, card, folder = saved
    (folder / "best.safetensors").write_bytes((folder / "first.safetensors").read_bytes())  # as `training.loop` does
    assert checkpoints.available(folder) == [card]


def test_saving_again_replaces(saved):
    model, first, folder = saved
    with torch.no_grad():
        model.conv.weight.mul_(2)
    second = checkpoints.save(model, describe(), folder)
    assert second.sha256 != first.sha256
    assert checkpoints.load("first", folder)[1] == second


def test_missing(tmp_path):
    with pytest.raises(CheckpointError, match="no checkpoint called “nobody”") as caught:
        checkpoints.load("nobody", tmp_path)
    assert str(tmp_path) not in str(caught.value)


def test_missing_weights(saved):
    (saved[2] / "first.safetensors").unlink()
    with pytest.raises(CheckpointError, match="weights of checkpoint “first” are missing"):
        checkpoints.load("first", saved[2])


def test_changed_weights_are_refused_before_they_are_parsed(saved, monkeypatch):
    path = saved[2] / "first.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    monkeypatch.setattr(checkpoints, "tensors_from_bytes", lambda _: pytest.fail("parsed"))
    with pytest.raises(CheckpointError, match="sha256"):
        checkpoints.load("first", saved[2])


def test_a_file_that_is_no_safetensors(saved):
    (saved[2] / "first.safetensors").write_bytes(b"hello")
    edit_card(saved[2], sha256=hashlib.sha256(b"hello").hexdigest())
    with pytest.raises(CheckpointError, match="not a safetensors file"):
        checkpoints.load("first", saved[2])


@pytest.mark.parametrize("key", ["mystery", "parameters", "preprocessing"])
def test_the_offending_key_of_a_card_is_named(saved, key):
    edit_card(saved[2], **{key: {"height": "tall"}})
    with pytest.raises(CheckpointError, match=key):
        checkpoints.load("first", saved[2])


def test_unknown_key_inside_the_preprocessing(saved):
    edit_card(saved[2], preprocessing={"height": 32, "width": 48, "colour": "red"})
    with pytest.raises(CheckpointError, match=r"preprocessing\.colour"):
        checkpoints.load("first", saved[2])


def test_a_card_that_is_no_json(saved):
    (saved[2] / "first.json").write_text("{")
    with pytest.raises(CheckpointError, match="cannot be read"):
        checkpoints.load("first", saved[2])


@pytest.mark.parametrize("suffix", ["pt", "pth", "bin", "ckpt"])
def test_a_pickle_is_never_opened(tmp_path, suffix):
    ran = tmp_path / "ran"

    class Payload:
        def __reduce__(self):
            return (Path.touch, (ran,))

    (tmp_path / f"evil.{suffix}").write_bytes(pickle.dumps(Payload()))
    with pytest.raises(CheckpointError, match="never opened"):
        checkpoints.load(tmp_path / f"evil.{suffix}")
    assert not ran.exists()


def test_wrong_shapes_are_named(saved):
    edit_card(saved[2], config={"width": 6, "kernel": [5, 3]})
    with pytest.raises(CheckpointError, match=r"conv\.weight is \(5, 3, 5, 3\), not \(6, 3, 5, 3\)"):
        checkpoints.load("first", saved[2])


def test_an_unknown_configuration_key_is_named(saved):
    edit_card(saved[2], config={"depth": 6})
    with pytest.raises(CheckpointError, match="depth"):
        checkpoints.load("first", saved[2])


def test_an_unknown_model_lists_those_there_are(saved):
    edit_card(saved[2], model="huge")
    with pytest.raises(CheckpointError, match="There are: tiny"):
        checkpoints.load("first", saved[2])


def test_weights_that_are_not_finite_are_not_saved(tmp_path):
    model = registry.create("tiny")
    with torch.no_grad():
        model.conv.weight[0] = 1e5
    with pytest.raises(CheckpointError, match=r"conv\.weight"):
        checkpoints.save(model, describe(config={}), tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_name_cannot_leave_the_directory():
    with pytest.raises(ValueError, match="name"):
        describe(name="../evil")


def test_cpu_minutes_of_older_runs_are_read():
    old = {"minutes": 10.0, "busy": 19.0, "device": "cpu", "cores": 2, "precision": "float32"}
    effort = Effort.model_validate(old)
    assert effort.cpu_minutes == 19.0
    assert Effort.model_validate(effort.model_dump()) == effort


@pytest.mark.parametrize("missing", ["model", "preset"])
def test_a_card_without_its_model_or_preset_is_refused(missing):
    content = describe().model_dump()
    del content[missing]
    with pytest.raises(ValidationError, match=missing):
        Description.model_validate(content)
