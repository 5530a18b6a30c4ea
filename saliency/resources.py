"""Files that ship beside the code: checkpoints, recipes, examples.

In the repository they are folders at its top. A wheel holds them in ``saliency/resources/``, with the same names.
"""

from __future__ import annotations

from pathlib import Path

_PACKED = Path(__file__).with_suffix("")
_ROOT = _PACKED if _PACKED.is_dir() else Path(__file__).resolve().parents[1]


def resource(name: str) -> Path:
    """Path of a file or folder that ships, wherever the package is installed.

    Args:
        name: relative to the repository's top: ``checkpoints``, ``train``, ``assets/examples`` or ``CITATION.cff``.
    """
    return _ROOT / name
