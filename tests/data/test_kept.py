"""What is kept is what was said, whatever broke the pass over the pictures, and never that of other parts."""

from pathlib import Path

import pytest
import torch
from saliency.trainers.kept import KeptFeatures, fingerprint

from saliency.errors import RecipeError
from saliency.models.base import ImageFeatures


class Looking:
    """Says of picture n the number n, and breaks when it has looked at `patience` of them."""

    def __init__(self, patience: int = 1000):
        self.patience = patience
        self.seen: list[int] = []

    def __call__(self, numbers) -> ImageFeatures:
        if len(self.seen) + len(numbers) > self.patience:
            raise KeyboardInterrupt
        self.seen += numbers
        values = torch.tensor(list(numbers), dtype=torch.float32)
        return {"plane": values[:, None, None, None].expand(-1, 2, 3, 4), "half": values[:, None, None, None] / 2}


def test_pictures_are_looked_at_once_and_answered_in_any_order(tmp_path: Path):
    look = Looking()
    kept = KeptFeatures(tmp_path / "kept", 21, look)
    assert look.seen == list(range(21))
    found = kept.gather([20, 3, 3, 0])
    assert found["plane"].shape == (4, 2, 3, 4)
    assert found["plane"].dtype == torch.float32
    assert found["plane"][:, 1, 2, 3].tolist() == [20, 3, 3, 0]
    assert found["half"].flatten().tolist() == [10, 1.5, 1.5, 0]
    again = Looking(patience=0)
    torch.testing.assert_close(KeptFeatures(tmp_path / "kept", 21, again).gather([7]), kept.gather([7]))


@pytest.mark.parametrize("patience", [0, 8, 17])
def test_a_broken_pass_is_gone_on_with(tmp_path: Path, patience: int):
    with pytest.raises(KeyboardInterrupt):
        KeptFeatures(tmp_path / "kept", 21, Looking(patience))
    rest = Looking()
    kept = KeptFeatures(tmp_path / "kept", 21, rest)
    assert rest.seen == list(range(patience // 8 * 8, 21))
    assert kept.gather(range(21))["plane"][:, 0, 0, 0].tolist() == list(range(21))


def test_a_kill_while_the_mark_is_written_loses_no_more_than_one_batch(tmp_path: Path, monkeypatch):
    def killed(path: Path, data: str) -> None:
        path.open("w").close()
        if data == "16":
            raise KeyboardInterrupt

    written = Path.write_text
    monkeypatch.setattr(Path, "write_text", lambda path, data: killed(path, data) or written(path, data))
    with pytest.raises(KeyboardInterrupt):
        KeptFeatures(tmp_path / "kept", 21, Looking())
    monkeypatch.setattr(Path, "write_text", written)
    rest = Looking()
    kept = KeptFeatures(tmp_path / "kept", 21, rest)
    assert rest.seen == list(range(8, 21))
    assert kept.gather(range(21))["plane"][:, 0, 0, 0].tolist() == list(range(21))


def test_a_full_disk_is_said_before_anything_is_written(tmp_path: Path):
    def large(numbers) -> ImageFeatures:
        return {"plane": torch.zeros(len(numbers), 1).expand(-1, 10**9)}

    with pytest.raises(RecipeError, match=r"takes 20000\.0 GB in “.*features”"):
        KeptFeatures(tmp_path / "features" / "kept", 10**4, large)
    assert not list(tmp_path.rglob("*.npy"))


def test_other_parts_or_pictures_have_another_name():
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
