"""Cells of CSV files, which people open with a spreadsheet."""

from __future__ import annotations

from typing import Any

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def no_formula(value: Any) -> Any:
    """A cell that no spreadsheet computes: text that begins as a formula does gets an apostrophe before it.

    As OWASP advises against CSV injection. JSON files have the text as it was.
    """
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
