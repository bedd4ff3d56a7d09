# %% [markdown]
# # 8 · Training: from random to useful
#
# A new model is random, and so is what it says. Nobody tells it the rules of German, or of anything
# else. It is shown what would have been right, again and again, and after some thousand small
# corrections it is useful. How does that go, step by step, and what goes wrong on the way?

# %% [markdown]
# You will write every piece: the loss, its labels, the rate, the step, the sum of small batches,
# the way back after a stop. The library's `Trainer`, which `course train` runs, is made of the
# same. At the end there is a clinic: loops that run without an error, and are ill.
#
# You need: chapters 5 and 6, and for the last sections a little of 7. Take two sittings: 8.1 to
# 8.4, and 8.5 to 8.8.

# %%
import copy
import inspect
import json
import math
import statistics
import tempfile
from itertools import islice
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

# %%
import course_lib
from course_lib import clinic, training
from course_lib.batching import make_batch
from course_lib.checkpoints import Run, RunConfig
from course_lib.clinic import WARMUP, curve, healthy, set_rate
from course_lib.corpora import load_corpus
from course_lib.curves import running_mean, watch
from course_lib.exercises import carry_on, check, hint, progress, solution
from course_lib.models import Transformer, TransformerConfig
from course_lib.plots import compare_lines, show
from course_lib.reversal import Reverser, backwards
from course_lib.tokenization import PAD_ID, Tokenizer
from course_lib.training import Trainer, TrainingConfig

# %% [markdown]
# ## 8.1 How wrong is a model?
#
# At each place a model gives every token a probability. One of them is right. The higher its
# probability, the better; so the loss of a place is minus the logarithm of it, the
# **cross-entropy**: 0 for a sure right answer, and without limit for a sure wrong one. Its unit is
# the *nat*, the logarithm being the natural one.
#
# By hand: three places, at which the right token was given the probabilities 1, 1/2 and 1/4. What
# are the three losses, and their mean? (ln 2 is 0.69.)

# %%
given = torch.tensor([1.0, 1 / 2, 1 / 4])
print("losses:", [round(loss, 2) for loss in (0 - given.log()).tolist()])
print(f"mean:   {-given.log().mean():.2f} nats a token")

# %% [markdown]
# A loss says little to the eye. Its **perplexity**, e to the power of the loss, says more: among
# how many equally likely tokens the model seems to choose.
#
# ### Exercise 8.9: predict, then run
#
# A model gives the right token a quarter of the probability, at every place. What is its loss, and
# what its perplexity? Write two numbers, in this order.

# %% tags=["exercise-8.9"]
### BEGIN SOLUTION
prediction = (1.39, 4)
### END SOLUTION

# %%
check("8.9", prediction)

# %%
print(f"loss {-math.log(1 / 4):.2f} nats, perplexity {math.exp(-math.log(1 / 4)):.0f}")

# %% [markdown]
# Sentences have different lengths, so a batch has padding. Nobody should be asked to predict it.
#
# ### Exercise 8.1: `sequence_loss`


# %% tags=["exercise-8.1"]
def sequence_loss(logits: Tensor, targets: Tensor, pad_id: int) -> Tensor:
    """Mean cross-entropy in nats over all targets that are not padding; no `F.cross_entropy` yet.

    Shapes: logits (B, T, V), targets (B, T). Returns a scalar.

    >>> sequence_loss(torch.zeros(1, 2, 4), torch.tensor([[3, 0]]), pad_id=0)
    tensor(1.3863)
    """
    ### BEGIN SOLUTION
    log_probs = logits.log_softmax(dim=-1).gather(-1, targets[..., None])[..., 0]
    return -log_probs[targets != pad_id].mean()
    ### END SOLUTION


# %%
check("8.1", sequence_loss)

# %%
sequence_loss = carry_on("8.1", sequence_loss)

# %% [markdown]
# PyTorch has it as `F.cross_entropy`, where what is to be ignored is called `ignore_index`. Is it
# the same? And what is the loss of a model that knows nothing, with a vocabulary of 1,000?

# %%
torch.manual_seed(0)
logits, targets = torch.randn(3, 5, 1000, dtype=torch.float64), torch.randint(1000, (3, 5))
targets[1, 3:] = PAD_ID
theirs = F.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=PAD_ID)
assert torch.allclose(sequence_loss(logits, targets, PAD_ID), theirs, rtol=0, atol=1e-12)
print(f"no idea at all: {sequence_loss(torch.zeros(3, 5, 1000), targets, PAD_ID):.2f} nats")
print(f"ln 1000:        {math.log(1000):.2f}")

