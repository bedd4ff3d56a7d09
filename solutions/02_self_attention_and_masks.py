# %% [markdown]
# # 2 · Self-attention and masks: what may a word look at?
#
# In chapter 1 a query looked through keys and took home a mixture of values. You were handed all
# three. Where do they come from in a model that has nothing but words?
#
# And once every word can look at every other: should it? A model that learns to write the next
# word must not be shown that word. A sentence that was filled up with blanks should not listen to
# the blanks. Both are settled by a table of yes and no, a **mask**. It takes three lines of code,
# and they go wrong quietly: a model with a broken mask still trains.
#
# You need: chapter 1.

# %%
import math

import torch
import torch.nn.functional as F
from torch import Tensor

from course_lib.attention import scaled_dot_scores
from course_lib.exercises import carry_on, check, hint, progress, solution
from course_lib.plots import heat_maps, mask_maps, show

# %% [markdown]
# ## 2.1 One word, three roles
#
# Suppose that the words themselves were queries, keys and values at once. The score of two words
# would be their dot product, and a dot product does not care for order: *was* would score *dog*
# exactly as *dog* scores *was*. Moreover, few vectors have a larger product with a word than
# the word itself, so each would mostly look at itself.
#
# Yet a verb looks for its noun for reasons that the noun does not share. So a word gets three
# vectors, one for each role: what it asks for, what it can be found by, what it hands over. Each
# is the word times a learned matrix: $q = W_q\,x$, $k = W_k\,x$, $v = W_v\,x$.

# %% [markdown]
# ### By hand
#
# Two features this time: *is it a noun?* and *is it a verb?* The matrices have one row each, so
# every query, key and value is a single number:
#
# | | noun | verb | | query: 2 × verb | key: noun | value: 5 × noun + verb |
# |---|---|---|---|---|---|---|
# | *the* | 0 | 0 | | 0 | 0 | 0 |
# | *dog* | 1 | 0 | | 0 | 1 | 5 |
# | *was* | 0 | 1 | | 2 | 0 | 1 |
#
# Take your pencil. What are the three scores of *was* with *the*, *dog* and *was*? And those of
# *dog*? Then the weights of *was*, and what it takes home.

# %%
words = torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
w_q = torch.tensor([[0.0, 2.0]])
w_k = torch.tensor([[1.0, 0.0]])
w_v = torch.tensor([[5.0, 1.0]])

scores = (words @ w_q.T) @ (words @ w_k.T).T
weights = scores.softmax(dim=-1)
print("scores of dog ", scores[1].tolist())
print("scores of was ", scores[2].tolist())
print("weights of was", [round(w, 3) for w in weights[2].tolist()])
print("was takes home", round((weights[2] @ (words @ w_v.T)).item(), 2))

# %% [markdown]
# The verb asks for a noun and finds *dog* with a score of 2. The noun asks for nothing, and its
# scores are all 0. And *was* gets no more from *was* than from *the*, a score of 0: as a key it is
# no noun.
#
# The learned matrices also bring back an old friend. Multiplied out, the score is
# $x_i^\top W_q^\top W_k\, x_j$: the bilinear score of chapter 1, with $W = W_q^\top W_k$.
#
# Here is the same with five random words of eight features, before and after.

# %%
torch.manual_seed(0)
x = torch.randn(5, 8)
w_q, w_k = torch.randn(2, 6, 8) / math.sqrt(8)
alike = scaled_dot_scores(x, x)
roles = scaled_dot_scores(x @ w_q.T, x @ w_k.T)
for name, scores in [("as they are", alike), ("projected", roles)]:
    uneven = (scores - scores.T).abs().max().item()
    itself = (scores.argmax(dim=-1) == torch.arange(5)).sum().item()
    print(f"{name:11}  score(i, j) − score(j, i) at most {uneven:.2f},", end="  ")
    print(f"look most at themselves: {itself} of 5")

# %%
show(
    heat_maps(
        {"as they are": alike, "projected": roles},
        title="Without projections scores are symmetric",
        rows="word that asks",
        columns="word that is asked",
    )
)

# %% [markdown]
# ### Exercise 2.1: `project_qkv`
#
# The matrices are stored as PyTorch stores them, and as in the example above: a row for each *new*
# feature, a column for each feature of a word. Queries and keys have to be of one size, since they
# meet in a dot product. Values need not be.


