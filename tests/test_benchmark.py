"""The benchmark, with one small model."""

import re

import pytest

from saliency import benchmark
from saliency.predictor import Predictor


@pytest.fixture(autouse=True)
def small(untrained, monkeypatch):
    monkeypatch.setenv("SALIENCY_CHECKPOINTS", str(untrained))
    monkeypatch.setattr(benchmark, "ROUNDS", 1)


def test_what_is_timed_are_the_checkpoints_that_read_sentences(miniatures, monkeypatch):
    monkeypatch.setenv("SALIENCY_CHECKPOINTS", str(miniatures))
    assert benchmark.compared() == ["reader", "padder"]


def test_nothing_is_remembered_from_one_task_to_the_next(monkeypatch):
    """A cache's answer would make the numbers too good: every task must run the picture, and single passes all four."""
    predictor = Predictor(["untrained"])
    session = predictor._sessions["untrained"]
    calls = []
    encode = session.model.encode_image
    monkeypatch.setattr(session.model, "encode_image", lambda pixels: calls.append(len(pixels)) or encode(pixels))
    for number in range(3):
        benchmark.together(predictor, benchmark.task(number))
    assert calls == [1] * 3
    benchmark.one_by_one(predictor, [benchmark.task(number) for number in range(3, 7)])
    assert calls == [1] * 7


def test_it_prints_stages_ratio_and_memory(capsys):
    benchmark.main()
    text = capsys.readouterr().out
    times = {
        line.split()[0]: float(line.split()[1]) for line in text.splitlines() if re.match(r"\w+ +\d+\.\d ", line + " ")
    }
    stages = {"picture", "image_encoder", "text_encoder", "decoder", "resize"}
    assert stages < set(times)
    assert sum(times[stage] for stage in stages) == pytest.approx(times["total"], rel=0.5)
    assert re.search(r"one by one +\d+\.\d +\d+\.\d times as long", text)
    memory = float(re.search(r"peak memory +(\d+\.\d+) GB", text)[1])
    assert 0.2 < memory < 24
