"""The object detector is the published one, its planes show its boxes, and words that name a class point there."""

from math import exp
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from saliency import checkpoints
from saliency.models.detector import FEATURES, NAMES, ObjectPlanes, YOLOXNano, painted
from saliency.models.grounding import ClassMatcher, Grounding
from saliency.models.text import load_encoder
from saliency.training.onnx import convolutions
from tests.pictures import COFFEE

WEIGHTS = Path(__file__).parents[3] / "shared" / "weights" / "yolox_nano_coco.onnx"
EXAMPLES = Path(__file__).parents[2] / "assets" / "examples"
with_weights = pytest.mark.skipif(not WEIGHTS.is_file(), reason="the detector's weights are not here")
CAT, DOG = NAMES.index("cat"), NAMES.index("dog")


@with_weights
@torch.no_grad()
def test_the_detector_answers_as_its_onnx_file_does_in_opencv():
    detector = YOLOXNano().eval()
    detector.start_from(convolutions(WEIGHTS))
    picture = cv2.resize(cv2.imread(str(next(EXAMPLES.glob("astronaut.*")))), (416, 416))
    pixels = picture.transpose(2, 0, 1)[None].astype(np.float32)
    network = cv2.dnn.readNetFromONNX(str(WEIGHTS))
    network.setInput(pixels)
    rows = torch.from_numpy(network.forward()[0])
    boxes, scores, _ = detector(torch.from_numpy(pixels))
    torch.testing.assert_close(scores[0], rows[:, 4:5] * rows[:, 5:], atol=1e-4, rtol=0)
    sizes = torch.cat(
        [rows[: 52 * 52, 2:4].exp() * 8, rows[52 * 52 : -169, 2:4].exp() * 16, rows[-169:, 2:4].exp() * 32]
    )
    torch.testing.assert_close(boxes[0, :, 2:], sizes, atol=1e-2, rtol=1e-3)
    # The surest is the astronaut, whose box has its centre in the picture's middle third.
    surest = scores[0].max(dim=1).values.argmax()
    assert NAMES[scores[0, surest].argmax()] == "person"
    assert 416 / 3 < boxes[0, surest, 0] < 2 * 416 / 3


def test_there_are_cocos_eighty_classes():
    assert len(set(NAMES)) == 80
    assert (NAMES[0], NAMES[16], NAMES[79]) == ("person", "dog", "toothbrush")


def numbered(layers: list[torch.nn.Conv2d]) -> dict[str, torch.Tensor]:
    """Zeros in the shapes of `layers`, called as a file's convolutions."""
    return {f"{n}.{name}": 0 * value for n, one in enumerate(layers) for name, value in one.state_dict().items()}


def test_weights_of_another_network_are_refused_and_nothing_is_taken_over():
    detector = YOLOXNano()
    before = {name: value.clone() for name, value in detector.state_dict().items()}
    layers = [layer for layer in detector.modules() if isinstance(layer, torch.nn.Conv2d)]
    fewer, turned = layers[:-1], layers[::-1]
    for wrong in (numbered(fewer), numbered(turned)):
        with pytest.raises(ValueError, match="YOLOX"):
            detector.start_from(wrong)
    assert all(torch.equal(value, before[name]) for name, value in detector.state_dict().items())


def test_a_box_is_a_bump_of_its_score_and_the_strongest_of_a_class_counts():
    boxes = torch.tensor([[40.0, 20, 26, 52], [40, 20, 26, 52], [72, 52, 13, 13], [20, 20, 30, 30]])
    scores = torch.zeros(4, len(NAMES))
    scores[0, CAT], scores[1, CAT], scores[2, DOG], scores[3, DOG] = 0.8, 0.5, 0.4, 0.05
    planes = painted(boxes, scores, (80, 80), (10, 10))
    assert planes.shape == (len(NAMES), 10, 10)
    # Cells are 8 pixels; the first box is centred on the corner of four cells, 4 pixels from the centre of each.
    # Deviations: 26 / 2.6 = 10 across and 52 / 2.6 = 20 down; both distances are from cells' centres.
    assert planes[CAT, 2, 4] == pytest.approx(0.8 * exp(-(0.4**2) / 2), rel=1e-5)
    assert planes[CAT, 5, 4] == pytest.approx(0.8 * exp(-(1.2**2 + 0.4**2) / 2), rel=1e-5)
    assert divmod(int(planes[DOG].argmax()), 10) in {(6, 8), (6, 9)}
    assert planes[DOG, 2, 2] < 0.01, "a faint box is not painted"
    assert not planes[[n for n in range(len(NAMES)) if n not in (CAT, DOG)]].any()


