"""Weights out of an ONNX file, by OpenCV's reader."""

from __future__ import annotations

from pathlib import Path

import cv2
import torch
from torch import Tensor


def convolutions(path: Path) -> dict[str, Tensor]:
    """``N.weight`` and ``N.bias`` of the N-th convolution of an ONNX file; `cv2.error` if it cannot be read."""
    network = cv2.dnn.readNetFromONNX(str(path), engine=cv2.dnn.ENGINE_CLASSIC)
    layers = [name for name in network.getLayerNames() if name.endswith("/Conv")]
    return {
        f"{number}.{part}": torch.from_numpy(network.getParam(name, place))
        for number, name in enumerate(layers)
        for place, part in enumerate(("weight", "bias"))
    }
