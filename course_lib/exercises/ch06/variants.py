"""The whole model of 6.3, and what people write in its place."""

import math
from collections.abc import Callable
from typing import Any

from torch import Tensor, nn

from course_lib.exercises.ch06.layer import DecoderLayer
from course_lib.exercises.ch06.shift import shift_right
from course_lib.exercises.spec import Function
from course_lib.layers import EncoderLayer
from course_lib.masks import causal_mask, padding_mask
from course_lib.positions import SinusoidalPositions
from course_lib.tokenization import BOS_ID, PAD_ID


class Transformer(nn.Module):
    """Encoder, decoder and what turns token ids into vectors and back."""

    def __init__(
        self,
        vocab_size: int,
        d_model: int,
        num_heads: int,
        num_layers: int,
        d_ff: int,
        max_len: int = 64,
    ):
        super().__init__()
        sizes = (d_model, num_heads, d_ff)
        self.embedding = nn.Embedding(vocab_size, d_model)
        self.positions = SinusoidalPositions(max_len, d_model)
        self.encoder = nn.ModuleList(EncoderLayer(*sizes, dropout=0.0) for _ in range(num_layers))
        self.encoder_norm = nn.LayerNorm(d_model)
        self.decoder = nn.ModuleList(DecoderLayer(*sizes) for _ in range(num_layers))
        self.decoder_norm = nn.LayerNorm(d_model)
        self.output = nn.Linear(d_model, vocab_size, bias=False)

    def encode(self, src: Tensor) -> Tensor:
        x = self.positions(self.embedding(src))
        for layer in self.encoder:
            x = layer(x, padding_mask(src, PAD_ID))
        return self.encoder_norm(x)

    def decode(self, tgt: Tensor, memory: Tensor, src: Tensor) -> Tensor:
        x = self.positions(self.embedding(tgt))
        mask = causal_mask(tgt.shape[1], device=tgt.device)
        for layer in self.decoder:
            x = layer(x, memory, mask, padding_mask(src, PAD_ID))
        return self.output(self.decoder_norm(x))

    def forward(self, src: Tensor, tgt: Tensor) -> Tensor:
        return self.decode(tgt, self.encode(src), src)


def decoded(
    model: Transformer,
    tgt: Tensor,
    memory: Tensor,
    src: Tensor,
    mask: str = "causal",
    memory_mask: str = "source",
    placed: bool = True,
    normed: bool = True,
    scored: bool = True,
) -> Tensor:
    """`decode` with the switches of what goes wrong in it."""
    x = model.embedding(tgt)
    x = model.positions(x) if placed else x
    causal = causal_mask(tgt.shape[1], device=tgt.device)
    masks = {
        "causal": causal,
        "none": None,
        "padding": padding_mask(tgt, PAD_ID),
        "future": ~causal,
    }
    looking_back = causal_mask(tgt.shape[1], max(src.shape[1], tgt.shape[1]), device=tgt.device)
    hidden = {
        "source": padding_mask(src, PAD_ID),
        "none": None,
        "causal": looking_back[:, : src.shape[1]],
    }
    for layer in model.decoder:
        x = layer(x, memory, masks[mask], hidden[memory_mask])
    x = model.decoder_norm(x) if normed else x
    return model.output(x) if scored else x


def encoded(
    model: Transformer,
    src: Tensor,
    mask: str = "padding",
    placed: bool = True,
    normed: bool = True,
    layers: slice = slice(None),
) -> Tensor:
    """`encode` with the switches of what goes wrong in it."""
    x = model.embedding(src)
    x = model.positions(x) if placed else x
    padding, causal = padding_mask(src, PAD_ID), causal_mask(src.shape[1], device=src.device)
    masks = {
        "padding": padding,
        "none": None,
        "causal": padding & causal,
        "inverted": ~padding,
    }
    for layer in list(model.encoder)[layers]:
        x = layer(x, masks[mask])
    return model.encoder_norm(x) if normed else x


def with_forward(forward: Callable[[Any, Tensor, Tensor], Tensor]) -> Function:
    """The model with another `forward`."""
    return type("Transformer", (Transformer,), {"forward": forward})


def wrong_encode(**switches: Any) -> Function:
    return with_forward(lambda m, src, tgt: decoded(m, tgt, encoded(m, src, **switches), src))


def wrong_decode(**switches: Any) -> Function:
    return with_forward(lambda m, src, tgt: decoded(m, tgt, encoded(m, src), src, **switches))


def no_positions(m: Transformer, src: Tensor, tgt: Tensor) -> Tensor:
    return decoded(m, tgt, encoded(m, src, placed=False), src, placed=False)


def places_twice(m: Transformer, src: Tensor, tgt: Tensor) -> Tensor:
    return read_by(m, src, tgt, lambda x: x + m.positions(x))


def scaled(m: Transformer, src: Tensor, tgt: Tensor) -> Tensor:
    return read_by(m, src, tgt, lambda x: m.positions(x * math.sqrt(x.shape[-1])))


def read_by(m: Transformer, src: Tensor, tgt: Tensor, place: Callable[[Tensor], Tensor]) -> Tensor:
    """The whole model, with something else in place of `positions`."""
    memory, x, mask = place(m.embedding(src)), place(m.embedding(tgt)), padding_mask(src, PAD_ID)
    for layer in m.encoder:
        memory = layer(memory, mask)
    memory = m.encoder_norm(memory)
    for layer in m.decoder:
        x = layer(x, memory, causal_mask(tgt.shape[1], device=tgt.device), mask)
    return m.output(m.decoder_norm(x))


def shifted_inside(m: Transformer, src: Tensor, tgt: Tensor) -> Tensor:
    return decoded(m, shift_right(tgt, BOS_ID), encoded(m, src), src)


def encoders_norm_for_both(m: Transformer, src: Tensor, tgt: Tensor) -> Tensor:
    x = decoded(m, tgt, encoded(m, src), src, normed=False, scored=False)
    return m.output(m.encoder_norm(x))


def first_memory(model: Transformer, src: Tensor, tgt: Tensor) -> Tensor:
    return decoded(model, tgt, model.positions(model.embedding(src)), src)


def layer_by_layer(model: Transformer, src: Tensor, tgt: Tensor) -> Tensor:
    memory, mask = model.positions(model.embedding(src)), padding_mask(src, PAD_ID)
    x = model.positions(model.embedding(tgt))
    for encoder, decoder in zip(model.encoder, model.decoder, strict=True):
        memory = encoder(memory, mask)
        x = decoder(x, memory, causal_mask(tgt.shape[1], device=tgt.device), mask)
    return model.output(model.decoder_norm(x))
