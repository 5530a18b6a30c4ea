"""The app's words in English and Chinese, chosen by the browser's language.

Each file of texts/ maps keys to ``{en: ..., zh: ...}``. Gradio's labels take `t`; scripts get their component's section
and the common one (component.py, drawing.js).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import gradio as gr
import yaml
from gradio.i18n import I18nData

FOLDER = Path(__file__).parent / "texts"
LANGUAGES = ("en", "zh")


@cache
def _file(name: str) -> dict[str, dict[str, str]]:
    path = FOLDER / f"{name}.yaml"
    return yaml.safe_load(path.read_text(encoding="utf-8")) if path.is_file() else {}


def section(name: str) -> dict[str, dict[str, str]]:
    """Language -> text by key, of the file `name` and of common.yaml."""
    return _file("common") | _file(name)


def t(key: str) -> I18nData:
    """A text for a Gradio component, ``FILE.KEY``; `KeyError` where there is none."""
    name, _, rest = key.partition(".")
    _file(name)[rest]
    return I18nData(key)


def translations() -> gr.I18n:
    """Every text, as ``launch`` takes them."""
    tables = {
        language: {
            f"{path.stem}.{key}": entry[language]
            for path in sorted(FOLDER.glob("*.yaml"))
            for key, entry in _file(path.stem).items()
        }
        for language in LANGUAGES
    }
    return gr.I18n(**tables, **{"zh-CN": tables["zh"], "zh-TW": tables["zh"]})
