# %% [markdown]
# # 3 · Multi-head attention: why several small looks beat one big one
#
# *The keys to the old cabinet are lost.* Why *are*, and not *is*? To get that right, the word must
# find its subject, *keys*, five words back. To go on writing, it must also know what stands beside
# it, *cabinet*. These are two questions, and the attention that you have built so far answers one:
# a query brings home one average.
#
# In this chapter every word will look several times at once, with no more parameters and no more
# multiplications than before. You will count both, compare with PyTorch to the twelfth decimal, and
# find out by experiment how many looks are good.

# %% [markdown]
# You need: chapters 1 and 2. Take two sittings, with a break before section 3.5.

# %%
import time

import torch
import torch.nn.functional as F
from torch import Generator, Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from course_lib import attention, puzzles
from course_lib.ensembles import train_together
from course_lib.exercises import carry_on, check, hint, progress, solution
from course_lib.masks import causal_mask, padding_mask
from course_lib.plots import compare_lines, explore, head_cells, heat_maps, show

# %% [markdown]
# ## 3.1 What an average cannot say
#
# Let the value of each word be a digit. A word wants two of them: that of its *left* neighbour, and
# that of a word that it *points* at. It may look once, with half of its weight on each, or twice,
# each time with all the weight in one place.
#
# | | left | pointed at | one look | two looks |
# |---|---|---|---|---|
# | case A | 3 | 5 | ? | ? ? |
# | case B | 5 | 3 | ? | ? ? |
# | case C | 4 | 4 | ? | ? ? |
#
# Take a pencil and fill in the table. Then cover the second and third column. From which of the
# other two could you write them down again?

# %%
digits = torch.tensor([[3.0, 5.0], [5.0, 3.0], [4.0, 4.0]])
one_look = torch.tensor([[0.5, 0.5]])
two_looks = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
for case, values in zip("ABC", digits, strict=True):
    print(f"case {case}   one look {(one_look @ values).tolist()}", end="   ")
    print(f"two looks {(two_looks @ values).tolist()}")

# %% [markdown]
# One look finds 4 in all three cases: what was found is mixed, and where it came from is lost. Two
# looks keep the digits apart. Vaswani et al. (2017, section 3.2.2) say it in three words:
# "averaging inhibits this".
#
# So a word should have several rows of weights, one for each look. Each look is called a **head**.

# %% [markdown]
# ## 3.2 Cut the features, not the sentence
#
# A second look needs queries, keys and values of its own. You could make the model twice as large.
# The trick is to cut it instead. Suppose queries, keys and values have *D* = 6 features. For *H* =
# 2 heads give the first three features of every word to head 0, the other three to head 1. Each
# head sees **all words**, and a **share of the features**: *Dh* = *D* / *H* of them.
#
# So one table (T, D) becomes a stack of tables, (H, T, Dh). Here is one with four tokens, made so
# that every number tells where it comes from: 23 is feature 3 of token 2.

# %%
x = 10 * torch.arange(4)[:, None] + torch.arange(6)
cut = x.view(4, 2, 3)
heads = cut.transpose(0, 1)
print("token 2 of x:   ", x[2].tolist())
print("token 2, cut:   ", cut[2].tolist())
print("head 1 at last: ", heads[1].tolist())

# %%
panels = {"x (T, D)": x, "x.view(T, H, Dh)": cut, "transposed (H, T, Dh)": heads}
show(head_cells(panels, d_model=6, num_heads=2, title="view cuts, transpose sorts by head"))

# %% [markdown]
# The colour is the head, the shade is the token. `view` moves nothing: it puts a fence into each
# row, and its first axis still counts tokens. Each of its four small tables has both colours. What
# attention wants is a table for each head, in one colour, with a row for each token. For that, two
# axes have to change places, and that is the `transpose`.
#
# So there are two steps, and neither can do the work of the other. (Keep that in mind. In section
# 3.8 somebody tries.)

# %% [markdown]
# ### Exercise 3.1: `split_heads`
#
# One thing differs from the picture: there is a batch in front. Which two axes are to change places
# now? (You may cut with `view`, or with `x.unflatten(axis, sizes)`, which cuts one axis and needs
# to know nothing of the others. A size of −1 means: whatever is left.)


