"""The environment variables: what is read from them, and where they are listed."""

import re
from pathlib import Path

import pytest

import saliency
from saliency.settings import Settings, settings, variable

ROOT = Path(__file__).parents[1]
NAMES = tuple(Settings.__dataclass_fields__)


def test_the_page_lists_every_variable_with_what_it_sets():
    page = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8").partition("| the same as |")[0]
    listed = dict(re.findall(r"^\| `(SALIENCY_\w+)` \| (.*?) \|", page, re.MULTILINE))
    described = re.findall(r"^ +(\w+): (.*)\.$", Settings.__doc__, re.MULTILINE)
    assert listed == {variable(name): sets.replace("``", "`") for name, sets in described}
    assert list(listed) == [variable(name) for name in NAMES]


def test_the_environment_is_read_when_it_is_asked_for(monkeypatch: pytest.MonkeyPatch):
    for name in NAMES:
        monkeypatch.delenv(variable(name), raising=False)
    assert settings() == Settings()
    monkeypatch.setenv("SALIENCY_CACHE", "somewhere")
    monkeypatch.setenv("SALIENCY_SPLIT", "")
    assert settings() == Settings(cache="somewhere")


def test_no_other_module_reads_a_variable_of_this_package():
    sources = [*Path(saliency.__file__).parent.rglob("*.py"), ROOT / "app.py", *(ROOT / "train").glob("*.py")]
    reading = re.compile(r"(environ|getenv)\W.*SALIENCY_|envvar=")
    assert [path.name for path in sources if reading.search(path.read_text(encoding="utf-8"))] == []
