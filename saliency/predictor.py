"""The engine: one picture and several sentences in, one map per model and sentence out."""

from __future__ import annotations

import hashlib
import os
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from threading import Lock
from types import MappingProxyType

import numpy as np
import torch

from . import checkpoints, hub
from .acceleration import accelerate_front_ends
from .cache import BoundedCache
from .caption_session import CAPTIONER, CaptionSession
from .checkpoints import Card
from .cleaning import clean
from .conditions import AnyCondition, Condition, by_condition
from .errors import CheckpointError, TextError, UnknownModelError
from .grounding_session import GroundingSession
from .imaging import Source, open_picture
from .messages import Message
from .models.base import SaliencyModel
from .models.features import ImageFeatures, features_size
from .models.spec import ModelSpec
from .models.text import Word
from .results import Caption, Comparison, Prediction
from .runtime.graphs import fast
from .runtime.precision import preferred_dtype
from .session import STAGES, Footprint, GroundingKey, ModelSession, Picture, SentenceOutput, includes
from .weight_sharing import share_parts
from .word_maps import merge

FEATURE_BYTES = 256 * 2**20  # of all models together
# Front-end features are needed only until the next model of the same call has used them.
FRONT_PICTURES, FRONT_BYTES = 4, 64 * 2**20
GROUNDING_BYTES = 64 * 2**20
OUTPUT_BYTES = 128 * 2**20

_PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16}
ABSENT = 0.08  # presence below which the picture seems not to show what a sentence is about: of 126 own ones none
_ENGLISH = re.compile("[A-Za-z0-9]")

# By condition: one of the standard ones, its value, or the name of a sentence of its own.
Sentences = Mapping[AnyCondition, str] | Mapping[Condition, str] | Mapping[str, str]


