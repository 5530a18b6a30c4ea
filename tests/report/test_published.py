"""Published numbers: stored with their reasons, shown in their own digits."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from saliency.report.published import read, section

TWO = """
- source: A paper.
  protocol: Measured otherwise.
  columns: [model, CC]
  rows:
    - [first, 0.8210]
    - [second, .5]
"""


def test_digits_stay_as_published(tmp_path: Path):
    (tmp_path / "two.yaml").write_text(TWO)
    text = section(read(tmp_path / "two.yaml"))
    assert "**A paper.** Measured otherwise.\n\n| model | CC |\n|---|---|\n| first | 0.8210 |\n| second | .5 |" in text


@pytest.mark.parametrize(
    ("old", "new"), [("0.8210]", "0.8210, 0.9]"), ("  protocol: Measured otherwise.\n", ""), ("rows:", "row:")]
)
def test_an_incomplete_source_is_refused(tmp_path: Path, old: str, new: str):
    (tmp_path / "two.yaml").write_text(TWO.replace(old, new))
    with pytest.raises(ValidationError):
        read(tmp_path / "two.yaml")


def test_what_is_shown_of_others_says_why_it_cannot_be_compared():
    sources = read()
    assert all(len(source.protocol) > 80 for source in sources)
    names = " ".join(source.source for source in sources)
    assert all(model in names for model in ("TranBlend", "CLIP-SalGAN", "GSGNet", "TranSalNet"))
    numbers = [cell for source in sources for row in source.rows for cell in row if cell[0].isdigit()]
    assert all(0 < float(number) < 3 for number in numbers)
