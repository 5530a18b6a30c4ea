"""The examples in docstrings run, and the metrics have one each."""

from __future__ import annotations

import doctest
import inspect
from importlib import import_module
from pathlib import Path

import pytest

import saliency
from saliency import metrics

PACKAGE = Path(saliency.__file__).parent
WITH_EXAMPLES = sorted(
    ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)
    for path in PACKAGE.rglob("*.py")
    if ">>> " in path.read_text(encoding="utf-8")
)


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_examples_run(name: str):
    result = doctest.testmod(import_module(name))
    assert result.attempted
    assert not result.failed


@pytest.mark.parametrize("name", [name for name in metrics.__all__ if inspect.isfunction(getattr(metrics, name))])
def test_every_metric_has_an_example(name: str):
    assert f"{name}(" in inspect.getdoc(getattr(metrics, name)).partition(">>> ")[2]
