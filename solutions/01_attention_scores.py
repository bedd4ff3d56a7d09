# %% [markdown]
# # 1 · Attention scores: how does one word find the words that matter?
#
# *The dog that chased the cats was tired.* Who was tired? You did not hesitate: between *dog* and
# *was* stand four words, one of them an animal, and you passed over them. To read, a word has to
# find the words that matter to it.
#
# In this chapter you will build the piece that does it, from an empty cell to five working
# versions, and you will find out why one of them, with an odd-looking √d in it, became the
# standard.
#
# You need: vectors, matrices, the exponential function, and for section 1.4 what a variance and a
# gradient are. Chapter 0 has a self-check.

# %%
import math

import torch
from torch import Tensor

from course_lib import attention
from course_lib.exercises import carry_on, check, hint, progress, solution
from course_lib.plots import compare_lines, explore, heat_maps, share_bars, show

# %% [markdown]
# ## 1.1 A dictionary that never says no
#
# A Python dictionary is strict. Ask for a key that is there, get its value; ask for one that is
# nearly there, get an error.
#
# Attention is a dictionary that never says no. It compares what you ask for (the **query**) with
# every **key**, and answers with a mixture of all the **values**: much of those whose keys fit,
# little of the rest. Since nothing in it is all or nothing, its parts can be learned by gradient
# descent.

# %% [markdown]
# ### By hand
#
# Give each word two features: *is it alive?* and *is it a place?* The word *was* asks "who?", that
# is, for something alive:
#
# | | alive | place | | value |
# |---|---|---|---|---|
# | **query** *was* | 1 | 0 | | |
# | **key** *dog* | 2 | 0 | | 10 |
# | **key** *park* | 0 | 2 | | 20 |
# | **key** *the* | 0 | 0 | | 30 |
#
# Take pencil and paper. (1) Multiply the query with each key, feature by feature, and add up:
# three **scores**. (2) Take e to the power of each. (3) Divide each by their sum: three
# **weights**. (4) Mix the values with these weights.

# %%
query = torch.tensor([1.0, 0.0])
keys = torch.tensor([[2.0, 0.0], [0.0, 2.0], [0.0, 0.0]])
values = torch.tensor([10.0, 20.0, 30.0])

scores = keys @ query
powers = scores.exp()
weights = powers / powers.sum()
print("scores ", scores.tolist())
print("powers ", [round(p, 2) for p in powers.tolist()])
print("weights", [round(w, 3) for w in weights.tolist()])
print("mixture", round((weights @ values).item(), 2))

# %% [markdown]
# *dog* gets 0.787 of the attention, the other two 0.107 each, and the mixture is 13.2: near to the
# dog's 10, pulled up a little by the rest. Steps 2 and 3 together are the **softmax**.
#
# That is all of attention. The rest of this chapter asks two things: how to compare a query with a
# key, and what can go wrong on the way to the weights.

# %% [markdown]
# ## 1.2 Softmax, without falling off the edge
#
# Softmax turns any list of scores into shares: all positive, summing to 1, larger scores first.
#
# $$\mathrm{softmax}(x)_i = \frac{e^{x_i}}{\sum_j e^{x_j}}$$
#
# **Predict.** What does the formula give for the scores 1000, 1001 and 1002? Compare your guess
# with the next cell.

# %%
big = torch.tensor([1000.0, 1001.0, 1002.0])
print("e^1000 in 32 bits:", big.exp()[0].item())
print("the formula:      ", (big.exp() / big.exp().sum()).tolist())
print("what it should be:", [round(w, 3) for w in big.softmax(dim=-1).tolist()])

# %% [markdown]
# The powers overflow to infinity, and infinity divided by infinity is *not a number*. Yet the
# right answer is an ordinary one: it is the softmax of 0, 1, 2, since only differences count.
# Adding the same number *c* to all scores multiplies every power by $e^c$, above and below the
# fraction line, and cancels.
#
# So you are free to shift a row before you take powers. Which shift makes overflow impossible,
# whatever the scores?

# %% [markdown]
# ### Exercise 1.1: `stable_softmax`
#
# Write it for the last axis: each row of a matrix is a softmax of its own.


# %% tags=["exercise-1.1"]
def stable_softmax(scores: Tensor) -> Tensor:
    """Shares of 1 along the last axis, for scores of any size.

    Shapes: scores (..., T). Returns (..., T).

    >>> stable_softmax(torch.tensor([0.0, 0.0]))
    tensor([0.5000, 0.5000])
    """
    ### BEGIN SOLUTION
    shifted = scores - scores.amax(dim=-1, keepdim=True)
    powers = shifted.exp()
    return powers / powers.sum(dim=-1, keepdim=True)
    ### END SOLUTION


