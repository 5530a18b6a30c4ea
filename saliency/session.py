"""Inference of one checkpoint: a picture is encoded once, its sentences are decoded in batches, outputs are cached."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from operator import attrgetter
from threading import Lock

import numpy as np
import torch
from torch import Tensor

from .acceleration import DecoderStep, GraphDecoder
from .cache import BoundedCache
from .checkpoints import Card
from .grounding_session import GroundingSession
from .messages import Message
from .models import registry
from .models.base import SaliencyModel
from .models.features import ImageFeatures, SaliencyOutput, TextFeatures, features_size
from .models.front_end import FrontEnd
from .models.grounding import Grounding, GroundingOutput
from .models.text import EncodedText, Word, load_encoder
from .preprocessing import Preprocessing, content, prepare
from .results import CheckpointIdentity, Shape
from .runtime.folding import fold_batch_norms
from .runtime.precision import autocast

SENTENCES_PER_PICTURE = 32  # outputs cached
BATCH = 16  # sentences per pass of the decoder; larger batches take memory and are not faster
FrontEndKey = tuple[FrontEnd | None, Preprocessing]
GroundingKey = tuple[Grounding, FrontEndKey, str | None]
STAGES = ("image_encoder", "text_encoder", "decoder")


@dataclass(frozen=True)
class Picture:
    """An input picture.

    Attributes:
        pixels: (H, W, 3) uint8.
        key: cache key; two pictures share it only if their pixels are equal.
        notices: sentences for the user.
    """

    pixels: np.ndarray
    key: str
    notices: tuple[Message, ...] = ()

    @property
    def shape(self) -> Shape:
        """(H, W)."""
        return self.pixels.shape[:2]


@dataclass(frozen=True)
class SentenceOutput:
    """The output of a model for one sentence, at working resolution and without padding.

    Attributes:
        map: (h, w) float32 >= 0.
        words: of the sentence; empty for text-blind models.
        word_maps: (L, h', w') float32 in [0, 1], a map per token; None for models without word maps.
        word_weights: (L,) float32, the weight of each token; None as above.
        referent: (h', w') float32 in [0, 1], where the thing is that the sentence is about; None for models without it.
        presence: in [0, 1], the probability that the picture shows that thing; None for models without it, and without
            a sentence.
        truncated: whether the sentence exceeded the text encoder's limit.
        ids: of the encoded tokens; sentences with equal ids have equal outputs. Empty for text-blind models.
    """

    map: np.ndarray
    words: tuple[Word, ...] = ()
    word_maps: np.ndarray | None = None
    word_weights: np.ndarray | None = None
    referent: np.ndarray | None = None
    presence: float | None = None
    truncated: bool = False
    ids: tuple[int, ...] = ()

    @property
    def size(self) -> int:
        """Bytes."""
        arrays = (self.map, self.word_maps, self.word_weights, self.referent)
        return sum(array.nbytes for array in arrays if array is not None)


@dataclass(frozen=True)
class Footprint:
    """Bytes of a model's weights, in their file and in memory.

    The front end is included, the text encoder is not; several models may share either.
    """

    file: int
    memory: int


class ModelSession:
    """A loaded checkpoint with its caches. Safe for concurrent callers.

    Args:
        model, card: of the checkpoint, see `checkpoints.load`. The model's batch norms are folded in place.
        file: bytes of its weights' file.
        device: to run on, where the model is.
        dtype: bfloat16 computes under autocast, float32 does not.
        lock: held while computing. Sessions of one device share it: two passes at once take longer on one
            processor than one after the other.
        pictures: number of pictures whose features are cached.
        feature_bytes, output_bytes: bounds of the caches.

    Attributes:
        model: the network, whose front end others may share.
        front_cache: front-end features by picture and `front_end_key`, shared by sessions; stores nothing unless
            several sessions can use them.
        front_sources: the `front_end_key` of every session whose front-end features include this one's.
        grounding: of the model's grounding branch, shared by sessions with equal `grounding_key`; None without one.
    """

    def __init__(
        self,
        model: SaliencyModel,
        card: Card,
        file: int,
        *,
        device: torch.device,
        dtype: torch.dtype,
        lock: Lock,
        pictures: int,
        feature_bytes: int,
        output_bytes: int,
    ) -> None:
        self.card = card
        self.spec = registry.spec(self.card.model)
        encoder = self.card.text_encoder if self.spec.reads_text else None
        if model.front_end is not None:  # CLIP-SalGAN's few norms cost nothing, and without them its maps move by 1e-5
            fold_batch_norms(model)
        self.model = model.requires_grad_(False).to(memory_format=torch.channels_last)
        self._decode = DecoderStep(self.model)
        self._encoder = load_encoder(encoder) if encoder is not None else None
        self._device = device
        self._dtype = dtype
        self._lock = lock
        self.front_cache: BoundedCache[ImageFeatures] = BoundedCache(0, 0, features_size)
        self.front_sources: tuple[FrontEndKey, ...] = ()
        self.grounding: GroundingSession | None = None
        self.footprint = Footprint(file, sum(tensor.nbytes for tensor in model.state_dict().values()))
        self._features: BoundedCache[ImageFeatures] = BoundedCache(pictures, feature_bytes, features_size)
        self._outputs: BoundedCache[SentenceOutput] = BoundedCache(
            pictures * SENTENCES_PER_PICTURE, output_bytes, attrgetter("size")
        )

    @property
    def identity(self) -> CheckpointIdentity:
        """Which weights these are."""
        return CheckpointIdentity(self.card.name, self.card.sha256, self.card.model, self.card.preset)

    def accelerate(self) -> None:
        """Compute by graphs of `runtime.graphs` from now on; baselines, which have no weights, stay as they are."""
        if self.card.sha256 is not None:
            self._decode = GraphDecoder(self.model, self.card.sha256, self._dtype)

    @property
    def front_end_key(self) -> FrontEndKey:
        """Cache key: sessions with equal keys have equal front-end features."""
        return self.model.front_end, self.card.preprocessing

    @property
    def grounding_key(self) -> GroundingKey | None:
        """Sessions with equal keys have the same grounding, and equal inputs for it; None without a branch."""
        branch = self.model.grounding_branch
        return None if branch is None else (branch.grounding, self.front_end_key, self.card.text_encoder)

    def run(
        self, picture: Picture, sentences: Sequence[str], progress: Callable[[float], None] | None = None
    ) -> tuple[list[SentenceOutput], dict[str, float]]:
        """The output of each sentence, and the seconds of each of `STAGES`; only what is not cached is computed.

        Args:
            progress: called with the share of the decoded sentences before waiting for the engine and before each pass
                of the network. An exception of it ends the call.
        """
        report = progress or (lambda share: None)
        report(0.0)
        sentences = list(sentences) if self._encoder else [""] * len(sentences)
        clock = _Clock(self._device)
        # A caller that waits here for the same picture finds it in the cache afterwards.
        with self._lock, torch.inference_mode(), autocast(self._device, self._dtype):
            cached = {sentence: self._outputs.get((picture.key, sentence)) for sentence in sentences}
            outputs = {sentence: output for sentence, output in cached.items() if output is not None}
            missing = [sentence for sentence, output in cached.items() if output is None]
            for sentence, output in zip(missing, self._compute(picture, missing, clock, report), strict=True):
                outputs[sentence] = output
                self._outputs[picture.key, sentence] = output
        return [outputs[sentence] for sentence in sentences], clock.seconds

    def words(self, sentence: str) -> tuple[Word, ...]:
        """The words of a sentence with their encoded tokens; none for text-blind models."""
        if self._encoder is None:
            return ()
        with self._lock:
            return self._encoder.encode([sentence]).words[0]

    def _compute(
        self, picture: Picture, sentences: list[str], clock: _Clock, report: Callable[[float], None]
    ) -> list[SentenceOutput]:
        if not sentences:
            return []
        report(0.0)
        front_features = cache(lambda: self._front_features(picture))
        with clock("image_encoder"):
            features = self._encode(picture, front_features)
        with clock("text_encoder"):
            text = self._encoder.encode(sentences) if self._encoder else None
        outputs: list[SentenceOutput] = []
        with clock("decoder"):
            for start in range(0, len(sentences), BATCH):
                report(start / len(sentences))
                rows = list(range(start, min(start + BATCH, len(sentences))))
                part = text.features.select(rows).to(self._device) if text else None
                grounding = self._ground(picture, [sentences[row] for row in rows], part, front_features)
                output = self._decode(features, part, grounding, len(rows))
                outputs += self._sentence_outputs(picture, output, text, rows)
        return outputs

    def _encode(self, picture: Picture, front_features: Callable[[], ImageFeatures]) -> ImageFeatures:
        """The picture's features, cached or computed."""
        features = self._features.get(picture.key)
        if features is None:
            if self.model.front_end is None:
                features = self._decode.encode_image(self._pixels(picture))
            else:
                features = self._decode.encode(front_features())
            self._features[picture.key] = features
        return features

    def _ground(
        self,
        picture: Picture,
        sentences: list[str],
        text: TextFeatures | None,
        front_features: Callable[[], ImageFeatures],
    ) -> GroundingOutput | None:
        """The grounding's output for sentences and their `text`, cached, perhaps by another session."""
        if self.grounding is None or text is None:
            return None
        return self.grounding.run(picture.key, sentences, text, front_features)

    def _front_features(self, picture: Picture) -> ImageFeatures:
        """The picture's front-end features, cached, perhaps by another session."""
        front_end = self.model.front_end
        assert front_end is not None, "a model without one encodes pictures itself"
        for source in self.front_sources:
            if (cached := self.front_cache.get((picture.key, *source))) is not None:
                return cached
        front_features = front_end(self._pixels(picture))
        self.front_cache[picture.key, *self.front_end_key] = front_features
        return front_features

    def _pixels(self, picture: Picture) -> Tensor:
        """The preprocessed picture, a batch of one."""
        pixels = prepare(picture.pixels, self.card.preprocessing)[None]
        return pixels.to(self._device, memory_format=torch.channels_last)

    def _sentence_outputs(
        self, picture: Picture, output: SaliencyOutput, text: EncodedText | None, rows: list[int]
    ) -> list[SentenceOutput]:
        """The model's output for the sentences `rows` of `text` as arrays."""
        maps = self._arrays(picture, output.map[:, 0])
        if text is None:
            return [SentenceOutput(values) for values in maps]
        nothing = [None] * len(rows)
        word_maps = nothing if output.word_maps is None else self._arrays(picture, output.word_maps)
        weights = nothing if output.word_weights is None else output.word_weights.float().cpu().numpy()
        referents = nothing if output.referent is None else self._arrays(picture, output.referent[:, 0])
        presence = nothing if output.presence is None else output.presence.tolist()
        ids = [tuple(text.features.ids[row, text.features.mask[row]].tolist()) for row in rows]
        encoded = zip(ids, [text.words[row] for row in rows], [text.truncated[row] for row in rows], strict=True)
        return [
            SentenceOutput(
                maps[at],
                words,
                word_maps[at],
                weights[at],
                referents[at],
                presence[at] if words else None,
                truncated,
                token_ids,
            )
            for at, (token_ids, words, truncated) in enumerate(encoded)
        ]

    def _arrays(self, picture: Picture, maps: Tensor) -> list[np.ndarray]:
        """Maps (N, ..., h, w) as N float32 arrays without the padding around the picture."""
        rows, columns = content(self.card.preprocessing, picture.shape, maps.shape[-2:])
        maps = maps[..., rows, columns].float().clamp(min=0).cpu().numpy()
        return [np.array(values) for values in maps]  # copies: a cached output must not hold its whole batch


def includes(key: FrontEndKey, other: FrontEndKey) -> bool:
    """Whether the front-end features of `key` are those of `other`, perhaps among more; false without a front end."""
    (front_end, pictures), (wanted, others) = key, other
    return front_end is not None and wanted is not None and pictures == others and front_end.includes(wanted)


class _Clock:
    """Seconds per stage: ``with clock("decoder"): ...``."""

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