# %% [markdown]
# That is the first thing to look at in any training: does the loss begin near ln V? A random model
# is somewhat worse than one that knows nothing, since it prefers some tokens, mostly wrong ones.
# If it begins far above, the weights start too large; if far below, the answer leaks. (Not every
# leak shows so early: in section 8.8 one begins like the others.)

# %% [markdown]
# ## 8.2 Not too sure: smooth labels
#
# The loss of a place is smallest if the right token has *all* the probability. That can't be
# reached, since a softmax never gives 0; the model makes its logits larger and larger, for ever.
# **Label smoothing** (Szegedy et al. 2016, section 7) asks for a little less: a share of the
# probability, often a tenth, is for all tokens alike.
#
# By hand: four tokens, the third is right, and a fifth is to be shared. Which four numbers?
#
# ### Exercise 8.2: `smooth_labels`


# %% tags=["exercise-8.2"]
def smooth_labels(targets: Tensor, vocab_size: int, smoothing: float) -> Tensor:
    """What to aim at: a share of `smoothing` for all tokens alike, the rest for the right one.

    Shapes: targets (..., T). Returns (..., T, V); each row sums to 1.

    >>> smooth_labels(torch.tensor([1]), 2, 0.5)
    tensor([[0.2500, 0.7500]])
    """
    ### BEGIN SOLUTION
    return F.one_hot(targets, vocab_size) * (1 - smoothing) + smoothing / vocab_size
    ### END SOLUTION


# %%
check("8.2", smooth_labels)

# %%
smooth_labels = carry_on("8.2", smooth_labels)

# %%
print(smooth_labels(torch.tensor([2]), 4, 0.2))
wanted = smooth_labels(targets, 1000, 0.1)
mine = -(wanted * logits.log_softmax(dim=-1)).sum(dim=-1)[targets != PAD_ID].mean()
options = {"ignore_index": PAD_ID, "label_smoothing": 0.1}
assert torch.allclose(mine, F.cross_entropy(logits.flatten(0, 1), targets.flatten(), **options))

# %% [markdown]
# What does it do to a model? Here, and in most of this chapter, a small one: an encoder that says
# ten digits backwards (`course_lib/reversal.py`). **Predict**: with smoothed labels, will its
# perplexity on new rows be better or worse? And the share of digits that are right? Three seeds
# each.

# %% tags=["nbval-ignore-output"]
results = {s: [clinic.with_smoothing(s, seed) for seed in range(3)] for s in (0.0, 0.1)}
for smoothing, runs in results.items():
    print(f"smoothing {smoothing}:", end="  ")
    print("  ".join(f"perplexity {p:.3f}, {a:.2%} right" for p, a in runs))
assert max(p for p, _ in results[0.0]) < min(p for p, _ in results[0.1])

# %% [markdown]
# The perplexity is worse with smoothing, in each of the seeds. Where all can be learned it has to
# be: the model aims at 0.91 for the right digit (0.9, and a tenth of 0.1), and 1 / 0.91 is 1.10.
# The digits are all right with both; the task is too easy to tell them apart. Of translation,
# Vaswani et al. (2017, section 5.4) report a worse perplexity, and better accuracy and BLEU. So
# compare perplexities only between models with the same labels.

# %% [markdown]
# ## 8.3 Down the gradient
#
# The gradient says for each weight in which direction the loss rises, and how steeply. The plainest
# step goes a little way in the other direction. But weights differ: for some the gradient is a
# thousand times as large as for others, and one rate can't suit all.

# %% [markdown]
# **Adam** (Kingma and Ba 2015, algorithm 1) keeps two running means for each weight: of its
# gradient, and of the gradient's square. The step is the first over the root of the second: about 1
# if the gradient always has the same sign, near 0 if it wavers. So the *rate* is about how far a
# weight moves, whatever the size of its gradient. (At first the means are too small, being averages
# that began at 0; a division makes up for it.)


# %%
def adam_step(weight, grad, means, step, rate, betas=(0.9, 0.98), eps=1e-9):
    """Move a weight, and its two running means, in place. `step` counts from 1."""
    for mean, value, beta in zip(means, (grad, grad**2), betas, strict=True):
        mean.mul_(beta).add_(value, alpha=1 - beta)
    first, second = (m / (1 - b**step) for m, b in zip(means, betas, strict=True))
    weight.sub_(rate * first / (second.sqrt() + eps))