@torch.no_grad()
def test_planes_lie_on_the_grid_asked_for_and_nothing_is_learned_through_them():
    torch.manual_seed(0)
    planes = ObjectPlanes().eval()
    with torch.enable_grad():
        found = planes(torch.randn(2, 3, 64, 96), (8, 12))
    assert found.planes.shape == (2, 80, 8, 12)
    assert found.features.shape == (2, FEATURES, 8, 12)
    assert not any(value.requires_grad for value in found)
    assert found.planes.min() >= 0
    assert found.planes.max() <= 1


@pytest.mark.parametrize(
    ("sentence", "number", "name"),
    [
        ("A laptop on the grass", 1, "laptop"),
        ("He is talking on his cellphone", 5, "phone"),
        ("Beautiful kitty sleeps on the chair", 1, "cat"),
        ("Elephants walk by the lake", 0, "elephant"),
    ],
)
@torch.no_grad()
def test_words_name_classes_by_their_meaning(sentence: str, number: int, name: str):
    naming, encoder = ClassMatcher(384), load_encoder("minilm")
    naming.start_from(encoder)
    encoded = encoder.encode([sentence])
    named = naming(encoded.features.tokens)[0, encoded.words[0][number].tokens[0]]
    assert NAMES[int(named.argmax())] == name
    assert named.max() > 0.8
    assert named.topk(2).values[1] < 0.5, "it names one of them"


@torch.no_grad()
def test_a_word_points_at_objects_of_the_class_it_names():
    torch.manual_seed(0)
    grounding = Grounding({8: 6, 16: 10}, text_dim=12, dim=16, objects=True).eval()
    grounding.class_matcher.names.normal_()
    objects = torch.zeros(1, 80, 5, 7)
    objects[0, DOG, 3, 4] = 0.9
    features = grounding.keys(torch.randn(1, 16, 5, 7), objects)
    tokens = torch.stack([grounding.class_matcher.names[DOG], -grounding.class_matcher.names[DOG]])[None]
    words = torch.randn(1, 2, 16)
    without = grounding.logits(features | {"planes": torch.zeros_like(objects)}, words, tokens)
    gained = (grounding.logits(features, words, tokens) - without)[0]
    assert gained[0, 3, 4] == pytest.approx(4.0 * 0.9, rel=0.01)
    assert gained[1].abs().max() < 0.01
    gained[:, 3, 4] = 0
    assert not gained.any()


@pytest.mark.parametrize(("picture", "name"), [(EXAMPLES / "astronaut.jpg", "person"), (COFFEE, "cup")])
def test_what_fills_a_fifth_of_the_height_is_found_where_it_is(picture: Path, name: str):
    """Sentences name small things: an example's picture on a grey wall, as the shipped models see it."""
    planes = checkpoints.load("tranblend")[0].grounding.objects
    example = cv2.cvtColor(cv2.imread(str(picture)), cv2.COLOR_BGR2RGB)
    width = round(72 * example.shape[1] / example.shape[0])
    wall = np.full((360, 480, 3), 120, np.uint8)
    wall[48:120, 60 : 60 + width] = cv2.resize(example, (width, 72), interpolation=cv2.INTER_AREA)
    pixels = torch.from_numpy(wall / 127.5 - 1).permute(2, 0, 1)[None].float()
    plane = planes(pixels, (30, 40)).planes[0, NAMES.index(name)]
    row, column = divmod(int(plane.argmax()), 40)
    assert plane.max() > 0.5
    assert 48 <= 12 * (row + 0.5) <= 120
    assert 60 <= 12 * (column + 0.5) <= 60 + width
