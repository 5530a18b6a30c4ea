"""Recipes as YAML files: what they inherit, the data sources that they name, overrides of single keys.

defaults: defaults.yaml                       # beside the recipe: keys that the recipe does not have itself
validation: {source: sjtu_tis, split: test}   # a name in sources.yaml, beside the recipe or among those that ship

Plain YAML: of what OmegaConf adds, recipes need the inheritance alone, which is a dozen lines.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from ..errors import RecipeError
from ..resources import resource
from .recipe import Recipe, parse_recipe

RECIPES = resource("train")
SOURCES, DEFAULTS = "sources.yaml", "defaults.yaml"


def shipped_recipes() -> list[Path]:
    """The files of the recipes that ship, by name."""
    return [path for path in sorted(RECIPES.glob("*.yaml")) if path.name not in (SOURCES, DEFAULTS)]


def recipe_path(recipe: str) -> Path:
    """The file of a recipe.

    Args:
        recipe: its path, or the name of one that ships.
    """
    if recipe.endswith((".yaml", ".yml")):
        return Path(recipe)
    return RECIPES / f"{recipe}.yaml"


def load_recipe(path: Path | str, overrides: Sequence[str] = ()) -> Recipe:
    """Read a recipe.

    Args:
        path: a YAML file.
        overrides: ``key=value`` pairs; a key may be dotted (``stages.0.epochs=1``), a value is YAML.

    Raises:
        RecipeError: unreadable, or a key is unknown or has a wrong value; the sentence names it.
    """
    path = Path(path)
    content = _inherited(read_mapping(path), path.parent)
    for override in overrides:
        _override(content, override)
    return parse_recipe(_resolved(content, path.parent))


def read_mapping(path: Path) -> dict[str, Any]:
    """The mapping in a YAML file; `RecipeError` where there is none."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError:
        raise RecipeError(f"There is no recipe “{path.name}”.") from None
    except yaml.YAMLError:
        raise RecipeError(f"The recipe “{path.name}” is not valid YAML.") from None
    if not isinstance(content, dict):
        raise RecipeError(f"The recipe “{path.name}” is not a mapping of keys to values.")
    return content


def _inherited(content: dict[str, Any], folder: Path) -> dict[str, Any]:
    """A recipe with the keys of its ``defaults``; those under their ``stage`` are every stage's."""
    if "defaults" not in content:
        return content
    defaults = read_mapping(folder / str(content.pop("defaults")))
    stage = defaults.pop("stage", {})
    merged = _merged(defaults, content)
    if isinstance(stages := merged.get("stages"), list):
        merged["stages"] = [_merged(stage, one) for one in stages]
    return merged


def _merged(defaults: Any, own: Any) -> Any:
    """`own` over `defaults`; mappings are merged key by key, everything else is replaced, data sources as a whole."""
    if not isinstance(defaults, Mapping) or not isinstance(own, Mapping) or own.keys() & {"source", "reader"}:
        return own
    return {**deepcopy(defaults), **{key: _merged(defaults.get(key), value) for key, value in own.items()}}


def _resolved(content: dict[str, Any], folder: Path) -> dict[str, Any]:
    """A recipe with every ``source`` replaced by its reader, root and terms."""
    content = dict(content)
    if "validation" in content:
        content["validation"] = data_source(content["validation"], folder)
    if isinstance(stages := content.get("stages"), list):
        content["stages"] = [
            stage | {"data": [data_source(one, folder) for one in stage["data"]]}
            if isinstance(stage, dict) and isinstance(stage.get("data"), list)
            else stage
            for stage in stages
        ]
    return content


def data_source(own: Any, folder: Path) -> Any:
    """A data source as a file in `folder` has it, with the keys of the source that it names."""
    if not isinstance(own, Mapping) or "source" not in own:
        return own
    named = {key: value for key, value in own.items() if key != "source"}
    known = _sources(RECIPES / SOURCES) | _sources(folder / SOURCES)
    if own["source"] not in known:
        raise RecipeError(f"There is no data source “{own['source']}”. There are: {', '.join(known)}.")
    return known[own["source"]] | named


@cache
def _sources(path: Path) -> dict[str, Any]:
    return read_mapping(path) if path.is_file() else {}


def _override(content: dict[str, Any], override: str) -> None:
    key, equals, value = override.partition("=")
    if not equals:
        raise RecipeError(f"“{override}” is not of the form key=value.")
    *path, last = key.split(".")
    place: Any = content
    try:
        for part in path:
            place = place[int(part)] if isinstance(place, list) else place.setdefault(part, {})
        place[int(last) if isinstance(place, list) else last] = yaml.safe_load(value)
    except (ValueError, IndexError, AttributeError, TypeError, yaml.YAMLError):
        raise RecipeError(f"The recipe has no place for “{override}”.") from None
