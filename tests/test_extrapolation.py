import pytest
import torch
from torch import nn

from course_lib import extrapolation
from course_lib.extrapolation import IGNORE, LETTERS, TASKS, accuracy, in_letters, train

B, T = 3, 24


class Oracle(nn.Module):
    """Knows the answer, at the first `known` positions."""

    def __init__(self, task, known):
        super().__init__()
        self.task, self.known = task, known

    def forward(self, ids):
        _, targets = self.task(torch.Generator().manual_seed(1_000_000), *ids.shape)
        targets[:, self.known :] = (targets[:, self.known :] + 1) % LETTERS
        return nn.functional.one_hot(targets.clamp(min=0), LETTERS).float()


class Unigrams(nn.Module):
    """Answers by the letter that stands there, and nothing else."""

    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(2 * LETTERS, LETTERS)

    def forward(self, ids):
        return self.table(ids)


def test_three_back_is_three_back():
    ids, targets = TASKS["three back"](torch.Generator().manual_seed(0), B, T)
    assert (targets[:, :3] == IGNORE).all()
    assert torch.equal(targets[:, 3:], ids[:, :-3])
    assert set(ids.unique().tolist()) == set(range(LETTERS))


def test_the_last_capital_may_be_the_letter_itself():
    ids, targets = TASKS["last capital"](torch.Generator().manual_seed(0), B, T)
    for sentence, answers in zip(ids.tolist(), targets.tolist(), strict=True):
        for place, answer in enumerate(answers):
            capitals = [letter for letter in sentence[: place + 1] if letter >= LETTERS]
            assert answer == capitals[-1] - LETTERS


def test_ids_read_as_letters():
    assert in_letters(torch.tensor([IGNORE, 0, 13, 2])) == ".aFc"


@pytest.mark.parametrize("task", TASKS.values())
def test_accuracy_is_told_for_each_block_of_positions(task):
    assert accuracy(Oracle(task, known=64), task, block=32) == [1, 1, 0, 0]


def test_training_learns_what_there_is_to_learn():
    torch.manual_seed(0)
    model = Unigrams()
    losses = train(model, TASKS["last capital"], seed=0, steps=150)
    assert len(losses) == 150
    assert sum(losses[-20:]) < sum(losses[:20]) - 1


def test_runs_that_are_missing_are_asked_for_with_the_command_that_makes_them(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"python benchmarks/extrapolation\.py"):
        list(extrapolation.stored_runs(tmp_path / "no.jsonl"))


def test_the_stored_runs_have_ten_seeds_of_each():
    runs = list(extrapolation.stored_runs())
    kinds = {(run["task"], run["method"]) for run in runs}
    assert len(kinds) == 12
    for kind in kinds:
        seeds = [run["seed"] for run in runs if (run["task"], run["method"]) == kind]
        assert seeds == list(range(10))
    assert {len(run["accuracy"]) for run in runs} == {16}
