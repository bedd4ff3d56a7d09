"""What a check says when no known mistake fits: it must be fair, and must not point elsewhere."""

import torch
import torch.nn.functional as F
from torch import nn

from course_lib.exercises import engine
from course_lib.layers import Dropout, FeedForward, MultiHeadAttention, PreNormResidual
from course_lib.positions import inverse_frequencies


def said_of(exercise_id, answer):
    result = engine.examine(exercise_id, answer)
    assert not result.passed
    return str(result)


def test_made_of_plain_numbers_the_precision_is_not_that_of_the_inputs():
    def table(num_positions, d_model):
        angles = 3 * torch.arange(num_positions)[:, None] * inverse_frequencies(d_model)
        return torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(-2)

    text = said_of("4.1", table)
    assert "Nothing that goes in has a precision" in text
    assert "precision of the inputs" not in text


def test_what_is_not_to_be_learned_must_not_want_a_gradient():
    def learned(num_heads, num_queries):
        slopes = nn.Parameter(2.0 ** (-8.0 * torch.arange(1, num_heads + 1) / num_heads))
        place = torch.arange(num_queries)
        return -slopes[:, None, None] * (place[:, None] - place).abs()

    assert "they want to be trained" in said_of("4.5", learned)


class Layer(nn.Module):
    """An encoder layer with a part under another name."""

    def __init__(self, d_model, num_heads, d_ff, dropout):
        super().__init__()
        self.look = MultiHeadAttention(d_model, num_heads)
        self.feed_forward = FeedForward(d_model, d_ff, dropout)
        self.self_attention_residual = PreNormResidual(d_model, dropout)
        self.feed_forward_residual = PreNormResidual(d_model, dropout)

    def forward(self, x, mask=None):
        x = self.self_attention_residual(x, lambda y: self.look(y, y, mask))
        return self.feed_forward_residual(x, self.feed_forward)


def test_of_many_parameters_only_those_are_named_that_differ():
    text = said_of("5.4", Layer)
    assert "you have `look.k_proj.bias (4,)`" in text
    assert "you lack `self_attention.k_proj.bias (4,)`" in text
    assert "feed_forward.up" not in text
    assert "The others are as expected." in text


def test_dropout_that_nobody_asked_for_is_spoken_of_as_dropout():
    class Dropping(Layer):
        def __init__(self, d_model, num_heads, d_ff, dropout):
            super().__init__(d_model, num_heads, d_ff, dropout)
            self.self_attention = self.look
            del self.look
            self.dropout = Dropout(0.3)

        def forward(self, x, mask=None):
            attend = self.self_attention
            x = self.self_attention_residual(x, lambda y: attend(y, y, mask))
            return self.dropout(self.feed_forward_residual(x, self.feed_forward))

    assert "Here nothing is to be dropped" in said_of("5.4", Dropping)


def test_a_module_that_writes_into_its_input_does_not_hear_of_dropout():
    class Post(nn.Module):
        def __init__(self, d_model, dropout=0.0):
            super().__init__()
            self.norm, self.dropout = nn.LayerNorm(d_model), Dropout(dropout)

        def forward(self, x, sublayer):
            x += self.dropout(sublayer(x))
            return self.norm(x)

    text = said_of("5.5", Post)
    assert "is changed" in text
    assert "train()" not in text


def test_a_module_in_place_of_a_tensor_is_told_so():
    class Uncalled(FeedForward):
        def forward(self, x):
            return self.down(F.dropout(nn.ReLU(self.up(x)), 0.0))

    assert "built and not called" in said_of("5.2", Uncalled)


def test_many_yes_and_no_are_told_that_one_is_asked():
    def probe(f, x):
        leaf = x.clone().requires_grad_()
        f(leaf).sum().backward()
        return leaf.grad.isfinite()

    assert "one single yes or no is asked" in said_of("5.9", probe)


def test_dropout_may_stand_before_or_behind_the_bend_and_be_made_by_hand():
    class ByHand(nn.Module):
        def __init__(self, d_model, d_ff, dropout=0.0):
            super().__init__()
            self.up, self.down, self.p = nn.Linear(d_model, d_ff), nn.Linear(d_ff, d_model), dropout

        def forward(self, x):
            hidden = self.up(x)
            if self.training and self.p:
                hidden = hidden * (torch.rand_like(hidden) > self.p) / (1 - self.p)
            return self.down(hidden.relu())

    class Unseen(ByHand):
        def forward(self, x):
            hidden = F.dropout(self.up(x).relu(), self.p, self.training)
            return F.linear(hidden, self.down.weight, self.down.bias)

    assert engine.examine("5.2", ByHand).passed
    assert engine.examine("5.2", Unseen).passed
