"""A least-recently-used cache, bounded in entries and in bytes."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from contextlib import suppress
from typing import TypeVar

from cachetools import LRUCache

Value = TypeVar("Value")


class BoundedCache(LRUCache[Hashable, Value]):
    """The most recently used values. Not thread-safe: its owner holds a lock.

    cachetools bounds either the number of values or their size; here both count.

    Args:
        entries: largest number of values; 0 stores none.
        size: largest sum of their sizes, in bytes. A value larger than that is not stored.
        size_of: bytes of a value.
    """

    def __init__(self, entries: int, size: int, size_of: Callable[[Value], int]) -> None:
        super().__init__(size, size_of)
        self._entries = entries

    def __setitem__(self, key: Hashable, value: Value) -> None:
        with suppress(ValueError):  # larger than the bound
            super().__setitem__(key, value)
        while len(self) > self._entries:
            self.popitem()
