"""Phrases and their boxes as the grounding trainer reads them."""

import numpy as np
import pytest
import torch
from PIL import Image

from saliency.data.flickr8k import Caption, Entry, Phrase
from saliency.models.text import load_encoder
from saliency.preprocessing import Preprocessing
from saliency.training.targets.augmentation import Augmentation, mirror_words
from saliency.training.targets.phrases import PhraseBatch, PhraseDataset, box_mask
from saliency.training.targets.sentence_bank import SentenceBank

GRID = (6, 8)
PLAIN = Preprocessing(24, 32, mean=(0, 0, 0), std=(1, 1, 1))
LEFT, RIGHT = np.array([[0.0, 0.0, 0.25, 0.5]]), np.array([[0.5, 0.5, 1.0, 1.0]])
TEXTS = [
    "Two skateboarders on the left , and a woman in a t-shirt .",
    "A dog near the leftmost tree",
    "Dogs",
]
PHRASES = [[(0, 2), (4, 5), (6, 12)], [(0, 2), (3, 6)], [(0, 1)]]


def counted(boxes: np.ndarray, grid: tuple[int, int], fine: int = 40) -> np.ndarray:
    """Share of each cell's `fine` x `fine` points that the box covers which covers most of them."""
    rows, columns = (np.arange(side * fine) + 0.5 for side in grid)
    y, x = rows[:, None] / (grid[0] * fine), columns[None, :] / (grid[1] * fine)
    inside = [(x0 < x) & (x < x1) & (y0 < y) & (y < y1) for x0, y0, x1, y1 in boxes]
    return np.max([i.reshape(grid[0], fine, grid[1], fine).mean((1, 3)) for i in inside], axis=0)


@pytest.mark.parametrize("grid", [(6, 8), (5, 3), (1, 1)])
@pytest.mark.parametrize("count", [1, 3])
def test_a_mask_is_the_share_of_each_cell_in_a_box(grid, count):
    generator = np.random.default_rng(count)
    for _ in range(5):
        corners = np.sort(generator.random((count, 2, 2)), axis=1)
        boxes = corners.reshape(count, 4)
        mask = box_mask(boxes, grid)
        assert mask.dtype == np.float32
        np.testing.assert_allclose(mask, counted(boxes, grid), atol=0.06)


def test_a_box_of_everything_is_everything():
    assert (box_mask(np.array([[0, 0, 1, 1]], dtype=np.float32), GRID) == 1).all()
    assert box_mask(np.array([[0.25, 0.5, 0.5, 1]]), (2, 4)).tolist() == [[0, 0, 0, 0], [0, 1, 0, 0]]


@pytest.fixture(scope="module")
def entries(tmp_path_factory) -> list[Entry]:
    """A picture a caption of `TEXTS`; each phrase's box is at the left, the last one's at the right."""
    folder = tmp_path_factory.mktemp("pictures")
    made = []
    for number, (text, spans) in enumerate(zip(TEXTS, PHRASES, strict=True)):
        path = folder / f"{number}.png"
        Image.fromarray(np.full((24, 32, 3), 50 * number, dtype=np.uint8)).save(path)
        phrases = tuple(Phrase(a, b, RIGHT if (a, b) == spans[-1] else LEFT) for a, b in spans)
        captions = [Caption("Nothing to see here", ()), Caption(text, phrases)]
        made.append(Entry(str(number), path, tuple(captions)))
    return made


def dataset(entries: list[Entry], captions: int = 5, **options: float) -> PhraseDataset:
    texts = {caption.text for entry in entries for caption in entry.captions}
    bank = SentenceBank("minilm", texts | {mirror_words(text) for text in texts})
    return PhraseDataset(entries, PLAIN, GRID, bank, Augmentation(**options), captions)


def whole_batch(data: PhraseDataset) -> PhraseBatch:
    return data.collate([data[number] for number in range(len(data))])


def word_ids(text: str) -> list[int]:
    """Vocabulary ids of the words of `text`, as the encoder cuts it up when it stands alone."""
    features = load_encoder("minilm").encode([text]).features
    return features.ids[features.words].tolist()


@pytest.mark.parametrize("flip", [0.0, 1.0])
def test_a_phrases_tokens_are_those_of_its_words(entries, flip):
    batch = whole_batch(dataset(entries, flip=flip))
    expected = [
        (owner, word_ids(" ".join((mirror_words(text) if flip else text).split(" ")[start:end])))
        for owner, (text, spans) in enumerate(zip(TEXTS, PHRASES, strict=True))
        for start, end in spans
    ]
    found = [
        (int(owner), batch.text.ids[owner, row > 0].tolist())
        for owner, row in zip(batch.caption, batch.tokens, strict=True)
    ]
    assert found == expected
    assert max(len(ids) for _, ids in found) > 6  # sub-words are among them
    torch.testing.assert_close(batch.tokens.sum(1), torch.ones(len(found)))
    assert all(len(row[row > 0].unique()) == 1 for row in batch.tokens)


@pytest.mark.parametrize("flip", [0.0, 1.0])
def test_masks_follow_the_picture(entries, flip):
    batch = whole_batch(dataset(entries, flip=flip))
    assert batch.pixels.shape == (3, 3, 24, 32)
    assert batch.index.tolist() == [0, 1, 2]  # captions without phrases are not drawn
    left, right = batch.masks[0], batch.masks[2]
    expected = torch.zeros(2, *GRID)
    expected[0, :3, :2] = expected[1, 3:, 4:] = 1
    assert torch.equal(torch.stack([left, right]), expected.flip(-1) if flip else expected)


def test_a_phrase_beyond_the_encoders_limit_is_left_out(entries):
    long = Caption("word " * 200 + "dog", (Phrase(0, 2, LEFT), Phrase(200, 201, RIGHT)))
    batch = whole_batch(dataset([Entry("9", entries[0].image_path, (long,))]))
    assert len(batch.masks) == len(batch.tokens) == len(batch.caption) == 1
    assert torch.equal(batch.masks[0], torch.from_numpy(box_mask(LEFT, GRID)))


def test_other_captions_are_drawn_in_another_epoch(entries):
    captions = tuple(Caption(f"{word} dogs", (Phrase(0, 2, LEFT),)) for word in ("Two", "Three", "Four", "Five"))
    data = dataset([Entry(str(n), entries[0].image_path, captions) for n in range(5)], captions=2)

    def drawn(epoch: int) -> list[list[str]]:
        data.set_epoch(epoch)
        return [[caption.text for caption in data[number][1]] for number in range(5)]

    assert drawn(0) == drawn(0) != drawn(1)
    assert all(len(set(texts)) == 2 for texts in drawn(0))


def test_a_batch_moves_as_a_whole(entries):
    moved = whole_batch(dataset(entries)).to("meta", non_blocking=True)
    members = [*vars(moved).values(), *vars(moved.text).values()]
    tensors = [value for value in members if isinstance(value, torch.Tensor)]
    assert {tensor.device.type for tensor in tensors} == {"meta"}