# %%
check("1.1", stable_softmax)

# %% [markdown]
# Stuck? `hint("1.1")` in a new cell gives a nudge, called again a stronger one. `solution("1.1")`
# shows an answer after you have tried. The cell below goes on with your function if it passed the
# check, and with the library's if not, so you are never stuck for long.

# %%
stable_softmax = carry_on("1.1", stable_softmax)

# %% [markdown]
# ## 1.3 Comparing by dot product
#
# The score above was a dot product: multiply feature by feature, add up. It is large when both
# vectors are large in the same features, 0 when they share nothing, negative when they disagree.
#
# With all queries as rows of a matrix *Q* (Tq rows) and all keys as rows of *K* (Tk rows), one
# matrix product gives every score at once: $QK^\top$ has a row for each query and a column for
# each key.

# %% [markdown]
# ### Exercise 1.2: `dot_scores`
#
# In real models queries and keys come in batches, so there may be more axes in front. Leave those
# alone; work on the last two.


# %% tags=["exercise-1.2"]
def dot_scores(q: Tensor, k: Tensor) -> Tensor:
    """Dot product of each query with each key.

    Shapes: q (..., Tq, D), k (..., Tk, D). Returns (..., Tq, Tk).
    """
    ### BEGIN SOLUTION
    return q @ k.transpose(-2, -1)
    ### END SOLUTION


# %%
check("1.2", dot_scores)

# %%
dot_scores = carry_on("1.2", dot_scores)

# %% [markdown]
# ## 1.4 Why √d
#
# Real queries and keys have dozens or hundreds of features. Let each feature be random with mean 0
# and variance 1, and take dot products.
#
# **Predict.** With 4 features the scores spread around 0 with some variance. With 1024 features,
# is the variance of the scores the same, 16 times, 256 times or 65,536 times as large? Decide
# before you run the cell.

# %%
torch.manual_seed(0)
sizes = [4, 16, 64, 256, 1024]
variances = []
for d in sizes:
    q, k = torch.randn(2, 1000, d)
    variances.append(dot_scores(q, k).var().item())
    print(f"d = {d:4}   variance of the scores {variances[-1]:7.1f}")

# %%
show(
    compare_lines(
        sizes,
        {"measured": variances, "the line y = d": sizes},
        title="The variance of a dot product grows as the number of features",
        xlabel="features d",
        ylabel="variance of q · k",
        log="xy",
    )
)

# %% [markdown]
# The variance is *d*, so from 4 to 1024 it grows 256 times. The reason fits into a line: a dot
# product is a sum of *d* products, each product of two independent numbers with mean 0 and
# variance 1 has variance 1, and variances of independent things add up.
#
# The typical score therefore has size √d: 2 for d = 4, and 32 for d = 1024. Is that bad? Not for
# the scores themselves. Look at what softmax makes of them.

# %%
rows = torch.randn(7)
print("scores of size 1:   ", [round(w, 3) for w in stable_softmax(rows).tolist()])
print("the same, times 32: ", [round(w, 3) for w in stable_softmax(rows * 32).tolist()])

# %% [markdown]
# One word takes nearly everything. A softmax like this is *saturated*, and that has a price: the
# nearer the weights are to 0 and 1, the less a small change of a score changes them, and the less
# gradient comes back to the scores. Measure it: how large is the gradient that comes
# through the softmax to the scores, with 64 keys and a random gradient from above? And what is the
# largest of the 64 weights, on average?


# %%
def saturation(d, scale):
    """Largest of 64 weights, and the gradient's norm below the softmax; means of 200 rows."""
    q, k = torch.randn(200, 1, d), torch.randn(200, 64, d)
    scores = (dot_scores(q, k) * scale).requires_grad_()
    weights = stable_softmax(scores)
    (weights * torch.randn_like(weights)).sum().backward()  # the loss: any mixture of the weights
    return weights.amax(dim=-1).mean().item(), scores.grad.norm(dim=-1).mean().item()


plain = [saturation(d, 1.0) for d in sizes]
scaled = [saturation(d, d**-0.5) for d in sizes]
print("            largest weight      gradient norm")
for d, (top, gradient), (top_scaled, gradient_scaled) in zip(sizes, plain, scaled, strict=True):
    print(f"d = {d:4}    {top:.2f}  with √d {top_scaled:.2f}", end="   ")
    print(f"{gradient:.3f}  with √d {gradient_scaled:.3f}")

