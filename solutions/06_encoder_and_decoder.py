# %% [markdown]
# # 6 · Encoder and decoder: how to read one sequence and write another
#
# You have attention, heads, positions and blocks. A stack of blocks turns a sequence into another
# of the *same* length, one vector for each word. But *to have a lie-in* is one word in German,
# *ausschlafen*. How does a model write an answer whose length nobody knows beforehand?
#
# In this chapter the parts become a Transformer. You will train it, within a minute, to read a
# number and write it backwards, and you will see from its attention how it does that. Then you
# will break it in the way in which it is most often broken.
#
# You need: chapters 2 to 5.

# %%
import math
import time

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_lib import models
from course_lib.exercises import carry_on, check, hint, progress, solution
from course_lib.inspection import record_attention
from course_lib.layers import EncoderLayer, FeedForward, MultiHeadAttention, PreNormResidual
from course_lib.masks import causal_mask, padding_mask
from course_lib.parity import copy_stack, randomize, torch_transformer
from course_lib.plots import attention_map, learning_curve, show
from course_lib.positions import SinusoidalPositions
from course_lib.tokenization import BOS_ID, EOS_ID, PAD_ID

# %% [markdown]
# ## 6.1 One word at a time
#
# The trick is old: write one word, look at what stands there, write the next, and stop at a special
# word that means *the end*. So the model needs two halves. The **encoder** reads the source, once.
# The **decoder** looks at the source and at what it has written so far, and gives a score to every
# word that might come next.
#
# Three special tokens make it work: **start**, so that there is something to look at before the
# first word; **end**; and **padding**.

# %% [markdown]
# ### By hand
#
# The source is 3 1 4, to be written backwards. Fill in what the decoder has read when it is to say
# each of the four tokens of the answer:
#
# | place | 1 | 2 | 3 | 4 |
# |---|---|---|---|---|
# | **it should say** | 4 | 1 | 3 | end |
# | **it has last read** | | | | |
#
# (Which word has the decoder read last when it has not said anything yet?)

# %% [markdown]
# Start, 4, 1, 3: the first row, shifted right by one.
#
# In writing, the second row is what the model itself said a moment ago. In training we do not wait
# for that: we hand it the *right* words, whatever it would have said. That is **teacher forcing**,
# and thanks to the causal mask all four places are asked in one pass.
#
# ### Exercise 6.1: `shift_right`


# %% tags=["exercise-6.1"]
def shift_right(tgt: Tensor, bos_id: int) -> Tensor:
    """What the decoder reads, when it is to say tgt: the start token, then tgt without its last.

    Shapes: tgt (B, T) of token ids. Returns (B, T).

    >>> shift_right(torch.tensor([[4, 1, 3, 2]]), 9)
    tensor([[9, 4, 1, 3]])
    """
    ### BEGIN SOLUTION
    start = torch.full_like(tgt[:, :1], bos_id)
    return torch.cat([start, tgt[:, :-1]], dim=1)
    ### END SOLUTION


# %%
check("6.1", shift_right)

# %%
shift_right = carry_on("6.1", shift_right)

# %% [markdown]
# ## 6.2 The decoder's layer
#
# A layer of the encoder has two steps: self-attention, then feed-forward (chapter 5). A layer of
# the decoder has one more between them, in which it looks at what the encoder made of the source,
# the **memory**: cross-attention (chapter 2). In the words of a translator at work: *what have I
# written? what does the source say to that? now think.*
#
# Each step stands in a residual connection of its own, as before. There are two masks, one for
# each attention: who may be seen of the target, and who of the memory (Vaswani et al. 2017, section
# 3.1).

# %% [markdown]
# ### Exercise 6.2: `DecoderLayer`
#
# The parts are there. Write the three lines that use them. As in chapter 5, a residual module takes
# x and a function, and hands the normed x to it. The memory comes normed already.


