"""Bounded in entries and in bytes; what was used longest ago goes first."""

from saliency.cache import BoundedCache


def sized(entries: int, size: int) -> BoundedCache[int]:
    """A cache of numbers that are their own sizes."""
    return BoundedCache(entries, size, lambda value: value)


def cached(cache: BoundedCache, keys: str) -> str:
    return "".join(key for key in keys if cache.get(key) is not None)


def test_entries_are_bounded():
    cache = sized(2, 100)
    for key in "abc":
        cache[key] = 1
    assert cached(cache, "abc") == "bc"


def test_use_keeps_alive():
    cache = sized(2, 100)
    cache["a"] = 1
    cache["b"] = 2
    assert cache.get("a") == 1
    cache["c"] = 3
    assert cached(cache, "abc") == "ac"


def test_bytes_are_bounded():
    cache = sized(10, 100)
    cache["a"] = 60
    cache["b"] = 30
    cache["c"] = 40
    assert cached(cache, "abc") == "bc"


def test_replacing_frees_the_old_size():
    cache = sized(10, 100)
    for _ in range(5):
        cache["a"] = 60
    cache["b"] = 40
    assert cached(cache, "ab") == "ab"
    assert len(cache) == 2


def test_a_value_beyond_the_bound_is_not_stored_and_displaces_nothing():
    cache = sized(10, 100)
    cache["a"] = 10
    cache["b"] = 101
    assert cached(cache, "ab") == "a"


def test_no_entries():
    cache = sized(0, 100)
    cache["a"] = 1
    assert len(cache) == 0
