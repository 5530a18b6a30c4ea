"""Which module may import which: no circles, the seams of docs/design.md, and no heavy library before it is needed."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import NamedTuple

import pytest

import saliency

ROOT = Path(saliency.__file__).parent


class Import(NamedTuple):
    """One module that another imports, and where: at its head, in a function, or for its annotations."""

    target: str
    place: str


@cache
def modules() -> Mapping[str, Path]:
    """Every module of the package by its full name."""
    found = {}
    for path in ROOT.rglob("*.py"):
        parts = ("saliency", *path.relative_to(ROOT).with_suffix("").parts)
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


@cache
def imports(module: str) -> frozenset[Import]:
    """Modules of the package that a module imports."""
    found = set()
    for base, names, place in statements(module):
        targets = [name if (name := f"{base}.{each}") in modules() else base for each in names] or [base]
        found |= {Import(name, place) for name in targets if name in modules() and name != module}
    return frozenset(found)


def statements(module: str) -> Iterator[tuple[str, list[str], str]]:
    """What a module imports from, in full; the names that it takes from there, if any; and where."""
    path = modules()[module]
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    for node, place in nodes(ast.parse(path.read_text(encoding="utf-8")), "head"):
        if isinstance(node, ast.Import):
            yield from ((alias.name, [], place) for alias in node.names)
        else:
            parent = package.split(".")[: len(package.split(".")) + 1 - node.level] if node.level else []
            yield ".".join([*parent, *filter(None, [node.module])]), [alias.name for alias in node.names], place


def nodes(parent: ast.AST, place: str) -> Iterator[tuple[ast.Import | ast.ImportFrom, str]]:
    """Import statements below a node, each with its place."""
    for node in ast.iter_child_nodes(parent):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node, place
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            yield from nodes(node, "annotations")
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield from nodes(node, "function")
        else:
            yield from nodes(node, place)


def missing(module: str) -> list[str]:
    """Modules of the package that a module imports and that do not exist; mypy takes them for foreign ones."""
    named = {base for base, _, _ in statements(module)}
    return sorted(name for name in named if name.split(".")[0] == "saliency" and name not in modules())


def test_every_module_that_is_imported_exists():
    assert {module: names for module in modules() if (names := missing(module))} == {}


def circle(places: set[str]) -> list[str]:
    """Modules that import one another by imports in `places`; empty where no circle is."""
    graph = {name: [one.target for one in imports(name) if one.place in places] for name in modules()}
    del graph["saliency"]  # the names that it offers come from everywhere
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return error.args[1]
    return []


@pytest.mark.parametrize("places", [{"head"}, {"head", "function"}, {"head", "function", "annotations"}], ids=len)
def test_no_module_imports_itself_by_way_of_others(places: set[str]):
    """Neither when it is imported, nor when a function is called, nor for a reader who follows the annotations."""
    assert circle(places) == []


def test_imports_are_found_wherever_they_stand():
    """The checks of this file would pass unseen if none were found."""
    assert Import("saliency.results.rendering", "function") in imports("saliency.results.prediction")
    assert Import("saliency.metrics.inputs", "head") in imports("saliency.metrics.evaluator")
    assert Import("saliency.models.registry", "head") in imports("saliency.session"), "a module of a package"
    assert len(modules()) > 100
    assert all(imports(name) for name in ("saliency.ui", "saliency.cli", "saliency.training.loop"))


def within(package: str) -> Iterator[str]:
    return (name for name in modules() if f"{name}.".startswith(f"saliency.{package}."))


def crossing(source: str, targets: tuple[str, ...], allowed: tuple[str, ...] = ()) -> list[tuple[str, str]]:
    """Imports of a package into `targets`, but for those `allowed`."""
    return [
        (name, one.target)
        for name in within(source)
        for one in imports(name)
        if any(f"{one.target}.".startswith(f"saliency.{target}.") for target in targets)
        and not any(one.target == f"saliency.{module}" for module in allowed)
    ]


WAYS_IN = ("ui", "cli", "report", "serving", "training", "benchmark")
ENGINE = ("predictor", "session", "results", "evaluation", "analysis", "archive", "checkpoints")


@pytest.mark.parametrize(
    ("source", "targets", "allowed"),
    [
        ("models", ("imaging", "files", "gaze", "data", "metrics", *ENGINE, *WAYS_IN), ()),
        ("metrics", ("data", "models", *ENGINE, *WAYS_IN), ()),
        ("gaze", ("data", "models", "metrics", *ENGINE, *WAYS_IN), ()),
        ("data", ("models", *ENGINE, *WAYS_IN), ()),
        ("annotation", ("models", "session", *WAYS_IN), ()),
        ("results", ("data", "models", "predictor", "session", *WAYS_IN), ()),
        ("training", ("ui", "cli", "predictor", "session", "results"), ()),
        ("ui", ("models", "training", "losses", "session"), ("models.registry", "models.spec")),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_package_imports_nothing_beyond_its_seam(source: str, targets: tuple[str, ...], allowed: tuple[str, ...]):
    """models: tensors, and sentences; ui: no networks, but what the registry says."""
    assert crossing(source, targets, allowed) == []


def test_only_ways_in_import_the_web_app():
    importers = {name for name in modules() for one in imports(name) if f"{one.target}.".startswith("saliency.ui.")}
    assert {name.split(".")[1] for name in importers} <= {"ui", "cli", "report", "serving", "benchmark"}


# A model's folder has these by convention (docs/add-a-model.md); `saliency/models/spec.py` holds their classes.
IN_EVERY_MODEL = {"model", "spec"}


_DATES = {  # the modules that write a date into a file or onto a page
    "saliency.checkpoints",
    "saliency.ui.annotate.annotate_page",
    "saliency.ui.errors.report",
    "saliency.ui.models.models_tab",
}


def test_no_duration_is_measured_by_a_clock_that_jumps():
    """``time.monotonic`` and ``time.perf_counter`` do not; ``time.time`` and dates do."""
    clocks, dates = set(), set()
    for module, path in modules().items():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module == "time":
                clocks.add(module)  # whose functions would not be recognised below
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            if node.func.attr in ("time", "time_ns") and ast.unparse(node.func.value) == "time":
                clocks.add(module)
            if node.func.attr in ("now", "utcnow", "today"):
                dates.add(module)
    assert clocks == set()
    assert dates == _DATES


def test_no_module_name_occurs_in_two_packages():
    """A name says which module is meant without its package."""
    places = defaultdict(list)
    for name, path in modules().items():
        places[path.stem].append(name)
    allowed = IN_EVERY_MODEL | {"__init__", "__main__"}
    assert {stem: names for stem, names in places.items() if len(names) > 1 and stem not in allowed} == {}


# What each step adds to `sys.modules`, in one process because starting one takes a while.
STEPS = """
import json, sys
def loaded(*names): return [name for name in names if name in sys.modules]
import saliency
steps = {"package": loaded("numpy", "torch", "PIL")}
import numpy as np
from saliency.metrics import evaluate_fixation
maps = np.random.default_rng(0).random((2, 24, 32))
scores = evaluate_fixation(maps[0, :12], maps[1], [[3, 4], [9, 9]], [[1, 1], [20, 30]])
assert len(scores) == 6 and np.isfinite(list(scores.values())).all(), scores
import saliency.results
steps["metrics and results"] = loaded("torch", "matplotlib", "gradio", "transformers")
import saliency.preprocessing
steps["preprocessing"] = [name for name in sys.modules if name.startswith("saliency.models")]
import saliency.models.text
steps["text encoders"] = loaded("torchvision", "transformers", "open_clip")
from saliency import Predictor
pixels = np.random.default_rng(0).integers(0, 256, (48, 64, 3), dtype=np.uint8)
Predictor(["tranblend", "gsgnet", "clip_salgan"]).predict(pixels, {"general": "A red dog."})
heavy = ["timm", "torchvision", "transformers", "open_clip", "torch._dynamo", "pandas", "scipy", "gradio"]
steps["maps"] = loaded(*heavy)
import torch
steps["torchvision's operators"] = [hasattr(torch.ops.torchvision, "nms")] * hasattr(torch.ops.torchvision, "nms")
print(json.dumps(steps))
"""


def test_heavy_libraries_are_imported_where_they_are_needed():
    """Metrics of arrays need no torch, results no matplotlib, preprocessing no networks, and maps none besides torch
    that takes long to import."""
    ran = subprocess.run([sys.executable, "-c", STEPS], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    assert {step: found for step, found in json.loads(ran.stdout).items() if found} == {}