# %% tags=["exercise-6.2"]
class DecoderLayer(nn.Module):
    """Look back, look at the memory, think; each in a pre-norm residual connection."""

    def __init__(self, d_model: int, num_heads: int, d_ff: int) -> None:
        super().__init__()
        self.self_attention = MultiHeadAttention(d_model, num_heads)
        self.cross_attention = MultiHeadAttention(d_model, num_heads)
        self.feed_forward = FeedForward(d_model, d_ff)
        self.self_attention_residual = PreNormResidual(d_model)
        self.cross_attention_residual = PreNormResidual(d_model)
        self.feed_forward_residual = PreNormResidual(d_model)

    def forward(
        self, x: Tensor, memory: Tensor, mask: Tensor | None, memory_mask: Tensor | None
    ) -> Tensor:
        """One step further: x is what was written so far, memory what the encoder made.

        Shapes: x (B, Tq, D), memory (B, Tk, D); mask, for self-attention, broadcastable to
        (B, H, Tq, Tq) and memory_mask to (B, H, Tq, Tk). True = may attend, None = no limit.
        Returns (B, Tq, D).
        """
        ### BEGIN SOLUTION
        x = self.self_attention_residual(x, lambda y: self.self_attention(y, y, mask))
        x = self.cross_attention_residual(x, lambda y: self.cross_attention(y, memory, memory_mask))
        return self.feed_forward_residual(x, self.feed_forward)
        ### END SOLUTION


# %%
check("6.2", DecoderLayer)

# %%
DecoderLayer = carry_on("6.2", DecoderLayer)

# %% [markdown]
# ## 6.3 The whole model on one page
#
# This is it: the model of Vaswani et al. (2017), figure 1, with its norms before each step, as in
# chapter 5, and one more at the end of each stack. Before you fill in its three methods, follow a
# batch through it on paper. The source has shape (B, Tk), whole numbers, and the target (B, Tq).
# Which shapes do the embedded source, the memory, the decoder's stream and the logits have?
#
# Then the masks. There are three places where somebody could look at something that should be
# hidden: the encoder's self-attention, the decoder's, and cross-attention. What must be hidden at
# each?

# %% [markdown]
# (B, Tk, D), (B, Tk, D), (B, Tq, D) and (B, Tq, V), for a vocabulary of V words. The encoder must
# not listen to the padding of the source, and cross-attention neither. The decoder must not look
# ahead. The padding of the *target* needs no mask: it stands at the right end, where the causal
# mask hides it from every real word already.
#
# ### Exercise 6.3: `Transformer`


# %% tags=["exercise-6.3"]
class Transformer(nn.Module):
    """Encoder and decoder. Shapes: src (B, Tk), tgt (B, Tq). Returns logits (B, Tq, V)."""

    def __init__(self, vocab_size, d_model, num_heads, num_layers, d_ff, max_len=64) -> None:
        super().__init__()
        sizes = (d_model, num_heads, d_ff)
        self.embedding = nn.Embedding(vocab_size, d_model)
        self.positions = SinusoidalPositions(max_len, d_model)
        self.encoder = nn.ModuleList(EncoderLayer(*sizes, dropout=0.0) for _ in range(num_layers))
        self.encoder_norm = nn.LayerNorm(d_model)
        self.decoder = nn.ModuleList(DecoderLayer(*sizes) for _ in range(num_layers))
        self.decoder_norm = nn.LayerNorm(d_model)
        self.output = nn.Linear(d_model, vocab_size, bias=False)

    def encode(self, src: Tensor) -> Tensor:
        """What the source says: ids (B, Tk), padded with PAD_ID, to memory (B, Tk, D)."""
        ### BEGIN SOLUTION
        x = self.positions(self.embedding(src))
        for layer in self.encoder:
            x = layer(x, padding_mask(src, PAD_ID))
        return self.encoder_norm(x)
        ### END SOLUTION

    def decode(self, tgt: Tensor, memory: Tensor, src: Tensor) -> Tensor:
        """Scores for the word after each of tgt: ids (B, Tq) to logits (B, Tq, V).

        src (B, Tk) tells where memory is padding.
        """
        ### BEGIN SOLUTION
        x = self.positions(self.embedding(tgt))
        mask = causal_mask(tgt.shape[1], device=tgt.device)
        for layer in self.decoder:
            x = layer(x, memory, mask, padding_mask(src, PAD_ID))
        return self.output(self.decoder_norm(x))
        ### END SOLUTION

    def forward(self, src: Tensor, tgt: Tensor) -> Tensor:
        """Both halves; tgt is what the decoder reads, shifted already."""
        ### BEGIN SOLUTION
        return self.decode(tgt, self.encode(src), src)
        ### END SOLUTION


