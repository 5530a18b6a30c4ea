"""Weights out of an ONNX file, by OpenCV's reader."""

from __future__ import annotations

from pathlib import Path

import cv2
import torch
from torch import Tensor


def convolutions(path: Path) -> list[tuple[Tensor, Tensor]]:
    """Weight and bias of every convolution of an ONNX file, in the file's order; `cv2.error` if it cannot be read."""
    network = cv2.dnn.readNetFromONNX(str(path), engine=cv2.dnn.ENGINE_CLASSIC)
    layers = [name for name in network.getLayerNames() if name.endswith("/Conv")]
    return [tuple(torch.from_numpy(network.getParam(name, part)) for part in (0, 1)) for name in layers]
