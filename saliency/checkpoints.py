"""A checkpoint is two files: ``NAME.safetensors``, the weights, and ``NAME.json``, a card in JSON.

The card has everything needed to rebuild the model and to judge it: architecture, preprocessing, data, licence,
metrics, and the sha256 of the weights, which is checked before a tensor is read. Pickles are never opened.

Baselines, which learn nothing, have a card alone; it ships, and is found whatever the directory is. A repository of the
Hugging Face Hub has the two files, too, and is named ``owner/name`` or ``hf://owner/name@revision``.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import torch
from pydantic import AliasChoices, BaseModel, ConfigDict, Field, ValidationError, model_validator
from safetensors import SafetensorError
from safetensors.torch import load as tensors_from_bytes
from safetensors.torch import save as tensors_to_bytes
from torch import Tensor, nn

from . import hub
from .atomic_files import write_whole
from .errors import CheckpointError, UnknownModelError
from .faults import first_fault
from .models import registry
from .models.base import SaliencyModel
from .preprocessing import Preprocessing
from .resources import resource
from .settings import settings

SHIPPED = resource("checkpoints")
_PICKLES = {".pt", ".pth", ".bin", ".pkl", ".pickle", ".ckpt", ".tar"}


class _Record(BaseModel):
    """Unknown keys are refused; values do not change; numbers are finite."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class DataUse(_Record):
    """A data set behind the weights: its name, what it was used for, and under which terms it may be used."""

    name: str
    use: str
    terms: str


class Estimate(_Record):
    """A metric's mean over `n` pictures with its 95 % confidence interval."""

    mean: float
    low: float
    high: float
    n: int = Field(ge=1)


class Pointing(_Record):
    """Pointing accuracy of words on held-out pictures whose phrases have boxes.

    Attributes:
        pointing: share of the phrases whose strongest region lies in one of their boxes.
        box_auc: AUC of the phrases' maps against their boxes.
        phrases: their number.
    """

    pointing: float = Field(ge=0, le=1)
    box_auc: float = Field(ge=0, le=1)
    phrases: int = Field(ge=1)


class Captioning(_Record):
    """Scores of a captioner on held-out pictures, as `metrics.captions` has them.

    Attributes:
        cider: CIDEr-D with its interval over pictures.
        bleu_4: of the corpus.
        nearest_cider, nearest_bleu_4: those of the nearest training picture's caption.
    """

    cider: Estimate
    bleu_4: float = Field(ge=0, le=1)
    nearest_cider: float = Field(ge=0)
    nearest_bleu_4: float = Field(ge=0, le=1)


class Effort(_Record):
    """The cost of a training run, without epochs lost to interruptions.

    Attributes:
        minutes: wall-clock time from the first training batch to the last validation. What was cached before (encoded
            sentences, features of pictures) is not in it.
        cpu_minutes: CPU time of the main process, summed over cores; ``busy`` in older cards and runs.
        device: "cpu" or the accelerator's kind; cores: threads of the processor it used; precision: of its arithmetic.
    """

    minutes: float = Field(ge=0)
    cpu_minutes: float = Field(ge=0, validation_alias=AliasChoices("cpu_minutes", "busy"))
    device: str
    cores: int = Field(ge=1)
    precision: Literal["float32", "bfloat16"]


class Part(_Record):
    """An earlier training run that a checkpoint builds on.

    Attributes:
        recipe: as it was trained.
        revision: commit of the code; empty where it is not known.
        effort: the cost; None where it was not measured.
    """

    recipe: dict[str, Any]
    revision: str = ""
    effort: Effort | None = None


class Description(_Record):
    """The card of a model before it is saved, without the fields that follow from the weights.

    Attributes:
        name: of the checkpoint, also its file name.
        model, preset: keys of the registry.
        config: fields of the preset's configuration that were set differently.
        text_encoder: key of `text.ENCODERS`; None for a text-blind model.
        preprocessing: of pictures; the predictor uses it instead of the preset's.
        revision: commit of the code that trained it.
        data, licence, origin: data sets, terms of the weights, and weights they started from.
        recipe, seed: the training run.
        effort: cost of that run alone; None without a training or a measurement.
        parts: by name, earlier runs it started from or whose maps it learned from, and their own.
        metrics: split -> condition -> metric -> estimate.
        grounding: of the model's own words; None without a grounding or a measurement.
        captions: of a captioner; None without a measurement.
        objects: of a model of objects, by `metrics.OBJECT_METRICS`, without a sentence and on held-out pictures; None
            without a measurement.
        limits: sentences on where the model should not be trusted.
    """

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    model: str
    preset: str
    config: dict[str, Any] = {}
    text_encoder: str | None
    preprocessing: Preprocessing
    revision: str = ""
    data: tuple[DataUse, ...] = ()
    licence: str
    origin: tuple[str, ...] = ()
    recipe: dict[str, Any] = {}
    seed: int | None = None
    effort: Effort | None = None
    parts: dict[str, Part] = {}
    metrics: dict[str, dict[str, dict[str, Estimate]]] = {}
    grounding: Pointing | None = None
    captions: Captioning | None = None
    objects: dict[str, Estimate] | None = None
    limits: tuple[str, ...] = ()


