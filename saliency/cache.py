"""A least-recently-used cache, bounded in entries and in bytes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

Value = TypeVar("Value")


class BoundedCache(Generic[Value]):
    """A least-recently-used cache. Not thread-safe: its owner holds a lock.

    Args:
        entries: largest number of values; 0 stores none.
        size: largest sum of the sizes given to `put`, in bytes.
    """

    def __init__(self, entries: int, size: int) -> None:
        self._entries = entries
        self._size = size
        self._used = 0
        self._values: OrderedDict[Hashable, tuple[Value, int]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._values)

    def get(self, key: Hashable) -> Value | None:
        """The value of `key`, which becomes the most recently used; None where it is missing."""
        if key not in self._values:
            return None
        self._values.move_to_end(key)
        return self._values[key][0]

    def put(self, key: Hashable, value: Value, size: int) -> None:
        """Store `value` of `size` bytes and drop others as needed. A value larger than the bound is not stored."""
        if key in self._values:
            self._used -= self._values.pop(key)[1]
        if size > self._size:
            return
        self._values[key] = (value, size)
        self._used += size
        while len(self._values) > self._entries or self._used > self._size:
            self._used -= self._values.popitem(last=False)[1][1]
