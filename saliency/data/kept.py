"""What parts that do not learn say of pictures: found once, kept in files, read every epoch and by other trainings.

A picture then looks the same every time: those that are to be mirrored always are, and colours stay as they are.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import torch
from filelock import FileLock
from numpy.lib.format import open_memmap
from torch import Tensor, nn
from torch.utils.data import Dataset
from tqdm import tqdm

from ..errors import RecipeError
from ..files import write_whole
from ..models.base import ImageFeatures
from ..models.spec import Preprocessing
from ..preprocessing import flipped, normalise, stacked

BATCH = 8


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
        with FileLock(self._folder / "lock"):  # another training, or process of this one, may want the same
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
        for start in tqdm(starts, desc="looking at the pictures", unit_scale=BATCH, unit=" pictures", mininterval=5):
            part = names[start : start + BATCH]
            one.add(self._look(stacked([pixels(numbers[name]) for name in part])))

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
            self.files[name][self.done : end] = value.half().cpu().numpy()
        self.done = end
        write_whole(self._mark, partial(Path.write_text, data=json.dumps(end)))

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
            shape = (count, *value.shape[1:])
            self.files[name] = open_memmap(self._folder / f"{name}.npy", "w+", np.float16, shape)


class KeepableDataset(Dataset):
    """Pictures with what is drawn anew every epoch; what parts of a model say of them may be `keep`-ed.

    Args:
        paths: of each picture, or of the several that make it.
        preprocessing: of the model.
        flip: share of the pictures that are always mirrored once they are kept.
    """

    def __init__(self, paths: Sequence[Sequence[Path]], preprocessing: Preprocessing, flip: float):
        self.preprocessing = preprocessing
        self.flips = [always_mirrored(" ".join(path.name for path in shown), flip) for shown in paths]
        self.names = [named(shown, mirrored) for shown, mirrored in zip(paths, self.flips, strict=True)]
        self.kept: KeptFeatures | None = None
        self.epoch = 0

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
        return len(self.names)


def _convenient(value: Tensor) -> Tensor:
    """In the memory format convolutions are fastest in."""
    return value.contiguous(memory_format=torch.channels_last) if value.ndim == 4 else value


def always_mirrored(name: str, share: float) -> bool:
    """Whether the picture of this name is of the `share` that is always seen mirrored."""
    return zlib.crc32(name.encode()) < share * 2**32


def named(paths: Iterable[Path], mirrored: bool) -> str:
    """The name under which what is said of a picture, or of a mosaic of several, is kept."""
    return " | ".join(map(str, paths)) + " mirrored" * mirrored


def fingerprint(parts: Iterable[nn.Module], described: str) -> str:
    """A name for what `parts` say of pictures prepared as `described`: another one as soon as any of it changes."""
    digest = hashlib.sha256(described.encode())
    for part in parts:
        for name, value in part.state_dict().items():
            digest.update(name.encode())
            digest.update((value.detach().cpu() + 0).numpy().tobytes())  # -0.0 is 0.0
    return digest.hexdigest()[:16]