# %%
show(
    compare_lines(
        sizes,
        {"without √d": [g for _, g in plain], "with √d": [g for _, g in scaled]},
        title="Without √d the gradient falls as the features grow",
        xlabel="features d",
        ylabel="gradient norm",
        log="x",
    )
)

# %% [markdown]
# Without the √d, the gradient that reaches the scores is the larger one up to 64 features. Beyond
# that it falls, to a third of the other at 1024. With the √d, neither the gradient nor the weights
# depend on the number of features: the variance of the scores is 1 again. Vaswani et al. (2017,
# section 3.2.1) suspect this very effect, and give it as their reason for the √d.

# %% [markdown]
# ### Exercise 1.3: `scaled_dot_scores`
#
# One question to settle before you type: which *d*? The queries have a number of rows and a number
# of features, and the keys have a number of rows of their own.


# %% tags=["exercise-1.3"]
def scaled_dot_scores(q: Tensor, k: Tensor) -> Tensor:
    """Dot products divided by the square root of the number of features.

    Shapes: q (..., Tq, D), k (..., Tk, D). Returns (..., Tq, Tk).
    """
    ### BEGIN SOLUTION
    d = q.shape[-1]
    return q @ k.transpose(-2, -1) / math.sqrt(d)
    ### END SOLUTION


# %%
check("1.3", scaled_dot_scores)

# %%
scaled_dot_scores = carry_on("1.3", scaled_dot_scores)

# %% [markdown]
# ## 1.5 Three other ways to compare
#
# The scaled dot product won, but it was not the first idea, and the others are still in use.
#
# **Cosine.** Divide both vectors by their lengths, then take the dot product: what is left is the
# cosine of the angle between them, from −1 to 1. Long keys no longer shout louder than short ones
# (Graves et al. 2014, section 3.3.1).
#
# A vector of zeros has no direction, and dividing by its length gives *not a number*. The cure:
# never divide by less than a tiny `eps`.

# %% [markdown]
# ### Exercise 1.4: `cosine_scores`
#
# PyTorch has a cosine of its own; here you build it. `Tensor.norm` gives lengths, `clamp` keeps a
# number from getting too small.


# %% tags=["exercise-1.4"]
def cosine_scores(q: Tensor, k: Tensor, eps: float = 1e-8) -> Tensor:
    """Cosine of the angle between each query and each key.

    A vector shorter than `eps` is divided by `eps` instead of its length.

    Shapes: q (..., Tq, D), k (..., Tk, D). Returns (..., Tq, Tk).
    """
    ### BEGIN SOLUTION
    q = q / q.norm(dim=-1, keepdim=True).clamp(min=eps)
    k = k / k.norm(dim=-1, keepdim=True).clamp(min=eps)
    return q @ k.transpose(-2, -1)
    ### END SOLUTION


# %%
check("1.4", cosine_scores)

# %%
cosine_scores = carry_on("1.4", cosine_scores)

# %% [markdown]
# **Additive.** The first attention in translation (Bahdanau et al. 2015, appendix A.1.2) did not
# multiply at all. It sends the query and the key through a matrix each, *adds* them, bends the sum
# with tanh and reads off a number:
#
# $$\mathrm{score}(q, k) = v^\top \tanh(W_q\, q + W_k\, k)$$
#
# Query and key may differ in size, and the network can learn what "fits" means. The price: for
# every *pair* of a query and a key there is a hidden vector of its own.

# %% [markdown]
# ### Exercise 1.5: `additive_scores`
#
# The two projections have Tq and Tk rows. You need the sum for every pair, a tensor with one axis
# more: (..., Tq, Tk, Dh). Which axes of size 1 do you have to put in, and where, so that
# broadcasting does the rest?


# %% tags=["exercise-1.5"]
def additive_scores(q: Tensor, k: Tensor, w_q: Tensor, w_k: Tensor, v: Tensor) -> Tensor:
    """Bahdanau's scores: vᵀ tanh(W_q q + W_k k) for each query and each key.

    Shapes: q (..., Tq, Dq), k (..., Tk, Dk), w_q (Dh, Dq), w_k (Dh, Dk), v (Dh,).
    Returns (..., Tq, Tk).
    """
    ### BEGIN SOLUTION
    from_queries = (q @ w_q.T).unsqueeze(-2)
    from_keys = (k @ w_k.T).unsqueeze(-3)
    return torch.tanh(from_queries + from_keys) @ v
    ### END SOLUTION


# %%
check("1.5", additive_scores)

# %%
additive_scores = carry_on("1.5", additive_scores)

