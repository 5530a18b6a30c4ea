"""A frozen text encoder: sentences in, token states and one vector per sentence out, with the words they belong to."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock
from typing import NamedTuple

import torch
from cachetools import LRUCache
from torch import Tensor

from ...cleaning import check_sentence
from ...errors import TextError
from ..features import TextFeatures, padded
from .tokenisers import Tokeniser
from .towers import Tower
from .word_spans import Word, align


@dataclass(frozen=True)
class EncodedText:
    """T encoded sentences.

    Attributes:
        features: the models' input; on the CPU, float32.
        words: of each sentence, in reading order; none where the sentence is blank.
        truncated: whether the encoder's limit cut each sentence off.
    """

    features: TextFeatures
    words: tuple[tuple[Word, ...], ...]
    truncated: tuple[bool, ...]


@dataclass(frozen=True)
class EncoderSpec:
    """A registry entry: a text encoder's name, sizes and loader.

    Attributes:
        name: key in `ENCODERS`.
        title: name for people.
        dim: channels of the token states; 0 for encoders that give ids only.
        sentence_dim: channels of the sentence vector.
        max_tokens: largest number of tokens, special tokens included.
        offline: whether its weights install with the package, so that no network is needed.
        origin: name on the hub.
    """

    name: str
    title: str
    dim: int
    sentence_dim: int
    max_tokens: int
    offline: bool
    origin: str


class TextEncoder:
    """A frozen text encoder. Safe for concurrent callers; caches the last sentences.

    Args:
        spec: its entry in `ENCODERS`.
        tokeniser: splits sentences.
        tower: the network, in evaluation mode.
        remembered: number of sentences whose encodings are cached.
    """

    def __init__(self, spec: EncoderSpec, tokeniser: Tokeniser, tower: Tower, remembered: int = 512) -> None:
        self.spec = spec
        self._tokeniser = tokeniser
        self._tower = tower
        self._recent: LRUCache[str, _Encoded] = LRUCache(remembered)
        self._lock = Lock()

    def encode(self, sentences: Sequence[str], batch_size: int = 64) -> EncodedText:
        """Encode `sentences`, each different one once, in batches of similar length.

        A blank sentence is the pure condition: `present` is false and it has no words, but its states (of the special
        tokens alone) are given for models that encode the empty string. Computed in float32 also under
        ``torch.autocast``: cached values must not depend on the first caller.

        Args:
            sentences: T of them, at most `cleaning.MAX_CHARACTERS` long each.
            batch_size: sentences a pass of the network.

        Raises:
            TextError: a sentence is too long or not text.
        """
        sentences = [_checked(sentence) for sentence in sentences]
        with self._lock:
            encoded = {sentence: self._recent[sentence] for sentence in sentences if sentence in self._recent}
        missing = [sentence for sentence in dict.fromkeys(sentences) if sentence not in encoded]
        encoded.update(self._encode(missing, batch_size))
        with self._lock:
            self._recent.update(encoded)
        return _stack([encoded[sentence] for sentence in sentences], self._tokeniser.padding)

    # Inference tensors must not be remembered: another caller may train on them.
    @torch.inference_mode(False)
    @torch.no_grad()
    def _encode(self, sentences: Sequence[str], batch_size: int) -> dict[str, _Encoded]:
        limit = self.spec.max_tokens - 2
        pieces = dict(zip(sentences, self._tokeniser.pieces(sentences), strict=True))
        by_length = sorted(sentences, key=lambda sentence: len(pieces[sentence].ids))
        encoded = {}
        for start in range(0, len(by_length), batch_size):
            batch = by_length[start : start + batch_size]
            ids = [self._surrounded(pieces[sentence].ids[:limit]) for sentence in batch]
            mask = padded([torch.ones_like(row, dtype=torch.bool) for row in ids])
            with torch.autocast("cpu", enabled=False):
                tokens, vectors = self._tower(padded(ids, self._tokeniser.padding), mask)
            for row, sentence in enumerate(batch):
                # Copies: a cached sentence must not hold its whole batch in memory.
                states, vector = tokens[row, : len(ids[row])].float().clone(), vectors[row].float().clone()
                words = align(sentence, pieces[sentence], limit, self._tokeniser.unknown)
                encoded[sentence] = _Encoded(ids[row], states, vector, words, len(pieces[sentence].ids) > limit)
        return encoded

    def _surrounded(self, ids: Sequence[int]) -> Tensor:
        return torch.tensor([self._tokeniser.first, *ids, self._tokeniser.last])


class _Encoded(NamedTuple):
    """One encoded sentence: ids (l,), tokens (l, D), sentence (D',), its words, whether it was cut off."""

    ids: Tensor
    tokens: Tensor
    sentence: Tensor
    words: tuple[Word, ...]
    truncated: bool


def _checked(sentence: str) -> str:
    """The sentence, "" where it is blank; `TextError` where it cannot be read."""
    check_sentence(sentence)
    if any(unicodedata.category(character) == "Cs" for character in sentence):
        raise TextError("The sentence holds damaged characters; please type it again.")
    return sentence if sentence.strip() else ""


def _stack(encoded: Sequence[_Encoded], padding: int) -> EncodedText:
    """Sentences of different lengths as one batch."""
    ids = padded([entry.ids for entry in encoded], padding)
    words = torch.zeros_like(ids, dtype=torch.bool)
    for row, entry in enumerate(encoded):
        words[row, [token for word in entry.words for token in word.tokens]] = True
    features = TextFeatures(
        tokens=padded([entry.tokens for entry in encoded]),
        mask=padded([torch.ones_like(entry.ids, dtype=torch.bool) for entry in encoded]),
        words=words,
        sentence=torch.stack([entry.sentence for entry in encoded]),
        present=words.any(dim=1),
        ids=ids,
    )
    return EncodedText(features, tuple(entry.words for entry in encoded), tuple(entry.truncated for entry in encoded))
