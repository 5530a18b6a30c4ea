"""Files of a data set by picture: the usual names and endings of folders and files."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from ..errors import DatasetError
from .samples import IMAGE_EXTENSIONS

DENSITY_EXTENSIONS = (*IMAGE_EXTENSIONS, ".npy", ".npz", ".mat")
FIXATION_EXTENSIONS = (*IMAGE_EXTENSIONS, ".mat", ".csv", ".tsv", ".txt", ".json", ".asc", ".npy", ".npz")
# Of fixations beside the pictures themselves: a .txt or .json there may be a caption or boxes.
BESIDE_EXTENSIONS = (".mat", ".csv", ".tsv", ".asc")

# Without case, blanks, hyphens and underscores.
IMAGE_FOLDERS = ("images", "image", "stimuli", "pictures", "allstimuli", "img", "imgs")
MAP_FOLDERS = (
    "maps", "map", "saliencymaps", "saliency", "densitymaps", "densities", "density", "heatmaps", "fixationmaps",
    "allfixationmaps",
)  # fmt: skip
FIXATION_FOLDERS = (
    "fixations", "fixation", "fixationlocs", "fixationlocations", "fixationpoints", "fixpts", "points", "gaze",
)  # fmt: skip

# Without case. “_fixmap” is what its folder is: MIT1003 calls blurred maps so, others the fixations.
MAP_ENDINGS = ("_saliencymap", "_saliency", "_densitymap", "_density", "_heatmap", "_smap", "_map")
FIXATION_ENDINGS = ("_fixpts", "_fixlocs", "_fixations", "_fixation", "_fix", "_points", "_gaze")
EITHER_ENDING = "_fixmap"

_PASSED_OVER = ("__macosx", "thumbs.db", "desktop.ini")


def find_folder(root: Path, names: Iterable[str]) -> Path | None:
    """The folder in `root` with the first of `names` that one has, without case, blanks, hyphens and underscores."""
    folders = {_plain(path.name): path for path in sorted(root.iterdir(), reverse=True) if path.is_dir()}
    return next((folders[name] for name in names if name in folders), None)


def _plain(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "").replace(" ", "")


def list_files(
    folder: Path | None, extensions: Collection[str], *, ignored: Collection[str] = (), recursive: bool = True
) -> dict[str, Path]:
    """Files in `folder` and its folders by their name in it without extension, e.g. ``Action/001``, in that order.

    What systems add is passed over: hidden files (``._x.jpg``, ``.DS_Store``), ``Thumbs.db`` and ``__MACOSX``. Of two
    files of one name a picture goes before a file of another kind.

    Args:
        folder: None holds no files.
        extensions: in lower case; other files are passed over.
        ignored: names of folders that are passed over, too.
        recursive: False lists the files of `folder` alone.

    Raises:
        DatasetError: two pictures, or two files of other kinds, have one name.
    """
    found: dict[str, Path] = {}
    if folder is None:
        return found
    for path in sorted(_walk(folder, ignored, recursive)):
        if path.suffix.lower() not in extensions:
            continue
        name = path.relative_to(folder).with_suffix("").as_posix()
        other = found.get(name)
        if other is None or (_is_image(path) and not _is_image(other)):
            found[name] = path
        elif _is_image(path) == _is_image(other):
            raise DatasetError(
                "Two files in “{folder}” are called “{name}”; which one to use cannot be known.",
                folder=folder.name,
                name=name,
            )
    return found


def _walk(folder: Path, ignored: Collection[str], recursive: bool) -> Iterable[Path]:
    for parent, folders, names in os.walk(folder, followlinks=True):
        folders[:] = [name for name in folders if recursive and not _is_passed_over(name) and name not in ignored]
        yield from (Path(parent, name) for name in names if not _is_passed_over(name))


def _is_passed_over(name: str) -> bool:
    return name.startswith(".") or name.lower() in _PASSED_OVER


def _is_image(path: Path) -> bool:
    return path.suffix.lower() in IMAGE_EXTENSIONS


def match(files: Mapping[str, Path], pictures: Collection[str], endings: Iterable[str] = ()) -> dict[str, Path]:
    """The `files` of `pictures`, by the picture's name.

    A file is of a picture where it has its name, or its name and one of `endings`; a file of the very name goes before
    others, and an ending before those after it.
    """
    found = {name: path for name, path in files.items() if name in pictures}
    for ending in endings:
        for name, path in files.items():
            if name not in pictures and name.lower().endswith(ending):
                picture = name[: -len(ending)]
                if picture in pictures:
                    found.setdefault(picture, path)
    return found
