"""A cache of encoded sentences: encoding captions twice costs more than a training step."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path

import torch
from safetensors.torch import load_file, save

from ...atomic_files import write_whole
from ...models.features import TextFeatures, padded
from ...models.text import load_encoder


class SentenceBank:
    """Features of a fixed set of sentences, in half precision, optionally cached in a file between runs.

    Args:
        encoder: name in `text.ENCODERS`.
        sentences: whatever will be asked for; the empty sentence is always there.
        cache: folder for the file, named by a hash of encoder and sentences; None writes no file.
    """

    def __init__(self, encoder: str, sentences: Iterable[str], cache: Path | None = None):
        unique = sorted({"", *sentences})
        self._number = {sentence: number for number, sentence in enumerate(unique)}
        name = hashlib.sha256("\n".join([encoder, *unique]).encode()).hexdigest()[:16]
        path = cache / f"{encoder}-{name}.safetensors" if cache else None
        if path and path.is_file():
            self._tensors = load_file(path)
        else:
            self._tensors = _encode(encoder, unique)
            if path:
                write_whole(path, lambda draft: draft.write_bytes(save(self._tensors)))
        self._ends = self._tensors["lengths"].cumsum(0).tolist()

    def gather(self, sentences: Sequence[str]) -> TextFeatures:
        """Features of `sentences`, float32, padded to the longest of them; `KeyError` where one is not in the bank."""
        numbers, rows = self._rows(sentences)
        return TextFeatures(
            tokens=padded([self._tensors["tokens"][row].float() for row in rows]),
            mask=padded([torch.ones(row.stop - row.start, dtype=torch.bool) for row in rows]),
            words=padded([self._tensors["words"][row] for row in rows]),
            sentence=self._tensors["sentence"][numbers].float(),
            present=self._tensors["present"][numbers],
            ids=padded([self._tensors["ids"][row] for row in rows]),
        )

    def starts(self, sentences: Sequence[str]) -> torch.Tensor:
        """(T, L) int64: at which character of its sentence the word of each token starts; -1 where it is of no word."""
        return padded([self._tensors["starts"][row] for row in self._rows(sentences)[1]], -1)

    def _rows(self, sentences: Sequence[str]) -> tuple[list[int], list[slice]]:
        """Number of each sentence and where its tokens lie."""
        numbers = [self._number[sentence] for sentence in sentences]
        return numbers, [slice(self._ends[n] - int(self._tensors["lengths"][n]), self._ends[n]) for n in numbers]


def _encode(encoder: str, sentences: Sequence[str], chunk: int = 1024) -> dict[str, torch.Tensor]:
    """The bank's tensors, n tokens of S sentences one after another.

    ``tokens`` (n, D) half, ``starts``, ``words`` and ``ids`` (n,), ``sentence`` (S, D') half, ``present`` and
    ``lengths`` (S,). Sentences of similar length are encoded together, `chunk` at a time, to waste little on padding.
    """
    parts: list[dict[str, torch.Tensor]] = []
    text_encoder = load_encoder(encoder)
    by_length = sorted(range(len(sentences)), key=lambda number: len(sentences[number]))
    for start in range(0, len(by_length), chunk):
        numbers = by_length[start : start + chunk]
        encoded = text_encoder.encode([sentences[number] for number in numbers])
        features = encoded.features
        for row, number in enumerate(numbers):
            length = int(features.mask[row].sum())
            starts = torch.full((length,), -1)
            for word in encoded.words[row]:
                starts[list(word.tokens)] = word.start
            parts.append(
                {
                    "number": torch.tensor(number),
                    "tokens": features.tokens[row, :length].half(),
                    "starts": starts,
                    "words": features.words[row, :length],
                    "ids": features.ids[row, :length],
                    "sentence": features.sentence[row].half(),
                    "present": features.present[row],
                }
            )
    parts.sort(key=lambda part: int(part["number"]))
    tensors = {name: torch.cat([part[name] for part in parts]) for name in ("tokens", "starts", "words", "ids")}
    tensors |= {name: torch.stack([part[name] for part in parts]) for name in ("sentence", "present")}
    return tensors | {"lengths": torch.tensor([len(part["words"]) for part in parts])}
