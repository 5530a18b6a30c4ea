"""The engine: one picture and several sentences in, one map per model and sentence out."""

from __future__ import annotations

import hashlib
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations
from threading import Lock
from types import MappingProxyType

import numpy as np
import torch

from . import checkpoints
from .cache import BoundedCache
from .checkpoints import Card
from .conditions import Condition
from .errors import CheckpointError, TextError, UnknownModelError
from .imaging import Source, open_picture
from .messages import Message
from .models.features import ImageFeatures
from .models.spec import ModelSpec
from .models.text import Word
from .precision import preferred_dtype
from .results import Comparison, Prediction
from .runner import STAGES, Answer, Footprint, Picture, Runner
from .weight_sharing import share_parts
from .words import clean, merge

FEATURE_BYTES = 256 * 2**20  # of all models together
SCANS, SCAN_BYTES = 4, 64 * 2**20  # the next model wants them at once, and then nobody does
ANSWER_BYTES = 128 * 2**20

_PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16}


class Predictor:
    """Trained models that share pictures and sentences. Safe for concurrent callers.

    A picture is encoded once per model however many sentences there are, and scanned once for all models that scan by
    the same weights, which then lie in memory once; sentences are encoded once for all models that share an encoder,
    and go through a model in one batch. All of it is remembered by content, within bounds: changing one sentence
    decodes that sentence, and encodes no picture.

    Weights are read and checked here, once, so that the first visitor waits no longer than the next.

    Args:
        models: names of checkpoints; default all there are.
        checkpoint_dir: default `checkpoints.directory_of_checkpoints`.
        device: default the GPU where there is one, else the CPU.
        precision: ``float32``, ``bfloat16``, or ``auto``: whichever this processor computes faster.
        pictures_cached: pictures remembered per model; 0 remembers nothing.

    Raises:
        CheckpointError: there is none, or one is damaged.
        HubUnavailableError: a model reads through a text encoder that is neither here nor to be had.
    """

    def __init__(
        self,
        models: Sequence[str] | None = None,
        *,
        checkpoint_dir: str | os.PathLike[str] | None = None,
        device: torch.device | str | None = None,
        precision: str = "auto",
        pictures_cached: int = 8,
    ) -> None:
        names = [card.name for card in checkpoints.available(checkpoint_dir)] if models is None else list(models)
        if not names:
            raise CheckpointError("There is no checkpoint to predict with; train one first.")
        if precision != "auto" and precision not in _PRECISIONS:
            raise ValueError(f"precision must be auto, float32 or bfloat16, not {precision!r}")
        self.device = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        self.dtype = _PRECISIONS.get(precision) or preferred_dtype(str(self.device))
        lock = Lock()
        self._runners: dict[str, Runner] = {}
        for name in dict.fromkeys(names):
            self._runners[name] = Runner(
                name,
                checkpoint_dir,
                device=self.device,
                dtype=self.dtype,
                lock=lock,
                pictures=pictures_cached,
                feature_bytes=FEATURE_BYTES // len(names),
                answer_bytes=ANSWER_BYTES // len(names),
            )
            share_parts(runner.model for runner in self._runners.values())
        self._share_scans(BoundedCache(min(pictures_cached, SCANS), SCAN_BYTES))

    def _share_scans(self, scans: BoundedCache[ImageFeatures]) -> None:
        """Have runners of which one can use what another has scanned keep it in `scans`."""
        ways = Counter(runner.way_of_scanning for runner in self._runners.values())
        for runner in self._runners.values():
            if ways[runner.way_of_scanning] > 1:
                runner.scans = scans

    @property
    def models(self) -> tuple[str, ...]:
        """Names of the checkpoints, in order."""
        return tuple(self._runners)

    @property
    def cards(self) -> Mapping[str, Card]:
        """The card of each model."""
        return MappingProxyType({name: runner.card for name, runner in self._runners.items()})

    @property
    def titles(self) -> Mapping[str, str]:
        """The name for people of each model."""
        return MappingProxyType({name: runner.spec.title for name, runner in self._runners.items()})

    @property
    def specs(self) -> Mapping[str, ModelSpec]:
        """The registry's entry of each model."""
        return MappingProxyType({name: runner.spec for name, runner in self._runners.items()})

    @property
    def footprints(self) -> Mapping[str, Footprint]:
        """How large each model is."""
        return MappingProxyType({name: runner.footprint for name, runner in self._runners.items()})

    def predict(
        self,
        picture: Source,
        sentences: Mapping[Condition | str, str] | None = None,
        *,
        models: Sequence[str] | None = None,
        words: bool = False,
        progress: Callable[[float, Message], None] | None = None,
    ) -> Comparison:
        """The map of every model under every condition.

        Args:
            picture: anything `load_image` takes.
            sentences: by condition, in the order of the result; default the pure condition only, which is the picture
                alone and has the empty sentence.
            models: default all of the predictor's, in its order.
            words: also where each word points, for models that say.
            progress: told between steps the share of the work that is done, in [0, 1], and what comes next. What it
                raises ends the work.

        Raises:
            PictureError, TextError: what was given cannot be used.
            UnknownModelError: no model or condition of this name.
        """
        started = time.perf_counter()
        chosen = self._chosen(models)
        wanted = _wanted({Condition.PURE: ""} if sentences is None else sentences)
        opened = _open(picture)
        timings = {"picture": time.perf_counter() - started} | dict.fromkeys(STAGES, 0.0)
        predictions: list[Prediction] = []
        alike: dict[tuple[Condition, Condition], list[str]] = {}
        for number, (name, runner) in enumerate(chosen.items()):
            told = _looking(runner, progress, number, len(chosen))
            answers, seconds = runner.answer(opened, list(wanted.values()), told)
            timings |= {stage: timings[stage] + seconds[stage] for stage in STAGES}
            for pair in _alike(wanted, answers):
                alike.setdefault(pair, []).append(runner.spec.title)
            predictions += (
                Prediction(
                    model=name,
                    title=runner.spec.title,
                    condition=condition,
                    sentence=sentence,
                    working_map=answer.map,
                    shape=opened.shape,
                    checkpoint=runner.identity,
                    words=_word_maps(answer, opened) if words else (),
                    subject=answer.subject if words and sentence else None,
                    truncated=answer.truncated,
                    notices=tuple(_notices(answer)),
                    timings=seconds,
                )
                for (condition, sentence), answer in zip(wanted.items(), answers, strict=True)
            )
        if progress:
            progress(1.0, Message("Done"))
        timings["total"] = time.perf_counter() - started
        computed = {"device": self.device.type, "precision": str(self.dtype).removeprefix("torch.")}
        notices = (*opened.notices, *(_on_alike(*pair, titles) for pair, titles in alike.items()))
        return Comparison(opened.pixels, tuple(predictions), timings, computed, notices)

    def maps(
        self,
        picture: Source,
        sentences: Sequence[str],
        model: str,
        *,
        progress: Callable[[float, Message], None] | None = None,
    ) -> np.ndarray:
        """The maps of one model for any number of sentences, (N, h, w) float32 >= 0, at its working resolution.

        Args:
            progress: as for `predict`.

        Raises:
            PictureError, TextError, UnknownModelError: as `predict`.
        """
        [runner] = self._chosen([model]).values()
        cleaned = [clean(sentence) for sentence in sentences]
        answers, _ = runner.answer(_open(picture), cleaned, _looking(runner, progress, 0, 1))
        return np.stack([answer.map for answer in answers])

    def words(self, sentence: str, model: str) -> tuple[Word, ...]:
        """The words of `sentence` with the tokens that a model reads of each; none for text-blind models.

        A word beyond the encoder's limit has no tokens.

        Raises:
            TextError, UnknownModelError: as `predict`.
        """
        [runner] = self._chosen([model]).values()
        return runner.words(clean(sentence))

    def _chosen(self, models: Sequence[str] | None) -> dict[str, Runner]:
        names, known = self.models if models is None else models, ", ".join(self.models)
        for name in names:
            if name not in self._runners:
                raise UnknownModelError(
                    "There is no model called “{name}” here. There are: {known}.", name=name, known=known
                )
        if not names:
            raise UnknownModelError("Please choose at least one model. There are: {known}.", known=known)
        return {name: self._runners[name] for name in names}


