import os
from itertools import islice

import pytest
import torch
from torch.testing import assert_close

from course_lib import parallel
from course_lib.batching import make_batch
from course_lib.parallel import backward, halves_apart, num_threads, random_source
from course_lib.training import TrainingConfig, batch_loss

SMOOTHED, PLAIN = TrainingConfig(1), TrainingConfig(1, label_smoothing=0.0)


@pytest.fixture(autouse=True)
def two_cores(monkeypatch):
    monkeypatch.setattr(parallel, "WORTH_IT", 0)
    with num_threads(2):
        yield


def gradients(trainer, batches, loss_of=None):
    """The loss and the gradients of a trainer's model."""
    parameters = list(trainer.model.parameters())
    for parameter in parameters:
        parameter.grad = None

    def share(batch):
        tokens = sum(b.num_target_tokens for b in batches)
        return batch_loss(trainer.model, batch, SMOOTHED) * (batch.num_target_tokens / tokens)

    loss = backward(loss_of or share, batches, parameters)
    return loss, [parameter.grad for parameter in parameters]


def test_halves_give_the_gradient_of_the_whole(new_trainer, pairs):
    trainer = new_trainer()
    trainer.model.double().eval()
    for batches in ([make_batch(pairs)], [make_batch(pairs[:1]), make_batch(pairs[1:])]):
        whole = gradients(trainer, batches)
        with halves_apart(batches, trainer.model):
            assert_close(gradients(trainer, batches), whole, rtol=0, atol=1e-12)


def test_each_row_stands_in_one_half(new_trainer, pairs):
    batch, seen = make_batch(pairs), []
    trainer = new_trainer()

    def loss_of(part):
        seen.append(part)
        return batch_loss(trainer.model, part, PLAIN)

    with halves_apart([batch], trainer.model):
        gradients(trainer, [batch], loss_of)
    assert len(seen) == 2
    rows = sorted(row for part in seen for row in part.target_out.tolist())
    assert rows == sorted(batch.target_out.tolist())


def test_dropout_is_the_same_again_and_different_in_each_half(new_trainer, pairs):
    batch = make_batch(pairs[:1] * 2)  # two equal halves
    trainer = new_trainer()

    def losses():
        told = {}

        def loss_of(part):
            loss = batch_loss(trainer.model, part, PLAIN)
            told[random_source().initial_seed()] = loss.item()
            return loss

        torch.manual_seed(0)
        trainer.model.train()
        with halves_apart([batch], trainer.model):
            gradients(trainer, [batch], loss_of)
        return told

    told = losses()
    assert len(set(told.values())) == 2
    assert losses() == told


def test_a_run_is_the_same_again(new_trainer):
    weights = []
    for _ in range(2):
        trainer = new_trainer()
        list(trainer.steps())
        weights.append(torch.cat([p.flatten() for p in trainer.model.parameters()]))
    assert torch.equal(*weights)


def test_a_run_goes_on_from_its_state_as_if_nothing_had_happened(new_trainer):
    whole = new_trainer()
    list(whole.steps())
    begun = new_trainer()
    list(islice(begun.steps(), 5))
    state = {name: tensor.clone() for name, tensor in begun.state().items()}
    resumed = new_trainer()
    resumed.load_state(state)
    list(resumed.steps())
    for name, tensor in whole.state().items():
        assert torch.equal(tensor, resumed.state()[name]), name


def test_an_error_in_a_half_is_raised_and_all_is_as_before(new_trainer, pairs):
    batch = make_batch(pairs)
    trainer = new_trainer()

    def fails(part):
        assert torch.get_num_threads() == 1
        raise ArithmeticError("in a half")

    with pytest.raises(ArithmeticError, match="in a half"), halves_apart([batch], trainer.model):
        gradients(trainer, [batch], fails)
    assert torch.get_num_threads() == 2
    assert random_source() is None


@pytest.mark.parametrize("case", ["one thread", "too small", "outside the block"])
def test_a_batch_stays_whole(new_trainer, pairs, monkeypatch, case):
    trainer, batch, seen = new_trainer(), make_batch(pairs), []
    if case == "too small":
        monkeypatch.setattr(parallel, "WORTH_IT", 1e12)

    def loss_of(part):
        seen.append(part)
        return batch_loss(trainer.model, part, PLAIN)

    with num_threads(1 if case == "one thread" else 2), halves_apart([batch], trainer.model):
        if case != "outside the block":
            gradients(trainer, [batch], loss_of)
    if case == "outside the block":
        gradients(trainer, [batch], loss_of)
    assert seen == [batch]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_a_forked_process_has_threads_of_its_own(new_trainer, pairs):
    trainer, batch = new_trainer(), make_batch(pairs)
    with halves_apart([batch], trainer.model):
        gradients(trainer, [batch])
        pool = parallel._pool()
        child = os.fork()
        if child == 0:
            os._exit(0 if parallel._pool() is not pool else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