class Predictor:
    """Trained models that share pictures and sentences. Safe for concurrent callers.

    A picture is encoded once per model for any number of sentences. Models with equal front ends or equal groundings
    share them in memory, and what they compute; models with one text encoder share encoded sentences, which are decoded
    in batches. Everything is cached by content, within bounds: changing one sentence decodes that sentence and encodes
    no picture.

    Weights are loaded and checked here, once.

    Args:
        models: names of checkpoints and baselines, or repositories of the hub (``hf://owner/name``), which then have
            their card's name here; default all the checkpoints there are. Without one it has captions alone.
        checkpoint_dir: default `checkpoints.directory_of_checkpoints`.
        device: default the GPU where there is one, else the CPU.
        precision: ``float32``, ``bfloat16``, or ``auto``: whichever this processor computes faster.
        pictures_cached: number of pictures cached per model; 0 disables the caches.

    Attributes:
        device, dtype: computed on and in.
        engine: ``OpenVINO`` (see `runtime.graphs`) or ``PyTorch``.

    Raises:
        CheckpointError: there is no checkpoint, or one is damaged.
        HubUnavailableError: the text encoder of a model is neither cached nor available for download.
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
        if models is None and not names:
            raise CheckpointError("There is no checkpoint to predict with; train one first.")
        if precision != "auto" and precision not in _PRECISIONS:
            raise ValueError(f"precision must be auto, float32 or bfloat16, not {precision!r}")
        self.device = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        self.dtype = _PRECISIONS.get(precision) or preferred_dtype(str(self.device))
        self._directory, self._pictures_cached = checkpoint_dir, pictures_cached
        self._captions: CaptionSession | None = None  # loaded when the first caption is asked for
        self._loading = Lock()
        self._lock = lock = Lock()
        self._sessions: dict[str, ModelSession] = {}
        self._called: dict[str, str] = {}  # by the name that was given
        for name, (model, card, file) in self._loaded(dict.fromkeys(names)).items():
            session = ModelSession(
                model,
                card,
                file,
                device=self.device,
                dtype=self.dtype,
                lock=lock,
                pictures=pictures_cached,
                feature_bytes=FEATURE_BYTES // len(names),
                output_bytes=OUTPUT_BYTES // len(names),
            )
            called = session.card.name if hub.repository(name) else name  # results are files with this name
            if called in self._sessions:
                raise CheckpointError("Two of the checkpoints are called “{name}”.", name=called)
            self._sessions[called], self._called[name] = session, called
        self._share_groundings()
        self.engine = "OpenVINO" if fast(self.device) else "PyTorch"
        if self.engine == "OpenVINO":
            self._accelerate()
        self._share_front_features(BoundedCache(min(pictures_cached, FRONT_PICTURES), FRONT_BYTES, features_size))

    def _loaded(self, names: Iterable[str]) -> dict[str, tuple[SaliencyModel, Card, int]]:
        """The models of checkpoints, with their cards and the bytes of their files, by the names that were given.

        Parts are shared before anything is folded, so that each is folded once.
        """
        loaded: dict[str, tuple[SaliencyModel, Card, int]] = {}
        for name in names:
            stem = checkpoints.located(name, self._directory)
            loaded[name] = *checkpoints.load(stem, device=self.device), checkpoints.file_size(stem)
            share_parts(model for model, *_ in loaded.values())
        return loaded

    def _accelerate(self) -> None:
        """Let trunks, detectors and decoders compute by graphs."""
        sessions = self._sessions.values()
        accelerate_front_ends(((session.model.front_end, session.card.sha256) for session in sessions), self.dtype)
        for session in sessions:
            session.accelerate()
        groundings = {session.grounding: session.card.sha256 for session in sessions}  # one that several share once
        for grounding, sha256 in groundings.items():
            if grounding is not None and sha256 is not None:
                grounding.accelerate(sha256, self.dtype)

    def _share_groundings(self) -> None:
        """Give sessions whose groundings and their inputs are equal one `GroundingSession`."""
        shared: dict[GroundingKey, GroundingSession] = {}
        for session in self._sessions.values():
            if (key := session.grounding_key) is None:
                continue
            if key not in shared:
                shared[key] = GroundingSession(key[0], self._pictures_cached, GROUNDING_BYTES)
            session.grounding = shared[key]

    def _share_front_features(self, cache: BoundedCache[ImageFeatures]) -> None:
        """Give sessions whose front-end features are equal, or part of one another's, one `cache` of them."""
        keys = [session.front_end_key for session in self._sessions.values()]
        for session in self._sessions.values():
            own = session.front_end_key
            session.front_sources = tuple(dict.fromkeys(key for key in keys if includes(key, own)))
            if sum(includes(key, own) or includes(own, key) for key in keys) > 1:
                session.front_cache = cache

    @property
    def models(self) -> tuple[str, ...]:
        """Names of the checkpoints, in order."""
        return tuple(self._sessions)

    @property
    def cards(self) -> Mapping[str, Card]:
        """The card of each model."""
        return MappingProxyType({name: session.card for name, session in self._sessions.items()})

    @property
    def titles(self) -> Mapping[str, str]:
        """The name for people of each model."""
        return MappingProxyType({name: session.spec.title for name, session in self._sessions.items()})

    @property
    def specs(self) -> Mapping[str, ModelSpec]:
        """The registry's entry of each model."""
        return MappingProxyType({name: session.spec for name, session in self._sessions.items()})

    @property
    def footprints(self) -> Mapping[str, Footprint]:
        """How large each model is."""
        return MappingProxyType({name: session.footprint for name, session in self._sessions.items()})

    def predict(
        self,
        picture: Source,
        sentences: Sentences | None = None,
        *,
        models: Sequence[str] | None = None,
        words: bool = False,
        progress: Callable[[float, Message], None] | None = None,
    ) -> Comparison:
        """The map of every model under every condition.

        Args:
            picture: anything `load_image` takes.
            sentences: by condition, in the order of the result; default the pure condition only, which is the picture
                alone and has the empty sentence. What names no standard condition is the name of a sentence of its
                own, see `condition_named`.
            models: default all of the predictor's, in its order.
            words: also the map of each word, for models with word maps.
            progress: called between steps with the share of the work done, in [0, 1], and the next step. An exception
                of it ends the call.

        Raises:
            PictureError, TextError: the picture or a sentence cannot be used.
            UnknownModelError: no model of this name.
        """
        started = time.perf_counter()
        chosen = self._chosen(models)
        wanted = _wanted({Condition.PURE: ""} if sentences is None else sentences)
        opened = _open(picture)
        timings = {"picture": time.perf_counter() - started} | dict.fromkeys(STAGES, 0.0)
        predictions: list[Prediction] = []
        alike: dict[tuple[AnyCondition, AnyCondition], list[str]] = {}
        for number, (name, session) in enumerate(chosen.items()):
            report = _stepwise(session, progress, number, len(chosen))
            outputs, seconds = session.run(opened, list(wanted.values()), report)
            timings |= {stage: timings[stage] + seconds[stage] for stage in STAGES}
            for pair in _alike(wanted, outputs):
                alike.setdefault(pair, []).append(session.spec.title)
            predictions += (
                Prediction(
                    model=name,
                    title=session.spec.title,
                    condition=condition,
                    sentence=sentence,
                    working_map=output.map,
                    shape=opened.shape,
                    checkpoint=session.identity,
                    words=_word_maps(output, opened) if words else (),
                    referent=output.referent if words and sentence else None,
                    presence=output.presence,
                    truncated=output.truncated,
                    understood=_understood(output),
                    notices=tuple(_notices(output)),
                    timings=seconds,
                    task=session.spec.task,
                )
                for (condition, sentence), output in zip(wanted.items(), outputs, strict=True)
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
        [session] = self._chosen([model]).values()
        cleaned = [clean(sentence) for sentence in sentences]
        outputs, _ = session.run(_open(picture), cleaned, _stepwise(session, progress, 0, 1))
        return np.stack([output.map for output in outputs])

    def words(self, sentence: str, model: str) -> tuple[Word, ...]:
        """The words of `sentence` with a model's tokens of each; none for text-blind models.

        A word beyond the encoder's limit has no tokens.

        Raises:
            TextError, UnknownModelError: as `predict`.
        """
        [session] = self._chosen([model]).values()
        return session.words(clean(sentence))

    @property
    def captioner(self) -> Card | None:
        """The card of the captioner, which need not be loaded; None where there is no checkpoint of it."""
        try:
            return checkpoints.read_card(CAPTIONER, self._directory)
        except CheckpointError:
            return None

    def caption(self, picture: Source) -> Caption:
        """A sentence about a picture, and where each of its words comes from. The same picture has the same caption.

        Args:
            picture: anything `load_image` takes.

        Raises:
            PictureError: the picture cannot be used.
            CheckpointError: there is no captioner among the checkpoints, or it is damaged.
        """
        opened = _open(picture)
        with self._loading:
            session = self._captions or self._load_captioner()
        return session.run(opened)

    def _load_captioner(self) -> CaptionSession:
        session = CaptionSession(
            self._directory, device=self.device, dtype=self.dtype, lock=self._lock, pictures=self._pictures_cached
        )
        with self._lock:  # a trunk that is shared now may be at work
            share_parts([*(each.model for each in self._sessions.values()), session.model])
        self._captions = session
        return session

    def _chosen(self, models: Sequence[str] | None) -> dict[str, ModelSession]:
        names = self.models if models is None else [self._called.get(name, name) for name in models]
        known = ", ".join(self.models)
        for name in names:
            if name not in self._sessions:
                raise UnknownModelError(
                    "There is no model called “{name}” here. There are: {known}.", name=name, known=known
                )
        if not names:
            raise UnknownModelError("Please choose at least one model. There are: {known}.", known=known)
        return {name: self._sessions[name] for name in names}


def _wanted(sentences: Sentences) -> dict[AnyCondition, str]:
    """Conditions and clean sentences."""
    if not sentences:
        raise TextError("Please choose at least one condition.")
    wanted = {condition: clean(sentence) for condition, sentence in by_condition(sentences.items()).items()}
    if wanted.get(Condition.PURE):
        raise TextError("The pure condition is the picture alone; it takes no sentence.")
    return wanted


def _stepwise(
    session: ModelSession, progress: Callable[[float, Message], None] | None, number: int, count: int
) -> Callable[[float], None]:
    """Reports the progress of the model `number` of `count` to `progress` as a share of all models' work."""
    step = Message("{title} predicts", title=session.spec.title)
    return lambda share: progress((number + share) / count, step) if progress else None


def _open(source: Source) -> Picture:
    picture = open_picture(source)
    pixels = picture.pixels
    key = f"{pixels.shape} {hashlib.sha1(pixels.data, usedforsecurity=False).hexdigest()}"
    return Picture(pixels, key, picture.notices)


def _word_maps(output: SentenceOutput, picture: Picture) -> tuple:
    if output.word_maps is None or output.word_weights is None:
        return ()
    return merge(output.words, output.word_maps, output.word_weights, picture.shape)


def _notices(output: SentenceOutput) -> Iterator[Message]:
    """Notices on a sentence that the picture does not answer to, and on words that the model does not use."""
    if output.presence is not None and output.presence < ABSENT:
        yield Message("Nothing in the picture seems to answer to this sentence.")
    read = [word for word in output.words if word.tokens]
    if output.truncated:
        yield Message(
            "The sentence is too long: only the first {read} of its {count} words were read.",
            read=len(read),
            count=len(output.words),
        )
    unknown = sum(not word.known for word in read)
    if unknown == 1 == len(read):
        yield Message("The only word is unknown to this model.")
    elif unknown == 1:
        yield Message("1 of {count} words is unknown to this model.", count=len(read))
    elif unknown:
        yield Message("{unknown} of {count} words are unknown to this model.", unknown=unknown, count=len(read))


def _understood(output: SentenceOutput) -> bool:
    """Whether an English word is known among those that were read; true where none is read at all.

    Text encoders know a few letters of other scripts, too, but not what they mean.
    """
    read = [word for word in output.words if word.tokens]
    return not read or any(word.known and _ENGLISH.search(word.text) for word in read)


def _alike(
    wanted: Mapping[AnyCondition, str], outputs: Sequence[SentenceOutput]
) -> Iterator[tuple[AnyCondition, AnyCondition]]:
    """Pairs of conditions whose different sentences have equal tokens."""
    written = [
        (condition, sentence, output.ids)
        for (condition, sentence), output in zip(wanted.items(), outputs, strict=True)
        if sentence and output.ids
    ]
    for (one, first, ids), (other, second, same) in combinations(written, 2):
        if ids == same and first != second:
            yield one, other


def _on_alike(one: AnyCondition, other: AnyCondition, titles: Sequence[str]) -> Message:
    return Message(
        "{titles} cannot tell the sentences for “{one.title}” and “{other.title}” apart, so their maps are the same.",
        titles=", ".join(titles),
        one=one,
        other=other,
    )
