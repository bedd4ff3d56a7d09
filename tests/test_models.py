import pytest
import torch
from torch import nn
from torch.testing import assert_close

from course_lib.layers import DecoderLayer, EncoderLayer
from course_lib.masks import causal_mask
from course_lib.models import (
    POSITIONS,
    Decoder,
    Encoder,
    Transformer,
    TransformerConfig,
    count_parameters,
)
from course_lib.parity import copy_stack, randomize, torch_transformer

B, TQ, TK, D, H, F, V, PAD = 2, 5, 7, 12, 3, 20, 17, 0


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


@pytest.fixture
def src():
    src = torch.randint(1, V, (B, TK))
    src[1, 4:] = PAD
    return src


@pytest.fixture
def tgt():
    return torch.randint(1, V, (B, TQ))


def small(**changes):
    sizes = {"d_model": D, "num_heads": H, "d_ff": F, "num_encoder_layers": 2}
    config = TransformerConfig(V, **sizes, num_decoder_layers=3, max_len=40, **changes)
    model = Transformer(config)
    randomize(model)
    return model.double().eval()


@pytest.mark.parametrize("norm_first", [True, False])
def test_stacks_equal_torchs_transformer(norm_first):
    def norm():
        return nn.LayerNorm(D) if norm_first else nn.Identity()

    encoder = Encoder([EncoderLayer(D, H, F, norm_first=norm_first) for _ in range(2)], norm())
    decoder = Decoder([DecoderLayer(D, H, F, norm_first=norm_first) for _ in range(2)], norm())
    for stack in (encoder, decoder):
        randomize(stack)
        stack.double().eval()
    theirs = torch_transformer(D, H, 2, F, norm_first).double().eval()
    for ours, stack in ((encoder, theirs.encoder), (decoder, theirs.decoder)):
        copy_stack(ours.layers, ours.norm, stack)

    x, y = torch.randn(B, TK, D).double(), torch.randn(B, TQ, D).double()
    real = torch.arange(TK) < torch.tensor([[7], [4]])
    expected = theirs(
        x,
        y,
        tgt_mask=~causal_mask(TQ),
        src_key_padding_mask=~real,
        memory_key_padding_mask=~real,
    )
    mask = real[:, None, None, :]
    assert_close(decoder(y, encoder(x, mask), causal_mask(TQ), mask), expected)


@pytest.mark.parametrize("positions", POSITIONS)
def test_logits_have_one_row_for_each_target_token(positions, src, tgt):
    assert small(positions=positions)(src, tgt).shape == (B, TQ, V)


@pytest.mark.parametrize("positions", POSITIONS)
def test_the_future_cannot_change_the_past(positions, src, tgt):
    model, changed = small(positions=positions), tgt.clone()
    changed[:, 3:] = (tgt[:, 3:] % (V - 1)) + 1
    before, after = model(src, tgt), model(src, changed)
    assert_close(before[:, :3], after[:, :3])
    assert not torch.allclose(before[:, 3:], after[:, 3:])


@pytest.mark.parametrize("positions", POSITIONS)
def test_more_padding_changes_nothing(positions, src, tgt):
    model = small(positions=positions)
    longer = torch.cat([src, torch.full((B, 6), PAD)], dim=1)
    longer_tgt = torch.cat([tgt, torch.full((B, 4), PAD)], dim=1)
    assert_close(model(longer, longer_tgt)[:, :TQ], model(src, tgt))


@pytest.mark.parametrize("positions", POSITIONS)
@pytest.mark.parametrize("pieces", [(1, 1, 1, 1, 1), (2, 3), (4, 1)])
def test_cached_equals_uncached(positions, pieces, src, tgt):
    model = small(positions=positions)
    memory, cache = model.encode(src), model.new_cache()
    parts = [model.decode(part, memory, src, cache) for part in tgt.split(pieces, dim=1)]
    assert_close(torch.cat(parts, dim=1), model.decode(tgt, memory, src))
    assert cache.length == TQ