# %% [markdown]
# **Bilinear.** Between the dot product and the additive score stands Luong et al. (2015, section
# 3.1): a dot product with a learned matrix in the middle, $q^\top W k$. The matrix can match the
# first feature of a query with the third of a key. Chapter 2 meets it again in disguise: the
# projections of queries and keys.
#
# Here are all five on the same five queries and seven keys. The second query is made equal to the
# third key, so there is one right answer to find.

# %%
torch.manual_seed(1)
q, k = torch.randn(5, 16), torch.randn(7, 16)
k[2] *= 0.5  # a short key: length should not mislead
q[1] = k[2]
learned = attention.AdditiveScores(16, 16, 8), attention.BilinearScores(16, 16)
five = {
    "dot": dot_scores(q, k),
    "scaled dot": scaled_dot_scores(q, k),
    "cosine": cosine_scores(q, k),
    "additive (untrained)": learned[0](q, k).detach(),
    "bilinear (untrained)": learned[1](q, k).detach(),
}
show(heat_maps(five, title="Five ways to compare, five scales", rows="query", columns="key"))

# %%
for name, scores in five.items():
    low, high = scores.min().item(), scores.max().item()
    print(f"{name:21} from {low:5.1f} to {high:4.1f}   best key of query 1: {scores[1].argmax()}")

# %% [markdown]
# The second query (row 1) equals the third key (column 2), and the last column tells who found it.
# The cosine must: nothing has a larger cosine with a vector than the vector itself. A dot product
# need not: a long key in a roughly right direction can beat a short one in exactly the right
# direction. The last two have random weights and know nothing until they are trained.
#
# Note the scales: softmax treats a difference of 10 and one of 0.5 very differently.

# %% [markdown]
# ## 1.6 From weights to an answer
#
# Scores, softmax, and now the last step that you did by hand at the start: mix the values. Row *i*
# of the weights says how much query *i* takes of each value; the answer is the weighted average.
#
# An average cannot leave the range of its values. If every value has a first feature between 0 and
# 1, so has the answer. That makes a good check of any attention code, and the check below uses it.

# %% [markdown]
# ### Exercise 1.6: `attend`
#
# Values may have another number of features than keys. Which of the sizes must agree?


# %% tags=["exercise-1.6"]
def attend(weights: Tensor, values: Tensor) -> Tensor:
    """The average of the values, weighted by each row of weights.

    The weights are shares already: a row sums to 1, or is all zeros, and then so is its answer.

    Shapes: weights (..., Tq, Tk), values (..., Tk, Dv). Returns (..., Tq, Dv).
    """
    ### BEGIN SOLUTION
    return weights @ values
    ### END SOLUTION


# %%
check("1.6", attend)

# %%
attend = carry_on("1.6", attend)

# %% [markdown]
# Put your pieces together, and you have the formula at the heart of the Transformer (Vaswani et
# al. 2017, equation 1): $\mathrm{Attention}(Q, K, V) = \mathrm{softmax}(QK^\top/\sqrt{d})\,V$. It
# should agree with PyTorch's own kernel, which other people wrote in another language.

# %%
q, k, v = torch.randn(2, 5, 8), torch.randn(2, 7, 8), torch.randn(2, 7, 3)
mine = attend(stable_softmax(scaled_dot_scores(q, k)), v)
theirs = torch.nn.functional.scaled_dot_product_attention(q, k, v)
print("shape", tuple(mine.shape), "  same as PyTorch:", torch.allclose(mine, theirs, atol=1e-6))

# %% [markdown]
# ## 1.7 Temperature
#
# One knob is left. Divide all scores by a number *T*, the **temperature**, before the softmax.
# Below 1 it sharpens the weights, above 1 it flattens them. (The √d was nothing else: a
# temperature, chosen once and for all.)
#
# How flat a row of weights is, entropy tells. In bits it is the number of yes-or-no questions that
# you need on average to find out which key was meant: 0 bits for one certain key, 1 bit for two
# equally likely ones, 6 bits for 64, log₂ n bits for n.

# %% [markdown]
# ### Exercise 1.7: predict, then run
#
# Four keys have the scores 2, 2, 0 and 1. Predict the entropy of the softmax of scores / T, in
# bits and to one decimal: once very cold, T = 0.01, and once very hot, T = 100. Use your head, not
# the keyboard; both answers can be found without a calculator.

# %% tags=["exercise-1.7"]
### BEGIN SOLUTION
prediction = (1.0, 2.0)
### END SOLUTION

# %%
check("1.7", prediction)


