"""``saliency evaluate`` on data sets that are not as they should be, and on maps that other programs wrote."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from click.testing import Result
from PIL import Image
from typer.testing import CliRunner

from saliency import analysis
from saliency.analysis import means
from saliency.cli import app
from saliency.cli.evaluate import table_of_scores
from saliency.data.layouts import open_data_set
from saliency.metrics import PROFILES, FixationEvaluator, nss
from tests.samples import HEIGHT, WIDTH, write_data_set

STEMS = [f"00000000000{number}_{suffix}" for number in (1, 2, 3) for suffix in (0, 3)]
ROWS, COLUMNS = np.mgrid[:HEIGHT, :WIDTH]
BLOB = np.exp(-((ROWS - 30) ** 2 + (COLUMNS - 45) ** 2) / 200)


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("SALIENCY_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def root(tmp_path) -> Path:
    return write_data_set(tmp_path / "gaze", sentences={"_0": "", "_3": "a dog"})


@pytest.fixture
def maps(tmp_path) -> Path:
    """The same central blob for every sample."""
    folder = tmp_path / "central"
    folder.mkdir()
    for stem in STEMS:
        np.save(folder / f"{stem}.npy", BLOB)
    return folder


def evaluate(*arguments) -> Result:
    result = CliRunner().invoke(app, ["evaluate", *map(str, arguments)])
    assert "Traceback" not in result.output
    return result


def lines(result: Result) -> dict[str, list[str]]:
    """Cells of the printed table by condition."""
    return {line.split()[0]: re.split(r"\s{2,}", line.strip())[1:] for line in result.stdout.splitlines()[2:]}


def test_a_central_blob_has_the_scores_worked_out_by_hand(root, maps, tmp_path):
    result = evaluate(root, "--maps", maps, "--name", "Centre", "--json", tmp_path / "out.json")
    assert result.exit_code == 0, result.output
    scores = json.loads((tmp_path / "out.json").read_text())
    expected = []
    for stem in STEMS[::2]:
        points = np.argwhere(np.asarray(Image.open(root / "fixation_1800" / f"{stem}.png")))
        expected.append(((BLOB - BLOB.mean()) / BLOB.std())[tuple(points.T)].mean())
    assert scores["metrics"]["pure"]["NSS"]["mean"] == pytest.approx(np.mean(expected), abs=1e-9)
    assert scores["model"] == "Centre"
    assert scores["left_out"] == scores["notices"] == []
    assert lines(result)["pure"][0].split()[0] == "3"
    assert f"{np.mean(expected):.3f} [" in result.stdout


@pytest.mark.parametrize("profile", PROFILES)
def test_the_json_is_that_of_an_evaluator(root, maps, tmp_path, profile):
    evaluate(root, "--maps", maps, "--profile", profile, "--json", tmp_path / "out.json")
    evaluator = FixationEvaluator(profile)
    for sample in open_data_set(root).samples:
        evaluator.add(
            sample.stem, sample.picture, sample.condition, BLOB / BLOB.sum(), sample.density(), sample.fixations()
        )
    evaluator.to_json(tmp_path / "expected.json", {"model": "central", "sha256": None, "data": "gaze", "split": None})
    expected = json.loads((tmp_path / "expected.json").read_text()) | {"left_out": [], "notices": []}
    assert json.loads((tmp_path / "out.json").read_text()) == expected


def test_an_interrupted_evaluation_goes_on_where_it_was(root, maps, monkeypatch):
    scored, score = [], analysis.score

    def stops(density, sample, pool):
        if len(scored) == 4:
            raise KeyboardInterrupt
        scored.append(sample.stem)
        return score(density, sample, pool)

    monkeypatch.setattr(analysis, "score", stops)
    assert evaluate(root, "--maps", maps).exit_code != 0
    monkeypatch.setattr(analysis, "score", lambda *given: scored.append(given[1].stem) or score(*given))
    result = evaluate(root, "--maps", maps)
    assert result.exit_code == 0
    assert "4 of 6 scores are of an earlier run." in result.stderr
    assert scored == STEMS
    again = evaluate(root, "--maps", maps)
    assert again.stdout == result.stdout
    assert scored == STEMS


def test_samples_that_cannot_be_read_are_named_at_the_end(root, maps, tmp_path):
    for folder, stem in (("image_1800", STEMS[0]), ("fixation_1800", STEMS[2])):
        (root / folder / f"{stem}.png").write_bytes(b"\x89PNG\r\n\x1a\n cut")
    (maps / f"{STEMS[5]}.npy").unlink()
    result = evaluate(root, "--maps", maps, "--json", tmp_path / "out.json")
    assert result.exit_code == 3
    assert "Note: 1 of 6 samples have no map by central" in result.stderr
    assert "3 samples were left out:" in result.stderr
    reported = [line.split(":")[0].strip() for line in result.stderr.splitlines() if line.startswith("  ")]
    assert reported == [STEMS[0], STEMS[2], STEMS[5]]
    counts = {condition: cells[0] for condition, cells in lines(result).items()}
    assert counts == {"pure": "1", "salient": "2", "macro": "3"}
    left_out = json.loads((tmp_path / "out.json").read_text())["left_out"]
    assert [entry["id"] for entry in left_out] == reported
    assert "cannot be read as a picture" in left_out[0]["why"]


def test_a_picture_that_lacks_its_last_bytes_is_scored_with_a_note_and_a_damaged_one_left_out(tmp_path):
    root, maps = tmp_path / "set", tmp_path / "maps"
    for folder in (root / "images", root / "fixations", maps):
        folder.mkdir(parents=True)
    generator = np.random.default_rng(0)
    for name in ("p0", "p1", "p2"):
        pixels = generator.integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(root / "images" / f"{name}.jpg")
        fixations = np.zeros((HEIGHT, WIDTH), dtype=np.uint8)
        fixations[30, [20, 45, 60]] = 255
        Image.fromarray(fixations).save(root / "fixations" / f"{name}.png")
        np.save(maps / f"{name}.npy", BLOB)
    for name, share in (("p1", 0.998), ("p2", 0.5)):
        file = root / "images" / f"{name}.jpg"
        file.write_bytes(file.read_bytes()[: int(share * file.stat().st_size)])
    result = evaluate(root, "--maps", maps)
    assert result.exit_code == 3
    assert "Note: Sample “p1”: The picture's file was cut short" in result.stderr
    assert "1 sample was left out:\n  p2: " in result.stderr
    cells = lines(result)["pure"]
    assert (cells[0], cells[1]) == ("2", "-")  # the data set has no density maps
    assert cells[4].startswith(f"{nss(BLOB, [[30, 20], [30, 45], [30, 60]]):.3f} [")


def test_of_many_samples_left_out_ten_are_named(tmp_path):
    root = write_data_set(tmp_path / "many", 12, {"_0": ""})
    (tmp_path / "maps").mkdir()
    np.save(tmp_path / "maps" / "000000000001_0.npy", BLOB)
    result = evaluate(root, "--maps", tmp_path / "maps")
    assert result.exit_code == 3
    assert "11 samples were left out:" in result.stderr
    assert sum(line.startswith("  0000") for line in result.stderr.splitlines()) == 10
    assert result.stderr.rstrip().endswith("  and 1 more.")


def test_nothing_scored_is_no_success(root, maps):
    """Maps of other proportions than every picture."""
    for stem in STEMS:
        np.save(maps / f"{stem}.npy", np.ones((40, 40)))
    result = evaluate(root, "--maps", maps)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "6 samples were left out:" in result.stderr
    assert "Nothing was scored" in result.stderr


def test_a_data_set_without_ground_truth_is_refused_before_anything_is_scored(tmp_path, maps, monkeypatch):
    monkeypatch.setattr(analysis, "score", lambda *_: pytest.fail("scored for nothing"))
    root = tmp_path / "folder"
    for name in ("images", "maps"):
        (root / name).mkdir(parents=True)
    pixels = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(root / "images" / f"{STEMS[0]}.png")
    Image.fromarray(pixels[..., 0]).save(root / "maps" / "another.png")
    result = evaluate(root, "--maps", maps)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "another" in result.stderr


def test_several_models_stand_in_one_table(root, maps, tmp_path):
    flat = tmp_path / "flat"
    flat.mkdir()
    for stem in STEMS:
        np.save(flat / f"{stem}.npy", np.ones((HEIGHT, WIDTH)))
    out = tmp_path / "out.json"
    result = evaluate(root, "--maps", maps, "--maps", flat, "--name", "Centre", "--profile", "tuebingen", "--json", out)
    assert result.exit_code == 0, result.output
    first, second = json.loads(out.read_text())["models"]
    assert (first["model"], second["model"]) == ("Centre", "flat")
    assert second["metrics"]["pure"]["AUC"]["mean"] == 0.5
    printed = result.stdout.splitlines()
    assert [line.split()[0] for line in printed if line.split()[1:2] == ["pure"]] == ["Centre", "flat"]


def test_two_models_are_compared_in_pairs(root, maps, tmp_path):
    """A blob against a map that says nothing, of which NSS is 0: the difference is the blob's own score."""
    flat = tmp_path / "flat"
    flat.mkdir()
    for stem in STEMS:
        np.save(flat / f"{stem}.npy", np.ones((HEIGHT, WIDTH)))
    out = tmp_path / "out.json"
    result = evaluate(root, "--maps", maps, "--maps", flat, "--name", "Centre", "--json", out)
    record = json.loads(out.read_text())
    [pair] = record["differences"]
    assert pair["models"] == ["Centre", "flat"]
    own = record["models"][0]["metrics"]
    assert list(pair["metrics"]) == list(own) == ["pure", "salient", "macro"]
    for condition in own:
        assert pair["metrics"][condition]["NSS"] == pytest.approx(own[condition]["NSS"])
        assert pair["metrics"][condition]["AUC"]["mean"] == pytest.approx(own[condition]["AUC"]["mean"] - 0.5)
    head, titles, *rows = result.stdout.partition("Centre minus flat")[2].splitlines()
    assert head.endswith("(lower is better: KL)")
    assert titles.split() == list(own)
    assert [row.split()[0] for row in rows] == ["CC", "SIM", "KL", "NSS", "AUC", "sAUC"]
    shown = own["pure"]["NSS"]
    cells = re.split(r"\s{2,}", rows[3])
    assert cells[1] == f"{shown['mean']:+.3f} [{shown['low']:+.3f}, {shown['high']:+.3f}] (n 3)"
    assert "minus" not in evaluate(root, "--maps", maps).stdout