def test_a_cache_can_go_on_with_some_sequences_in_another_order(src, tgt):
    model, rows = small(), torch.tensor([1])
    memory, cache = model.encode(src), model.new_cache()
    model.decode(tgt[:, :3], memory, src, cache)
    cache.keep(rows)
    cache.keep_sources(rows)
    step = model.decode(tgt[rows, 3:4], memory[rows], src[rows], cache)
    assert_close(step, model.decode(tgt, memory, src)[rows, 3:4])


def test_hypotheses_of_a_sentence_share_its_memory(src, tgt):
    model, rows = small(), torch.tensor([0, 0, 0, 1, 1, 1])
    memory, cache, targets = model.encode(src), model.new_cache(), tgt[rows].roll(1, dims=0)
    steps = [model.decode(part, memory, src, cache) for part in targets.split(1, dim=1)]
    assert_close(torch.cat(steps, dim=1), model.decode(targets, memory[rows], src[rows]))


@pytest.mark.parametrize("positions", [p for p in POSITIONS if p != "none"])
def test_every_kind_of_position_lets_the_model_see_order(positions, src, tgt):
    model, swapped = small(positions=positions), src.clone()
    swapped[0, :2] = torch.tensor([3, 4])
    src[0, :2] = torch.tensor([4, 3])
    assert not torch.allclose(model(src, tgt)[0], model(swapped, tgt)[0])


def test_without_positions_the_order_of_the_source_is_invisible(src, tgt):
    model = small(positions="none")
    order = torch.randperm(TK)
    assert_close(model(src[:, order], tgt), model(src, tgt))


def test_embeddings_are_shared_and_scaled(src):
    model = small(positions="none")
    names = [name for name, p in model.named_parameters() if p.shape == (V, D)]
    assert names == ["embedding.weight"]
    assert_close(model.embed(src), model.embedding.weight[src] * D**0.5)


def test_init_starts_with_logits_of_variance_near_one():
    model = Transformer(TransformerConfig(2000, d_model=64, dropout=0.0))
    logits = model(torch.randint(1, 2000, (4, 9)), torch.randint(1, 2000, (4, 11)))
    assert 0.5 < logits.var().item() < 2.0


def test_too_long_a_sequence_is_refused_with_both_numbers(src):
    model = small()
    with pytest.raises(ValueError, match=r"41 tokens is longer than max_len=40"):
        model(src, torch.ones(B, 41, dtype=torch.int64))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"d_model": 10, "num_heads": 3}, "d_model=10 is not divisible by num_heads=3"),
        ({"dropout": 1.5}, "dropout must be at least 0 and below 1, got 1.5"),
        ({"ff_dropout": -0.1}, "ff_dropout must be at least 0 and below 1, got -0.1"),
        ({"word_dropout": 1.0}, "word_dropout must be at least 0 and below 1, got 1.0"),
        ({"positions": "spiral"}, "positions must be one of .* got 'spiral'"),
        ({"d_model": 9, "num_heads": 3, "positions": "rotary"}, "an odd d_head"),
        ({"num_decoder_layers": 0}, "num_decoder_layers must be at least 1, got 0"),
        ({"pad_id": 99}, "pad_id=99 is outside vocab_size=17"),
    ],
)
def test_sizes_that_do_not_fit_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        TransformerConfig(V, **changes)


@pytest.mark.parametrize(("ff_dropout", "inside"), [(None, 0.3), (0.0, 0.0), (0.2, 0.2)])
def test_dropout_inside_the_feed_forward_networks_may_differ(ff_dropout, inside):
    model = Transformer(TransformerConfig(V, D, H, 1, 1, F, dropout=0.3, ff_dropout=ff_dropout))
    for layer in (*model.encoder.layers, *model.decoder.layers):
        assert layer.feed_forward.dropout.p == inside
        assert layer.feed_forward_residual.dropout.p == 0.3
        assert layer.self_attention_residual.dropout.p == 0.3


def test_count_parameters_by_hand():
    model = small()
    attention, feed_forward, norm = 4 * (D * D + D), D * F + F + F * D + D, 2 * D
    encoder = 2 * (attention + feed_forward + 2 * norm) + norm
    decoder = 3 * (2 * attention + feed_forward + 3 * norm) + norm
    assert count_parameters(model) == V * D + encoder + decoder
