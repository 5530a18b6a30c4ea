"""Bounded in entries and in bytes; what was used longest ago goes first."""

from saliency.cache import BoundedCache


def kept(cache: BoundedCache, keys: str) -> str:
    return "".join(key for key in keys if cache.get(key) is not None)


def test_entries_are_bounded():
    cache = BoundedCache(2, 100)
    for key in "abc":
        cache.put(key, key, 1)
    assert kept(cache, "abc") == "bc"


def test_use_keeps_alive():
    cache = BoundedCache(2, 100)
    cache.put("a", 1, 1)
    cache.put("b", 2, 1)
    assert cache.get("a") == 1
    cache.put("c", 3, 1)
    assert kept(cache, "abc") == "ac"


def test_bytes_are_bounded():
    cache = BoundedCache(10, 100)
    cache.put("a", 1, 60)
    cache.put("b", 2, 30)
    cache.put("c", 3, 40)
    assert kept(cache, "abc") == "bc"


def test_replacing_frees_the_old_size():
    cache = BoundedCache(10, 100)
    for _ in range(5):
        cache.put("a", 1, 60)
    cache.put("b", 2, 40)
    assert kept(cache, "ab") == "ab"
    assert len(cache) == 2


def test_a_value_beyond_the_bound_is_not_kept_and_displaces_nothing():
    cache = BoundedCache(10, 100)
    cache.put("a", 1, 10)
    cache.put("b", 2, 101)
    assert kept(cache, "ab") == "a"


def test_no_entries():
    cache = BoundedCache(0, 100)
    cache.put("a", 1, 1)
    assert len(cache) == 0
