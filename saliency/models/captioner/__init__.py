"""The captioner: pictures to sentences, with the cross-attention of every word."""

from .model import Captioner, CaptionerConfig
from .vocabulary import END, START, UNKNOWN, Vocabulary, reverse

__all__ = ["END", "START", "UNKNOWN", "Captioner", "CaptionerConfig", "Vocabulary", "reverse"]