# %%
check("6.3", Transformer)

# %%
Transformer = carry_on("6.3", Transformer)

# %% [markdown]
# Does it agree with PyTorch's `nn.Transformer`, which was written by others? That one has neither
# embeddings nor positions nor an output layer, so those are lent to it, and its masks have the
# other polarity (True hides). All weights are random and copied over, double precision:

# %%
torch.manual_seed(0)
mine = Transformer(11, 24, 3, 2, 32)
randomize(mine)
mine = mine.double().eval()
theirs = torch_transformer(24, 3, 2, 32).double().eval()
copy_stack(mine.encoder, mine.encoder_norm, theirs.encoder)
copy_stack(mine.decoder, mine.decoder_norm, theirs.decoder)
src = torch.tensor([[3, 4, 5, 6, 2], [7, 8, 2, 0, 0]])
tgt = torch.tensor([[1, 6, 5], [1, 8, 7]])
hidden = src == PAD_ID
x, y = (mine.positions(mine.embedding(ids)) for ids in (src, tgt))
masks = {"src_key_padding_mask": hidden, "memory_key_padding_mask": hidden}
out = mine.output(theirs(x, y, tgt_mask=~causal_mask(3), **masks))
difference = (mine(src, tgt) - out).abs().max().item()
print("logits", tuple(out.shape), "  difference below 1e-12:", difference < 1e-12)

# %% [markdown]
# ## 6.4 Writing
#
# Training asks all places at once. Writing cannot: the second word depends on what the first one
# turned out to be. So it goes round and round: run the decoder on what is there, take the logits
# at the *last* place, choose a word, put it on, again. To take the best word each time is called
# **greedy** decoding.
#
# Sentences of a batch end at different times. The plain way: let them all run up to a limit and cut
# each at its first end token.
#
# ### Exercise 6.4: `greedy_decode`


# %% tags=["exercise-6.4"]
def greedy_decode(model, src: Tensor, bos_id: int, eos_id: int, max_len: int) -> list[list[int]]:
    """Write an answer to each source: the best word, again and again.

    Shapes: model takes src (B, Tk) and tgt (B, Tq) and gives logits (B, Tq, V). Returns B lists of
    token ids, without start and end token, each at most max_len long.
    """
    ### BEGIN SOLUTION
    tgt = torch.full_like(src[:, :1], bos_id)
    for _ in range(max_len):
        best = model(src, tgt)[:, -1].argmax(dim=-1, keepdim=True)
        tgt = torch.cat([tgt, best], dim=1)
    written = [row[1:] for row in tgt.tolist()]
    return [row[: row.index(eos_id)] if eos_id in row else row for row in written]
    ### END SOLUTION


# %%
check("6.4", greedy_decode)

# %%
greedy_decode = carry_on("6.4", greedy_decode)

# %% [markdown]
# ## 6.5 One matrix for both ends
#
# Look at the two ends of your model. The embedding has a row of D numbers for each word, and turns
# words into vectors. The output layer has a row of D numbers for each word, and turns vectors into
# words. Could they be the same?

