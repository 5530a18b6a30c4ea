"""On-disk cache of frozen features (float16, memory-mapped), shared by epochs and runs.

Augmentation is fixed per picture: a flipped picture is flipped in every epoch, and there is no colour jitter.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property, partial
from itertools import chain
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import torch
from filelock import AcquireReturnProxy, FileLock, Timeout
from numpy.lib.format import open_memmap
from torch import Tensor, nn
from torch.utils.data import Dataset
from tqdm import tqdm

from ..atomic_files import write_whole
from ..data.samples import PictureFile, read_file
from ..errors import RecipeError
from ..models.features import ImageFeatures
from ..preprocessing import Preprocessing, flipped, normalise, stacked

BATCH = 8
MARKED = 128  # pictures between two writes of the progress, and so at most computed again after a kill


class FeatureCache:
    """Features of pictures by the pictures' names, in half precision.

    Every pass over new pictures is a folder of its own; an interrupted pass is resumed.

    Args:
        folder: of the passes.
        compute: features, tensors (N, ...), of pictures (N, 3, H, W).
    """

    def __init__(self, folder: Path, compute: Callable[[Tensor], ImageFeatures]):
        self._folder = folder
        self._compute = compute
        self._rows: dict[str, tuple[_Pass, int]] = {}

    def add(self, names: Sequence[str], pixels: Callable[[int], Tensor]) -> None:
        """Compute and store the features of the pictures of these `names` that are not in the cache.

        Args:
            pixels: (3, H, W) of the picture with this number among the names.

        Raises:
            RecipeError: the disk has no room for it.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        with _alone(self._folder / "lock"):  # another run, or process of this one, may need the same
            self._find()
            numbers = {name: number for number, name in enumerate(names) if name not in self._rows}
            if numbers:
                self._add_missing(numbers, pixels)
                self._find()

    def _find(self) -> None:
        """Index the stored features."""
        for one in self._passes():
            self._rows |= {name: (one, row) for row, name in enumerate(one.names[: one.done])}

    def _passes(self) -> Iterator[_Pass]:
        return (_Pass(path.parent) for path in sorted(self._folder.glob("*/names.json")))

    def _add_missing(self, numbers: dict[str, int], pixels: Callable[[int], Tensor]) -> None:
        names = list(numbers)
        broken = (one for one in self._passes() if one.names[one.done :] == names)
        one = next(broken, None) or _Pass.begin(self._folder, names)
        starts = range(0, len(names), BATCH)
        progress = tqdm(starts, "computing features", unit=" pictures", unit_scale=BATCH, mininterval=5)
        try:
            for start in progress:
                part = names[start : start + BATCH]
                one.add(self._compute(stacked([pixels(numbers[name]) for name in part])))
        finally:
            one.mark()

    def gather(self, names: Sequence[str]) -> ImageFeatures:
        """Features of the pictures of these names, float32."""
        rows = [self._rows[name] for name in names]
        found = {name: np.stack([one.files[name][row] for one, row in rows]) for name in rows[0][0].files}
        return {name: _convenient(torch.from_numpy(value).float()) for name, value in found.items()}


class _Pass:
    """A pass over pictures: a folder with their names, one file per feature, and its progress."""

    def __init__(self, folder: Path):
        self._folder = folder
        self._mark = folder / "done.json"
        self.names: list[str] = json.loads((folder / "names.json").read_text())
        self.done: int = json.loads(self._mark.read_text()) if self._mark.is_file() else 0
        self.files: dict[str, np.memmap] = {}
        if self.done:
            self.files = {path.stem: open_memmap(path, mode="r+") for path in sorted(folder.glob("*.npy"))}

    @classmethod
    def begin(cls, folder: Path, names: Sequence[str]) -> _Pass:
        """A new one over the pictures of these names, among those in `folder`."""
        folder = Path(mkdtemp(prefix="", dir=folder))
        write_whole(folder / "names.json", partial(Path.write_text, data=json.dumps(names)))
        return cls(folder)

    def add(self, features: ImageFeatures) -> None:
        """Write the features of the next pictures."""
        if not self.files:
            self._create(features)
        end = self.done + len(next(iter(features.values())))
        for name, value in features.items():
            half = value.half()
            if not half.isfinite().all():
                raise RecipeError(f"The pictures' features ({name}) exceed half precision and cannot be cached.")
            self.files[name][self.done : end] = half.cpu().numpy()
        due = end // MARKED > self.done // MARKED
        self.done = end
        if due:
            self.mark()

    def mark(self) -> None:
        """Write the progress, after flushing the features to the disk."""
        for file in self.files.values():
            file.flush()
        write_whole(self._mark, partial(Path.write_text, data=json.dumps(self.done)))

    def _create(self, features: ImageFeatures) -> None:
        count = len(self.names)
        needed = sum(value[0].numel() * 2 * count for value in features.values())
        free = shutil.disk_usage(self._folder).free
        if needed > free:
            raise RecipeError(
                f"The features of the training's pictures take {needed / 1e9:.1f} GB in "
                f"“{self._folder.parent.parent}”, and {free / 1e9:.1f} GB are free."
            )
        for name, value in features.items():
            path = self._folder / f"{name}.npy"
            self.files[name] = open_memmap(path, "w+", np.float16, (count, *value.shape[1:]))
            _reserve(path)


