"""The processes of a run under ``torchrun`` or ``accelerate launch``: what each takes, and how parts become the whole.

Accelerate starts the process group. Without one there is one process, and everything here returns what it is given.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

import torch
from torch import Tensor, distributed, nn
from torch.nn.modules.batchnorm import _BatchNorm

Item = TypeVar("Item")


def count() -> int:
    """The number of processes."""
    return distributed.get_world_size() if distributed.is_available() and distributed.is_initialized() else 1


def index() -> int:
    """The number of this process, from 0."""
    return distributed.get_rank() if count() > 1 else 0


def is_main() -> bool:
    """Whether this process is the one that writes and prints."""
    return index() == 0


def own(items: Sequence[Item]) -> Sequence[Item]:
    """This process's part of `items`: every n-th of them, for n processes; it may be empty."""
    return items[index() :: count()]


def from_all(item: Item) -> list[Item]:
    """What each process passed, by the number of the process. Every process must call it."""
    if count() == 1:
        return [item]
    found: list[Any] = [None] * count()
    distributed.all_gather_object(found, item)
    return found


def in_order(results: Sequence[Item]) -> list[Item]:
    """One result of each item, in the order of all items, of which every process passes those of its `own` part."""
    parts = from_all(list(results))
    whole: list[Any] = [None] * sum(map(len, parts))
    for number, part in enumerate(parts):
        whole[number :: len(parts)] = part
    return whole


def span(size: int) -> slice:
    """This process's part of `size` rows as one slice; the parts differ by one row at most."""
    return slice(index() * size // count(), (index() + 1) * size // count())


def concatenated(parts: Any) -> Any:
    """The rows (n, ...) of all processes one after another, in tensors, or in data classes, tuples or mappings of them.

    The processes may have different numbers of rows. What is computed from the whole must be computed by every process
    alike: the gradients of `DistributedDataParallel`, a mean over the processes, are then those of one process.
    """
    if count() == 1:
        return parts
    if isinstance(parts, Tensor):
        return _Concatenation.apply(parts, _numbers(parts))
    if isinstance(parts, dict):
        return {name: concatenated(value) for name, value in parts.items()}
    if isinstance(parts, tuple) and hasattr(parts, "_fields"):
        return type(parts)(*map(concatenated, parts))
    if isinstance(parts, tuple | list):
        return type(parts)(map(concatenated, parts))
    if is_dataclass(parts) and not isinstance(parts, type):
        return replace(parts, **{one.name: concatenated(getattr(parts, one.name)) for one in fields(parts)})
    return parts


@contextmanager
def whole_batch_norms(network: nn.Module) -> Iterator[None]:
    """Batch norms in training mode then normalise by the rows of all processes, as one process would.

    Unlike PyTorch's SyncBatchNorm also on CPUs, and for norms with an activation, as timm has; it costs the exchange of
    what they normalise.
    """
    norms = [part for part in network.modules() if isinstance(part, _BatchNorm) and part.training]
    numbers: list[list[int]] = []  # of rows, of the norm that is computed now

    def before(_: nn.Module, given: tuple[Tensor]) -> Tensor:
        numbers.append(_numbers(given[0]))
        return _Concatenation.apply(given[0], numbers[-1])

    def after(_: nn.Module, __: Any, whole: Tensor) -> Tensor:
        return _OwnRows.apply(whole, numbers.pop())

    handles = [norm.register_forward_pre_hook(before) for norm in norms]
    handles += [norm.register_forward_hook(after) for norm in norms]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


class _Concatenation(torch.autograd.Function):
    """`concatenated` of one tensor; PyTorch's own gathering wants as many rows of every process."""

    @staticmethod
    def forward(context: Any, rows: Tensor, numbers: Sequence[int]) -> Tensor:
        context.numbers = numbers
        whole = _exchanged(rows, numbers)
        if not rows.is_floating_point():
            context.mark_non_differentiable(whole)
        return whole

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> tuple[Tensor, None]:
        # Times their number, for DistributedDataParallel divides the sum over the processes by it.
        return gradient[_rows(context.numbers)] * count(), None


class _OwnRows(torch.autograd.Function):
    """This process's rows of what every process computed alike; undoes `_Concatenation`, also of gradients."""

    @staticmethod
    def forward(context: Any, whole: Tensor, numbers: Sequence[int]) -> Tensor:
        context.numbers = numbers
        return whole[_rows(numbers)].clone()

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> tuple[Tensor, None]:
        return _exchanged(gradient, context.numbers) / count(), None


def _numbers(rows: Tensor) -> list[int]:
    """The number of rows of each process."""
    found = torch.zeros(count(), dtype=torch.int64, device=rows.device)
    distributed.all_gather(list(found.split(1)), found.new_tensor([len(rows)]))
    return found.tolist()


def _rows(numbers: Sequence[int]) -> slice:
    """Where this process's rows are among those of all."""
    return slice(sum(numbers[: index()]), sum(numbers[: index() + 1]))


def _exchanged(rows: Tensor, numbers: Sequence[int]) -> Tensor:
    """The rows of all processes, as bytes: gloo has no bool and no bfloat16."""
    padded = rows.new_zeros(max(numbers), *rows.shape[1:])
    padded[: len(rows)] = rows.detach()
    sent = padded.flatten().view(torch.uint8)
    received = [torch.empty_like(sent) for _ in numbers]
    distributed.all_gather(received, sent)
    parts = (one.view(rows.dtype).view(padded.shape)[:number] for one, number in zip(received, numbers, strict=True))
    return torch.cat(list(parts))
