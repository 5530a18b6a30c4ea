"""Tokenisers of the text encoders, with the characters that each piece covers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import regex
from tokenizers import Tokenizer


class Pieces(NamedTuple):
    """A tokenised sentence without special tokens: vocabulary ids, and the characters (start, end) of each."""

    ids: list[int]
    spans: list[tuple[int, int]]


class Tokeniser(Protocol):
    """Sentences to `Pieces`, of any length; `first` and `last` are the special tokens around a sentence.

    Special tokens that somebody has written are text like any other.
    """

    first: int
    last: int
    padding: int

    @property
    def unknown(self) -> int | None:
        """The piece that stands for all that the vocabulary does not have; None where it has everything."""

    def pieces(self, sentences: Sequence[str]) -> list[Pieces]:
        """The pieces of each sentence, without the encoder's own marks of start and end."""


_CONTINUES = "##"  # begins a piece that goes on with the word before it
_BEHIND, _BEFORE = frozenset(".,;:!?)'-%"), frozenset("('-$")  # marks that follow a word, or go before one, unspaced


class WordPieces:
    """Tokeniser of the BERT family.

    Args:
        tokeniser: of the library ``tokenizers``.
    """

    def __init__(self, tokeniser: Tokenizer) -> None:
        self._backend = tokeniser
        # Cutting and padding are settings of the shared tokeniser, not of a call: left on, they race between threads.
        self._backend.no_truncation()
        self._backend.no_padding()
        self._backend.encode_special_tokens = True  # a "[MASK]" that somebody has written is text
        vocabulary = tokeniser.get_vocab()
        self.unknown: int = vocabulary["[UNK]"]
        self.first: int = vocabulary["[CLS]"]
        self.last: int = vocabulary["[SEP]"]
        self.padding: int = vocabulary["[PAD]"]

    def pieces(self, sentences: Sequence[str]) -> list[Pieces]:
        """See `Tokeniser.pieces`; the offsets are the tokeniser's own."""
        encodings = self._backend.encode_batch(list(sentences), add_special_tokens=False)
        return [Pieces(encoding.ids, encoding.offsets) for encoding in encodings]

    def spelled(self, ids: Sequence[int]) -> tuple[str, Pieces]:
        """The sentence that pieces make up, which begins with a capital letter, and the pieces with their characters.

        Marks stand as in English text, as far as pieces tell: one does not know a quotation's beginning from its end.
        """
        sentence, spans, glued = "", [], True
        for piece in (str(self._backend.id_to_token(number)) for number in ids):
            text = piece.removeprefix(_CONTINUES)
            if not (glued or text != piece or text in _BEHIND):
                sentence += " "
            spans.append((len(sentence), len(sentence) + len(text)))
            sentence += text
            glued = text in _BEFORE
        return sentence[:1].upper() + sentence[1:], Pieces(list(ids), spans)


class BytePairs:
    """Tokeniser of CLIP, which knows no character offsets: they are found again from the bytes of the pieces.

    Args:
        tokeniser: open_clip's ``SimpleTokenizer``.
    """

    padding = 0
    unknown = None  # what has no piece is spelled by its bytes

    def __init__(self, tokeniser: Any) -> None:
        # A "<end_of_text>" that somebody has written is text; the tokeniser's pattern begins with these names.
        special = "|".join(tokeniser.decoder[token] for token in tokeniser.all_special_ids) + "|"
        tokeniser.pat = regex.compile(tokeniser.pat.pattern.removeprefix(special), regex.IGNORECASE)
        self._tokeniser = tokeniser
        self.first: int = tokeniser.sot_token_id
        self.last: int = tokeniser.eot_token_id

    def pieces(self, sentences: Sequence[str]) -> list[Pieces]:
        """See `Tokeniser.pieces`; offsets are computed from the bytes of the pieces."""
        return [self._pieces(sentence) for sentence in sentences]

    def _pieces(self, sentence: str) -> Pieces:
        ids, spans = [], []
        # No piece crosses a space, so runs may be encoded one by one.
        for run in re.finditer(r"\S+", sentence):
            run_ids = self._tokeniser.encode(run.group())
            ids += run_ids
            spans += self._spans(run, run_ids)
        return Pieces(ids, spans)

    def _spans(self, run: re.Match[str], ids: Sequence[int]) -> list[tuple[int, int]]:
        """Characters of each piece of a run; the whole run where cleaning (HTML, bad encodings) changed its length."""
        cleaned = self._tokeniser.clean_fn(run.group())
        owner = [index for index, character in enumerate(cleaned) for _ in character.encode()]
        lengths = [len(self._tokeniser.decoder[piece].removesuffix("</w>")) for piece in ids]  # a symbol is a byte
        if len(cleaned) != len(run.group()) or sum(lengths) != len(owner):
            return [run.span()] * len(ids)
        spans, at = [], 0
        for length in lengths:
            spans.append((run.start() + owner[at], run.start() + owner[at + length - 1] + 1))
            at += length
        return spans
