"""A comparison in a ZIP: written, read and run again."""

from .recorded import MAPS, PICTURE, RECORD, TOLERANCE, Recorded, Replayed, changed_weights, read_recorded, replay
from .writer import metrics_csv, write_archive

__all__ = [
    "MAPS",
    "PICTURE",
    "RECORD",
    "TOLERANCE",
    "Recorded",
    "Replayed",
    "changed_weights",
    "metrics_csv",
    "read_recorded",
    "replay",
    "write_archive",
]
