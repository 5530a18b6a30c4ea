"""A model is one folder and one line: ToyNet, from a folder of its own, is found everywhere. `docs/add-a-model.md` is
this test in words."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from saliency import checkpoints
from saliency.checkpoints import Card, Estimate
from saliency.cli import app
from saliency.conditions import Condition
from saliency.models import registry
from saliency.predictor import Predictor
from saliency.report.models_table import models_table
from saliency.report.scores import ORDER
from saliency.training import datasets
from saliency.training.recipe_file import load_recipe
from saliency.training.training_run import train
from saliency.ui import build
from saliency.ui.models.models_tab import card_views, in_chinese
from tests.samples import both_groups, write_data_set

from .contract import ModelContract, ShippedContract, shipped_cases, tiny_cases

PACKAGE = "tests.models.toy_model"
FOLDER = Path(__file__).with_name("toy_model")
SPEC = registry.specifications([PACKAGE])["toynet"]
DOCUMENT = Path(__file__).parents[2] / "docs" / "add-a-model.md"


class TestTiny(ModelContract):
    cases = tiny_cases({"toynet": SPEC})


class TestShipped(ShippedContract):
    cases = shipped_cases({"toynet": SPEC})


@pytest.fixture(scope="module")
def registered() -> Iterator[None]:
    """The one line: the package in `registry.PACKAGES`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(registry, "REGISTRY", registry.specifications([*registry.PACKAGES, PACKAGE]))
        yield


@pytest.fixture(scope="module")
def card(registered: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Card]:
    """Of ToyNet, trained by its recipe on a few pictures, in the folder where checkpoints are looked for."""
    root = tmp_path_factory.mktemp("toy")
    write_data_set(root / "sjtu_tis", 10, both_groups, validation=2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(datasets, "SENTENCE_CACHE", root / "sentences")
        patch.setattr("saliency.runtime.precision.preferred_dtype", lambda device: __import__("torch").float32)
        patch.setenv("SALIENCY_CHECKPOINTS", str(root / "run"))
        data = f"{root}/sjtu_tis"
        recipe = load_recipe(
            FOLDER / "recipe.yaml",
            [f"validation.root={data}", f"stages.0.data.0.root={data}", "stages.0.batch=4"],
        )
        folder = train(recipe, root / "run", quiet=True)
        history = [json.loads(line) for line in (folder / "history.jsonl").read_text().splitlines()]
        assert history[1]["training"]["loss"] < history[0]["training"]["loss"]
        assert history[1]["training"]["energy"] >= 0
        scores = {condition: {"CC": Estimate(mean=0.5, low=0.4, high=0.6, n=2)} for condition in (*ORDER, "macro")}
        yield checkpoints.annotate("toynet", {"validation": scores})


def test_it_trains_by_its_recipe_with_a_loss_of_its_own(card: Card) -> None:
    assert (card.model, card.preset, card.config) == ("toynet", "compact", {})
    assert card.limits == tuple(limit.en for limit in SPEC.limits)
    assert card.licence == SPEC.licence.en
    assert card.preprocessing == SPEC.presets["compact"].preprocessing


def test_python_predicts_with_it(card: Card) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (60, 80, 3), dtype=np.uint8)
    comparison = Predictor(["toynet"]).predict(picture, {Condition.PURE: "", Condition.SALIENT: "a dog"})
    pure, salient = (comparison.get("toynet", condition).density for condition in (Condition.PURE, Condition.SALIENT))
    assert pure.shape == (60, 80)
    assert not np.allclose(pure, salient)


def test_the_command_line_lists_it(card: Card) -> None:
    result = CliRunner().invoke(app, ["models"])
    assert result.exit_code == 0, result.output
    (line,) = (line for line in result.stdout.splitlines() if "ToyNet" in line)
    assert line.split()[:4] == ["toynet", "ToyNet", "compact", "minilm"]


def test_the_app_offers_and_describes_it_in_both_languages(card: Card) -> None:
    predictor = Predictor(["toynet"])
    (view,) = card_views(predictor)
    assert (view["title"], view["reads"], view["summary"]) == ("ToyNet", "vector", SPEC.summary.en)
    chinese = in_chinese([view])
    assert [chinese.get(text.en) for text in SPEC.texts] == [text.zh for text in SPEC.texts]
    page = json.dumps(build(predictor).get_config_file(), default=str)
    assert "ToyNet" in page
    assert SPEC.summary.en in page


def test_the_contract_and_the_benchmark_take_it_up(card: Card) -> None:
    from saliency import benchmark

    assert "toynet, compact" in map(str, tiny_cases(registry.REGISTRY))
    assert "toynet, ships" in map(str, shipped_cases(registry.REGISTRY))
    assert benchmark.compared() == ["toynet"]


def test_the_table_of_the_readme_has_its_row(card: Card) -> None:
    rows = models_table(checkpoints.available(), [1.0] * 5).splitlines()
    cells = [cell.strip() for row in rows if "ToyNet" in row for cell in row.strip("|").split("|")]
    size = f"{checkpoints.file_size('toynet') / 1e6:.1f} MB"
    assert cells == ["ToyNet", "as one vector", *["**.500**"] * 5, f"{card.parameters / 1e6:.1f} M", size]


@pytest.mark.parametrize("name", ["model.py", "spec.py", "recipe.yaml"])
def test_the_document_prints_the_files_of_this_test(name: str) -> None:
    """Relative imports apart: a model inside of the package has them."""
    text = DOCUMENT.read_text(encoding="utf-8")
    blocks = re.findall(r"^```(?:python|yaml)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    assert (FOLDER / name).read_text(encoding="utf-8") in blocks
