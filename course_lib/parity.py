"""Copy our weights into PyTorch's own layers, so that both can be compared."""

import warnings
from collections.abc import Iterable
from typing import Any

import torch
from torch import nn

from course_lib.layers import DecoderLayer, EncoderLayer, FeedForward, MultiHeadAttention


@torch.no_grad()
def copy_attention(ours: MultiHeadAttention, theirs: nn.MultiheadAttention) -> None:
    projections = (ours.q_proj, ours.k_proj, ours.v_proj)
    theirs.in_proj_weight.copy_(torch.cat([p.weight for p in projections]))
    theirs.in_proj_bias.copy_(torch.cat([p.bias for p in projections]))
    theirs.out_proj.load_state_dict(ours.out_proj.state_dict())


def copy_feed_forward(
    ours: FeedForward, theirs: nn.TransformerEncoderLayer | nn.TransformerDecoderLayer
) -> None:
    theirs.linear1.load_state_dict(ours.up.state_dict())
    theirs.linear2.load_state_dict(ours.down.state_dict())


def copy_encoder_layer(ours: EncoderLayer, theirs: nn.TransformerEncoderLayer) -> None:
    copy_attention(ours.self_attention, theirs.self_attn)
    copy_feed_forward(ours.feed_forward, theirs)
    theirs.norm1.load_state_dict(ours.self_attention_residual.norm.state_dict())
    theirs.norm2.load_state_dict(ours.feed_forward_residual.norm.state_dict())


def copy_decoder_layer(ours: DecoderLayer, theirs: nn.TransformerDecoderLayer) -> None:
    copy_attention(ours.self_attention, theirs.self_attn)
    copy_attention(ours.cross_attention, theirs.multihead_attn)
    copy_feed_forward(ours.feed_forward, theirs)
    theirs.norm1.load_state_dict(ours.self_attention_residual.norm.state_dict())
    theirs.norm2.load_state_dict(ours.cross_attention_residual.norm.state_dict())
    theirs.norm3.load_state_dict(ours.feed_forward_residual.norm.state_dict())


@torch.no_grad()
def randomize(module: nn.Module) -> None:
    """Give every parameter its own random value: equal biases or norms could hide a swap."""
    for parameter in module.parameters():
        parameter.copy_(torch.randn_like(parameter) * 0.3)


def copy_stack(
    ours: Iterable[nn.Module],
    norm: nn.Module,
    theirs: nn.TransformerEncoder | nn.TransformerDecoder,
) -> None:
    """Copy a stack of layers and what closes it: a norm, or nothing in a post-norm stack."""
    copy: Any = (
        copy_encoder_layer if isinstance(theirs, nn.TransformerEncoder) else copy_decoder_layer
    )
    for layer, other in zip(ours, theirs.layers, strict=True):
        copy(layer, other)
    if isinstance(norm, nn.Identity):
        theirs.norm = None
    elif theirs.norm is not None:
        theirs.norm.load_state_dict(norm.state_dict())


def torch_transformer(
    d_model: int, num_heads: int, num_layers: int, d_ff: int, norm_first: bool = True
) -> nn.Transformer:
    """PyTorch's own, set so that it can be compared: batch first, and without dropout."""
    with warnings.catch_warnings():  # that it will not use nested tensors, which we switch off
        warnings.simplefilter("ignore")
        theirs = nn.Transformer(
            d_model,
            num_heads,
            num_layers,
            num_layers,
            d_ff,
            dropout=0.0,
            batch_first=True,
            norm_first=norm_first,
        )
    theirs.encoder.enable_nested_tensor = False
    return theirs
