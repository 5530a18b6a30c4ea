"""The training methods by name."""

from __future__ import annotations

from torch import nn

from ...errors import RecipeError
from ..loop import Method
from ..recipe import Recipe
from .adversarial import Adversarial
from .grounding import GroundingMethod
from .referent import ReferentMethod
from .supervised import Supervised

# Methods that train a part of models, not a whole model: they write no checkpoint.
PARTS = {"grounding": GroundingMethod, "referent": ReferentMethod}
METHODS = {"supervised": Supervised, "adversarial": Adversarial} | PARTS


def method_of(recipe: Recipe) -> type[Method]:
    """The method of `recipe`.

    Raises:
        RecipeError: there is none of this name, or it does not know an option of a stage.
    """
    if recipe.method not in METHODS:
        raise RecipeError(f"There is no method “{recipe.method}”. There are: {', '.join(METHODS)}.")
    kind = METHODS[recipe.method]
    for stage in recipe.stages:
        stage.chosen(kind.options)
        for name, value in vars(stage.augmentation).items():
            if value and name not in kind.augmentations:
                raise RecipeError(f"The method “{recipe.method}” knows no “{name}” of pictures.")
    return kind


def check_loss(recipe: Recipe, model: nn.Module) -> None:
    """Raises `RecipeError` where a stage's loss has a term that neither the method nor `model` knows, or none about
    the maps."""
    kind = METHODS[recipe.method]
    terms, own = kind.terms, tuple(model.losses) if kind.own_losses else ()
    for stage in recipe.stages:
        for term in stage.loss:
            if term not in (*terms, *own):
                known = ", ".join((*terms, *own))
                raise RecipeError(f"The recipe's loss has an unknown term “{term}”. There are: {known}.")
        if not stage.loss.keys() - set(own):
            raise RecipeError(f"The loss of the stage “{stage.name}” has no term that could be learned by.")
