"""The training methods by name."""

from __future__ import annotations

from ...errors import RecipeError
from ..recipe import Recipe
from .adversarial import Adversarial
from .base import Method
from .grounding import GroundingMethod
from .referent import ReferentMethod
from .supervised import Supervised

# Methods that train a part of models, not a whole model: they write no checkpoint.
PARTS = {"grounding": GroundingMethod, "referent": ReferentMethod}
METHODS = {"supervised": Supervised, "adversarial": Adversarial} | PARTS


def method_of(recipe: Recipe) -> type[Method]:
    """The method of `recipe`.

    Raises:
        RecipeError: there is none of this name, or it does not know what a stage asks for.
    """
    if recipe.method not in METHODS:
        raise RecipeError(f"There is no method “{recipe.method}”. There are: {', '.join(METHODS)}.")
    kind = METHODS[recipe.method]
    for stage in recipe.stages:
        stage.chosen(kind.options)
        for term in stage.loss:
            if term not in kind.terms:
                known = ", ".join(kind.terms)
                raise RecipeError(f"The recipe's loss has an unknown term “{term}”. There are: {known}.")
        if not stage.loss.keys() - {"named"}:  # beside which there must be one about the maps
            raise RecipeError(f"The loss of the stage “{stage.name}” has no term that could be learned by.")
        for name, value in vars(stage.augmentation).items():
            if value and name not in kind.augmentations:
                raise RecipeError(f"The method “{recipe.method}” knows no “{name}” of pictures.")
    return kind
