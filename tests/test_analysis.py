"""Error analysis: right scores, each computed once whatever happens in between, and stored by content."""

from __future__ import annotations

import itertools
import math
import os
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from saliency import analysis, checkpoints
from saliency.analysis import METRICS, ErrorAnalysis, LeftOut, differences, means
from saliency.checkpoints import Description
from saliency.data import Sample
from saliency.data.layouts import open_data_set
from saliency.errors import DatasetError, OutputError, UnknownModelError
from saliency.evaluation import predict_samples
from saliency.messages import Message
from saliency.metrics import FixationEvaluator
from saliency.predictor import Predictor
from saliency.score_store import fingerprint
from saliency.settings import cache_folder
from tests.samples import write_data_set
from tests.tiny import Tiny, TinyConfig


@pytest.fixture
def predictor(miniatures) -> Predictor:
    return Predictor(["reader", "blind"], checkpoint_dir=miniatures, precision="float32")


@pytest.fixture
def root(tmp_path):
    return write_data_set(tmp_path / "gaze")


@pytest.fixture
def scored(monkeypatch) -> list[str]:
    """Stems in the order in which they are scored."""
    stems, score = [], analysis.score

    monkeypatch.setattr(
        analysis, "score", lambda density, sample, pool: stems.append(sample.stem) or score(density, sample, pool)
    )
    return stems


def new(predictor, root, tmp_path) -> ErrorAnalysis:
    """As another process would make it."""
    return ErrorAnalysis(predictor, open_data_set(root), tmp_path / "cache")


def test_every_sample_has_the_scores_of_an_evaluator(predictor, root, tmp_path):
    study = new(predictor, root, tmp_path)
    steps = list(study.run())
    assert (steps[0].done, steps[-1].done, steps[-1].total) == (0, 24, 24)
    table = study.table()
    identity = ["stem", "picture", "condition", "sentence", "model", "height", "width", "fixations"]
    assert list(table.columns) == [*identity, *METRICS]
    assert list(table["model"]) == ["reader"] * 12 + ["blind"] * 12

    evaluator = FixationEvaluator(metrics=METRICS)
    for sample in study.samples.values():
        prediction = predictor.predict(
            sample.image_path, {sample.condition: sample.sentence}, models=["reader"]
        ).predictions[0]
        evaluator.add(
            sample.stem, sample.picture, sample.condition, prediction.density, sample.density(), sample.fixations()
        )
    expected = evaluator.rows()
    got = table[table["model"] == "reader"]
    assert list(got["stem"]) == list(expected["id"])
    assert list(got["sentence"].iloc[:4]) == ["", "a dog beside a tree", "a tree", "a dog"]
    np.testing.assert_allclose(got[list(METRICS)], expected[list(METRICS)], rtol=1e-6)

    averages = means(table).set_index(["model", "condition", "metric"])
    for condition, rows in got.groupby("condition"):
        assert averages.loc[("reader", condition, "NSS"), "mean"] == pytest.approx(rows["NSS"].mean())
        assert averages.loc[("reader", condition, "NSS"), "n"] == 3
    assert averages.loc[("reader", "macro", "CC"), "mean"] == pytest.approx(
        got.groupby("condition")["CC"].mean().mean()
    )


def test_what_was_interrupted_goes_on_where_it_was(predictor, root, tmp_path, scored):
    running = new(predictor, root, tmp_path).run(["reader"])
    list(itertools.islice(running, 6))  # the start and five samples
    running.close()
    assert len(scored) == 5
    again = new(predictor, root, tmp_path)
    interrupted = again.table()
    assert len(interrupted) == 5
    steps = list(again.run(["reader"]))
    assert (steps[0].done, steps[-1].done) == (5, 12)
    assert sorted(scored) == sorted(again.samples)
    # Shuffled AUC too is final at once: it takes the other pictures' fixations, not their predictions.
    assert interrupted["sAUC"].notna().all()
    assert interrupted.equals(again.table().head(5))
    list(again.run(["reader"]))
    assert len(scored) == 12


