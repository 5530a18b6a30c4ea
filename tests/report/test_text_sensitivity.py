"""Whether a model reads, on predictors whose answers are known by construction."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from saliency.conditions import Condition
from saliency.data import Sample, SjtuTis
from saliency.metrics import cc
from saliency.predictor import Predictor
from saliency.report.predictions import UNRELATED, exchanged, model_predictions, under
from saliency.report.scores import people
from saliency.report.text_sensitivity import (
    TEXTS,
    advantage,
    exchange,
    nearness_to_pure,
    return_to_pure,
    section,
    sensitivity,
)
from tests.made import half, made
from tests.samples import both_groups, write_data_set

SIDES = {"a": "left", "b": "right"}


@pytest.fixture
def samples() -> list[Sample]:
    """Two pictures: gaze is on the left in one and on the right in the other, mirrored for the non-salient sentence."""
    found = []
    for picture, side in SIDES.items():
        other = next(value for value in SIDES.values() if value != side)
        sides = dict.fromkeys(TEXTS, side) | {Condition.NON_SALIENT: other}
        found.append(made(picture, Condition.PURE, values=half(side)))
        found += [
            made(picture, condition, f"{sides[condition]} {condition}", half(sides[condition])) for condition in TEXTS
        ]
    return found


def reader(sample: Sample) -> np.ndarray:
    """Looks where the sentence's first word says, and as people do at first where it says nothing of a side."""
    word = sample.sentence.split(" ")[0]
    return half(word if word in ("left", "right") else SIDES[sample.picture])


def blind(sample: Sample) -> np.ndarray:
    return half(SIDES[sample.picture])


def three(interval) -> tuple[float, float, float]:
    return interval.mean, interval.low, interval.high


def test_who_ignores_the_sentence_has_one_map_for_all(samples):
    assert three(sensitivity(blind, samples)) == pytest.approx((1, 1, 1))
    assert three(sensitivity(reader, samples)) == pytest.approx((-1, -1, -1))
    assert three(sensitivity(people, samples)) == pytest.approx((-1, -1, -1))


def test_another_sentence_changes_nothing_for_who_ignores_it(samples):
    others = exchanged(samples)
    for condition, (right, wrong, change) in exchange(blind, samples, others).items():
        expected = -1 if condition is Condition.NON_SALIENT else 1
        assert three(right) == three(wrong) == pytest.approx((expected,) * 3)
        assert three(change) == (0, 0, 0)


def test_who_reads_falls_with_another_sentence(samples):
    # Of two pictures the other one's sentence names the other side.
    for right, wrong, change in exchange(reader, samples, exchanged(samples)).values():
        assert three(right) == pytest.approx((1, 1, 1))
        assert three(wrong) == pytest.approx((-1, -1, -1))
        assert three(change) == pytest.approx((-2, -2, -2))


def test_reading_is_worth_what_the_sentence_says_otherwise(samples):
    found = advantage(reader, blind, samples)
    assert three(found.pop(Condition.NON_SALIENT)) == pytest.approx((2, 2, 2))
    assert all(three(interval) == pytest.approx((0, 0, 0)) for interval in found.values())


def test_an_unrelated_sentence_leaves_the_map_where_it_is(samples):
    for sentences in UNRELATED.values():
        assert three(return_to_pure(reader, samples, sentences)) == pytest.approx((1, 1, 1))
    # A sentence that does something counts as one of two.
    assert return_to_pure(reader, samples[:5], ["nothing", "right"]).mean == pytest.approx(0)
    assert nearness_to_pure(reader, samples, Condition.NON_SALIENT).mean == pytest.approx(-1)
    assert nearness_to_pure(people, samples, Condition.SALIENT).mean == pytest.approx(1)


def test_the_tables_say_so(samples):
    text = section({"blind": blind, "reader": reader}, {"sleeper": blind}, samples, exchanged(samples))
    same, opposite = "1.000 (1.000 to 1.000)", "-1.000 (-1.000 to -1.000)"
    nothing, twice = "0.000 (0.000 to 0.000)", "2.000 (2.000 to 2.000)"
    assert f"| reader less sleeper | {' | '.join([nothing] * 4 + [twice])} |" in text
    assert f"| blind less sleeper | {' | '.join([nothing] * 5)} |" in text
    assert f"| people | {opposite} |" in text
    assert f"| blind | {same} |" in text
    assert f"| reader, change | {' | '.join(['-2.000 (-2.000 to -2.000)'] * 4)} |" in text
    assert f"| reader | {' | '.join([same] * 5 + [opposite])} |" in text
    assert f"| people | – | – | {' | '.join([same] * 3 + [opposite])} |" in text


def test_without_a_blind_model_there_is_nothing_to_compare_with(samples):
    assert "What is reading worth?" not in section({"reader": reader}, {}, samples, exchanged(samples))


def test_no_sample_keeps_its_sentence_and_none_is_lost():
    samples = [made(str(n), condition, f"{condition} {n % 17}") for condition in TEXTS for n in range(20)]
    samples += [made(str(n), Condition.PURE) for n in range(20)]
    others = exchanged(samples)
    texts = [sample for sample in samples if sample.condition.reads_text]
    assert others.keys() == {sample.stem for sample in texts}
    for sample in texts:
        assert others[sample.stem] != sample.sentence
        assert others[sample.stem].startswith(f"{sample.condition} ")
    assert Counter(others.values()) == Counter(sample.sentence for sample in texts)
    assert exchanged(samples) == others
    assert exchanged(samples, seed=1) != others


@pytest.mark.parametrize("sentences", [["alone"], ["same", "same"]])
def test_sentences_that_cannot_be_exchanged_are_refused(sentences: list[str]):
    with pytest.raises(ValueError, match="salient"):
        exchanged([made(str(n), Condition.SALIENT, sentence) for n, sentence in enumerate(sentences)])


@pytest.fixture
def predictor(miniatures: Path) -> Predictor:
    return Predictor(checkpoint_dir=miniatures, precision="float32")


def test_every_sentence_is_answered_and_every_picture_encoded_once(predictor: Predictor, tmp_path: Path):
    samples = list(SjtuTis(write_data_set(tmp_path / "sjtu_tis", 12, both_groups, validation=6), "validation"))
    others = exchanged(samples)
    predict = model_predictions(predictor, "reader", samples, others)
    assert predictor._sessions["reader"].model.encoded == len({sample.picture for sample in samples})
    for sample in samples:
        sentences = (sample.sentence, others.get(sample.stem, ""), UNRELATED["abstract"][0])
        for sentence in sentences:
            expected = predictor.predict(sample.image(), {Condition.SALIENT: sentence}, models=["reader"])
            assert cc(predict(under(sample, sentence)), expected.get("reader", "salient").density) == pytest.approx(1)


def test_a_model_without_words_answers_alike(predictor: Predictor, tmp_path: Path):
    samples = list(SjtuTis(write_data_set(tmp_path / "sjtu_tis", 12, both_groups, validation=6), "validation"))
    predict = model_predictions(predictor, "blind", samples, exchanged(samples))
    assert sensitivity(predict, samples).low == pytest.approx(1)
