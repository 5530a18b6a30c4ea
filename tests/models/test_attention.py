"""Attention agrees with torch's own; padding is skipped; a new guided layer leaves the words unread."""

import torch
from torch import Tensor, nn

from saliency.models.attention import Attention, CrossAttentionLayer, EncoderLayer
from tests.models.contract import awaken

CHANNELS, HEADS = 16, 4
MASK = torch.tensor([[True, True, True, False, False], [True, False, False, False, False]])


def states(length: int, channels: int = CHANNELS) -> Tensor:
    return torch.randn(2, length, channels, generator=torch.Generator().manual_seed(length))


@torch.no_grad()
def test_attention_is_torchs_multihead_attention():
    torch.manual_seed(0)
    own = Attention(CHANNELS, HEADS, context_channels=10)
    reference = nn.MultiheadAttention(CHANNELS, HEADS, kdim=10, vdim=10, batch_first=True)
    for name, layer in (("q", own.query), ("k", own.key), ("v", own.value)):
        getattr(reference, f"{name}_proj_weight").copy_(layer.weight)
    reference.in_proj_bias.copy_(torch.cat([own.query.bias, own.key.bias, own.value.bias]))
    reference.out_proj.load_state_dict(own.out.state_dict())
    x, context = states(3), states(5, 10)
    expected, _ = reference(x, context, context, key_padding_mask=~MASK)
    torch.testing.assert_close(own(x, context, MASK), expected)


@torch.no_grad()
def test_an_encoder_layer_is_torchs_pre_norm_layer():
    torch.manual_seed(0)
    own = EncoderLayer(CHANNELS, HEADS).eval()
    awaken(own)
    reference = nn.TransformerEncoderLayer(
        CHANNELS, HEADS, 4 * CHANNELS, activation="gelu", batch_first=True, norm_first=True, layer_norm_eps=1e-6
    )
    attention = own.attention
    projections = (attention.query, attention.key, attention.value)
    reference.self_attn.in_proj_weight.copy_(torch.cat([layer.weight for layer in projections]))
    reference.self_attn.in_proj_bias.copy_(torch.cat([layer.bias for layer in projections]))
    for theirs, ours in (
        (reference.self_attn.out_proj, attention.out),
        (reference.norm1, own.norm1),
        (reference.norm2, own.norm2),
        (reference.linear1, own.mlp[0]),
        (reference.linear2, own.mlp[3]),
    ):
        theirs.load_state_dict(ours.state_dict())
    x = states(5)
    expected = reference.eval()(x, src_key_padding_mask=~MASK)
    torch.testing.assert_close(own(x, MASK)[MASK], expected[MASK], rtol=1e-4, atol=1e-5)


@torch.no_grad()
def test_a_guided_layer_reads_only_behind_its_gate_and_never_padding():
    torch.manual_seed(0)
    layer = CrossAttentionLayer(CHANNELS, HEADS).eval()
    x, words = states(6), states(5)
    torch.testing.assert_close(layer(x, words, MASK), layer(x, -words, MASK))
    layer.gate.fill_(1.0)
    answer = layer(x, words, MASK)
    assert not torch.allclose(answer, layer(x, -words, MASK))
    torch.testing.assert_close(layer(x, words.masked_fill(~MASK[..., None], 9.0), MASK), answer)
