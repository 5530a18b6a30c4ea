"""Trained networks by name, and as what others can use: a folder or a repository of the Hugging Face Hub."""

from __future__ import annotations

import os
import tempfile
from functools import partial
from pathlib import Path

import torch
from torch import nn

from . import checkpoints, hub
from .atomic_files import write_whole
from .checkpoints import Description, Part
from .errors import CheckpointError
from .model_card import licence, model_card


def load(
    name: str | os.PathLike[str],
    *,
    revision: str | None = None,
    token: str | None = None,
    device: torch.device | str = "cpu",
) -> nn.Module:
    """A trained network, in evaluation mode with float32 parameters; its `checkpoints.Card` is its attribute ``card``.

    Args:
        name: of a checkpoint that ships, e.g. ``gsgnet``; of a repository of the hub, ``owner/name`` or
            ``hf://owner/name@revision``; or the path of a folder that `save` wrote.
        revision: branch, tag or commit of the repository.
        token: of the hub; default the one that ``hf auth login`` stored.

    Raises:
        CheckpointError: nothing of this name, a card that cannot be read, weights that differ from the card's sha256
            or do not fit the network. Only safetensors files are read, never a pickle.
        HubUnavailableError: it is on the hub, which does not answer, and not cached here.
    """
    repository = hub.repository(name)
    if repository is None:
        if revision is not None:
            raise CheckpointError("“{name}” is on this machine and has no revisions.", name=os.fspath(name))
        return checkpoints.load_network(name, device=device)[0]
    chosen = hub.Repository(repository.id, revision or repository.revision)
    return checkpoints.load_network(checkpoints.download(chosen, token), device=device)[0]


def save(
    model: nn.Module,
    target: str | os.PathLike[str],
    description: Description | None = None,
    *,
    private: bool | None = None,
    token: str | None = None,
    message: str = "Upload the checkpoint",
) -> str:
    """Writes a network's checkpoint with README.md, a model card for people, and LICENSE.md.

    Args:
        model: of the registry.
        target: a folder, made where it is missing, or ``hf://owner/name``, ``hf://owner/name@branch``.
        description: of the checkpoint; default that of the card the network was loaded with. Where the weights have
            changed since then, the card's measurements are left out, and its training becomes one of the `parts`.
        private, token, message: of a repository on the hub, see `hub.upload`.

    Returns:
        The folder's path, or the address of the commit.

    Raises:
        CheckpointError: no description, weights that are not finite, or the hub refuses the upload.
        HubUnavailableError: the hub does not answer.
    """
    repository = hub.repository(target) if os.fspath(target).startswith(hub.SCHEME) else None
    if repository is None:
        _write(model, Path(target), description, None)
        return os.fspath(target)
    with tempfile.TemporaryDirectory() as folder:
        _write(model, Path(folder), description, repository.id)
        return hub.upload(Path(folder), repository, message=message, private=private, token=token)


def _write(model: nn.Module, folder: Path, description: Description | None, repository: str | None) -> None:
    loaded = getattr(model, "card", None)
    if description is None:
        if loaded is None:
            raise CheckpointError("This network was not loaded from a checkpoint: say with `description` what it is.")
        description = Description(**{field: getattr(loaded, field) for field in Description.model_fields})
        card = checkpoints.save(model, description, folder)
        if card.sha256 != loaded.sha256:
            card = checkpoints.save(model, _trained_further(description), folder)
    else:
        card = checkpoints.save(model, description, folder)
    for name, text in (("README.md", model_card(card, repository)), ("LICENSE.md", licence(card))):
        write_whole(folder / name, partial(Path.write_text, data=text, encoding="utf-8"))


def _trained_further(description: Description) -> Description:
    """The description of weights that started from those of `description`."""
    before = Part(recipe=description.recipe, revision=description.revision, effort=description.effort)
    return description.model_copy(
        update={
            "metrics": {},
            "grounding": None,
            "captions": None,
            "objects": None,
            "recipe": {},
            "seed": None,
            "effort": None,
            "revision": "",
            "parts": {**description.parts, description.name: before},
        }
    )
