"""The training methods by name."""

from __future__ import annotations

from collections.abc import Sequence

from ...errors import RecipeError
from ..recipe import Recipe
from .adversarial import Adversarial
from .captioning import Captioning
from .grounding import GroundingMethod
from .mask_training import ObjectsMethod
from .method import Method
from .presence import PresenceMethod
from .referent import ReferentMethod
from .supervised import Supervised

# Methods that train a part of models, not a whole model: they write no checkpoint.
PARTS = {"grounding": GroundingMethod, "referent": ReferentMethod, "presence": PresenceMethod}
METHODS = {
    "supervised": Supervised,
    "adversarial": Adversarial,
    "captioning": Captioning,
    "objects": ObjectsMethod,
} | PARTS


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
        for name, value in vars(stage.augmentation).items():
            if value and name not in kind.augmentations:
                raise RecipeError(f"The method “{recipe.method}” knows no “{name}” of pictures.")
    if not kind.own_losses:  # else the model has to be asked
        check_loss(recipe, kind.terms)
    return kind


def check_loss(recipe: Recipe, terms: Sequence[str], own: Sequence[str] = ()) -> None:
    """Check the losses of a recipe's stages.

    Args:
        terms: that may be in them.
        own: further ones, of the model. Beside them there must be one about the maps.

    Raises:
        RecipeError: a term is unknown, or there is none about the maps.
    """
    for stage in recipe.stages:
        for term in stage.loss:
            if term not in (*terms, *own):
                known = ", ".join((*terms, *own))
                raise RecipeError(f"The recipe's loss has an unknown term “{term}”. There are: {known}.")
        if not stage.loss.keys() - set(own):
            raise RecipeError(f"The loss of the stage “{stage.name}” has no term that could be learned by.")
