"""The Transformer, from the stacks of layers to the whole model."""

import math
from dataclasses import dataclass

from torch import Tensor, nn

from course_lib.caches import DecoderCache
from course_lib.fused_loss import fused_sequence_loss
from course_lib.layers import DecoderLayer, Dropout, EncoderLayer, WordDropout
from course_lib.masks import causal_mask, padding_mask
from course_lib.positions import (
    LearnedPositions,
    RotaryPositions,
    SinusoidalPositions,
    alibi_bias,
)

POSITIONS = ("none", "sinusoidal", "learned", "rotary", "alibi")


@dataclass(frozen=True)
class TransformerConfig:
    """Sizes of a `Transformer`. The defaults fit 30,000 sentence pairs and a laptop.

    `dropout` is for embeddings and the output of each sublayer, `ff_dropout` for what is hidden
    inside the feed-forward networks (None: as much; Vaswani et al. 2017, section 5.4: nothing),
    `word_dropout` for whole tokens.

    Raises ValueError, with the numbers, if the sizes do not fit together.
    """

    vocab_size: int
    d_model: int = 128
    num_heads: int = 4
    num_encoder_layers: int = 4
    num_decoder_layers: int = 4
    d_ff: int = 256
    dropout: float = 0.1
    ff_dropout: float | None = None
    word_dropout: float = 0.0
    norm_first: bool = True
    positions: str = "sinusoidal"
    max_len: int = 512
    pad_id: int = 0

    def __post_init__(self) -> None:
        sizes = ("vocab_size", "d_model", "num_heads", "d_ff", "max_len")
        for name in (*sizes, "num_encoder_layers", "num_decoder_layers"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")
        if self.d_model % self.num_heads:
            raise ValueError(
                f"d_model={self.d_model} is not divisible by num_heads={self.num_heads}"
            )
        for name in ("dropout", "ff_dropout", "word_dropout"):
            share = getattr(self, name)
            if share is not None and not 0 <= share < 1:
                raise ValueError(f"{name} must be at least 0 and below 1, got {share}")
        if self.positions not in POSITIONS:
            raise ValueError(f"positions must be one of {POSITIONS}, got {self.positions!r}")
        if self.positions == "rotary" and (self.d_model // self.num_heads) % 2:
            raise ValueError(
                f"rotary positions turn pairs of features: d_model={self.d_model} over "
                f"num_heads={self.num_heads} gives an odd d_head"
            )
        if not 0 <= self.pad_id < self.vocab_size:
            raise ValueError(f"pad_id={self.pad_id} is outside vocab_size={self.vocab_size}")


class Encoder(nn.Module):
    """Encoder layers one after another; a final norm closes a pre-norm stack.

    Shapes: x (B, T, D), mask and bias broadcastable to (B, H, T, T). Returns (B, T, D).
    """

    def __init__(self, layers: list[EncoderLayer], norm: nn.Module):
        super().__init__()
        self.layers = nn.ModuleList(layers)
        self.norm = norm

    def forward(self, x: Tensor, mask: Tensor | None = None, bias: Tensor | None = None) -> Tensor:
        for layer in self.layers:
            x = layer(x, mask, bias)
        return self.norm(x)


class Decoder(nn.Module):
    """Decoder layers one after another; a final norm closes a pre-norm stack.

    Shapes: x (B, Tq, D), memory (B, Tk, D), masks and bias as in `DecoderLayer`.
    Returns (B, Tq, D).
    """

    def __init__(self, layers: list[DecoderLayer], norm: nn.Module):
        super().__init__()
        self.layers = nn.ModuleList(layers)
        self.norm = norm

    def forward(
        self,
        x: Tensor,
        memory: Tensor,
        mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        bias: Tensor | None = None,
        cache: DecoderCache | None = None,
    ) -> Tensor:
        caches = [None] * len(self.layers) if cache is None else cache.layers
        for layer, layer_cache in zip(self.layers, caches, strict=True):
            x = layer(x, memory, mask, memory_mask, bias, layer_cache)
        return self.norm(x)


class Transformer(nn.Module):
    """Encoder and decoder over one shared vocabulary. Vaswani et al. (2017), section 3.

    The same matrix embeds source and target tokens (times √d_model) and scores the output
    vocabulary (section 3.4).

    Shapes: src (B, Tk), tgt (B, Tq) of token ids, right-padded with `config.pad_id`. Returns logits
    (B, Tq, V): the scores of the token that follows each position of tgt.
    Raises ValueError if a sequence is longer than `config.max_len`.
    """

    def __init__(self, config: TransformerConfig):
        super().__init__()
        self.config = c = config
        d_head = c.d_model // c.num_heads
        self.embedding = nn.Embedding(c.vocab_size, c.d_model)
        self.positions: nn.Module | None = None
        if c.positions == "sinusoidal":
            self.positions = SinusoidalPositions(c.max_len, c.d_model)
        elif c.positions == "learned":
            self.positions = LearnedPositions(c.max_len, c.d_model)
        rotary = RotaryPositions(c.max_len, d_head) if c.positions == "rotary" else None
        self.dropout = Dropout(c.dropout)
        self.word_dropout = WordDropout(c.word_dropout)

        sizes = (c.d_model, c.num_heads, c.d_ff, c.dropout, c.norm_first, rotary, c.ff_dropout)
        self.encoder = Encoder(
            [EncoderLayer(*sizes) for _ in range(c.num_encoder_layers)], self.final_norm()
        )
        self.decoder = Decoder(
            [DecoderLayer(*sizes) for _ in range(c.num_decoder_layers)], self.final_norm()
        )
        init_weights(self)

    def final_norm(self) -> nn.Module:
        """A pre-norm stack ends in a sum that nothing has normed yet; a post-norm one does not."""
        return nn.LayerNorm(self.config.d_model) if self.config.norm_first else nn.Identity()

    def forward(self, src: Tensor, tgt: Tensor) -> Tensor:
        memory = self.encode(src)
        return self.scores(self.decode(tgt, memory, src), memory, src)

    def encode(self, src: Tensor) -> Tensor:
        """Read the source. Shapes: src (B, Tk). Returns memory (B, Tk, D)."""
        mask = padding_mask(src, self.config.pad_id)
        return self.encoder(self.embed(src), mask, self.bias(src.shape[1], src.shape[1], src))

    def decode(
        self, tgt: Tensor, memory: Tensor, src: Tensor, cache: DecoderCache | None = None
    ) -> Tensor:
        """Read what is written so far, and the memory. With a cache, `tgt` holds only what is new.

        Shapes: tgt (B, Tq), memory (B, Tk, D), src (B, Tk), which tells where memory is padding.
        Or N targets for each source: tgt (B * N, Tq), those of a source side by side.
        Returns (B, Tq, D), to be turned into logits.
        """
        start = 0 if cache is None else cache.length
        length = start + tgt.shape[1]
        # A mask that hides nothing costs time: one new token may look at all that came before.
        mask = None if tgt.shape[1] == 1 else causal_mask(tgt.shape[1], length, tgt.device)
        memory_mask: Tensor | None = padding_mask(src, self.config.pad_id)
        if cache is not None and (src != self.config.pad_id).all():
            memory_mask = None
        # Padding stands on the right, so the causal mask already hides it from every real token.
        return self.decoder(
            self.embed(tgt, start),
            memory,
            mask,
            memory_mask,
            self.bias(tgt.shape[1], length, tgt),
            cache,
        )

    def logits(self, x: Tensor) -> Tensor:
        """Score every token of the vocabulary: (..., D) to (..., V)."""
        return x @ self.embedding.weight.T

    def scores(self, x: Tensor, memory: Tensor, src: Tensor) -> Tensor:
        """Score every token as the next one: (B, Tq, D) to (B, Tq, V). `CopyTransformer` asks the
        memory (B, Tk, D) once more; here all has been asked."""
        return self.logits(x)

    def loss(
        self, src: Tensor, target_in: Tensor, target_out: Tensor, label_smoothing: float
    ) -> Tensor:
        """Mean cross-entropy in nats over the targets that are not padding (`sequence_loss`).

        Shapes: src (B, Tk), target_in and target_out (B, Tq). Returns a scalar.
        """
        x = self.decode(target_in, self.encode(src), src)
        return fused_sequence_loss(x, self.embedding.weight, target_out, label_smoothing)

    def embed(self, ids: Tensor, start: int = 0) -> Tensor:
        """Embeddings times √d_model, with positions if they are of the kind that is added.

        A token that `WordDropout` hides still has its position.
        """
        if start + ids.shape[1] > self.config.max_len:
            raise ValueError(
                f"a sequence of {start + ids.shape[1]} tokens is longer than "
                f"max_len={self.config.max_len}: shorten it, or make a model with a larger max_len"
            )
        x = self.word_dropout(self.embedding(ids)) * math.sqrt(self.config.d_model)
        return self.dropout(x if self.positions is None else self.positions(x, start))

    def bias(self, num_queries: int, num_keys: int, like: Tensor) -> Tensor | None:
        """What ALiBi adds to the scores of self-attention, (H, Tq, Tk), if it is used."""
        if self.config.positions != "alibi":
            return None
        bias = alibi_bias(self.config.num_heads, num_queries, num_keys)
        return bias.to(like.device, self.embedding.weight.dtype)

    def new_cache(self) -> DecoderCache:
        """An empty cache for `decode`."""
        return DecoderCache(self.config.num_decoder_layers)


def init_weights(model: nn.Module) -> None:
    """Start the weights so that signals keep their size from layer to layer.

    Linear maps: Xavier-uniform (Glorot and Bengio 2010), biases zero. Embeddings: normal with
    standard deviation d_model^-½, so that after the factor √d_model each feature has variance 1 and
    the tied output layer starts with logits of variance about 1. (A table of `LearnedPositions`
    gets the same deviation and no factor: it starts small beside the words.)
    """
    for module in model.modules():
        if isinstance(module, nn.Linear):
            nn.init.xavier_uniform_(module.weight)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, nn.Embedding):
            nn.init.normal_(module.weight, std=module.embedding_dim**-0.5)


def count_parameters(model: nn.Module) -> int:
    """Number of trained values; shared weights count once."""
    return sum(p.numel() for p in model.parameters() if p.requires_grad)