# %%
torch.manual_seed(0)
mine = torch.randn(5, dtype=torch.float64)
theirs = nn.Parameter(mine.clone())
means, torchs = torch.zeros(2, 5).double(), torch.optim.Adam([theirs], 0.01, (0.9, 0.98), 1e-9)
for step in range(1, 21):
    grad = torch.randn(5, dtype=torch.float64) * torch.tensor([1e-3, 1, 1, 1e3, 1e3])
    theirs.grad = grad.clone()
    adam_step(mine, grad, means, step, rate=0.01)
    torchs.step()
assert torch.allclose(mine, theirs.detach(), rtol=0, atol=1e-12)
print("twenty steps, the same weights as torch's own to twelve digits")

# %% [markdown]
# ## 8.4 How far? The learning rate
#
# The first steps are the most dangerous ones. All weights are random, so the gradients point all
# over the place, and Adam's means have seen next to nothing. Therefore the rate begins small and
# rises in a line: **warm-up**. Towards the end large steps would jump over the goal, so it falls;
# here along half a cosine (Loshchilov and Hutter 2017).
#
# ### Exercise 8.3: `learning_rate`


# %% tags=["exercise-8.3"]
def learning_rate(step: int, peak: float, warmup: int, steps: int) -> float:
    """Rate of step 1, 2, … `steps`.

    Up in a line: a share step / warmup of the peak, so that step `warmup` has all of it. Then down
    along half a cosine: step `warmup + 1` still has the peak, and the step after the last one, if
    there were one, would have 0. There may be no warm-up.
    """
    ### BEGIN SOLUTION
    if step <= warmup:
        return peak * step / warmup
    done = (step - warmup - 1) / (steps - warmup)
    return peak * (1 + math.cos(math.pi * done)) / 2
    ### END SOLUTION


# %%
check("8.3", learning_rate)

# %%
learning_rate = carry_on("8.3", learning_rate)

# %%
steps = list(range(1, 301))
rates = {f"warm-up {w}": [learning_rate(s, 0.003, w, 300) for s in steps] for w in (0, 50)}
show(
    compare_lines(
        steps, rates, title="Up in a line, down along a cosine", xlabel="step", ylabel="rate"
    )
)
library = [
    training.learning_rate(s, TrainingConfig(500, peak_rate=0.003, warmup=50)) for s in steps
]
assert library == [learning_rate(s, 0.003, 50, 500) for s in steps]

# %% [markdown]
# Does warm-up matter? That depends. The race of chapter 5 was run by `benchmarks/norms.py`, and its
# records are kept: three seeds learn to say ten digits backwards, within 1,000 steps, at a rate of
# 0.01. How many learn it (a loss below 0.1), and at which step, in the median?

# %%
file = Path(course_lib.__file__).parents[1] / "benchmarks" / "records" / "norms.jsonl"
runs: dict[tuple, list] = {}
for record in map(json.loads, file.read_text(encoding="utf-8").splitlines()):
    if record["rate"] == 0.01:
        key = record["layers"], record["norm"], record["warmup"]
        runs.setdefault(key, []).append(record["solved_at"])

for (layers, norm, warmup), found in runs.items():
    solved = [step for step in found if step is not None]
    told = f"at step {statistics.median(solved):.0f}" if solved else ""
    print(f"{layers:2} layers, {norm:4} norm, warm-up {warmup:3}: {len(solved)} of 3", told)

# %%
assert {len(found) for found in runs.values()} == {3}
for layers in (2, 6, 12):
    without, with_it = runs[layers, "pre", 0], runs[layers, "pre", 400]
    assert statistics.median(without) < statistics.median(with_it)
assert not any(runs[6, "post", 0] + runs[12, "post", 0] + runs[12, "post", 400])
assert all(runs[6, "post", 400])

# %% [markdown]
# With the norm before each sublayer it only delays, here to twice the steps. With the norm after
# it, as in 2017, two layers learn it either way, six with warm-up only, and twelve not within 1,000
# steps; but warm-up gets those away from a guess (chapter 5: a loss of 1.7 in place of 2.3). So it
# is an insurance, neither free nor a cure for everything. Here it took up to 400 of 1,000 steps.
# The library never spends more than a tenth of its steps on it.

