"""One trained model at work: a picture encoded once, its sentences decoded in one batch, answers remembered."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock

import numpy as np
import torch
from torch import Tensor

from . import checkpoints
from .cache import BoundedCache
from .messages import Message
from .models import registry
from .models.features import ImageFeatures, SaliencyOutput, select
from .models.scanning import Scanner
from .models.text import EncodedText, Word, load_encoder
from .precision import autocast
from .preprocessing import Preprocessing, content, prepare
from .results import CheckpointIdentity, Shape

SENTENCES_PER_PICTURE = 32  # answers remembered
BATCH = 16  # sentences a pass of the decoder; more would take memory and gain nothing
STAGES = ("image_encoder", "text_encoder", "decoder")


@dataclass(frozen=True)
class Picture:
    """A picture to be answered.

    Attributes:
        pixels: (H, W, 3) uint8.
        key: two pictures share it only if their pixels are the same.
        notices: sentences for its owner.
    """

    pixels: np.ndarray
    key: str
    notices: tuple[Message, ...] = ()

    @property
    def shape(self) -> Shape:
        """(H, W)."""
        return self.pixels.shape[:2]


@dataclass(frozen=True)
class Answer:
    """What a model says to one sentence, at working resolution and without padding.

    Attributes:
        map: (h, w) float32 >= 0.
        words: of the sentence; empty for models that do not read.
        word_maps: (L, h', w') float32 in [0, 1], where each token points; None for models that do not say.
        word_weights: (L,) float32, how much each token counts; None as above.
        subject: (h', w') float32 in [0, 1], where what the sentence is about is; None for models that do not say.
        truncated: whether the sentence was too long to be read to its end.
        ids: of the tokens read: sentences of the same ids are one to the model. Empty for models that do not read.
    """

    map: np.ndarray
    words: tuple[Word, ...] = ()
    word_maps: np.ndarray | None = None
    word_weights: np.ndarray | None = None
    subject: np.ndarray | None = None
    truncated: bool = False
    ids: tuple[int, ...] = ()

    @property
    def size(self) -> int:
        """Bytes."""
        arrays = (self.map, self.word_maps, self.word_weights, self.subject)
        return sum(array.nbytes for array in arrays if array is not None)


@dataclass(frozen=True)
class Footprint:
    """Bytes that a model's weights take, in their file and in memory, without the text encoder that others share but
    with the parts that it may scan by together with others."""

    file: int
    memory: int


class Runner:
    """A checkpoint, read and ready. Safe for concurrent callers.

    Args:
        name: of the checkpoint.
        directory: where it is.
        device: to run on.
        dtype: bfloat16 computes under autocast, float32 does not.
        lock: held while computing. Runners of one device share it: the processor's cores are one resource, on which two
            passes at once take longer than one after the other.
        pictures: how many pictures' features are remembered.
        feature_bytes, answer_bytes: bounds of what is remembered.

    Attributes:
        model: the network, whose parts others may share.
        scans: what scanners said of pictures; nothing is kept unless another runner can use it, which then has the same
            cache and `way_of_scanning`.
    """

    def __init__(
        self,
        name: str,
        directory: str | os.PathLike[str] | None,
        *,
        device: torch.device,
        dtype: torch.dtype,
        lock: Lock,
        pictures: int,
        feature_bytes: int,
        answer_bytes: int,
    ) -> None:
        model, self.card = checkpoints.load(name, directory, device)
        self.spec = registry.spec(self.card.model)
        reads = self.spec.reads_text and self.card.text_encoder is not None
        self.model = model.requires_grad_(False).to(memory_format=torch.channels_last)
        self._encoder = load_encoder(self.card.text_encoder) if reads else None
        self._device = device
        self._dtype = dtype
        self._lock = lock
        self.scans: BoundedCache[ImageFeatures] = BoundedCache(0, 0)
        self.footprint = Footprint(
            checkpoints.file_size(name, directory), sum(tensor.nbytes for tensor in model.state_dict().values())
        )
        self._features: BoundedCache[ImageFeatures] = BoundedCache(pictures, feature_bytes)
        self._answers: BoundedCache[Answer] = BoundedCache(pictures * SENTENCES_PER_PICTURE, answer_bytes)

    @property
    def identity(self) -> CheckpointIdentity:
        """Which weights these are."""
        return CheckpointIdentity(self.card.name, self.card.sha256, self.card.model, self.card.preset)

    @property
    def way_of_scanning(self) -> tuple[Scanner | None, Preprocessing]:
        """Runners with the same scan a picture alike."""
        return self.model.scanner, self.card.preprocessing

    def answer(
        self, picture: Picture, sentences: Sequence[str], progress: Callable[[float], None] | None = None
    ) -> tuple[list[Answer], dict[str, float]]:
        """An answer to each sentence, and the seconds of each of `STAGES`; only what is not remembered is computed.

        Args:
            progress: told before waiting for the engine, and before each pass of the network, which share of the
                sentences is decoded. What it raises ends the work.
        """
        tell = progress or (lambda share: None)
        tell(0.0)
        sentences = list(sentences) if self._encoder else [""] * len(sentences)
        clock = _Clock(self._device)
        # Who waits here for the same picture finds it remembered afterwards.
        with self._lock, torch.inference_mode(), autocast(self._device, self._dtype):
            answers = {sentence: self._answers.get((picture.key, sentence)) for sentence in sentences}
            missing = [sentence for sentence, answer in answers.items() if answer is None]
            for sentence, answer in zip(missing, self._compute(picture, missing, clock, tell), strict=True):
                answers[sentence] = answer
                self._answers.put((picture.key, sentence), answer, answer.size)
        return [answers[sentence] for sentence in sentences], clock.seconds

    def words(self, sentence: str) -> tuple[Word, ...]:
        """The words of a sentence with the tokens read of each; none for models that do not read."""
        if self._encoder is None:
            return ()
        with self._lock:
            return self._encoder.encode([sentence]).words[0]

    def _compute(
        self, picture: Picture, sentences: list[str], clock: _Clock, tell: Callable[[float], None]
    ) -> list[Answer]:
        if not sentences:
            return []
        tell(0.0)
        with clock("image_encoder"):
            features = self._encode(picture)
        with clock("text_encoder"):
            text = self._encoder.encode(sentences) if self._encoder else None
        answers: list[Answer] = []
        with clock("decoder"):
            for start in range(0, len(sentences), BATCH):
                tell(start / len(sentences))
                rows = list(range(start, min(start + BATCH, len(sentences))))
                part = text.features.select(rows).to(self._device) if text else None
                output = self.model.decode(select(features, [0] * len(rows)), part)
                answers += self._answered(picture, output, text, rows)
        return answers

    def _encode(self, picture: Picture) -> ImageFeatures:
        """The picture's features, remembered or computed."""
        features = self._features.get(picture.key)
        if features is None:
            scanner = self.model.scanner
            if scanner is None:
                features = self.model.encode_image(self._pixels(picture))
            else:
                features = self.model.refine(self._scanned(picture, scanner))
            self._features.put(picture.key, features, _size(features))
        return features

    def _scanned(self, picture: Picture, scanner: Scanner) -> ImageFeatures:
        """What the scanner says of the picture, remembered, perhaps of another model's turn, or computed."""
        key = (picture.key, *self.way_of_scanning)
        scanned = self.scans.get(key)
        if scanned is None:
            scanned = scanner(self._pixels(picture))
            self.scans.put(key, scanned, _size(scanned))
        return scanned

    def _pixels(self, picture: Picture) -> Tensor:
        """The picture as the model takes it, a batch of one."""
        pixels = prepare(picture.pixels, self.card.preprocessing)[None]
        return pixels.to(self._device, memory_format=torch.channels_last)

    def _answered(
        self, picture: Picture, output: SaliencyOutput, text: EncodedText | None, rows: list[int]
    ) -> list[Answer]:
        """The model's output for the sentences `rows` of `text`, as arrays."""
        maps = self._arrays(picture, output.map[:, 0])
        if text is None:
            return [Answer(values) for values in maps]
        says = output.word_maps is not None
        word_maps = self._arrays(picture, output.word_maps) if says else [None] * len(rows)
        weights = output.word_weights.float().cpu().numpy() if says else [None] * len(rows)
        subjects = [None] * len(rows) if output.subject is None else self._arrays(picture, output.subject[:, 0])
        ids = [tuple(text.features.ids[row, text.features.mask[row]].tolist()) for row in rows]
        read = zip(ids, [text.words[row] for row in rows], [text.truncated[row] for row in rows], strict=True)
        return [
            Answer(maps[at], words, word_maps[at], weights[at], subjects[at], truncated, ids_read)
            for at, (ids_read, words, truncated) in enumerate(read)
        ]

    def _arrays(self, picture: Picture, maps: Tensor) -> list[np.ndarray]:
        """Of maps (N, ..., h, w) each one, float32, without the padding around the picture."""
        rows, columns = content(self.card.preprocessing, picture.shape, maps.shape[-2:])
        maps = maps[..., rows, columns].float().clamp(min=0).cpu().numpy()
        return [np.array(values) for values in maps]  # copies: a remembered answer must not keep its whole batch


def _size(features: ImageFeatures) -> int:
    """Bytes."""
    return sum(value.nbytes for value in features.values())


class _Clock:
    """Seconds a stage: ``with clock("decoder"): ...``."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self.seconds = dict.fromkeys(STAGES, 0.0)

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        started = time.perf_counter()
        yield
        if self._device.type == "cuda":
            torch.cuda.synchronize(self._device)  # the GPU works on after the call returns
        self.seconds[stage] += time.perf_counter() - started
