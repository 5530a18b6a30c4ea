"""What a model starts from."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from saliency.errors import RecipeError
from saliency.models.grounding import Grounding
from saliency.models.trunks import build_trunk
from saliency.training import runs
from saliency.training.initialisation import load_initial_weights
from saliency.training.recipe import Start


@pytest.fixture
def model() -> nn.ModuleDict:
    return nn.ModuleDict({"eye": nn.Linear(2, 3), "ear": nn.Linear(2, 3)})


def test_tensors_of_a_run_are_taken_over_where_they_fit(model, earlier):
    before = {name: value.clone() for name, value in model.state_dict().items()}
    load_initial_weights(model, Start(run="earlier", source="old.", target="eye."))
    after = model.state_dict()
    assert torch.equal(after.pop("eye.weight"), earlier["old.weight"])
    assert all(torch.equal(value, before[name]) for name, value in after.items())  # eye.bias has another shape


@pytest.mark.parametrize("share", [0.25, 0.5, 1.0])
def test_weights_may_be_averaged_with_those_that_are_there(model, earlier, share: float):
    before = model.state_dict()["eye.weight"].clone()
    load_initial_weights(model, Start(run="earlier", source="old.", target="eye.", share=share))
    expected = (1 - share) * before + share * earlier["old.weight"]
    torch.testing.assert_close(model.state_dict()["eye.weight"], expected)


def test_three_seeds_have_their_mean_by_shares(model, earlier):
    for number, share in enumerate((1.0, 1 / 2, 1 / 3)):
        folder = runs.RUNS / f"seed{number}"
        folder.mkdir()
        save_file({"eye.weight": torch.full((3, 2), float(number**2))}, folder / "best.safetensors")
        load_initial_weights(model, Start(run=folder.name, share=share))
    torch.testing.assert_close(model.state_dict()["eye.weight"], torch.full((3, 2), 5 / 3))


def test_counts_are_not_averaged(earlier):
    save_file({"num_batches_tracked": torch.tensor(7)}, runs.RUNS / "earlier" / "best.safetensors")
    norm = nn.BatchNorm2d(2)
    load_initial_weights(norm, Start(run="earlier", share=0.5))
    assert norm.num_batches_tracked == 7


def test_a_run_that_broke_off_is_no_start(model, earlier):
    state = {"recipe": {"stages": [{"epochs": 2}, {"epochs": 3}]}, "done": 1}
    torch.save(state, runs.RUNS / "earlier" / "state.pt")
    with pytest.raises(RecipeError, match="“earlier”, which this one builds on, lacks 4 of its epochs"):
        load_initial_weights(model, Start(run="earlier", source="old.", target="eye."))


@pytest.mark.parametrize(
    ("start", "said"),
    [
        (Start(run="earlier"), "Nothing of the run “earlier” fits"),
        (Start(run="nowhere"), "There is no run “nowhere” to start from"),
        (Start(file=Path("nowhere/trunk.safetensors"), target="eye"), "no file “trunk.safetensors”"),
        (Start(file=Path("trunk.safetensors"), target="eye."), "no part “eye.”"),
    ],
)
def test_a_start_that_is_not_there_is_refused(model, earlier, start, said):
    with pytest.raises(RecipeError, match=said):
        load_initial_weights(model, start)


@pytest.mark.parametrize("content", [b"no tensors", None], ids=["damaged", "another network's"])
def test_a_file_of_something_else_is_refused(tmp_path, content):
    path = tmp_path / "trunk.safetensors"
    save_file({"layer.weight": torch.zeros(2)}, path)
    if content:
        path.write_bytes(content)
    model = nn.ModuleDict({"trunk": build_trunk("test_resnet", (8, 16))})
    with pytest.raises(RecipeError, match=r"“trunk\.safetensors”"):
        load_initial_weights(model, Start(file=path, target="trunk"))


def test_a_trunk_that_starts_from_no_file_says_so(tmp_path):
    path = tmp_path / "trunk.safetensors"
    save_file({"conv.weight": torch.zeros(2)}, path)
    with pytest.raises(RecipeError, match=r"“trunk\.safetensors”"):
        load_initial_weights(nn.ModuleDict({"trunk": nn.Conv2d(3, 4, 3)}), Start(file=path, target="trunk"))


DETECTOR = Path(__file__).parents[3] / "shared" / "weights" / "yolox_nano_coco.onnx"


def grounded(objects: bool) -> nn.ModuleDict:
    return nn.ModuleDict({"grounding": Grounding({8: 4, 16: 4}, text_dim=384, dim=8, objects=objects)})


@pytest.mark.skipif(not DETECTOR.is_file(), reason="the detector's weights are not here")
def test_a_detector_starts_with_its_weights_and_the_names_of_its_classes():
    model = grounded(objects=True)
    filled = load_initial_weights(model, Start(file=DETECTOR, target="grounding"), "minilm")
    grounding = model["grounding"]
    assert {name.split(".")[1] for name in filled} == {"objects", "class_matcher"}, "words are still to learn"
    assert sum(weight.numel() for weight in grounding.objects.parameters()) == pytest.approx(0.9e6, rel=0.02)
    cosines = nn.functional.normalize(grounding.class_matcher.names, dim=1)
    assert (cosines @ cosines.T).fill_diagonal_(0).max() < 0.95, "no two classes are called the same"


@pytest.mark.parametrize(
    ("objects", "content", "said"),
    [
        (True, b"nothing", "“net.onnx” has no weights"),
        (True, None, "no file “net.onnx”"),
        (False, b"nothing", "“net.onnx” has no weights"),
    ],
)
def test_a_detector_that_cannot_be_had_is_refused(tmp_path, objects, content, said):
    path = tmp_path / "net.onnx"
    if content:
        path.write_bytes(content)
    with pytest.raises(RecipeError, match=said):
        load_initial_weights(grounded(objects), Start(file=path, target="grounding"), "minilm")
