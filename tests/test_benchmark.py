"""The benchmark, with one small model."""

import re

import pytest

from saliency import benchmark
from saliency.benchmark import MAPS, REFERENCE, Measured
from saliency.conditions import COMPARED
from saliency.predictor import Predictor

NAMES = {MAPS, benchmark.ALONE, benchmark.ONE, benchmark.CHANGED, benchmark.WORDS}


@pytest.fixture(autouse=True)
def small(untrained, monkeypatch):
    """One small model, and a reference that only counts."""
    monkeypatch.setenv("SALIENCY_CHECKPOINTS", str(untrained))
    monkeypatch.setattr(benchmark, "ROUNDS", 1)
    monkeypatch.setattr(benchmark, "reference", lambda predictor: len)


def test_what_is_timed_are_the_checkpoints_that_read_sentences(miniatures, monkeypatch):
    monkeypatch.setenv("SALIENCY_CHECKPOINTS", str(miniatures))
    assert benchmark.compared() == ["reader", "padder"]


def test_nothing_is_remembered_from_one_task_to_the_next(monkeypatch):
    """A cache's answer would make the numbers too good: only a changed sentence has its picture read before."""
    predictor = Predictor(["untrained"])
    model = predictor._sessions["untrained"].model
    passes = []
    encode, decode = model.encode_image, model.decode
    monkeypatch.setattr(model, "encode_image", lambda pixels: passes.append("picture") or encode(pixels))
    monkeypatch.setattr(
        model, "decode", lambda features, text: passes.append(len(text) if text else 1) or decode(features, text)
    )
    numbers = iter(range(100))
    works = benchmark.works(predictor, Measured(), lambda: next(numbers))
    assert works.keys() == NAMES
    found = {}
    for _ in range(2):
        for name, work in works.items():
            call = work(next(numbers))
            passes.clear()
            call()
            assert found.setdefault(name, list(passes)) == passes
    whole = len(COMPARED)
    assert found[MAPS] == found[benchmark.WORDS] == ["picture", whole]
    assert found[benchmark.ALONE] == ["picture", 1] * whole
    assert found[benchmark.ONE] == ["picture", 1]
    assert found[benchmark.CHANGED] == [1]


def test_the_order_alternates_and_all_is_measured(monkeypatch):
    order = []

    def work(name):
        return lambda number: lambda: order.append(name)

    monkeypatch.setattr(benchmark, "works", lambda *_: {name: work(name) for name in NAMES})
    monkeypatch.setattr(benchmark, "reference", lambda predictor: lambda file: order.append(REFERENCE))
    monkeypatch.setattr(benchmark, "first_answer", lambda predictor, clock: 1.5)
    ticks = iter(range(1000))
    measured = benchmark.measure(Predictor(["untrained"]), lambda: next(ticks), 2)
    first, second = order[-12:-6], order[-6:]
    assert first == second[::-1]
    assert set(first) == NAMES | {REFERENCE}
    assert measured.seconds == {name: [1, 1] for name in first}
    assert measured.first == 1.5


def test_ratios_are_to_one_pass_of_the_reference():
    measured = Measured({REFERENCE: [0.4, 0.5, 0.9], MAPS: [0.2, 0.1, 0.3]})
    rows = benchmark.table(measured, {"maps": 12, "models": 3, "conditions": 4})
    assert rows == [(REFERENCE, "1.00", "500"), ("12 maps: 3 models, 4 conditions", "0.40", "200")]


def test_it_prints_ratios_stages_and_memory(capsys):
    benchmark.main()
    text = capsys.readouterr().out
    assert re.search(r"^4 maps: 1 models, 4 conditions +\d+\.\d+ +\d+$", text, re.MULTILINE)
    times = {
        line.split()[0]: float(line.split()[1]) for line in text.splitlines() if re.match(r"\w+ +\d+\.\d ", line + " ")
    }
    stages = {"picture", "image_encoder", "text_encoder", "decoder", "resize"}
    assert stages < set(times)
    assert sum(times[stage] for stage in stages) == pytest.approx(times["total"], rel=0.5)
    assert float(re.search(r"first answer +(\d+\.\d+) s", text)[1]) > 0
    assert 0.2 < float(re.search(r"peak memory +(\d+\.\d+) GB", text)[1]) < 24


def test_markdown_is_a_table(capsys):
    benchmark.main(["--markdown", "--processor-time", "--precision", "float32"])
    rows = [line for line in capsys.readouterr().out.splitlines() if line.startswith("|")]
    assert len(rows) == 2 + 1 + len(NAMES)
    assert all(row.count("|") == 4 for row in rows)
