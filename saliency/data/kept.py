"""What parts that do not learn say of pictures: found once, kept in files, read every epoch and by other trainings.

A picture then looks the same every time: those that are to be mirrored always are, and colours stay as they are.
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

from ..errors import RecipeError
from ..files import write_whole
from ..models.features import ImageFeatures
from ..preprocessing import Preprocessing, flipped, normalise, stacked
from .samples import read_file

BATCH = 8
MARKED = 128  # so many pictures at most are looked at anew after a pass was killed


class KeptFeatures:
    """Features of pictures by the pictures' names, in half precision.

    Every pass over pictures that are not there yet is a folder of its own; a broken one is gone on with.

    Args:
        folder: of the passes.
        look: features, tensors (N, ...), of pictures (N, 3, H, W).
    """

    def __init__(self, folder: Path, look: Callable[[Tensor], ImageFeatures]):
        self._folder = folder
        self._look = look
        self._rows: dict[str, tuple[_Pass, int]] = {}

    def keep(self, names: Sequence[str], pixels: Callable[[int], Tensor]) -> None:
        """Have what is said of the pictures of these `names` at hand.

        Args:
            pixels: (3, H, W) of the picture with this number among the names.

        Raises:
            RecipeError: the disk has no room for it.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        with _alone(self._folder / "lock"):  # another training, or process of this one, may want the same
            self._find()
            numbers = {name: number for number, name in enumerate(names) if name not in self._rows}
            if numbers:
                self._look_at(numbers, pixels)
                self._find()

    def _find(self) -> None:
        """Read what there is."""
        for one in self._passes():
            self._rows |= {name: (one, row) for row, name in enumerate(one.names[: one.done])}

    def _passes(self) -> Iterator[_Pass]:
        return (_Pass(path.parent) for path in sorted(self._folder.glob("*/names.json")))

    def _look_at(self, numbers: dict[str, int], pixels: Callable[[int], Tensor]) -> None:
        names = list(numbers)
        broken = (one for one in self._passes() if one.names[one.done :] == names)
        one = next(broken, None) or _Pass.begin(self._folder, names)
        starts = range(0, len(names), BATCH)
        shown = tqdm(starts, "looking at the pictures", unit=" pictures", unit_scale=BATCH, mininterval=5)
        try:
            for start in shown:
                part = names[start : start + BATCH]
                one.add(self._look(stacked([pixels(numbers[name]) for name in part])))
        finally:
            one.mark()

    def gather(self, names: Sequence[str]) -> ImageFeatures:
        """Features of the pictures of these names, float32."""
        rows = [self._rows[name] for name in names]
        found = {name: np.stack([one.files[name][row] for one, row in rows]) for name in rows[0][0].files}
        return {name: _convenient(torch.from_numpy(value).float()) for name, value in found.items()}


class _Pass:
    """A pass over pictures: a folder with their names, one file a feature, and how far it has come."""

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
                raise RecipeError(f"What is seen in the pictures ({name}) is too large for half precision to be kept.")
            self.files[name][self.done : end] = half.cpu().numpy()
        due = end // MARKED > self.done // MARKED
        self.done = end
        if due:
            self.mark()

    def mark(self) -> None:
        """Write down how far it is, once everything up to there lies on the disk."""
        for file in self.files.values():
            file.flush()
        write_whole(self._mark, partial(Path.write_text, data=json.dumps(self.done)))

    def _create(self, features: ImageFeatures) -> None:
        count = len(self.names)
        needed = sum(value[0].numel() * 2 * count for value in features.values())
        free = shutil.disk_usage(self._folder).free
        if needed > free:
            raise RecipeError(
                f"What is seen in the training's pictures takes {needed / 1e9:.1f} GB in "
                f"“{self._folder.parent.parent}”, and {free / 1e9:.1f} GB are free."
            )
        for name, value in features.items():
            path = self._folder / f"{name}.npy"
            self.files[name] = open_memmap(path, "w+", np.float16, (count, *value.shape[1:]))
            _reserve(path)


def _reserve(file: Path) -> None:
    """Have the disk's room for all of a file that is yet empty: to write where there is none ends the process."""
    if not hasattr(os, "posix_fallocate"):
        return
    try:
        with file.open("r+b") as opened:
            os.posix_fallocate(opened.fileno(), 0, file.stat().st_size)
    except OSError as error:
        raise RecipeError("The disk has no room for what is seen in the training's pictures.") from error


def _alone(path: Path) -> AcquireReturnProxy:
    """The lock `path`, held until the end of a ``with``; who has to wait for it is told."""
    lock = FileLock(path)
    try:
        return lock.acquire(timeout=1)
    except Timeout:
        tqdm.write("Waiting for another training that looks at pictures ...", file=sys.stderr)
        return lock.acquire()


class KeepableDataset(Dataset):
    """Pictures with what is drawn anew every epoch; what parts of a model say of them may be `keep`-ed.

    Args:
        paths: of each picture, or of the several that make it.
        preprocessing: of the model.
        flip: share of the pictures that are always mirrored once they are kept.
    """

    def __init__(self, paths: Sequence[Sequence[Path]], preprocessing: Preprocessing, flip: float):
        self.preprocessing = preprocessing
        self._paths = paths
        self.flips = [always_mirrored(" ".join(path.name for path in shown), flip) for shown in paths]
        self.kept: KeptFeatures | None = None
        self.epoch = 0

    @cached_property
    def names(self) -> list[str]:
        """Under which what is said of each picture is kept: its files, what is in them, and whether it is mirrored."""
        files = {path: with_contents(path) for path in chain.from_iterable(self._paths)}
        shown = (" | ".join(files[path] for path in paths) for paths in self._paths)
        return [name + " mirrored" * mirrored for name, mirrored in zip(shown, self.flips, strict=True)]

    def picture(self, number: int) -> np.ndarray:
        """(height, width, 3) uint8, of the model's size."""
        raise NotImplementedError

    def pixels(self, number: int) -> Tensor:
        """(3, height, width) of a picture as it is kept."""
        picture = normalise(self.picture(number).astype(np.float32) / 255, self.preprocessing)
        return flipped(picture, self.flips[number])

    def keep(self, kept: KeptFeatures) -> None:
        """Have what is said of the pictures at hand; batches are then of that."""
        kept.keep(self.names, self.pixels)
        self.kept = kept

    def set_epoch(self, epoch: int) -> None:
        """Draw otherwise than in the epoch before."""
        self.epoch = epoch

    def __len__(self) -> int:
        return len(self.flips)


def _convenient(value: Tensor) -> Tensor:
    """In the memory format convolutions are fastest in."""
    return value.contiguous(memory_format=torch.channels_last) if value.ndim == 4 else value


def always_mirrored(name: str, share: float) -> bool:
    """Whether the picture of this name is of the `share` that is always seen mirrored."""
    return zlib.crc32(name.encode()) < share * 2**32


def with_contents(path: Path) -> str:
    """The picture's path, and a number that another picture at that path would not have; `DatasetError` where it cannot
    be read."""
    return f"{path} {zlib.crc32(read_file(path)):08x}"


def fingerprint(parts: Iterable[nn.Module], described: str) -> str:
    """A name for what `parts` say of pictures prepared as `described`: another one as soon as any of their weights or a
    word of that changes."""
    digest = hashlib.sha256(described.encode())
    for part in parts:
        for name, value in part.state_dict().items():
            digest.update(name.encode())
            digest.update((value.detach().cpu() + 0).numpy().tobytes())  # -0.0 is 0.0
    return digest.hexdigest()[:16]