def test_no_difference_has_no_minus_sign(root, maps):
    result = evaluate(root, "--maps", maps, "--maps", maps, "--name", "one", "--name", "other")
    assert "-0.000" not in result.stdout
    assert "+0.000 [+0.000, +0.000] (n 3)" in result.stdout


def test_what_is_scored_must_be_named(root, maps):
    assert "--maps FOLDER" in " ".join(evaluate(root).stderr.replace("│", " ").split())
    result = evaluate(root, "--maps", maps, "--name", "a", "--name", "b")
    assert "more names than folders" in " ".join(result.stderr.replace("│", " ").split())


def rows(*samples: tuple[str, float, float]) -> pd.DataFrame:
    """Scores of one model by condition, of two metrics."""
    return pd.DataFrame(
        [
            {"stem": f"{i}", "picture": f"{i}", "condition": condition, "model": "one", "CC": cc, "NSS": nss_}
            for i, (condition, cc, nss_) in enumerate(samples)
        ]
    )


def test_each_number_stands_where_it_is_counted():
    nan = float("nan")
    scores = rows(("pure", 0.5, 1.0), ("pure", 0.5, nan), ("salient", nan, 2.0), ("general", 0.25, 3.0))
    table = table_of_scores(means(scores, ["CC", "NSS"]), ["CC", "NSS"])
    assert table.loc["pure"].tolist() == ["1-2", "0.500 [0.500, 0.500] (n 2)", "1.000 [1.000, 1.000] (n 1)"]
    assert table.loc["salient"].tolist() == ["1", "-", "2.000 [2.000, 2.000]"]
    assert table.loc["general"].tolist() == ["1", "0.250 [0.250, 0.250]", "3.000 [3.000, 3.000]"]
    # A condition without a value leaves the mean over the conditions undefined.
    assert table.loc["macro", "CC"] == "-"
    assert table.loc["macro", "n"] == "3"
    assert "nan" not in table.to_string()


