"""Batch norms folded into the convolutions in front of them: inference then has fewer passes over the activations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from torch import fx, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval


def fold_batch_norms(model: nn.Module) -> None:
    """Fold each batch norm that alone reads a convolution's output into the convolution, in place.

    The outputs of a model in evaluation mode stay the same up to rounding; its state dict loses the norms' tensors.
    Modules whose forward pass `torch.fx` cannot trace stay as they are.
    """
    for module in list(model.modules()):
        if any(isinstance(child, nn.BatchNorm2d) for child in module.children()):
            for convolution, norm in list(_pairs(module)):
                # In double precision, so that the result is rounded once.
                layers = (getattr(module, name).double() for name in (convolution, norm))
                setattr(module, convolution, fuse_conv_bn_eval(*layers).float())
                setattr(module, norm, _behind(getattr(module, norm)))


def _pairs(module: nn.Module) -> Iterator[tuple[str, str]]:
    """Names of the children that are a convolution and the batch norm behind it."""
    try:
        graph = _Shallow().trace(module)
    except (fx.proxy.TraceError, TypeError):
        return
    calls = Counter(node.target for node in graph.nodes if node.op == "call_module")
    for node in graph.nodes:
        if node.op != "call_module" or not isinstance(module.get_submodule(node.target), nn.BatchNorm2d):
            continue
        source = node.args[0]
        if (
            source.op == "call_module"
            and isinstance(module.get_submodule(source.target), nn.Conv2d)
            and calls[source.target] == calls[node.target] == len(source.users) == 1
        ):
            yield source.target, node.target


class _Shallow(fx.Tracer):
    """Follows a module's own forward pass, not those of its children."""

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        return True


def _behind(norm: nn.BatchNorm2d) -> nn.Module:
    """What a batch norm does after normalising: timm's have an activation."""
    return getattr(norm, "act", nn.Identity())
