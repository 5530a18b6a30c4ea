"""Arrays in NumPy's ``.npy`` and ``.npz`` files; never a pickle, and never more memory than the file says."""

from __future__ import annotations

import math
import zipfile
from collections.abc import Callable, Sequence
from io import BytesIO
from typing import IO

import numpy as np

from ..errors import GroundTruthError
from ..imaging import MAX_PIXELS

NPY = b"\x93NUMPY"
MAX_ARRAY_BYTES = 8 * MAX_PIXELS


def read_npy(content: bytes) -> np.ndarray:
    """The array of a ``.npy`` file.

    Raises:
        GroundTruthError: it is damaged, or holds anything but numbers.
    """
    return _array(lambda: BytesIO(content), len(content))


def _array(open_file: Callable[[], IO[bytes]], size: int) -> np.ndarray:
    """The array of a ``.npy`` file of `size` bytes; each opening begins at its start."""
    try:
        with open_file() as file:
            version = np.lib.format.read_magic(file)
            header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
            shape, _, dtype = header(file)
        if dtype.kind not in "biuf" or math.prod(shape) * dtype.itemsize > size:
            raise ValueError("more than the file has, or no numbers")
        with open_file() as file:
            return np.lib.format.read_array(file, allow_pickle=False)
    except Exception:  # numpy evaluates the header, and a hostile one raises nearly anything
        raise GroundTruthError("The .npy file is damaged or holds no plain numbers.") from None


def read_npz(content: bytes, known: Sequence[str]) -> np.ndarray:
    """The only array of a ``.npz`` file, or the one with a known name.

    Args:
        known: names in the order in which they are preferred.

    Raises:
        GroundTruthError: it has several arrays of other names, which are listed; or as `read_npy`.
    """
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            entries = {entry.filename.removesuffix(".npy"): entry for entry in archive.infolist()}
            names = list(entries)
            lower = {name.lower(): name for name in names}
            name = names[0] if len(names) == 1 else next((lower[key] for key in known if key in lower), None)
            if name is not None:
                if entries[name].file_size > MAX_ARRAY_BYTES:
                    raise GroundTruthError(
                        "The array “{name}” has more than {megabytes:,.0f} MB.",
                        name=name[:40],
                        megabytes=MAX_ARRAY_BYTES / 2**20,
                    )
                return _array(lambda: archive.open(entries[name]), entries[name].file_size)
    except GroundTruthError:
        raise
    except Exception:  # as above: damaged archives raise nearly anything
        raise GroundTruthError("The .npz file is damaged.") from None
    raise GroundTruthError(
        "The .npz file has several arrays: {names}. Please save the one that is meant alone, or call it {known}.",
        names=", ".join(name[:40] for name in names[:20]) or "-",
        known=known[0],
    )


def without_single_axes(array: np.ndarray) -> np.ndarray:
    """An array without leading and trailing axes of length 1, but of two axes at least."""
    while array.ndim > 2 and array.shape[0] == 1:
        array = array[0]
    while array.ndim > 2 and array.shape[-1] == 1:
        array = array[..., 0]
    return array