def test_scores_are_not_mixed_with_those_of_files_that_changed(root, maps):
    before = evaluate(root, "--maps", maps).stdout
    points = np.zeros((HEIGHT, WIDTH), dtype=np.uint8)
    points[30, 45] = 255
    for stem in STEMS:
        Image.fromarray(points).save(root / "fixation_1800" / f"{stem}.png")
    after = evaluate(root, "--maps", maps)
    assert "earlier run" not in after.stderr
    assert f"{nss(BLOB, [[30, 45]]):.3f} [" in after.stdout
    assert f"{nss(BLOB, [[30, 45]]):.3f} [" not in before


def test_a_divergence_of_nothing_has_no_sign(root):
    """KL of a map to itself is zero up to rounding, which may lie below it."""
    result = evaluate(root, "--maps", root / "map_1800")
    assert result.exit_code == 0, result.output
    assert "-0.000" not in result.stdout
    assert lines(result)["pure"][3].startswith("0.000 [0.000")


def folder_of_tables(root: Path, positions: list[tuple[float, float]]) -> Path:
    """Two pictures of 90 x 60, the same table of gaze of each, and a central blob as their map."""
    for name in ("images", "fixations", "central"):
        (root / name).mkdir(parents=True)
    table = "\n".join(["x,y", *(f"{x},{y}" for x, y in positions)])
    for stem in ("a", "b"):
        pixels = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(root / "images" / f"{stem}.png")
        (root / "fixations" / f"{stem}.csv").write_text(table)
        np.save(root / "central" / f"{stem}.npy", BLOB)
    return root