def _wanted(sentences: Mapping[Condition | str, str]) -> dict[Condition, str]:
    """Conditions and clean sentences."""
    if not sentences:
        raise TextError("Please choose at least one condition.")
    wanted: dict[Condition, str] = {}
    for name, sentence in sentences.items():
        try:
            condition = Condition(name)
        except ValueError:
            known = ", ".join(condition.value for condition in Condition)
            raise UnknownModelError(
                "There is no condition called “{name}”. There are: {known}.", name=name, known=known
            ) from None
        wanted[condition] = clean(sentence)
    if wanted.get(Condition.PURE):
        raise TextError("The pure condition is the picture alone; it takes no sentence.")
    return wanted


def _looking(
    runner: Runner, progress: Callable[[float, Message], None] | None, number: int, count: int
) -> Callable[[float], None]:
    """Tells `progress` how far the model `number` of `count` is as how far all are."""
    said = Message("{title} is looking", title=runner.spec.title)
    return lambda share: progress((number + share) / count, said) if progress else None


def _open(source: Source) -> Picture:
    picture = open_picture(source)
    pixels = picture.pixels
    key = f"{pixels.shape} {hashlib.sha1(pixels, usedforsecurity=False).hexdigest()}"
    return Picture(pixels, key, picture.notices)


def _word_maps(answer: Answer, picture: Picture) -> tuple:
    if answer.word_maps is None:
        return ()
    return merge(answer.words, answer.word_maps, answer.word_weights, picture.shape)


def _notices(answer: Answer) -> Iterator[Message]:
    """What was left unread of a sentence, for the user."""
    read = [word for word in answer.words if word.tokens]
    if answer.truncated:
        yield Message(
            "The sentence is too long: only the first {read} of its {count} words were read.",
            read=len(read),
            count=len(answer.words),
        )
    unknown = sum(not word.known for word in read)
    if unknown == 1 == len(read):
        yield Message("The only word is unknown to this model.")
    elif unknown == 1:
        yield Message("1 of {count} words is unknown to this model.", count=len(read))
    elif unknown:
        yield Message("{unknown} of {count} words are unknown to this model.", unknown=unknown, count=len(read))


def _alike(wanted: Mapping[Condition, str], answers: Sequence[Answer]) -> Iterator[tuple[Condition, Condition]]:
    """Conditions whose sentences differ for people, but not for the model."""
    written = [
        (condition, sentence, answer.ids)
        for (condition, sentence), answer in zip(wanted.items(), answers, strict=True)
        if sentence and answer.ids
    ]
    for (one, first, ids), (other, second, same) in combinations(written, 2):
        if ids == same and first != second:
            yield one, other


def _on_alike(one: Condition, other: Condition, titles: Sequence[str]) -> Message:
    return Message(
        "{titles} cannot tell the sentences for “{one.title}” and “{other.title}” apart, so their maps are the same.",
        titles=", ".join(titles),
        one=one,
        other=other,
    )
