"""What tests of several parts share: where the data sets are, and a checkpoint that is quick to run."""

import gc
import os
from collections.abc import Generator, Iterator
from pathlib import Path
from unittest.mock import patch

import pytest
import torch

from saliency import checkpoints
from saliency.checkpoints import Description
from saliency.models import registry
from saliency.predictor import Predictor
from saliency.settings import settings, variable
from tests.comparisons import comparison  # noqa: F401  a fixture
from tests.tiny import in_miniature


@pytest.hookimpl(wrapper=True)
def pytest_xdist_auto_num_workers() -> Generator[None, int, int]:
    """One process more than there are processors: tests in a browser wait for a third of their time."""
    return (yield) + 1


def pytest_collection_finish() -> None:
    """What the imports made stays: half a million objects, which a training collects at each stage in 0.3 seconds."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def without_graphs() -> Iterator[None]:
    """Tests compute in PyTorch, as exporting a graph takes seconds; those of graphs turn them on."""
    with patch.dict(os.environ, {variable("fast"): "off"}):
        yield


@pytest.fixture(scope="session")
def data_sets() -> Path:
    """The folder of the data sets, ``$SALIENCY_DATA`` or ../shared/data; tests that need it are skipped without it."""
    root = Path(__file__).parents[1]
    folder = root / (settings().data or "../shared/data")
    if not folder.is_dir():
        pytest.skip("the data sets are not on this machine")
    return folder


@pytest.fixture(scope="session")
def shipped() -> Predictor:
    """Of the shipped checkpoints, which are read once."""
    return Predictor()


@pytest.fixture(scope="session")
def address(shipped: Predictor) -> Iterator[str]:
    """The running app with the shipped checkpoints; its visitors share nothing, so tests can share it."""
    from saliency.ui import build  # Gradio, which most tests do without, takes seconds to import
    from tests.ui.serving import serving

    with serving(lambda: build(shipped)) as address:
        yield address


@pytest.fixture
def miniatures(tmp_path):
    """The folder with checkpoints of three models in miniature, which are all that there are meanwhile."""
    with in_miniature(tmp_path / "checkpoints") as folder:
        yield folder


@pytest.fixture(scope="session")
def untrained(tmp_path_factory) -> Path:
    """A folder with one checkpoint, ``untrained``: the smallest model that reads sentences, with random weights."""
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("checkpoints")
    preset = registry.preset("clip_salgan")
    description = Description(
        name="untrained",
        model="clip_salgan",
        preset="compact",
        text_encoder=preset.text_encoder,
        preprocessing=preset.preprocessing,
        licence="none",
    )
    checkpoints.save(registry.create("clip_salgan"), description, folder)
    return folder
