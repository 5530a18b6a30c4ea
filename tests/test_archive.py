"""A download, replayed: the same engine gives the same maps, and every other case is reported."""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from saliency import checkpoints
from saliency.archive.recorded import MAPS, PICTURE, RECORD, read_recorded
from saliency.archive.recorded import replay as run_again
from saliency.archive.writer import write_archive
from saliency.cli import app
from saliency.conditions import Condition
from saliency.errors import ArchiveError, CheckpointError
from saliency.predictor import Predictor
from tests import tiny

SENTENCES = {Condition.PURE: "", Condition.SALIENT: "a cat 猫", Condition.NON_SALIENT: "<b>a</b> mat"}


@pytest.fixture
def folder(miniatures, tmp_path, monkeypatch):
    """Checkpoints of the models in miniature."""
    monkeypatch.setenv("SALIENCY_CHECKPOINTS", str(miniatures))
    return tmp_path


@pytest.fixture
def picture():
    return np.random.default_rng(3).integers(0, 256, (60, 80, 3), dtype=np.uint8)


@pytest.fixture
def archive(folder, picture):
    comparison = Predictor(precision="float32").predict(picture, SENTENCES)
    write_archive(comparison, folder / "all.zip")
    return folder / "all.zip"


def test_the_archive_holds_everything_that_was_shown(archive, picture):
    names = {f"{model}.{condition}" for model in tiny.SPECS for condition in SENTENCES}
    with zipfile.ZipFile(archive) as opened:
        others = {"README.txt", RECORD, PICTURE, MAPS, "maps.csv", "maps.png", "metrics.csv"}
        assert set(opened.namelist()) == others | {f"overlays/{name}.png" for name in names}
        assert opened.testzip() is None
        record = json.loads(opened.read(RECORD))
        rows = opened.read("metrics.csv").decode().splitlines()
        with opened.open(PICTURE) as file:
            assert np.array_equal(np.asarray(Image.open(file)), picture)
        with opened.open("overlays/reader.salient.png") as file:
            assert Image.open(file).size == (80, 60)
        with opened.open(MAPS) as file:
            assert names < set(np.load(file))
    assert record["computed"] == {"device": "cpu", "precision": "float32"}
    assert {"saliency", "torch", "tokenizers", "pillow"} < set(record["software"])
    assert {p["checkpoint"]["sha256"] for p in record["predictions"]} == {c.sha256 for c in checkpoints.available()}
    assert rows[0] == "table,model,condition,metric,value"
    blind = [row.split(",") for row in rows if row.startswith("moved,blind,salient,CC")]
    assert [float(row[-1]) for row in blind] == pytest.approx([1])
    assert sum(row.startswith("moved,reader,") for row in rows) == 6  # two sentences, three metrics


def test_the_same_engine_gives_the_same_maps(archive):
    recorded = read_recorded(archive)
    results, _ = run_again(recorded, Predictor(precision=recorded.precision))
    assert len(results) == 9
    assert all(result.same and result.difference == 0 for result in results)


def test_sentences_with_names_of_their_own_are_replayed(folder, picture):
    predictor = Predictor(precision="float32")
    comparison = predictor.predict(picture, {"pure": "", "wording A (猫)": "a cat", "Condition 2.5": "a mat"})
    write_archive(comparison, folder / "own.zip")
    recorded = read_recorded(folder / "own.zip")
    assert recorded.sentences == {Condition.PURE: "", "wording A (猫)": "a cat", "Condition 2.5": "a mat"}
    results, _ = run_again(recorded, predictor)
    assert len(results) == 9
    assert all(result.same for result in results)
    assert "Condition 2.5" in command(folder / "own.zip").stdout


def test_a_record_whose_names_lead_elsewhere_is_refused(archive, folder):
    zipfile.ZipFile(archive).extractall(folder / "unpacked")
    record = folder / "unpacked" / RECORD
    record.write_text(record.read_text().replace('"salient"', '"../salient"'))
    with pytest.raises(ArchiveError, match="cannot name files"):
        read_recorded(record)


def command(*arguments):
    return CliRunner().invoke(app, ["replay", *map(str, arguments)])


def test_the_command_line_writes_what_it_replays(folder, picture):
    Image.fromarray(picture).save(folder / "a.png")
    written = [
        "predict",
        folder / "a.png",
        "--out",
        folder / "out",
        "--salient",
        "a cat",
        "--archive",
        folder / "a.zip",
    ]
    assert CliRunner().invoke(app, [*map(str, written)]).exit_code == 0
    assert command(folder / "a.zip").exit_code == 0
    with zipfile.ZipFile(folder / "a.zip") as opened:
        assert b"moved,reader,salient,CC," in opened.read("metrics.csv")
        assert b"Licence" in opened.read("README.txt")
    several = CliRunner().invoke(app, [*map(str, written[:2]), str(folder / "b.png"), *map(str, written[2:])])
    assert several.exit_code == 2


def test_the_command_says_so_of_each_map_for_a_zip_and_for_its_unpacked_record(archive, folder):
    zipfile.ZipFile(archive).extractall(folder / "unpacked")
    for record in (archive, folder / "unpacked" / RECORD):
        result = command(record)
        assert result.exit_code == 0, result.output
        assert result.stdout.count(" same\n") == 9
        assert result.stdout.endswith("9 of 9 maps are the same, to 0.01 of their peak.\n")
        assert result.stderr == ""