# %% tags=["exercise-3.1"]
def split_heads(x: Tensor, num_heads: int) -> Tensor:
    """Cut the features into heads: the first Dh for head 0, the next Dh for head 1, and so on.

    Shapes: x (B, T, D). Returns (B, H, T, Dh), for H = num_heads and Dh = D / H.
    """
    ### BEGIN SOLUTION
    return x.unflatten(-1, (num_heads, -1)).transpose(1, 2)
    ### END SOLUTION


# %%
check("3.1", split_heads)

# %%
split_heads = carry_on("3.1", split_heads)

# %% [markdown]
# Watch it work. With six heads every head has a single feature, with one head nothing is cut.


# %%
def split_in(num_heads):
    """The table x before and after it is split."""
    after = split_heads(x[None], int(num_heads))[0]
    panels = {"x (T, D)": x, "split (H, T, Dh)": after}
    return head_cells(panels, 6, int(num_heads), f"Number of heads: {num_heads:g}")


explore(split_in, "number of heads", [1, 2, 3, 6], still=(3, 1))

# %% [markdown]
# ### Exercise 3.2: `merge_heads`
#
# After attention, every head has found something for every token: again a stack of tables
# (H, T, Dh). Put the findings side by side, so that each token has one row: first what head 0 found
# for it, then head 1, and so on. It is exercise 3.1 backwards.


# %% tags=["exercise-3.2"]
def merge_heads(x: Tensor) -> Tensor:
    """Put what the heads found for a token side by side.

    Shapes: x (B, H, T, Dh). Returns (B, T, D), for D = H · Dh.
    """
    ### BEGIN SOLUTION
    return x.transpose(1, 2).flatten(-2)
    ### END SOLUTION


# %%
check("3.2", merge_heads)

# %%
merge_heads = carry_on("3.2", merge_heads)

# %%
sentences = torch.randn(2, 5, 12)
for num_heads in (1, 2, 3, 4, 6, 12):
    there_and_back = merge_heads(split_heads(sentences, num_heads))
    print(f"H = {num_heads:2}, there and back: same as before:", there_and_back.equal(sentences))

# %% [markdown]
# ## 3.3 Split, attend, merge, project
#
# Now put the pieces together:
#
# 1. **Project and split.** Queries from `x`, keys and values from `context`, as in chapter 2, each
#    cut into heads.
# 2. **Attend.** Chapter 1's formula takes any leading axes. With (B, H) in front, all heads of all
#    sentences go through one matrix product.
# 3. **Merge.**
# 4. **Project** once more. After the merge, features 0 to 2 know what head 0 found, features 3 to 5
#    what head 1 found, and no feature knows of both. The last matrix mixes them.

# %% [markdown]
# ### Exercise 3.3: `MultiHeadAttention`
#
# The constructor is given; write `forward`. You have `split_heads`, `merge_heads`, and from
# chapters 1 and 2 `attention.attention(q, k, v, mask)`, where `None` is no mask and True means *may
# attend*. By which number does it divide the scores now, √D or √Dh? Look at what it is given.


# %% tags=["exercise-3.3"]
class MultiHeadAttention(nn.Module):
    """Look at `context` with several heads at once, then mix what they found.

    Shapes: x (B, Tq, D), context (B, Tk, D), mask broadcastable to (B, H, Tq, Tk) with
    True = may attend. Returns (B, Tq, D).
    Raises ValueError if num_heads does not divide d_model.
    """

    def __init__(self, d_model: int, num_heads: int):
        super().__init__()
        if d_model % num_heads:
            raise ValueError(f"d_model={d_model} is not divisible by num_heads={num_heads}")
        self.num_heads = num_heads
        self.q_proj = nn.Linear(d_model, d_model)
        self.k_proj = nn.Linear(d_model, d_model)
        self.v_proj = nn.Linear(d_model, d_model)
        self.out_proj = nn.Linear(d_model, d_model)

    def forward(self, x: Tensor, context: Tensor, mask: Tensor | None = None) -> Tensor:
        ### BEGIN SOLUTION
        q = split_heads(self.q_proj(x), self.num_heads)  # (B, H, Tq, Dh)
        k = split_heads(self.k_proj(context), self.num_heads)  # (B, H, Tk, Dh)
        v = split_heads(self.v_proj(context), self.num_heads)  # (B, H, Tk, Dh)
        found = attention.attention(q, k, v, mask)
        return self.out_proj(merge_heads(found))  # (B, Tq, D)
        ### END SOLUTION


# %%
check("3.3", MultiHeadAttention)

# %%
MultiHeadAttention = carry_on("3.3", MultiHeadAttention)

