"""The captioner: its decoders, its search and its attention against closed forms and PyTorch's own layers."""

from __future__ import annotations

from itertools import product

import pytest
import torch
from torch import Tensor, nn

from saliency.models import registry
from saliency.models.captioner import END, START, UNKNOWN, Captioner, CaptionerConfig, Vocabulary, reverse
from saliency.models.captioner.beam_search import beam_search
from saliency.models.captioner.decoder import Decoder, DecoderLayer
from saliency.models.captioner.spec import SPEC
from saliency.models.text import load_word_pieces

CAPTIONS = torch.tensor([[START, 7, 5, 9, END, UNKNOWN], [START, 4, 4, 6, 8, END]])


def tiny(preset: str = "compact") -> Captioner:
    """A captioner of random weights whose vocabulary is full."""
    torch.manual_seed(0)
    model = Captioner(SPEC.tiny[preset].config).eval()
    model.vocabulary.fill([range(100, 100 + len(model.vocabulary) - 4)])
    with torch.no_grad():  # initial weights are so small that all words are alike
        for parameter in model.parameters():
            parameter += 0.3 * torch.randn_like(parameter)
    return model


@pytest.fixture(params=SPEC.tiny)
def model(request) -> Captioner:
    return tiny(request.param)


def pixels(model: Captioner, count: int = 2) -> Tensor:
    torch.manual_seed(1)
    return torch.randn(count, 3, model.config.height, model.config.width)


class TestSizes:
    def test_the_paper_preset_has_the_parameters_of_its_layers(self):
        """bicaptioning_R_50_L1_H1024: the numbers of torchvision's ResNet-50 and of VirTex's textual head."""
        with torch.device("meta"):
            model = Captioner(SPEC.presets["paper"].config)
        width, inner, words, positions = 1024, 4096, 10_000, 30
        attention = 4 * (width * width + width)
        layer = 2 * attention + (width * inner + inner) + (inner * width + width) + 3 * 2 * width
        embedding = words * width + positions * width + 2 * width
        head = (2048 * width + width) + embedding + words + 2 * layer
        trunk = 25_557_032 - (2048 * 1000 + 1000)
        assert sum(parameter.numel() for parameter in model.parameters()) == trunk + head
        assert model.config.cells == (7, 7)
        assert model.trunk.channels[32] == 2048

    def test_a_layer_of_the_paper_is_pytorchs(self):
        with torch.device("meta"):
            own = DecoderLayer(1024, 16, 4096, 0.1, "gelu", batch_first=True)
            theirs = nn.TransformerDecoderLayer(1024, 16, 4096, 0.1, "gelu", batch_first=True)
        assert {k: v.shape for k, v in own.state_dict().items()} == {k: v.shape for k, v in theirs.state_dict().items()}

    def test_the_compact_checkpoint_is_small(self):
        with torch.device("meta"):
            model = Captioner(SPEC.presets["compact"].config)
        assert 2 * sum(parameter.numel() for parameter in model.parameters()) < 25e6
        assert model.config.cells == (8, 10)

    def test_it_is_a_network_of_the_registry_and_no_saliency_model(self):
        assert registry.network("captioner") is SPEC
        assert "captioner" not in registry.list_models()
        for text in SPEC.texts:
            assert registry.translations()[text.en] == text.zh