# %%
def entropy_bits(weights):
    """Entropy of each row of weights, in bits."""
    return torch.special.entr(weights).sum(dim=-1) / math.log(2)


scores = torch.tensor([2.0, 2.0, 0.0, 1.0])
temperatures = [0.01, 0.1, 0.3, 1, 3, 10, 100]
entropies = [entropy_bits(stable_softmax(scores / t)).item() for t in temperatures]
show(
    compare_lines(
        temperatures,
        {"entropy of the weights": entropies},
        title="Cold: the best keys share everything. Hot: all keys alike",
        xlabel="temperature T",
        ylabel="entropy (bits)",
        log="x",
    )
)

# %% [markdown]
# Now see the shares themselves. Press the buttons one after another and watch two things: from
# which temperature down the score of 1 shows 0.00 (it is 0.1), and that no score overtakes another.


# %%
def shares_at(temperature):
    """The four shares as bars."""
    shares = stable_softmax(scores / temperature)
    return share_bars(shares, ["2", "2", "0", "1"], f"Scores at T = {temperature:g}")


explore(shares_at, "temperature T", temperatures, still=(1, 0.1, 10))

# %% [markdown]
# ## 1.8 Find the bug
#
# Below is attention in three lines, of a kind that was really published. It runs, its shapes are
# right, and for one sentence it agrees with PyTorch up to rounding.
#
# ### Exercise 1.8: `look_up`
#
# First run the cell as it is, and the two after it. Then mend the function, run them again, and
# see what changes.


# %% tags=["exercise-1.8"]
def look_up(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Attention: mix the values by how well their keys answer each query.

    Shapes: q (..., Tq, D), k (..., Tk, D), v (..., Tk, Dv). Returns (..., Tq, Dv).
    """
    scores = q @ k.mT / math.sqrt(q.shape[-1])  # .mT turns rows into columns
    ### BEGIN SOLUTION
    shares = scores.softmax(dim=-1)
    ### END SOLUTION
    ### BEGIN GIVEN
    # shares = scores.softmax(dim=1)
    ### END GIVEN
    return shares @ v


# %%
kernel = torch.nn.functional.scaled_dot_product_attention
q, k, v = torch.randn(5, 8), torch.randn(7, 8), torch.randn(7, 3)
same = torch.allclose(look_up(q, k, v), kernel(q, k, v), atol=1e-6)
print("one sentence, same as PyTorch:", same)

# %% [markdown]
# So far, so good. Now the probe that you know from section 1.6: an average stays within the range
# of its values. Give a batch of two sentences the value 1 everywhere, and every answer must be 1.

# %%
q, k = torch.randn(2, 5, 8), torch.randn(2, 7, 8)
answers = look_up(q, k, torch.ones(2, 7, 1))
print("from", round(answers.min().item(), 3), "to", round(answers.max().item(), 3))

# %%
check("1.8", look_up)

# %% [markdown]
# Remember the probe with ones. It needs no reference, finds a softmax over any wrong axis, and
# takes one line. Remember the lesson, too: an axis counted from the front changes its meaning when
# an axis is added in front of it; counted from the end it does not.

# %% [markdown]
# ## What you can do now
#
# - Explain attention as a soft look-up: compare, turn into shares, mix.
# - Write five score functions and say what each is good for, and why the usual one divides by √d.
# - Test attention code with a probe that needs no reference.
#
# `progress()` in a new cell shows which exercises you have solved.

# %% [markdown]
# ### Three questions, from memory
#
# <details><summary>Why is the variance of q · k equal to d?</summary>
# It is a sum of d independent products, each with variance 1, and variances add up.
# </details>
# <details><summary>What goes wrong if the scores are too large?</summary>
# The softmax saturates: one key takes nearly everything, and less gradient comes through.
# </details>
# <details><summary>Why may the largest score be subtracted before the softmax?</summary>
# The same factor then stands above and below the fraction line, and cancels.
# </details>

# %% [markdown]
# ### Sources
#
# - Bahdanau et al. (2015), *Neural Machine Translation by Jointly Learning to Align and
#   Translate*, appendix A.1.2: additive scores.
# - Luong et al. (2015), *Effective Approaches to Attention-based Neural Machine Translation*,
#   section 3.1: dot and general (bilinear) scores.
# - Graves et al. (2014), *Neural Turing Machines*, section 3.3.1: cosine.
# - Vaswani et al. (2017), *Attention Is All You Need*, section 3.2.1: why √d.
#
# ### To go further
#
# The argument for √d assumed that queries and keys are independent. Training makes them anything
# but. Take a trained model (chapter 9) and measure the variance of its scores. Is it still near 1?
