"""The metrics for torchmetrics: their values, batches, processes, and a machine without the package."""

from __future__ import annotations

import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.multiprocessing as processes
from torch import distributed

from saliency import metrics, torch_metrics
from saliency.errors import MetricError

GENERATOR = np.random.default_rng(0)
MAPS, DENSITIES = GENERATOR.random((2, 7, 12, 16))
FIXATIONS = GENERATOR.random((7, 12, 16)) < 0.1
OTHERS = GENERATOR.random((7, 12, 16)) < 0.2
CASES = {
    "CC": (metrics.cc, (DENSITIES,)),
    "SIM": (metrics.sim, (DENSITIES,)),
    "KL": (metrics.kl, (DENSITIES,)),
    "NSS": (metrics.nss, (FIXATIONS,)),
    "AUC": (metrics.auc, (FIXATIONS,)),
    "AUCJudd": (metrics.auc_judd, (FIXATIONS,)),
    "SAUC": (metrics.sauc, (FIXATIONS, OTHERS)),
}


def expected(name: str) -> float:
    function, truths = CASES[name]
    return float(np.mean([function(*one) for one in zip(MAPS, *truths, strict=True)]))


def batches(name: str, *limits: int) -> torch_metrics.Metric:
    """A metric that took the pictures between the limits, batch by batch."""
    metric = getattr(torch_metrics, name)()
    for start, end in pairwise(limits):
        metric.update(*(torch.from_numpy(array[start:end]) for array in (MAPS, *CASES[name][1])))
    return metric


@pytest.mark.parametrize("name", CASES)
def test_the_mean_over_batches_is_that_of_the_function(name: str):
    assert batches(name, 0, 3, 7).compute().item() == pytest.approx(expected(name), abs=1e-12)


def test_fixations_are_points_too_and_repeats_count():
    points = [torch.tensor([[0, 1], [0, 1], [3, 4]]), torch.tensor([[5, 5]])]
    metric = torch_metrics.NSS()
    metric.update(torch.from_numpy(MAPS[:2]), points)
    ours = [metrics.nss(map_, pairs.numpy()) for map_, pairs in zip(MAPS, points, strict=False)]
    assert metric.compute().item() == pytest.approx(np.mean(ours), abs=1e-12)


def test_pictures_without_a_value_are_left_out_of_the_mean():
    fixations = FIXATIONS.copy()
    fixations[3] = False
    metric = torch_metrics.NSS()
    metric.update(torch.from_numpy(MAPS), torch.from_numpy(fixations))
    ours = [metrics.nss(MAPS[number], FIXATIONS[number]) for number in range(7) if number != 3]
    assert metric.compute().item() == pytest.approx(np.mean(ours), abs=1e-12)
    metric.reset()
    metric.update(torch.from_numpy(MAPS[3:4]), torch.from_numpy(fixations[3:4]))
    assert metric.compute().isnan()


def test_shapes_that_do_not_fit_are_refused():
    with pytest.raises(MetricError, match=r"\(7, 12, 16\) and 6"):
        torch_metrics.CC().update(torch.from_numpy(MAPS), torch.from_numpy(DENSITIES[:6]))
    with pytest.raises(MetricError, match=r"not \(12, 16\)"):
        torch_metrics.CC().update(torch.from_numpy(MAPS[0]), torch.from_numpy(DENSITIES[0]))


def _share(rank: int, folder: Path) -> None:
    """One of two processes, which has the first three pictures or the other four."""
    distributed.init_process_group("gloo", init_method=f"file://{folder}/meeting", rank=rank, world_size=2)
    found = [batches(name, *((0, 2, 3) if rank == 0 else (3, 7))).compute().item() for name in CASES]
    (folder / str(rank)).write_text(" ".join(map(repr, found)))
    distributed.destroy_process_group()


def test_two_processes_have_one_mean(tmp_path: Path):
    processes.spawn(_share, (tmp_path,), nprocs=2)
    for rank in ("0", "1"):
        found = [float(value) for value in (tmp_path / rank).read_text().split()]
        assert found == pytest.approx([expected(name) for name in CASES], abs=1e-12)


def test_without_torchmetrics_a_sentence_says_what_to_install():
    code = (
        "import sys; sys.modules['torchmetrics'] = None\n"
        "from saliency.errors import SaliencyError\n"
        "try: import saliency.torch_metrics\n"
        "except SaliencyError as error: print(error)"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert 'pip install "saliency[metrics]"' in shown.stdout
