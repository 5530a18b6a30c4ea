"""Small copies of a data set's pictures, made at first use."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache

from PIL import Image

from saliency.data import Sample
from saliency.evaluation import OF_A_SAMPLE
from saliency.ui.shared.presentation import data_uri

CACHED = 2000  # of a data set; each takes about three kilobytes
_SIZE = (144, 96)  # twice what the table shows them at, for screens with finer pixels
_AT_ONCE = 25  # rows of a page of the table


class Thumbnails:
    """The `CACHED` most recently used are cached.

    Args:
        samples: by stem; nothing else can be asked for.
    """

    def __init__(self, samples: Mapping[str, Sample]) -> None:
        self._samples = samples
        self._made = lru_cache(CACHED)(self._make)

    def of(self, stems: Iterable[str]) -> dict[str, str | None]:
        """JPEGs as data URIs by stem; None for a picture that cannot be read.

        At most as many as a page shows; unknown stems are left out.
        """
        known = [stem for stem in stems if stem in self._samples]
        return {stem: self._made(stem) for stem in known[:_AT_ONCE]}

    def _make(self, stem: str) -> str | None:
        try:
            picture = Image.fromarray(self._samples[stem].image())
        except OF_A_SAMPLE:
            return None
        picture.thumbnail(_SIZE)
        return data_uri(picture, "JPEG", quality=70)