def _reserve(file: Path) -> None:
    """Reserve disk space for a whole memory-mapped file: writing to it without space kills the process."""
    if not hasattr(os, "posix_fallocate"):
        return
    try:
        with file.open("r+b") as opened:
            os.posix_fallocate(opened.fileno(), 0, file.stat().st_size)
    except OSError as error:
        raise RecipeError("The disk has no room for the features of the training's pictures.") from error


def _alone(path: Path) -> AcquireReturnProxy:
    """The lock `path` for a ``with`` statement; waiting for it prints a message."""
    lock = FileLock(path)
    try:
        return lock.acquire(timeout=1)
    except Timeout:
        tqdm.write("Waiting for another training run that computes features ...", file=sys.stderr)
        return lock.acquire()


class CacheableDataset(Dataset):
    """Pictures with items drawn per epoch; `use_cache` replaces the pixels of its batches by cached features.

    Args:
        files: of each picture, or of the pictures of each mosaic.
        preprocessing: of the model.
        flip: share of the pictures that are always flipped with cached features.
    """

    def __init__(self, files: Sequence[Sequence[PictureFile]], preprocessing: Preprocessing, flip: float):
        self.preprocessing = preprocessing
        self._files = files
        self.flips = [always_flipped(" ".join(file.path.name for file in group), flip) for group in files]
        self.cache: FeatureCache | None = None
        self.epoch = 0

    @cached_property
    def names(self) -> list[str]:
        """Cache keys: paths, CRC of the files, whether a picture is turned upright, and whether it is flipped."""
        keys = {file: content_key(file.path) + " as stored" * (not file.upright) for file in chain(*self._files)}
        names = (" | ".join(keys[file] for file in group) for group in self._files)
        return [name + " mirrored" * flip for name, flip in zip(names, self.flips, strict=True)]

    def picture(self, number: int) -> np.ndarray:
        """(height, width, 3) uint8, of the model's size."""
        raise NotImplementedError

    def pixels(self, number: int) -> Tensor:
        """(3, height, width) of a picture as it is cached."""
        picture = normalise(self.picture(number).astype(np.float32) / 255, self.preprocessing)
        return flipped(picture, self.flips[number])

    def use_cache(self, cache: FeatureCache) -> None:
        """Add the pictures to `cache`; batches then hold its features instead of pixels."""
        cache.add(self.names, self.pixels)
        self.cache = cache

    def set_epoch(self, epoch: int) -> None:
        """Draw the items of this epoch."""
        self.epoch = epoch

    def __len__(self) -> int:
        return len(self.flips)


def _convenient(value: Tensor) -> Tensor:
    """The memory format in which convolutions are fastest."""
    return value.contiguous(memory_format=torch.channels_last) if value.ndim == 4 else value


def always_flipped(name: str, share: float) -> bool:
    """Whether the picture of this name is in the `share` that is always flipped."""
    return zlib.crc32(name.encode()) < share * 2**32


def content_key(path: Path) -> str:
    """The picture's path and the CRC of its file; `DatasetError` if it cannot be read."""
    return f"{path} {zlib.crc32(read_file(path)):08x}"


def fingerprint(parts: Iterable[nn.Module], described: str) -> str:
    """A hash of the weights of `parts` and of the description of their inputs."""
    digest = hashlib.sha256(described.encode())
    for part in parts:
        for name, value in part.state_dict().items():
            digest.update(name.encode())
            digest.update((value.detach().cpu() + 0).numpy().tobytes())  # -0.0 is 0.0
    return digest.hexdigest()[:16]