class Card(Description):
    """A `Description` and what `save` adds: number format, number of parameters, sha256 of the weights, time (UTC).

    `location_prior` is that of the model (`SaliencyModel.location_prior`), row by row; None where it has none.

    A model that learns nothing has no weights, and so neither a number format nor a sha256: both are None.
    """

    dtype: Literal["float16"] | None = "float16"
    parameters: int
    location_prior: tuple[tuple[float, ...], ...] | None = None
    sha256: str | None = Field(pattern=r"^[0-9a-f]{64}$")
    created: datetime

    @model_validator(mode="after")
    def _names_its_weights(self) -> Card:
        if (self.sha256 is None) == _learned(self.model):
            raise ValueError("weights have a sha256, and a model without weights has none")
        return self


def directory_of_checkpoints() -> Path:
    """Where checkpoints are looked for by name: ``$SALIENCY_CHECKPOINTS``, or those that ship."""
    return Path(settings().checkpoints or SHIPPED)


def save(model: nn.Module, description: Description, directory: str | os.PathLike[str]) -> Card:
    """Writes ``NAME.safetensors`` and ``NAME.json`` into `directory`; each appears whole or not at all.

    Of a model that learns nothing only the card is written.

    Tensors are stored as float16, except vectors (biases, norms and their statistics), which stay float32: they are a
    hundredth of the file, and running variances can leave float16's range. Integers stay.

    Raises:
        CheckpointError: the weights are not finite in that format.
        OutputError: the files cannot be written; what was there before is as it was.
    """
    weights = {name: _stored(name, tensor) for name, tensor in model.state_dict().items()}
    content = tensors_to_bytes(weights)
    learned = _learned(description.model)
    card = Card(
        **vars(description),
        dtype="float16" if learned else None,
        parameters=sum(parameter.numel() for parameter in model.parameters()),
        location_prior=_rows(model.location_prior) if isinstance(model, SaliencyModel) else None,
        sha256=hashlib.sha256(content).hexdigest() if learned else None,
        created=datetime.now(UTC).replace(microsecond=0),
    )
    directory = Path(directory)
    if learned:
        write_whole(directory / f"{card.name}.safetensors", lambda path: path.write_bytes(content))
    # After the weights: a run killed in between leaves a pair that is refused, never one that is wrongly believed.
    return _write_card(card, directory / f"{card.name}.json")


def load(
    name: str | os.PathLike[str],
    directory: str | os.PathLike[str] | None = None,
    device: torch.device | str = "cpu",
) -> tuple[SaliencyModel, Card]:
    """The model of a checkpoint, in evaluation mode with float32 parameters, and its card.

    Args:
        name: as for `located`.
        directory: default `directory_of_checkpoints`.

    Raises:
        CheckpointError: nothing of this name, a pickle, a card that cannot be read, weights that differ from the
            card's sha256 or do not fit its model, or no saliency model.
        HubUnavailableError: it is on the hub, which does not answer.
    """
    model, card = load_network(name, directory, device)
    if not isinstance(model, SaliencyModel):
        raise CheckpointError("“{name}” is no saliency model, and has no maps of gaze.", name=card.name)
    return model, card


def load_network(
    name: str | os.PathLike[str],
    directory: str | os.PathLike[str] | None = None,
    device: torch.device | str = "cpu",
) -> tuple[nn.Module, Card]:
    """As `load`, of a checkpoint of any network of the registry. The network has the card, too, as its ``card``."""
    stem = located(name, directory)
    card = _read_card(stem.with_name(stem.name + ".json"))
    model = _build(card) if card.sha256 is None else _loaded(stem, card)
    model.card = card
    return model.eval().to(device), card


