"""Networks as OpenVINO graphs: 1.1 to 3 times as fast on a processor as PyTorch, layer by layer (BENCHMARKS.md).

OpenVINO is optional (``pip install saliency[fast]``). A graph is exported once, which takes seconds, and stored in the
cache folder by the checkpoint's sha256, the code and the shapes of its inputs; later processes read it.
"""

from __future__ import annotations

import hashlib
import logging
import os
import warnings
from collections.abc import Callable, Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ..settings import cache_folder, settings, variable

_logger = logging.getLogger(__name__)

Named = dict[str, Tensor]
OUTPUTS = "saliency_outputs"  # where a graph stores the names of its outputs


def fast(device: torch.device) -> bool:
    """Whether graphs are used: on a processor where OpenVINO is installed, unless ``SALIENCY_FAST`` is ``off``."""
    return device.type == "cpu" and settings().fast != "off" and find_spec("openvino") is not None


class Graph:
    """A function of named tensors as an OpenVINO graph, one for each set of their shapes. Not thread-safe.

    Args:
        function: of a network's parts; its inputs and outputs are named tensors. It must not depend on values.
        key: what identifies the function and its weights; the code is added.
        dtype: bfloat16 computes in it, float32 does not. Outputs are float32.
        dynamic: by name of an input, the dimension that may have any length.
    """

    def __init__(
        self, function: Callable[[Named], Named], key: str, dtype: torch.dtype, dynamic: Mapping[str, int] | None = None
    ) -> None:
        self._function = function
        self._key = key
        self._hint = "bf16" if dtype is torch.bfloat16 else "f32"
        self._dynamic = dynamic or {}
        self._requests: dict[str, tuple[Any, list[str], list[str]] | None] = {}

    def __call__(self, inputs: Named) -> Named:
        """The outputs of `inputs`, which are on the processor."""
        inputs = {name: plain(value) for name, value in inputs.items()}
        shapes = self._shapes(inputs)
        if shapes not in self._requests:
            self._requests[shapes] = self._compiled_or_none(inputs, shapes)
        compiled = self._requests[shapes]
        if compiled is None:
            return self._function(inputs)
        request, used, outputs = compiled
        request.infer({name: inputs[name].numpy() for name in used}, share_inputs=True)
        # Copies: the next call overwrites the request's own.
        return {
            name: torch.from_numpy(request.get_output_tensor(place).data.copy()) for place, name in enumerate(outputs)
        }

    def _shapes(self, inputs: Named) -> str:
        """The inputs' names and shapes, ``?`` for dynamic dimensions."""
        rows = []
        for name, value in inputs.items():
            sides = ["?" if self._dynamic.get(name) == place else str(side) for place, side in enumerate(value.shape)]
            rows.append(f"{name} {','.join(sides)}")
        return "; ".join(rows)

    def _compiled_or_none(self, inputs: Named, shapes: str) -> tuple[Any, list[str], list[str]] | None:
        """See `_compiled`; None for a function that OpenVINO cannot export, which PyTorch then computes."""
        try:
            return self._compiled(inputs, shapes)
        except Exception as error:  # OpenVINO's own are of no common class
            warnings.warn(f"computed by PyTorch, as OpenVINO could not export it: {error}", stacklevel=2)
            return None

    def _compiled(self, inputs: Named, shapes: str) -> tuple[Any, list[str], list[str]]:
        """An inference request of the graph, exported if the cache has none; names of inputs and outputs."""
        import openvino

        digest = hashlib.sha256(f"{self._key} {shapes} {_code()} {openvino.__version__}".encode()).hexdigest()
        path = cache_folder() / "graphs" / f"{digest}.xml"
        core = openvino.Core()
        model = _stored(core, path)
        if model is None:
            model = self._exported(inputs)
            try:
                _save(model, path)
            except (OSError, RuntimeError):  # the latter is OpenVINO's
                _warn_not_stored(path.parent)
        options = {
            "INFERENCE_PRECISION_HINT": self._hint,
            "INFERENCE_NUM_THREADS": torch.get_num_threads(),
            "PERFORMANCE_HINT": "LATENCY",
        }
        if path.exists():  # what OpenVINO compiles it to is stored beside it, and read in half the time
            options["CACHE_DIR"] = str(path.parent)
        request = core.compile_model(model, "CPU", options).create_infer_request()
        used = [port.get_any_name() for port in model.inputs]
        return request, used, model.get_rt_info(OUTPUTS).astype(str).split()

    def _exported(self, inputs: Named) -> Any:
        """The graph of the function at the shapes of `inputs`."""
        import openvino
        from openvino.frontend import FrontEndManager
        from openvino.frontend.pytorch.ts_decoder import TorchScriptPythonDecoder

        names = list(inputs)
        outputs: list[str] = []

        def positional(*values: Tensor) -> tuple[Tensor, ...]:
            found = self._function(dict(zip(names, values, strict=True)))
            outputs[:] = found
            return tuple(found.values())

        with torch.inference_mode(False), torch.no_grad(), torch.autocast("cpu", enabled=False):
            example = tuple(value.clone() for value in inputs.values())
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # the tracer's, on sides of tensors that are constants here
                traced = torch.jit.trace(positional, example, check_trace=False)
        # openvino.convert_model does the same and reports the use of it to its makers.
        frontend = FrontEndManager().load_by_framework("pytorch")
        decoder = TorchScriptPythonDecoder(traced)  # a name of its own: it must outlive the call of load
        model = frontend.convert(frontend.load(decoder))
        # Inputs that the function does not use may be missing in the graph.
        own_names = {value.debugName(): name for value, name in zip(traced.graph.inputs(), names, strict=True)}
        shapes = {}
        for port in model.inputs:
            name = own_names[port.get_node().get_friendly_name()]
            port.get_tensor().set_names({name})
            shapes[name] = list(inputs[name].shape)
            if name in self._dynamic:
                shapes[name][self._dynamic[name]] = -1
        model.set_rt_info(" ".join(outputs), OUTPUTS)
        model.reshape({name: openvino.PartialShape(shape) for name, shape in shapes.items()})
        return model


def plain(value: Tensor) -> Tensor:
    """As graphs take it: contiguous, floating-point values as float32."""
    return (value.float() if value.is_floating_point() else value).contiguous()


def _stored(core: Any, path: Path) -> Any:
    """The graph at `path`; None where there is none or it cannot be read."""
    try:
        return core.read_model(path) if path.exists() else None
    except RuntimeError:
        return None


def _save(model: Any, path: Path) -> None:
    """The graph as two files, of which the one that is looked for appears last and whole."""
    import openvino

    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.stem}.{os.getpid()}.xml")
    try:
        openvino.save_model(model, draft, compress_to_fp16=False)
        for suffix in (".bin", ".xml"):
            draft.with_suffix(suffix).replace(path.with_suffix(suffix))
    finally:
        for suffix in (".bin", ".xml"):
            draft.with_suffix(suffix).unlink(missing_ok=True)


@cache  # a process warns once, however many graphs it exports
def _warn_not_stored(folder: Path) -> None:
    _logger.warning(
        "Graphs cannot be stored in %s, so every process exports them anew, which takes seconds; %s names another "
        "folder.",
        folder,
        variable("cache"),
    )


@cache
def _code() -> str:
    """A digest of the code that graphs are made of: the same weights under another code are another graph."""
    package = Path(__file__).parents[1]
    digest = hashlib.sha256(torch.__version__.encode())
    for path in (package / "acceleration.py", Path(__file__), *sorted((package / "models").rglob("*.py"))):
        digest.update(path.read_bytes())
    return digest.hexdigest()
