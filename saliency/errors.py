"""Typed errors. The message of each is a sentence its user understands: no path of a server, no trace, no jargon."""

from __future__ import annotations

from functools import partial
from typing import Any

from .messages import Message


class SaliencyError(Exception):
    """Base of every error this package raises on purpose; ``str(error)`` may be shown to a user as it is.

    Args:
        sentence, values: as `Message` takes them; the app translates by them.
    """

    def __init__(self, sentence: str, /, **values: Any) -> None:
        super().__init__(Message(sentence, **values))

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        """A copy, or what another process gets, has the same sentence."""
        return partial(type(self), **self.message.values), (self.message.template,)

    @property
    def message(self) -> Message:
        """The sentence."""
        return self.args[0]


class PictureError(SaliencyError):
    """The picture cannot be used."""


class EmptyPictureError(PictureError):
    """The upload holds no bytes, or no picture was given."""


class UnsupportedFormatError(PictureError):
    """The bytes are no picture, or one of a format that is not read (SVG, text, ...)."""


class DamagedPictureError(PictureError):
    """The picture's file is cut short or corrupt."""


class PictureTooLargeError(PictureError):
    """The picture has more pixels, or a file larger, than allowed; found from its header, before decoding."""


class PictureTooCostlyError(PictureError):
    """Reading the picture takes more time or memory than is allowed; see `settings.read_limits`."""


class PictureTooSmallError(PictureError):
    """A side is too short for a prediction."""


class PictureShapeError(PictureError):
    """The picture is too long and thin, or an array has not the shape or values of a picture."""


class VideoError(SaliencyError):
    """A video cannot be used: it is none, damaged, of an unknown encoding, or exceeds a limit."""


class TextError(SaliencyError):
    """A sentence cannot be used."""


class UnknownModelError(SaliencyError):
    """No model or preset has this name; the message lists the names there are."""


class CheckpointError(SaliencyError):
    """A checkpoint is missing, damaged, or does not fit its card."""


class HubUnavailableError(SaliencyError):
    """The hub does not answer, and the weights are not on this machine; the message says what needs no network."""


class MissingPackageError(SaliencyError, ImportError):
    """An optional package is not installed; the message says how to install it."""


class DatasetError(SaliencyError):
    """A data set's folder has not the expected layout or content."""


class GroundTruthError(SaliencyError):
    """An uploaded density map or fixation list cannot be read or does not fit the picture."""


class MetricError(SaliencyError, ValueError):
    """A metric was asked of arrays it is not defined on (shape, non-finite values)."""


class ArchiveError(SaliencyError):
    """What is to be replayed is no recorded comparison, is incomplete, or does not fit together."""


class OutputError(SaliencyError):
    """Results cannot be written where they were asked for."""


class AnnotationError(SaliencyError):
    """Pictures cannot be annotated: their segments cannot be read, or what was sent is no annotation."""


class ExpiredError(SaliencyError):
    """A stored result has expired."""


class ClassError(SaliencyError):
    """A class of people who mark together cannot be opened, found or added to."""


class RecipeError(SaliencyError):
    """A training recipe has an unknown or invalid key; the message names it."""
