"""6.3 Transformer: the whole model."""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Generator, Tensor, nn

from course_lib import models
from course_lib.exercises.ch06.common import VOCAB, rows
from course_lib.exercises.ch06.layer import DecoderLayer
from course_lib.exercises.ch06.shift import shift_right
from course_lib.exercises.modules import use_module
from course_lib.exercises.probes import Draw
from course_lib.exercises.spec import Exercise, Function, Inputs, Mistake, Probe
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


def use_model(answer: type[nn.Module], sizes: Inputs, src: Tensor, tgt: Tensor) -> dict[str, Any]:
    """As `use_module`; what is written at places of padding does not count."""
    result = use_module(answer, sizes, src, tgt)
    output = result["output"]
    if isinstance(output, Tensor) and output.shape[:2] == tgt.shape:
        result["output"] = output.masked_fill((tgt == PAD_ID)[..., None], 0.0)
    return result


def _decoded(
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


def _encoded(
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


def _model(forward: Callable[[Any, Tensor, Tensor], Tensor]) -> Function:
    """The model with another `forward`."""
    return type("Transformer", (Transformer,), {"forward": forward})


def _wrong_encode(**switches: Any) -> Function:
    return _model(lambda m, src, tgt: _decoded(m, tgt, _encoded(m, src, **switches), src))


def _wrong_decode(**switches: Any) -> Function:
    return _model(lambda m, src, tgt: _decoded(m, tgt, _encoded(m, src), src, **switches))


def _no_positions(m: Transformer, src: Tensor, tgt: Tensor) -> Tensor:
    return _decoded(m, tgt, _encoded(m, src, placed=False), src, placed=False)


def _places_twice(m: Transformer, src: Tensor, tgt: Tensor) -> Tensor:
    return _read_by(m, src, tgt, lambda x: x + m.positions(x))


def _scaled(m: Transformer, src: Tensor, tgt: Tensor) -> Tensor:
    return _read_by(m, src, tgt, lambda x: m.positions(x * math.sqrt(x.shape[-1])))


def _read_by(m: Transformer, src: Tensor, tgt: Tensor, place: Callable[[Tensor], Tensor]) -> Tensor:
    """The whole model, with something else in place of `positions`."""
    memory, x, mask = place(m.embedding(src)), place(m.embedding(tgt)), padding_mask(src, PAD_ID)
    for layer in m.encoder:
        memory = layer(memory, mask)
    memory = m.encoder_norm(memory)
    for layer in m.decoder:
        x = layer(x, memory, causal_mask(tgt.shape[1], device=tgt.device), mask)
    return m.output(m.decoder_norm(x))


def _shifted_inside(m: Transformer, src: Tensor, tgt: Tensor) -> Tensor:
    return _decoded(m, shift_right(tgt, BOS_ID), _encoded(m, src), src)


def _encoders_norm_for_both(m: Transformer, src: Tensor, tgt: Tensor) -> Tensor:
    x = _decoded(m, tgt, _encoded(m, src), src, normed=False, scored=False)
    return m.output(m.encoder_norm(x))


def _first_memory(model: Transformer, src: Tensor, tgt: Tensor) -> Tensor:
    return _decoded(model, tgt, model.positions(model.embedding(src)), src)


def _layer_by_layer(model: Transformer, src: Tensor, tgt: Tensor) -> Tensor:
    memory, mask = model.positions(model.embedding(src)), padding_mask(src, PAD_ID)
    x = model.positions(model.embedding(tgt))
    for encoder, decoder in zip(model.encoder, model.decoder, strict=True):
        memory = encoder(memory, mask)
        x = decoder(x, memory, causal_mask(tgt.shape[1], device=tgt.device), mask)
    return model.output(model.decoder_norm(x))


def _pair(sizes: tuple[int, ...], src: Tensor, tgt: Tensor) -> Draw:
    def draw(dice: Generator) -> Inputs:
        return sizes, src.clone(), tgt.clone()

    return draw


MODEL = Exercise(
    id="6.3",
    title="The whole model",
    signature="Transformer(vocab_size, d_model, num_heads, num_layers, d_ff, max_len=64)",
    shapes="src (B, Tk), tgt (B, Tq) -> (B, Tq, V)",
    input_names=("sizes", "src", "tgt"),
    reference=Transformer,
    library=(models.Transformer,),
    use=use_model,
    tolerance=1e-4,
    smooth=0,
    probes=(
        Probe(
            "one sentence, one layer",
            _pair(
                (VOCAB, 4, 2, 1, 6), rows([3, 4, 5, 6, 7, 3, 8, 5, 4]), torch.tensor([[1, 6, 5]])
            ),
            "Follow the source to the memory, then the target to the logits. What does each "
            "line get, what does it give, and which mask?",
        ),
        Probe(
            "two layers",
            _pair((VOCAB, 6, 3, 2, 8), rows([3, 4, 5]), torch.tensor([[1, 5, 4, 3, 3]])),
            "Every layer of the decoder looks at the memory. At which: the finished one?",
        ),
        Probe(
            "two sentences, the source padded",
            _pair(
                (VOCAB, 6, 3, 2, 8), rows([3, 4, 5, 7], [6]), torch.tensor([[1, 5, 4], [1, 3, 6]])
            ),
            "The padding of the source must be hidden. How many places are there where somebody "
            "could look at it?",
        ),
        Probe(
            "both sides padded",
            _pair(
                (VOCAB, 6, 3, 1, 8),
                rows([3, 4, 5, 7], [6], [3, 8]),
                torch.tensor([[1, 5, 4, 3, 6, 7], [1, 3, 0, 0, 0, 0], [1, 4, 4, 0, 0, 0]]),
            ),
            "Which mask belongs to the target, and which to the source?",
        ),
    ),
    mistakes=(
        Mistake(
            "no causal mask",
            _wrong_decode(mask="none"),
            "The decoder may look ahead in the target: the leak of chapter 2. Which mask is its "
            "self-attention given?",
        ),
        Mistake(
            "the target's padding in place of a causal mask",
            _wrong_decode(mask="padding"),
            "The decoder's self-attention gets a padding mask and may look ahead. Padding stands "
            "on the right. Which mask hides it anyway, together with the future?",
        ),
        Mistake(
            "no mask for the memory",
            _wrong_decode(memory_mask="none"),
            "The decoder listens to the padding of the source. Which mask does cross-attention "
            "need, and whose padding is it?",
        ),
        Mistake(
            "no mask in the encoder",
            _wrong_encode(mask="none"),
            "Inside the encoder, words listen to the padding. Which mask does a layer of the "
            "encoder take?",
        ),
        Mistake(
            "a causal encoder",
            _wrong_encode(mask="causal"),
            "The encoder may not look ahead. The whole source is there before the first word is "
            "written: is there anything to hide in it but padding?",
        ),
        Mistake(
            "the encoder's mask turned round",
            _wrong_encode(mask="inverted"),
            "The encoder sees the padding and nothing else. True means *may look* in this course: "
            "is it True where there are words?",
        ),
        Mistake(
            "a causal mask for the memory",
            _wrong_decode(memory_mask="causal"),
            "Cross-attention gets a causal mask: the third word may see three words of the source. "
            "Is there any word of the source that the decoder may not see?",
        ),
        Mistake(
            "no positions anywhere",
            _model(_no_positions),
            "Nothing has positions, neither the source nor the target. What comes right after the "
            "embedding, at both?",
        ),
        Mistake(
            "positions twice",
            _model(_places_twice),
            "`self.positions` *adds* the positions to what it is given, and you add that once "
            "more. What does it return?",
        ),
        Mistake(
            "scaled",
            _model(_scaled),
            "The embeddings are multiplied by √d_model, as in the paper. There it belongs to tied "
            "weights, which come in section 6.5. What is asked here?",
        ),
        Mistake(
            "shifted inside",
            _model(_shifted_inside),
            "The model shifts the target itself. It is given what has been *read*, and the shift "
            "was made before. What would become of it in writing?",
        ),
        Mistake(
            "the encoder's norm for both",
            _model(_encoders_norm_for_both),
            "The decoder's output goes through the norm of the encoder. Which module of `__init__` "
            "is not used?",
        ),
        Mistake(
            "only the first layer of the encoder",
            _wrong_encode(layers=slice(1)),
            "Only the first layer of the encoder has read the source. Does your loop end too soon, "
            "or return inside?",
        ),
        Mistake(
            "only the last layer of the encoder",
            _wrong_encode(layers=slice(-1, None)),
            "Of the encoder's layers only the last one counts: each is given the embedded source "
            "again. What should the second layer read?",
        ),
        Mistake(
            "causal mask turned round",
            _wrong_decode(mask="future"),
            "The decoder sees what is to come, and not what stands there. Which polarity do the "
            "masks of this course have?",
        ),
        Mistake(
            "no positions in the encoder",
            _wrong_encode(placed=False),
            "The source is read as a bag of words, without positions. What comes right after the "
            "embedding?",
        ),
        Mistake(
            "no positions in the decoder",
            _wrong_decode(placed=False),
            "The target has no positions. What comes right after the embedding?",
        ),
        Mistake(
            "no norm after the encoder",
            _wrong_encode(normed=False),
            "The memory is the bare sum at the end of a pre-norm stack. Which module of "
            "`__init__` is not used?",
        ),
        Mistake(
            "no norm after the decoder",
            _wrong_decode(normed=False),
            "The logits are made of the bare sum at the end of a pre-norm stack. Which module of "
            "`__init__` is not used?",
        ),
        Mistake(
            "the encoder skipped",
            _model(_first_memory),
            "The decoder looks at the embedded source: no layer of the encoder has read it. Where "
            "does `memory` come from?",
        ),
        Mistake(
            "layer by layer",
            _model(_layer_by_layer),
            "Each layer of the decoder looks at the layer of the encoder with the same number. In "
            "the paper all look at the finished memory. When is that ready?",
        ),
        Mistake(
            "source and target exchanged",
            _model(lambda m, src, tgt: _decoded(m, src, _encoded(m, tgt), tgt)),
            "The encoder reads the target, and the decoder writes the source. Which comes first in "
            "`forward(src, tgt)`?",
        ),
        Mistake(
            "softmax at the end",
            _model(lambda m, src, tgt: _decoded(m, tgt, _encoded(m, src), src).softmax(-1)),
            "These are probabilities. The loss takes its own softmax, and a second one makes it "
            "learn slowly. What is a model's output called before the softmax?",
        ),
        Mistake(
            "no output layer",
            _wrong_decode(scored=False),
            "What comes out has as many numbers as a word has features. A score for each word of "
            "the vocabulary is asked. Which module makes it?",
        ),
    ),
    hints=(
        "Three short methods. `encode`: embed, place, all layers of the encoder, norm. `decode`: "
        "embed, place, all layers of the decoder, norm, output.",
        "A layer of the encoder takes `(x, mask)`, a layer of the decoder `(x, memory, mask, "
        "memory_mask)`. `padding_mask(src, PAD_ID)` is needed in both, `causal_mask` in one.",
        "`forward` is one line: decode the target, with the encoded source.",
    ),
)
