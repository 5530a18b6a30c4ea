"""Example pictures and their thumbnails."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageOps

from saliency.ui.shared.examples import Example, examples


@pytest.mark.parametrize("example", examples(), ids=lambda example: example.title)
def test_a_thumbnail_shows_its_picture_in_a_few_kilobytes(example: Example) -> None:
    with Image.open(example.thumbnail) as thumbnail, Image.open(example.picture) as picture:
        cropped = ImageOps.fit(picture.convert("RGB"), thumbnail.size)
        difference = np.abs(np.asarray(cropped, float) - np.asarray(thumbnail, float)).mean()
    assert thumbnail.size == (168, 126), "three times what a button shows, for screens of high density"
    assert difference < 8, "of 255"
    assert example.thumbnail.stat().st_size < 10_000
