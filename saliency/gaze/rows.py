"""From the rows of a table of gaze to a recording: which rows are fixations of this picture, by whom and when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

import numpy as np
import pandas as pd

from ..errors import GroundTruthError
from ..messages import Message
from .columns import Columns, Pair, find_columns
from .coordinates import check_count, names_of, nothing_left, strictly, to_pixels
from .recording import Fixation, GazeOptions, Recording, Units
from .tables import LOST, NUMBER, Table, numbers

_NAME_LENGTH = 100
_INVALID = {"0", "0.0", "false", "invalid", "no"}
_UNSURE = 0.6  # Pupil's own threshold of confidence
_ROLES = ("x", "y", "participant", "round", "order", "milliseconds", "duration")
_OFTEN_MISSING = ("milliseconds", "duration")  # trackers mark a time that they do not know as they mark lost samples
_PLAIN = Columns({"x": 0, "y": 1}, {}, Pair("x", "y"), {})


@dataclass
class _Rows:
    """Rows on their way to fixations.

    Attributes:
        frame: the cells by role.
        columns: of the file.
        left_out, notices: as `Recording` has them.
    """

    frame: pd.DataFrame
    columns: Columns
    left_out: dict[str, int] = field(default_factory=dict)
    notices: list[Message] = field(default_factory=list)

    def leave_out(self, which: pd.Series, reason: str) -> int:
        """Drops rows and counts them."""
        number = int(which.sum())
        if number:
            self.left_out[reason] = self.left_out.get(reason, 0) + number
            self.frame = self.frame[~which]
        return number

    def has(self, role: str) -> bool:
        return role in self.frame.columns


def table_recording(table: Table, shape: tuple[int, int], options: GazeOptions, participant: str) -> Recording:
    """The recording of a table; see `read_fixations`."""
    if table.names is None:
        if table.width < 2:
            raise GroundTruthError("The fixation table must have two numbers a line: x, y.")
        if table.width > 2:
            raise GroundTruthError(
                "The table has {count} columns without names, and which are x and y cannot be known: {preview}. Please "
                "name them in a first line, for example “participant,x,y,duration”.",
                count=table.width,
                preview=table.preview(),
            )
    columns = _PLAIN if table.names is None else find_columns(table.names)
    frame = table.cells(list(columns.numbers.values()))
    frame.columns = list(columns.numbers)
    rows = _Rows(frame, columns)
    if table.comments:
        rows.notices.append(Message("Lines passed over as comments: {number:,}.", number=table.comments))
    return _recording(rows, shape, options, participant)


def frame_recording(frame: pd.DataFrame, shape: tuple[int, int], options: GazeOptions, participant: str) -> Recording:
    """The recording of a frame whose columns have names as those of a table."""
    columns = find_columns([str(name) for name in frame.columns])
    named = frame.iloc[:, list(columns.numbers.values())].reset_index(drop=True)
    named.columns = list(columns.numbers)
    return _recording(_Rows(named, columns), shape, options, participant)


def positions_recording(
    positions: np.ndarray, shape: tuple[int, int], options: GazeOptions, participant: str
) -> Recording:
    """The recording of bare positions, (N, 2) (x, y)."""
    frame = pd.DataFrame(np.asarray(positions, dtype=np.float64), columns=["x", "y"])
    return _recording(_Rows(frame, _PLAIN), shape, options, participant)


def _recording(rows: _Rows, shape: tuple[int, int], options: GazeOptions, participant: str) -> Recording:
    total = len(rows.frame)
    _tell_columns(rows)
    _choose_picture(rows, options.picture)
    _choose_fixations(rows)
    _choose_eye(rows)
    merged = _merge(rows)
    if rows.frame.empty:
        raise nothing_left(rows.left_out)
    names = rows.columns.names
    positions = np.stack([numbers(rows.frame[axis], names.get(axis, axis)) for axis in "xy"], axis=1)
    pixels = to_pixels(positions, shape, options, rows.columns.pair.units)
    _tell_units(rows, pixels.units, options)
    for reason, number in pixels.left_out.items():
        rows.left_out[reason] = rows.left_out.get(reason, 0) + number
    used = rows.frame.iloc[pixels.rows]
    return Recording(
        _fixations(pixels.points, used, rows.columns, participant),
        (shape[0], shape[1]),
        pixels.units,
        names,
        total - merged,
        rows.left_out,
        (*rows.notices, *pixels.notices),
    )


# --- which rows -------------------------------------------------------------------------------------------------------


def _choose_picture(rows: _Rows, picture: str | None) -> None:
    """Keeps the rows of one picture where a column names several."""
    if not rows.has("picture"):
        return
    named = rows.frame["picture"].map(_text)
    names = [name for name in dict.fromkeys(named) if name.lower() not in LOST]
    if names and (number := rows.leave_out(named.str.lower().isin(LOST), "other_picture")):
        rows.notices.append(
            Message(
                "Rows that name no picture in the column “{column}”, which were not read: {number:,}.",
                column=rows.columns.names["picture"],
                number=number,
            )
        )
    if picture is None and len(names) > 1:
        raise GroundTruthError(
            "The file has gaze on {count:,} pictures, by its column “{column}”; please name the one that is meant: "
            "{names}.",
            count=len(names),
            column=rows.columns.names["picture"],
            names=names_of(names),
        )
    if picture is None or not names:
        return
    named = named[rows.frame.index]
    fits = named.map(lambda name: same_picture(name, picture))
    if fits.any():
        if number := rows.leave_out(~fits, "other_picture"):
            rows.notices.append(
                Message(
                    "Rows of other pictures than “{picture}” that were not read: {number:,}.",
                    picture=picture,
                    number=number,
                )
            )
    elif len(names) > 1:
        raise GroundTruthError(
            "The file has no gaze on the picture “{picture}”; by its column “{column}” it is of {names}.",
            picture=picture,
            column=rows.columns.names["picture"],
            names=names_of(names),
        )
    else:
        rows.notices.append(Message("The file names its picture “{name}”.", name=names[0][:_NAME_LENGTH]))


def same_picture(name: str, picture: str) -> bool:
    """Whether two names of a picture agree but for folder, extension and case."""
    return bool({name.lower(), _stem(name)} & {picture.lower(), _stem(picture)})


def _stem(name: str) -> str:
    """A name without folder and extension; a suffix with a blank or longer than four letters is none."""
    base = PurePosixPath(name.replace("\\", "/")).name.lower()
    stem, dot, suffix = base.rpartition(".")
    return stem if dot and suffix.isalnum() and len(suffix) <= 4 else base


def _choose_fixations(rows: _Rows) -> None:
    """Leaves out saccades, blinks and what the tracker marks as invalid."""
    if rows.has("event"):
        events = rows.frame["event"].map(_text).str.lower()
        fixations = events.str.startswith("fix") | (events == "efix")
        known = rows.columns.names["event"].lower().replace(" ", "").startswith(("eyemovementtype", "gazeeventtype"))
        if (fixations.any() or known) and (number := rows.leave_out(~fixations, "not_fixations")):
            rows.notices.append(
                Message(
                    "Rows that are no fixations, by the column “{column}”: {number:,}.",
                    column=rows.columns.names["event"],
                    number=number,
                )
            )
    _leave_out_invalid(rows, _INVALID, "valid")
    _leave_out_invalid(rows, {"invalid"}, "valid_left", "valid_right")  # Tobii Studio's numbers are valid at 0
    if rows.has("confidence"):
        unsure = int((numbers(rows.frame["confidence"], rows.columns.names["confidence"]) < _UNSURE).sum())
        if unsure:
            rows.notices.append(
                Message(
                    "Positions of a confidence below {least}, which were read: {number:,}.",
                    least=_UNSURE,
                    number=unsure,
                )
            )


def _leave_out_invalid(rows: _Rows, marks: set[str], *roles: str) -> None:
    """Leaves out the rows that all columns of `roles` mark as invalid."""
    if not all(map(rows.has, roles)):
        return
    invalid = np.all([rows.frame[role].map(_text).str.lower().isin(marks) for role in roles], axis=0)
    if number := rows.leave_out(pd.Series(invalid, index=rows.frame.index), "lost"):
        rows.notices.append(
            Message(
                "Rows that the tracker marks as invalid, by the column “{column}”: {number:,}.",
                column=rows.columns.names[roles[0]],
                number=number,
            )
        )


def _choose_eye(rows: _Rows) -> None:
    """Keeps one eye, the one with more rows, where both were recorded: each fixation would count twice."""
    if not rows.has("eye"):
        return
    eyes = rows.frame["eye"].map(_text).str.lower().str[:1]
    counts = eyes[eyes.isin(["l", "r"])].value_counts()
    if len(counts) < 2:
        return
    eye = counts.sort_index(ascending=False).idxmax()
    number = rows.leave_out(eyes.isin({"l", "r"} - {eye}), "other_eye")
    rows.notices.append(
        Message(
            "Both eyes were recorded; the right one was read, without {number:,} rows of the left one.", number=number
        )
        if eye == "r"
        else Message(
            "Both eyes were recorded; the left one was read, without {number:,} rows of the right one.", number=number
        )
    )


def _merge(rows: _Rows) -> int:
    """Makes one row of the consecutive rows of one fixation; returns how many rows that took away.

    Trackers that write a row per sample number the fixations. Their positions of a fixation get better from row to row,
    so the last one counts; of samples of gaze it is the mean.
    """
    if not rows.has("fixation") or rows.frame.empty:
        return 0
    keys = [role for role in ("participant", "picture", "round", "trial", "eye", "fixation") if rows.has(role)]
    cells = rows.frame[keys].map(_text)
    numbered = ~cells["fixation"].str.lower().isin(LOST)
    runs = ((cells != cells.shift()).any(axis=1) | ~numbered).cumsum()
    count, names = len(rows.frame), rows.columns.names
    if runs.iloc[-1] == count:
        return 0
    positions = {axis: numbers(rows.frame[axis], names[axis]) for axis in "xy"}
    lost = pd.DataFrame(positions).isna().any(axis=1)
    placed = rows.frame.assign(**positions)
    usable = placed[~lost | ~runs.isin(runs[~lost])]  # a fixation without any position stays, and is counted as lost
    groups = usable.groupby(runs[usable.index], sort=False)
    if rows.columns.pair.samples:
        means = groups[["x", "y"]].mean()
        rows.frame = groups.tail(1).assign(x=means["x"].to_numpy(), y=means["y"].to_numpy())
    else:
        rows.frame = groups.tail(1)
    rows.notices.append(
        Message(
            "{rows:,} rows were read as {count:,} fixations, which the column “{column}” numbers.",
            rows=count,
            count=len(rows.frame),
            column=names["fixation"],
        )
    )
    return count - len(rows.frame)


# --- sentences --------------------------------------------------------------------------------------------------------


def _tell_columns(rows: _Rows) -> None:
    names, pair = rows.columns.names, rows.columns.pair
    if names and (names["x"].strip().lower(), names["y"].strip().lower()) != ("x", "y"):
        rows.notices.append(Message("The columns “{x}” and “{y}” were read as x and y.", x=names["x"], y=names["y"]))
    if rows.columns.rivals:
        rows.notices.append(
            Message("Several columns are called “{name}”; the first of them was read.", name=rows.columns.rivals[0])
        )
    if pair.samples and "fixation" not in names:
        rows.notices.append(
            Message(
                "The column “{name}” has samples of gaze and no fixations; each row counts as one.", name=names["x"]
            )
        )


def _tell_units(rows: _Rows, units: Units, options: GazeOptions) -> None:
    names, pair = rows.columns.names, rows.columns.pair
    if options.units is Units.AUTO and pair.units is not None:
        rows.notices.append(
            Message(
                "The columns “{x}” and “{y}” hold shares of the width and height, y from below; they became pixels.",
                x=names["x"],
                y=names["y"],
            )
            if units is Units.SHARES_FROM_BELOW
            else Message(
                "The columns “{x}” and “{y}” hold shares of the width and height, y from above; they became pixels.",
                x=names["x"],
                y=names["y"],
            )
        )
    if pair.screen and options.screen is None:
        rows.notices.append(
            Message(
                "The column “{name}” has positions on the screen, and they were read as pixels of the picture; where "
                "the two differ, please give the screen's size and how the picture was shown.",
                name=names["x"],
            )
        )


# --- fixations --------------------------------------------------------------------------------------------------------


def _fixations(points: np.ndarray, frame: pd.DataFrame, columns: Columns, participant: str) -> tuple[Fixation, ...]:
    check_count(len(points))
    count = len(points)
    people = frame["participant"].map(_text).tolist() if "participant" in frame else [""] * count
    rounds, orders, onsets, durations = (
        _whole(frame, columns, role, count) for role in ("round", "order", "milliseconds", "duration")
    )
    return tuple(
        Fixation(
            int(x),
            int(y),
            (people[number] or participant)[:_NAME_LENGTH],
            _or(rounds[number], 1),
            _or(orders[number], number + 1),
            onsets[number],
            durations[number],
        )
        for number, (y, x) in enumerate(points)
    )


def _whole(frame: pd.DataFrame, columns: Columns, role: str, count: int) -> list[int | None]:
    """Whole numbers of a column, times in milliseconds; None where the cell or the column is missing."""
    if role not in frame:
        return [None] * count
    name = columns.names.get(role, role)
    values = numbers(frame[role], name) * columns.scale.get(role, 1.0)
    known = values.notna() if role in _OFTEN_MISSING else frame[role].map(_text) != ""
    if not (np.abs(values[known]) < 1e15).all():  # false for NaN, too
        raise GroundTruthError("The fixation table's column “{name}” must hold numbers.", name=name)
    return [None if np.isnan(value) else round(value) for value in values]


def _or(value: int | None, otherwise: int) -> int:
    return otherwise if value is None else value


def _text(cell: Any) -> str:
    """A cell as text; "" where there is none."""
    return "" if cell is None or cell != cell else str(cell).strip()


def strict_fixations(
    rows: Sequence[Mapping[str, Any]], shape: tuple[int, int], participant: str
) -> tuple[Fixation, ...]:
    """Fixations of rows that were read already, cells by the names that `Fixation` has; none may be left out.

    Raises:
        GroundTruthError: a position is no pair of numbers, looks like shares, or lies outside of the picture.
    """
    check_count(len(rows))
    if not rows:
        raise nothing_left({})
    if not all(isinstance(row, Mapping) and _is_flat(row) for row in rows):
        raise GroundTruthError("The fixation table must have two numbers a line: x, y.")
    frame = pd.DataFrame([{role: row.get(role) for role in _ROLES} for row in rows], dtype=object)
    positions = np.stack([_numbers_or_lost(frame[axis]) for axis in "xy"], axis=1)
    if np.isnan(positions).any():
        raise GroundTruthError("The fixation table must have two numbers a line: x, y.")
    points = strictly(to_pixels(positions, shape), len(rows), shape)
    return _fixations(points, frame, _PLAIN, participant)


def _is_flat(row: Mapping[str, Any]) -> bool:
    return all(cell is None or isinstance(cell, str | int | float) for cell in map(row.get, _ROLES))


def _numbers_or_lost(cells: pd.Series) -> pd.Series:
    """As `numbers`; what is no number is lost."""
    return cells.map(lambda cell: float(cell) if NUMBER.fullmatch(_text(cell)) else np.nan).astype("float64")
