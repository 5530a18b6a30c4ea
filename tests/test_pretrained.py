"""Networks by name: what ships, folders, and a hub on this machine."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from huggingface_hub import ModelCard, constants

import saliency
from saliency import checkpoints
from saliency.errors import CheckpointError, HubUnavailableError
from saliency.models import registry
from saliency.models.clip_salgan.model import ClipSalGan
from saliency.models.tranblend.model import TranBlend

from .fake_hub import TOKEN, FakeHub, commit_hash, fake_hub

NAME = "me/mine"


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    """A hub that `huggingface_hub` takes for the real one; the cache is empty."""
    with fake_hub() as running:
        # Read from the environment when the library is imported, which is done already.
        template = constants.HUGGINGFACE_CO_URL_TEMPLATE.replace(constants.ENDPOINT, running.address)
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
        monkeypatch.setattr(constants, "ENDPOINT", running.address)
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
        monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
        monkeypatch.setenv("HF_TOKEN", TOKEN)
        yield running


@pytest.fixture
def model(untrained: Path) -> ClipSalGan:
    return saliency.load(untrained / "untrained")


@pytest.fixture
def published(hub: FakeHub, untrained: Path) -> FakeHub:
    """A hub with a checkpoint, a pickle and other files in the repository `NAME`."""
    files = {path.name: path.read_bytes() for path in untrained.iterdir()}
    hub.commit(f"models/{NAME}", files | {"pytorch_model.bin": b"pickle", "config.json": b"{}", "README.md": b"-"})
    return hub


def same(one: torch.nn.Module, other: torch.nn.Module) -> bool:
    ours, theirs = one.state_dict(), other.state_dict()
    return ours.keys() == theirs.keys() and all(torch.equal(ours[name], theirs[name]) for name in ours)


def test_a_model_that_ships_is_loaded_by_its_name():
    model = saliency.load("clip_salgan")
    assert isinstance(model, ClipSalGan)
    assert not model.training
    assert model.card == checkpoints.read_card("clip_salgan")
    assert same(model, ClipSalGan.from_pretrained("clip_salgan"))


@pytest.mark.parametrize("name", [*registry.REGISTRY, *registry.OTHERS])
def test_every_network_has_the_methods(name: str):
    for method in ("from_pretrained", "save_pretrained", "push_to_hub"):
        assert callable(getattr(registry.network(name).model, method))


def test_a_class_loads_no_checkpoint_of_another():
    with pytest.raises(CheckpointError, match="a checkpoint of ClipSalGan, not of TranBlend"):
        TranBlend.from_pretrained("clip_salgan")


@pytest.mark.parametrize("name", ["clip_salgan", "centre_prior", "captioner"])
def test_a_saved_folder_is_loaded_and_holds_what_ships(name: str, tmp_path: Path):
    model = saliency.load(name)
    assert model.save_pretrained(tmp_path / "folder") == str(tmp_path / "folder")
    again = type(model).from_pretrained(tmp_path / "folder")
    assert same(again, model)
    assert again.card.model_dump(exclude={"created"}) == model.card.model_dump(exclude={"created"})
    weights = [f"{name}.safetensors"] * (model.card.sha256 is not None)
    assert sorted(path.name for path in (tmp_path / "folder").iterdir()) == sorted(
        ["LICENSE.md", "README.md", f"{name}.json", *weights]
    )


def test_a_folder_where_one_is_needs_no_path(tmp_path: Path, model: ClipSalGan, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    model.save_pretrained("mine")
    assert same(saliency.load("mine"), model)
    model.save_pretrained("clip_salgan")  # what ships is meant by its name
    assert not same(saliency.load("clip_salgan"), model)
    assert same(saliency.load(tmp_path / "clip_salgan"), model)


def test_changed_weights_lose_the_measurements_of_the_old_ones(tmp_path: Path):
    model = saliency.load("clip_salgan")
    before = model.card
    with torch.no_grad():
        next(model.parameters()).add_(1)
    model.save_pretrained(tmp_path)
    card = saliency.load(tmp_path).card
    assert (card.metrics, card.recipe, card.effort) == ({}, {}, None)
    assert card.parts["clip_salgan"].recipe == before.recipe
    assert "have not been measured" in (tmp_path / "README.md").read_text(encoding="utf-8")


def test_a_fresh_network_needs_a_description(tmp_path: Path, model: ClipSalGan):
    fresh = saliency.create_model("clip_salgan")
    with pytest.raises(CheckpointError, match="description"):
        fresh.save_pretrained(tmp_path)
    fields = checkpoints.Description.model_fields
    fresh.save_pretrained(tmp_path, checkpoints.Description(**{name: getattr(model.card, name) for name in fields}))
    assert not same(saliency.load(tmp_path), model)


def test_a_folder_with_several_checkpoints_or_none_is_refused(tmp_path: Path):
    with pytest.raises(CheckpointError, match="has no checkpoint"):
        saliency.load(tmp_path)
    for name in ("clip_salgan", "centre_prior"):
        saliency.load(name).save_pretrained(tmp_path)
    with pytest.raises(CheckpointError, match=r"several checkpoints \(centre_prior, clip_salgan\)"):
        saliency.load(tmp_path)


def test_the_page_has_numbers_limits_licence_and_front_matter(tmp_path: Path):
    model = saliency.load("gsgnet")
    model.save_pretrained(tmp_path)
    page = ModelCard.load(tmp_path / "README.md")
    assert page.data.library_name == "saliency"
    assert (page.data.license, page.data.license_link) == ("other", "LICENSE.md")  # the hub knows no such licence
    assert (tmp_path / page.data.license_link).read_text(encoding="utf-8").count("do not redistribute") == 2
    cc = model.card.metrics["validation"]["salient"]["CC"]
    found = {
        (one.dataset_split, one.dataset_config, one.metric_type): one.metric_value for one in page.data.eval_results
    }
    assert found["validation", "salient", "cc"] == pytest.approx(cc.mean, abs=1e-4)
    assert f"| salient | {cc.mean:.3f} ({cc.low:.3f} to {cc.high:.3f}) |" in page.text
    for sentence in (*model.card.limits, *model.card.origin, "weights research, non-commercial"):
        assert sentence in page.text
    front = yaml.safe_load(page.content.split("---\n")[1])
    assert front["model-index"][0]["name"] == "gsgnet"


def test_a_licence_that_the_hub_knows_is_named(tmp_path: Path):
    saliency.load("centre_prior").save_pretrained(tmp_path)
    assert ModelCard.load(tmp_path / "README.md").data.license == "mit"


@pytest.mark.parametrize("name", [NAME, f"hf://{NAME}", f"hf://{NAME}@main", f"hf://{NAME}@{commit_hash(1)}"])
def test_a_repository_is_loaded_by_its_name(name: str, published: FakeHub, model: ClipSalGan):
    loaded = saliency.load(name)
    assert same(loaded, model)
    assert not loaded.training
    files = {path.rpartition("/")[2] for _, path in published.asked if "/resolve/" in path}
    assert files == {"untrained.json", "untrained.safetensors", "config.json"}, "no pickle is downloaded"


def test_a_revision_is_an_argument_too(published: FakeHub, model: ClipSalGan):
    published.commit(f"models/{NAME}", {"untrained.safetensors": b"later"})
    assert same(ClipSalGan.from_pretrained(NAME, revision=commit_hash(1)), model)
    with pytest.raises(CheckpointError, match="sha256 differs"):
        saliency.load(NAME)
    with pytest.raises(CheckpointError, match="no revision “older”"):
        saliency.load(NAME, revision="older")
    with pytest.raises(CheckpointError, match="has no revisions"):
        saliency.load("clip_salgan", revision="main")


def test_what_was_downloaded_is_loaded_without_the_hub(published: FakeHub, model: ClipSalGan):
    saliency.load(NAME)
    published.down = True
    assert same(saliency.load(NAME), model)
    with pytest.raises(HubUnavailableError, match="“me/other” is not on this machine"):
        saliency.load("me/other")


def test_a_repository_that_is_not_there_or_has_no_checkpoint(published: FakeHub):
    with pytest.raises(CheckpointError, match="no repository “me/nothing”"):
        saliency.load("me/nothing")
    published.commit("models/me/empty", {"README.md": b"-"})
    with pytest.raises(CheckpointError, match="“me/empty” has no checkpoint"):
        saliency.load("me/empty")
    with pytest.raises(CheckpointError, match="names no repository"):
        saliency.load("hf://me")


def test_a_predictor_takes_a_repository(published: FakeHub, untrained: Path):
    picture = np.random.default_rng(0).integers(0, 256, (40, 56, 3), dtype=np.uint8)
    there = saliency.Predictor([f"hf://{NAME}"])
    assert there.models == ("untrained",)
    here = saliency.Predictor(["untrained"], checkpoint_dir=untrained)
    ours, theirs = (one.predict(picture, {"salient": "A dog."}).predictions[0] for one in (here, there))
    np.testing.assert_array_equal(ours.density, theirs.density)
    assert there.predict(picture, models=[f"hf://{NAME}"]).models == ("untrained",)
    with pytest.raises(CheckpointError, match="Two of the checkpoints are called “untrained”"):
        saliency.Predictor([f"hf://{NAME}", f"hf://{NAME}@main"])


def test_a_model_is_published_and_loaded_again(hub: FakeHub, model: ClipSalGan):
    address = model.push_to_hub("me/new", private=True)
    assert address.startswith(f"{hub.address}/models/me/new/commit/")
    assert [(one["name"], one["visibility"]) for one in hub.created] == [("new", "private")]
    files = hub.files("models/me/new")
    assert sorted(files) == ["LICENSE.md", "README.md", "untrained.json", "untrained.safetensors"]
    assert hashlib.sha256(files["untrained.safetensors"]).hexdigest() == model.card.sha256
    assert 'saliency.load("me/new")' in files["README.md"].decode()
    assert same(ClipSalGan.from_pretrained("me/new"), model)


def test_a_wrong_token_is_a_sentence(hub: FakeHub, model: ClipSalGan):
    with pytest.raises(CheckpointError, match="hf auth login"):
        model.push_to_hub("me/new", token="hf_wrong")
    assert hub.commits == {}


def test_a_space_is_published_from_the_command_line(tmp_path: Path):
    """With the environment alone, as a user does it; what does not belong to a Space stays here."""
    repository = tmp_path / "repository"
    wanted = {"app.py", "README.md", "requirements.txt", "saliency/a.py", "checkpoints/a.safetensors", "assets/a.jpg"}
    private = {".env", "notes.txt", "runs/a.json", "tests/test_a.py", "saliency/__pycache__/a.pyc", ".git/config"}
    for name in wanted | private:
        (repository / name).parent.mkdir(parents=True, exist_ok=True)
        (repository / name).write_text(name)
    (repository / "README.md").write_text("---\nsdk: gradio\napp_file: app.py\n---\n# It\n")
    with fake_hub() as hub:
        environment = os.environ | {
            "HF_ENDPOINT": hub.address,
            "HF_HOME": str(tmp_path / "home"),
            "HF_TOKEN": TOKEN,
            "HF_HUB_DISABLE_XET": "1",
            "HF_HUB_OFFLINE": "0",
        }
        command = [sys.executable, "-m", "saliency", "space", "push", "me/demo", "--folder", str(repository)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        assert set(hub.files("spaces/me/demo")) == wanted
        assert hub.created == [{"name": "demo", "organization": "me", "type": "space", "sdk": "gradio"}]
        assert f"{hub.address}/spaces/me/demo" in done.stdout
        (repository / "app.py").unlink()
        refused = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert refused.returncode == 2
    assert "is no Space" in refused.stderr


SPACE_FIELDS = {  # https://huggingface.co/docs/hub/spaces-config-reference
    *("title", "emoji", "colorFrom", "colorTo", "sdk", "python_version", "sdk_version", "suggested_hardware"),
    *("suggested_storage", "app_file", "app_port", "base_path", "fullWidth", "header", "short_description", "models"),
    *("datasets", "tags", "thumbnail", "pinned", "hf_oauth", "hf_oauth_scopes", "hf_oauth_expiration_minutes"),
    *("hf_oauth_authorized_org", "disable_embedding", "startup_duration_timeout", "custom_headers"),
    *("preload_from_hub", "license"),
}
COLOURS = {"red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray"}


def test_the_readmes_front_matter_is_that_of_a_space():
    root = Path(__file__).parents[1]
    front = yaml.safe_load((root / "README.md").read_text(encoding="utf-8").split("---\n")[1])
    assert set(front) <= SPACE_FIELDS
    assert {front["colorFrom"], front["colorTo"]} <= COLOURS
    assert (root / front["app_file"]).is_file()
    assert front["sdk"] == "gradio"
    assert len(front["short_description"]) <= 60
    assert isinstance(front["python_version"], str), "3.10 would be read as 3.1"
    [wanted] = [line for line in (root / "requirements.txt").read_text().splitlines() if line.startswith("gradio")]
    assert f">={front['sdk_version'].rpartition('.')[0]}," in wanted
    assert json.dumps(front)
