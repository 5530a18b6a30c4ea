"""Weights that a model's authors published, as a checkpoint of this package: ``saliency convert``.

A file is converted whole or not at all: every tensor of the model must be found, and every tensor of the file used.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from .checkpoints import Card, Description, save
from .errors import CheckpointError
from .models import registry
from .preprocessing import Preprocessing
from .published_formats import FORMATS, PublishedFormat, Tensors

COUNTER = "num_batches_tracked"  # of batch norms: files of old PyTorch versions lack it, and only training reads it
_WRAPPERS = ("state_dict", "model", "model_state_dict")  # keys that training scripts save the tensors under


@dataclass(frozen=True)
class Conversion:
    """A converted file.

    Attributes:
        card: of the checkpoint that was written.
        format: the published format that was recognised.
        tensors: name here, name in the file, shape; one per tensor of the model.
    """

    card: Card
    format: PublishedFormat
    tensors: tuple[tuple[str, str, tuple[int, ...]], ...]


def convert(file: Path, model: str, directory: Path, name: str | None = None) -> Conversion:
    """Write a published file of weights as the checkpoint `name` into `directory`.

    Args:
        file: ``.safetensors``, or what ``torch.save`` writes; it is read as tensors only.
        model: a key of `FORMATS`.
        name: of the checkpoint; the model's by default.

    Raises:
        CheckpointError: there is no format for this model, the file cannot be read, or its tensors are not those of
            any of the formats; the message names the first three that differ.
    """
    if model not in FORMATS:
        raise CheckpointError(
            "There is no published format of “{model}” that can be converted. There are: {known}.",
            model=model,
            known=", ".join(FORMATS),
        )
    tensors = read_tensors(file)
    attempts = [_attempt(model, form, tensors) for form in FORMATS[model]]
    form, names, faults = min(attempts, key=lambda attempt: len(attempt[2]))
    if faults:
        raise CheckpointError(
            "“{name}” does not fit {title} of {source}: {faults}.",
            name=file.name,
            title=form.title,
            source=form.source,
            faults="; ".join(faults[:3]),
        )
    config = form.config(tensors)
    preset = registry.preset(model, "paper", **config)
    network = registry.spec(model).model(preset.config)
    network.load_state_dict(_translated(form, names, tensors), strict=False)
    description = Description(
        name=name or model,
        model=model,
        preset="paper",
        config=config,
        text_encoder=preset.text_encoder,
        preprocessing=Preprocessing(**{**vars(preset.preprocessing), **form.pictures}),
        licence=f"weights: terms of {form.source}",
        origin=(f"{form.title} of {form.source}, {_digest(file)}",),
        limits=tuple(limit.en for limit in (*registry.spec(model).limits, *form.limits)),
    )
    card = save(network, description, directory)
    shapes = {key: tuple(tensor.shape) for key, tensor in network.state_dict().items()}
    return Conversion(card, form, tuple((key, theirs, shapes[key]) for key, theirs in names.items()))


def read_tensors(file: Path) -> dict[str, Tensor]:
    """The tensors of a file of weights by name, without the wrapper and prefix that training scripts add.

    Raises:
        CheckpointError: it cannot be read, holds objects beside tensors, or has no named tensors.
    """
    try:
        if file.suffix == ".safetensors":
            return load_file(file)
        content = torch.load(file, map_location="cpu", weights_only=True)
    except (OSError, SafetensorError) as error:
        raise CheckpointError("“{name}” cannot be read as a file of weights.", name=file.name) from error
    except Exception as error:  # torch.load raises errors of many kinds for damaged files, and for pickled objects
        raise CheckpointError(
            "“{name}” cannot be read as a file of weights: it is damaged, or holds more than tensors.", name=file.name
        ) from error
    for wrapper in _WRAPPERS:
        if isinstance(content, dict) and isinstance(content.get(wrapper), dict):
            content = content[wrapper]
    if not isinstance(content, dict) or not all(isinstance(value, Tensor) for value in content.values()):
        raise CheckpointError("“{name}” has no named tensors.", name=file.name)
    return {name.removeprefix("module."): value for name, value in content.items()}


def _attempt(model: str, form: PublishedFormat, tensors: Tensors) -> tuple[PublishedFormat, dict[str, str], list[str]]:
    """The format, the file's names by the model's, and what does not fit."""
    with torch.device("meta"):
        own = registry.create(model, "paper", **form.config(tensors)).state_dict()
    names = {name: form.name_of(name) for name in own}
    faults = []
    for name, theirs in names.items():
        if theirs not in tensors:
            faults += [] if name.endswith(COUNTER) else [f"{theirs} is missing"]
        elif _value(form, name, tensors[theirs]).shape != own[name].shape:
            faults.append(f"{theirs} is {tuple(tensors[theirs].shape)}, not {tuple(own[name].shape)}")
    used = {*names.values(), *_folded(own, names).values()}
    faults += [f"{theirs} has no place" for theirs in tensors if theirs not in used]
    return form, {name: theirs for name, theirs in names.items() if theirs in tensors}, faults


def _value(form: PublishedFormat, name: str, theirs: Tensor) -> Tensor:
    return form.values[name](theirs) if name in form.values else theirs


def _folded(own: Iterable[str], names: Mapping[str, str]) -> dict[str, str]:
    """By the running mean of a batch norm, the file's bias of the convolution before it, which has none here."""
    found = {}
    for name in own:
        if name.endswith(".0.weight") and (mean := name.replace(".0.weight", ".1.running_mean")) in names:
            found[mean] = names[name].removesuffix("weight") + "bias"
    return found


def _translated(form: PublishedFormat, names: Mapping[str, str], tensors: Tensors) -> dict[str, Tensor]:
    """Our tensors by name. A bias in front of a batch norm moves into its mean: (x + b - m) is (x - (m - b))."""
    own = {name: _value(form, name, tensors[theirs]) for name, theirs in names.items()}
    for mean, bias in _folded(own, names).items():
        if bias in tensors:
            own[mean] = own[mean] - tensors[bias]
    return own


def _digest(file: Path) -> str:
    return f"sha256 {hashlib.sha256(file.read_bytes()).hexdigest()}"
