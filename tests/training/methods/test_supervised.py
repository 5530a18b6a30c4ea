"""The training loop: it learns, it resumes exactly, and what it writes can be loaded."""

import errno
import json
import math
import os
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
import torch
import yaml
from safetensors.torch import load_file

from saliency import checkpoints
from saliency.atomic_files import write_whole
from saliency.checkpoints import Part
from saliency.errors import OutputError, RecipeError
from saliency.training import datasets, loop
from saliency.training.learner import one_cycle
from saliency.training.loop import Run, batches
from saliency.training.recipe import parse_recipe
from saliency.training.runs import run_state
from saliency.training.training_run import build_method, train
from tests.training.tiny_recipe import recipe_on


@pytest.fixture(autouse=True)
def _no_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr(datasets, "SENTENCE_CACHE", tmp_path / "sentences")


@pytest.fixture(scope="module", autouse=True)
def _one_thread():
    """As in the processes that some tests start: then their weights are equal bit by bit."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def whole(tiny_sjtu: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an unbroken run of ``tiny_recipe``, to be read only."""
    folder = tmp_path_factory.mktemp("whole")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("saliency.runtime.precision.preferred_dtype", lambda device: torch.float32)
        patch.setattr(datasets, "SENTENCE_CACHE", folder / "sentences")
        return train(parse_recipe(recipe_on(tiny_sjtu)), folder / "run", quiet=True)


def _history(folder: Path) -> list[dict]:
    return [json.loads(line) for line in (folder / "history.jsonl").read_text().splitlines()]


def test_training_lowers_the_loss_and_writes_a_checkpoint_that_loads(whole: Path):
    history = _history(whole)
    assert [line["stage"] for line in history] == ["first", "first", "second", "second"]
    assert history[1]["training"]["loss"] < history[0]["training"]["loss"]
    assert set(history[0]["validation"]) == {"score", "pure", "general", "salient", "non_salient"}
    model, card = checkpoints.load(whole / "tiny")
    assert card.seed == 42
    assert card.data[0].name == "tiny_sjtu"
    best = load_file(whole / "best.safetensors")
    for name, value in model.state_dict().items():
        torch.testing.assert_close(value.float(), best[name].float(), rtol=1e-3, atol=1e-3)


