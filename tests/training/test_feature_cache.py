"""What is cache is what was said, whatever broke the pass over the pictures, and never that of other parts."""

import errno
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Queue

import pytest
import torch
from filelock import FileLock

from saliency.data.samples import PictureFile
from saliency.errors import DatasetError, RecipeError
from saliency.models.features import ImageFeatures
from saliency.preprocessing import Preprocessing
from saliency.training import feature_cache
from saliency.training.feature_cache import CacheableDataset, FeatureCache, always_flipped, fingerprint


class Looking:
    """Says of a picture the number that it is full of, and breaks when it has looked at `patience` of them."""

    def __init__(self, patience: int = 1000):
        self.patience = patience
        self.seen: list[int] = []

    def __call__(self, pixels: torch.Tensor) -> ImageFeatures:
        if len(self.seen) + len(pixels) > self.patience:
            raise KeyboardInterrupt
        values = pixels[:, :1, :1, :1]
        self.seen += values.flatten().int().tolist()
        return {"plane": values.expand(-1, 2, 3, 4), "half": values / 2}


def names(count: int) -> list[str]:
    return [f"picture {number}" for number in range(count)]


def full_of(number: int) -> torch.Tensor:
    return torch.full((3, 2, 2), float(number))


def cached(folder: Path, look: Looking, count: int = 21) -> FeatureCache:
    cache = FeatureCache(folder, look)
    cache.add(names(count), full_of)
    return cache


def test_pictures_are_looked_at_once_and_answered_in_any_order(tmp_path: Path):
    look = Looking()
    cache = cached(tmp_path, look)
    assert look.seen == list(range(21))
    found = cache.gather([f"picture {number}" for number in (20, 3, 3, 0)])
    assert found["plane"].shape == (4, 2, 3, 4)
    assert found["plane"].dtype == torch.float32
    assert found["plane"][:, 1, 2, 3].tolist() == [20, 3, 3, 0]
    assert found["half"].flatten().tolist() == [10, 1.5, 1.5, 0]
    again = cached(tmp_path, Looking(patience=0))
    torch.testing.assert_close(again.gather(["picture 7"]), cache.gather(["picture 7"]))


def test_other_trainings_compute_only_missing_features(tmp_path: Path):
    cached(tmp_path, Looking(), 10)
    look = Looking()
    cache = FeatureCache(tmp_path, look)
    wanted = [3, 30, 4, 31, 0]
    cache.add([f"picture {number}" for number in wanted], lambda place: full_of(wanted[place]))
    assert look.seen == [30, 31]
    found = cache.gather([f"picture {number}" for number in wanted])
    assert found["plane"][:, 0, 0, 0].tolist() == wanted
    assert cached(tmp_path, Looking(patience=0), 5).gather(["picture 4"])["plane"].unique().tolist() == [4]