# %% tags=["exercise-2.1"]
def project_qkv(x: Tensor, w_q: Tensor, w_k: Tensor, w_v: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Queries, keys and values of the same words.

    Shapes: x (..., T, D), w_q (Dk, D), w_k (Dk, D), w_v (Dv, D).
    Returns q (..., T, Dk), k (..., T, Dk), v (..., T, Dv).
    """
    ### BEGIN SOLUTION
    return x @ w_q.T, x @ w_k.T, x @ w_v.T
    ### END SOLUTION


# %%
check("2.1", project_qkv)

# %%
project_qkv = carry_on("2.1", project_qkv)

# %% [markdown]
# ## 2.2 No looking ahead
#
# A model that writes does so word by word, and each time it can see what stands there so far. To
# teach it, you show it whole sentences and ask at every place: what comes next? One sentence of
# six words is six lessons, and attention gives them all in one go, since every word is a query of
# its own.
#
# There is one catch. The answer to lesson 3 is word 4, and word 4 is in the sentence. If word 3 may
# look at it, the model learns to copy from the right, gets everything correct, and has learned
# nothing.

# %% [markdown]
# So word *i* may look at words 1 to *i* and no further: a **causal mask** (Vaswani et al. 2017,
# section 3.2.3).
#
# **Predict.** Of the 36 pairs of six words, how many remain?

# %%
n = 6
print("open cells:", sum(key <= query for query in range(n) for key in range(n)), "of", n * n)

# %% [markdown]
# ### Exercise 2.2: `causal_mask`
#
# One agreement before you start, and it holds in the whole course: a mask is a tensor of booleans,
# a row for each query and a column for each key, and **True means *may look***. (Elsewhere you
# will meet the opposite. Section 2.8 shows what happens then.)


# %% tags=["exercise-2.2"]
def causal_mask(seq_len: int) -> Tensor:
    """True where a query may look: at its own position and at what came before.

    Shapes: returns (T, T), booleans, for T = seq_len.

    >>> causal_mask(2)
    tensor([[ True, False],
            [ True,  True]])
    """
    ### BEGIN SOLUTION
    return torch.ones(seq_len, seq_len, dtype=torch.bool).tril()
    ### END SOLUTION


# %%
check("2.2", causal_mask)

# %%
causal_mask = carry_on("2.2", causal_mask)

# %%
sentence = ["the", "dog", "that", "chased", "the", "cats"]
title = "Each word sees itself and what came before"
show(mask_maps({"may look at (key)": causal_mask(6)}, sentence, sentence, title))

# %% [markdown]
# ## 2.3 Blanks that nobody should listen to
#
# Sentences differ in length, tensors are rectangles. So short sentences are filled up with a blank,
# the **padding**, which has a number of its own in the vocabulary, often 0. A blank has a vector
# like any word, hence a key and a value, and attention will happily listen to it.
#
# **Predict.** A sentence has four words. Let all scores be equal. If it is padded to 8, which share
# of the attention goes to the blanks? And if padded to 32?

# %%
for length in (8, 32):
    shares = torch.zeros(length).softmax(dim=-1)
    print(f"padded to {length:2}: {shares[4:].sum().item():.3f} of the attention goes to blanks")

# %% [markdown]
# So what a model says about a sentence would depend on how long its *neighbours* in the batch are.
#
# ### Exercise 2.3: `padding_mask`
#
# Here every sentence of a batch has its own mask, but within a sentence all queries share one row:
# none may look at a blank. Scores have the shape (B, Tq, Tk). With which shape does the mask
# broadcast to it?


# %% tags=["exercise-2.3"]
def padding_mask(ids: Tensor, pad_id: int) -> Tensor:
    """True where a key is a real token, whoever asks.

    Shapes: ids (B, Tk), whole numbers. Returns (B, 1, Tk), booleans.
    """
    ### BEGIN SOLUTION
    return (ids != pad_id)[:, None, :]
    ### END SOLUTION


# %%
check("2.3", padding_mask)

# %%
padding_mask = carry_on("2.3", padding_mask)

# %% [markdown]
# Note what this mask does *not* hide: the blanks as queries. They ask, they get an answer, and
# nobody reads it. To hide them would do no good and, as you will see in a moment, some harm.

# %% [markdown]
# ## 2.4 Where the mask goes in
#
# You have scores, and you have a mask. Hidden keys must end with a weight of 0. The short way is to
# take the softmax and multiply by the mask. Try it by hand: three keys with scores 1, 1 and 1, the
# third hidden. Then again with scores 1, 1 and 3.

# %%
mask = torch.tensor([True, True, False])
for scores in (torch.tensor([1.0, 1.0, 1.0]), torch.tensor([1.0, 1.0, 3.0])):
    after = scores.softmax(dim=-1) * mask
    print(f"hidden score {scores[2].item():.0f}:", end="   ")
    print("weights", [round(w, 3) for w in after.tolist()], "  sum", round(after.sum().item(), 3))

# %% [markdown]
# The hidden key has a weight of 0, and still it decides how much the others get: with a score of 3
# it took most of the whole before it was struck out. The weights know something about what they
# must not see. That is a **leak**, and if the hidden key is the word to be predicted, the model
# will learn to read it from there.

# %% [markdown]
# A key that is to play no part must be out *before* anything is shared. In terms of scores: which
# score has a power $e^x$ of exactly 0? Much published code takes −1,000,000,000, and in 32 bits its
# power is 0 as well, as long as the query sees anything else. On paper and in truth it is −∞. The
# difference shows in a moment.

# %% [markdown]
# ### A query with nothing to look at
#
# Some systems put the padding in front. Then the first query of a causal model sees one key, its
# own, which is a blank, and that is hidden. What is the softmax of nothing?

# %%
nothing = torch.full((3,), -math.inf)
print("the softmax of nothing:      ", nothing.softmax(dim=-1).tolist())
print("with −1,000,000,000 instead: ", torch.full((3,), -1e9).softmax(dim=-1).tolist())

# %% [markdown]
# 0 / 0 is *not a number*, and a single one of them spreads through the next layer into every loss.
# The large negative number is worse: it gives no error. The query takes the plain average of
# precisely those keys that it must not see.
#
# The honest answer: who may look at nothing takes nothing from anywhere. All weights are 0.
#
# ### Exercise 2.4: `masked_weights`


# %% tags=["exercise-2.4"]
def masked_weights(scores: Tensor, mask: Tensor) -> Tensor:
    """Softmax over the keys that may be seen; the others get exactly 0.

    A query that may look at nothing gets a row of zeros.

    Shapes: scores (..., Tq, Tk), mask broadcastable to it, True = may look. Returns (..., Tq, Tk).
    """
    ### BEGIN SOLUTION
    weights = scores.masked_fill(~mask, -math.inf).softmax(dim=-1)
    return weights.masked_fill(~mask, 0.0)
    ### END SOLUTION


# %%
check("2.4", masked_weights)

# %%
masked_weights = carry_on("2.4", masked_weights)

# %% [markdown]
# ## 2.5 Looking at another sentence
#
# So far a sentence looked at itself: **self-attention**. A translator also has to look at the
# sentence that it translates. Then the queries come from one sentence, the one being written, and
# keys and values from another, the **context**. That is **cross-attention**.
#
# There is no need for a second function. Self-attention is cross-attention whose context happens to
# be the sentence itself.
#
# ### Exercise 2.5: `cross_attention`
#
# All pieces are at hand: projections, `scaled_dot_scores` from chapter 1, your `masked_weights`.
# One thing is new: `mask` may be `None`, for no limit, and `masked_weights` does not know that.


# %% tags=["exercise-2.5"]
def cross_attention(
    x: Tensor, context: Tensor, w_q: Tensor, w_k: Tensor, w_v: Tensor, mask: Tensor | None = None
) -> Tensor:
    """What each word of x finds in the context.

    Shapes: x (..., Tq, D), context (..., Tk, D), w_q (Dk, D), w_k (Dk, D), w_v (Dv, D), mask
    broadcastable to (..., Tq, Tk) with True = may look, or None for no limit.
    Returns (..., Tq, Dv).
    """
    ### BEGIN SOLUTION
    q, k, v = x @ w_q.T, context @ w_k.T, context @ w_v.T
    scores = scaled_dot_scores(q, k)
    weights = scores.softmax(dim=-1) if mask is None else masked_weights(scores, mask)
    return weights @ v
    ### END SOLUTION


# %%
check("2.5", cross_attention)

# %%
cross_attention = carry_on("2.5", cross_attention)

# %% [markdown]
# Now see what the mask of section 2.3 is good for: the same sentence, padded to 8 and to 32, must
# come out the same. Twelve features, a vocabulary of ten, double precision, so that a difference
# cannot hide behind rounding.

# %%
torch.manual_seed(2)
vectors = torch.randn(10, 12, dtype=torch.float64)
matrices = torch.randn(3, 12, 12, dtype=torch.float64)
results = {}
for length in (8, 32):
    ids = F.pad(torch.tensor([[5, 3, 8, 2]]), (0, length - 4), value=0)
    x, mask = vectors[ids], padding_mask(ids, pad_id=0)
    results[length] = [cross_attention(x, x, *matrices, m)[:, :4] for m in (None, mask)]
for name, short, long in zip(("without a mask", "with the mask"), *results.values(), strict=True):
    print(f"{name:15} the two differ by up to {(short - long).abs().max().item():.6f}")

# %% [markdown]
# With the mask, the difference is zero to the last digit shown. And PyTorch's fused kernel, which
# takes our kind of mask as it is, agrees:

# %%
q, k, v = project_qkv(x, *matrices)
theirs = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
mine = cross_attention(x, x, *matrices, mask)
print("same as PyTorch:", torch.allclose(mine, theirs, atol=1e-12, rtol=0))

# %% [markdown]
# ## 2.6 A detector for leaks
#
# A model with a leak does not crash. It trains, and its loss looks better than it should: it has
# seen the answers. The trouble comes when it has to write and there is no future to read. So you
# want an alarm that does not wait until then, for any attention, whether you can see into it or
# not.
#
# The idea: **change the future and see whether the past moves.** Run it twice, the second time with
# other words after position *t*. Whatever came out up to *t* must be what it was. If a number
# there moved, something was seen that should not have been.

# %% [markdown]
# ### Exercise 2.6: `leak`
#
# Write the probe. The check will hand it sound attentions and leaky ones, some of them sly, and ask
# whether it tells them apart. With what can you replace words, so that no leak goes unnoticed?


# %% tags=["exercise-2.6"]
def leak(attend, x: Tensor, t: int) -> float:
    """How much of the future reaches the past: 0 for a sound attention, more for a leaky one.

    The largest change of any number in the outputs up to and including position t, when all words
    after t are replaced by unrelated numbers (not the same turned, negated, scaled or set to 0).

    Shapes: attend turns (T, D) into (T, D); x (T, D); 0 <= t < T - 1.
    """
    ### BEGIN SOLUTION
    changed = x.clone()
    changed[t + 1 :] = torch.randn_like(x[t + 1 :])
    return (attend(changed) - attend(x))[: t + 1].abs().max().item()
    ### END SOLUTION


# %%
check("2.6", leak)

# %%
leak = carry_on("2.6", leak)

# %% [markdown]
# Let it loose on five ways to mask the same attention. **Predict** which of them leak, before you
# run the cell. The third is the short way of section 2.4.

# %%
torch.manual_seed(3)
x, causal = torch.randn(8, 12), causal_mask(8)
ways = {
    "no mask": lambda s: s.softmax(dim=-1),
    "causal, before the softmax": lambda s: masked_weights(s, causal),
    "causal, after the softmax": lambda s: s.softmax(dim=-1) * causal,
    "one step too far": lambda s: masked_weights(s, torch.ones_like(causal).tril(1)),
    "True and False exchanged": lambda s: masked_weights(s, ~causal),
}
for name, weigh in ways.items():

    def attend(words, weigh=weigh):
        return weigh(scaled_dot_scores(words, words)) @ words

    print(f"{name:27} leak {leak(attend, x, t=3):.3f}")

# %% [markdown]
# One of five is sound: its leak is 0.000. The mask after the softmax leaks, although its hidden
# weights are all 0. How large a leak is depends on the words; that there is one does not.

# %% [markdown]
# ## 2.7 Find the bug: a fine triangle
#
# Below is causal attention for one sentence or for many. Its weights have the right picture: run
# the cell, then the next one.
#
# ### Exercise 2.7: `look_back`


# %% tags=["exercise-2.7"]
def look_back(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Attention to the word itself and to what came before it.

    Shapes: q (..., T, Dh), k (..., T, Dh), v (..., T, Dv). Returns (..., T, Dv).
    """
    seen = torch.ones(q.shape[-2], q.shape[-2], dtype=torch.bool, device=q.device).tril()
    scores = q @ k.mT / math.sqrt(q.shape[-1])
    ### BEGIN SOLUTION
    weights = scores.masked_fill(~seen, -math.inf).softmax(dim=-1)
    ### END SOLUTION
    ### BEGIN GIVEN
    # weights = scores.softmax(dim=-1).masked_fill(~seen, 0.0)
    ### END GIVEN
    return weights @ v


# %%
torch.manual_seed(4)
q, k = torch.randn(2, 5, 8)
weights = look_back(q, k, torch.eye(5))  # the values 1, 0, 0, …: what comes out is the weights
above = weights.triu(1).abs().max().item()
print("largest weight on a later word:", above)
print("sums of the rows:", [round(total, 2) for total in weights.sum(dim=-1).tolist()])

# %% [markdown]
# Not a trace of the future, it seems, though the sums of the rows are worth a look. Now take your
# detector, and mend the function until it is silent.

# %%
x = torch.randn(8, 12)
print(f"leak: {leak(lambda words: look_back(words, words, words), x, t=3):.3f}")

# %%
check("2.7", look_back)

# %% [markdown]
# ## 2.8 Find the bug: yes and no
#
# PyTorch itself has two conventions. In the fused kernel `F.scaled_dot_product_attention`, as in
# this course, True means *may look*. In the older module `nn.MultiheadAttention`, True means
# *hidden*. Both take a tensor of booleans, both shapes fit, and neither complains.
#
# ### Exercise 2.8: `fused_causal`
#
# Run it, see that it seems to work, let the detector loose, and mend it.


# %% tags=["exercise-2.8"]
def fused_causal(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Attention to the word itself and to what came before it, by the fused kernel.

    Shapes: q (..., T, Dh), k (..., T, Dh), v (..., T, Dv). Returns (..., T, Dv).
    """
    future = torch.ones(q.shape[-2], q.shape[-2], dtype=torch.bool, device=q.device).triu(1)
    ### BEGIN SOLUTION
    return F.scaled_dot_product_attention(q, k, v, attn_mask=~future)
    ### END SOLUTION
    ### BEGIN GIVEN
    # return F.scaled_dot_product_attention(q, k, v, attn_mask=future)
    ### END GIVEN


# %%
torch.manual_seed(5)
q, k, v = torch.randn(3, 2, 6, 8)
answer = fused_causal(q, k, v)
print("shape", tuple(answer.shape), "  all finite:", answer.isfinite().all().item())

# %%
x = torch.randn(8, 12)
print(f"leak: {leak(lambda words: fused_causal(words, words, words), x, t=3):.3f}")

# %%
check("2.8", fused_causal)

# %% [markdown]
# ## 2.9 Masks that work together
#
# A sentence in a batch of a writing model has both: blanks that nobody should hear, and a future
# that nobody should see. With True for *may look*, "both must allow it" is a plain *and*:
# `padding_mask(ids, pad_id) & causal_mask(seq_len)`.
#
# ### Exercise 2.9: predict, then run
#
# A sentence of three words is padded to five at the end. Its masks have 25 cells. How many are
# open under the padding mask alone (after broadcasting), and how many under both together?

# %% tags=["exercise-2.9"]
### BEGIN SOLUTION
prediction = (15, 12)
### END SOLUTION

# %%
check("2.9", prediction)

# %%
ids = torch.tensor([[7, 4, 9, 0, 0]])
padding = padding_mask(ids, pad_id=0)[0]
both = padding & causal_mask(5)
labels = ["dogs", "chase", "cats", "(blank)", "(blank) "]
print("open:", padding.expand(5, 5).sum().item(), "and", both.sum().item())
pictures = {"padding": padding, "causal": causal_mask(5), "padding & causal": both}
show(mask_maps(pictures, labels, labels, "What both allow is open"))

# %% [markdown]
# The last two rows belong to blanks that ask. They see the three words like everybody else, and
# what they find is never used. What matters is that the last two columns are closed in every row.

# %% [markdown]
# ## What you can do now
#
# - Make queries, keys and values out of words, and say why one vector for all three will not do.
# - Build causal and padding masks, combine them, and apply them where they do not leak.
# - Catch a leak in any attention, without reading its code.
#
# `progress()` in a new cell shows which exercises you have solved.

# %% [markdown]
# ### Three questions, from memory
#
# <details><summary>Why does a mask after the softmax leak?</summary>
# The hidden scores have already taken part in the sum that everyone is divided by.
# </details>
# <details><summary>Why −∞ and not −1,000,000,000?</summary>
# If all keys of a query are hidden, equal finite scores give equal weights: the average of what
# must not be seen.
# </details>
# <details><summary>What makes cross-attention out of self-attention?</summary>
# Keys and values come from another sentence. Nothing else changes.
# </details>

# %% [markdown]
# ### Sources
#
# - Vaswani et al. (2017), *Attention Is All You Need*, section 3.2.3: the three uses of attention,
#   and masking by −∞ before the softmax.
# - Luong et al. (2015), *Effective Approaches to Attention-based Neural Machine Translation*,
#   section 3.1: the bilinear ("general") score.
#
# ### To go further
#
# A causal mask is a triangle, but any pattern is allowed. Draw one in which a word sees the three
# words before it and the first word of the text. After how many rounds of attention, each
# on what the one before gave, can the last of 100 words have heard from all others?
