"""What `import saliency` offers, and what it costs."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import saliency
from saliency.metrics import evaluate_fixation
from saliency.models.clip_salgan.model import ClipSalGan

from .samples import both_groups, write_data_set


@pytest.mark.parametrize("name", saliency.__all__)
def test_every_name_is_there(name):
    assert getattr(saliency, name) is not None


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="mystery"):
        _ = saliency.mystery


def test_importing_is_light():
    code = "import sys, saliency; sys.exit('torch' in sys.modules or 'numpy' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_type_checkers_see_the_same_names():
    tree = ast.parse(Path(saliency.__file__).read_text(encoding="utf-8"))
    (block,) = (node for node in tree.body if isinstance(node, ast.If))
    imports = [one for one in block.body if isinstance(one, ast.ImportFrom)]
    typed = {f"{one.module}:{alias.name}" for one in imports for alias in one.names}
    assert typed == {home if ":" in home else f"{home}:{name}" for name, home in saliency._HOMES.items()}


def test_models_are_listed_by_pattern_and_created():
    assert saliency.list_models(["gsg*", "transalnet"]) == ["gsgnet", "transalnet"]
    assert saliency.list_models("vgg*") == []
    assert isinstance(saliency.create_model("clip_salgan"), ClipSalGan)


def test_a_checkpoint_is_loaded_with_its_card():
    model = saliency.load("clip_salgan")
    assert not model.training
    assert sum(parameter.numel() for parameter in model.parameters()) == model.card.parameters


def test_a_data_set_is_evaluated(untrained, tmp_path, monkeypatch):
    monkeypatch.setenv("SALIENCY_CHECKPOINTS", str(untrained))
    monkeypatch.setenv("SALIENCY_CACHE", str(tmp_path / "cache"))
    root = write_data_set(tmp_path / "sjtu_tis", 4, both_groups, validation=2)
    data = saliency.data.SjtuTis(root, "validation")
    (tmp_path / "maps").mkdir()
    for sample in data:
        (tmp_path / "maps" / f"{sample.stem}.png").write_bytes(sample.map_path.read_bytes())
    table = saliency.evaluate(root, ["untrained"], maps={"oracle": tmp_path / "maps"}, split="validation")
    scores = table.set_index(["model", "condition", "metric"])["mean"]
    assert scores["oracle", "macro", "CC"] == pytest.approx(1, abs=1e-3)

    predictor = saliency.Predictor(["untrained"])
    pure = [sample for sample in data if sample.condition is saliency.Condition.PURE]
    own = [
        evaluate_fixation(
            predictor.predict(sample.image()).predictions[0].density, sample.density(), sample.fixations()
        )
        for sample in pure
    ]
    assert scores["untrained", "pure", "NSS"] == pytest.approx(sum(one["NSS"] for one in own) / len(own), abs=1e-5)


def test_maps_alone_are_evaluated_without_a_model(tmp_path, monkeypatch):
    monkeypatch.setenv("SALIENCY_CACHE", str(tmp_path / "cache"))
    root = write_data_set(tmp_path / "sjtu_tis", 2, {"_0": ""})
    table = saliency.evaluate(root, [], maps={"people": root / "map_1800"})
    assert set(table["model"]) == {"people"}
    assert table.set_index(["condition", "metric"]).loc[("pure", "SIM"), "mean"] == pytest.approx(1, abs=1e-3)
