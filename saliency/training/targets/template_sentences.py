"""Template sentences about an object detector's detections in pictures without captions.

Template sentences ("there are two cups on the left") teach class words, plurals and sides. The place phrases ("on the
grass") are random on purpose: the model must learn to ignore them.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from ...data.samples import PictureFile
from .mosaics import CELLS, AnnotatedPicture, BoxTarget, Scene, mosaics, side_of, within
from .pseudo_targets import BEHIND, sentence

# Synonyms of the detector's class names; none belongs to two classes.
SYNONYMS = {
    "airplane": ("plane", "aircraft", "jet"),
    "backpack": ("rucksack",),
    "bicycle": ("bike", "cycle"),
    "boat": ("ship", "sailboat"),
    "book": ("paperback",),
    "bottle": ("flask",),
    "bus": ("coach",),
    "car": ("automobile",),
    "cat": ("kitten", "kitty"),
    "couch": ("sofa",),
    "cow": ("calf",),
    "cup": ("mug",),
    "dog": ("puppy", "hound"),
    "donut": ("doughnut",),
    "handbag": ("purse",),
    "horse": ("pony",),
    "laptop": ("notebook computer",),
    "motorcycle": ("motorbike", "scooter"),
    "phone": ("cellphone", "telephone"),
    "potted plant": ("plant", "flowerpot"),
    "refrigerator": ("fridge",),
    "remote": ("remote control",),
    "sandwich": ("burger",),
    "sheep": ("lamb",),
    "table": ("dining table",),
    "television": ("TV", "monitor"),
    "traffic light": ("stoplight",),
    "truck": ("lorry",),
    "umbrella": ("parasol",),
}
_PLURALS = {
    "person": "people", "mouse": "mice", "knife": "knives", "calf": "calves", "sheep": "sheep", "aircraft": "aircraft",
}  # fmt: skip
_UNCOUNTED = {"skis": "are", "scissors": "are", "broccoli": "is"}
_NUMBERS = {2: "two", 3: "three", 4: "four", 5: "five"}
_PLACES = (
    "on the street", "on the road", "on the ground", "on the grass", "on the table", "on the desk", "in the room",
    "in the kitchen", "in the field", "on the water", "in the background", "in the distance",
    "by the side of the road", "under the sky", "in front of the building",
)  # fmt: skip
_BESIDE = ("next to", "near", "behind", "in front of", "beside", "by")

Detections = Mapping[str, np.ndarray]
"""Detections in a picture: boxes (n, 4), x0 y0 x1 y1 in 0..1, by class name."""


def template_scenes(found: Mapping[Path, Detections], sentences: int, singles: int = 0) -> list[Scene]:
    """Mosaics of four pictures, and `singles` single ones, with `sentences` template sentences each.

    All pictures with detections other than people are used: captions cover people. Scenes depend on the pictures alone.
    """
    usable = [path for path, kinds in found.items() if set(kinds) - {"person"}]
    generator = np.random.default_rng(42)
    alone = [usable[number] for number in generator.permutation(len(usable))[:singles]]
    order = [usable[number] for number in generator.permutation(len(usable))]
    made = [((path,), found[path]) for path in alone]
    made += [(four, _together([found[path] for path in four])) for four in mosaics(order)]
    return [Scene(_unannotated(paths), template_sentences(kinds, sentences, _seed(paths))) for paths, kinds in made]


def template_sentences(kinds: Detections, count: int, seed: int) -> tuple[BoxTarget, ...]:
    """`count` sentences about one or two of the classes detected in a picture, of which there is at least one."""
    generator = np.random.default_rng(seed)
    return tuple(_sentence(kinds, generator) for _ in range(count))


def _sentence(kinds: Detections, generator: np.random.Generator) -> BoxTarget:
    names = [list(kinds)[number] for number in generator.permutation(len(kinds))[:2]]
    (words, verb, boxes), *others = (_named(name, kinds[name], generator) for name in names)
    heights, place, has_and = [1.0] * len(boxes), "", False
    if others and generator.random() < 0.25:
        [(other, _, beside)] = others
        equal = generator.random() < 0.5
        link = generator.choice(("and", "with") if equal else _BESIDE)
        words, has_and = f"{words} {link} {other}", link == "and"
        boxes = np.concatenate([boxes, beside])
        heights += [1.0 if equal else BEHIND] * len(beside)
    elif generator.random() < 0.4:
        place = f" {generator.choice(_PLACES)}"
    form = generator.random()
    if form < 0.4:
        words = f"there {verb} {words}"
    elif form < 0.6 and not has_and:
        words = f"{words} {verb} {generator.choice(('standing', 'seen', 'shown'))}"
    end = "." if generator.random() < 0.5 else ""
    return BoxTarget(sentence(words + place) + end, boxes, np.array(heights))


def _named(name: str, boxes: np.ndarray, generator: np.random.Generator) -> tuple[str, str, np.ndarray]:
    """The things of a class in words, with their verb and boxes: all of them, or those on one side."""
    own = np.array([side_of(box[None]) for box in boxes])
    sides = {side: boxes[own == side] for side in ("left", "right") if side in own}
    where = ""
    if sides and generator.random() < 0.3:
        side = generator.choice(list(sides))
        boxes, where = sides[side], f" {generator.choice(('on', 'to'))} the {side}"
    noun = generator.choice([name, *SYNONYMS.get(name, ())]) if generator.random() < 0.5 else name
    verb = _UNCOUNTED.get(noun, "are" if len(boxes) > 1 else "is")
    return _counted(noun, len(boxes), generator) + where, verb, boxes


def _counted(noun: str, count: int, generator: np.random.Generator) -> str:
    if noun in _UNCOUNTED:
        return f"{generator.choice(['', 'some '])}{noun}"
    if count == 1:
        return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"
    some = generator.choice(["", "some ", "several ", "many "] if count > 2 else ["", "some "])
    if count in _NUMBERS and generator.random() < 0.5:
        some = f"{_NUMBERS[count]} "
    return some + plural(noun)


def plural(noun: str) -> str:
    """The plural of one of the detector's names or their synonyms."""
    if noun in _PLURALS or noun in _UNCOUNTED:
        return _PLURALS.get(noun, noun)
    if noun.endswith(("s", "ch", "sh", "x")):
        return f"{noun}es"
    if noun.endswith("y") and noun[-2] not in "aeiou":
        return f"{noun[:-1]}ies"
    return f"{noun}s"


def _together(four: Sequence[Detections]) -> Detections:
    """Detections in four pictures as those of their mosaic."""
    parts = list(zip(four, CELLS, strict=True))
    names = dict.fromkeys(name for kinds in four for name in kinds)
    return {
        name: np.concatenate([within(kinds[name], cell) for kinds, cell in parts if name in kinds]) for name in names
    }


def _unannotated(paths: Sequence[Path]) -> tuple[AnnotatedPicture, ...]:
    return tuple(AnnotatedPicture(PictureFile(path), ()) for path in paths)


def _seed(paths: Sequence[Path]) -> int:
    return zlib.crc32(" ".join(path.name for path in paths).encode())
