"""Word-region grounding: a word points where it should, and nothing but the sentence's words counts."""

import pytest
import torch

from saliency.models.blocks import resize
from saliency.models.detector import ObjectPlanes
from saliency.models.features import ImageFeatures, TextFeatures, select
from saliency.models.grounding import GUIDANCE_PLANES, Grounding, ImageTextEncoder, Referent
from tests.models.contract import awaken, sentences

DIM, TEXT_DIM = 16, 12
CHANNELS = {8: 6, 16: 10}


@pytest.fixture(params=[False, True], ids=["words alone", "with a referent head"])
def grounding(request: pytest.FixtureRequest) -> Grounding:
    torch.manual_seed(0)
    grounding = Grounding(CHANNELS, TEXT_DIM, DIM, referent=request.param).eval()
    awaken(grounding)
    return grounding


def front_features() -> ImageFeatures:
    """Front-end features of two pictures."""
    generator = torch.Generator().manual_seed(2)
    sizes = {"stride8": (CHANNELS[8], 30, 40), "stride16": (CHANNELS[16], 23, 30)}
    return {name: torch.randn(2, *size, generator=generator) for name, size in sizes.items()}


@pytest.fixture
def regions() -> torch.Tensor:
    """Of two pictures."""
    return torch.randn(2, DIM, 5, 7, generator=torch.Generator().manual_seed(1))


@pytest.fixture
def picture(grounding: Grounding, regions: torch.Tensor) -> ImageFeatures:
    """Features of the two pictures."""
    with torch.no_grad():
        inputs = grounding.referent.encode(front_features()) if grounding.referent else {}
        inputs = {f"referent.{name}": value for name, value in inputs.items()}
        return grounding.keys(regions, None) | inputs


def test_regions_see_both_levels(grounding):
    fine, coarse = torch.randn(2, 6, 9, 13), torch.randn(2, 10, 5, 7)
    found = grounding.region_features({8: fine, 16: coarse}, None)
    assert found.shape == (2, DIM, 9, 13)
    for other in ({8: fine, 16: coarse + 1}, {8: fine + 1, 16: coarse}):
        assert not torch.allclose(grounding.region_features(other, None), found)


def trunk(pixels):
    """Strides 8 and 16, of means of the pixels."""
    means = {stride: torch.nn.functional.avg_pool2d(pixels, stride, ceil_mode=True) for stride in CHANNELS}
    return {stride: mean[:, :1].expand(-1, CHANNELS[stride], -1, -1) for stride, mean in means.items()}


@torch.no_grad()
def test_the_referent_head_reads_the_levels_that_the_words_read():
    torch.manual_seed(0)
    plain = Grounding(CHANNELS, TEXT_DIM, DIM).eval()
    with_head = Grounding(CHANNELS, TEXT_DIM, DIM, referent=True, grid=(30, 40)).eval()
    with_head.load_state_dict(plain.state_dict(), strict=False)
    levels = with_head.front_end_on(trunk)(torch.rand(2, 3, 360, 480))
    assert {name: value.shape[-2:] for name, value in levels.items()} == {"stride8": (30, 40), "stride16": (15, 20)}
    features, of_words = with_head.encode_features(levels), plain.encode_features(levels)
    torch.testing.assert_close(features["keys"], of_words["keys"])
    for name, value in with_head.referent.encode(levels).items():
        torch.testing.assert_close(features[f"referent.{name}"], value)
    assert not any(name.startswith("referent.") for name in of_words)


@torch.no_grad()
def test_a_word_points_at_the_region_it_equals(grounding, regions):
    for space in (grounding.region_space, grounding.word_space):
        space.weight.copy_(torch.eye(DIM).view_as(space.weight))
        space.bias.zero_()
    grounding.scale.fill_(torch.tensor(10.0).log())
    grounding.shift.fill_(-3.0)
    places = [(0, 0), (2, 6), (4, 3)]
    tokens = torch.zeros(2, 3, TEXT_DIM)
    words = torch.stack([3 * regions[:, :, y, x] for y, x in places], dim=1)
    picture = grounding.keys(regions, None)
    logits = grounding.logits(picture, words, tokens)
    assert logits.shape == (2, 3, 5, 7)
    for planes in logits:
        assert [divmod(int(plane.argmax()), 7) for plane in planes] == places
        torch.testing.assert_close(planes.amax((1, 2)), torch.full((3,), 10.0 - 3.0))
        assert planes.min() >= -10 - 3
    torch.testing.assert_close(grounding.logits(picture, -words, tokens).amin((2, 3)), torch.full((2, 3), -13.0))