# %% [markdown]
# ## 8.5 One step
#
# Now the heart of it. Five things happen: forget the old gradients, compute the loss, send it back
# through the model, **clip** the gradient, move the weights. Clipping (Pascanu et al. 2013) looks
# at the gradient of all weights as one long arrow: if it is longer than a limit, it is shortened to
# it and keeps its direction. Then one strange batch can't throw plain descent far. Adam's step
# hardly depends on the gradient's size, but its two means do: such a batch would rule them for
# long.
#
# ### Exercise 8.4: `train_step`


# %% tags=["exercise-8.4"]
def train_step(model: nn.Module, loss_of, batch, optimizer, clip_norm: float) -> float:
    """Train on one batch. Returns its loss, before the step, as a plain number.

    `loss_of(model, batch)` gives the loss. Whoever came before may have left gradients behind.
    `nn.utils.clip_grad_norm_(parameters, limit)` clips.
    """
    ### BEGIN SOLUTION
    optimizer.zero_grad()
    loss = loss_of(model, batch)
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), clip_norm)
    optimizer.step()
    return loss.item()
    ### END SOLUTION


# %%
check("8.4", train_step)

# %%
train_step = carry_on("8.4", train_step)

# %% [markdown]
# Before you train on much, train on little: **one batch**, again and again. A sound model and a
# sound loop learn it by heart, within seconds. If they can't, no amount of data will help, and you
# have found out before the night was over.


# %%
def reversal_loss(model, batch):
    digits, target = batch
    return clinic.loss_of(model(digits), target)


torch.manual_seed(0)
model, one_batch = Reverser(2, norm_first=True), backwards(16, torch.Generator().manual_seed(0))
optimizer = torch.optim.Adam(model.parameters(), lr=0.003)
losses = [train_step(model, reversal_loss, one_batch, optimizer, 1.0) for _ in range(200)]

# %% tags=["nbval-ignore-output"]
print(f"one batch of 16 rows: from {losses[0]:.2f} to {losses[-1]:.4f} nats in 200 steps")
print(f"ln 10, of a model that knows nothing: {math.log(10):.2f}")
assert losses[-1] < 0.05

# %% [markdown]
# ### Small batches, one large step
#
# A large batch gives a steadier gradient, and needs more memory. You can have the one without the
# other: send several small batches through, one after the other, and let their gradients add up
# before the weights move. `backward` *adds* to the gradients that are there, which is why a step
# begins with forgetting them.
#
# **Predict**: one batch has 5 tokens, another 1. Their losses are means. How much should each
# count, if the sum is to be the gradient of the mean over all six?
#
# ### Exercise 8.5: `accumulate`


# %% tags=["exercise-8.5"]
def accumulate(model: nn.Module, loss_of, batches: list, sizes: list[int]) -> float:
    """Leave in the weights' `.grad` what one batch of all would leave, and nothing older.

    `loss_of(model, batch)` is a mean over the tokens of a batch; `sizes` says how many each has.
    Returns the mean loss over all tokens, as a plain number.
    """
    ### BEGIN SOLUTION
    model.zero_grad()
    total = 0.0
    for batch, size in zip(batches, sizes, strict=True):
        loss = loss_of(model, batch) * (size / sum(sizes))
        loss.backward()
        total += loss.item()
    return total
    ### END SOLUTION


# %%
check("8.5", accumulate)

# %%
accumulate = carry_on("8.5", accumulate)

# %% [markdown]
# And this is the library's step, which does both; the models of chapters 9 and 10 are trained with
# it. (Of the 5 tokens and the 1, the first batch counts 5/6, the second 1/6.) Its `backward` is the
# loop of your `accumulate`; where there are two cores and a batch is large enough, each core takes
# half of it. The step also stops if the loss is no number any more, before the weights are spoiled.

# %%
print(inspect.getsource(training.train_step))

# %% [markdown]
# Is it yours? And is a step of three small batches really the same as one of a large batch? On
# sentence pairs (the generated captions of `scenes`), of different lengths, with padding, in double
# precision:

# %%
corpus = load_corpus("scenes")
texts = {side: corpus["train"][side][:600] for side in ("source", "target")}
tokenizer = Tokenizer.train(texts["source"] + texts["target"], vocab_size=600)
pairs = list(zip(*map(tokenizer.encode_batch, texts.values()), strict=True))
sizes = {"num_encoder_layers": 1, "num_decoder_layers": 1, "d_model": 32, "d_ff": 64}
plain = TrainingConfig(steps=1, label_smoothing=0.0, clip_norm=0.5)


def translation_loss(model, batch):
    return sequence_loss(model(batch.source, batch.target_in), batch.target_out, PAD_ID)


