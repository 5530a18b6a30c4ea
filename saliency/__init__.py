"""Text-guided visual attention: where people look in a picture after reading a sentence.

    from saliency import Condition, Predictor
    comparison = Predictor().predict("street.jpg", {Condition.PURE: "", Condition.SALIENT: "A cyclist in red."})
    comparison.get("gsgnet", Condition.SALIENT).density  # (H, W) float32, sums to 1

The names below are the public API. They are imported at first use, so that `import saliency` costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # what editors and type checkers read
    from .analysis import evaluate as evaluate
    from .conditions import Condition as Condition
    from .errors import CheckpointError as CheckpointError
    from .errors import DatasetError as DatasetError
    from .errors import GroundTruthError as GroundTruthError
    from .errors import HubUnavailableError as HubUnavailableError
    from .errors import MetricError as MetricError
    from .errors import PictureError as PictureError
    from .errors import SaliencyError as SaliencyError
    from .errors import TextError as TextError
    from .errors import UnknownModelError as UnknownModelError
    from .errors import VideoError as VideoError
    from .gaze import load_fixations as load_fixations
    from .gaze import load_map as load_map
    from .imaging import load_image as load_image
    from .imaging import open_picture as open_picture
    from .metrics import auc as auc
    from .metrics import cc as cc
    from .metrics import evaluate_fixation as evaluate_fixation
    from .metrics import ig as ig
    from .metrics import kl as kl
    from .metrics import nss as nss
    from .metrics import sauc as sauc
    from .metrics import sim as sim
    from .models.registry import create as _create
    from .models.registry import list_models as list_models
    from .predictor import Predictor as Predictor
    from .pretrained import load as load
    from .pretrained import save as save
    from .results import Caption as Caption
    from .results import Comparison as Comparison
    from .results import Prediction as Prediction
    from .results import WordMap as WordMap
    from .video import open_clip as open_clip
    from .video import video_maps as video_maps
    from .video import write_video as write_video
    from .words import influence as influence

    create_model = _create

__version__ = "0.3.0"

# Each name's module, and after a colon its name there where that is another.
_HOMES = {
    "Predictor": "predictor",
    "Caption": "results",
    "Comparison": "results",
    "Prediction": "results",
    "WordMap": "results",
    "Condition": "conditions",
    "influence": "words",
    "open_clip": "video",
    "video_maps": "video",
    "write_video": "video",
    "list_models": "models.registry",
    "create_model": "models.registry:create",
    "load": "pretrained",
    "save": "pretrained",
    "evaluate": "analysis",
    "evaluate_fixation": "metrics",
    "auc": "metrics",
    "cc": "metrics",
    "ig": "metrics",
    "kl": "metrics",
    "nss": "metrics",
    "sauc": "metrics",
    "sim": "metrics",
    "load_image": "imaging",
    "open_picture": "imaging",
    "load_map": "gaze",
    "load_fixations": "gaze",
    "SaliencyError": "errors",
    "CheckpointError": "errors",
    "DatasetError": "errors",
    "GroundTruthError": "errors",
    "HubUnavailableError": "errors",
    "MetricError": "errors",
    "PictureError": "errors",
    "TextError": "errors",
    "UnknownModelError": "errors",
    "VideoError": "errors",
}

__all__ = ["__version__", *_HOMES]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, _, attribute = _HOMES[name].partition(":")
    return getattr(import_module(f".{module}", __name__), attribute or name)


def __dir__() -> list[str]:
    return __all__