def _loaded(stem: Path, card: Card) -> nn.Module:
    """The card's network with its weights, whose sha256 is checked first."""
    content = _read(stem.with_name(stem.name + ".safetensors"), f"The weights of checkpoint “{card.name}” are missing.")
    if hashlib.sha256(content).hexdigest() != card.sha256:
        raise CheckpointError(
            f"The weights of checkpoint “{card.name}” are not those its card describes (sha256 differs)."
        )
    try:
        weights = tensors_from_bytes(content)
    except SafetensorError:
        raise CheckpointError(f"The weights of checkpoint “{card.name}” are not a safetensors file.") from None
    model = _build(card)
    _fill(model, weights, card)
    return model


def read_card(name: str | os.PathLike[str], directory: str | os.PathLike[str] | None = None) -> Card:
    """The card of a checkpoint, named as for `load`; `CheckpointError` where it is missing or cannot be read."""
    stem = located(name, directory)
    return _read_card(stem.with_name(stem.name + ".json"))


def available(directory: str | os.PathLike[str] | None = None) -> list[Card]:
    """The cards of the models in `directory` (default `directory_of_checkpoints`), in the registry's order.

    Weights without a card are no checkpoint: a training run keeps such beside its own. Nor are `baselines`.
    """
    folder = directory_of_checkpoints() if directory is None else Path(directory)
    cards = [_read_card(path) for path in sorted(folder.glob("*.json")) if _learned(path.stem)]
    cards = [card for card in cards if card.model not in registry.OTHERS]
    order = list(registry.REGISTRY)
    return sorted(cards, key=lambda card: (order.index(card.model) if card.model in order else len(order), card.name))


def baselines() -> list[Card]:
    """The cards of the models that learn nothing, in the registry's order."""
    return [read_card(name) for name in registry.REGISTRY if not _learned(name)]


def file_size(name: str | os.PathLike[str], directory: str | os.PathLike[str] | None = None) -> int:
    """Bytes of the weights' file of a checkpoint, 0 of a baseline; `CheckpointError` where it is missing."""
    stem = located(name, directory)
    if read_card(stem).sha256 is None:
        return 0
    try:
        return stem.with_name(stem.name + ".safetensors").stat().st_size
    except OSError:
        raise CheckpointError(f"The weights of checkpoint “{stem.name}” are missing.") from None


def annotate(
    name: str | os.PathLike[str],
    metrics: Mapping[str, Mapping[str, Mapping[str, Estimate]]],
    directory: str | os.PathLike[str] | None = None,
    *,
    grounding: Pointing | None = None,
    captions: Captioning | None = None,
    objects: Mapping[str, Estimate] | None = None,
) -> Card:
    """Writes measured `metrics` (split -> condition -> metric -> estimate) into the card of a checkpoint.

    Splits the card already has are replaced, others stay; so do `grounding`, `captions` and `objects` where none are
    given.

    Raises:
        CheckpointError: there is no such checkpoint, or its card cannot be read.
    """
    path = located(name, directory)
    path = path.with_name(path.name + ".json")
    card = _read_card(path)
    found = {
        "grounding": grounding or card.grounding,
        "captions": captions or card.captions,
        "objects": dict(objects) if objects else card.objects,
    }
    card = card.model_copy(update={"metrics": {**card.metrics, **metrics}, **found})
    return _write_card(card, path)


def _stored(name: str, tensor: Tensor) -> Tensor:
    """A contiguous copy of `tensor` on the processor, in the number format of the file."""
    tensor = tensor.detach().cpu()
    if tensor.is_floating_point():
        tensor = tensor.to(torch.float32 if tensor.ndim < 2 else torch.float16)
        if not tensor.isfinite().all():
            raise CheckpointError(
                f"“{name}” has values that are not finite or too large for float16: nothing was saved."
            )
    return tensor.clone(memory_format=torch.contiguous_format)


def _rows(prior: Tensor | None) -> tuple[tuple[float, ...], ...] | None:
    """A prior (h, w) as a card holds it, to four digits."""
    return None if prior is None else tuple(tuple(round(value, 4) for value in row) for row in prior.tolist())