# %% [markdown]
# They could, and it saves many parameters, since vocabularies are large (Press and Wolf 2017). But
# the two jobs ask for different sizes. As an output layer, small entries are wanted, about 1/√D, so
# that the scores start with variance 1: a sum of D products again. As vectors to which positions
# are added, they should be no smaller than these, whose size is 0.71. (*Size* is the root of the
# mean square, as in chapter 5.) The cure stands in one line of Vaswani et al. (2017, section 3.4):
# multiply by √D, at one end.

# %%
torch.manual_seed(0)
d = 64
matrix = torch.randn(1000, d) * d**-0.5
x = torch.randn(500, d)
places = SinusoidalPositions(50, d)(torch.zeros(1, 50, d))
size = matrix.square().mean().sqrt().item()
print(f"size of the vectors:   {size:.3f}, times √d {size * math.sqrt(d):.2f}")
print(f"size of the positions: {places.square().mean().sqrt().item():.2f}")
print(f"size of the scores:    {(x @ matrix.T).square().mean().sqrt().item():.2f}")

# %% [markdown]
# ### Exercise 6.5: `TiedEmbedding`


# %% tags=["exercise-6.5"]
class TiedEmbedding(nn.Module):
    """One matrix for both ends of a model. Parameter: weight (V, D)."""

    def __init__(self, vocab_size: int, d_model: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(vocab_size, d_model) * d_model**-0.5)

    def forward(self, ids: Tensor) -> Tensor:
        """Rows of the matrix, times √D, for token ids: (...) to (..., D)."""
        ### BEGIN SOLUTION
        return self.weight[ids] * math.sqrt(self.weight.shape[1])
        ### END SOLUTION

    def logits(self, x: Tensor) -> Tensor:
        """A score for each word of the vocabulary: (..., D) to (..., V)."""
        ### BEGIN SOLUTION
        return x @ self.weight.T
        ### END SOLUTION


# %%
check("6.5", TiedEmbedding)

# %%
TiedEmbedding = carry_on("6.5", TiedEmbedding)

# %% [markdown]
# The library's `Transformer` (in `course_lib/models.py`, longer, but with your three methods) has
# the tie built in. If that is the only difference, then your model must give the same logits, once
# its two matrices are made from the library's one:

# %%
torch.manual_seed(1)
config = models.TransformerConfig(13, 64, 4, 2, 2, d_ff=128, dropout=0.0, max_len=64)
library = models.Transformer(config).eval()
mine = Transformer(13, 64, 4, 2, 128).eval()
with torch.no_grad():
    mine.embedding.weight.copy_(library.embedding.weight * math.sqrt(64))
    mine.output.weight.copy_(library.embedding.weight)
for part in ("encoder", "decoder"):
    stack = getattr(library, part)
    getattr(mine, part).load_state_dict(stack.layers.state_dict())
    getattr(mine, f"{part}_norm").load_state_dict(stack.norm.state_dict())
print("same logits:", torch.allclose(mine(src, tgt), library(src, tgt), atol=1e-5))
sizes = [models.count_parameters(model) for model in (mine, library)]
print(f"parameters: {sizes[0]:,} and {sizes[1]:,}, that is {sizes[0] - sizes[1]} fewer")

# %% [markdown]
# 13 words times 64 numbers: that is not much to save. With a vocabulary of 10,000 words it would be
# 640,000. From here on the library's model takes over.

# %% [markdown]
# ## 6.6 Learning to write backwards
#
# The task: read four to ten digits, write them in reverse. Small as it is, some of what makes
# translation hard is in it: the answer's first word depends on the source's *last*, words change
# their places, and one wrong digit makes the whole thing wrong.


