"""What parts that do not learn say of a training's pictures: found once, kept in files, read again every epoch."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.lib.format import open_memmap
from torch import nn
from tqdm import tqdm

from ..errors import RecipeError
from ..files import write_whole
from ..models.base import ImageFeatures

BATCH = 8


class KeptFeatures:
    """Features of `count` pictures in half precision, in a folder; a broken pass over the pictures is gone on with.

    Args:
        folder: one file a feature lies here, and how far the pass has come.
        count: how many pictures there are.
        look: features of the pictures of these numbers, tensors (N, ...).

    Raises:
        RecipeError: the disk has no room for them.
    """

    def __init__(self, folder: Path, count: int, look: Callable[[Sequence[int]], ImageFeatures]):
        self._folder = folder
        self._done = folder / "done.json"
        self._files: dict[str, np.memmap] = {}
        done = json.loads(self._done.read_text()) if self._done.is_file() else 0
        if done:
            self._files = {path.stem: open_memmap(path, mode="r+") for path in sorted(folder.glob("*.npy"))}
        starts = range(done, count, BATCH)
        for start in tqdm(starts, desc="looking at the pictures", unit_scale=BATCH, unit=" pictures", mininterval=5):
            numbers = range(start, min(start + BATCH, count))
            features = look(numbers)
            if not self._files:
                self._create(features, count)
            for name, value in features.items():
                self._files[name][numbers.start : numbers.stop] = value.half().cpu().numpy()
            write_whole(self._done, partial(Path.write_text, data=json.dumps(numbers.stop)))

    def _create(self, features: ImageFeatures, count: int) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        needed = sum(value[0].numel() * 2 * count for value in features.values())
        free = shutil.disk_usage(self._folder).free
        if needed > free:
            raise RecipeError(
                f"What is seen in the training's pictures takes {needed / 1e9:.1f} GB in “{self._folder.parent}”, and "
                f"{free / 1e9:.1f} GB are free."
            )
        for name, value in features.items():
            shape = (count, *value.shape[1:])
            self._files[name] = open_memmap(self._folder / f"{name}.npy", "w+", np.float16, shape)

    def gather(self, numbers: Sequence[int]) -> ImageFeatures:
        """Features of the pictures of these numbers, float32."""
        rows = {name: torch.from_numpy(file[list(numbers)]).float() for name, file in self._files.items()}
        return {name: value.contiguous(memory_format=torch.channels_last) for name, value in rows.items()}


def fingerprint(parts: Iterable[nn.Module], described: str) -> str:
    """A name for what `parts` say of the pictures `described`: another one as soon as any of it changes."""
    digest = hashlib.sha256(described.encode())
    for part in parts:
        for name, value in part.state_dict().items():
            digest.update(name.encode())
            digest.update((value.detach().cpu() + 0).numpy().tobytes())  # -0.0 is 0.0
    return digest.hexdigest()[:16]
