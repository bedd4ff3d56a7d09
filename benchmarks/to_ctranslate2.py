"""Give a model's weights to CTranslate2, the engine that `decoding.py` compares ours with."""

from pathlib import Path
from typing import Any

import ctranslate2
import torch
from ctranslate2.specs import TransformerSpec
from torch import Tensor, nn

from course_lib.layers import MultiHeadAttention
from course_lib.models import Transformer
from course_lib.tokenization import BOS_ID, EOS_ID, PAD_ID, Tokenizer


def vocabulary(tokenizer: Tokenizer) -> list[str]:
    """The names of all tokens, in the order of their ids."""
    return [tokenizer.inner.id_to_token(i) for i in range(tokenizer.vocab_size)]


def convert(model: Transformer, tokenizer: Tokenizer, folder: Path) -> ctranslate2.Translator:
    """Write the model in CTranslate2's format into `folder`, and open it in single precision.

    Raises ValueError if the model is not pre-norm with sinusoidal positions.
    """
    c = model.config
    if not c.norm_first or c.positions != "sinusoidal":
        raise ValueError(
            "expected a pre-norm model with sinusoidal positions, "
            f"got norm_first={c.norm_first}, positions={c.positions!r}"
        )
    layers = (c.num_encoder_layers, c.num_decoder_layers)
    spec = TransformerSpec.from_config(layers, c.num_heads, pre_norm=True)
    _stack(spec.encoder, model.encoder)
    _stack(spec.decoder, model.decoder)
    # Both scale by √d_model; the table is given since theirs has its sines and cosines apart.
    table, embedding = model.positions.table, model.embedding.weight
    for side in (spec.encoder, spec.decoder):
        side.scale_embeddings = True
        side.position_encodings.encodings = _numpy(table)
    spec.encoder.embeddings[0].weight = _numpy(embedding)
    spec.decoder.embeddings.weight = _numpy(embedding)
    spec.decoder.projection.weight = _numpy(embedding)

    names = vocabulary(tokenizer)
    spec.register_source_vocabulary(names)
    spec.register_target_vocabulary(names)
    spec.config.bos_token = spec.config.decoder_start_token = names[BOS_ID]
    spec.config.eos_token = names[EOS_ID]
    spec.config.unk_token = names[PAD_ID]  # a byte-level vocabulary knows everything
    spec.config.add_source_eos = True
    spec.validate()
    folder.mkdir(parents=True, exist_ok=True)
    spec.save(str(folder))
    return ctranslate2.Translator(
        str(folder), device="cpu", compute_type="float32", intra_threads=torch.get_num_threads()
    )


def _numpy(tensor: Tensor) -> Any:
    return tensor.detach().cpu().contiguous().numpy()


def _stack(spec: Any, stack: nn.Module) -> None:
    """An encoder or a decoder."""
    _norm(spec.layer_norm, stack.norm)
    for to, layer in zip(spec.layer, stack.layers, strict=True):
        _norm(to.self_attention.layer_norm, layer.self_attention_residual.norm)
        _joined(to.self_attention.linear[0], *_projections(layer.self_attention))
        _joined(to.self_attention.linear[1], layer.self_attention.out_proj)
        if hasattr(layer, "cross_attention"):
            q, k, v = _projections(layer.cross_attention)
            _norm(to.attention.layer_norm, layer.cross_attention_residual.norm)
            _joined(to.attention.linear[0], q)
            _joined(to.attention.linear[1], k, v)
            _joined(to.attention.linear[2], layer.cross_attention.out_proj)
        _norm(to.ffn.layer_norm, layer.feed_forward_residual.norm)
        _joined(to.ffn.linear_0, layer.feed_forward.up)
        _joined(to.ffn.linear_1, layer.feed_forward.down)


def _projections(attention: MultiHeadAttention) -> tuple[nn.Linear, nn.Linear, nn.Linear]:
    return attention.q_proj, attention.k_proj, attention.v_proj


def _norm(spec: Any, norm: nn.Module) -> None:
    spec.gamma, spec.beta = _numpy(norm.weight), _numpy(norm.bias)


def _joined(spec: Any, *parts: nn.Linear) -> None:
    """Linear maps of the same input as one."""
    spec.weight = _numpy(torch.cat([part.weight for part in parts]))
    spec.bias = _numpy(torch.cat([part.bias for part in parts]))