# %%
def draw(count, dice, task=lambda digits: digits[::-1]):
    """Random numbers of 4 to 10 digits, and what should be written. Token 3 is the digit 0."""
    rows = {"src": [], "tgt": []}
    for length in torch.randint(4, 11, (count,), generator=dice).tolist():
        digits = torch.randint(3, 13, (length,), generator=dice).tolist()
        for side, sentence in (("src", digits), ("tgt", task(digits))):
            rows[side].append([*sentence, EOS_ID, *[PAD_ID] * (10 - length)])
    return torch.tensor(rows["src"]), torch.tensor(rows["tgt"])


src, tgt = draw(2, torch.Generator().manual_seed(0))
print("source", src.tolist())
print("target", tgt.tolist())

# %% [markdown]
# **Predict** the loss, in nats (chapter 5 measured in them, too): of a guess among ten digits, each
# as likely as the other; and of a model that knows the answer.

# %%
print(f"a guess among 10 digits:  {F.cross_entropy(torch.zeros(1, 10), torch.tensor([7])):.2f}")
sure = 20.0 * F.one_hot(torch.tensor([7]), 10)
print(f"sure of the right answer: {F.cross_entropy(sure, torch.tensor([7])):.2f}")

# %% [markdown]
# The loop below shows the model 64 fresh numbers at each of 600 steps. (Chapter 8 takes such a loop
# apart: optimizer, warm-up, clipping. Here, look at the three lines of `loss_of`: what is read,
# what is asked.)


# %%
def loss_of(model, src, tgt):
    """Mean cross-entropy of each token of tgt, given src and the tokens before it."""
    read_so_far = shift_right(tgt, BOS_ID)
    logits = model(src, read_so_far)
    return F.cross_entropy(logits.flatten(0, 1), tgt.flatten(), ignore_index=PAD_ID)


def train(model, steps, loss_of=loss_of, seed=0, **options):
    """Train on fresh numbers; returns the loss at each step."""
    dice = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3, betas=(0.9, 0.98), fused=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, total_steps=steps)
    losses = []
    for _ in range(steps):
        loss = loss_of(model, *draw(64, dice, **options))
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
    return losses


# %% tags=["nbval-ignore-output"]
torch.set_num_threads(1)  # one core does for so small a model; others may be busy
torch.manual_seed(0)
model = models.Transformer(config)
start = time.perf_counter()
losses = train(model, steps=600)
seconds = time.perf_counter() - start
show(learning_curve(range(600), losses, "From guessing to knowing in 600 steps"))
print(f"at first {losses[0]:.2f} nats, at last {losses[-1]:.4f}, in {seconds:.0f} seconds")

# %% [markdown]
# A new model is sure of the wrong words, which costs more than a guess. Soon it has found out that
# there are ten digits and guesses among them; then it finds out how to look.
#
# But is a low loss proof that it can *write*? It was never asked to: in training it was given the
# right words all along. The only proof is to let it write, numbers that it has not seen, and to
# count an answer as right only if it is right from beginning to end.
#
# ### Exercise 6.6: `sequence_accuracy`


# %% tags=["exercise-6.6"]
def sequence_accuracy(outputs: list[list[int]], targets: list[list[int]]) -> float:
    """The share of outputs, from 0 to 1, that equal their target from the first word to the last.

    >>> sequence_accuracy([[3, 1], [4]], [[3, 1], [4, 1]])
    0.5
    """
    ### BEGIN SOLUTION
    right = sum(output == target for output, target in zip(outputs, targets, strict=True))
    return right / len(targets)
    ### END SOLUTION


# %%
check("6.6", sequence_accuracy)

# %%
sequence_accuracy = carry_on("6.6", sequence_accuracy)


# %%
def written(model, src, tgt):
    """What the model writes, and what it should."""
    model.eval()
    with torch.inference_mode():
        outputs = greedy_decode(model, src, BOS_ID, EOS_ID, max_len=12)
    return outputs, [[i for i in row if i not in (PAD_ID, EOS_ID)] for row in tgt.tolist()]


