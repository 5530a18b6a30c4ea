"""What the columns of a table of gaze hold, by the names that trackers and data sets give them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ..errors import GroundTruthError
from .recording import Units

_SHOWN = 20  # names in an error


@dataclass(frozen=True)
class Pair:
    """The names of one tracker's columns for x and y, without case, blanks, units and brackets.

    Attributes:
        units: that the names define; None: pixels or whatever the user says.
        samples: each row is one sample of gaze and not a fixation.
        screen: positions are on the screen, not on the picture.
    """

    x: str
    y: str
    units: Units | None = None
    samples: bool = False
    screen: bool = False


# The first pair that a table has is read.
PAIRS = (
    # Tobii Pro Lab and Tobii Studio; MCS are coordinates on the picture, DACS and ADCS on the screen.
    Pair("fixationpointx", "fixationpointy"),
    # SR Research Data Viewer: fixation report.
    Pair("currentfixx", "currentfixy", screen=True),
    # Gazepoint: fixations, best point of gaze.
    Pair("fpogx", "fpogy", Units.SHARES),
    Pair("bpogx", "bpogy", Units.SHARES, samples=True),
    # Pupil Core; Pupil Cloud writes "fixation x [px]" and "gaze x [px]".
    Pair("normposx", "normposy", Units.SHARES_FROM_BELOW),
    # SMI BeGaze, OGAMA.
    Pair("fixationpositionx", "fixationpositiony"),
    Pair("positionx", "positiony"),
    Pair("posx", "posy"),
    # This package's own and what people write by hand.
    Pair("x", "y"),
    Pair("col", "row"),
    Pair("column", "row"),
    Pair("fixationx", "fixationy"),
    Pair("fixx", "fixy"),
    Pair("xpos", "ypos"),
    Pair("xposition", "yposition"),
    Pair("xcoord", "ycoord"),
    Pair("xcoordinate", "ycoordinate"),
    Pair("meanx", "meany"),
    Pair("xnorm", "ynorm"),
    Pair("normx", "normy"),
    # Samples, where there is nothing better.
    Pair("gazepointx", "gazepointy", samples=True),
    Pair("gazex", "gazey", samples=True),
    Pair("averagegazex", "averagegazey", samples=True, screen=True),
    Pair("rightgazex", "rightgazey", samples=True, screen=True),
    Pair("leftgazex", "leftgazey", samples=True, screen=True),
)

# By role, the names in the order in which they are preferred.
ROLES = {
    "participant": (
        "participant",
        "participantname",
        "participantid",
        "recordingsessionlabel",
        "subject",
        "subjectname",
        "subjectid",
        "recordingname",
        "recordingid",
        "observer",
        "user",
    ),
    "picture": (
        "presentedstimulusname",
        "presentedmedianame",
        "medianame",
        "image",
        "imagename",
        "imgname",
        "img",
        "imageid",
        "picture",
        "stimulus",
        "stimulusname",
        "filename",
        "file",
        "trialimage",
    ),
    "duration": (
        "duration",
        "durationms",
        "currentfixduration",
        "gazeeventduration",
        "eventduration",
        "fpogd",
        "fixationduration",
        "fixduration",
        "length",
    ),
    "milliseconds": ("milliseconds", "currentfixstart", "eventstarttrialtime", "onset"),
    "round": ("round",),
    "order": ("order",),
    "trial": ("trial", "trialindex", "trialid", "section", "sectionid"),
    "event": ("eyemovementtype", "gazeeventtype", "category", "eventtype", "event", "type"),
    "fixation": ("fpogid", "eyemovementtypeindex", "fixationindex", "fixationid"),
    "eye": ("eye", "eyeused"),
    "valid": ("fpogv", "bpogv", "valid", "isvalid"),
    "valid_left": ("validityleft",),
    "valid_right": ("validityright",),
    "confidence": ("confidence",),
}

_DEFAULT_SECONDS = {"fpogd": 1}  # Gazepoint names no unit
_MILLISECONDS = {"ns": 1e-6, "us": 1e-3, "µs": 1e-3, "ms": 1.0, "s": 1e3, "sec": 1e3, "seconds": 1e3, "": 1.0}
_PIXELS = ("px", "pix", "pixel", "pixels")
_LENGTHS = ("mm", "cm", "deg")
_UNITS = {*_PIXELS, *_LENGTHS, *_MILLISECONDS} - {""}  # "norm" is one in brackets only: elsewhere it leads a name


@dataclass(frozen=True)
class Columns:
    """Which columns of a table are read.

    Attributes:
        numbers: index of the column by its role.
        names: as the file writes them, by role.
        pair: what the names of x and y define.
        scale: milliseconds per unit of the columns of times, by role.
        rivals: other columns of the same name as that of x.
    """

    numbers: dict[str, int]
    names: dict[str, str]
    pair: Pair
    scale: dict[str, float]
    rivals: tuple[str, ...] = ()


def find_columns(names: Sequence[str]) -> Columns:
    """The columns that are read, by their names.

    Raises:
        GroundTruthError: none are known as x and y, or they are neither in pixels nor in shares; the names are listed.
    """
    keys = [_key(name) for name in names]
    rated = [(pair, *found) for pair in PAIRS if (found := _pair(pair, keys))]
    if not rated:
        raise GroundTruthError(
            "None of the table's columns are known as x and y. They are: {columns}. Please call two of them x and y.",
            columns=listed(names),
        )
    pair, x, y, unit = next((one for one in rated if one[3] not in _LENGTHS), rated[0])
    if unit in _LENGTHS:
        raise GroundTruthError(
            "The column “{name}” is in {unit}; positions are read in pixels or in shares of the picture.",
            name=names[x],
            unit=unit,
        )
    pair = Pair(
        pair.x,
        pair.y,
        Units.SHARES if unit == "norm" and pair.units is None else pair.units,
        pair.samples,
        pair.screen or bool(re.search(r"\b(DACS|ADCS)", names[x], re.IGNORECASE)),
    )
    numbers, scale = {"x": x, "y": y}, {}
    for role, known in ROLES.items():
        number = next((keys.index(key) for key in _variants(known, keys) if keys.index(key) not in (x, y)), None)
        if number is not None:
            numbers[role] = number
            name, unit = keys[number]
            scale[role] = _MILLISECONDS.get(unit or ("s" if name in _DEFAULT_SECONDS else ""), 1.0)
    rivals = tuple(name for number, name in enumerate(names) if keys[number] == keys[x] and number != x)
    return Columns(numbers, {role: names[number] for role, number in numbers.items()}, pair, scale, rivals)


def listed(names: Sequence[str]) -> str:
    """Names for a sentence, cut to a length that fits one."""
    shown = [str(name)[:40] for name in names[:_SHOWN] if str(name).strip()]
    return ", ".join(shown) + (", ..." if len(names) > _SHOWN else "")


def _key(name: str) -> tuple[str, str]:
    """A name without case, blanks, marks and brackets; and its unit, "" where it names none.

    ``Fixation point X [DACS px]`` is ("fixationpointx", "px"), ``x_px`` is ("x", "px").
    """
    text = name.strip().lower()
    brackets = re.findall(r"[(\[{]([^)\]}]*)[)\]}]", text)
    unit = next((unit for bracket in brackets if (unit := _unit(bracket))), "")
    words = re.findall(r"[^\W_]+", re.sub(r"[(\[{][^)\]}]*[)\]}]?", " ", text))
    if not unit and len(words) > 1 and words[-1] in _UNITS:
        unit = words.pop()
    return "".join(words), unit


def _unit(bracket: str) -> str:
    """The unit in brackets: ``DACS px``, ``MCSpx``, ``ms``."""
    last = re.sub(r"^(mcs|dacs|adcs)", "", bracket.replace(" ", "").replace("_", ""))
    return last if last in _UNITS or last == "norm" else ""


def _pair(pair: Pair, keys: Sequence[tuple[str, str]]) -> tuple[int, int, str] | None:
    """Numbers of the columns of x and y, of one unit, pixels first; and that unit."""
    for unit in (*_PIXELS, "", "norm", *_LENGTHS):
        if (pair.x, unit) in keys and (pair.y, unit) in keys:
            return keys.index((pair.x, unit)), keys.index((pair.y, unit)), unit
    return None


def _variants(known: Sequence[str], keys: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """The keys of a role that a table has, preferred names first."""
    return [key for name in known for key in keys if key[0] == name]
