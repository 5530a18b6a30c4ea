"""Two processes, on the CPU and over gloo, train what one trains, by every method."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from accelerate import Accelerator
from torch import distributed, multiprocessing

from saliency.errors import RecipeError
from saliency.models import trunks
from saliency.models.features import TextFeatures
from saliency.training import datasets, frozen_features
from saliency.training.loop import Run
from saliency.training.methods import mask_training
from saliency.training.methods.method import Method
from saliency.training.recipe import parse_recipe
from saliency.training.targets.batch import Batch
from saliency.training.training_run import build_method

from .methods import (
    test_adversarial,
    test_captioning,
    test_grounding,
    test_mask_training,
    test_presence,
    test_referent,
)
from .squares import ColourTrunk
from .tiny_recipe import recipe_on

Content = dict[str, Any]
# By method, where the tests of one build it themselves.
BUILD: dict[str, Callable[[Content], Method]] = {
    "adversarial": lambda content: test_adversarial.method(parse_recipe(content)),
    "grounding": test_grounding.method_of,
    "presence": test_presence.method_of,
    "referent": test_referent.method_of,
}
METHODS = ("supervised", "adversarial", "captioning", "grounding", "presence", "referent", "objects")
# Of every stage. Parts of a batch are not equal; Adam would enlarge what rounding makes of gradients that are almost 0.
STAGE = {"epochs": 1, "batch": 5, "rate": 1e-2, "optimizer": "sgd", "average": 0.5}


def recipes(gaze: Path, phrases: Path, masks: Path) -> dict[str, Content]:
    """A small recipe of each of `METHODS`, on data sets that the other tests use."""
    source = {"reader": "flickr8k_entities", "root": str(phrases), "split": "training"}
    found = {
        "supervised": recipe_on(gaze),
        "adversarial": test_adversarial.content_on(gaze, {"warm_up_epochs": 0}),
        "captioning": test_captioning.content_on(source),
        "grounding": test_grounding.content_on(source),
        "presence": test_presence.content_on(source),
        "referent": test_referent.content_on(source),
        "objects": test_mask_training.content_on(masks, source),
    }
    for content in found.values():
        for stage in content["stages"]:
            stage |= STAGE
    for name in ("supervised", "adversarial"):  # of four pictures: one is left over
        for stage in found[name]["stages"]:
            stage["batch"] = 3
    found["supervised"]["stages"][0]["loss"] = {"kl": 1.0, "nss": -0.1, "mse": 1.0}
    found["objects"]["config"]["dropout"] = 0.0  # whose values differ between processes
    found["objects"]["stages"][0]["options"] = {"mosaics": 3, "singles": 7}
    for name in ("presence", "referent"):
        found[name]["stages"][0]["options"]["singles"] = 10
    return found


def _doubled(batch: Batch, device: torch.device | str, **_: object) -> Batch:
    """`Batch.to` in double precision: what differs by rounding alone then differs by less than 1e-9."""

    def doubled(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: doubled(one) for name, one in value.items()}
        if isinstance(value, TextFeatures):
            return value.to(dtype=torch.float64)
        return value.double() if isinstance(value, torch.Tensor) and value.is_floating_point() else value

    return replace(batch, **{name: doubled(value) for name, value in vars(batch).items()})


def _work(rank: int, folder: Path, processes: int, contents: dict[str, Content]) -> None:
    """One of the processes; the first one's runs are in `folder`, beside what validation says before the training."""
    torch.set_num_threads(1)
    os.environ |= {"ACCELERATE_USE_CPU": "true"}
    if processes > 1:
        os.environ |= {"RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": str(processes)}
        os.environ |= {"LOCAL_WORLD_SIZE": str(processes), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "0"}
        meeting = f"file://{folder}/meeting"
        distributed.init_process_group("gloo", init_method=meeting, rank=rank, world_size=processes)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("saliency.runtime.precision.preferred_dtype", lambda device: torch.float32)
        patch.setattr(datasets, "SENTENCE_CACHE", folder / f"sentences{rank}")
        patch.setattr(frozen_features, "FEATURES", folder / "features")
        patch.setattr(mask_training, "generated_captions", test_mask_training.captions)
        patch.setitem(trunks.TRUNKS, "colours", ColourTrunk)
        for name, content in contents.items():
            with pytest.MonkeyPatch.context() as in_double:
                _train(name, content, folder / name, rank, in_double)
    if processes > 1:
        distributed.destroy_process_group()


def _train(name: str, content: Content, folder: Path, rank: int, patch: pytest.MonkeyPatch) -> None:
    folder.mkdir(exist_ok=True)
    method = BUILD[name](content) if name in BUILD else build_method(parse_recipe(content))
    if name == "supervised":  # its batch norms learn, and rounding grows in them
        patch.setattr(Batch, "to", _doubled)
        method.model.double()
    run = Run(method.recipe, method, folder, quiet=True)
    before = method.validate(method.model.eval())
    (folder / f"before{rank}.json").write_text(json.dumps(before))
    run.train()


@pytest.fixture(scope="module")
def folders(tiny_sjtu: Path, squares: Path, masks: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The folders of the runs by one process and by two; starting the processes takes longer than the runs."""
    contents = recipes(tiny_sjtu, squares, masks)
    assert tuple(contents) == METHODS
    one, two = (tmp_path_factory.mktemp(name) for name in ("one", "two"))
    for processes, place in enumerate((one, two), 1):
        multiprocessing.spawn(_work, (place, processes, contents), nprocs=processes)
    return one, two


@pytest.mark.parametrize("name", METHODS)
def test_two_processes_train_what_one_trains(folders: tuple[Path, Path], name: str) -> None:
    one, two = (folder / name for folder in folders)
    for rank in range(2):
        assert json.loads((two / f"before{rank}.json").read_text()) == json.loads((one / "before0.json").read_text())
    states = [torch.load(place / "state.pt", weights_only=True) for place in (one, two)]
    assert states[0]["done"] == states[1]["done"] > 0
    for tensor, value in states[0]["average"].items():
        other = states[1]["average"][tensor]
        torch.testing.assert_close(other, value, atol=1e-5, rtol=1e-5, msg=lambda text, at=tensor: f"{at}: {text}")
    histories = [[json.loads(line) for line in (place / "history.jsonl").open()] for place in (one, two)]
    for alone, shared in zip(*histories, strict=True):
        for numbers in ("training", "validation"):
            assert shared[numbers] == pytest.approx(alone[numbers], abs=1e-4)


def test_fewer_pictures_per_batch_than_processes_are_refused(tiny_recipe: dict, tmp_path: Path, monkeypatch):
    tiny_recipe["stages"][0]["batch"] = 1
    recipe = parse_recipe(tiny_recipe)
    run = Run(recipe, build_method(recipe), tmp_path / "run", quiet=True)
    monkeypatch.setattr(Accelerator, "num_processes", 2)
    with pytest.raises(RecipeError, match=r"fewer pictures per batch \(1\) than there are processes \(2\)"):
        run.train()