dice = torch.Generator().manual_seed(0)  # that of the training: short numbers come up again
met = {tuple(ids) for _ in range(600) for ids in draw(64, dice)[0].tolist()}
test_src, test_tgt = draw(500, torch.Generator().manual_seed(99))
new = torch.tensor([tuple(ids) not in met for ids in test_src.tolist()])
test_src, test_tgt = test_src[new], test_tgt[new]
outputs, targets = written(model, test_src, test_tgt)
accuracy = sequence_accuracy(outputs, targets)
assert accuracy >= 0.97
for source, output in list(zip(test_src.tolist(), outputs, strict=True))[:3]:
    print([i - 3 for i in source if i > 2], "->", [i - 3 for i in output])

# %% tags=["nbval-ignore-output"]
print(f"exact: {accuracy:.1%} of {len(targets)} new ones; last loss {sum(losses[-20:]) / 20:.4f}")
print(f"seen in training: {len(met):,} of {sum(10**n for n in range(4, 11)):,}")

# %% [markdown]
# At least 97 of 100 are right to the last digit (the line above says exactly how many), and none of
# these numbers was in its training: it did not learn them by heart.
#
# How does it know where to look? **Predict** the picture of the cross-attention: a row for each
# digit that it writes (*1. 5* is the first place of the answer, where a 5 is to stand), a column
# for each digit that it reads.

# %%
rows = enumerate(test_src.tolist())  # seven digits, all different, the end, three times padding
row = next(i for i, ids in rows if len(set(ids)) == 9 and ids.count(PAD_ID) == 3)
src, tgt = test_src[row, None, :8], test_tgt[row, None, :8]
with torch.inference_mode(), record_attention(model) as record:
    model(src, shift_right(tgt, BOS_ID))
# of each layer the weights of its first call, and of those the first sentence: (H, Tq, Tk)
heads = [record[f"decoder.layers.{i}.cross_attention"][0][0] for i in range(2)]
weights = torch.cat(heads)  # (L · H, Tq, Tk)
wanted = torch.arange(6, -1, -1)  # place 0 needs the last digit, and so on
on_target = weights[:, torch.arange(7), wanted].mean(dim=-1)
best = on_target.argmax().item()
assert on_target[best] > 0.5

# %% tags=["nbval-ignore-output"]
digits = [str(i - 3) for i in src[0, :-1].tolist()]
asked = [f"{place}. {digit}" for place, digit in enumerate(reversed(digits), 1)]
title = "To write backwards, look from right to left"
show(attention_map(weights[best][:-1], asked, [*digits, "end"], title))
hits = (weights[best][:7].argmax(dim=-1) == wanted).sum().item()
print(f"this head looks most at the right digit in {hits} of 7 rows")
print(f"the right digit's share: {on_target[best]:.2f}; all heads {on_target.mean():.2f}")

# %% [markdown]
# An anti-diagonal. Nobody told it: the head that you see found out that the digit to be written at
# place *i* stands at place *i* from the right. It is the clearest of the eight heads (two layers of
# four), and gives more than half of its attention to the right digit.
#
# To know where to look, reversing goes by places, whatever the digits; **sorting** goes by the
# digits, wherever they stand. The same model, the same loop, another task:

# %% tags=["nbval-ignore-output"]
torch.manual_seed(0)
sorter = models.Transformer(config)
train(sorter, steps=400, task=sorted)
sort_src, sort_tgt = draw(500, torch.Generator().manual_seed(99), task=sorted)
sorted_outputs, sorted_targets = written(sorter, sort_src, sort_tgt)
print(f"sorted exactly: {sequence_accuracy(sorted_outputs, sorted_targets):.1%}")
assert sequence_accuracy(sorted_outputs, sorted_targets) >= 0.95

# %% [markdown]
# ## 6.7 Find the bug: the best loss of all
#
# Below is the function that computes the loss, as it was found in a program that somebody could not
# make sense of. Run the cell and the next one: it trains beautifully.
#
# ### Exercise 6.7: `teach`


