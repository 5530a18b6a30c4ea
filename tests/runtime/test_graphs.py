"""Networks as OpenVINO graphs: the same maps, exported once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from saliency import checkpoints
from saliency.conditions import Condition
from saliency.predictor import Predictor
from saliency.results import Comparison
from saliency.runtime.graphs import Graph, fast
from saliency.settings import variable

pytest.importorskip("openvino", reason="the extra “fast” is not installed")

CPU = torch.device("cpu")
TOLERANCE = 1e-3  # of the peak
COFFEE = Path(__file__).parents[1] / "golden" / "coffee.png"
SENTENCES = {Condition.PURE: "", Condition.SALIENT: "A cup.", Condition.NON_SALIENT: "The spoon lies on a saucer."}


@pytest.fixture
def on(monkeypatch, tmp_path) -> Path:
    """Graphs are used; the cache folder is new."""
    monkeypatch.setenv(variable("fast"), "on")
    monkeypatch.setenv(variable("cache"), str(tmp_path))
    return tmp_path


def doubled(inputs: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    masked = torch.where(inputs["mask"][..., None], inputs["x"], 0.0)
    return {"sum": masked.sum(dim=1), "double": 2 * inputs["x"]}


def inputs(length: int) -> dict[str, torch.Tensor]:
    return {"x": torch.rand(2, length, 3), "mask": torch.rand(2, length) > 0.5}


def test_a_graph_computes_the_function_at_any_length_of_a_dynamic_dimension(on):
    graph = Graph(doubled, "doubled", torch.float32, {"x": 1, "mask": 1})
    for length in (4, 1, 7):
        given = inputs(length)
        found = graph(given)
        assert found.keys() == {"sum", "double"}
        for name, expected in doubled(given).items():
            torch.testing.assert_close(found[name], expected)
    assert len(list(on.rglob("*.xml"))) == 1


@pytest.mark.filterwarnings("error:computed by PyTorch")
def test_inputs_that_are_not_used_or_given_back_as_they_are_may_be_among_them(on):
    def of_two(inputs: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        return {"triple": 3 * inputs["b"], "c": inputs["c"]}

    given = {name: torch.rand(2, 3) for name in ("a", "b", "c", "d")}
    for _ in range(2):  # exported, and read from the cache
        found = Graph(of_two, "of two", torch.float32)(given)
        torch.testing.assert_close(found, {"triple": 3 * given["b"], "c": given["c"]})


def test_a_graph_is_exported_once(on):
    given = inputs(3)
    expected = Graph(doubled, "doubled", torch.float32)(given)

    def refused(_: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        raise AssertionError("exported again")

    found = Graph(refused, "doubled", torch.float32)(given)
    assert all(torch.equal(found[name], value) for name, value in expected.items())
    for key, others in (("other weights", given), ("doubled", inputs(4))):
        with pytest.raises(AssertionError, match="exported again"):
            Graph(refused, key, torch.float32)(others)


def test_an_answer_is_not_overwritten_by_the_next(on):
    graph, given = Graph(doubled, "doubled", torch.float32), inputs(3)
    first = graph(given)["double"]
    graph(inputs(3))
    assert torch.equal(first, 2 * given["x"])


def test_a_cache_that_cannot_be_written_to_costs_only_time_and_a_warning(on, monkeypatch, caplog):
    (on / "file").write_text("in the way")
    monkeypatch.setenv(variable("cache"), str(on / "file"))
    for length in (3, 4):
        given = inputs(length)
        assert torch.equal(Graph(doubled, "doubled", torch.float32)(given)["double"], 2 * given["x"])
    [record] = caplog.records
    assert record.getMessage().startswith(f"Graphs cannot be stored in {on / 'file'}")
    assert "SALIENCY_CACHE names another folder." in record.getMessage()


def test_nothing_stays_of_a_graph_that_could_not_be_stored(on, monkeypatch, caplog):
    import openvino

    def full(_, path: Path, **__) -> None:
        for suffix in (".bin", ".xml"):
            path.with_suffix(suffix).write_bytes(b"half")
        raise RuntimeError("no space left")

    monkeypatch.setattr(openvino, "save_model", full)
    given = inputs(3)
    assert torch.equal(Graph(doubled, "doubled", torch.float32)(given)["double"], 2 * given["x"])
    assert len(caplog.records) == 1
    assert [path for path in on.rglob("*") if path.is_file()] == []


def test_a_damaged_graph_is_exported_again(on):
    given = inputs(3)
    Graph(doubled, "doubled", torch.float32)(given)
    [file] = on.rglob("*.xml")
    file.write_text("<net")
    assert torch.equal(Graph(doubled, "doubled", torch.float32)(given)["double"], 2 * given["x"])
    assert file.read_text().startswith("<?xml")


def test_what_is_compiled_is_stored_and_may_be_damaged(on):
    given = inputs(3)
    expected = Graph(doubled, "doubled", torch.float32)(given)
    [blob] = on.rglob("*.blob")
    whole = blob.read_bytes()
    for content in (whole, whole[: len(whole) // 2], b""):
        blob.chmod(0o600)
        blob.write_bytes(content)
        found = Graph(doubled, "doubled", torch.float32)(given)
        assert all(torch.equal(found[name], value) for name, value in expected.items())


def test_what_cannot_be_exported_is_computed_by_pytorch(on):
    def unusual(inputs: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        return {"x": torch.nan_to_num(inputs["x"])}

    given = {"x": torch.tensor([1.0, float("nan")])}
    graph = Graph(unusual, "unusual", torch.float32)
    with pytest.warns(UserWarning, match="could not export"):
        assert graph(given)["x"].tolist() == [1, 0]
    assert graph(given)["x"].tolist() == [1, 0]


def test_graphs_are_for_processors_and_can_be_turned_off(on, monkeypatch):
    assert fast(CPU)
    assert not fast(torch.device("cuda"))
    monkeypatch.setenv(variable("fast"), "off")
    assert not fast(CPU)


def maps(comparison: Comparison) -> dict[str, np.ndarray]:
    """Every map of a comparison by model, sentence and word."""
    found = {}
    for prediction in comparison.predictions:
        name = f"{prediction.model}, {prediction.sentence}"
        found[name] = prediction.working_map
        found |= {f"{name}: {number}": word.map for number, word in enumerate(prediction.words)}
    return found


@pytest.mark.filterwarnings("error:computed by PyTorch")
def test_shipped_checkpoints_give_the_same_maps(on, monkeypatch):
    names = [card.name for card in checkpoints.available()]
    quick = Predictor(names, precision="float32")
    monkeypatch.setenv(variable("fast"), "off")
    plain = Predictor(names, precision="float32")
    assert (quick.engine, plain.engine) == ("OpenVINO", "PyTorch")
    found = maps(quick.predict(COFFEE, SENTENCES, words=True))
    expected = maps(plain.predict(COFFEE, SENTENCES, words=True))
    assert found.keys() == expected.keys()
    differences = {name: np.abs(found[name] - value).max() / value.max() for name, value in expected.items()}
    assert {name: value for name, value in differences.items() if not value < TOLERANCE} == {}
    exported = set(on.rglob("*"))
    quick.predict(COFFEE, {Condition.SALIENT: "The longer sentence has more words than those before it."})
    assert set(on.rglob("*")) == exported, "no graph depends on the number of words"