def test_training_in_bfloat16_lowers_the_loss_as_well(
    tiny_recipe: dict, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("saliency.runtime.precision.preferred_dtype", lambda device: torch.bfloat16)
    recipe = parse_recipe(tiny_recipe | {"stages": tiny_recipe["stages"][:1]})
    Run(recipe, build_method(recipe), tmp_path / "run", quiet=True).train()
    first, second = (line["training"]["loss"] for line in _history(tmp_path / "run"))
    assert second < first
    weights = load_file(tmp_path / "run" / "best.safetensors")
    assert all(value.isfinite().all() for value in weights.values())
    assert weights["readout.weight"].dtype is torch.float32


@pytest.mark.parametrize("broken_after", [1, 2, 3])
def test_a_broken_run_ends_with_the_weights_of_an_unbroken_one(
    tiny_recipe: dict, whole: Path, tmp_path: Path, broken_after: int
):
    recipe = parse_recipe(tiny_recipe)
    Run(recipe, build_method(recipe), tmp_path, quiet=True).train(stop_after=broken_after)
    assert len(_history(tmp_path)) == broken_after
    Run(recipe, build_method(recipe), tmp_path, quiet=True).train()
    expected, resumed = (torch.load(path / "state.pt", weights_only=True)["average"] for path in (whole, tmp_path))
    for name, value in expected.items():
        torch.testing.assert_close(resumed[name], value, rtol=0, atol=0, msg=name)
    assert _history(tmp_path) == _history(whole)


def test_a_run_killed_while_it_writes_has_every_epoch_in_its_history_once(
    tiny_recipe: dict, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    recipe = parse_recipe(tiny_recipe)
    for killed_at in ("state.pt", "history.jsonl"):
        folder = tmp_path / killed_at
        Run(recipe, build_method(recipe), folder, quiet=True).train(stop_after=1)
        with monkeypatch.context() as patch:
            patch.setattr(loop, "write_whole", _killed_at(killed_at))
            with pytest.raises(KeyboardInterrupt):
                Run(recipe, build_method(recipe), folder, quiet=True).train(stop_after=2)
        Run(recipe, build_method(recipe), folder, quiet=True).train()
        assert _history(folder) == _history(whole)


def test_after_full_disks_the_same_command_ends_as_an_unbroken_run(tiny_recipe: dict, tmp_path: Path):
    recipe = parse_recipe(tiny_recipe | {"stages": tiny_recipe["stages"][:1]})
    train(recipe, tmp_path / "whole", quiet=True)
    folder = tmp_path / "full"
    replace = Path.replace

    def no_room_for(name: str) -> None:
        def full(draft: Path, target: Path) -> Path:
            if target.name == name:
                raise OSError(errno.ENOSPC, "No space left on device")
            return replace(draft, target)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Path, "replace", full)
            with pytest.raises(OutputError, match=f"“{name}” cannot be written: the disk is full"):
                train(recipe, folder, quiet=True)
        assert not list(folder.glob(".*"))

    no_room_for("best.safetensors")
    assert run_state(folder) is None
    Run(recipe, build_method(recipe), folder, quiet=True).train(stop_after=1)
    no_room_for("history.jsonl")
    no_room_for("state.pt")
    assert run_state(folder)["done"] == 1
    no_room_for("tiny.safetensors")
    no_room_for("tiny.json")
    train(recipe, folder, quiet=True)
    for file in ("tiny.safetensors", "best.safetensors", "history.jsonl"):
        assert (folder / file).read_bytes() == (tmp_path / "whole" / file).read_bytes(), file


def test_a_run_that_is_killed_ends_with_the_weights_of_an_unbroken_one(tiny_recipe: dict, whole: Path, tmp_path: Path):
    """By a signal that cannot be handled, while it writes or after that; then the same command."""
    (tmp_path / "tiny.yaml").write_text(yaml.safe_dump(tiny_recipe))
    code = (
        "import torch; torch.set_num_threads(1); import saliency.runtime.precision as precision\n"
        "precision.preferred_dtype = lambda device: torch.float32\n"
        "from saliency.cli import app; app(['train', 'tiny.yaml'])"
    )

    def command() -> subprocess.Popen:
        return subprocess.Popen([sys.executable, "-c", code], cwd=tmp_path, stderr=subprocess.DEVNULL)

    folder = tmp_path / "runs" / "tiny"
    run = command()
    while not (folder / "state.before.pt").is_file():
        assert run.poll() is None
        time.sleep(0.01)
    run.kill()
    run.wait()
    assert command().wait(timeout=300) == 0
    assert (folder / "tiny.safetensors").read_bytes() == (whole / "tiny.safetensors").read_bytes()
    assert _history(folder) == _history(whole)


def test_a_damaged_state_gives_way_to_the_one_before(
    tiny_recipe: dict, whole: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    recipe = parse_recipe(tiny_recipe)
    folder = tmp_path / "damaged"
    Run(recipe, build_method(recipe), folder, quiet=True).train(stop_after=3)
    state = folder / "state.pt"
    state.write_bytes(state.read_bytes()[: state.stat().st_size // 2])
    Run(recipe, build_method(recipe), folder, quiet=True).train()
    assert "The state “state.pt” of the run “damaged” is damaged" in caplog.text
    assert _history(folder) == _history(whole)
    expected, resumed = (torch.load(path / "state.pt", weights_only=True)["average"] for path in (whole, folder))
    assert all(torch.equal(resumed[name], value) for name, value in expected.items())


def test_a_run_of_which_no_state_can_be_read_is_not_begun_anew(tiny_recipe: dict, tmp_path: Path):
    recipe = parse_recipe(tiny_recipe)
    (tmp_path / "state.pt").write_bytes(b"garbage")
    with pytest.raises(RecipeError, match="is damaged: move it away"):
        Run(recipe, build_method(recipe), tmp_path, quiet=True).train()


def _killed_at(name: str) -> Callable:
    def write(path: Path, write: Callable[[Path], object]) -> None:
        if path.name == name:
            raise KeyboardInterrupt
        write_whole(path, write)

    return write


def test_two_processes_share_the_work(tiny_recipe: dict, tmp_path: Path):
    """A batch is that of both; the rate falls to zero with the last of them, not half-way."""
    tiny_recipe["stages"] = [tiny_recipe["stages"][0]]
    (tmp_path / "tiny.yaml").write_text(yaml.safe_dump(tiny_recipe))
    launch = ["torch.distributed.run", "--standalone", "--nproc_per_node", "2", "-m", "saliency", "train", "tiny.yaml"]
    own = {"ACCELERATE_USE_CPU": "true", "OMP_NUM_THREADS": "1"}
    subprocess.run([sys.executable, "-m", *launch], cwd=tmp_path, env=os.environ | own, check=True, timeout=300)
    folder = tmp_path / "runs" / "tiny"
    assert len(_history(folder)) == 2
    learner = torch.load(folder / "state.pt", weights_only=True)["learners"][0]
    epochs, pictures = 2, 4
    assert learner["schedule"]["last_epoch"] == epochs * pictures / tiny_recipe["stages"][0]["batch"]
    assert [group["lr"] for group in learner["optimizer"]["param_groups"]] == [0, 0]
    assert checkpoints.load(folder / "tiny")[1].seed == 42


def test_a_run_measures_what_it_took_and_adds_up_over_breaks(tiny_recipe: dict, tmp_path: Path):
    recipe = parse_recipe(tiny_recipe)
    began = time.perf_counter()
    Run(recipe, build_method(recipe), tmp_path / "run", quiet=True).train(stop_after=1)
    state = torch.load(tmp_path / "run" / "state.pt", weights_only=True)
    rounding = 0.0005
    assert 0 < state["effort"]["minutes"] <= (time.perf_counter() - began) / 60 + rounding
    assert state["effort"]["cores"] == torch.get_num_threads()
    assert state["effort"]["cpu_minutes"] > 0
    state["effort"]["minutes"] += 60.0
    state["effort"]["cpu_minutes"] += 100.0
    torch.save(state, tmp_path / "run" / "state.pt")
    _, card = checkpoints.load(train(recipe, tmp_path / "run", quiet=True) / "tiny")
    assert state["effort"]["minutes"] < card.effort.minutes <= 60 + (time.perf_counter() - began) / 60 + 2 * rounding
    assert 100 < card.effort.cpu_minutes < 101
    assert (card.effort.device, card.effort.precision) == ("cpu", "float32")


@pytest.mark.parametrize("effort", [None, {"minutes": 3.0}, {"precision": "bfloat16"}])
def test_a_cost_that_was_not_measured_for_the_whole_run_is_not_reported(
    tiny_recipe: dict, tmp_path: Path, effort: dict | None
):
    """An earlier version began it, or another machine, whose minutes are no measure of this one's."""
    recipe = parse_recipe(tiny_recipe)
    Run(recipe, build_method(recipe), tmp_path / "run", quiet=True).train(stop_after=1)
    state = torch.load(tmp_path / "run" / "state.pt", weights_only=True)
    if effort and "precision" in effort:
        effort = state["effort"] | effort
    state["effort"] = effort
    torch.save(state, tmp_path / "run" / "state.pt")
    assert checkpoints.load(train(recipe, tmp_path / "run", quiet=True) / "tiny")[1].effort is None


def test_a_finished_run_knows_its_best(tiny_recipe: dict, tmp_path: Path):
    recipe = parse_recipe(tiny_recipe)
    best = Run(recipe, build_method(recipe), tmp_path / "run", quiet=True).train()
    assert best["score"] == max(line["validation"]["score"] for line in _history(tmp_path / "run"))
    assert Run(recipe, build_method(recipe), tmp_path / "run", quiet=True).train() == best


@pytest.mark.parametrize("change", [{"seed": 7}, {"stages": []}, {"clip": 2.0}])
def test_a_folder_with_a_run_of_another_recipe_is_left_alone(tiny_recipe: dict, tmp_path: Path, change: dict):
    tiny_recipe["stages"] = [tiny_recipe["stages"][0] | {"epochs": 1}]
    recipe = parse_recipe(tiny_recipe)
    Run(recipe, build_method(recipe), tmp_path / "run", quiet=True).train()
    before = {path.name: path.read_bytes() for path in (tmp_path / "run").iterdir()}
    other = parse_recipe(tiny_recipe | change)
    with pytest.raises(RecipeError, match="“run” holds a run of another recipe"):
        Run(other, build_method(recipe), tmp_path / "run", quiet=True).train()
    assert {path.name: path.read_bytes() for path in (tmp_path / "run").iterdir()} == before
    tiny_recipe["stages"][0]["data"][0] |= {"use": "training", "terms": "for research"}
    reworded = parse_recipe(tiny_recipe | {"limits": ["English only."]})
    Run(reworded, build_method(reworded), tmp_path / "run", quiet=True).train()


def test_a_rewritten_card_records_the_training_and_not_the_present(
    tiny_recipe: dict, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    _, card = checkpoints.load(train(parse_recipe(tiny_recipe), tmp_path / "run", quiet=True) / "tiny")
    monkeypatch.setattr("saliency.training.training_run.revision", lambda: "another")
    monkeypatch.setattr("saliency.training.training_run.parts", lambda recipe: {"another": Part(recipe={})})
    reworded = parse_recipe(tiny_recipe | {"limits": ["English only."]})
    _, anew = checkpoints.load(train(reworded, tmp_path / "run", quiet=True) / "tiny")
    assert anew.limits == ("English only.",)
    assert (anew.revision, anew.parts, anew.effort) == (card.revision, {}, card.effort)


def test_a_run_is_of_the_revision_it_began_with(tiny_recipe: dict, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    recipe = parse_recipe(tiny_recipe)
    monkeypatch.setattr(loop, "revision", lambda: "began")
    run = Run(recipe, build_method(recipe), tmp_path / "run", quiet=True)
    monkeypatch.setattr(loop, "revision", lambda: "committed meanwhile")
    run.train(stop_after=1)
    assert torch.load(tmp_path / "run" / "state.pt", weights_only=True)["revision"] == "began"


def test_a_run_that_comes_apart_ends_with_a_sentence(
    tiny_recipe: dict, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    recipe = parse_recipe(tiny_recipe)
    run = Run(recipe, build_method(recipe), tmp_path / "run", quiet=True)
    monkeypatch.setattr(run.method, "validate", lambda model: {"score": math.nan})
    with pytest.raises(RecipeError, match="“tiny” has come apart in the stage “first”: the score of its epoch 1"):
        run.train()
    assert not (tmp_path / "run").exists()


def test_a_stage_without_a_whole_batch_is_refused(tiny_recipe: dict, tmp_path: Path):
    """It would validate, and keep, weights whose batch norms have processed nothing."""
    tiny_recipe["stages"][0]["batch"] = 5
    recipe = parse_recipe(tiny_recipe)
    with pytest.raises(RecipeError, match="“first” has fewer pictures than a batch: 5"):
        Run(recipe, build_method(recipe), tmp_path / "run", quiet=True).train()
    assert not (tmp_path / "run").exists()


def test_a_rate_of_no_part_is_refused(tiny_recipe: dict, tmp_path: Path):
    tiny_recipe["stages"][0]["rates"] = {"trunk": 0}
    recipe = parse_recipe(tiny_recipe)
    with pytest.raises(RecipeError, match="“trunk”"):
        Run(recipe, build_method(recipe), tmp_path / "run", quiet=True).train()


def test_an_option_that_nobody_knows_is_refused(tiny_recipe: dict):
    tiny_recipe["stages"][0]["options"] = {"captions": 3}
    with pytest.raises(RecipeError, match="“captions” is unknown in the stage “first”"):
        build_method(parse_recipe(tiny_recipe))


def test_a_loss_on_named_things_needs_a_model_with_grounding(tiny_recipe: dict):
    tiny_recipe["stages"][0]["loss"] = {"kl": 1.0, "named": 0.3}
    with pytest.raises(RecipeError, match="“named”"):
        build_method(parse_recipe(tiny_recipe))


def test_a_rate_of_zero_freezes(tiny_recipe: dict, tmp_path: Path):
    tiny_recipe["stages"] = [tiny_recipe["stages"][0] | {"epochs": 1, "rates": {"vgg1": 0}}]
    recipe = parse_recipe(tiny_recipe)
    method = build_method(recipe)
    before = {name: value.clone() for name, value in method.model.named_parameters()}
    run = Run(recipe, method, tmp_path / "run", quiet=True)
    run.train()
    changed = {name for name, value in method.model.named_parameters() if not torch.equal(value, before[name])}
    assert not {name for name in changed if name.startswith("vgg1.") and name.endswith("weight") and "0.0" in name}
    assert any(name.startswith("vgg2.") for name in changed)


def test_features_of_a_frozen_trunk_may_be_cached(tiny_recipe: dict, squares_source: dict, tmp_path: Path):
    """Then no picture is encoded again, and the trunk is unchanged."""
    changes = {"augmentation": {"flip": 0.5}, "rates": {"trunk": 0}, "options": {"cache_features": True}, "batch": 2}
    content = tiny_recipe | {
        "model": "transalnet",
        "config": {"trunk": "colours"},
        "grid": [60, 80],
        "stages": [tiny_recipe["stages"][0] | changes],
    }
    recipe = parse_recipe(content)
    method = build_method(recipe)
    dataset = method.dataset(recipe.stages[0])
    assert len(set(dataset.flips)) == 2
    batch = dataset.collate([dataset[number] for number in range(len(dataset))])
    live = method._dataset(recipe.stages[0].data, None)
    plain = live.collate([live[number] for number in range(len(live))])
    pixels = torch.stack([p.flip(-1) if flip else p for p, flip in zip(plain.pixels, dataset.flips, strict=True)])
    turned = [dataset.flips[owner] for owner in plain.index]
    density = [d.flip(-1) if flip else d for d, flip in zip(plain.density, turned, strict=True)]
    assert torch.equal(batch.density, torch.stack(density))
    assert batch.pixels is None
    with torch.no_grad():
        expected = method.model.eval().encode_image(pixels)
        for name, value in method.model.encode_features(batch.front_features).items():
            torch.testing.assert_close(value, expected[name], atol=1e-2, rtol=1e-2)
    before = method.model.trunk.mix.weight.clone()
    Run(recipe, method, tmp_path / "run", quiet=True).train()
    first, second = (line["training"]["loss"] for line in _history(tmp_path / "run"))
    assert second < first
    assert torch.equal(method.model.trunk.mix.weight, before)


def test_a_model_without_a_frozen_front_end_caches_nothing(tiny_recipe: dict):
    tiny_recipe["stages"][0]["options"] = {"cache_features": True}
    recipe = parse_recipe(tiny_recipe)
    with pytest.raises(RecipeError, match="its model has no front end"):
        build_method(recipe)


def test_one_cycle_rises_to_one_and_falls_to_zero():
    factors = [one_cycle(step, 100, 0.1) for step in range(101)]
    assert max(factors) == pytest.approx(1.0)
    assert factors.index(max(factors)) == 9
    assert factors[0] == pytest.approx(0.1)
    assert factors[100] == pytest.approx(0.0, abs=1e-12)
    assert all(a >= b for a, b in pairwise(factors[10:]))


def test_the_validated_weights_have_the_batch_statistics_of_their_own(tiny_recipe: dict, tmp_path: Path):
    recipe = parse_recipe(tiny_recipe | {"stages": tiny_recipe["stages"][:1]})
    method = build_method(recipe)
    Run(recipe, method, tmp_path / "run", quiet=True).train()
    average = torch.load(tmp_path / "run" / "state.pt", weights_only=True)["average"]
    method.model.load_state_dict(average)
    first = method.model.vgg1[0]
    loader = batches(method.dataset(recipe.stages[0]), recipe.stages[0].batch)
    loader.dataset.set_epoch(1)
    with torch.inference_mode():
        inputs = torch.cat([first[0](batch.pixels) for batch in loader])
    torch.testing.assert_close(average["vgg1.0.1.running_mean"], inputs.mean((0, 2, 3)), rtol=1e-3, atol=1e-4)


def test_frozen_norms_keep_the_statistics_of_the_stage_before(tiny_recipe: dict, tmp_path: Path):
    first, second = tiny_recipe["stages"]
    recipe = parse_recipe(tiny_recipe | {"stages": [first, second | {"freeze_norms": True}]})
    states = []
    for stop in (2, 4):
        Run(recipe, build_method(recipe), tmp_path / "run", quiet=True).train(stop_after=stop)
        states.append(torch.load(tmp_path / "run" / "state.pt", weights_only=True)["average"])
    before, after = states
    norms = {name for name in before if "running_" in name}
    assert norms
    for name in norms:
        torch.testing.assert_close(after[name], before[name], rtol=0, atol=0, msg=name)
    assert not torch.equal(after["readout.weight"], before["readout.weight"])


def test_frozen_norms_of_a_trunk_stay_as_they_are_while_statistics_are_measured(tiny_recipe: dict, tmp_path: Path):
    config = {
        "trunk": "test_resnet",
        "height": 64,
        "width": 96,
        "decoder": [8, 8],
        **{level: {"hidden": 16, "heads": 2, "layers": 1} for level in ("deep", "middle", "fine")},
    }
    stage = tiny_recipe["stages"][1]
    recipe = parse_recipe(tiny_recipe | {"model": "transalnet", "config": config, "grid": [16, 24], "stages": [stage]})
    method = build_method(recipe)
    trunk = {name: value for name, value in method.model.trunk.state_dict().items() if "running_" in name}
    for value in trunk.values():
        value.copy_(torch.rand_like(value) + 0.5)
    before = {name: value.clone() for name, value in trunk.items()}
    Run(recipe, method, tmp_path / "run", quiet=True).train()
    average = torch.load(tmp_path / "run" / "state.pt", weights_only=True)["average"]
    for name, value in before.items():
        torch.testing.assert_close(average[f"trunk.{name}"], value, rtol=0, atol=0, msg=name)
    method.model.load_state_dict(average)
    first = method.model.eval().from_deep
    inputs = []
    first[0].register_forward_hook(lambda _, __, output: inputs.append(output.float()))
    loader = batches(method.dataset(recipe.stages[0]), recipe.stages[0].batch)
    loader.dataset.set_epoch(1)
    with torch.inference_mode():
        for batch in loader:
            method.forward(method.model, batch)
    mean = torch.cat(inputs).mean((0, 2, 3))
    torch.testing.assert_close(average["from_deep.1.running_mean"], mean, rtol=0.02, atol=2e-3)
