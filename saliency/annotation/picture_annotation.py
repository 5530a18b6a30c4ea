"""What an annotator has chosen in a picture: their events, one after the other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from .events import AnnotationEvent
from .segmentation import Segmentation

Chosen = frozenset[int]


@dataclass(frozen=True)
class PictureAnnotation:
    """One annotator's choice in one picture. `with_event` gives the next; `past` and `future` are what undo and redo.

    Attributes:
        chosen: the segments.
        past, future: choices before, and those that were taken back, the nearest last.
        events: how many there were.
        by_hand: how often a segment was chosen or removed by hand.
        undone: how often something was taken back.
        guess: the segments of the first guess that was taken over; None where there was none.
        guess_source: what made it.
        done: whether the annotator has finished the picture.
        began, ended: times of the first and of the last event.
    """

    chosen: Chosen = frozenset()
    past: tuple[Chosen, ...] = ()
    future: tuple[Chosen, ...] = ()
    events: int = 0
    by_hand: int = 0
    undone: int = 0
    guess: Chosen | None = None
    guess_source: str = ""
    done: bool = False
    began: str = ""
    ended: str = ""

    @property
    def counts(self) -> bool:
        """Whether it is a person's answer: finished, or chosen by hand. A guess that nobody looked at is none."""
        return self.done or bool(self.by_hand and self.chosen)

    def with_event(self, event: AnnotationEvent) -> PictureAnnotation:
        """After one more event."""
        now = replace(self, events=self.events + 1, began=self.began or event.time, ended=event.time)
        match event.action:
            case "toggle":
                return replace(now._changed(self.chosen ^ frozenset(event.segments)), by_hand=self.by_hand + 1)
            case "guess":
                guess = frozenset(event.segments)
                return replace(now._changed(guess), guess=guess, guess_source=event.source)
            case "undo" if self.past:
                back = replace(now, chosen=self.past[-1], past=self.past[:-1], future=(*self.future, self.chosen))
                return replace(back, undone=self.undone + 1)
            case "redo" if self.future:
                return replace(now, chosen=self.future[-1], past=(*self.past, self.chosen), future=self.future[:-1])
            case "done":
                return replace(now, done=True)
        return now

    def _changed(self, chosen: Chosen) -> PictureAnnotation:
        return replace(self, chosen=chosen, past=(*self.past, self.chosen), future=())


def annotations_of(events: Iterable[AnnotationEvent], segmentation: Segmentation) -> Mapping[str, PictureAnnotation]:
    """The annotations of one picture by annotator.

    Args:
        events: of the picture.
        segmentation: its segments; what was chosen among others does not count.
    """
    found: dict[str, PictureAnnotation] = {}
    count = len(segmentation.segments)
    for event in events:
        if event.segmentation == segmentation.key and all(each < count for each in event.segments):
            found[event.annotator] = found.get(event.annotator, PictureAnnotation()).with_event(event)
    return found
