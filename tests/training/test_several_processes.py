"""Two processes, on the CPU and over gloo, train what one trains, and measure what one measures."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from accelerate import Accelerator
from torch import distributed, multiprocessing

from saliency.errors import RecipeError
from saliency.models.features import TextFeatures
from saliency.training import datasets, frozen_features
from saliency.training.loop import Run
from saliency.training.recipe import parse_recipe
from saliency.training.targets.batch import Batch
from saliency.training.training_run import build_method


def _doubled(batch: Batch, device: torch.device | str, **_: object) -> Batch:
    """`Batch.to` in double precision: what differs by rounding alone then differs by less than 1e-9."""

    def doubled(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: doubled(one) for name, one in value.items()}
        if isinstance(value, TextFeatures):
            return value.to(dtype=torch.float64)
        return value.double() if isinstance(value, torch.Tensor) and value.is_floating_point() else value

    return replace(batch, **{name: doubled(value) for name, value in vars(batch).items()})


def _work(rank: int, folder: Path, processes: int, content: dict[str, Any]) -> None:
    """One of the processes; the first one's run is in `folder`, beside what validation says before the training."""
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
        patch.setattr(Batch, "to", _doubled)
        recipe = parse_recipe(content)
        method = build_method(recipe)
        method.model.double()
        run = Run(recipe, method, folder, quiet=True)
        before = method.validate(method.model.eval())
        (folder / f"before{rank}.json").write_text(json.dumps(before))
        run.train()
    if processes > 1:
        distributed.destroy_process_group()


def trained(content: dict[str, Any], folder: Path) -> list[Path]:
    """The folders of the run by one process and by two."""
    folders = [folder / "one", folder / "two"]
    for processes, place in enumerate(folders, 1):
        place.mkdir()
        multiprocessing.spawn(_work, (place, processes, content), nprocs=processes)
    return folders


def assert_alike(content: dict[str, Any], folder: Path) -> None:
    one, two = trained(content, folder)
    for rank in range(2):
        assert json.loads((two / f"before{rank}.json").read_text()) == json.loads((one / "before0.json").read_text())
    states = [torch.load(place / "state.pt", weights_only=True) for place in (one, two)]
    assert [state["done"] for state in states] == [sum(stage["epochs"] for stage in content["stages"])] * 2
    for name, value in states[0]["average"].items():
        other = states[1]["average"][name]
        torch.testing.assert_close(other, value, atol=1e-5, rtol=1e-5, msg=lambda text, name=name: f"{name}: {text}")
    histories = [[json.loads(line) for line in (place / "history.jsonl").open()] for place in (one, two)]
    for alone, shared in zip(*histories, strict=True):
        for numbers in ("training", "validation"):
            assert shared[numbers] == pytest.approx(alone[numbers], abs=1e-5)


def test_supervised_training_with_live_norms_and_uneven_parts(tiny_recipe: dict, tmp_path: Path):
    """Of four pictures three are a batch, so that the parts are two and one, and one picture is left over."""
    for stage in tiny_recipe["stages"]:
        stage |= {"batch": 3, "optimizer": "sgd", "rate": 1e-2, "epochs": 1}
    tiny_recipe["stages"][0]["loss"] = {"kl": 1.0, "nss": -0.1, "mse": 1.0}
    assert_alike(tiny_recipe, tmp_path)


def test_fewer_pictures_per_batch_than_processes_are_refused(tiny_recipe: dict, tmp_path: Path, monkeypatch):
    tiny_recipe["stages"][0]["batch"] = 1
    recipe = parse_recipe(tiny_recipe)
    run = Run(recipe, build_method(recipe), tmp_path / "run", quiet=True)
    monkeypatch.setattr(Accelerator, "num_processes", 2)
    with pytest.raises(RecipeError, match=r"fewer pictures per batch \(1\) than there are processes \(2\)"):
        run.train()
