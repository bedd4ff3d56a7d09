import math
from itertools import islice

import pytest
import torch
import torch.nn.functional as F
from torch.testing import assert_close

from course_lib.batching import make_batch
from course_lib.errors import DivergedError
from course_lib.tokenization import PAD_ID
from course_lib.training import (
    TrainingConfig,
    learning_rate,
    sequence_loss,
    train_step,
    update_average,
    validation_loss,
)


def test_loss_is_the_mean_over_real_tokens():
    torch.manual_seed(0)
    logits, targets = torch.randn(2, 3, 7), torch.tensor([[1, 2, 3], [4, PAD_ID, PAD_ID]])
    log_probs = logits.log_softmax(-1)
    expected = -(log_probs[0, 0, 1] + log_probs[0, 1, 2] + log_probs[0, 2, 3] + log_probs[1, 0, 4])
    assert_close(sequence_loss(logits, targets), expected / 4)


def test_label_smoothing_mixes_in_the_uniform_distribution():
    torch.manual_seed(0)
    logits, targets = torch.randn(1, 3, 7), torch.tensor([[1, 2, PAD_ID]])
    smooth = 0.9 * F.one_hot(targets, 7) + 0.1 / 7
    expected = -(smooth * logits.log_softmax(-1)).sum(-1)[0, :2].mean()
    assert_close(sequence_loss(logits, targets, 0.1), expected)


def test_rate_goes_up_in_a_line_and_down_along_a_cosine():
    config = TrainingConfig(steps=100, peak_rate=2.0, warmup=4)
    rates = [learning_rate(step, config) for step in range(1, 101)]
    assert_close(rates[:5], [0.5, 1.0, 1.5, 2.0, 2.0])
    assert rates[4:] == sorted(rates[4:], reverse=True)
    assert_close(rates[4 + 48], 1.0)  # half of the 96 steps that go down
    assert 0 < rates[-1] < 0.01


def test_warm_up_takes_at_most_a_tenth_of_a_short_run():
    config = TrainingConfig(steps=20, peak_rate=1.0, warmup=400)
    assert_close([learning_rate(s, config) for s in (1, 2, 3)], [0.5, 1.0, 1.0])
    assert learning_rate(1, TrainingConfig(steps=1, peak_rate=1.0)) == 1.0


def test_a_step_moves_the_loss_and_the_records_say_where_we_are(new_trainer):
    trainer = new_trainer(steps=60)
    records = list(trainer.steps())
    assert [record.step for record in records] == list(range(1, 61))
    assert records[0].epoch == 0
    assert records[-1].epoch == trainer.epoch > 10
    assert records[0].tokens > 0
    assert records[0].gradient_norm > 0
    assert records[-1].loss < records[0].loss - 2
    assert list(trainer.steps()) == []


def test_small_batches_one_after_another_equal_one_large_batch(new_trainer, pairs):
    """Also where they differ in their number of tokens: the mean is over tokens, not batches."""
    weights, results = [], []
    for batches in ([pairs[:1], pairs[1:]], [pairs], [pairs[:2], pairs[2:]]):
        trainer = new_trainer(clip_norm=1e9)
        trainer.model.double().eval()
        optimizer = torch.optim.SGD(trainer.model.parameters(), lr=0.1)
        results.append(
            train_step(trainer.model, [*map(make_batch, batches)], optimizer, trainer.config)
        )
        weights.append(torch.cat([p.flatten() for p in trainer.model.parameters()]))
    assert make_batch(pairs[:1]).num_target_tokens != make_batch(pairs[1:]).num_target_tokens
    for result, weight in zip(results, weights, strict=True):
        assert_close(result, results[0], rtol=0, atol=1e-12)
        assert_close(weight, weights[0], rtol=0, atol=1e-12)


def test_an_epoch_of_accumulated_batches_shows_every_pair_once(new_trainer, pairs):
    trainer = new_trainer(steps=6, accumulate=3)
    records = list(trainer.steps())
    tokens = {}
    for record in records:
        tokens[record.epoch] = tokens.get(record.epoch, 0) + record.tokens
    assert tokens[0] == sum(len(target) + 1 for _, target in pairs)
    assert len(tokens) > 1


def test_a_loss_that_is_not_finite_stops_before_the_weights_are_touched(new_trainer):
    trainer = new_trainer()
    records = list(islice(trainer.steps(), 3))
    with torch.no_grad():
        trainer.model.embedding.weight[5] = math.inf
    before = {name: tensor.clone() for name, tensor in trainer.state().items()}
    with pytest.raises(DivergedError, match="step 4: the loss is nan, its gradient's norm nan"):
        list(trainer.steps())
    assert [record.step for record in records] == [1, 2, 3]
    for name, tensor in trainer.state().items():
        assert name == "random" or torch.equal(tensor, before[name]), name


def test_validation_changes_nothing_in_the_training(new_trainer):
    plain = new_trainer()
    assert [record.validation_loss for record in plain.steps()] == [None] * 12
    validated = new_trainer(validate_every=5)
    losses = [record.validation_loss for record in validated.steps()]
    assert [step for step, loss in enumerate(losses, start=1) if loss is not None] == [5, 10, 12]
    for name, tensor in plain.averaged.named_parameters():
        assert torch.equal(tensor, validated.averaged.get_parameter(name)), name
    assert plain.kept().keys() == validated.kept().keys()
    assert validated.best_loss == min(loss for loss in losses if loss is not None)


