"""What a model starts from."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from saliency.errors import RecipeError
from saliency.models.backbones import ResNet50V2
from saliency.trainers import methods
from saliency.trainers.methods import begin_with
from saliency.trainers.recipe import Start


@pytest.fixture
def model() -> nn.ModuleDict:
    return nn.ModuleDict({"eye": nn.Linear(2, 3), "ear": nn.Linear(2, 3)})


@pytest.fixture
def earlier(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, torch.Tensor]:
    """The weights of a run called ``earlier``."""
    weights = {"old.weight": torch.full((3, 2), 5.0), "old.bias": torch.full((4,), 5.0)}
    (tmp_path / "earlier").mkdir()
    save_file(weights, tmp_path / "earlier" / "best.safetensors")
    monkeypatch.setattr(methods, "RUNS", tmp_path)
    return weights


def test_tensors_of_a_run_are_taken_over_where_they_fit(model, earlier):
    before = {name: value.clone() for name, value in model.state_dict().items()}
    begin_with(model, Start(run="earlier", source="old.", target="eye."))
    after = model.state_dict()
    assert torch.equal(after.pop("eye.weight"), earlier["old.weight"])
    assert all(torch.equal(value, before[name]) for name, value in after.items())  # eye.bias has another shape


@pytest.mark.parametrize(
    ("start", "said"),
    [
        (Start(run="earlier"), "Nothing of the run “earlier” fits"),
        (Start(run="nowhere"), "no run or checkpoint “nowhere”"),
        (Start(file=Path("nowhere/trunk.safetensors"), target="eye"), "no file “trunk.safetensors”"),
    ],
)
def test_a_start_that_is_not_there_is_refused(model, earlier, start, said):
    with pytest.raises(RecipeError, match=said):
        begin_with(model, start)


@pytest.mark.parametrize("content", [b"no tensors", None], ids=["damaged", "another network's"])
def test_a_file_of_something_else_is_refused(tmp_path, content):
    path = tmp_path / "trunk.safetensors"
    save_file({"layer.weight": torch.zeros(2)}, path)
    if content:
        path.write_bytes(content)
    with torch.device("meta"):
        model = nn.ModuleDict({"trunk": ResNet50V2((8, 16))})
    with pytest.raises(RecipeError, match=r"“trunk\.safetensors”"):
        begin_with(model, Start(file=path, target="trunk"))