# %% [markdown]
# ### The same as PyTorch's?
#
# PyTorch has this module, written by other people: `nn.MultiheadAttention`. It keeps the three
# first matrices in one block. Copy the weights over, and the outputs must agree: to 1e-5 with
# ordinary 32-bit numbers, and to 1e-12 with 64 bits, where rounding leaves no excuse.


# %%
@torch.no_grad()
def copied_to_torch(ours):
    """PyTorch's own module, with the weights of ours."""
    kind = ours.q_proj.weight.dtype
    d_model = ours.q_proj.in_features
    theirs = nn.MultiheadAttention(d_model, ours.num_heads, batch_first=True, dtype=kind)
    first = ours.q_proj, ours.k_proj, ours.v_proj
    theirs.in_proj_weight.copy_(torch.cat([p.weight for p in first]))
    theirs.in_proj_bias.copy_(torch.cat([p.bias for p in first]))
    theirs.out_proj.load_state_dict(ours.out_proj.state_dict())
    return theirs


torch.manual_seed(0)
for kind, bound in [(torch.float32, 1e-5), (torch.float64, 1e-12)]:
    ours = MultiHeadAttention(12, 3).to(kind)
    x, context = torch.randn(2, 5, 12, dtype=kind), torch.randn(2, 7, 12, dtype=kind)
    expected, _ = copied_to_torch(ours)(x, context, context)
    difference = (ours(x, context) - expected).abs().max().item()
    print(f"{kind}: largest difference below {bound}:", difference < bound)

# %% [markdown]
# The attention in the middle divides by √Dh, not √D: it is given only Dh features at a time. It has
# a rival of its own, the fused kernel of chapter 1, which takes heads as a leading axis, too:

# %%
q = split_heads(ours.q_proj(x), 3)
k, v = (split_heads(p(context), 3) for p in (ours.k_proj, ours.v_proj))
fused = F.scaled_dot_product_attention(q, k, v)
difference = (attention.attention(q, k, v) - fused).abs().max().item()
print("shape", tuple(fused.shape), "  difference below 1e-12:", difference < 1e-12)

# %% [markdown]
# ## 3.4 What do the heads cost?
#
# **Predict.** A model goes from 1 head to 8, and nothing else changes. Does it have 8 times as many
# parameters, 3 times, or as many as before?
#
# By hand, for *D* = 4: `nn.Linear(4, 4)` has a matrix of 16 numbers and a bias of 4. Where in
# `MultiHeadAttention` are such maps, and how many? What is the sum?

# %% [markdown]
# ### Exercise 3.4: `count_parameters`


# %% tags=["exercise-3.4"]
def count_parameters(d_model: int, num_heads: int, bias: bool = True) -> int:
    """How many numbers multi-head attention has to learn, with or without biases.

    >>> count_parameters(2, 1)
    24
    """
    ### BEGIN SOLUTION
    d_head = d_model // num_heads
    first = 3 * num_heads * (d_model * d_head + bias * d_head)  # queries, keys, values
    last = d_model * d_model + bias * d_model
    return first + last
    ### END SOLUTION


# %%
check("3.4", count_parameters)

# %%
count_parameters = carry_on("3.4", count_parameters)

# %%
for num_heads in (1, 2, 4, 8):
    module = MultiHeadAttention(16, num_heads)
    counted = sum(p.numel() for p in module.parameters())
    print(f"H = {num_heads}: by formula {count_parameters(16, num_heads)}, by code {counted}")
print("the one by hand, D = 4:", count_parameters(4, 2))

# %% [markdown]
# Not one more. Heads cut what is there: *H* heads of *Dh* features are always *D* features. That is
# why the experiment in section 3.6 will be a fair one.

# %% [markdown]
# ### Multiply and add
#
# And the work? A matrix product of (2, 3) with (3, 4) gives 2 · 4 = 8 numbers, and each is a sum of
# 3 products: 24 **multiply-adds**. Each is one multiplication and one addition, so 48 operations.
# Those are often called *flops*.
#
# Multi-head attention is six matrix products: four projections, the scores, and the mix of the
# values. (Softmax and biases are small change; leave them out.) For each of the six, write down the
# two shapes, for Tq queries and Tk keys. Which of them are there once for each head?

# %% [markdown]
# ### Exercise 3.5: `attention_flops`


