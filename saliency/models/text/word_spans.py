"""Words of a sentence: where each begins and ends, and which tokens are its own."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from .tokenisers import Pieces


@dataclass(frozen=True)
class Word:
    """A word of a sentence.

    Attributes:
        text: as written, ``sentence[start:end]``, without surrounding punctuation.
        start, end: characters of the sentence.
        tokens: indices into dimension L of the `TextFeatures`; empty where the encoder's limit left the word unread.
        known: false where a part of the word is not in the encoder's vocabulary and becomes the unknown token.
    """

    text: str
    start: int
    end: int
    tokens: tuple[int, ...]
    known: bool = True


# Scripts written without spaces whose characters are read singly: Han, kana, bopomofo.
_CJK = (
    "\u2e80-\u2fdf\u3005-\u3007\u3040-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9d\U00020000-\U0003ffff"
)
_RUN = re.compile(rf"[{_CJK}]|[^\s{_CJK}]+")


def split_words(sentence: str) -> list[tuple[int, int]]:
    """Characters (start, end) of each word: a run without spaces less the punctuation around it, or a CJK character.

    A sentence of nothing but punctuation or symbols is taken as it stands, so that only a blank one has no words.
    """
    runs = [match.span() for match in _RUN.finditer(sentence)]
    trimmed = [_trim(sentence, start, end) for start, end in runs]
    return [(start, end) for start, end in trimmed if start < end] or runs


def _trim(sentence: str, start: int, end: int) -> tuple[int, int]:
    def surrounds(character: str) -> bool:  # punctuation, symbols and control characters; accents and digits are not
        return unicodedata.category(character)[0] in "PSC"

    while start < end and surrounds(sentence[start]):
        start += 1
    while start < end and surrounds(sentence[end - 1]):
        end -= 1
    return start, end


def align(sentence: str, pieces: Pieces, limit: int, unknown: int | None) -> tuple[Word, ...]:
    """Words of `sentence` with their tokens among the first `limit` pieces.

    Words of characters that the tokeniser ignores (control characters) have no piece at all and are left out.
    """
    words, piece = [], 0
    for start, end in split_words(sentence):
        while piece < len(pieces.spans) and pieces.spans[piece][1] <= start:
            piece += 1
        last = piece
        while last < len(pieces.spans) and pieces.spans[last][0] < end:
            last += 1
        if last > piece:
            tokens = tuple(index + 1 for index in range(piece, min(last, limit)))  # + 1: the special token in front
            known = unknown not in pieces.ids[piece:last]
            words.append(Word(sentence[start:end], start, end, tokens, known))
    return tuple(words)