def weights_after(step):
    """All weights after one step of plain descent, in double precision."""
    torch.manual_seed(0)
    model = Transformer(TransformerConfig(tokenizer.vocab_size, dropout=0.0, **sizes)).double()
    step(model, torch.optim.SGD(model.parameters(), lr=0.1))
    return torch.cat([p.detach().flatten() for p in model.parameters()])


# %%
large = make_batch(pairs[:24])
small = [make_batch(pairs[:4]), make_batch(pairs[4:12]), make_batch(pairs[12:24])]
tokens = [batch.num_target_tokens for batch in small]


def in_parts(model, descent):
    """Your `accumulate`, then clip and step."""
    accumulate(model, translation_loss, small, tokens)
    nn.utils.clip_grad_norm_(model.parameters(), plain.clip_norm)
    descent.step()


steps_made = {
    "the library's, large": lambda m, o: training.train_step(m, [large], o, plain),
    "the library's, small": lambda m, o: training.train_step(m, small, o, plain),
    "yours, large": lambda m, o: train_step(m, translation_loss, large, o, plain.clip_norm),
    "yours, small": in_parts,
}

# %%
after = {name: weights_after(step) for name, step in steps_made.items()}
before = weights_after(lambda model, optimizer: None)
for name, weights in after.items():
    same = torch.allclose(weights, after["the library's, large"], rtol=0, atol=1e-6)
    print(f"{name:20}  moved: {not torch.equal(weights, before)}   same to 1e-6: {same}")
    assert same
    assert not torch.equal(weights, before)

# %% [markdown]
# ## 8.6 The loop, on one page
#
# Here it all is: batches, rate, step; a second look with data that the model has *not* been trained
# on, for that is what it will be used for; and an average of the weights over about the last tenth
# of the steps (`10 / (9 + step)`), at most the last 50 (`decay`).


# %%
def train(model, batches, held_out, rates, decay=0.98):
    """Yields step, loss, and every 25 steps two losses on held-out rows: model's and average's."""
    optimizer = torch.optim.Adam(model.parameters(), betas=(0.9, 0.98), eps=1e-9)
    averaged = copy.deepcopy(model)
    for step, (rate, batch) in enumerate(zip(rates, batches, strict=False), start=1):
        optimizer.param_groups[0]["lr"] = rate
        model.train()
        loss = train_step(model, reversal_loss, batch, optimizer, clip_norm=1.0)
        with torch.no_grad():
            for mean, weight in zip(averaged.parameters(), model.parameters(), strict=True):
                mean.lerp_(weight, max(1 - decay, 10 / (9 + step)))
        looks = None
        if step % 25 == 0:
            looks = [validate(m, reversal_loss, [held_out], [1]) for m in (model, averaged)]
        yield step, loss, looks


# %% [markdown]
# The second look is `validate`. Somebody has written it, and it runs:
#
# ### Exercise 8.8: `validate`, find the bug


# %% tags=["exercise-8.8"]
def validate(model: nn.Module, loss_of, batches: list, sizes: list[int]) -> float:
    """The mean loss over all rows, of a model as it is when it is used.

    `loss_of(model, batch)` is a mean over the rows of a batch; `sizes` says how many each has.
    """
    total = 0.0
    ### BEGIN SOLUTION
    was_training = model.training
    model.eval()
    ### END SOLUTION
    ### BEGIN GIVEN
    # was_training = model.training
    ### END GIVEN
    with torch.no_grad():
        for batch, num_rows in zip(batches, sizes, strict=True):
            total += loss_of(model, batch).item() * num_rows
    model.train(was_training)
    return total / sum(sizes)


# %% [markdown]
# As given, it returns a number that falls while a model learns: it *seems* to work. The cell below
# is a probe: what should be the same, if the same model is measured twice? Then mend it.

# %% tags=["nbval-ignore-output"]
noisy = nn.Sequential(nn.Dropout(0.5), nn.Linear(4, 1, bias=False)).train()
rows = torch.ones(8, 4)
twice = [validate(noisy.train(), lambda m, x: m(x).square().mean(), [rows], [8]) for _ in range(2)]
print(f"the same model, measured twice: {twice[0]:.4f} and {twice[1]:.4f}")

# %%
check("8.8", validate)

# %%
validate = carry_on("8.8", validate)


