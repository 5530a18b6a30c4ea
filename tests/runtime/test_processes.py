"""What processes share: parts and wholes, and gradients through them."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import distributed, multiprocessing, nn
from torch.nn.parallel import DistributedDataParallel

from saliency.runtime import processes

ROWS = torch.linspace(-1, 2, 15, dtype=torch.float64).reshape(5, 3).sin()


def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Tanh(), nn.Linear(4, 2)).double()


def loss(found: torch.Tensor) -> torch.Tensor:
    """It compares the rows with one another, so that it is no mean over parts of them."""
    return (found @ found.T).logsumexp(0).square().mean()


def _part(rank: int, folder: Path) -> None:
    distributed.init_process_group("gloo", init_method=f"file://{folder}/meeting", rank=rank, world_size=2)
    model = DistributedDataParallel(network())
    with processes.whole_batch_norms(model):
        found = processes.concatenated(model(ROWS[processes.span(len(ROWS))]))
    loss(found).backward()
    ordered = processes.in_order([number**2 for number in processes.own(range(5))])
    flags = processes.concatenated({"own": torch.tensor([rank == 1] * (rank + 1)), "none": None})
    state = [*model.module.state_dict().values(), *(weight.grad for weight in model.parameters())]
    torch.save({"found": found.detach(), "state": state, "ordered": ordered, "flags": flags["own"]}, folder / f"{rank}")
    distributed.destroy_process_group()


def test_two_processes_have_the_output_the_statistics_and_the_gradients_of_one(tmp_path: Path):
    multiprocessing.spawn(_part, (tmp_path,), nprocs=2)
    model = network()
    found = model(ROWS)
    loss(found).backward()
    expected = [*model.state_dict().values(), *(weight.grad for weight in model.parameters())]
    for rank in range(2):
        part = torch.load(tmp_path / f"{rank}", weights_only=True)
        torch.testing.assert_close(part["found"], found.detach())
        torch.testing.assert_close(part["state"], expected)
        assert part["ordered"] == [0, 1, 4, 9, 16]
        assert part["flags"].tolist() == [False, True, True]


@pytest.mark.parametrize("given", [torch.ones(2, 3), (torch.zeros(1), None)])
def test_one_process_has_what_it_is_given(given: object):
    assert processes.concatenated(given) is given
    assert list(processes.own([1, 2, 3])) == processes.in_order([1, 2, 3]) == [1, 2, 3]
    assert processes.from_all("all") == ["all"]
    assert processes.span(5) == slice(0, 5)
    assert processes.is_main()
