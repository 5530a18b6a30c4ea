"""Sentences about things that an object detector has found in pictures which nobody has captioned.

The detector knows 80 kinds of things, most of which captions of people and dogs hardly name; it teaches the words for
them, and in mosaics that a sentence is about all of its kind that there are, on the side that it says.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import DatasetError
from .pseudo import BEHIND, sentence
from .subjects import CELLS, OFF_CENTRE, About, Picture, Scene, mosaics, within

# Other words for the detector's kinds of things than its own.
OTHERWISE = {
    "airplane": ("plane", "aircraft", "jet"),
    "backpack": ("rucksack", "bag"),
    "bicycle": ("bike", "cycle"),
    "boat": ("ship", "sailboat"),
    "book": ("paperback",),
    "bottle": ("flask",),
    "bus": ("coach",),
    "car": ("vehicle", "automobile"),
    "cat": ("kitten", "kitty"),
    "chair": ("seat",),
    "couch": ("sofa",),
    "cow": ("cattle", "calf"),
    "cup": ("mug",),
    "dog": ("puppy", "hound"),
    "donut": ("doughnut",),
    "handbag": ("bag", "purse"),
    "horse": ("pony",),
    "laptop": ("computer", "notebook computer"),
    "motorcycle": ("motorbike", "scooter"),
    "phone": ("cellphone", "telephone"),
    "potted plant": ("plant", "flowerpot"),
    "refrigerator": ("fridge",),
    "remote": ("remote control",),
    "sandwich": ("burger",),
    "sheep": ("lamb",),
    "suitcase": ("luggage",),
    "table": ("dining table",),
    "television": ("TV", "monitor", "screen"),
    "traffic light": ("stoplight",),
    "truck": ("lorry",),
    "umbrella": ("parasol",),
}
"""Nouns by the detector's name."""
_PLURALS = {"person": "people", "mouse": "mice", "knife": "knives", "calf": "calves"}
_PLURALS |= {same: same for same in ("sheep", "cattle", "skis", "scissors", "broccoli", "luggage", "aircraft")}
_NO_ARTICLE = ("cattle", "skis", "scissors", "broccoli", "luggage")
_NUMBERS = {2: "two", 3: "three", 4: "four", 5: "five"}
_PLACES = (
    "on the street", "on the road", "on the ground", "on the grass", "on the table", "on the desk", "in the room",
    "in the kitchen", "in the field", "on the water", "in the background", "in the distance",
    "by the side of the road", "under the sky", "in front of the building",
)  # fmt: skip
_BESIDE = ("next to", "near", "behind", "in front of", "beside", "by")

Found = Mapping[str, np.ndarray]
"""Boxes (n, 4) x0 y0 x1 y1 in 0..1 of the things of each kind, n > 0."""


@dataclass(frozen=True)
class _Thing:
    words: str
    boxes: np.ndarray

    @property
    def several(self) -> bool:
        return len(self.boxes) > 1


def detected(found: Mapping[Path, Found], sentences: int, singles: int = 0) -> list[Scene]:
    """Mosaics, four by four, of all pictures in which more than people were found, of whom captions say enough, and
    `singles` of them alone; with so many `sentences` each. They depend on the pictures alone."""
    usable = [path for path, kinds in found.items() if set(kinds) - {"person"}]
    generator = np.random.default_rng(42)
    alone = [usable[number] for number in generator.permutation(len(usable))[:singles]]
    order = [usable[number] for number in generator.permutation(len(usable))]
    made = [((path,), found[path]) for path in alone]
    for four in mosaics(order):
        made.append((four, _together([found[path] for path in four])))
    return [
        Scene(tuple(Picture(path, ()) for path in paths), sentences_naming(kinds, sentences, _seed(paths)))
        for paths, kinds in made
    ]


def sentences_naming(kinds: Found, count: int, seed: int) -> tuple[About, ...]:
    """`count` sentences about one or two kinds of the things found in a picture."""
    if not kinds:
        raise DatasetError("Nothing was found in the picture that a sentence could name.")
    generator = np.random.default_rng(seed)
    return tuple(_sentence(kinds, generator) for _ in range(count))


def _sentence(kinds: Found, generator: np.random.Generator) -> About:
    names = [list(kinds)[number] for number in generator.permutation(len(kinds))[:2]]
    first, *others = (_thing(name, kinds[name], generator) for name in names)
    words, boxes, heights = first.words, first.boxes, [1.0] * len(first.boxes)
    verb = ""
    if others and generator.random() < 0.25:
        [other] = others
        equal = generator.random() < 0.5
        words += f" {generator.choice(('and', 'with') if equal else _BESIDE)} {other.words}"
        boxes = np.concatenate([boxes, other.boxes])
        heights += [1.0 if equal else BEHIND] * len(other.boxes)
    elif generator.random() < 0.4:
        verb = f" {generator.choice(_PLACES)}"
    form = generator.random()
    if form < 0.4:
        words = f"there {'are' if first.several else 'is'} {words}"
    elif form < 0.6 and " and " not in words:
        verb = f" {'are' if first.several else 'is'} {generator.choice(('standing', 'seen', 'shown'))}{verb}"
    end = "." if generator.random() < 0.5 else ""
    return About(sentence(words + verb) + end, boxes, np.array(heights))


def _thing(name: str, boxes: np.ndarray, generator: np.random.Generator) -> _Thing:
    """The things of a kind in words: all of them, or those on one side."""
    middles = (boxes[:, 0] + boxes[:, 2]) / 2
    sides = {"left": boxes[middles < 0.5 - OFF_CENTRE], "right": boxes[middles > 0.5 + OFF_CENTRE]}
    sides = {side: some for side, some in sides.items() if len(some)}
    where = ""
    if sides and generator.random() < 0.3:
        side = generator.choice(list(sides))
        boxes, where = sides[side], f" {generator.choice(('on', 'to'))} the {side}"
    noun = generator.choice([name, *OTHERWISE.get(name, ())]) if generator.random() < 0.5 else name
    return _Thing(_counted(noun, len(boxes), generator) + where, boxes)


def _counted(noun: str, count: int, generator: np.random.Generator) -> str:
    if count > 1:
        some = generator.choice(["", "some ", "several ", "many "] if count > 2 else ["", "some "])
        if count in _NUMBERS and generator.random() < 0.5:
            some = f"{_NUMBERS[count]} "
        return some + plural(noun)
    if noun in _NO_ARTICLE:
        return noun
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def plural(noun: str) -> str:
    """The plural of one of the detector's names or the other words for them."""
    if noun in _PLURALS:
        return _PLURALS[noun]
    if noun.endswith(("s", "ch", "sh", "x")):
        return f"{noun}es"
    if noun.endswith("y") and noun[-2] not in "aeiou":
        return f"{noun[:-1]}ies"
    return f"{noun}s"


def _together(four: Sequence[Found]) -> Found:
    """What was found in four pictures, as that of their mosaic."""
    names = dict.fromkeys(name for kinds in four for name in kinds)
    parts = list(zip(four, CELLS, strict=True))
    return {
        name: np.concatenate([within(kinds[name], cell) for kinds, cell in parts if name in kinds]) for name in names
    }


def _seed(paths: Sequence[Path]) -> int:
    return zlib.crc32(" ".join(path.name for path in paths).encode())
