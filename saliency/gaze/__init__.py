"""Where people looked, as users have it: density maps and fixations in the formats of trackers and data sets."""

from .reading import load_fixations, load_map, load_recording, read_density, read_fixations, recording
from .recording import DensityMap, Fixation, GazeOptions, Recording, Screen, Shown, Units

__all__ = [
    "DensityMap",
    "Fixation",
    "GazeOptions",
    "Recording",
    "Screen",
    "Shown",
    "Units",
    "load_fixations",
    "load_map",
    "load_recording",
    "read_density",
    "read_fixations",
    "recording",
]