def test_a_line_that_a_killed_process_left_is_computed_again(predictor, root, tmp_path, scored):
    study = new(predictor, root, tmp_path)
    list(study.run(["reader"]))
    before = study.table()
    [file] = (tmp_path / "cache").rglob("*.jsonl")
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join(lines[:-1]) + lines[-1][: len(lines[-1]) // 2])
    assert len(study.table()) == 11
    list(study.run(["reader"]))
    assert len(scored) == 13
    assert study.table().equals(before)


def test_another_checkpoint_of_the_same_name_is_scored_anew(predictor, root, tmp_path, scored):
    list(new(predictor, root, tmp_path).run(["blind"]))
    card = predictor.cards["blind"]
    checkpoints.save(
        Tiny(TinyConfig(reads=False, brightness=-1.0)),
        Description(**{name: getattr(card, name) for name in Description.model_fields}),
        tmp_path / "other",
    )
    other = Predictor(["blind"], checkpoint_dir=tmp_path / "other", precision="float32")
    study = new(other, root, tmp_path)
    assert study.table().empty
    list(study.run())
    assert len(scored) == 24
    # Both stay.
    assert len(new(predictor, root, tmp_path).table()) == 12
    assert not np.allclose(study.table()["CC"], new(predictor, root, tmp_path).table()["CC"])


def test_changed_data_are_scored_anew(predictor, root, tmp_path):
    before = fingerprint(open_data_set(root).samples)
    assert fingerprint(open_data_set(root).samples) == before
    file = root / "fixation_1800" / "000000000001_0.png"
    os.utime(file, ns=(0, 0))
    touched = fingerprint(open_data_set(root).samples)
    (root / "text.json").write_text((root / "text.json").read_text().replace('"a dog"', '"a cat"'))
    assert len({before, touched, fingerprint(open_data_set(root).samples)}) == 3


def test_what_a_sample_lacks_is_undefined(predictor, root, tmp_path):
    for file in (root / "map_1800").iterdir():
        file.unlink()
    study = new(predictor, root, tmp_path)
    list(study.run(["blind"]))
    table = study.table()
    assert table[["CC", "SIM", "KL"]].isna().all(axis=None)
    assert table[["NSS", "AUC"]].notna().all(axis=None)
    averages = means(table).set_index(["condition", "metric"])
    assert math.isnan(averages.loc[("pure", "CC"), "mean"])
    assert averages.loc[("pure", "CC"), "n"] == 0


def as_if_not_there(predictor, root, tmp_path, stems: set[str]) -> ErrorAnalysis:
    """The analysis of the data set without some of its samples."""
    data = open_data_set(root)
    rest = [sample for sample in data.samples if sample.stem not in stems]
    study = ErrorAnalysis(predictor, replace(data, samples=rest), tmp_path / "rest")
    list(study.run(["reader"]))
    return study


@pytest.mark.parametrize("folder", ["map_1800", "fixation_1800", "image_1800"])
def test_damaged_samples_are_left_out_and_the_rest_is_scored_as_without_them(predictor, root, tmp_path, folder):
    stems = {f"000000000002{suffix}" for suffix in ("_0", "_1", "_2", "_3")}
    for stem in stems:
        (root / folder / f"{stem}.png").write_bytes(b"\x89PNG\r\n\x1a\n cut")
    study = new(predictor, root, tmp_path)
    steps = list(study.run(["reader"]))
    assert (steps[-1].done, steps[-1].total) == (12, 12)
    left_out = study.left_out()
    assert [entry.stem for entry in left_out] == sorted(stems)
    assert "“000000000002_0.png”" in left_out[0].why
    assert left_out[0].models == ("reader",)
    assert str(tmp_path) not in left_out[0].why
    table = study.table()
    assert len(table) == 8
    if folder != "map_1800":  # damaged maps say nothing against the fixations
        expected = as_if_not_there(predictor, root, tmp_path, stems).table()
        np.testing.assert_array_equal(table[list(METRICS)], expected[list(METRICS)])


def test_one_damaged_picture_of_several_files_leaves_out_its_own_sample(predictor, root, tmp_path):
    """As SJTU-TIS is released, each condition has a file of the picture."""
    (root / "image_1800" / "000000000002_0.png").write_bytes(b"\x89PNG\r\n\x1a\n cut")
    study = new(predictor, root, tmp_path)
    list(study.run(["reader"]))
    assert [entry.stem for entry in study.left_out()] == ["000000000002_0"]
    assert len(study.table()) == 11


def test_what_was_left_out_is_tried_again(predictor, root, tmp_path, scored, monkeypatch):
    study = new(predictor, root, tmp_path)
    density = Sample.density

    def fails(sample):
        if sample.stem == "000000000002_0":
            raise DatasetError("The disk does not answer.")
        return density(sample)

    with monkeypatch.context() as patch:
        patch.setattr(Sample, "density", fails)
        list(study.run())
    assert study.left_out() == (LeftOut("000000000002_0", Message("The disk does not answer."), ("reader", "blind")),)
    before = len(scored)
    steps = list(study.run())
    assert (steps[0].done, steps[-1].done) == (22, 24)
    assert scored[before:] == ["000000000002_0"] * 2
    assert study.left_out() == ()
    assert len(study.table()) == 24


@pytest.mark.parametrize("profile", ["tuebingen", "mit_classic", "legacy_sjtu"])
def test_every_profile_has_the_scores_of_an_evaluator(predictor, tmp_path, profile):
    """The classic benchmark draws ten other pictures, so there must be more."""
    data = open_data_set(write_data_set(tmp_path / "many", 12, {"_0": "", "_3": "a dog"}))
    study = ErrorAnalysis(predictor, data, tmp_path / "cache", profile=profile)
    list(study.run(["reader"]))
    evaluator = FixationEvaluator(profile)
    for sample, prediction in predict_samples(predictor, data.samples, "reader"):
        truth = sample.density(), sample.fixations()
        evaluator.add(sample.stem, sample.picture, sample.condition, prediction.density, *truth)
    columns = ["height", "width", "fixations", *evaluator.metrics]
    pd.testing.assert_frame_equal(study.table()[columns], evaluator.rows()[columns])
    assert study.metrics == evaluator.metrics
    assert study.pool.record() == evaluator.pools()
    table = means(study.table(), study.metrics).set_index(["condition", "metric"]).drop(columns="model")
    pd.testing.assert_frame_equal(table, evaluator.table())


def test_profiles_do_not_share_scores(predictor, root, tmp_path):
    list(new(predictor, root, tmp_path).run(["blind"]))
    other = ErrorAnalysis(predictor, open_data_set(root), tmp_path / "cache", profile="mit_classic")
    assert other.table().empty
    list(other.run(["blind"]))
    ours = new(predictor, root, tmp_path).table()
    assert (ours["SIM"] != other.table()["SIM"]).all()


def test_notices_are_stored_with_the_scores(predictor, root, tmp_path):
    """Fixations of half the picture's size are moved: a notice, also of a process that scores nothing itself."""
    for stem in ("000000000001_0", "000000000002_0"):
        small = np.zeros((30, 45), dtype=np.uint8)
        small[[5, 10, 20], [7, 30, 40]] = 255
        Image.fromarray(small).save(root / "fixation_1800" / f"{stem}.png")
    list(new(predictor, root, tmp_path).run())
    [notice] = new(predictor, root, tmp_path).sample_notices()
    assert notice.startswith("2 samples (000000000001_0, 000000000002_0): ")
    assert "45 x 30, the picture 90 x 60 pixels" in notice
    assert notice.values["notice"].values["width"] == 90  # can be in Chinese


def test_one_picture_has_no_shuffled_auc(predictor, tmp_path):
    study = new(predictor, write_data_set(tmp_path / "one", pictures=1), tmp_path)
    list(study.run(["blind"]))
    assert study.table()["sAUC"].isna().all()
    assert study.table()["AUC"].notna().all()


def test_fixations_of_another_size_are_reported(predictor, root, tmp_path):
    points = np.zeros((200, 200), dtype=np.uint8)
    points[150, 150] = 255
    Image.fromarray(points).save(root / "fixation_1800" / "000000000001_1.png")
    study = new(predictor, root, tmp_path)
    list(study.run(["blind"]))
    [left_out] = study.left_out()
    assert left_out.stem == "000000000001_1"
    assert "200 x 200 pixels, the picture 90 x 60" in left_out.why


def test_unknown_models_are_refused(predictor, root, tmp_path):
    study = new(predictor, root, tmp_path)
    for models in (["/etc/passwd"], []):
        with pytest.raises(UnknownModelError, match="reader, blind"):
            next(study.run(models))


def test_the_host_chooses_where_scores_are_stored(predictor, root, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    monkeypatch.delenv("SALIENCY_CACHE", raising=False)
    assert cache_folder() == tmp_path / "xdg" / "saliency"
    monkeypatch.setenv("SALIENCY_CACHE", str(tmp_path / "file" / "scores"))
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match="SALIENCY_CACHE"):
        list(ErrorAnalysis(predictor, open_data_set(root)).run(["blind"]))


def made_table(first: np.ndarray, second: np.ndarray) -> pd.DataFrame:
    """Scores CC of models ``a`` and ``b``, (pictures, conditions) each."""
    rows = [
        {"stem": f"{picture}_{condition}", "picture": str(picture), "condition": name, "model": model, "CC": value}
        for model, values in (("a", first), ("b", second))
        for (picture, condition), value in np.ndenumerate(values)
        for name in (("pure", "general", "salient")[condition],)
    ]
    return pd.DataFrame(rows)


def of(found: pd.DataFrame, condition: str) -> pd.Series:
    return found.set_index("condition").loc[condition]


def test_a_constant_difference_is_certain_however_much_the_scores_vary():
    scores = np.random.default_rng(0).random((30, 3))
    found = differences(made_table(scores + np.array([0.1, 0.2, -0.6]), scores), "a", "b", ["CC"])
    for condition, expected in {"pure": 0.1, "general": 0.2, "salient": -0.6, "macro": -0.1}.items():
        row = of(found, condition)
        np.testing.assert_allclose(row[["mean", "low", "high"]].astype(float), expected, atol=1e-12)
        assert row["n"] == (90 if condition == "macro" else 30)


def test_paired_intervals_are_those_of_resampling_pictures_by_hand():
    generator = np.random.default_rng(1)
    shared = generator.normal(size=(60, 1))
    first, second = shared + 0.3 * generator.normal(size=(2, 60, 2))
    found = differences(made_table(first, second), "a", "b", ["CC"])
    gaps = first - second
    drawn = [gaps[generator.integers(60, size=60)] for _ in range(20_000)]
    for condition, values in (("pure", [g[:, 0].mean() for g in drawn]), ("macro", [g.mean() for g in drawn])):
        row = of(found, condition)
        low, high = np.quantile(values, [0.025, 0.975])
        assert row["mean"] == pytest.approx((gaps[:, 0] if condition == "pure" else gaps).mean())
        assert (row["low"], row["high"]) == pytest.approx((low, high), abs=0.06 * (high - low))
    # Closed form: of 60 differences of standard deviation s, 3.92 s / sqrt(60) wide.
    pure = of(found, "pure")
    assert pure["high"] - pure["low"] == pytest.approx(3.92 * gaps[:, 0].std() / 60**0.5, rel=0.08)
    swapped = of(differences(made_table(first, second), "b", "a", ["CC"]), "macro")
    assert swapped["mean"] == pytest.approx(-of(found, "macro")["mean"])


def test_only_samples_with_a_score_by_both_models_are_paired():
    table = made_table(np.array([[1.0, 5.0], [2.0, math.nan], [9.0, 4.0]]), np.zeros((3, 2)))
    table = table[~((table["model"] == "b") & (table["stem"] == "2_0"))].sample(frac=1, random_state=0)
    found = differences(table, "a", "b", ["CC"])
    assert (of(found, "pure")["mean"], of(found, "pure")["n"]) == (1.5, 2)
    assert (of(found, "general")["mean"], of(found, "general")["n"]) == (4.5, 2)
    assert of(found, "macro")["mean"] == 3
    assert differences(table[table["model"] == "a"], "a", "b", ["CC"]).empty