class TestDecoder:
    @pytest.fixture
    def decoder(self) -> Decoder:
        torch.manual_seed(0)
        return Decoder(16, 4, 2, dropout=0.0).eval()

    def test_it_computes_what_pytorchs_decoder_computes(self, decoder):
        words, picture = torch.randn(2, 5, 16), torch.randn(2, 7, 16)
        mask = nn.Transformer.generate_square_subsequent_mask(5)
        expected = words
        for layer in decoder.layers:
            expected = nn.TransformerDecoderLayer.forward(layer, expected, picture, tgt_mask=mask)
        torch.testing.assert_close(decoder(words, picture).states, expected, rtol=1e-4, atol=1e-5)

    def test_a_word_reads_no_later_word(self, decoder):
        words, picture = torch.randn(1, 6, 16), torch.randn(1, 7, 16)
        changed = words.clone()
        changed[:, 4:] += 1
        before, after = decoder(words, picture).states, decoder(changed, picture).states
        torch.testing.assert_close(before[:, :4], after[:, :4])
        assert not torch.allclose(before[:, 4:], after[:, 4:])

    def test_captions_of_one_picture_do_not_read_one_another(self, decoder):
        words, picture = torch.randn(6, 5, 16), torch.randn(2, 7, 16)
        together = decoder(words, picture, attention=True)
        for number in range(6):
            alone = decoder(words[number : number + 1], picture[number // 3 : number // 3 + 1], attention=True)
            torch.testing.assert_close(together.states[number], alone.states[0], rtol=1e-4, atol=1e-5)
            torch.testing.assert_close(together.attention[number], alone.attention[0], rtol=1e-4, atol=1e-5)

    def test_its_attention_is_that_of_the_last_layer(self, decoder):
        words, picture = torch.randn(2, 5, 16), torch.randn(2, 7, 16)
        read = {}
        last = decoder.layers[-1].multihead_attn
        last.register_forward_pre_hook(lambda _, given: read.update(query=given[0]))
        attention = decoder(words, picture, attention=True).attention
        query, key = (
            nn.functional.linear(given, weight, bias).unflatten(-1, (4, 4)).transpose(1, 2)
            for given, weight, bias in zip(
                (read["query"], picture), last.in_proj_weight.chunk(3), last.in_proj_bias.chunk(3), strict=False
            )
        )
        expected = (query @ key.transpose(-1, -2) / 4**0.5).softmax(-1).mean(1)
        torch.testing.assert_close(attention, expected, rtol=1e-4, atol=1e-6)


class TestDirections:
    def test_a_caption_is_reversed_up_to_its_end(self):
        assert reverse(CAPTIONS).tolist() == [
            [END, 9, 5, 7, START, UNKNOWN],
            [END, 8, 6, 4, 4, START],
        ]

    def test_reversed_twice_it_is_itself(self):
        twice = reverse(CAPTIONS).clone()
        turned = torch.where(twice == END, START, torch.where(twice == START, END, twice))
        again = reverse(turned)
        assert torch.equal(torch.where(again == END, START, torch.where(again == START, END, again)), CAPTIONS)

    def test_the_backward_decoder_sees_reversed_captions(self, model):
        seen = []
        model.embedding.register_forward_pre_hook(lambda _, given: seen.append(given[0].clone()))
        with torch.no_grad():
            ahead, back = model(pixels(model), CAPTIONS)
        assert torch.equal(seen[0], CAPTIONS[:, :-1])
        assert torch.equal(seen[1], reverse(CAPTIONS)[:, :-1])
        assert ahead.tokens.tolist() == [7, 5, 9, END, 4, 4, 6, 8, END], "padding is not learned"
        assert back.tokens.tolist() == [9, 5, 7, START, 8, 6, 4, 4, START]
        assert ahead.logits.shape == back.logits.shape == (9, model.config.vocabulary)

    def test_both_decoders_share_picture_embeddings_and_output(self, model):
        loss = sum(one.logits.logsumexp(1).sum() for one in model(pixels(model), CAPTIONS))
        loss.backward()
        names = {name.split(".")[0] for name, p in model.named_parameters() if p.grad is not None}
        assert {"visual", "embedding", "output_bias", "forward_decoder", "backward_decoder"} <= names
        assert all("output" not in name or name == "output_bias" for name, _ in model.named_parameters())


def toy(step: Tensor):
    """Log-probabilities of a second-order chain: they depend on the last two tokens."""

    def following(tokens: Tensor) -> Tensor:
        last = tokens[:, -1]
        before = tokens[:, -2] if tokens.shape[1] > 1 else torch.zeros_like(last)
        return step[before, last].log_softmax(-1)

    return following


def exhaustive(following, start: int, end: int, length: int, size: int) -> tuple[list[int], float]:
    """The likeliest of all sequences."""
    best: tuple[list[int], float] = ([], -float("inf"))
    for tail in product(range(size), repeat=length - 1):
        cut = tail.index(end) + 1 if end in tail else len(tail)
        if any(token != end for token in tail[cut:]):
            continue  # counted once: behind the end there are ends alone
        sequence, total = [start], 0.0
        for token in tail[:cut]:
            total += float(following(torch.tensor([sequence]))[0, token])
            sequence.append(token)
        if total > best[1] + 1e-9:
            best = (sequence, total)
    return best


class TestBeamSearch:
    @pytest.mark.parametrize("seed", range(8))
    def test_a_wide_beam_finds_what_exhaustive_search_finds(self, seed):
        size, length = 4, 5
        following = toy(2 * torch.randn(size, size, size, generator=torch.Generator().manual_seed(seed)))
        expected, total = exhaustive(following, START, END, length, size)
        found = beam_search(following, 1, START, END, length, beams=size**length, per_beam=size)
        tokens = found.tokens[0].tolist()
        assert tokens[: len(expected)] == expected
        assert set(tokens[len(expected) :]) <= {END}
        assert float(found.log_probability[0]) == pytest.approx(total, abs=1e-5)

    def test_pictures_are_searched_apart(self):
        chains = 2 * torch.randn(3, 4, 4, 4, generator=torch.Generator().manual_seed(3))

        def following(tokens: Tensor) -> Tensor:
            beams = len(tokens) // 3
            return torch.cat([toy(chain)(tokens[i * beams : (i + 1) * beams]) for i, chain in enumerate(chains)])

        together = beam_search(following, 3, START, END, 6, beams=3)
        for number, chain in enumerate(chains):
            alone = beam_search(toy(chain), 1, START, END, 6, beams=3)
            assert float(together.log_probability[number]) == pytest.approx(float(alone.log_probability[0]), abs=1e-5)

    def test_one_beam_takes_the_likeliest_token_each_time(self):
        following = toy(torch.randn(5, 5, 5, generator=torch.Generator().manual_seed(2)))
        tokens = [START]
        while tokens[-1] != END and len(tokens) < 7:
            tokens.append(int(following(torch.tensor([tokens])).argmax()))
        found = beam_search(following, 1, START, END, 7, beams=1, per_beam=1)
        assert found.tokens[0].tolist() == tokens

    def test_more_beams_find_nothing_less_likely(self):
        following = toy(2 * torch.randn(6, 6, 6, generator=torch.Generator().manual_seed(5)))
        narrow, wide = (beam_search(following, 1, START, END, 8, beams=b, per_beam=6) for b in (1, 216))
        assert wide.log_probability[0] >= narrow.log_probability[0] - 1e-6

    def test_it_ends_at_the_length(self):
        never = torch.zeros(5, 5, 5)
        never[..., END] = -50
        assert beam_search(toy(never), 2, START, END, 6).tokens.shape == (2, 6)


class TestDescribing:
    def test_only_pieces_are_said(self, model):
        with torch.inference_mode():
            said = model.describe(model.encode(pixels(model)))
        for row in said.tokens.tolist():
            assert row[0] == START
            assert len(row) <= model.config.length
            words = row[1 : row.index(END)] if END in row else row[1:]
            assert all(token > 3 for token in words)
        assert (said.log_probability <= 0).all()

    def test_the_log_probability_is_that_of_the_forward_decoder(self, model):
        with torch.inference_mode():
            features = model.encode(pixels(model))
            said = model.describe(features)
            sayable = model.vocabulary.sayable()
            for number, row in enumerate(said.tokens.tolist()):
                row = row[: row.index(END) + 1] if END in row else row
                one = {"picture": features["picture"][number : number + 1]}
                states = model.forward_decoder(model.embedding(torch.tensor([row[:-1]])), one["picture"]).states[0]
                logits = states @ model.embedding.words.weight.T + model.output_bias
                chances = logits.masked_fill(~sayable, -torch.inf).log_softmax(1)
                total = sum(float(chances[at, token]) for at, token in enumerate(row[1:]))
                assert float(said.log_probability[number]) == pytest.approx(total, abs=1e-4)

    def test_the_same_picture_has_the_same_caption(self, model):
        with torch.inference_mode():
            first, second = (model.describe(model.encode(pixels(model))) for _ in range(2))
        assert torch.equal(first.tokens, second.tokens)

    def test_a_picture_is_described_alike_alone_and_in_a_batch(self, model):
        with torch.inference_mode():
            together = model.describe(model.encode(pixels(model, 3)))
            alone = model.describe(model.encode(pixels(model, 3)[1:2]))
        length = alone.tokens.shape[1]
        assert torch.equal(together.tokens[1, :length], alone.tokens[0])

    def test_features_of_the_front_end_are_the_pictures(self, model):
        with torch.inference_mode():
            whole = model.encode(pixels(model))["picture"]
            parts = model.encode(model.front_end(pixels(model)))["picture"]
        torch.testing.assert_close(whole, parts)
        assert whole.shape[1] == model.config.cells[0] * model.config.cells[1]

    @pytest.mark.parametrize("directions", ["forward", "both"])
    def test_each_map_of_attention_sums_to_one(self, model, directions):
        with torch.inference_mode():
            maps = model.attention(model.encode(pixels(model)), CAPTIONS, directions)
        assert maps.shape == (2, 5, *model.config.cells)
        assert (maps >= 0).all()
        torch.testing.assert_close(maps.sum((2, 3)), torch.ones(2, 5))

    @pytest.mark.parametrize("directions", ["forward", "both"])
    def test_a_caption_without_an_end_has_the_maps_of_one_with_it(self, model, directions):
        """The longest ones that a search finds have none."""
        whole = CAPTIONS[1:]
        with torch.inference_mode():
            features = model.encode(pixels(model, 1))
            found = [model.attention(features, captions, directions) for captions in (whole, whole[:, :-1])]
        torch.testing.assert_close(found[1], found[0][:, :4])

    def test_the_map_of_a_word_is_of_the_step_that_gives_it(self, model):
        """Its query is the token before it: words behind it change nothing, the one before it does."""
        changed = CAPTIONS.clone()
        changed[:, 2] = 11
        with torch.inference_mode():
            features = model.encode(pixels(model))
            before, after = (model.attention(features, captions) for captions in (CAPTIONS, changed))
        torch.testing.assert_close(before[:, :2], after[:, :2])
        assert not torch.allclose(before[:, 2], after[:, 2])

    def test_the_backward_maps_belong_to_the_same_words(self, model):
        """By hand: reversed, the word w_j is given by the step that reads the word behind it."""
        with torch.inference_mode():
            features = model.encode(pixels(model))
            both = model.attention(features, CAPTIONS, "both")
            ahead = model.attention(features, CAPTIONS)
            words = CAPTIONS[:1, 1:4].tolist()[0]
            back = torch.tensor([[END, *reversed(words)]])
            one = features["picture"][:1]
            maps = model.backward_decoder(model.embedding(back), one, attention=True).attention[0]
        for number in range(3):
            expected = (ahead[0, number].flatten() + maps[2 - number]) / 2
            torch.testing.assert_close(both[0, number].flatten(), expected, rtol=1e-4, atol=1e-6)


class TestVocabulary:
    def test_it_has_the_most_frequent_pieces(self):
        vocabulary = Vocabulary(7)
        vocabulary.fill([[50, 60, 60, 70], [60, 70, 80], [70]])
        assert vocabulary.pieces.tolist() == [60, 70, 50]
        tokens = vocabulary.tokens([[70, 50], [80, 60, 60, 60]], length=5)
        assert tokens.tolist() == [[START, 5, 6, END, UNKNOWN], [START, UNKNOWN, 4, 4, END]]
        assert vocabulary.piece_ids([START, 5, 6, END, UNKNOWN]) == [70, 50]
        assert vocabulary.sayable().tolist() == [False, False, True, False, True, True, True]

    def test_rows_without_a_piece_are_never_said(self):
        vocabulary = Vocabulary(8)
        vocabulary.fill([[50, 60]])
        assert vocabulary.sayable().tolist()[4:] == [True, True, False, False]

    def test_a_free_row_stands_for_no_piece(self):
        vocabulary = Vocabulary(8)
        assert vocabulary.tokens([[-1, 3]], 4).tolist() == [[START, UNKNOWN, UNKNOWN, END]]


@pytest.mark.parametrize(
    "sentence",
    [
        "A brown dog runs through the grass.",
        "A man's tri-colored, snowcovered hat (red) is $5!",
        "Two people, one of them a woman, sit.",
    ],
)
def test_pieces_are_spelled_as_the_sentence_was(sentence):
    tokeniser = load_word_pieces("minilm")
    [pieces] = tokeniser.pieces([sentence])
    spelled, own = tokeniser.spelled(pieces.ids)
    assert spelled == sentence
    assert own.spans == [tuple(span) for span in pieces.spans]


def test_a_caption_of_no_pieces_is_empty():
    assert load_word_pieces("minilm").spelled([]) == ("", ([], []))


def test_the_configuration_says_which_pictures_it_wants():
    pictures = CaptionerConfig().preprocessing()
    assert (pictures.height, pictures.width, pictures.fit) == (224, 224, "squash")
