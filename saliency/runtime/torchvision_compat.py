"""Makes torchvision importable beside a CPU-only torch.

The package index's torchvision wheel is compiled against CUDA. Beside a CPU-only torch its extension cannot be loaded,
and the import then fails with ``operator torchvision::nms does not exist``, because torchvision describes the shapes of
two operators that only the extension defines. transformers, timm and open_clip import torchvision too and fail alike.
Nothing here uses those operators (they serve box detectors), so defining their schemas is enough: without a kernel,
calling one still raises torchvision's own error.
"""

from __future__ import annotations

from functools import cache
from importlib.machinery import EXTENSION_SUFFIXES
from importlib.util import find_spec
from pathlib import Path
from threading import Lock

import torch

# The operators that `torchvision._meta_registrations` names without asking whether the extension was loaded.
_SCHEMAS = {
    "nms": "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms": "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
}
_LOCK = Lock()


def ensure_torchvision() -> None:
    """Call before importing torchvision, transformers, timm or open_clip.

    Defines the operator schemas that torchvision's import needs and its extension failed to provide; does nothing where
    the extension loads or torchvision is not installed. May be called any number of times, from any thread.
    """
    with _LOCK:
        _define_missing_schemas()


@cache  # also keeps the library alive: its definitions vanish with it
def _define_missing_schemas() -> torch.library.Library | None:
    if _extension_loads():
        return None
    library = torch.library.Library("torchvision", "FRAGMENT")
    for name, schema in _SCHEMAS.items():
        if not hasattr(torch.ops.torchvision, name):
            library.define(name + schema)
    return library


def _extension_loads() -> bool:
    """Whether torchvision's compiled operators are usable, or there is no torchvision to mend."""
    spec = find_spec("torchvision")  # finds the package without importing it
    if spec is None or not spec.submodule_search_locations:
        return True
    folder = Path(spec.submodule_search_locations[0])
    extension = next(
        (folder / f"_C{suffix}" for suffix in EXTENSION_SUFFIXES if (folder / f"_C{suffix}").exists()), None
    )
    if extension is None:
        return False
    try:
        torch.ops.load_library(str(extension))
    except OSError:
        return False
    return True
