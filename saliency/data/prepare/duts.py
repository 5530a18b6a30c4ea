"""DUTS-TR (Wang et al., CVPR 2017) with smaller pictures."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np

from ...errors import DatasetError

LONGER_SIDE = 240


def prepare_duts(release: Path, target: Path) -> Iterable[str]:
    """Writes ``images/ID.jpg``, the longer side at most 240 pixels, and binary ``masks/ID.png`` of the same size.

    Yields each picture's id.

    Args:
        release: the folder of ``DUTS-TR-Image`` and ``DUTS-TR-Mask``.
        target: a folder, created where it is missing.

    Raises:
        DatasetError: a folder of the release is missing, a file cannot be read, or a picture has no mask of its size.
    """
    images, masks = release / "DUTS-TR-Image", release / "DUTS-TR-Mask"
    if not (images.is_dir() and masks.is_dir()):
        raise DatasetError("“{name}” has not the folders DUTS-TR-Image and DUTS-TR-Mask.", name=release.name)
    for folder in ("images", "masks"):
        (target / folder).mkdir(parents=True, exist_ok=True)
    for path in sorted(images.glob("*.jpg")):
        picture = cv2.imread(str(path))
        mask = cv2.imread(str(masks / f"{path.stem}.png"), cv2.IMREAD_GRAYSCALE)
        if picture is None or mask is None or picture.shape[:2] != mask.shape:
            raise DatasetError("Picture “{name}” cannot be read or has no mask of its size.", name=path.name)
        scale = min(LONGER_SIDE / max(mask.shape), 1)
        size = [max(round(side * scale), 1) for side in reversed(mask.shape)]
        small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
        # The share of a pixel that is object decides, as rounding to the nearest pixel would lose thin parts.
        covered = cv2.resize((mask > 127).astype(np.float32), size, interpolation=cv2.INTER_AREA)
        cv2.imwrite(str(target / "images" / f"{path.stem}.jpg"), small, [cv2.IMWRITE_JPEG_QUALITY, 92])
        cv2.imwrite(str(target / "masks" / f"{path.stem}.png"), np.where(covered >= 0.5, 255, 0).astype(np.uint8))
        yield path.stem