# %% tags=["exercise-3.5"]
def attention_flops(
    batch_size: int, num_queries: int, num_keys: int, d_model: int, num_heads: int
) -> int:
    """Operations in the six matrix products of multi-head attention: two for a multiply-add.

    >>> attention_flops(1, 1, 1, 2, 1)
    40
    """
    ### BEGIN SOLUTION
    d_head = d_model // num_heads
    projections = 2 * (num_queries + num_keys) * d_model * d_model
    scores_and_mix = num_heads * 2 * num_queries * num_keys * d_head
    return 2 * batch_size * (projections + scores_and_mix)
    ### END SOLUTION


# %%
check("3.5", attention_flops)

# %%
attention_flops = carry_on("3.5", attention_flops)

# %% [markdown]
# <details><summary>The six products and their shapes</summary>
# Queries, and the map after the merge: (Tq, D) with (D, D), each. Keys and values: (Tk, D) with
# (D, D), each. Scores: (Tq, Dh) with (Dh, Tk). Mix: (Tq, Tk) with (Tk, Dh). These last two are
# there once for each head.
# </details>
#
# PyTorch can count along while it computes. Here it counts the four maps of a module, then the
# scores and the mix:

# %%
x, context = torch.randn(2, 5, 16), torch.randn(2, 7, 16)
for num_heads in (1, 2, 4, 8):
    module = MultiHeadAttention(16, num_heads)
    q, k, v = (torch.randn(2, num_heads, t, 16 // num_heads) for t in (5, 7, 7))
    with FlopCounterMode(display=False) as counter:
        module.q_proj(x), module.k_proj(context), module.v_proj(context), module.out_proj(x)
        attention.attention(q, k, v)
    formula = attention_flops(2, 5, 7, 16, num_heads)
    print(f"H = {num_heads}: by formula {formula}, by PyTorch {counter.get_total_flops()}")

# %% [markdown]
# The number of heads cancels here, too. What does not cancel is the length: projections grow with
# *T*, scores and mix with *T²*.
#
# **Predict.** For *D* = 512, at which length do scores and mix make up half of the operations? The
# formula tells: set 4 · T · D² equal to 2 · T² · D.

# %%
for length in (64, 256, 1024, 4096):
    total = attention_flops(1, length, length, 512, 8)
    pairs = 2 * 2 * length * length * 512
    print(f"T = {length:4}: {total / 1e9:6.2f} billion operations, {pairs / total:.0%} for pairs")

# %% [markdown]
# Half at *T* = 2*D* = 1024. At 64 tokens it is 6 %: there "attention is quadratic" is true and does
# not matter much.
#
# This is a good place for a break.

# %% [markdown]
# ## 3.5 Time and memory
#
# The explicit path, as you built it, writes down every score: a table of Tq · Tk numbers for each
# head. The fused kernel gives the same result and never holds the whole table: it takes the keys a
# few at a time, keeps the sums of a softmax over those that it has seen, and corrects them with
# each further few (Dao et al. 2022; Milakov and Gimelshein 2018).
#
# Both do the same matrix products. Do they take the same time? Measure it on one core, so that
# whatever else your machine does disturbs little.


# %%
def milliseconds(look, *inputs):
    """The best of five, on one core."""
    threads, times = torch.get_num_threads(), []
    torch.set_num_threads(1)
    for _ in range(5):
        start = time.perf_counter()
        look(*inputs)
        times.append(1000 * (time.perf_counter() - start))
    torch.set_num_threads(threads)
    return min(times)


# %% tags=["nbval-ignore-output"]
lengths = [64, 128, 256, 512, 1024, 2048]
paths = {"explicit": attention.attention, "fused": F.scaled_dot_product_attention}
times = {name: [] for name in paths}
for length in lengths:
    q, k, v = torch.randn(3, 1, 4, length, 32)  # 4 heads of 32 features
    for name, look in paths.items():
        times[name].append(milliseconds(look, q, k, v))
    print(f"T = {length:4}", *(f"  {name} {t[-1]:7.2f} ms" for name, t in times.items()))

# %% tags=["nbval-ignore-output"]
title = "The same result in less time"
show(compare_lines(lengths, times, title, "length T", "time (milliseconds)", log="xy"))

# %% [markdown]
# How much faster depends on the machine, and on what else it is doing. In every run that we have
# seen, the explicit path took at least 1.3 times as long at 2048 tokens; the lines above say how it
# was here. The matrix products are the same, so the difference lies around them. The likely cause,
# which is not measured here: the table of scores is carried to memory and back several times.

# %%
assert times["explicit"][-1] > 1.3 * times["fused"][-1]

# %% [markdown]
# Memory can be measured exactly. In training, PyTorch keeps what it needs for the way back, the
# gradients, and lets you watch it being stored. How the next cell does that, nobody has to read;
# what it prints is what counts.


# %%
def megabytes_kept(look, length):
    """What 4 heads of 32 features keep for the gradients, each piece of memory counted once."""
    q, k, v = torch.randn(3, 1, 4, length, 32).unbind()
    kept = {}

    def keep(tensor):
        kept[tensor.data_ptr()] = tensor.numel() * tensor.element_size()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        look(q.requires_grad_(), k.requires_grad_(), v.requires_grad_())
    return sum(kept.values()) / 1e6


kept = {name: [megabytes_kept(look, t) for t in lengths] for name, look in paths.items()}
for t, explicit, fused in zip(lengths, *kept.values(), strict=True):
    table = 4 * t * t * 4 / 1e6  # heads, cells, bytes of a number
    print(f"T = {t:4}  weights {table:5.2f} MB  kept: explicit {explicit:5.2f}, fused {fused:.2f}")

# %%
title = "The fused kernel keeps no table of weights"
show(compare_lines(lengths, kept, title, "length T", "kept for the gradients (MB)", log="xy"))

# %% [markdown]
# Twice the length, four times the weights: 16.78 MB at 1024, 67.11 at 2048. The explicit path keeps
# them all. What the fused kernel keeps grows as *T*: queries, keys, values and result, and for each
# row of weights one number, the logarithm of the sum that it was divided by. With that number it
# computes any weight again from its query and key when it is needed.
#
# So the explicit path is for reading and for looking inside, the fused one for work. The course's
# own `MultiHeadAttention`, in `course_lib.layers`, is yours with the fused kernel in the middle.

# %% [markdown]
# ## 3.6 Do more heads help?
#
# Cutting costs no parameter and no multiplication, but it had better be good for something. Test it
# on a task that was made to need several looks. Eight tokens stand in a ring. Each knows its place,
# a digit, and the place of a token at which it **points** (now and then itself). Each is asked
# three questions at once: which digit is *before* you, which *after* you, and which where you
# *point*?

# %%
features, wanted = puzzles.three_digits(1, Generator().manual_seed(0))
_, digits, pointers = (part.argmax(dim=-1)[0] for part in features.split([8, 10, 8], dim=-1))
print("place              ", *range(8))
print("digit              ", *digits.tolist())
print("points at place    ", *pointers.tolist())
for name, answers in zip(puzzles.WANTED, wanted[0].T.tolist(), strict=True):
    print(f"digit {name:12} ", *answers)

# %% [markdown]
# The model is as small as can be: a map into 16 features, one multi-head attention, a map to three
# times ten scores, one for each question and digit.


# %%
class Reader(nn.Module):
    """Answer three questions for each token, by one multi-head attention."""

    def __init__(self, num_heads, d_model=16):
        super().__init__()
        self.embed = nn.Linear(puzzles.THREE_DIGITS_FEATURES, d_model)
        self.look = MultiHeadAttention(d_model, num_heads)
        self.answer = nn.Linear(d_model, 3 * puzzles.NUM_DIGITS)

    def forward(self, features):
        x = self.embed(features)
        return self.answer(self.look(x, x)).unflatten(-1, (3, puzzles.NUM_DIGITS))


sizes = {sum(p.numel() for p in Reader(heads).parameters()) for heads in (1, 2, 4, 8)}
print("parameters with 1, 2, 4 and 8 heads:", sizes)

# %% [markdown]
# **Predict**, and write it down: which share of the answers will be right with 1, 2 and 4 heads? By
# chance it is 0.1. And does 8 beat 4?
#
# One run proves little, since it may have been lucky. So each size is trained five times, with
# other first weights and other sentences. `train_together` stacks the five models and trains them
# as one computation. It takes 20 to 60 seconds.

# %% tags=["nbval-ignore-output"]
start = time.perf_counter()
readers = {
    heads: train_together(lambda heads=heads: Reader(heads), puzzles.three_digits)
    for heads in (1, 2, 4, 8)
}
print(f"20 models, {time.perf_counter() - start:.0f} seconds")

# %% tags=["nbval-ignore-output"]
features, wanted = puzzles.three_digits(500, Generator().manual_seed(1))
right = {}
for heads, models in readers.items():
    with torch.no_grad():
        hits = torch.stack([model(features).argmax(dim=-1) == wanted for model in models]).float()
    right[heads] = hits.mean(dim=(1, 2, 3))
    each = "  ".join(f"{share:.2f}" for share in hits.mean(dim=(0, 1, 2)).tolist())
    mean, spread = right[heads].mean().item(), right[heads].std().item()
    print(f"H = {heads}: right {mean:.2f} ± {spread:.2f}   before, after, pointed at: {each}")

# %%
means = {heads: shares.mean().item() for heads, shares in right.items()}
assert 0.35 < means[1] < 0.5
assert 0.6 < means[2] < 0.92
assert means[4] > 0.85
assert means[4] - means[1] > 0.35
assert means[8] > 0.55

# %% tags=["nbval-ignore-output"]
lines = {
    "best of five": [shares.max().item() for shares in right.values()],
    "mean": list(means.values()),
    "worst of five": [shares.min().item() for shares in right.values()],
}
title = "Three questions want more than one head"
show(compare_lines(list(right), lines, title, "heads", "share of right answers", log="x"))

# %% [markdown]
# The numbers move a little from machine to machine. In every run that we have seen, one head stays
# below 0.5, two heads lie between 0.6 and 0.92, four reach more than 0.85 and beat one head by 0.35
# or more.
#
# With one head all three answers are read from one average. It may settle on one place, and then
# the other two questions are answered mostly by luck, or spread itself out and blur all three. The
# three columns are means of the five readers: a column far above the other two says that most of
# them settled on its place.

# %% [markdown]
# And eight heads: do they beat four? In every run that we have seen their mean stays above 0.55; in
# the one that is stored with this chapter it stays below that of four heads, and the five readers
# lie far apart. Each head has two features to compare by, and two to carry what it finds. More
# heads are not better in themselves: each gets narrower.

# %% [markdown]
# It is so in large models, too. In the first Transformer one head was 0.9 BLEU worse than the best
# setting (BLEU: a score for translations, chapter 9), and too many heads were worse again (Vaswani
# et al. 2017, table 3, rows A). Bhojanapalli et al. (2020) give a reason: a head that is narrow
# cannot form every table of weights.

# %% [markdown]
# ### What the heads look at
#
# Open the best reader with four heads. How much of its weight does each head put on the token
# before, the token after, and the token that is pointed at?


# %% tags=["nbval-ignore-output"]
@torch.no_grad()
def weights_of(reader, features):
    """The attention weights of each head: (B, H, T, T)."""
    x, look = reader.embed(features), reader.look
    q, k = (split_heads(proj(x), look.num_heads) for proj in (look.q_proj, look.k_proj))
    return attention.attention_weights(attention.scaled_dot_scores(q, k))


def on_each_place(weights, features):
    """The mean weight on the places before, after and pointed at: (H, 3)."""
    places = torch.arange(8).expand(len(features), 8)
    pointers = features[..., -8:].argmax(dim=-1)
    targets = torch.stack([(places - 1) % 8, (places + 1) % 8, pointers], dim=-1)  # (B, T, 3)
    return weights.gather(-1, targets[:, None].expand(-1, weights.shape[1], -1, -1)).mean((0, 2))


best = readers[4][int(right[4].argmax())]
table = on_each_place(weights_of(best, features), features)
print("            before  after  pointed at")
for head, shares in enumerate(table.tolist()):
    print(f"head {head}      " + "   ".join(f"{share:5.2f}" for share in shares))

# %%
assert (table.max(dim=0).values > 0.5).all()

# %% tags=["nbval-ignore-output"]
one = weights_of(best, features[:1])[0]
print("points at:", features[0, :, -8:].argmax(dim=-1).tolist())
panels = {f"head {head}": weights for head, weights in enumerate(one)}
title = "One sentence, four heads, four patterns"
show(heat_maps(panels, title, rows="token", columns="looks at", scale=(0, 1)))

# %% [markdown]
# Nobody told the heads who should do what. In every run that we have seen, each of the three places
# gets more than half of some head's weight. In the pictures, a stripe one step left of the diagonal
# is *before*, one step right is *after* (both wrap around, it is a ring). A head that follows the
# pointers has its dark cells where the line above them says. There are four heads for three
# questions, so one may do as it likes.
#
# Do not expect this neatness of large models: many of their heads can be removed after training
# with little loss (Michel et al. 2019).

# %% [markdown]
# ## 3.7 A mask for PyTorch's module
#
# With heads, scores are (B, H, Tq, Tk), so a padding mask has one axis more than in chapter 2:
# `padding_mask(ids, pad_id)` of `course_lib.masks` gives (B, 1, 1, Tk), the same row for all heads
# and all queries. A causal mask stays (T, T).
#
# You know that `nn.MultiheadAttention` means the opposite of it. What if you forget?

# %%
torch.manual_seed(1)
ours = MultiHeadAttention(12, 3).double()
theirs = copied_to_torch(ours)
x = torch.randn(2, 5, 12, dtype=torch.float64)
answer, _ = theirs(x, x, x, attn_mask=causal_mask(5))
print("shape", tuple(answer.shape))
print("all finite, token by token:", answer.isfinite().all(dim=-1)[0].tolist())

# %% [markdown]
# The shape is right and four tokens of five get an answer, each from its future. The last token has
# no future: for it everything is hidden, and that is the only visible sign.
#
# The module also wants another shape. Not (B, H, Tq, Tk), but either a table (Tq, Tk) for all, or
# (B · H, Tq, Tk): first the tables for the heads of sentence 0, then those of sentence 1. And no
# axis may be left at size 1 for broadcasting.

# %% [markdown]
# ### Exercise 3.6: `to_torch_mask`
#
# A padding mask does not know how many queries or heads there are, so these are arguments. A mask
# (Tq, Tk) needs neither of them. (For axes of size 1, look up `Tensor.expand`.)


# %% tags=["exercise-3.6"]
def to_torch_mask(mask: Tensor, num_heads: int, num_queries: int) -> Tensor:
    """A mask of the course as the `attn_mask` of nn.MultiheadAttention, where True = hidden.

    Shapes: mask (Tq, Tk), or (B, 1 or H, 1 or Tq, Tk), True = may attend.
    Returns (Tq, Tk) for the first, (B · H, Tq, Tk) for the second.
    """
    ### BEGIN SOLUTION
    if mask.dim() == 2:
        return ~mask
    tables = mask.expand(-1, num_heads, num_queries, -1)
    return ~tables.flatten(0, 1)
    ### END SOLUTION


# %%
check("3.6", to_torch_mask)

# %%
to_torch_mask = carry_on("3.6", to_torch_mask)

# %%
ids = torch.tensor([[5, 3, 8, 2, 9], [4, 7, 0, 0, 0]])
masks = {"causal": causal_mask(5), "padding": padding_mask(ids, pad_id=0)}
masks["both"] = masks["causal"] & masks["padding"]
for name, mask in masks.items():
    expected, _ = theirs(x, x, x, attn_mask=to_torch_mask(mask, 3, 5))
    difference = (ours(x, x, mask) - expected).abs().max().item()
    print(f"{name:8} {tuple(mask.shape)!s:13} difference below 1e-12:", difference < 1e-12)

# %% [markdown]
# ## 3.8 Find the bug: the right shape
#
# Below are heads as you can find them in published code, without the projections. It is one step
# shorter than yours, and its shapes are right.
#
# ### Exercise 3.7: `look_with_heads`
#
# Run the cell and the one after it. Then the probe. Then mend the function; you have all that it
# needs.


# %% tags=["exercise-3.7"]
def look_with_heads(q: Tensor, k: Tensor, v: Tensor, num_heads: int) -> Tensor:
    """Cut into heads, attend in each, put the findings side by side.

    Shapes: q (B, Tq, D), k (B, Tk, D), v (B, Tk, D). Returns (B, Tq, D).
    """
    ### BEGIN SOLUTION
    q, k, v = (split_heads(x, num_heads) for x in (q, k, v))
    ### END SOLUTION
    ### BEGIN GIVEN
    # batch_size, num_queries, d_model = q.shape
    # sizes = batch_size, num_heads, -1, d_model // num_heads
    # q, k, v = (x.view(sizes) for x in (q, k, v))
    ### END GIVEN
    found = attention.attention(q, k, v)
    ### BEGIN SOLUTION
    return merge_heads(found)
    ### END SOLUTION
    ### BEGIN GIVEN
    # return found.view(batch_size, num_queries, d_model)
    ### END GIVEN


# %%
torch.manual_seed(2)
q, k, v = torch.randn(2, 4, 8), torch.randn(2, 6, 8), torch.randn(2, 6, 8)
print("shape", tuple(look_with_heads(q, k, v, num_heads=2).shape))
one_head = F.scaled_dot_product_attention(q, k, v)
same = torch.allclose(look_with_heads(q, k, v, num_heads=1), one_head, atol=1e-6)
print("one head, same as PyTorch:", same)
ones = look_with_heads(q, k, torch.ones(2, 6, 8), num_heads=2)
print("values of 1 give", round(ones.min().item(), 3), "to", round(ones.max().item(), 3))

# %% [markdown]
# The shape is right, one head agrees with PyTorch, and it even passes chapter 1's probe with ones.
# Now a probe in the spirit of chapter 2: change one word and see who notices. Without a mask
# everybody looks at everybody, so everybody should.

# %%
x = torch.randn(1, 6, 8)
changed = x.clone()
changed[0, 5] += 1.0
before, after = (look_with_heads(s, s, s, num_heads=2) for s in (x, changed))
moved = (after - before).abs().amax(dim=-1)[0] > 1e-6
print("token 5 is changed. Does token 0, 1, … notice?", moved.tolist())

# %%
check("3.7", look_with_heads)

# %% [markdown]
# ### Exercise 3.8: predict, then run
#
# What did the short way do to the numbers? Take the table of section 3.2 once more, four tokens of
# six features, where 23 was feature 3 of token 2. Cut it in two ways for two heads:
#
# - `right = x.view(4, 2, 3).transpose(0, 1)`
# - `alone = x.view(2, 4, 3)`
#
# Both are (H, T, Dh) = (2, 4, 3). Which number stands at [1, 2, 0] of the one, which of the other?

# %% tags=["exercise-3.8"]
### BEGIN SOLUTION
prediction = (23, 30)
### END SOLUTION

# %%
check("3.8", prediction)

# %%
x = 10 * torch.arange(4)[:, None] + torch.arange(6)
right, alone = x.view(4, 2, 3).transpose(0, 1), x.view(2, 4, 3)
print("right[1, 2, 0] =", right[1, 2, 0].item(), "  alone[1, 2, 0] =", alone[1, 2, 0].item())
panels = {"x (T, D)": x, "right": right, "alone": alone}
show(head_cells(panels, d_model=6, num_heads=2, title="view alone cuts the sentence"))

# %% [markdown]
# In `alone` each head has both colours, and its rows are halves of tokens. "Head 0" holds tokens 0
# and 1 entirely, "head 1" tokens 2 and 3: not the features were cut, but the sentence. Half a token
# looks at other halves of its own part of the sentence, and nobody ever looks across. A causal mask
# would be wrong as well, since row 2 is no longer token 2.
#
# Nothing stops such a model from being trained: the shapes are right and no error is raised. What
# finds the bug is a probe that asks what each number *depends on*.

# %% [markdown]
# ## What you can do now
#
# - Cut attention into heads and put it together again, and say what `view` and `transpose` each do.
# - Count parameters, operations and memory, and say which of them grows with the number of heads:
#   only the memory, since each head has a table of weights.
# - Compare your module with PyTorch's, masks included, and find a scrambled head by a probe.
#
# `progress()` in a new cell shows which exercises you have solved.

# %% [markdown]
# ### Three questions, from memory
#
# <details><summary>Why can one head not answer two questions at once?</summary>
# It has one row of weights for a query, and a linear map that reads the average cannot tell which
# part of it came from where.
# </details>
# <details><summary>Why are view and transpose both needed?</summary>
# view cuts each token's features without moving a number, transpose brings the axis of the heads in
# front of the tokens.
# </details>
# <details><summary>What do more heads cost?</summary>
# No parameters and no multiplications, but memory: a table of weights for each head, where it is
# written down. And each head gets narrower, and one that is too narrow can say little.
# </details>

# %% [markdown]
# ### Sources
#
# - Vaswani et al. (2017), *Attention Is All You Need*, section 3.2.2: multi-head attention;
#   table 3, rows A: the number of heads.
# - Bhojanapalli et al. (2020), *Low-Rank Bottleneck in Multi-head Attention Models*.
# - Michel et al. (2019), *Are Sixteen Heads Really Better than One?*
# - Milakov and Gimelshein (2018), *Online normalizer calculation for softmax*; Dao et al. (2022),
#   *FlashAttention*.

# %% [markdown]
# ### To go further
#
# Is one head really helpless? With weights 10/11 and 1/11, the mixture of two digits, times 1.1,
# reads as a decimal: 3 and 5 give 3.5, 5 and 3 give 5.3. Nothing is lost. What is missing is
# something that takes the number apart again, and a linear map cannot. Put a small network with a
# bend in it behind the attention of `Reader`, and see how far a single head comes.