# %%
def run(rates, seed):
    """What `train` yields for a new model with new rows."""
    torch.manual_seed(seed)
    dice = torch.Generator().manual_seed(seed)
    held_out = backwards(200, dice)
    endless = iter(lambda: backwards(32, dice), None)
    return list(train(Reverser(2, norm_first=True), endless, held_out, rates))


# %% tags=["nbval-ignore-output"]
records = run([learning_rate(step, 0.003, 50, 300) for step in range(1, 301)], seed=0)
for step, loss, (held_out, averaged) in records[49::50]:
    print(f"step {step:3}  loss {loss:.3f}  held out {held_out:.3f}, of the average {averaged:.3f}")
assert records[-1][2][1] < 0.1 < 2 < records[0][1]

# %% [markdown]
# ### What is the average good for?
#
# Here it only lags: while the loss falls, it is made of older weights, which were worse. And at the
# end the rate is near 0, so that there is nothing left to smooth out.
#
# **Predict**: what if the rate stays high to the end? Three seeds, 400 steps at 0.01, and the mean
# of the last eight looks.

# %% tags=["nbval-ignore-output"]
rates = [0.01 * min(1, step / 50) for step in range(1, 401)]
ends = torch.zeros(2)
for seed in range(3):
    looks = torch.tensor([look for _, _, look in run(rates, seed) if look])
    (weights, average), early = looks[-8:].mean(dim=0).tolist(), looks[2].tolist()
    print(f"seed {seed}: at the end {weights:.4f}, of the average {average:.4f}", end="   ")
    print(f"(at step 75: {early[0]:.2f} and {early[1]:.2f})")
    assert early[0] < early[1]
    ends += torch.tensor([weights, average]) / 3
assert ends[1] < ends[0]

# %% [markdown]
# At a high rate the weights never come to rest, and jump around a good place; their average lies
# in it. On the way there it is the worse of the two, in each of the seeds. An average and a falling
# rate are two ways to the same end (Polyak and Juditsky 1992 for the first), and the library
# takes both.

# %% [markdown]
# While the loss on held-out rows falls, training pays. When it rises again, the model has begun to
# learn its examples by heart: that is the time to stop (*early stopping*), and to keep the weights
# of the best moment. The library's `Trainer` is this loop, with buckets (chapter 7), early stopping
# and records. Six hundred sentence pairs, far too few, and far too many steps: watch the dots. They
# are the held-out loss, of the averaged weights and without smoothing. The line is the training's,
# with smoothing, which makes it higher than it would be without.

# %% tags=["nbval-ignore-output"]
held_texts = {side: corpus["validation"][side][:200] for side in ("source", "target")}
held_pairs = list(zip(*map(tokenizer.encode_batch, held_texts.values()), strict=True))
config = TrainingConfig(
    600, peak_rate=0.01, warmup=30, validate_every=30, patience=4, average_decay=0.9
)
torch.manual_seed(0)
model = Transformer(TransformerConfig(tokenizer.vocab_size, dropout=0.0, **sizes))
trainer = Trainer(model, pairs, config, held_pairs)
records = list(watch(trainer.steps(), "600 pairs: the held-out loss stops falling"))
print(
    f"stopped at step {trainer.step}; held-out loss {trainer.best_loss:.2f} at {trainer.best_step}"
)
assert trainer.step < 600
assert records[-1].loss < trainer.best_loss

# %% [markdown]
# ## 8.7 Stopped, and on again
#
# Training takes long, and machines are switched off. What must be kept, so that a run can go on as
# if nothing had happened? **Predict**: the weights. What else?
#
# The check trains with momentum, dropout and a falling rate, stops, and lets your function bring a
# new model to where the old one was. If any of the three begins anew, the weights end up elsewhere.
#
# ### Exercise 8.6: `resume`


# %% tags=["exercise-8.6"]
def resume(saved: dict, model: nn.Module, optimizer) -> int:
    """Bring a new model and its optimizer to where they were; returns how many steps are done.

    `saved` has "model" and "optimizer" (what their `state_dict()` gave), "random" (what
    `torch.get_rng_state()` gave) and "step", the number of steps that were done.
    """
    ### BEGIN SOLUTION
    model.load_state_dict(saved["model"])
    optimizer.load_state_dict(saved["optimizer"])
    torch.set_rng_state(saved["random"])
    return saved["step"]
    ### END SOLUTION


# %%
check("8.6", resume)

# %%
resume = carry_on("8.6", resume)