@pytest.mark.parametrize(
    ("positions", "options"),
    [
        ([(0.505, 0.51), (0.255, 0.76)], ["--units", "shares"]),
        ([(0.505, 0.49), (0.255, 0.24)], ["--units", "shares-from-below"]),
        ([(100 + 45, 20 + 30), (100 + 22, 20 + 45)], ["--screen", "320x240", "--at", "100,20"]),
        ([(2 * 45.5, 30 + 2 * 30.5), (2 * 22.5, 30 + 2 * 45.5)], ["--screen", "180x180", "--shown", "fitted"]),
        ([(45, 30), (0, 0), (22, 45), (0, 0)], ["--drop-zeros"]),
    ],
    ids=["shares", "shares from below", "at a place", "fitted", "zeros"],
)
def test_tables_of_a_data_set_are_read_as_asked(tmp_path, positions, options):
    root = folder_of_tables(tmp_path / "own", positions)
    out = tmp_path / "out.json"
    result = evaluate(root, "--maps", root / "central", *options, "--json", out)
    assert result.exit_code == 0, result.output
    at = BLOB[[30, 45], [45, 22]]
    expected = ((at - BLOB.mean()) / BLOB.std()).mean()
    assert json.loads(out.read_text())["metrics"]["pure"]["NSS"]["mean"] == pytest.approx(expected, abs=1e-9)


def test_scores_of_other_units_are_not_taken_from_the_store(tmp_path):
    root = folder_of_tables(tmp_path / "own", [(0.5, 1), (1, 0.25)])
    first = evaluate(root, "--maps", root / "central", "--units", "shares")
    second = evaluate(root, "--maps", root / "central", "--units", "pixels")
    assert first.exit_code == second.exit_code == 0
    assert first.stdout != second.stdout


def same(one: Any, other: Any) -> bool:
    """Whether two JSON values are equal, numbers within what the order of a network's sums makes of them."""
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(value, other[name]) for name, value in one.items())
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    return one == (pytest.approx(other, abs=1e-5) if isinstance(other, float) else other)


def of_objects(folder: Path) -> Path:
    """Three pictures of another colour where the mask is."""
    for name in ("images", "masks"):
        (folder / name).mkdir(parents=True)
    for number in range(3):
        mask = np.zeros((HEIGHT, WIDTH), np.uint8)
        mask[10:40, 10 * number : 40] = 255
        Image.fromarray(mask).save(folder / "masks" / f"{number}.png")
        Image.fromarray(np.stack([mask, mask // 2, 255 - mask], axis=-1)).save(folder / "images" / f"{number}.png")
    return folder


@pytest.fixture
def one_thread():
    """As in the processes of `torchrun`: sums over several threads are rounded otherwise."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.mark.parametrize("case", ["maps", "model, and a map is missing", "objects"])
def test_two_processes_share_the_pictures_and_print_what_one_prints(root, maps, tmp_path, one_thread, case):
    """Of three pictures one process has two; a sample that the other leaves out is named all the same."""
    asked = [root, "--maps", maps]
    if case == "objects":
        asked = [of_objects(tmp_path / "objects"), "--task", "objects", "--model", "clip_salgan"]
    elif case != "maps":
        asked += ["--model", "clip_salgan"]
        (maps / "000000000002_3.npy").unlink()
    one = evaluate(*asked, "--json", tmp_path / "1.json")
    out = tmp_path / "2.json"
    launch = ["torch.distributed.run", "--standalone", "--nproc_per_node", "2", "-m", "saliency", "evaluate"]
    own = {"ACCELERATE_USE_CPU": "true", "OMP_NUM_THREADS": "1", "SALIENCY_CACHE": str(tmp_path / "2")}
    two = subprocess.run(
        [sys.executable, "-m", *launch, *map(str, asked), "--json", str(out)],
        env=os.environ | own,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert two.stdout == one.stdout, two.stderr
    found, expected = (json.loads(path.read_text()) for path in (out, tmp_path / "1.json"))
    assert found == expected if case == "maps" else same(found, expected)
    counts = [text.count("1 sample was left out:") for text in (one.stderr, two.stderr)]
    assert counts == [case.endswith("missing")] * 2
    assert ("MAE" if case == "objects" else "NSS") in one.stdout