@pytest.mark.parametrize("patience", [0, 8, 17])
def test_a_broken_pass_is_gone_on_with(tmp_path: Path, patience: int):
    with pytest.raises(KeyboardInterrupt):
        cached(tmp_path, Looking(patience))
    rest = Looking()
    cache = cached(tmp_path, rest)
    assert rest.seen == list(range(patience // 8 * 8, 21))
    assert cache.gather(names(21))["plane"][:, 0, 0, 0].tolist() == list(range(21))
    assert len(list(tmp_path.rglob("plane.npy"))) == 1


def test_a_broken_pass_serves_a_training_with_fewer_pictures(tmp_path: Path):
    with pytest.raises(KeyboardInterrupt):
        cached(tmp_path, Looking(patience=8))
    look = Looking()
    assert cached(tmp_path, look, 10).gather(names(10))["plane"][:, 0, 0, 0].tolist() == list(range(10))
    assert look.seen == [8, 9]


def test_a_kill_while_the_mark_is_written_loses_no_more_than_what_came_after_the_last(tmp_path: Path, monkeypatch):
    monkeypatch.setattr("saliency.training.feature_cache.MARKED", 8)

    def killed(path: Path, data: str) -> None:
        path.open("w").close()
        if data == "16":
            raise KeyboardInterrupt

    written = Path.write_text
    monkeypatch.setattr(Path, "write_text", lambda path, data: killed(path, data) or written(path, data))
    with pytest.raises(KeyboardInterrupt):
        cached(tmp_path, Looking())
    monkeypatch.setattr(Path, "write_text", written)
    rest = Looking()
    cache = cached(tmp_path, rest)
    assert rest.seen == list(range(8, 21))
    assert cache.gather(names(21))["plane"][:, 0, 0, 0].tolist() == list(range(21))


def test_a_full_disk_is_reported_before_anything_is_written(tmp_path: Path):
    def large(pixels: torch.Tensor) -> ImageFeatures:
        return {"plane": torch.zeros(len(pixels), 1).expand(-1, 10**9)}

    with pytest.raises(RecipeError, match=r"take 20000\.0 GB in “.*features”"):
        FeatureCache(tmp_path / "features" / "kept", large).add(names(10**4), full_of)
    assert not list(tmp_path.rglob("*.npy"))


def test_always_the_same_pictures_are_mirrored():
    shares = {share: [always_flipped(name, share) for name in names(2000)] for share in (0.0, 0.5, 1.0)}
    assert not any(shares[0.0])
    assert all(shares[1.0])
    assert 0.4 < sum(shares[0.5]) / 2000 < 0.6


def test_the_cache_key_is_the_files_their_contents_and_the_mirroring(tmp_path: Path):
    paths = [tmp_path / name for name in ("a", "b")]
    for path in paths:
        path.write_bytes(path.name.encode())

    def name(shown: list[Path], flip: float) -> str:
        [name] = CacheableDataset([[PictureFile(path) for path in shown]], Preprocessing(2, 2), flip).names
        return name

    first, second = paths
    reported = [name([first], 0), name([first], 1), name(paths, 0), name([second, first], 0)]
    second.write_bytes(b"another picture")
    reported += [name([first], 0), name(paths, 0)]
    assert reported[4] == reported[0]
    assert len(set(reported)) == 5
    first.unlink()
    with pytest.raises(DatasetError, match="“a” of the data set cannot be read"):
        name([first], 0)


def test_what_half_precision_cannot_hold_is_refused(tmp_path: Path):
    with pytest.raises(RecipeError, match=r"\(large\) exceed half precision"):
        FeatureCache(tmp_path, lambda pixels: {"large": pixels[:, 0] * 1e5}).add(["picture 1"], lambda _: full_of(1))


def test_a_disk_that_fills_up_meanwhile_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def full(*_: int) -> None:
        raise OSError(errno.ENOSPC, "no space")

    monkeypatch.setattr(os, "posix_fallocate", full, raising=False)
    with pytest.raises(RecipeError, match="The disk has no room"):
        cached(tmp_path, Looking())


def test_waiting_for_another_training_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    reported: Queue[str] = Queue()
    monkeypatch.setattr(feature_cache.tqdm, "write", lambda text, file: reported.put(text))
    with ThreadPoolExecutor(1) as pool, FileLock(tmp_path / "lock"):
        waiting = pool.submit(cached, tmp_path, Looking())
        assert "another training" in reported.get(timeout=60)
        assert not waiting.done()
    assert waiting.result(60).gather(["picture 3"])["half"].item() == 1.5


def test_other_parts_or_preparations_have_another_name():
    torch.manual_seed(0)
    part = torch.nn.Linear(2, 2)
    names = {fingerprint([part], "a"), fingerprint([part], "b"), fingerprint([], "a")}
    again = fingerprint([part], "a")
    assert again in names
    part.weight.data[0, 0] += 1
    names.add(fingerprint([part], "a"))
    assert len(names) == 4


def test_weights_that_are_equal_have_the_same_name():
    """Averaging makes 0.0 of -0.0; a training would look at all its pictures anew."""
    part = torch.nn.Conv2d(3, 4, 2)
    part.weight.data[0] = -0.0
    name = fingerprint([part], "a")
    part.weight.data[0] = 0.0
    assert fingerprint([part], "a") == name
    assert fingerprint([part.to(memory_format=torch.channels_last)], "a") == name