@torch.no_grad()
def test_guidance_is_made_of_the_word_maps(grounding, picture):
    text = sentences([3, 5], TEXT_DIM)
    output = grounding(picture, text)
    assert output.guidance.shape == (2, GUIDANCE_PLANES, 5, 7)
    assert output.word_maps.shape == (2, 8, 5, 7)
    assert output.word_maps.min() >= 0
    assert output.word_maps.max() <= 1
    assert not output.word_maps[~text.words].any()
    assert not output.word_weights[~text.words].any()
    assert output.word_weights.min() >= 0
    torch.testing.assert_close(output.word_weights.sum(1), torch.ones(2))

    weighted = sum(output.word_weights[:, word, None, None] * output.word_maps[:, word] for word in range(8))
    torch.testing.assert_close(output.guidance[:, 0], weighted)
    assert (output.guidance[:, 1] > 0).all()
    if grounding.referent is None:
        assert (output.guidance[:, 1] <= output.word_maps.amax(1)).all()
    else:
        about = grounding.referent(grounding.referent.encode(front_features()), text).map
        torch.testing.assert_close(about.amax((1, 2, 3)), torch.ones(2))
        torch.testing.assert_close(output.named, resize(about, (5, 7)))
    torch.testing.assert_close(output.named, output.guidance[:, 1:2])
    assert (output.guidance[:, 2] == 1).all()


@pytest.mark.parametrize("text", [None, sentences([0, 0], TEXT_DIM)], ids=["None", "empty sentences"])
@torch.no_grad()
def test_without_text_there_is_no_guidance(grounding, picture, text):
    output = grounding(picture, text)
    assert output.guidance.shape == (2, GUIDANCE_PLANES, 5, 7)
    assert not output.guidance.any()
    assert not output.word_maps.any()
    assert not output.word_weights.any()
    # What is left to read is the learned null token, the same for every picture and whatever the padding holds.
    assert output.mask.sum(1).tolist() == [1, 1]
    torch.testing.assert_close(output.words[:, 0], grounding(picture, None).words[:, 0])


@torch.no_grad()
def test_an_empty_sentence_beside_another_changes_neither(grounding, picture):
    both = grounding(picture, sentences([3, 0], TEXT_DIM))
    alone = grounding(select(picture, [0]), sentences([3, 0], TEXT_DIM).select([0]))
    torch.testing.assert_close(both.guidance[:1], alone.guidance)
    assert not both.guidance[1].any()


@torch.no_grad()
def test_padding_never_matters(grounding, picture, regions):
    text = sentences([3, 5], TEXT_DIM)
    padding = ~text.mask
    tokens = text.tokens.masked_fill(padding[..., None], 100.0)
    longer = TextFeatures(
        tokens=torch.cat([tokens, torch.full((2, 4, TEXT_DIM), -50.0)], dim=1),
        mask=torch.nn.functional.pad(text.mask, (0, 4)),
        words=torch.nn.functional.pad(text.words, (0, 4)),
        sentence=text.sentence,
        present=text.present,
        ids=torch.nn.functional.pad(text.ids, (0, 4)),
    )
    short, long = grounding(picture, text), grounding(picture, longer)
    torch.testing.assert_close(long.guidance, short.guidance)
    torch.testing.assert_close(long.word_maps[:, :8], short.word_maps)
    torch.testing.assert_close(long.word_weights[:, :8], short.word_weights)

    encoder = ImageTextEncoder(DIM, layers=1).eval()
    awaken(encoder)
    torch.testing.assert_close(encoder(regions, long), encoder(regions, short), rtol=1e-4, atol=1e-5)


