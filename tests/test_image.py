"""The Dockerfile's steps and a Space's environment, without Docker: nothing but what requirements.txt brings.

The environment is a folder of links to the packages that requirements.txt leads to, which are part of this one; the
interpreter runs with them alone. The files are those that the Dockerfile copies, in an empty folder without ``.git``.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from time import monotonic, sleep

import pytest
from gradio_client import Client, handle_file
from packaging.requirements import Requirement

from tests.ports import free_port

ROOT = Path(__file__).parents[1]
START_SECONDS = 300  # an idle machine needs ten


def steps(dockerfile: str) -> list[tuple[str, str]]:
    """Instructions with their arguments; continued lines are joined, comments left out."""
    lines = (line for line in dockerfile.splitlines() if not line.startswith("#"))
    joined = "\n".join(lines).replace("\\\n", " ")
    return [(name, rest.strip()) for name, _, rest in (line.partition(" ") for line in joined.splitlines()) if name]


STEPS = steps((ROOT / "Dockerfile").read_text(encoding="utf-8"))


def only(instruction: str) -> str:
    """The arguments of an instruction that is there once."""
    (found,) = (rest for name, rest in STEPS if name == instruction)
    return found


ENVIRONMENT = dict(pair.split("=", 1) for pair in shlex.split(only("ENV")))


def required(lines: list[str]) -> set[str]:
    """Names of the installed distributions that requirements lead to, their own requirements included."""
    found: set[str] = set()
    open_ends = [Requirement(line) for line in lines]
    while open_ends:
        requirement = open_ends.pop()
        names = {f"{requirement.name}[{extra}]" for extra in requirement.extras} | {requirement.name}
        if names <= found:
            continue
        found |= names
        try:
            needs = distribution(requirement.name).requires or []
        except PackageNotFoundError:  # not needed on this system
            continue
        for need in map(Requirement, needs):
            if need.marker is None or any(need.marker.evaluate({"extra": e}) for e in (*requirement.extras, "")):
                open_ends.append(need)
    return {name for name in found if "[" not in name}


@pytest.fixture(scope="module")
def packages(tmp_path_factory) -> Path:
    """A folder of links to what requirements.txt leads to."""
    lines = (line.partition("#")[0].strip() for line in (ROOT / "requirements.txt").read_text().splitlines())
    folder = tmp_path_factory.mktemp("packages")
    for name in required([line for line in lines if line]):
        try:
            files = distribution(name).files or []
        except PackageNotFoundError:
            continue
        for top in {file.parts[0] for file in files} - {"..", "__pycache__"}:
            link = folder / top
            if not link.is_symlink():
                link.symlink_to(distribution(name).locate_file(top))
    return folder


@pytest.fixture(scope="module")
def image(tmp_path_factory) -> Path:
    """What the Dockerfile copies."""
    folder = tmp_path_factory.mktemp("image")
    for name, rest in STEPS:
        if name == "COPY":
            *sources, target = rest.split()
            where = folder / target
            for source in sources:
                if (ROOT / source).is_dir():
                    shutil.copytree(ROOT / source, where, ignore=shutil.ignore_patterns("__pycache__", "*.pyi"))
                else:
                    shutil.copy(ROOT / source, where)
    return folder


@pytest.fixture(scope="module")
def environment(packages) -> dict[str, str]:
    """What the Dockerfile sets, with a free port, no home and no proxy; nothing else of this process is passed on."""
    assert ENVIRONMENT["GRADIO_SERVER_NAME"] == "0.0.0.0"
    return {
        **ENVIRONMENT,
        **{"GRADIO_SERVER_NAME": "127.0.0.1", "GRADIO_SERVER_PORT": str(free_port())},
        **{"PATH": os.defpath, "PYTHONPATH": str(packages), "PYTHONDONTWRITEBYTECODE": "1", "HOME": "/dev/null/home"},
    }


def run(command: str, image: Path, environment: dict[str, str], **options) -> subprocess.Popen:
    """Start a command in JSON form. `-S`: no site-packages but those of the environment."""
    python, *arguments = json.loads(command)
    assert python == "python"
    interpreter = Path(sys.base_prefix) / "bin" / f"python{sys.version_info.major}.{sys.version_info.minor}"
    return subprocess.Popen([interpreter, "-S", *arguments], cwd=image, env=environment, **options)


def healthy(image: Path, environment: dict[str, str]) -> bool:
    check = only("HEALTHCHECK").partition("CMD ")[2]
    return run(check, image, environment, stderr=subprocess.DEVNULL).wait(30) == 0


@pytest.fixture(scope="module")
def app(image, environment, tmp_path_factory) -> Iterator[str]:
    """Address of the app that the image's command starts."""
    log = tmp_path_factory.mktemp("log") / "app.txt"
    with log.open("wb") as stream, run(only("CMD"), image, environment, stdout=stream, stderr=stream) as process:
        try:
            end = monotonic() + START_SECONDS
            while not healthy(image, environment):
                assert process.poll() is None, log.read_text()
                assert monotonic() < end, log.read_text()
                sleep(2)
            yield f"http://127.0.0.1:{environment['GRADIO_SERVER_PORT']}"
        finally:
            process.kill()


def test_the_environment_has_what_is_required_and_nothing_else(packages):
    names = {path.name for path in packages.iterdir()}
    assert {"torch", "gradio", "transformers", "cv2", "numpy"} <= names
    assert not {"pytest", "playwright", "openvino", "pysaliency", "saliency", "mypy"} & names


def test_before_the_start_the_image_is_not_healthy(image, environment):
    assert not healthy(image, environment)


def test_the_app_compares_in_an_environment_of_requirements_alone(app, tmp_path):
    client = Client(app, verbose=False, download_files=str(tmp_path))
    picture = next((ROOT / "assets/examples").glob("*.jpg"))
    view = client.predict(handle_file(picture), general="A thing on a table.", api_name="/compare")
    assert len(view["maps"]) == 2 * len(view["models"]) > 0


def test_the_image_runs_as_somebody_who_is_not_root_and_opens_its_port():
    names = [name for name, _ in STEPS]
    assert names.index("USER") < names.index("CMD")
    assert f"useradd --create-home {only('USER')}" in [rest for name, rest in STEPS if name == "RUN"]
    assert only("EXPOSE") == ENVIRONMENT["GRADIO_SERVER_PORT"]


def test_the_image_installs_requirements_txt():
    assert any("pip install" in rest and "-r requirements.txt" in rest for name, rest in STEPS if name == "RUN")