def located(name: str | os.PathLike[str], directory: str | os.PathLike[str] | None = None) -> Path:
    """Path of a checkpoint's two files without their suffix; one on the hub is downloaded.

    Args:
        name: of a checkpoint in `directory` or a baseline; the path of its ``.safetensors`` or ``.json``, or of a
            folder with one checkpoint; or a repository's, see `hub.repository`. The first that is there is meant.
        directory: default `directory_of_checkpoints`.

    Raises:
        CheckpointError: a pickle, or a folder or repository with no checkpoint or several.
        HubUnavailableError: it is on the hub, which does not answer.
    """
    repository = hub.repository(name)
    if repository is not None:
        return download(repository)
    path = Path(name)
    if path.suffix.lower() in _PICKLES:
        raise CheckpointError(
            "Checkpoints are .safetensors files with a card; pickles (.pt, .pth, .bin) are never opened."
        )
    is_file = path.suffix in {".safetensors", ".json"}
    if is_file:
        path = path.with_suffix("")
    if is_file:
        return path
    stem = path
    if path.parent == Path("."):
        chosen = directory_of_checkpoints() if directory is None else Path(directory)
        stem = (chosen if _learned(path.name) else SHIPPED) / path
    is_folder = path.is_dir() and not stem.with_name(stem.name + ".json").exists()
    return _only_checkpoint(path, path.name) if is_folder else stem


def download(repository: hub.Repository, token: str | None = None) -> Path:
    """As `located`, of a repository's checkpoint, whose two files are all that is downloaded."""
    folder = hub.download(repository, ["*.json"], token)
    stem = _only_checkpoint(folder, repository.id)
    commit = hub.Repository(repository.id, folder.name)  # a newer state may be there meanwhile
    hub.download(commit, [f"{stem.name}.*"], token)
    return stem


def _only_checkpoint(folder: Path, called: str) -> Path:
    """As `located`, of the only checkpoint in a folder."""
    files = sorted(folder.glob("*.json"))
    cards = [path for path in files if _is_card(path)] or files[:1]  # the error of a damaged one says what is wrong
    if not cards:
        raise CheckpointError("“{name}” has no checkpoint: its card is missing.", name=called)
    if len(cards) > 1:
        names = ", ".join(path.stem for path in cards)
        raise CheckpointError("“{name}” has several checkpoints ({names}); name one.", name=called, names=names)
    return cards[0].with_suffix("")


def _is_card(path: Path) -> bool:
    try:
        _read_card(path)
    except CheckpointError:
        return False
    return True


def _learned(model: str) -> bool:
    """Whether `model` has weights; true also of what is not in the registry."""
    return model not in registry.REGISTRY or registry.REGISTRY[model].learned


def _read(path: Path, missing: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        raise CheckpointError(missing) from None


def _write_card(card: Card, path: Path) -> Card:
    """Writes `card` to `path`; the card as it will be read."""
    text = card.model_dump_json(indent=2) + "\n"
    write_whole(path, lambda draft: draft.write_bytes(text.encode()))
    return Card.model_validate_json(text)


def _read_card(path: Path) -> Card:
    """The card at `path`; an error names the key at fault."""
    content = _read(path, f"There is no checkpoint called “{path.stem}”: its card is missing.")
    try:
        return Card.model_validate_json(content)
    except ValidationError as error:
        fault = first_fault(error)
        raise CheckpointError(f"The card of checkpoint “{path.stem}” cannot be read ({fault}).") from None


def _build(card: Card) -> nn.Module:
    """The card's network with fresh parameters."""
    try:
        return registry.network(card.model).model(registry.preset(card.model, card.preset, **card.config).config)
    except UnknownModelError as error:
        raise CheckpointError(f"Checkpoint “{card.name}” cannot be built. {error}") from None
    except (TypeError, ValueError) as error:
        raise CheckpointError(
            f"The configuration of checkpoint “{card.name}” does not fit its model ({error})."
        ) from None


def _fill(model: nn.Module, weights: Mapping[str, Tensor], card: Card) -> None:
    """Copies `weights` into `model`; every tensor must be there, and fit."""
    expected = model.state_dict()
    faults = [f"{name} is missing" for name in expected if name not in weights]
    faults += [f"{name} is not part of the model" for name in weights if name not in expected]
    faults += [
        f"{name} is {tuple(weights[name].shape)}, not {tuple(tensor.shape)}"
        for name, tensor in expected.items()
        if name in weights and weights[name].shape != tensor.shape
    ]
    if faults:
        raise CheckpointError(f"The weights of checkpoint “{card.name}” do not fit its model: {'; '.join(faults[:3])}.")
    model.load_state_dict(dict(weights))