# %% tags=["exercise-6.7"]
def teach(model, src: Tensor, tgt: Tensor) -> Tensor:
    """Mean cross-entropy of each token of tgt, given src and the tokens before it.

    Shapes: src (B, Tk), tgt (B, T), which ends with EOS_ID and padding. Returns a scalar.
    """
    ### BEGIN SOLUTION
    logits = model(src, shift_right(tgt, BOS_ID))
    ### END SOLUTION
    ### BEGIN GIVEN
    # logits = model(src, tgt)
    ### END GIVEN
    return F.cross_entropy(logits.flatten(0, 1), tgt.flatten(), ignore_index=PAD_ID)


# %% tags=["nbval-ignore-output"]
torch.manual_seed(0)
pupil = models.Transformer(config)
losses = train(pupil, steps=150, loss_of=teach)
print(f"loss after 10 steps {losses[9]:.2f}, after 150 steps {sum(losses[-10:]) / 10:.4f}")

# %% [markdown]
# Is it done? With a loss near 0, the model of section 6.6 was ready to write. So let this one
# write. **Predict** the share of answers that are right.

# %% tags=["nbval-ignore-output"]
outputs, targets = written(pupil, test_src, test_tgt)
print(f"exact: {sequence_accuracy(outputs, targets):.1%}")
print("it writes", [i - 3 for i in outputs[0]], "for", [i - 3 for i in targets[0]])

# %% [markdown]
# If nothing is right there, and a lot of −2 comes out (the start token, 1 − 3): what *did* it
# learn?
#
# A probe should tell without training. Think of a parrot: it has learned nothing, does not look at
# the source, and says again, quite sure of itself, the word that it read last. Which loss should a
# parrot have, in reversing numbers?
#
# ### Exercise 6.8: `parrot`
#
# Write it, as a function that can stand in for a model. (`F.one_hot` is of use.)


# %% tags=["exercise-6.8"]
def parrot(src: Tensor, tgt: Tensor) -> Tensor:
    """Logits of a parrot: at each place 20.0 for the token of tgt there, and 0.0 for all others.

    Shapes: src (B, Tk), tgt (B, Tq), whole numbers from 0 to 12. Returns (B, Tq, 13).
    """
    ### BEGIN SOLUTION
    return 20.0 * F.one_hot(tgt, 13)
    ### END SOLUTION


# %%
check("6.8", parrot)

# %%
parrot = carry_on("6.8", parrot)

# %% tags=["nbval-ignore-output"]
print(f"the parrot's loss, by loss_of of section 6.6: {loss_of(parrot, test_src, test_tgt):6.2f}")
print(f"the parrot's loss, by teach:                  {teach(parrot, test_src, test_tgt):6.2f}")

# %% [markdown]
# Sound training makes a parrot pay: a digit is rarely the same as the one before it. If `teach`
# gives it nothing to pay, then to repeat is to be right, and the model has learned that, and no
# more.
#
# A causal mask forbids to look ahead, as you checked in chapter 2. It cannot help if the answer
# stands where the model reads. Mend `teach`, and run its cell and those below it again.

# %%
check("6.7", teach)

# %% [markdown]
# Both side by side, for the record: the broken function, and the sound one of section 6.6.


# %%
def broken(model, src, tgt):
    """The loss with the answer handed over."""
    logits = model(src, tgt)
    return F.cross_entropy(logits.flatten(0, 1), tgt.flatten(), ignore_index=PAD_ID)


results = {}
for name, loss_function in [("broken", broken), ("sound", loss_of)]:
    torch.manual_seed(0)
    pupil = models.Transformer(config)
    losses = train(pupil, steps=150, loss_of=loss_function)
    exact = sequence_accuracy(*written(pupil, test_src, test_tgt))
    results[name] = sum(losses[-10:]) / 10, exact
