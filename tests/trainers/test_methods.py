"""What a model starts from."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from saliency.errors import RecipeError
from saliency.models.backbones import ResNet50V2
from saliency.models.grounding import Grounding
from saliency.trainers import datasets, methods
from saliency.trainers.methods import begin_with, build_method, describe, train
from saliency.trainers.recipe import Start, parse_recipe


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
        (Start(file=Path("trunk.safetensors"), target="eye."), "no part “eye.”"),
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


def test_a_trunk_that_starts_from_no_file_says_so(tmp_path):
    path = tmp_path / "trunk.safetensors"
    save_file({"conv.weight": torch.zeros(2)}, path)
    with pytest.raises(RecipeError, match=r"“trunk\.safetensors”"):
        begin_with(nn.ModuleDict({"trunk": nn.Conv2d(3, 4, 3)}), Start(file=path, target="trunk"))


DETECTOR = Path(__file__).parents[3] / "shared" / "weights" / "yolox_nano_coco.onnx"


def grounded(objects: bool) -> nn.ModuleDict:
    return nn.ModuleDict({"grounding": Grounding({8: 4, 16: 4}, text_dim=384, dim=8, objects=objects)})


@pytest.mark.skipif(not DETECTOR.is_file(), reason="the detector's weights are not here")
def test_a_detector_starts_with_its_weights_and_the_names_of_its_classes():
    model = grounded(objects=True)
    begin_with(model, Start(file=DETECTOR, target="grounding"), "minilm")
    grounding = model["grounding"]
    assert sum(weight.numel() for weight in grounding.objects.parameters()) == pytest.approx(0.9e6, rel=0.02)
    cosines = nn.functional.normalize(grounding.naming.names, dim=1)
    assert (cosines @ cosines.T).fill_diagonal_(0).max() < 0.95, "no two classes are called the same"


@pytest.mark.parametrize(
    ("objects", "content", "said"),
    [
        (True, b"nothing", "“net.onnx” holds no weights"),
        (True, None, "no file “net.onnx”"),
        (False, b"nothing", "no object detector"),
    ],
)
def test_a_detector_that_cannot_be_had_is_refused(tmp_path, objects, content, said):
    path = tmp_path / "net.onnx"
    if content:
        path.write_bytes(content)
    with pytest.raises(RecipeError, match=said):
        begin_with(grounded(objects), Start(file=path, target="grounding"), "minilm")


def test_a_card_lists_the_data_that_earlier_runs_have_seen(tiny_recipe: dict):
    before = {"reader": "folder", "root": "elsewhere", "use": "free viewing", "terms": "MIT"}
    own = [{"name": "tiny_sjtu", "use": "first; second", "terms": ""}]
    assert [use.model_dump() for use in describe(parse_recipe(tiny_recipe)).data] == own
    seen = describe(parse_recipe(tiny_recipe | {"seen": [before]}))
    assert [use.model_dump() for use in seen.data] == [
        {"name": "elsewhere", "use": "free viewing", "terms": "MIT"},
        *own,
    ]


@pytest.mark.parametrize(("subject", "size"), [(False, (240, 320)), (True, (360, 480))])
def test_a_subject_sees_larger_pictures(tiny_recipe: dict, subject: bool, size: tuple[int, int]):
    recipe = parse_recipe(tiny_recipe | {"model": "gsgnet", "config": {"subject": subject}})
    pictures = describe(recipe).preprocessing
    assert (pictures.height, pictures.width) == size


def test_a_recipe_without_stages_puts_a_model_together(
    tiny_recipe: dict, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    for module in (methods, datasets):
        monkeypatch.setattr(module, "RUNS", tmp_path)
    weights = {}
    for seed, run in enumerate(("first", "second")):
        model = build_method(parse_recipe(tiny_recipe | {"seed": seed})).model
        weights[run] = {name: value.contiguous() for name, value in model.state_dict().items()}
        (tmp_path / run).mkdir()
        save_file(weights[run], tmp_path / run / "best.safetensors")
    starts = [{"run": "first"}, {"run": "second", "source": "readout.", "target": "readout."}]
    folder = train(parse_recipe(tiny_recipe | {"stages": [], "start": starts}), quiet=True)
    found = load_file(folder / "tiny.safetensors")
    assert found.keys() == weights["first"].keys()
    for name, value in found.items():
        expected = weights["second" if name.startswith("readout.") else "first"][name]
        assert torch.equal(value, expected.to(value.dtype)), name
    assert (folder / "tiny.json").is_file()
    later = build_method(parse_recipe(tiny_recipe | {"start": [{"run": "tiny"}]})).model.state_dict()
    torch.testing.assert_close(later["readout.weight"], found["readout.weight"].float())


def test_a_model_is_not_put_together_with_parts_missing(tiny_recipe: dict, earlier):
    weights = build_method(parse_recipe(tiny_recipe)).model.state_dict()
    del weights["readout.weight"]
    save_file(
        {name: value.contiguous() for name, value in weights.items()}, methods.RUNS / "earlier" / "best.safetensors"
    )
    with pytest.raises(RecipeError, match=r"“readout\.weight”"):
        build_method(parse_recipe(tiny_recipe | {"stages": [], "start": [{"run": "earlier"}]}))


@pytest.mark.parametrize(
    "change",
    [
        {"config": {"width": [8]}},
        {"method": "grounding", "config": {"object": True}, "stages": []},
    ],
)
def test_a_configuration_that_does_not_fit_is_a_sentence(tiny_recipe: dict, change: dict):
    with pytest.raises(RecipeError, match="“config” does not fit"):
        build_method(parse_recipe(tiny_recipe | change))