def test_training_ends_when_validation_gets_no_better_and_keeps_the_best(new_trainer, pairs):
    """Held out is the other direction of translation, of which the model knows ever less."""
    turned = [(target, source) for source, target in pairs]
    trainer = new_trainer(400, turned, validate_every=2, patience=3, average_decay=0.0)
    best = {}
    for record in trainer.steps():
        if record.validation_loss == trainer.best_loss:
            best = {n: p.clone() for n, p in trainer.averaged.named_parameters()}
    assert trainer.step == trainer.best_step + 3 * 2 < 400
    for name, tensor in trainer.kept().items():
        assert torch.equal(tensor, best[name]), name
    assert not torch.equal(trainer.kept()["embedding.weight"], trainer.averaged.embedding.weight)
    assert list(trainer.steps()) == []


def test_to_validate_there_must_be_something(new_trainer):
    with pytest.raises(ValueError, match="validate_every=2 needs held-out pairs"):
        new_trainer(validate_every=2, held_out=())


def test_each_epoch_shows_every_pair_once(new_trainer, pairs):
    trainer = new_trainer(steps=30)
    expected = sum(len(target) + 1 for _, target in pairs)
    tokens = {}
    for record in trainer.steps():
        tokens[record.epoch] = tokens.get(record.epoch, 0) + record.tokens
    assert set(list(tokens.values())[:-1]) == {expected}


def test_the_same_seed_gives_the_same_weights(new_trainer):
    def weights(**changes):
        trainer = new_trainer(**changes)
        list(trainer.steps())
        return torch.cat([p.flatten() for p in trainer.model.parameters()])

    assert torch.equal(weights(), weights())
    assert not torch.equal(weights(), weights(seed=1))


@pytest.mark.parametrize("changes", [{}, {"accumulate": 2}, {"validate_every": 3, "patience": 9}])
@pytest.mark.parametrize("stop", [1, 4, 11])
def test_a_resumed_trainer_ends_in_bit_identical_weights(new_trainer, stop, changes):
    whole = new_trainer(**changes)
    list(whole.steps())

    first = new_trainer(**changes)
    list(islice(first.steps(), stop))
    state = {name: tensor.clone() for name, tensor in first.state().items()}
    second = new_trainer(**changes)
    torch.manual_seed(99)  # whatever happened in between must not matter
    second.load_state(state)
    assert [record.step for record in second.steps()] == list(range(stop + 1, 13))
    for name, tensor in whole.state().items():
        assert torch.equal(tensor, second.state()[name]), name


def test_the_average_starts_as_a_copy_and_then_follows_slowly():
    average, weight = torch.nn.Linear(3, 2), torch.nn.Linear(3, 2)
    update_average(average, weight, step=1, decay=0.9)
    assert_close(average.weight, weight.weight)
    before = average.weight.clone()
    with torch.no_grad():
        weight.weight.add_(1.0)
    update_average(average, weight, step=1_000, decay=0.9)
    assert_close(average.weight, before + 0.1)


def test_validation_loss_counts_every_token_once(new_trainer, pairs):
    model = new_trainer().model.eval()
    sums = tokens = 0.0
    for pair in pairs:
        batch = make_batch([pair])
        n = batch.num_target_tokens
        sums += sequence_loss(model(batch.source, batch.target_in), batch.target_out).item() * n
        tokens += n
    assert validation_loss(model, pairs) == pytest.approx(sums / tokens, rel=1e-5)
    assert validation_loss(model, pairs) == pytest.approx(
        math.log(model.config.vocab_size), rel=0.3
    )


def test_short_products_give_nearly_the_same_step_and_whole_weights(new_trainer):
    losses = {}
    for precision in ("float32", "bfloat16"):
        trainer = new_trainer(precision=precision)
        losses[precision] = [record.loss for record in trainer.steps()]
        assert {p.dtype for p in trainer.model.parameters()} == {torch.float32}
    assert losses["float32"] != losses["bfloat16"]
    assert losses["bfloat16"] == pytest.approx(losses["float32"], rel=0.02)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"steps": 0}, "steps must be above 0, got 0"),
        ({"steps": 1, "peak_rate": -1.0}, "peak_rate must be above 0, got -1.0"),
        ({"steps": 1, "label_smoothing": 1.0}, "label_smoothing must be at least 0 and below 1"),
        ({"steps": 1, "warmup": -1}, "warmup must be at least 0, got -1"),
        ({"steps": 1, "accumulate": 0}, "accumulate must be above 0, got 0"),
        (
            {"steps": 1, "precision": "half"},
            r"precision must be one of \('float32', 'bfloat16'\), got 'half'",
        ),
        ({"steps": 1, "patience": 2}, "patience=2 counts validations: set validate_every"),
    ],
)
def test_settings_without_sense_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        TrainingConfig(**changes)
