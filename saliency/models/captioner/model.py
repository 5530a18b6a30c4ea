"""VirTex's bidirectional captioner (Desai, Johnson, CVPR 2021) with exposed cross-attention.

One decoder reads a caption forward and one backward; they share the picture's projection, the embeddings and the
output. Captions are made by the forward decoder; the backward one makes the training harder.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn

from ...preprocessing import Preprocessing
from ..features import ImageFeatures
from ..front_end import FrontEnd, averaged, strided
from ..hub_methods import HubMethods
from ..trunks import build_trunk, normalisation
from .beam_search import Sequences, beam_search
from .decoder import Decoder, WordEmbedding
from .vocabulary import END, START, UNKNOWN, Vocabulary, ended, reverse

INITIAL = 0.02  # standard deviation of the initial weights


@dataclass(frozen=True)
class CaptionerConfig:
    """Configuration of `Captioner`.

    Attributes:
        trunk: name in `trunks.TRUNKS`, or timm's.
        height, width: of the pictures, which are squashed.
        levels: strides of the trunk that are read; all but the largest are averaged to its cells.
        grid: (h, w) that stride 8 is averaged to, and accordingly the others, see `FrontEnd.grid`; None leaves them.
        hidden, heads, layers: of each of the two decoders.
        vocabulary: number of tokens, the special ones among them.
        length: largest number of tokens of a caption, start and end among them.
        dropout: in training.
    """

    trunk: str = "resnet50"
    height: int = 224
    width: int = 224
    levels: tuple[int, ...] = (32,)
    grid: tuple[int, int] | None = None
    hidden: int = 1024
    heads: int = 16
    layers: int = 1
    vocabulary: int = 10_000
    length: int = 30
    dropout: float = 0.1

    def preprocessing(self) -> Preprocessing:
        """Of the captioner's pictures."""
        return Preprocessing(self.height, self.width, **normalisation(self.trunk))

    @property
    def cells(self) -> tuple[int, int]:
        """(h, w) of the grid that words attend to."""
        size = (self.height, self.width) if self.grid is None else (8 * self.grid[0], 8 * self.grid[1])
        return strided(size, max(self.levels))


class NextTokens(NamedTuple):
    """The n tokens behind the first of some captions, without padding: their logits (n, V), and which they are (n,)."""

    logits: Tensor
    tokens: Tensor


class Captioner(nn.Module, HubMethods):
    """See `CaptionerConfig`. Stateless between calls, like a `SaliencyModel`, but it answers with tokens."""

    def __init__(self, config: CaptionerConfig):
        super().__init__()
        self.config = config
        self.trunk = build_trunk(config.trunk, config.levels)
        self.visual = nn.Linear(sum(self.trunk.channels[level] for level in config.levels), config.hidden)
        self.vocabulary = Vocabulary(config.vocabulary)
        self.embedding = WordEmbedding(config.vocabulary, config.length, config.hidden, config.dropout, UNKNOWN)
        decoder = partial(Decoder, config.hidden, config.heads, config.layers, config.dropout)
        self.forward_decoder, self.backward_decoder = decoder(), decoder()
        self.output_bias = nn.Parameter(torch.zeros(config.vocabulary))
        for part in (self.visual, self.embedding, self.forward_decoder, self.backward_decoder):
            part.apply(_initialise)

    @property
    def front_end(self) -> FrontEnd:
        """The trunk, which is pre-trained and may be frozen."""
        return FrontEnd(self.trunk, grid=self.config.grid)

    def encode(self, pictures: Tensor | ImageFeatures) -> ImageFeatures:
        """``picture`` (N, K, C), its cells row by row, of pixels (N, 3, H, W) or their features of the `front_end`."""
        front_features = self.front_end(pictures) if isinstance(pictures, Tensor) else pictures
        levels = [front_features[f"stride{stride}"] for stride in sorted(self.config.levels, reverse=True)]
        cells = torch.cat([averaged(level, levels[0].shape[-2:]) for level in levels], dim=1)
        return {"picture": self.visual(cells.flatten(2).transpose(1, 2))}

    def forward(self, pictures: Tensor | ImageFeatures, captions: Tensor) -> tuple[NextTokens, NextTokens]:
        """What the decoders say of captions (T, L), forward and reversed; each picture has as many, side by side."""
        picture = self.encode(pictures)["picture"]
        return (
            self._next_tokens(self.forward_decoder, captions, picture),
            self._next_tokens(self.backward_decoder, reverse(captions), picture),
        )

    def _next_tokens(self, decoder: Decoder, captions: Tensor, picture: Tensor) -> NextTokens:
        states = decoder(self.embedding(captions[:, :-1]), picture).states
        learned = captions[:, 1:] != UNKNOWN  # of the rest no logits: half of the work is the output
        return NextTokens(self._logits(states[learned]), captions[:, 1:][learned])

    def _logits(self, states: Tensor) -> Tensor:
        """Logits (..., V) of states (..., C); the output's weights are the embeddings."""
        return nn.functional.linear(states, self.embedding.words.weight, self.output_bias)

    def describe(self, features: ImageFeatures, beams: int = 5) -> Sequences:
        """The likeliest caption of each picture of `encode`'s features by beam search."""
        picture = features["picture"]
        silent = ~self.vocabulary.sayable()

        def step(tokens: Tensor) -> Tensor:
            words = self.embedding(tokens.to(picture.device))
            states = self.forward_decoder(words, picture).states[:, -1]
            return self._logits(states).float().masked_fill(silent, -torch.inf).log_softmax(1)

        return beam_search(step, len(picture), START, END, self.config.length, beams)

    def attention(
        self, features: ImageFeatures, captions: Tensor, directions: Literal["forward", "both"] = "forward"
    ) -> Tensor:
        """Where the decoder reads the picture when it gives each token of a caption.

        Args:
            features: of N pictures, as `encode` gives them.
            captions: (T, L) tokens, the same number of each picture and next to each other.
            directions: ``both`` is the mean with the backward decoder, which gives the token after those behind it.

        Returns:
            (T, L - 1, h, w), for each token behind the start; each map sums to 1. Those of ends and of padding have no
            meaning.
        """
        picture = features["picture"]
        captions = ended(captions)
        maps = self._attention(self.forward_decoder, captions, picture)
        if directions == "both":
            backward = self._attention(self.backward_decoder, reverse(captions), picture)
            ends = (captions == END).int().argmax(1)[:, None]
            places = (ends - 2 - torch.arange(maps.shape[1], device=ends.device)).clamp(min=0)
            maps = (maps + backward.gather(1, places[..., None].expand_as(backward))) / 2
        return maps.unflatten(2, self.config.cells)

    def _attention(self, decoder: Decoder, captions: Tensor, picture: Tensor) -> Tensor:
        """(T, L - 2, K) of ended captions: the query of a token is the token before it."""
        attention = decoder(self.embedding(captions[:, :-2]), picture, attention=True).attention
        assert attention is not None, "asked for"
        return attention


def _initialise(part: nn.Module) -> None:
    """As in VirTex: normal weights; PyTorch's own biases, which are zero in attention."""
    if isinstance(part, nn.Linear | nn.Embedding):
        nn.init.normal_(part.weight, std=INITIAL)
    if isinstance(part, nn.MultiheadAttention):
        nn.init.normal_(part.in_proj_weight, std=INITIAL)
    if isinstance(part, nn.Embedding) and part.padding_idx is not None:
        with torch.no_grad():
            part.weight[part.padding_idx].zero_()
