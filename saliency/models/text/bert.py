"""BERT (Devlin et al., NAACL 2019) on PyTorch's own transformer, for encoders of its family: BERT and MiniLM.

transformers has the same network; importing it takes two to four seconds.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import Tensor, nn

POOLINGS = ("mean", "first")


class Bert(nn.Module):
    """The states of BERT's last layer, and a vector per sentence. Its weights are loaded, not initialised.

    Args:
        vocabulary, positions: numbers of known pieces and of places of a sentence.
        dim, layers, heads, intermediate: channels of the states, number of layers, heads of each, and channels of
            their feed-forward networks.
        epsilon: of the layer norms.
        pooling: sentence vector: ``mean`` of the tokens' states (sentence-transformers) or the ``first`` one ([CLS]).

    Raises:
        ValueError: there is no such pooling.
    """

    def __init__(
        self,
        vocabulary: int,
        positions: int,
        dim: int,
        layers: int,
        heads: int,
        intermediate: int,
        epsilon: float = 1e-12,
        pooling: str = "mean",
    ) -> None:
        super().__init__()
        if pooling not in POOLINGS:
            raise ValueError(f"pooling must be mean or first, not {pooling!r}")
        self.pooling = pooling
        self.pieces = nn.Parameter(torch.empty(vocabulary, dim))
        self.positions = nn.Parameter(torch.empty(positions, dim))
        self.segment = nn.Parameter(torch.empty(dim))  # of a first sentence; there is no second one
        self.norm = nn.LayerNorm(dim, epsilon)
        layer = nn.TransformerEncoderLayer(
            dim, heads, intermediate, activation="gelu", layer_norm_eps=epsilon, batch_first=True
        )
        self.encoder = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)

    @classmethod
    def from_folder(cls, folder: Path, pooling: str) -> Bert:
        """The encoder of ``config.json`` and ``model.safetensors``, in transformers' form, in evaluation mode.

        Raises:
            OSError: a file is not there.
            ValueError: it is an encoder of another kind than BERT's.
        """
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        kind = config.get("model_type"), config.get("hidden_act", "gelu")
        if kind != ("bert", "gelu") or config.get("position_embedding_type", "absolute") != "absolute":
            raise ValueError(f"{folder.name} is no encoder of BERT's kind")
        with torch.device("meta"):
            bert = cls(
                config["vocab_size"],
                config["max_position_embeddings"],
                config["hidden_size"],
                config["num_hidden_layers"],
                config["num_attention_heads"],
                config["intermediate_size"],
                config.get("layer_norm_eps", 1e-12),
                pooling,
            )
        tensors = _own_names(load_file(folder / "model.safetensors"), config["num_hidden_layers"])
        bert.load_state_dict(tensors, assign=True)
        return bert.eval().requires_grad_(False)

    def forward(self, ids: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Ids and mask (T, L), true on tokens, to token states (T, L, D) and sentence vectors (T, D)."""
        states = self.norm(F.embedding(ids, self.pieces) + self.positions[: ids.shape[1]] + self.segment)
        tokens = self.encoder(states, src_key_padding_mask=~mask)
        if self.pooling == "first":
            return tokens, tokens[:, 0]
        weight = mask.unsqueeze(-1).to(tokens.dtype)
        return tokens, (tokens * weight).sum(dim=1) / weight.sum(dim=1)


# Names of a layer's parts here and in transformers.
_PARTS = {
    "self_attn.out_proj": "attention.output.dense",
    "norm1": "attention.output.LayerNorm",
    "linear1": "intermediate.dense",
    "linear2": "output.dense",
    "norm2": "output.LayerNorm",
}


def _own_names(tensors: Mapping[str, Tensor], layers: int) -> dict[str, Tensor]:
    """The tensors of transformers' ``BertModel`` by the names of `Bert`, float32; others are left out."""
    # Old files name the model before each tensor, and the parts of a layer norm as TensorFlow does.
    theirs = {
        name.removeprefix("bert.").replace(".gamma", ".weight").replace(".beta", ".bias"): value.float()
        for name, value in tensors.items()
    }
    own = {
        "pieces": theirs["embeddings.word_embeddings.weight"],
        "positions": theirs["embeddings.position_embeddings.weight"],
        "segment": theirs["embeddings.token_type_embeddings.weight"][0],
    }
    for kind in ("weight", "bias"):
        own[f"norm.{kind}"] = theirs[f"embeddings.LayerNorm.{kind}"]
        for number in range(layers):
            layer = f"encoder.layer.{number}."
            inputs = [theirs[f"{layer}attention.self.{part}.{kind}"] for part in ("query", "key", "value")]
            own[f"encoder.layers.{number}.self_attn.in_proj_{kind}"] = torch.cat(inputs)
            for here, there in _PARTS.items():
                own[f"encoder.layers.{number}.{here}.{kind}"] = theirs[f"{layer}{there}.{kind}"]
    return own
