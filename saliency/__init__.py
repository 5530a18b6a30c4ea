"""Text-guided visual attention: where people look in a picture after reading a sentence.

    from saliency import Condition, Predictor
    comparison = Predictor().predict("street.jpg", {Condition.PURE: "", Condition.SALIENT: "A cyclist in red."})
    comparison.get("gsgnet", Condition.SALIENT).density  # (H, W) float32, sums to 1

The names below are the public API. They are imported at first use, so that `import saliency` costs nothing.
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_HOME = {
    "Condition": "conditions",
    "SaliencyError": "errors",
    "PictureError": "errors",
    "TextError": "errors",
    "CheckpointError": "errors",
    "HubUnavailableError": "errors",
    "GroundTruthError": "errors",
    "load_image": "imaging",
    "open_picture": "imaging",
    "load_map": "gaze",
    "load_fixations": "gaze",
    "Predictor": "predictor",
    "Comparison": "results",
    "Prediction": "results",
    "WordMap": "results",
    "influence": "words",
}

__all__ = ["__version__", *_HOME]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOME[name]}", __name__), name)


def __dir__() -> list[str]:
    return __all__
