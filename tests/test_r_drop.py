import pytest
import torch
from torch.testing import assert_close

from course_lib.batching import make_batch
from course_lib.models import Transformer, TransformerConfig
from course_lib.r_drop import SLICE, divergence, r_drop_loss
from course_lib.training import Trainer, TrainingConfig, batch_loss, sequence_loss

PAIRS = [([4 + i % 5, 5], [6, 7 + i % 3, 8, 9][: 2 + i % 3]) for i in range(SLICE)]


def tiny(dropout: float) -> Transformer:
    torch.manual_seed(0)
    sizes = {"d_model": 8, "num_heads": 2, "d_ff": 8, "dropout": dropout}
    return Transformer(TransformerConfig(13, **sizes)).double()


@pytest.mark.parametrize("label_smoothing", [0.0, 0.1])
def test_value_and_gradients_equal_the_readable_form(label_smoothing):
    model, batch, weight = tiny(dropout=0.3), make_batch(PAIRS), 3.0
    parameters = list(model.parameters())

    def readable() -> torch.Tensor:
        logits = model(batch.source.repeat(2, 1), batch.target_in.repeat(2, 1))
        targets = batch.target_out.repeat(2, 1)
        first, second = logits.chunk(2)
        apart = divergence(first, second)[batch.target_out != 0].mean()
        return sequence_loss(logits, targets, label_smoothing) + weight / 2 * apart

    def fused() -> torch.Tensor:
        return r_drop_loss(model, batch, label_smoothing, weight)

    results = []
    for loss_of in (readable, fused):
        torch.manual_seed(1)
        loss = loss_of()
        results.append((loss, *torch.autograd.grad(3 * loss, parameters)))
    assert_close(results[1], results[0], rtol=1e-9, atol=1e-11)


def test_without_dropout_nothing_is_apart():
    model, batch = tiny(dropout=0.0), make_batch(PAIRS)
    assert_close(r_drop_loss(model, batch, 0.1, 5.0), batch_loss(model, batch, 0.1))


def test_divergence_is_that_of_kullback_and_leibler():
    torch.manual_seed(0)
    logits = torch.randn(2, 50, 7)
    p, q = logits.softmax(-1)
    wanted = ((p * (p / q).log()).sum(-1) + (q * (q / p).log()).sum(-1)) / 2
    assert_close(divergence(*logits), wanted)


def test_it_brings_the_two_passes_together():
    def distance(r_drop: float) -> float:
        config = TrainingConfig(60, batch_tokens=200, r_drop=r_drop, warmup=5)
        trainer = Trainer(tiny(dropout=0.3).float(), PAIRS, config)
        list(trainer.steps())
        trainer.model.train()
        batch = make_batch(PAIRS)
        return divergence(*(trainer.model(batch.source, batch.target_in) for _ in (1, 2))).mean()

    assert distance(10.0) < 0.7 * distance(0.0)


def test_it_begins_after_its_share_of_the_steps():
    config = TrainingConfig(10, r_drop=5.0, r_drop_from=0.4)
    assert [config.r_drop_at(step) for step in (1, 4, 5, 10)] == [0.0, 0.0, 5.0, 5.0]
    assert TrainingConfig(10).r_drop_at(10) == 0.0
    with pytest.raises(ValueError, match="r_drop_from must be at least 0 and below 1, got 1"):
        TrainingConfig(10, r_drop_from=1.0)
