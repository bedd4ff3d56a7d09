"""6.3 Transformer: the whole model."""

from typing import Any

import torch
from torch import Generator, Tensor, nn

from course_lib import models
from course_lib.exercises.ch06.common import VOCAB, rows
from course_lib.exercises.ch06.variants import (
    Transformer,
    decoded,
    encoded,
    encoders_norm_for_both,
    first_memory,
    layer_by_layer,
    no_positions,
    places_twice,
    scaled,
    shifted_inside,
    with_forward,
    wrong_decode,
    wrong_encode,
)
from course_lib.exercises.modules import use_module
from course_lib.exercises.probes import Draw
from course_lib.exercises.spec import Exercise, Inputs, Mistake, Probe
from course_lib.tokenization import PAD_ID


def use_model(answer: type[nn.Module], sizes: Inputs, src: Tensor, tgt: Tensor) -> dict[str, Any]:
    """As `use_module`; what is written at places of padding does not count."""
    result = use_module(answer, sizes, src, tgt)
    output = result["output"]
    if isinstance(output, Tensor) and output.shape[:2] == tgt.shape:
        result["output"] = output.masked_fill((tgt == PAD_ID)[..., None], 0.0)
    return result


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
            wrong_decode(mask="none"),
            "The decoder may look ahead in the target: the leak of chapter 2. Which mask is its "
            "self-attention given?",
        ),
        Mistake(
            "the target's padding in place of a causal mask",
            wrong_decode(mask="padding"),
            "The decoder's self-attention gets a padding mask and may look ahead. Padding stands "
            "on the right. Which mask hides it anyway, together with the future?",
        ),
        Mistake(
            "no mask for the memory",
            wrong_decode(memory_mask="none"),
            "The decoder listens to the padding of the source. Which mask does cross-attention "
            "need, and whose padding is it?",
        ),
        Mistake(
            "no mask in the encoder",
            wrong_encode(mask="none"),
            "Inside the encoder, words listen to the padding. Which mask does a layer of the "
            "encoder take?",
        ),
        Mistake(
            "a causal encoder",
            wrong_encode(mask="causal"),
            "The encoder may not look ahead. The whole source is there before the first word is "
            "written: is there anything to hide in it but padding?",
        ),
        Mistake(
            "the encoder's mask turned round",
            wrong_encode(mask="inverted"),
            "The encoder sees the padding and nothing else. True means *may look* in this course: "
            "is it True where there are words?",
        ),
        Mistake(
            "a causal mask for the memory",
            wrong_decode(memory_mask="causal"),
            "Cross-attention gets a causal mask: the third word may see three words of the source. "
            "Is there any word of the source that the decoder may not see?",
        ),
        Mistake(
            "no positions anywhere",
            with_forward(no_positions),
            "Nothing has positions, neither the source nor the target. What comes right after the "
            "embedding, at both?",
        ),
        Mistake(
            "positions twice",
            with_forward(places_twice),
            "`self.positions` *adds* the positions to what it is given, and you add that once "
            "more. What does it return?",
        ),
        Mistake(
            "scaled",
            with_forward(scaled),
            "The embeddings are multiplied by √d_model, as in the paper. There it belongs to tied "
            "weights, which come in section 6.5. What is asked here?",
        ),
        Mistake(
            "shifted inside",
            with_forward(shifted_inside),
            "The model shifts the target itself. It is given what has been *read*, and the shift "
            "was made before. What would become of it in writing?",
        ),
        Mistake(
            "the encoder's norm for both",
            with_forward(encoders_norm_for_both),
            "The decoder's output goes through the norm of the encoder. Which module of `__init__` "
            "is not used?",
        ),
        Mistake(
            "only the first layer of the encoder",
            wrong_encode(layers=slice(1)),
            "Only the first layer of the encoder has read the source. Does your loop end too soon, "
            "or return inside?",
        ),
        Mistake(
            "only the last layer of the encoder",
            wrong_encode(layers=slice(-1, None)),
            "Of the encoder's layers only the last one counts: each is given the embedded source "
            "again. What should the second layer read?",
        ),
        Mistake(
            "causal mask turned round",
            wrong_decode(mask="future"),
            "The decoder sees what is to come, and not what stands there. Which polarity do the "
            "masks of this course have?",
        ),
        Mistake(
            "no positions in the encoder",
            wrong_encode(placed=False),
            "The source is read as a bag of words, without positions. What comes right after the "
            "embedding?",
        ),
        Mistake(
            "no positions in the decoder",
            wrong_decode(placed=False),
            "The target has no positions. What comes right after the embedding?",
        ),
        Mistake(
            "no norm after the encoder",
            wrong_encode(normed=False),
            "The memory is the bare sum at the end of a pre-norm stack. Which module of "
            "`__init__` is not used?",
        ),
        Mistake(
            "no norm after the decoder",
            wrong_decode(normed=False),
            "The logits are made of the bare sum at the end of a pre-norm stack. Which module of "
            "`__init__` is not used?",
        ),
        Mistake(
            "the encoder skipped",
            with_forward(first_memory),
            "The decoder looks at the embedded source: no layer of the encoder has read it. Where "
            "does `memory` come from?",
        ),
        Mistake(
            "layer by layer",
            with_forward(layer_by_layer),
            "Each layer of the decoder looks at the layer of the encoder with the same number. In "
            "the paper all look at the finished memory. When is that ready?",
        ),
        Mistake(
            "source and target exchanged",
            with_forward(lambda m, src, tgt: decoded(m, src, encoded(m, tgt), tgt)),
            "The encoder reads the target, and the decoder writes the source. Which comes first in "
            "`forward(src, tgt)`?",
        ),
        Mistake(
            "softmax at the end",
            with_forward(lambda m, src, tgt: decoded(m, tgt, encoded(m, src), src).softmax(-1)),
            "These are probabilities. The loss takes its own softmax, and a second one makes it "
            "learn slowly. What is a model's output called before the softmax?",
        ),
        Mistake(
            "no output layer",
            wrong_decode(scored=False),
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
