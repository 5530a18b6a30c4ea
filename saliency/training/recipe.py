"""A training recipe: a small YAML file, checked on load; an unknown or wrong key is refused by name."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from ..conditions import Condition
from ..errors import RecipeError
from ..faults import first_fault
from .targets.augmentation import Augmentation

# The keys of a data source that only some readers understand, and which do.
_READERS = {
    "conditions": ("sjtu_tis",),
    "sentence_pairs": ("sjtu_tis",),
    "teacher": ("flickr8k_entities",),
    "template_sentences": ("sjtu_tis", "folder"),
}


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Options(_Part):
    """Options of a stage that belong to its method; none by default."""


AnyOptions = TypeVar("AnyOptions", bound=Options)


class DataSource(_Part):
    """A data set. Keys that its reader does not have are refused.

    Attributes:
        reader: of the data set's format.
        root: its folder, relative to the repository's root.
        split, conditions: which part of it; None is all. Of a folder one picture in ten is for validation.
        teacher: run or checkpoint whose free-viewing maps stand in for gaze where the data set has none.
        sentence_pairs: add pairs of sentences about two things of a picture (`targets.sentence_pairs`).
        template_sentences: use only its pictures, with sentences about an object detector's detections in them
            (`targets.template_sentences`).
        limit: largest number of pictures, drawn by their names, always the same ones.
        terms, use: for the card.
    """

    reader: Literal["sjtu_tis", "folder", "flickr8k_entities"]
    root: Path
    split: str | None = None
    conditions: tuple[Condition, ...] | None = None
    teacher: str | None = None
    sentence_pairs: bool = False
    template_sentences: bool = False
    limit: int | None = Field(default=None, ge=1)
    terms: str = ""
    use: str = ""

    @model_validator(mode="before")
    @classmethod
    def _rename(cls, values: Any) -> Any:
        return _renamed(values, {"joined": "sentence_pairs", "detected": "template_sentences"})

    @model_validator(mode="after")
    def _fits_its_reader(self) -> DataSource:
        for key, readers in _READERS.items():
            if getattr(self, key) and self.reader not in readers:
                raise ValueError(f"the reader “{self.reader}” knows no “{key}”")
        if self.template_sentences and self.sentence_pairs:
            raise ValueError("“sentence_pairs” needs sentences, and “template_sentences” does not use them")
        return self


class Start(_Part):
    """Weights to start from: the file of a trunk or of a detector, public ones from the hub, or an earlier run's.

    Attributes:
        hub: the part `target` fetches the public weights that its architecture is known by, which needs a network.
        file: .safetensors of a trunk or .onnx of the object detector, relative to the repository's root.
        run: name of an earlier run (its best epoch) or of a shipped checkpoint.
        source: prefix of the tensors taken from it.
        target: prefix they get in this model.
        share: of theirs in the mean with what is there already, from the starts before; 1 replaces it. Weights of one
            origin may be averaged: fine-tuned ones with those before (Wortsman et al., CVPR 2022), or those of several
            seeds (Wortsman et al., ICML 2022). So are the statistics of batch norms, which only a stage measures anew.
        note: what the card says of where they come from.
    """

    file: Path | None = None
    hub: bool = False
    run: str | None = None
    source: str = ""
    target: str = ""
    share: float = Field(default=1.0, gt=0, le=1)
    note: str = ""

    @model_validator(mode="after")
    def _names_one_source(self) -> Start:
        if (self.file is not None) + self.hub + (self.run is not None) != 1:
            raise ValueError("it names either a “file”, a “run” or the “hub”")
        if self.run is None and self.share < 1:
            raise ValueError("only the weights of a “run” may have a “share”")
        return self


class Stage(_Part):
    """Some epochs on some data.

    Attributes:
        rate: peak learning rate (one cycle: short warm-up, cosine to zero).
        rates: other rates for parameters by prefix of their name; 0 freezes. The longest matching prefix counts.
        optimizer: ``adamw``; ``adam``, whose weight decay is a term of the gradient; ``sgd`` with Nesterov's momentum,
            and weight decay as in ``adam``.
        momentum: of ``sgd``.
        average: decay of the exponential moving average of the weights, which are validated and saved; 0 is none.
        freeze_norms: batch norms keep the statistics the stage starts with, in training as in use. For stages whose
            batches differ from what the model will see, pictures with and without sentences for example.
        loss: weight by term, of the method's `terms`.
        augmentation: of the method's `augmentations`.
        options: what only some methods know (see their `Options`).
    """

    name: str
    data: tuple[DataSource, ...]
    epochs: int = Field(ge=1)
    batch: int = Field(default=8, ge=1, description="pictures per batch, over all processes")
    rate: float = 3e-4
    rates: dict[str, float] = {}
    optimizer: Literal["adamw", "adam", "sgd"] = "adamw"
    momentum: float = Field(default=0.9, ge=0, lt=1)
    weight_decay: float = 0.05
    warm_up: float = Field(default=0.1, ge=0, lt=1)
    average: float = Field(default=0.995, ge=0, lt=1)
    freeze_norms: bool = False
    loss: dict[str, float] = {"kl": 1.0, "cc": -1.0, "sim": -0.5}
    augmentation: Augmentation = Augmentation()
    options: dict[str, Any] = {}

    @field_validator("options", mode="before")
    @classmethod
    def _rename(cls, values: Any) -> Any:
        return _renamed(values, {"keep": "cache_features"})

    def chosen(self, kind: type[AnyOptions]) -> AnyOptions:
        """The options as a method's `kind` of them; `RecipeError` names one that is unknown or has a wrong value."""
        try:
            return kind.model_validate(self.options)
        except ValidationError as error:
            raise RecipeError(f"The option {_fault(error)} in the stage “{self.name}”.") from None


class Recipe(_Part):
    """A whole training run.

    Attributes:
        name: of the run and its checkpoint.
        method: key of `training.methods.METHODS`.
        model, preset, config: what is trained; `config` overrides fields of the preset.
        seed: of everything random.
        clip: largest norm of the gradient.
        validation: data the best epoch is chosen on, by the method's score.
        grid: (h, w) of the targets.
        start: weights to start from, in order.
        stages: what is trained; with none the model is put together from what it starts from, as it is.
        limits: sentences for the card.
    """

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    method: str = "supervised"
    model: str
    preset: str = "compact"
    config: dict[str, Any] = {}
    seed: int = 42
    clip: float = 1.0
    validation: DataSource
    grid: tuple[int, int] = (60, 80)
    start: tuple[Start, ...] = ()
    stages: tuple[Stage, ...] = ()
    limits: tuple[str, ...] = ()


def _renamed(values: Any, names: Mapping[str, str]) -> Any:
    """A mapping with the keys of older recipes under their present names: run folders and cards hold such recipes."""
    if not isinstance(values, Mapping):
        return values
    return {key if (new := names.get(key, key)) in values else new: value for key, value in values.items()}


def parse_recipe(content: dict[str, Any]) -> Recipe:
    """Check a recipe that is already a mapping; `RecipeError` names the first invalid key.

    What its method knows is checked by `methods.method_of`.
    """
    try:
        return Recipe.model_validate(content)
    except ValidationError as error:
        raise RecipeError(f"The recipe's key {_fault(error)}.") from None


def _fault(error: ValidationError) -> str:
    """The first invalid key, and why."""
    fault = first_fault(error)
    return f"“{fault.key}” {'is unknown' if fault.unknown else f'does not stand: {fault.reason}'}"