assert results["broken"][0] < results["sound"][0] / 5
assert results["broken"][1] == 0 < results["sound"][1]
assert broken(parrot, test_src, test_tgt) < 0.01 < 5 < loss_of(parrot, test_src, test_tgt)

# %% tags=["nbval-ignore-output"]
for name, (loss, exact) in results.items():
    print(f"{name:6}  loss after 150 steps {loss:.4f}   exact when it writes {exact:.1%}")

# %% [markdown]
# The broken one has less than a fifth of the loss, and nothing that it writes is right. Whenever a
# loss looks too good, let the model write, and ask a parrot.

# %% [markdown]
# ## 6.8 What writing costs
#
# ### Exercise 6.9: predict, then run
#
# An answer has five words. How often does the decoder run over this sentence: in one step of
# training, and when the answer is written greedily until the end token? Put both numbers in place
# of the dots, as `(…, …)`.

# %% tags=["exercise-6.9"]
### BEGIN SOLUTION
prediction = (1, 6)
### END SOLUTION

# %%
check("6.9", prediction)


# %%
class Counting(nn.Module):
    """Writes five times token 3, then the end, and counts how often it is asked."""

    calls = 0

    def forward(self, src: Tensor, tgt: Tensor) -> Tensor:
        self.calls += 1
        logits = torch.zeros(*tgt.shape, 13)
        logits[:, :5, 3] = logits[:, 5:, EOS_ID] = 1
        return logits


one, source = Counting(), torch.tensor([[3, EOS_ID]])
loss_of(one, source, torch.tensor([[3, 3, 3, 3, 3, EOS_ID]]))
print("in training:", one.calls)
one.calls, tgt = 0, torch.tensor([[BOS_ID]])
while tgt[0, -1] != EOS_ID:
    tgt = torch.cat([tgt, one(source, tgt)[:, -1:].argmax(dim=-1)], dim=1)
print(f"in writing: {one.calls}, for {tgt.shape[1] - 2} words and the end")

# %% [markdown]
# One pass against six: five passes write five words, and only the sixth says that it is over. Each
# runs over everything that stands there already, and nearly all of that was computed the time
# before. (Your `greedy_decode` asks the whole model, so the encoder reads the source again each
# time, and it goes on to the limit.) Chapter 9 keeps what was computed in a cache.

# %% [markdown]
# ## What you can do now
#
# - Build a Transformer from its parts, say what each mask in it hides, and prove it equal to
#   PyTorch's.
# - Train it with teacher forcing, and let it write.
# - Say why a low loss proves nothing until the model has written by itself.

# %% [markdown]
# ### Three questions, from memory
#
# <details><summary>Why does the target's padding need no mask of its own?</summary>
# It stands at the right end, and the causal mask hides everything to the right.
# </details>
# <details><summary>Why are the embeddings multiplied by √d?</summary>
# The matrix also scores the output, for which small entries are right; added to positions of
# size 0.71 they must not be small.
# </details>
# <details><summary>What is teacher forcing?</summary>
# In training the decoder reads the right words so far, not those that it would have written.
# </details>

# %% [markdown]
# ### Sources
#
# - Vaswani et al. (2017), *Attention Is All You Need*, sections 3.1 and 3.4, figure 1.
# - Sutskever et al. (2014), *Sequence to Sequence Learning with Neural Networks*: encoder and
#   decoder, before attention. They fed the source in reverse.
# - Williams and Zipser (1989), *A Learning Algorithm for Continually Running Fully Recurrent Neural
#   Networks*: teacher forcing.
# - Press and Wolf (2017), *Using the Output Embedding to Improve Language Models*: tied embeddings.
#
# ### To go further
#
# The model was trained on 4 to 10 digits. Let it reverse 12. What happens, and which of the
# positions of chapter 4 would you try? (`models.TransformerConfig(..., positions="rotary")`.)
