"""The app's words in English and Chinese, chosen by the browser's language.

Each file NAME.texts.yaml lies beside its component and maps keys to ``{en: ..., zh: ...}``. Gradio's labels take `t`;
scripts get their component's section and the common one (component.py, drawing.js).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import gradio as gr
import yaml
from gradio.i18n import I18nData

FOLDER = Path(__file__).parents[1]
_SUFFIX = ".texts.yaml"
LANGUAGES = ("en", "zh")


@cache
def files() -> dict[str, Path]:
    """The files by the name of their component or tab."""
    return {path.name.removesuffix(_SUFFIX): path for path in sorted(FOLDER.rglob(f"*{_SUFFIX}"))}


@cache
def _file(name: str) -> dict[str, dict[str, str]]:
    path = files().get(name)
    return yaml.safe_load(path.read_text(encoding="utf-8")) if path else {}


def section(name: str) -> dict[str, dict[str, str]]:
    """Language -> text by key, of the file `name` and of common.texts.yaml."""
    return _file("common") | _file(name)


def own(name: str) -> dict[str, dict[str, str]]:
    """`section` without the common texts."""
    return _file(name)


def t(key: str) -> I18nData:
    """A text for a Gradio component, ``FILE.KEY``; `KeyError` where there is none."""
    name, _, rest = key.partition(".")
    _file(name)[rest]
    return I18nData(key)


def translations() -> gr.I18n:
    """Every text, as ``launch`` takes them."""
    tables = {
        language: {f"{name}.{key}": entry[language] for name in files() for key, entry in _file(name).items()}
        for language in LANGUAGES
    }
    return gr.I18n(**tables, **{"zh-CN": tables["zh"], "zh-TW": tables["zh"]})
