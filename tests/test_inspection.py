import pytest
import torch
from torch import nn
from torch.testing import assert_close

from course_lib.attention import DotProductAttention
from course_lib.inspection import record_attention
from course_lib.layers import MultiHeadAttention
from course_lib.masks import causal_mask
from course_lib.models import Transformer, TransformerConfig

B, TQ, TK, V, H = 2, 5, 7, 17, 3


@pytest.mark.parametrize("positions", ["sinusoidal", "alibi"])
def test_recorded_weights_are_those_that_made_the_output(positions):
    torch.manual_seed(0)
    config = TransformerConfig(V, 12, H, 2, 2, 20, positions=positions)
    model = Transformer(config).eval()
    src, tgt = torch.randint(1, V, (B, TK)), torch.randint(1, V, (B, TQ))
    src[1, 4:] = 0
    values = {}
    attn = model.decoder.layers[1].self_attention
    attn.attention.register_forward_hook(lambda _, args, out: values.update(v=args[2], out=out))
    with record_attention(model) as record:
        model(src, tgt)
    weights = record["decoder.layers.1.self_attention"][0]
    assert_close(weights @ values["v"], values["out"])
    assert len(record) == 2 + 2 * 2
    cross = record["decoder.layers.0.cross_attention"][0]
    assert cross.shape == (B, H, TQ, TK)
    assert (cross[1, ..., 4:] == 0).all()
    assert not weights.requires_grad


def test_a_mask_may_be_left_out_or_named():
    attention, (q, k, v) = DotProductAttention(), torch.randn(3, B, H, TQ, 4)
    with record_attention(nn.ModuleDict({"a": attention})) as record:
        plain, masked = attention(q, k, v), attention(q, k, v, mask=causal_mask(TQ))
    for weights, output in zip(record["a"], (plain, masked), strict=True):
        assert_close(weights @ v, output)


def test_each_call_is_recorded_and_hooks_are_gone_afterwards():
    attn, x = MultiHeadAttention(12, H), torch.randn(B, TQ, 12)
    with record_attention(attn) as record:
        attn(x, x)
        attn(x, x)
    attn(x, x)
    assert [w.shape for w in record["attention"]] == [(B, H, TQ, TQ)] * 2


def test_hooks_are_gone_after_an_error():
    attn, x = MultiHeadAttention(12, H), torch.randn(B, TQ, 12)
    with pytest.raises(RuntimeError, match="stop"), record_attention(attn):
        raise RuntimeError("stop")
    with record_attention(attn) as record:
        attn(x, x)
    assert len(record["attention"]) == 1