# %% [markdown]
# The library keeps a run in a folder, and writes it so that it may be cut short at any moment
# (`course_lib/checkpoints.py`). Train for 12 steps; train again, stop after 5, save, throw
# everything away, open the folder and go on. Are the weights the same?


# %%
def new_trainer():
    """At its very start, with dropout, so that chance has a part in it."""
    torch.manual_seed(0)
    model = Transformer(TransformerConfig(tokenizer.vocab_size, dropout=0.2, **sizes))
    return Trainer(model, pairs, TrainingConfig(steps=12, batch_tokens=400))


whole = new_trainer()
list(whole.steps())
with tempfile.TemporaryDirectory() as folder:
    stopped = new_trainer()
    settings = RunConfig("translation", {"name": "scenes"}, stopped.model.config, stopped.config)
    kept = Run.create(Path(folder) / "run", settings, tokenizer)
    kept.save(stopped, list(islice(stopped.steps(), 5)))
    resumed = new_trainer()
    Run.open(kept.folder).restore(resumed)
print(f"goes on after step {resumed.step}")
list(resumed.steps())
there, here = whole.state(), resumed.state()
same = [torch.equal(there[name], here[name]) for name in there]
print(f"{sum(same)} of {len(same)} tensors are the same, to the last bit")
assert all(same)

# %% [markdown]
# ## 8.8 The clinic
#
# Here is a healthy loop. It teaches the small model of section 8.2.

# %%
print(inspect.getsource(healthy))

# %% [markdown]
# And here are five patients. Each does one thing otherwise than the healthy one, runs without any
# error, and is ill. Only the lines that differ are shown; that of patient 4 stands right below the
# optimizer's. `WARMUP` is 50 steps, for the healthy one, too, and an `EPOCH` has 100.

# %%
sound = inspect.getsource(healthy).splitlines()[1:]
for number, patient in enumerate(clinic.PATIENTS, start=1):
    lines = inspect.getsource(patient).splitlines()[1:]
    print(f"patient {number}")
    for line in [line for line in sound if line not in lines]:
        print("  without:", line.strip())
    for line in [line for line in lines if line not in sound]:
        print("  with:   ", line.strip())

# %% [markdown]
# Their temperature charts, each beside the healthy one. Nobody has put names on the beds.

# %% tags=["nbval-ignore-output"]
steps = list(range(1, 301))
charts = {"healthy": curve(healthy)}
charts |= {f"curve {bed}": curve(clinic.PATIENTS[n - 1]) for bed, n in clinic.BEDS.items()}
smooth = {name: running_mean(losses) for name, losses in charts.items()}
show(
    compare_lines(
        steps,
        smooth,
        title="Five loops that run without an error, and one that is sound",
        xlabel="step",
        ylabel="loss, mean of 20 steps (nats)",
    )
)

# %% [markdown]
# ### Exercise 8.7: the clinic
#
# Which patient has curve A, which B, C, D and E? Write five numbers. Look for what a fault *must*
# do: is the loss too good to be true? Does it not move at all? Is there a floor that it can't get
# below? Is it only slow? Does it get worse?

# %% tags=["exercise-8.7"]
### BEGIN SOLUTION
prediction = (3, 5, 2, 1, 4)
### END SOLUTION

# %%
check("8.7", prediction)

# %% [markdown]
# <details><summary>What they have, and how they are cured</summary>
#
# - Patient 1 counts epochs where steps are meant: after 300 steps its warm-up has hardly begun.
#   Slow.
# - Patient 2 reads the answer. Its loss falls too soon: it only learns to copy.
# - Patient 3 takes a softmax of its own before the loss, which takes another: even a perfect answer
#   costs ln(e + 9) - 1 = 1.46 nats. A floor.
# - Patient 4 made its model anew after the optimizer was made: the weights that move are those of a
#   model that nobody asks. Nothing happens.
# - Patient 5 never forgets its gradients: each step goes where their sum points, also when it is
#   time to turn. Restless, then worse.
# </details>

# %% [markdown]
# How much is the floor of the third, and does its curve stay above?

# %%
floor = math.log(math.e + 9) - 1
print(f"the least that patient 3 can reach: {floor:.4f} nats")

# %% tags=["nbval-ignore-output"]
ends = {name: c[-1] for name, c in smooth.items()}
print({name: round(end, 4) for name, end in ends.items()})
assert ends["curve A"] > floor
assert ends["curve C"] < 0.1
assert smooth["curve C"][99] < smooth["healthy"][99]
assert min(ends["curve B"], ends["curve D"], ends["curve E"]) > 1.5