def test_a_map_that_differs_is_reported_with_by_how_much(archive):
    recorded = read_recorded(archive)
    key = ("reader", Condition.SALIENT)
    other = recorded.densities[key].copy()
    peak = other.max()
    other.flat[np.argmin(other)] += peak / 4
    changed = replace(recorded, densities=recorded.densities | {key: other})
    results, _ = run_again(changed, Predictor(precision="float32"))
    [different] = [result for result in results if not result.same]
    assert (different.model, different.condition) == key
    assert different.difference == pytest.approx(0.25, abs=1e-6)


def retrain(folder):
    """`reader` with other weights."""
    card = next(card for card in checkpoints.available() if card.name == "reader")
    config = replace(tiny.SPECS["reader"].presets["compact"].config, brightness=-2.0)
    fields = checkpoints.Description.model_fields
    described = checkpoints.Description(**{name: value for name, value in vars(card).items() if name in fields})
    checkpoints.save(tiny.Tiny(config), described, folder / "checkpoints")


def test_other_weights_are_refused_unless_asked_for(archive, folder):
    before = read_recorded(archive).weights["reader"]
    retrain(folder)
    with pytest.raises(CheckpointError, match=f"reader was {before[:12]}"):
        run_again(read_recorded(archive), Predictor(precision="float32"))
    refused = command(archive)
    assert refused.exit_code == 2
    assert refused.stdout == ""
    assert before[:12] in refused.stderr
    compared = command(archive, "--other-weights")
    assert compared.exit_code == 1
    assert "6 of 9 maps are the same" in compared.stdout
    assert "Note: reader was" in compared.stderr


def test_a_checkpoint_that_is_not_here_is_reported(archive, folder):
    (folder / "checkpoints" / "blind.json").unlink()
    (folder / "checkpoints" / "blind.safetensors").unlink()
    assert "“blind”" in command(archive).stderr


def rewritten(archive, name, content):
    """The archive with a part replaced, or left out where `content` is None."""
    other = archive.with_name("other.zip")
    with zipfile.ZipFile(archive) as source, zipfile.ZipFile(other, "w") as target:
        for part in source.namelist():
            if part != name:
                target.writestr(part, source.read(part))
        if content is not None:
            target.writestr(name, content)
    return other


def npy() -> bytes:
    """A single array, which is no archive of them."""
    file = io.BytesIO()
    np.save(file, np.ones((60, 80), np.float32))
    return file.getvalue()


@pytest.mark.parametrize(
    ("part", "content", "reported"),
    [
        (RECORD, None, "comparison.json is missing"),
        (PICTURE, None, "picture.png is missing"),
        (MAPS, None, "maps.npz is missing"),
        (RECORD, b"{", "not the record of a comparison"),
        (RECORD, b'{"picture": {"sha256": "a"}, "predictions": []}', "predictions"),
        (MAPS, b"PK\x03\x04 cut", "maps.npz is damaged"),
        (MAPS, npy(), "maps.npz is damaged"),
        (MAPS, npy().replace(b"}", b" "), "maps.npz is damaged"),
        (PICTURE, b"no picture", "not a picture"),
    ],
)
def test_what_is_no_record_is_reported_in_a_sentence(archive, part, content, reported):
    result = command(rewritten(archive, part, content))
    assert result.exit_code == 2
    assert reported in result.stderr
    assert "Traceback" not in result.output


def test_a_model_is_named_and_never_a_path(archive):
    with zipfile.ZipFile(archive) as opened:
        record = json.loads(opened.read(RECORD))
    for prediction in record["predictions"]:
        prediction["model"] = "../checkpoints/reader.safetensors"
    with pytest.raises(ArchiveError, match="model"):
        read_recorded(rewritten(archive, RECORD, json.dumps(record)))


@pytest.mark.parametrize("part", [RECORD, MAPS, PICTURE])
def test_a_part_that_unpacks_to_gigabytes_is_not_unpacked(archive, part):
    """Of each only as much is read as can belong to a comparison."""
    other = archive.with_name("bomb.zip")
    with zipfile.ZipFile(archive) as source, zipfile.ZipFile(other, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            if name != part:
                target.writestr(name, source.read(name))
        with target.open(part, "w", force_zip64=True) as file:
            for _ in range(90):
                file.write(bytes(2**20))
    with pytest.raises(ArchiveError, match=f"{part} is larger than any that belongs to a comparison"):
        read_recorded(other)


def test_an_array_that_unpacks_to_more_than_a_map_is_not_unpacked(archive):
    maps = io.BytesIO()
    with zipfile.ZipFile(archive) as opened:
        names = [f"{p['model']}.{p['condition']}" for p in json.loads(opened.read(RECORD))["predictions"]]
    np.savez_compressed(maps, **{name: np.zeros((3000, 3000), np.float32) for name in names[:1]})
    with pytest.raises(ArchiveError, match="does not hold the maps"):
        read_recorded(rewritten(archive, MAPS, maps.getvalue()))


def test_another_picture_is_reported(archive):
    file = archive.with_name("other.png")
    Image.new("RGB", (80, 60)).save(file)
    with pytest.raises(ArchiveError, match="sha256 differs"):
        run_again(read_recorded(rewritten(archive, PICTURE, file.read_bytes())), Predictor(precision="float32"))


def test_any_other_file_is_reported(folder):
    shutil.copy(__file__, folder / "some.zip")
    with pytest.raises(ArchiveError, match="neither a ZIP nor a JSON"):
        read_recorded(folder / "some.zip")
