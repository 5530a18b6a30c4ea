"""The page's opening: the finished comparison of an example, and its finding in words.

It is computed once for the checkpoints that there are, beside what visitors ask, and cached in the user's cache
directory.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from threading import Thread
from typing import Any

from PIL import Image

from saliency.atomic_files import write_whole
from saliency.conditions import Condition
from saliency.errors import OutputError
from saliency.predictor import Predictor
from saliency.settings import cache_folder
from saliency.ui.compare.map_grid import SCHEMA
from saliency.ui.shared.component import Component
from saliency.ui.shared.examples import Example
from saliency.ui.shared.presentation import present

logger = logging.getLogger(__name__)


class FirstSight:
    """The comparison of an example, as `present` gives it; a thread starts computing it at once.

    Args:
        models: what is compared.
        folder: where it is cached; default `cache_folder`.
    """

    def __init__(
        self, predictor: Predictor, example: Example, models: Sequence[str], folder: Path | None = None
    ) -> None:
        self.example, self.models = example, list(models)
        self._predictor = predictor
        self._file = (folder or cache_folder()) / "first-sight" / f"{self._key()}.json"
        self._view: Future[dict[str, Any]] = Future()
        self._view.set_running_or_notify_cancel()  # a visitor who leaves cancels nothing
        Thread(target=self._find, name="first-sight", daemon=True).start()

    async def view(self) -> dict[str, Any]:
        """The comparison, once it is there; raises what went wrong with it."""
        return await asyncio.wrap_future(self._view)

    @property
    def sentences(self) -> tuple[str, str, str]:
        """General, salient, non-salient."""
        return self.example.general, self.example.salient, self.example.non_salient

    def _key(self) -> str:
        """A hash of all that it depends on; 64 hex digits."""
        weights = [(name, self._predictor.cards[name].sha256) for name in self.models]
        parts = [weights, self.sentences, str(self._predictor.dtype), SCHEMA]
        digest = hashlib.sha256(json.dumps(parts).encode())
        digest.update(self.example.picture.read_bytes())
        return digest.hexdigest()

    def _find(self) -> None:
        try:
            self._view.set_result(self._cached() or self._computed())
        except Exception as error:  # the page opens without it
            logger.error("The comparison that the page opens with failed.", exc_info=error)
            self._view.set_exception(error)

    def _cached(self) -> dict[str, Any] | None:
        try:
            return json.loads(self._file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None

    def _computed(self) -> dict[str, Any]:
        conditions = (Condition.GENERAL, Condition.SALIENT, Condition.NON_SALIENT)
        read = {Condition.PURE: "", **dict(zip(conditions, self.sentences, strict=True))}
        text = json.dumps(present(self._predictor.predict(self.example.picture, read, models=self.models)))
        try:
            write_whole(self._file, lambda draft: draft.write_text(text, encoding="utf-8"))
        except OutputError as error:  # it is computed again next time
            logger.warning("The comparison that the page opens with cannot be cached: %s", error)
        return json.loads(text)  # the same, whether it was cached or not


def build(example: Example) -> Component:
    """Adds the line with the finding, with the maps of the model whose gaze moves most."""
    with Image.open(example.picture) as picture:
        ratio = picture.width / picture.height
    return Component("first_sight", elem_id="first-sight", ratio=ratio)


def strip(view: Mapping[str, Any]) -> dict[str, Any]:
    """The part of a comparison that the line shows: the model with the map that moved most."""
    most = max((shown for shown in view["maps"] if shown["moved"]), key=lambda shown: shown["moved"]["share"])
    title = next(model["title"] for model in view["models"] if model["name"] == most["model"])
    sentences = {condition["name"]: condition["sentence"] for condition in view["conditions"]}
    maps = [
        {key: shown[key] for key in ("condition", "png", "low", "high", "where", "moved")}
        | {"sentence": sentences[shown["condition"]]}
        for shown in view["maps"]
        if shown["model"] == most["model"]
    ]
    return {
        "picture": view["picture"],
        "model": title,
        "most": most["condition"],
        "maps": maps,
        "of": len(view["maps"]),
    }
