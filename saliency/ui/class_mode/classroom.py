"""Classes that mark one picture together: their state on the server, in memory while they last.

A lecturer opens a class and gets a code, which is shown to everybody, and a secret, by which alone the class is read
and ended. Who has the code gets the picture and hands in marks. A class ends when the lecturer ends it, when it is too
old, or when the lecturer's page has been away for a while; then nothing is left of it.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import Any

from saliency.errors import ClassError
from saliency.gaze import Fixation
from saliency.results import Comparison

LETTERS = "ABCDEFGHJKMNPQRTUVWXY"  # no letter that resembles another one or a digit
CODE_LENGTH = 6
MOST_CLASSES = 8
MOST_PARTICIPANTS = 60
MOST_MARKS = 50  # of a participant in a round
MOST_ROUNDS = 10
MOST_CHARACTERS = 40  # of a name
LASTS = 2 * 60 * 60  # seconds
AWAY = 5 * 60  # seconds without a poll of the lecturer's page; browsers limit pages in the background to one per minute


@dataclass(frozen=True, eq=False)
class Task:
    """The task of a class.

    Attributes:
        picture: the message that puts it on a stage (`gaze_stage`), with the picture's own width and height.
        sentence: to be read before; may be empty.
        seconds: how long the picture is shown.
        comparison: the models' maps of the picture after the sentence.
    """

    picture: Mapping[str, Any]
    sentence: str
    seconds: float
    comparison: Comparison


@dataclass(frozen=True)
class Standing:
    """The state of a class.

    Attributes:
        participants: how many have handed in marks.
        fixations: everybody's; a participant without a name is called by a number.
        version: another one after every change.
    """

    participants: int
    fixations: tuple[Fixation, ...]
    version: int


@dataclass(eq=False)
class _Class:
    secret: str
    task: Task
    opened: float
    heard: float
    marks: dict[str, tuple[Fixation, ...]] = field(default_factory=dict)  # by a participant's token
    names: dict[str, str] = field(default_factory=dict)  # by a participant's token
    version: int = 0


class Classroom:
    """All classes that are open. Safe to be used from several threads.

    Args:
        clock: seconds, never going back.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic):
        self._clock = clock
        self._lock = Lock()
        self._classes: dict[str, _Class] = {}

    def open(self, task: Task) -> tuple[str, str]:
        """A new class: its code and its secret.

        Raises:
            ClassError: there are too many.
        """
        with self._lock:
            self._forget()
            if len(self._classes) >= MOST_CLASSES:
                raise ClassError(
                    "There are already {most} classes open here; please try again later.", most=MOST_CLASSES
                )
            code = _new_code()
            while code in self._classes:
                code = _new_code()
            secret, now = secrets.token_urlsafe(16), self._clock()
            self._classes[code] = _Class(secret, task, now, now)
            return code, secret

    def task(self, code: str) -> Task:
        """The task of the class of a code, as typed.

        Raises:
            ClassError: there is none.
        """
        with self._lock:
            return self._by_code(code).task

    def hand_in(self, code: str, token: str, name: str, fixations: Sequence[Fixation]) -> int:
        """Puts a participant's marks in the place of those handed in before; how many there are.

        Args:
            token: of the participant, from `new_token`.
            name: as the participant wrote it; may be empty, and is changed where another one has it.
            fixations: in the picture's pixels; who they are of is not read.

        Raises:
            ClassError: there is no such class, or it or the participant has too much already.
        """
        _check(token, fixations)
        with self._lock:
            entered = self._by_code(code)
            if token not in entered.marks and len(entered.marks) >= MOST_PARTICIPANTS:
                raise ClassError("This class is full: {most} people have marked.", most=MOST_PARTICIPANTS)
            others = {taken for other, taken in entered.names.items() if other != token}
            called = _unlike(others, _clean(name) or entered.names.get(token) or str(len(entered.marks) + 1))
            entered.names[token] = called
            entered.marks[token] = tuple(replace(fixation, participant=called) for fixation in fixations)
            entered.version += 1
            return len(fixations)

    def standing(self, secret: str | None) -> Standing:
        """The state of the class of a secret. The lecturer's page polls it, which holds the class open.

        Raises:
            ClassError: it has ended.
        """
        with self._lock:
            entered = self._classes[self._of_secret(secret)]
            entered.heard = self._clock()
            marks = tuple(fixation for own in entered.marks.values() for fixation in own)
            return Standing(len(entered.marks), marks, entered.version)

    def task_of(self, secret: str | None) -> Task:
        """The task of the class of a secret.

        Raises:
            ClassError: it has ended.
        """
        with self._lock:
            return self._classes[self._of_secret(secret)].task

    def end(self, secret: str | None) -> None:
        """Ends the class of a secret and forgets it; one that has ended already stays so."""
        with self._lock:
            for code in [code for code, entered in self._classes.items() if entered.secret == secret]:
                del self._classes[code]

    def _forget(self) -> None:
        now = self._clock()
        for code, entered in list(self._classes.items()):
            if now - entered.opened >= LASTS or now - entered.heard >= AWAY:
                del self._classes[code]

    def _by_code(self, code: str) -> _Class:
        self._forget()
        entered = self._classes.get(code.strip().upper())
        if entered is None:
            raise ClassError("There is no class with this code: it has ended, or the code is another one.")
        return entered

    def _of_secret(self, secret: str | None) -> str:
        self._forget()
        for code, entered in self._classes.items():
            if secret is not None and secrets.compare_digest(entered.secret, secret):
                return code
        raise ClassError("The class has ended, and its marks are gone.")


def new_token() -> str:
    """The identity of a participant; nothing is stored until marks are handed in with it."""
    return secrets.token_urlsafe(16)


def too_many() -> ClassError:
    """The error where a participant has more marks than are taken."""
    return ClassError(
        "At most {marks} marks are taken in each of {rounds} rounds.", marks=MOST_MARKS, rounds=MOST_ROUNDS
    )


def _new_code() -> str:
    return "".join(secrets.choice(LETTERS) for _ in range(CODE_LENGTH))


def _check(token: str, fixations: Sequence[Fixation]) -> None:
    if not fixations:
        raise ClassError("There is nothing to hand in yet: mark where you looked.")
    rounds: dict[int, int] = {}
    for fixation in fixations:
        rounds[fixation.round] = rounds.get(fixation.round, 0) + 1
    if len(rounds) > MOST_ROUNDS or max(rounds.values()) > MOST_MARKS:
        raise too_many()
    if not 16 <= len(token) <= 64:
        raise ClassError("This page has lost its place in the class; please reload it.")


def _clean(name: str) -> str:
    """One line without what would make a formula of it in a spreadsheet."""
    line = re.sub(r"[\s\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]+", " ", name)
    return re.sub(r"^[\s=+\-@]+", "", line)[:MOST_CHARACTERS].strip()


def _unlike(taken: set[str], name: str) -> str:
    number, called = 1, name
    while called in taken:
        number += 1
        called = f"{name} ({number})"
    return called
