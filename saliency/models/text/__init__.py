"""Text encoders: sentences in, token states and one vector per sentence out, with the words they belong to.

Encoders are the models' inputs, not their insides: one is loaded once, is frozen, and serves every model that names it.
"""

from .encoders import ENCODERS, load_encoder, load_word_pieces
from .text_encoder import EncodedText, EncoderSpec, TextEncoder
from .tokenisers import WordPieces
from .word_spans import Word, align, split_words

__all__ = [
    "ENCODERS",
    "EncodedText",
    "EncoderSpec",
    "TextEncoder",
    "Word",
    "WordPieces",
    "align",
    "load_encoder",
    "load_word_pieces",
    "split_words",
]
