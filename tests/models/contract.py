"""What every model must hold, whatever is inside. It runs by itself on every `Case` of the registry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass

import pytest
import torch
from safetensors.torch import load, save
from torch import Tensor

from saliency.models.base import SaliencyModel
from saliency.models.features import TextFeatures, select
from saliency.models.spec import ModelSpec, Preset

# A softmax is blind to a constant: over pixels in the referent head, over words in the grounding, where the other half
# of the bias, the gate, is not read beside a referent head. Their gradients are zero, or rounding.
BEFORE_SOFTMAX = ("referent.output.3.bias", "grounding.importance.bias")


def sentences(lengths: list[int], dim: int, tokens: int = 8, seed: int = 0) -> TextFeatures:
    """Made-up sentences of so many words between two special tokens, padded to `tokens`; 0 words is the empty one."""
    generator = torch.Generator().manual_seed(seed)
    count = len(lengths)
    position = torch.arange(tokens).expand(count, -1)
    length = torch.tensor(lengths)[:, None]
    return TextFeatures(
        tokens=torch.randn(count, tokens, dim, generator=generator),
        mask=position < length + 2,
        words=(position > 0) & (position <= length),
        sentence=torch.randn(count, dim, generator=generator),
        present=length[:, 0] > 0,
        ids=torch.randint(1, 50, (count, tokens), generator=generator),
    )


@torch.no_grad()
def awaken(model: torch.nn.Module, seed: int = 0) -> None:
    """Move every parameter off its initial value, so that parts which start as zero or identity take part."""
    generator = torch.Generator().manual_seed(seed)
    for parameter in model.parameters():
        spread = 0.02 + 0.1 * (parameter.std().item() if parameter.numel() > 1 else 0.0)
        parameter += spread * torch.randn(parameter.shape, generator=generator)


@torch.no_grad()
def settle(model: SaliencyModel, pixels: Tensor, text: TextFeatures) -> None:
    """Set the running statistics of the batch norms to those of this batch, so that no signal fades on its way."""
    norms = [part for part in model.modules() if isinstance(part, torch.nn.modules.batchnorm._BatchNorm)]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.momentum = 1.0
    model.train()
    model(pixels, text)
    model.eval()
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum


def distance(answer: Tensor, expected: Tensor) -> float:
    """Largest difference of two answers, in standard deviations of the expected one over its pixels."""
    return ((answer.float() - expected).abs().max() / expected.std()).item()


@dataclass(frozen=True)
class Case:
    """A preset of a model under test.

    Attributes:
        ships: the preset is what ships, too large for more than one picture of a small size.
    """

    spec: ModelSpec
    preset_name: str
    preset: Preset
    ships: bool = False

    def __str__(self) -> str:
        return f"{self.spec.name}, {'ships' if self.ships else self.preset_name}"

    def build(self) -> SaliencyModel:
        """With random weights."""
        return self.spec.model(self.preset.config)

    @property
    def size(self) -> tuple[int, int]:
        """(H, W) of the pictures."""
        if self.ships:
            return 96, 128
        preprocessing = self.preset.preprocessing
        return preprocessing.height, preprocessing.width

    @property
    def text_dim(self) -> int:
        """Channels of the sentences."""
        return getattr(self.preset.config, "text_dim", 12)


def tiny_cases(registry: Mapping[str, ModelSpec]) -> list[Case]:
    """Each tiny preset of every model."""
    return [Case(spec, name, preset) for spec in registry.values() for name, preset in spec.tiny.items()]


def shipped_cases(registry: Mapping[str, ModelSpec]) -> list[Case]:
    """What ships of every model."""
    return [Case(spec, "compact", spec.presets["compact"], ships=True) for spec in registry.values()]


def settled_model(case: Case) -> SaliencyModel:
    """The model of `case` with all its parts awake; copies of it are tested."""
    torch.manual_seed(0)
    model = case.build()
    awaken(model)
    settle(model, pictures(4, case.size), sentences([3, 0, 5, 6], case.text_dim))
    return model


def pictures(count: int, size: tuple[int, int]) -> Tensor:
    """Noise (N, 3, H, W)."""
    return torch.randn(count, 3, *size, generator=torch.Generator().manual_seed(1))


class ShippedContract:
    """What also models of full size are tested for.

    Attributes:
        cases: the presets under test.
    """

    cases: Sequence[Case] = ()

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        metafunc.parametrize("case", self.cases, ids=str, scope="module")

    @pytest.fixture(autouse=True)
    def _case(self, case: Case) -> None:
        self.case = case

    @pytest.fixture
    def model(self, settled: SaliencyModel) -> SaliencyModel:
        return deepcopy(settled)

    @pytest.fixture
    def pixels(self) -> Tensor:
        return self.pictures(2)

    def pictures(self, count: int) -> Tensor:
        return pictures(count, self.case.size)

    def text(self, lengths: list[int], **options: int) -> TextFeatures:
        return sentences(lengths, self.case.text_dim, **options)

    @torch.no_grad()
    def test_shapes_and_ranges(self, model: SaliencyModel, pixels: Tensor) -> None:
        output = model(pixels, self.text([3, 5]))
        assert output.map.shape == output.logits.shape
        assert output.map.shape[:2] == (2, 1)
        assert output.map.isfinite().all()
        assert output.map.min() >= 0
        assert output.map.max() <= 1
        assert output.map.flatten(1).std(dim=1).min() > 1e-3, "a flat map says nothing"

    @torch.no_grad()
    def test_forward_composes(self, model: SaliencyModel, pixels: Tensor) -> None:
        text = self.text([3, 5])
        assert torch.equal(model(pixels, text).logits, model.decode(model.encode_image(pixels), text).logits)

    @torch.no_grad()
    def test_no_text_is_the_empty_sentence(self, model: SaliencyModel, pixels: Tensor) -> None:
        empty = model(pixels, self.text([0, 0])).logits
        assert distance(model(pixels).logits, empty) < 1e-3
        assert torch.equal(model(pixels, self.text([0, 0], seed=9)).logits, empty)

    @torch.no_grad()
    def test_reading(self, model: SaliencyModel, pixels: Tensor) -> None:
        pure = model(pixels).logits
        one = model(pixels, self.text([3, 5])).logits
        other = model(pixels, self.text([3, 5], seed=9)).logits
        if not self.case.spec.reads_text:
            assert torch.equal(pure, one)
            return
        for a, b in ((pure, one), (pure, other), (one, other)):
            assert min(distance(a[0], b[0]), distance(a[1], b[1])) > 0.01

    @torch.no_grad()
    def test_word_maps(self, model: SaliencyModel, pixels: Tensor) -> None:
        text = self.text([3, 0])
        output = model(pixels, text)
        if output.word_maps is None:  # as in a paper preset whose compact form has them
            assert output.word_weights is None
            assert not (self.case.spec.word_maps and self.case.preset_name == "compact")
            return
        assert self.case.spec.word_maps
        assert output.word_maps.shape[:2] == text.mask.shape
        assert output.word_maps.min() >= 0
        assert output.word_maps.max() <= 1
        assert output.word_maps[0, 1:4].flatten(1).std(dim=1).min() > 0
        assert output.word_weights.shape == text.mask.shape
        assert output.word_weights.min() >= 0
        assert not output.word_weights[~text.words].any()
        torch.testing.assert_close(output.word_weights.sum(dim=1), torch.tensor([1.0, 0.0]))


class ModelContract(ShippedContract):
    """All tests of a model, for presets that are quick to run."""

    @torch.no_grad()
    def test_pictures_differ(self, model: SaliencyModel, pixels: Tensor) -> None:
        if self.case.spec.name == "centre_prior":
            pytest.skip("it does not see the picture")
        first, second = model(pixels).logits
        assert distance(first, second) > 0.1

    @torch.no_grad()
    def test_front_features_depend_on_the_front_end_alone(self, model: SaliencyModel, pixels: Tensor) -> None:
        """So they can be cached, in half precision, while the rest is trained."""
        if model.front_end is None:
            pytest.skip("this model has no separate front end")
        front_features, encoded = model.front_end(pixels), model.encode_image(pixels)
        before = {name: value.clone() for name, value in front_features.items()}
        model.encode_features(front_features)
        assert all(torch.equal(value, before[name]) for name, value in front_features.items()), "models share them"
        half = {name: value.half().float() for name, value in front_features.items()}
        for name, value in model.encode_features(half).items():
            assert distance(value, encoded[name]) < 0.05
        frozen = {id(parameter) for part in model.front_end.parts for parameter in part.parameters()}
        for parameter in model.parameters():
            if id(parameter) not in frozen:
                parameter += 0.1
        for name, value in model.front_end(pixels).items():
            assert torch.equal(value, front_features[name])

    @torch.no_grad()
    def test_encoded_once_for_many_sentences(self, model: SaliencyModel, pixels: Tensor) -> None:
        text = self.text([3, 0, 5, 1])
        picture = [0, 0, 1, 0]
        together = model.decode(select(model.encode_image(pixels), picture), text)
        for number, which in enumerate(picture):
            alone = model(pixels[which : which + 1], text.select([number]))
            assert distance(together.logits[number], alone.logits[0]) < 1e-3

    @torch.no_grad()
    def test_stateless(self, model: SaliencyModel, pixels: Tensor) -> None:
        text = self.text([3])
        before = {name: value.clone() for name, value in model.state_dict().items()}
        features = model.encode_image(pixels[:1])
        answer = model.decode(features, text).logits
        model(pixels[1:], self.text([4], seed=5))
        assert torch.equal(answer, model.decode(features, text).logits)
        assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())

    @torch.no_grad()
    def test_deterministic(self, model: SaliencyModel, pixels: Tensor) -> None:
        text = self.text([3, 5])
        assert torch.equal(model(pixels, text).logits, model(pixels, text).logits)

    @torch.no_grad()
    def test_padding_changes_nothing(self, model: SaliencyModel, pixels: Tensor) -> None:
        short = self.text([3, 5])
        long = TextFeatures(
            tokens=torch.cat([short.tokens, torch.full((2, 3, self.case.text_dim), 7.0)], dim=1),
            mask=torch.nn.functional.pad(short.mask, (0, 3)),
            words=torch.nn.functional.pad(short.words, (0, 3)),
            sentence=short.sentence,
            present=short.present,
            ids=torch.nn.functional.pad(short.ids, (0, 3)),
        )
        assert distance(model(pixels, long).logits, model(pixels, short).logits) < 1e-3

    def test_gradient_reaches_every_parameter(self, model: SaliencyModel) -> None:
        if not self.case.spec.learned:
            pytest.skip("it has no parameters")
        model.train()
        output = model(self.pictures(4), self.text([3, 0, 5, 6]))
        answers = [output.logits, *(value for value in output.aux.values() if value.is_floating_point())]
        if output.presence is not None:
            answers.append(output.presence)
        generator = torch.Generator().manual_seed(2)
        sum((answer * torch.randn(answer.shape, generator=generator)).sum() for answer in answers).backward()
        unreached = [
            name
            for name, parameter in model.named_parameters()
            if parameter.requires_grad
            and (parameter.grad is None or not parameter.grad.any())
            and not name.endswith(BEFORE_SOFTMAX)
        ]
        assert not unreached
        assert all(p.grad.isfinite().all() for p in model.parameters() if p.requires_grad)

    @torch.no_grad()
    def test_channels_last(self, model: SaliencyModel, pixels: Tensor) -> None:
        text = self.text([3, 5])
        expected = model(pixels, text).logits
        model.to(memory_format=torch.channels_last)
        answer = model(pixels.contiguous(memory_format=torch.channels_last), text).logits
        assert distance(answer, expected) < 1e-2

    @torch.no_grad()
    def test_bfloat16_autocast(self, model: SaliencyModel, pixels: Tensor) -> None:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            answer = model(pixels, self.text([3, 5])).logits
        expected = model(pixels, self.text([3, 5])).logits
        assert torch.corrcoef(torch.stack([answer.float().flatten(), expected.flatten()]))[0, 1] > 0.99

    @torch.no_grad()
    def test_state_dict_round_trip(self, model: SaliencyModel, pixels: Tensor) -> None:
        torch.manual_seed(1)
        copy = self.case.build().eval()
        copy.load_state_dict(load(save(model.state_dict())))
        text = self.text([3, 5])
        assert torch.equal(copy(pixels, text).logits, model(pixels, text).logits)

    @torch.no_grad()
    def test_other_size(self, model: SaliencyModel) -> None:
        height, width = self.case.size
        size = height + 8, width + 4  # which strides of 8 and more do not divide
        output = model(pictures(1, size), self.text([3]))
        assert output.map.isfinite().all()
        ratio = output.map.shape[-1] / output.map.shape[-2]
        assert ratio == pytest.approx(size[1] / size[0], rel=0.1)