# %% [markdown]
# ### Exercise 8.10: mend
#
# One patient more. This loop goes through whole epochs of sentence pairs, and it has caught all
# five, in other clothes. It runs without an error. Mend one thing at a time, and check after each:
# the check names what is left. The optimizer `adam` is handed in with the model's weights, and
# `set_rate(adam, rate)` sets its rate.


# %% tags=["exercise-8.10"]
def train_epochs(model, adam, epochs: list, peak: float, warmup: int) -> list[float]:
    """Train on batches (source, target_in, target_out); returns the loss of each step.

    `epochs` is a list of lists of batches. `model(source, target_in)` gives logits. The rate rises
    in a line over the first `warmup` steps of the whole run, so that step `warmup` has the peak,
    and stays there.
    """
    losses = []
    ### BEGIN SOLUTION
    for batches in epochs:
        for source, target_in, target_out in batches:
            set_rate(adam, peak * min(1, (len(losses) + 1) / warmup))
            adam.zero_grad()
            loss = sequence_loss(model(source, target_in), target_out, PAD_ID)
            loss.backward()
            adam.step()
            losses.append(loss.item())
    ### END SOLUTION
    ### BEGIN GIVEN
    # model = copy.deepcopy(model)  # leave the caller's as it is
    # for number, batches in enumerate(epochs, start=1):
    #     set_rate(adam, peak * min(1, number / warmup))
    #     for source, _, target_out in batches:
    #         probabilities = model(source, target_out).softmax(dim=-1)
    #         loss = sequence_loss(probabilities, target_out, PAD_ID)
    #         loss.backward()
    #         adam.step()
    #         losses.append(loss.item())
    ### END GIVEN
    return losses


# %%
check("8.10", train_epochs)

# %%
train_epochs = carry_on("8.10", train_epochs)

# %% [markdown]
# Does it recover? Five epochs of sentence pairs from `scenes`, from a model that knows nothing:

# %% tags=["nbval-ignore-output"]
batches = [make_batch(pairs[i : i + 24]) for i in range(0, 600, 24)]
epoch = [(batch.source, batch.target_in, batch.target_out) for batch in batches]
torch.manual_seed(0)
model = Transformer(TransformerConfig(tokenizer.vocab_size, dropout=0.0, **sizes))
losses = train_epochs(model, torch.optim.Adam(model.parameters()), [epoch] * 5, 0.005, WARMUP)
print(f"ln V is {math.log(tokenizer.vocab_size):.2f}; the first loss is {losses[0]:.2f}")
print(f"epochs 1 to 5: {[round(sum(losses[i : i + 25]) / 25, 2) for i in range(0, 125, 25)]}")
assert sum(losses[-25:]) < 0.8 * sum(losses[:25])

# %% [markdown]
# ## What you can do now
#
# - Write a training loop from nothing: loss, labels, rate, step, validation, averages.
# - Stop a run and go on, to the same weights, bit for bit.
# - Read a loss curve like a temperature chart, know where in the loop to look, and mend it.

# %% [markdown]
# ### Three questions, from memory
#
# <details><summary>Where should a loss begin, and why?</summary>
# Near ln V: who knows nothing gives each of the V tokens the probability 1/V.
# </details>
# <details><summary>Why does clipping stand between `backward` and `step`?</summary>
# Before `backward` there is no gradient, and after `step` it has done its work.
# </details>
# <details><summary>What besides the weights belongs into a checkpoint?</summary>
# What the optimizer remembers, where the random numbers are, and how many steps are done.
# </details>

# %% [markdown]
# ### Sources
#
# - Kingma and Ba (2015), *Adam: A Method for Stochastic Optimization*, algorithm 1.
# - Szegedy et al. (2016), *Rethinking the Inception Architecture for Computer Vision*, section 7:
#   label smoothing.
# - Loshchilov and Hutter (2017), *SGDR: Stochastic Gradient Descent with Warm Restarts*, equation
#   5.
# - Pascanu et al. (2013), *On the Difficulty of Training Recurrent Neural Networks*, section 3.2.
# - Polyak and Juditsky (1992), *Acceleration of Stochastic Approximation by Averaging*.
# - Vaswani et al. (2017), *Attention Is All You Need*, section 5.

# %% [markdown]
# ### To go further
#
# How long a warm-up does a model need? Take the healthy loop of the clinic, a rate at which it
# fails without warm-up, and find the shortest that saves it, with five seeds. Does the answer
# change with the number of layers?