@torch.no_grad()
def test_a_referent_head_depends_on_sentence_and_places():
    """Regions that are all alike differ by their place alone, and other words make others of them."""
    torch.manual_seed(0)
    referent = Referent(CHANNELS, TEXT_DIM, DIM, attention_grid=(3, 4)).eval()
    for layer in referent.layers:
        layer.gate.fill_(5.0)
    encoded = referent.encode({"stride8": torch.zeros(1, 6, 6, 8), "stride16": torch.zeros(1, 10, 3, 4)})
    features = {name: torch.ones_like(value) for name, value in encoded.items()}
    text = sentences([3], TEXT_DIM)
    other = TextFeatures(**vars(text) | {"tokens": -text.tokens})
    first, second = (referent(features, words).map.log() for words in (text, other))
    assert first.shape == (1, 1, 6, 8)
    assert not torch.allclose(first[..., 2:-2, 2:3], first[..., 2:-2, 5:6])
    assert not torch.allclose(first - first.mean(), second - second.mean())


@torch.no_grad()
def test_the_referent_head_gets_the_same_detections_with_the_rest_and_alone(monkeypatch: pytest.MonkeyPatch):
    """The detector runs once; its output is the same for the referent head alone, as in training."""
    torch.manual_seed(0)
    grounding = Grounding(CHANNELS, TEXT_DIM, DIM, objects=True, referent=True).eval()
    awaken(grounding)
    grounding.class_matcher.names.normal_()
    pixels = torch.rand(1, 3, 240, 320)
    text = sentences([3], TEXT_DIM)
    calls = []

    def detect(self: ObjectPlanes, pixels: torch.Tensor) -> tuple:
        """One thing of each kind, all over the left half, and the inputs of the heads."""
        calls.append(pixels)
        box = torch.tensor([160.0, 240.0, 200.0, 300.0]).expand(1, 80, 4)
        levels = (torch.ones(1, width, 60 // scale, 80 // scale) for width, scale in ((64, 1), (128, 2), (256, 4)))
        return box, 0.9 * torch.eye(80)[None], tuple(levels)

    monkeypatch.setattr(ObjectPlanes, "detect", detect)
    found = grounding.front_end_on(trunk)(pixels)
    assert len(calls) == 1
    features = grounding.encode_features(found)
    alone = grounding.referent(grounding.referent.encode(found), text).map
    torch.testing.assert_close(grounding(features, text).referent, alone)
    blind = features | {"planes": torch.zeros_like(features["planes"])}
    assert not torch.allclose(grounding(blind, text).referent, alone)


@torch.no_grad()
def test_words_depend_on_their_sentence(grounding, picture):
    text = sentences([3, 5], TEXT_DIM)
    other = TextFeatures(**vars(text) | {"tokens": text.tokens.index_fill(1, torch.tensor([3]), 2.0)})
    first, second = grounding(picture, text).word_maps, grounding(picture, other).word_maps
    assert not torch.allclose(first[:, 1], second[:, 1])


def test_the_gradient_survives_an_empty_sentence(grounding, picture):
    output = grounding(picture, sentences([3, 0], TEXT_DIM))
    (output.guidance.sum() + output.word_maps.sum()).backward()
    gradients = [parameter.grad for parameter in grounding.parameters() if parameter.grad is not None]
    assert len(gradients) > 10
    assert all(gradient.isfinite().all() for gradient in gradients)


@torch.no_grad()
def test_a_new_image_text_encoder_reads_only_where_the_words_point(grounding, picture):
    """Its gates start at zero: the word tokens themselves are not read, their maps are."""
    encoder = ImageTextEncoder(DIM, layers=2).eval()
    x = torch.randn(2, DIM, 5, 7)
    output = grounding(picture, sentences([3, 5], TEXT_DIM))
    other_words = type(output)(**vars(output) | {"words": output.words + 1})
    other_guidance = type(output)(**vars(output) | {"guidance": output.guidance + 1})
    answer = encoder(x, output)
    assert answer.shape == x.shape
    assert torch.equal(encoder(x, other_words), answer)
    assert not torch.allclose(encoder(x, other_guidance), answer)
    for layer in encoder.layers:
        layer.gate.fill_(0.5)
    assert not torch.allclose(encoder(x, other_words), encoder(x, output))
