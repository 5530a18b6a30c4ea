"""The bank gives back what the encoder said, and asks it once."""

from pathlib import Path

import pytest
import torch

from saliency.models.text import load_encoder
from saliency.training.targets import sentence_bank
from saliency.training.targets.sentence_bank import SentenceBank

TEXTS = [
    "A dog, chasing two skateboarders!",
    "left",
    "",
    "word " * 200,  # beyond the encoder's limit
    "An old man with a t-shirt",
]


@pytest.fixture(scope="module")
def bank() -> SentenceBank:
    return SentenceBank("minilm", TEXTS)


def test_it_gives_what_the_encoder_gives(bank):
    expected, found = load_encoder("minilm").encode(TEXTS).features, bank.gather(TEXTS)
    for name in ("mask", "words", "present"):
        assert torch.equal(getattr(found, name), getattr(expected, name)), name
    assert torch.equal(found.ids[found.mask], expected.ids[expected.mask])
    assert found.tokens.dtype == found.sentence.dtype == torch.float32
    torch.testing.assert_close(found.tokens[found.mask], expected.tokens[expected.mask], rtol=1e-3, atol=1e-4)
    torch.testing.assert_close(found.sentence, expected.sentence, rtol=1e-3, atol=1e-4)


def test_sentences_may_come_in_any_order_and_repeatedly(bank):
    found = bank.gather([TEXTS[1], TEXTS[0], TEXTS[1]])
    assert torch.equal(found.tokens[0], found.tokens[2])
    assert found.mask.sum(1).tolist() == [3, 3 + int(found.words[1].sum()) + 1, 3]  # [CLS] left [SEP]; , and !
    assert found.mask.shape[1] == found.mask.sum(1).max()


def test_each_token_knows_where_its_word_starts(bank):
    text = TEXTS[0]
    starts = bank.starts([text, "left"])
    words = [text.index(word) for word in ("A", "dog", "chasing", "two", "skateboarders")]
    assert list(dict.fromkeys(starts[0, starts[0] >= 0].tolist())) == words
    assert torch.equal(starts >= 0, bank.gather([text, "left"]).words)
    assert starts[1].tolist() == [-1, 0] + [-1] * (starts.shape[1] - 2)


def test_the_empty_sentence_is_always_there():
    assert SentenceBank("minilm", ["left"]).gather(["", "left"]).present.tolist() == [False, True]


def test_the_cache_is_used_again(tmp_path, monkeypatch):
    first = SentenceBank("minilm", TEXTS, tmp_path / "cache").gather(TEXTS)
    asked = []
    monkeypatch.setattr(sentence_bank, "load_encoder", lambda name: asked.append(name) or load_encoder(name))
    second = SentenceBank("minilm", TEXTS[::-1], tmp_path / "cache").gather(TEXTS)
    assert asked == []
    for name, value in vars(first).items():
        assert torch.equal(getattr(second, name), value), name

    SentenceBank("minilm", [*TEXTS, "another"], tmp_path / "cache")
    assert asked == ["minilm"]
    assert len(list((tmp_path / "cache").iterdir())) == 2


def test_a_cache_that_was_not_written_to_its_end_is_not_read(tmp_path, monkeypatch):
    written = Path.write_bytes

    def cut_short(path, content):
        written(path, content[:20])
        raise KeyboardInterrupt

    with monkeypatch.context() as killed:
        killed.setattr(Path, "write_bytes", cut_short)
        with pytest.raises(KeyboardInterrupt):
            SentenceBank("minilm", ["left"], tmp_path)
    assert SentenceBank("minilm", ["left"], tmp_path).gather(["left"]).present.tolist() == [True]
