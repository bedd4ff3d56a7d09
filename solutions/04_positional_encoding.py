# %% [markdown]
# # 4 · Positional encoding: attention cannot count
#
# *The dog chased the cat. The cat chased the dog.* The same five words, and two different
# afternoons for the cat. You read the order without noticing that you do.
#
# Attention does not. In this chapter you will show that to attention both sentences are one and
# the same heap of words, prove it in two lines, and then give words a place, in four ways: waves,
# learned vectors, rotations, and a penalty for distance. At the end the four compete, on sentences
# four times as long as those they were trained on.
#
# You need: chapter 2, and from chapter 3 what a head is.

# %%
import math

import torch
from torch import Tensor, nn

from course_lib import positions
from course_lib.attention import attention, scaled_dot_scores
from course_lib.exercises import carry_on, check, hint, progress, solution
from course_lib.extrapolation import TASKS, accuracy, in_letters, stored_runs, three_back, train
from course_lib.layers import MultiHeadAttention
from course_lib.masks import causal_mask
from course_lib.plots import clock_hands, compare_lines, explore, heat_maps, lines_with_spread, show
from course_lib.positions import inverse_frequencies

# %% [markdown]
# ## 4.1 The same words in another order
#
# Take two words of one feature each, *dog* = 0 and *cat* = 1, and let them be queries, keys and
# values at once, without any matrices. Pencil and paper: what are the scores of *cat* with *dog*
# and with *cat*? Its two weights? And what does it take home? Then the same for *dog*.
#
# **Predict.** Now turn the sentence round, *cat dog*. What changes in your calculation?

# %%
dog_cat = torch.tensor([[0.0], [1.0]])
cat_dog = torch.tensor([[1.0], [0.0]])
for name, x in [("dog cat", dog_cat), ("cat dog", cat_dog)]:
    for word, row in zip(name.split(), scaled_dot_scores(x, x), strict=True):
        weights = [round(w, 3) for w in row.softmax(dim=-1).tolist()]
        print(f"{name}: {word} scores {row.tolist()}  weights {weights}", end="  ")
        print(f"takes home {(row.softmax(dim=-1) @ x).item():.3f}")

# %% [markdown]
# *dog* gets 0.5 and *cat* 0.731, wherever they stand. Nothing in the calculation asked for a place,
# so none came out.
#
# With five words, eight features, projections, and double precision, so that nothing hides behind
# rounding: permute the words, and compare with the old outputs, permuted.

# %%
torch.manual_seed(0)
x = torch.randn(5, 8, dtype=torch.float64)
w_q, w_k, w_v = torch.randn(3, 8, 8, dtype=torch.float64) / math.sqrt(8)


def attend(x):
    """Self-attention without a mask, and without positions."""
    return attention(x @ w_q.T, x @ w_k.T, x @ w_v.T)


order = torch.tensor([4, 2, 0, 1, 3])
difference = (attend(x[order]) - attend(x)[order]).abs().max().item()
assert difference < 1e-6
print(f"largest difference: {difference:.9f}")

# %% [markdown]
# ### Why, in two lines
#
# Let $P$ be the matrix that permutes rows: $PX$ are the words in another order, and
# $P^\top P = I$. Write $S$ for the scores of $X$ and $A$ for its weights. Then for $PX$:
#
# $$\text{scores: } (PXW_q^\top)(PXW_k^\top)^\top = P\,S\,P^\top,
#   \qquad\text{so the weights are } P\,A\,P^\top$$
#
# $$\text{outputs: } P\,A\,P^\top\; PXW_v^\top = P\,(A\,XW_v^\top)$$
#
# In the first line, a softmax does not mind if the numbers in its row change places: they keep
# their shares. In the second, $P^\top P$ falls out.

# %% [markdown]
# This is called **permutation equivariance**: permute what goes in, and what comes out is permuted
# the same way and is otherwise untouched. In the two sentences at the top, the output of *dog* is
# one and the same vector, up to rounding. No layer behind it can find out who was chased.
#
# So the words must carry their places with them, or the scores must know of them. Everything that
# follows does one or the other.

# %% [markdown]
# ## 4.2 Clocks
#
# The first idea: add the number of the place, 0, 1, 2, …, as a feature. At place 1,000 it drowns
# everything else. The second: divide it by the length. Now *one step to the right* is another
# number in every sentence.
#
# What do we want? Numbers that stay small; places that are told apart; and a step that is the same
# step everywhere. You have such a thing on the wall. A clock has several hands, a fast one and
# slower ones. No hand ever leaves its circle, all together say when it is, and a minute turns them
# by the same angles at noon and at midnight.

# %% [markdown]
# Vaswani et al. (2017, section 3.5) give a vector of *d* features *d*/2 hands. Hand *i* (0, 1, …)
# turns by $\omega_i$ radians a place, and its tip fills two neighbouring features of row *t*:
#
# $$\omega_i = 10000^{-2i/d}, \qquad
#   \text{feature } 2i: \sin(\omega_i\, t), \qquad \text{feature } 2i+1: \cos(\omega_i\, t)$$
#
# **By hand**, with *d* = 4. There are two hands. How fast is each? Write down rows 0 and 1 of the
# table. After how many places has the slow hand gone round once?

# %%
speeds = inverse_frequencies(4)
print("radians a place:", [round(s, 4) for s in speeds.tolist()])
print("row 0:", [round(f(s * 0), 2) for s in speeds.tolist() for f in (math.sin, math.cos)])
print("row 1:", [round(f(s * 1), 2) for s in speeds.tolist() for f in (math.sin, math.cos)])
print("places for a round:", [round(2 * math.pi / s, 1) for s in speeds.tolist()])

# %% [markdown]
# ### Exercise 4.1: `sinusoidal_table`
#
# A row for each place, a column for each feature. Before you type, say which *i* belongs to
# feature 4, and which to feature 5.


# %% tags=["exercise-4.1"]
def sinusoidal_table(num_positions: int, d_model: int) -> Tensor:
    """Sine in the even features and cosine in the odd ones, from fast to slow waves.

    Shapes: returns (T, D), in single precision, for T = num_positions and an even D = d_model.

    >>> sinusoidal_table(2, 2)
    tensor([[0.0000, 1.0000],
            [0.8415, 0.5403]])
    """
    ### BEGIN SOLUTION
    places = torch.arange(num_positions)[:, None]
    angles = places * 10_000 ** (-torch.arange(0, d_model, 2) / d_model)
    return torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(-2)
    ### END SOLUTION


# %%
check("4.1", sinusoidal_table)

# %%
sinusoidal_table = carry_on("4.1", sinusoidal_table)
theirs = positions.sinusoidal_table(100, 64)
print("same as the course's:", torch.allclose(sinusoidal_table(100, 64), theirs, atol=1e-4))

# %% [markdown]
# See the hands move. Here are the four hands of a vector with eight features. Go from 0 to 3 place
# by place, then from 60 to 63. By how much does each hand turn at a step? Which hand tells 0 from
# 63, when the first two happen to be nearly back?


# %%
def hands_at(place):
    """The row of the table, as four clocks."""
    points = sinusoidal_table(int(place) + 1, 8)[-1].view(4, 2)
    names = [f"features {2 * i}, {2 * i + 1}\n{10**-i:g} rad a place" for i in range(4)]
    return clock_hands(points, names, f"The hands at place {place:g}")


explore(hands_at, "place", [0, 1, 2, 3, 10, 20, 60, 61, 62, 63, 500], still=(0, 1, 63))

# %% [markdown]
# ### Which places are alike?
#
# Two places are alike if the dot product of their rows is large.
#
# **Predict.** Are 3 and 5 more alike than 40 and 42, less, or exactly as much? And how large is the
# product of a row with itself, for 64 features?

# %%
table = sinusoidal_table(64, 64)
similar = table @ table.T
for one, other in [(3, 5), (40, 42), (3, 15), (40, 40)]:
    print(f"places {one:2} and {other:2}: {similar[one, other].item():.3f}")

# %%
show(heat_maps({"table": table}, "Fast waves on the left, slow on the right", "place", "feature"))

# %%
show(heat_maps({"similarity": similar}, "Near is alike, at any place", "place", "place"))

# %% [markdown]
# Exactly as much: 28.304 both times. For each hand the product is
# $\sin a \sin b + \cos a \cos b = \cos(a - b)$, and only the difference of two places is left. With
# itself that is $\cos 0 = 1$ for each of 32 hands.
#
# The second picture shows it as stripes along the diagonal. Attention compares by dot products, so
# this table has *near* and *far* built in.

# %% [markdown]
# ## 4.3 A shift is a rotation
#
# To look three words back, a query must know the row of place *t* − 3, whatever its own *t* is. For
# that, there should be one matrix that takes *every* row of the table to the row a step further on.
# A learned projection could then contain it.
#
# **By hand.** Take a single hand that makes a quarter turn a place. It is at (0, 1), that is (sin
# 0, cos 0), at place 0, then at (1, 0), at (0, −1), at (−1, 0), and back. Find the 2 × 2 matrix
# that takes each of these to the next.

# %%
quarter = torch.tensor([[0.0, 1.0], [-1.0, 0.0]])
tip = torch.tensor([0.0, 1.0])
for place in range(5):
    print(f"place {place}:", [int(value) for value in tip.tolist()])
    tip = quarter @ tip

# %% [markdown]
# ### Exercise 4.2: `shift_matrix`
#
# Now with *d*/2 hands, each at its own speed, and *k* steps at once, back if *k* is negative. You
# may use `inverse_frequencies(d_model)`, which gives the speeds, in double precision. From school:
#
# $$\sin(a + b) = \sin a\cos b + \cos a\sin b, \qquad \cos(a + b) = \cos a\cos b - \sin a\sin b$$


# %% tags=["exercise-4.2"]
def shift_matrix(k: int, d_model: int) -> Tensor:
    """The matrix M that moves k places on: M @ table[t] == table[t + k], for every t.

    Shapes: returns (D, D) for an even D = d_model, in single precision.
    """
    ### BEGIN SOLUTION
    blocks = []
    for speed in inverse_frequencies(d_model).tolist():
        sin, cos = math.sin(k * speed), math.cos(k * speed)
        blocks.append(torch.tensor([[cos, sin], [-sin, cos]]))
    return torch.block_diag(*blocks)
    ### END SOLUTION


# %%
check("4.2", shift_matrix)

# %%
shift_matrix = carry_on("4.2", shift_matrix)
table, three_on = sinusoidal_table(100, 64), shift_matrix(3, 64)
off = (table[:-3] @ three_on.T - table[3:]).abs().max().item()
print(f"97 rows, one matrix: off by at most {off:.3f}")

# %% [markdown]
# One matrix for all 97 rows. It consists of rotations: it turns each hand by its own angle and
# never makes anything longer or shorter.
#
# ## 4.4 Or let training decide
#
# Why design anything? Words have learned vectors, so give places learned vectors as well: a table
# with a row for each place, random at first, which is added to the words (Gehring et al. 2017,
# section 3.1).
#
# ### Exercise 4.3: `LearnedPositions`
#
# Keep the rows in an `nn.Embedding` that is called `table`.


# %% tags=["exercise-4.3"]
class LearnedPositions(nn.Module):
    """Add a vector learned for each place, row t of `table` to word t.

    Parameters: table.weight (max_len, d_model).
    """

    def __init__(self, max_len: int, d_model: int) -> None:
        super().__init__()
        ### BEGIN SOLUTION
        self.table = nn.Embedding(max_len, d_model)
        ### END SOLUTION

    def forward(self, x: Tensor) -> Tensor:
        """Shapes: x (B, T, D) with T <= max_len. Returns (B, T, D)."""
        ### BEGIN SOLUTION
        return x + self.table.weight[: x.shape[1]]
        ### END SOLUTION


# %%
check("4.3", LearnedPositions)

# %%
LearnedPositions = carry_on("4.3", LearnedPositions)
torch.manual_seed(1)
random_rows = LearnedPositions(64, 64).table.weight.detach()
both = {"sinusoidal": similar, "learned, before training": random_rows @ random_rows.T}
title = "Waves know near and far from the start; learned places know themselves alone"
show(heat_maps(both, title, rows="place", columns="place"))

# %% [markdown]
# Before training, every place is like itself and nothing else: that 3 is beside 4 must be learned,
# for every pair that matters. And a table has an end. What does a tenth word do to a table of nine
# rows?

# %%
try:
    LearnedPositions(9, 4)(torch.zeros(1, 10, 4))
except (RuntimeError, IndexError) as error:
    print("ten words, nine rows:", type(error).__name__)

# %% [markdown]
# ## 4.5 Turn, do not add
#
# Whatever is added to a word is mixed with it. The score of $x_i + p_i$ with $x_j + p_j$ multiplies
# out to four terms: word with word, word with place, place with word, place with place. Training
# has to sort them out.
#
# Su et al. (2021, section 3.2) leave the words alone. They take the finished query and the finished
# key, see each as a row of hands, and *turn* the hands: by the angles of place *i* for the query,
# of place *j* for the key. The rotation matrix $R_t$ is that of section 4.2, transposed: there a
# hand was a pair of sine and cosine, which turns the other way.
#
# $$(R_i\, q)\cdot(R_j\, k) = q^\top R_i^\top R_j\, k = q^\top R_{j-i}\, k$$

# %% [markdown]
# To turn back by *i* and on by *j* is to turn by *j* − *i*. So the score depends on the two vectors
# and on their *distance* (with its sign: who comes first counts), and on no place. These are
# **rotary positions** (RoPE), and many of today's large language models use them.
#
# **By hand.** One hand again, a quarter turn to the left a place: (1, 0) becomes (0, 1), then
# (−1, 0), and so on. The query is (1, 0), the key is (1, 0). What is their score if the query
# stands at place 5 and the key at 3? At 105 and 103? At 5 and 4?


# %%
def quarter_turns(vector, place):
    """Turn (a, b) to the left by a quarter, `place` times."""
    a, b = vector
    for _ in range(place):
        a, b = -b, a
    return a, b


for i, j in [(5, 3), (105, 103), (5, 4)]:
    (a, b), (c, d) = quarter_turns((1, 0), i), quarter_turns((1, 0), j)
    print(f"query at {i:3}: {(a, b)}   key at {j:3}: {(c, d)}   score {a * c + b * d}")

# %% [markdown]
# ### Exercise 4.4: `rotate`
#
# The speeds are those of the table: neighbours are a pair, and pair *i* turns by $\omega_i$ a
# place. (Some models pair feature *i* with feature *i* + Dh/2. It works as well, and is not
# compatible.)
#
# One thing is new. A model that writes reads its words one at a time, and each new word stands at a
# later place: `start` is the place of the first row of x.


# %% tags=["exercise-4.4"]
def rotate(x: Tensor, start: int = 0) -> Tensor:
    """Turn each pair of neighbouring features (a, b) by the angle of its place.

    A turn by θ gives (a cos θ − b sin θ, a sin θ + b cos θ). The first row stands at place `start`.

    Shapes: x (..., T, Dh). Returns (..., T, Dh), in the precision of x.
    """
    ### BEGIN SOLUTION
    places = torch.arange(start, start + x.shape[-2])
    angles = places[:, None] * inverse_frequencies(x.shape[-1])
    cos, sin = angles.cos().to(x), angles.sin().to(x)
    a, b = x[..., 0::2], x[..., 1::2]
    return torch.stack([a * cos - b * sin, a * sin + b * cos], dim=-1).flatten(-2)
    ### END SOLUTION


# %%
check("4.4", rotate)

# %%
rotate = carry_on("4.4", rotate)
torch.manual_seed(2)
q, k = torch.randn(2, 1, 1, 12, 16)
theirs = positions.RotaryPositions(12, 16)(q)
print("same as the course's:", torch.allclose(rotate(q), theirs, atol=1e-5))
here = scaled_dot_scores(rotate(q), rotate(k))
there = scaled_dot_scores(rotate(q, start=100), rotate(k, start=100))
print(f"scores, all words moved by 100 places: {(here - there).abs().max().item():.3f} apart")

# %% [markdown]
# To *see* that only distance counts, put one and the same query and one and the same key at all
# places. Without turning, all scores are equal. Turned, they are equal along each diagonal.

# %%
same_q, same_k = q[0, 0, :1].expand(12, 16), k[0, 0, :1].expand(12, 16)
pictures = {
    "not turned": scaled_dot_scores(same_q, same_k),
    "turned": scaled_dot_scores(rotate(same_q), rotate(same_k)),
}
show(heat_maps(pictures, "Turned, a score depends on the distance alone", "query", "key"))

# %% [markdown]
# Values are not turned: they are what a word hands over, and that should not depend on where it
# stands.
#
# ## 4.6 What is far counts less
#
# The last way has no hands at all. Press et al. (2022, section 3) leave words, queries and keys
# alone, and take something off each *score*: a slope times the distance. They call it **ALiBi**,
# attention with linear biases.
#
# **By hand.** Three words, all scores equal, a slope of 1/2. The third word looks at all three. Its
# biases are −1, −1/2 and 0. What are its weights?

# %%
weights = torch.tensor([-1.0, -0.5, 0.0]).softmax(dim=-1)
print([round(w, 3) for w in weights.tolist()])

# %% [markdown]
# Each head gets a slope of its own: of H heads, head *h* = 1 … H has the slope $2^{-8h/H}$. With
# eight heads these are 1/2, 1/4, … 1/256. Nothing is learned here, the slopes stay as they are.
#
# ### Exercise 4.5: `alibi_bias`
#
# Distance counts both ways, so that the bias also serves where no causal mask hides the future. (If
# H is no power of two, the paper has a rule of its own. `course_lib.positions` knows it, you may
# forget it.)


# %% tags=["exercise-4.5"]
def alibi_bias(num_heads: int, num_queries: int) -> Tensor:
    """Minus slope times distance, to be added to the scores.

    Shapes: returns (H, T, T) for H = num_heads, a power of two, and T = num_queries.
    """
    ### BEGIN SOLUTION
    slopes = 2.0 ** (-8 * torch.arange(1, num_heads + 1) / num_heads)
    places = torch.arange(num_queries)
    distances = (places[:, None] - places).abs()
    return -slopes[:, None, None] * distances
    ### END SOLUTION


# %%
check("4.5", alibi_bias)

# %%
alibi_bias = carry_on("4.5", alibi_bias)
print("same as the course's:", torch.allclose(alibi_bias(8, 50), positions.alibi_bias(8, 50)))
last_query = alibi_bias(4, 64)[:, -1].softmax(dim=-1).flip(-1)  # equal scores, nearest word first
lines = {f"slope 1/{4**h}": last_query[h - 1].tolist() for h in range(1, 5)}
show(
    compare_lines(
        range(64),
        lines,
        title="Four heads, from short-sighted to far-sighted",
        xlabel="distance to the key",
        ylabel="weight, all scores equal",
    )
)
for name, line in lines.items():
    print(f"{name:11} nearest four words: {sum(line[:4]):.2f} of the weight")

# %% [markdown]
# ## 4.7 A probe for order
#
# You have four ways to tell a model where words stand, and will meet more. Does a given layer know
# of order or not? As with leaks in chapter 2, you want a probe that answers without reading code:
# shuffle, and compare.
#
# ### Exercise 4.6: `is_permutation_equivariant`
#
# The check hands your probe functions that care for order, and functions that do not, some of them
# sly. Think of what one shuffle may leave as it was.


# %% tags=["exercise-4.6"]
def is_permutation_equivariant(f, x: Tensor) -> bool:
    """True if permuting the words permutes the outputs and changes nothing else.

    Differences below 1e-6 count as rounding.

    Shapes: f turns (T, D) into (T, D); x (T, D), in double precision.
    """
    ### BEGIN SOLUTION
    before = f(x)
    for _ in range(40):
        order = torch.randperm(len(x))
        if (f(x[order]) - before[order]).abs().max() > 1e-6:
            return False
    return True
    ### END SOLUTION


# %%
check("4.6", is_permutation_equivariant)

# %%
is_permutation_equivariant = carry_on("4.6", is_permutation_equivariant)

# %% [markdown]
# Let it loose on all that you have built. **Predict** its six answers, the last one with care: it
# is plain attention without positions, under a causal mask.

# %%
torch.manual_seed(3)
x = torch.randn(7, 8, dtype=torch.float64)
learned, waves = LearnedPositions(7, 8).double(), sinusoidal_table(7, 8).double()
bias = alibi_bias(2, 7)[0].double()
layers = {
    "nothing": lambda x: attention(x, x, x),
    "sinusoidal": lambda x: layers["nothing"](x + waves),
    "learned": lambda x: layers["nothing"](learned(x[None])[0]),
    "rotary": lambda x: attention(rotate(x), rotate(x), x),
    "ALiBi": lambda x: attention(x, x, x, bias=bias),
    "a causal mask": lambda x: attention(x, x, x, causal_mask(7)),
}
for name, layer in layers.items():
    print(f"{name:14} order makes no difference: {is_permutation_equivariant(layer, x)}")

# %% [markdown]
# ### What a mask gives away
#
# Only the first is blind. A causal mask is not: the first word sees one word, the seventh sees
# seven, and that can be read off. Let the first word of a sentence have the value 1 and all others
# 0, and all scores be equal.

# %%
values = torch.tensor([[1.0], [0.0], [0.0], [0.0], [0.0]])
zeros = torch.zeros(5, 3)
print([round(v, 3) for v in attention(zeros, zeros, values, causal_mask(5)).flatten().tolist()])

# %% [markdown]
# 1, 1/2, 1/3, …: every word has counted its own place. So models under a causal mask can do without
# any positions (Haviv et al. 2022 trained such), if they have layers enough: the first to count,
# the next to use it.
#
# *One* such layer knows how many words stand before each word, and which. It does not know in which
# order: shuffle the past, and the last word's output stays as it was.

# %%
past = torch.tensor([3, 0, 5, 1, 4, 2, 6])  # the last word stays, those before it are shuffled
last = [layers["a causal mask"](words)[-1] for words in (x, x[past])]
print(f"last output changes by {(last[0] - last[1]).abs().max().item():.6f}")

# %% [markdown]
# ## 4.8 Find the bug: positions that are none
#
# This function was published, in nearly these words, in more than one tutorial. It came from code
# that had the words along axis 0 and the sentences along axis 1, and was used where it is the other
# way round.
#
# ### Exercise 4.7: `add_positions`
#
# Run it as it is, and go on: it seems to work. You mend it when you have caught it.


# %% tags=["exercise-4.7"]
def add_positions(x: Tensor, table: Tensor) -> Tensor:
    """Add row t of the table to word t of every sentence.

    Shapes: x (B, T, D), table (P, D) with P >= T. Returns (B, T, D).
    """
    ### BEGIN SOLUTION
    return x + table[: x.shape[1]]
    ### END SOLUTION
    ### BEGIN GIVEN
    # rows = table[: x.shape[0]][:, None]
    # return x + rows
    ### END GIVEN


# %%
table = sinusoidal_table(32, 8).double()
added = add_positions(torch.zeros(5, 5, 8, dtype=torch.float64), table)  # 5 sentences, 5 words
print("shape:", tuple(added.shape))
print("rows 0 to 4 of the table are in it:", all((added == row).all(-1).any() for row in table[:5]))

# %% [markdown]
# The shape is right, and so are the rows that were added. (With as many sentences as words, even
# their number cannot give it away.) To catch such a bug you need no reference, only something that
# must hold. Sentences share a batch to save time. They should not notice.
#
# ### Exercise 4.8: `ignores_the_batch`
#
# The probe, for any f. How many ways do you see in which a sentence could notice the others?


# %% tags=["exercise-4.8"]
def ignores_the_batch(f, x: Tensor) -> bool:
    """True if each sentence comes out as it would if it were alone in its batch.

    Differences below 1e-6 count as rounding.

    Shapes: f turns (B, T, D) into (B, T, D); x (B, T, D), in double precision.
    """
    ### BEGIN SOLUTION
    alone = torch.cat([f(sentence[None]) for sentence in x])
    return (f(x) - alone).abs().max().item() < 1e-6
    ### END SOLUTION


# %%
check("4.8", ignores_the_batch)

# %%
ignores_the_batch = carry_on("4.8", ignores_the_batch)

# %% [markdown]
# Now ask it about `add_positions`. And ask your probe of exercise 4.6 whether order matters, once
# the words have their positions. **Predict** both answers.


# %%
def placed(x):
    """Attention to words that have been given their positions."""
    y = add_positions(x[None], table)[0]
    return attention(y, y, y)


words = torch.randn(3, 5, 8, dtype=torch.float64)  # 3 sentences, 5 words
print("the batch is ignored:", ignores_the_batch(lambda x: add_positions(x, table), words))
print("order makes no difference:", is_permutation_equivariant(placed, words[0]))

# %% [markdown]
# If they are False and True, both are wrong: one sentence notices the others, and order is lost.
# Which axis of x does the table lie along? Mend `add_positions`, and run the cells from there
# again.

# %%
check("4.7", add_positions)

# %% [markdown]
# With the bug, all words of a sentence had been given the same vector, so their order was lost as
# before, and what a sentence became depended on its number in the batch. Neither probe needs a
# reference, and each takes a few lines.

# %% [markdown]
# ## 4.9 How far does it carry?
#
# A table of waves can be made as long as you like. Rotations and slopes have no end either. So a
# model that was trained on sentences of 32 words should handle 128. Should it not?
#
# Put it to the test, on two tasks small enough to train in a second. In both, the model reads
# letters under a causal mask and answers at every place.

# %%
for name, task in TASKS.items():
    ids, answers = task(torch.Generator().manual_seed(8), 1, 32)
    print(f"{name}\n  reads   {in_letters(ids[0])}\n  answers {in_letters(answers[0])}")

# %% [markdown]
# *Three back* asks which letter stood three places earlier: an exact distance, and no content.
# *Last capital* asks for the latest capital letter, however far back: content, and of several the
# nearest. Who guesses among eight letters is right in 1 of 8 answers, 0.125.
#
# The model is one layer of four heads. Its five editions differ in where places come in: added to
# the words, in the turn of queries and keys, or as a bias on the scores.


# %%
class Reader(nn.Module):
    """Embedding, causal attention, and a guess at each place."""

    def __init__(self, add=None, rotary=None, bias=None, num_layers: int = 1) -> None:
        super().__init__()
        self.embedding = nn.Embedding(16, 64)
        self.add, self.bias = add, bias
        self.layers = nn.ModuleList(MultiHeadAttention(64, 4, rotary) for _ in range(num_layers))
        self.logits = nn.Linear(64, 8)

    def forward(self, ids: Tensor, mask: Tensor | None = None) -> Tensor:
        """Shapes: ids (B, T); mask (T, T), by default causal. Returns logits (B, T, 8)."""
        seq_len = ids.shape[1]
        mask = causal_mask(seq_len) if mask is None else mask
        x = self.embedding(ids)
        if self.add is not None:
            x = self.add(x)
        bias = None if self.bias is None else self.bias[:, :seq_len, :seq_len]
        for attend in self.layers:
            x = x + attend(x, x, mask, bias)
        return self.logits(x)


# %%
def reader(method: str, num_layers: int = 1) -> Reader:
    """A fresh model with positions of one kind, for up to 128 words."""
    table = sinusoidal_table(128, 64)
    ways = {
        "none": {},
        "learned": {"add": LearnedPositions(128, 64)},
        "sinusoidal": {"add": lambda x: x + table[: x.shape[1]]},
        "rotary": {"rotary": rotate},
        "ALiBi": {"bias": alibi_bias(4, 128)},
    }
    return Reader(**ways[method], num_layers=num_layers)


# %% [markdown]
# ### Exercise 4.9: predict, then run
#
# The learned table has 128 rows of 64 numbers. Training uses batches of 16 sentences of 32 words.
# How many of its numbers ever get a gradient, and how many never do?

# %% tags=["exercise-4.9"]
### BEGIN SOLUTION
prediction = (2048, 6144)
### END SOLUTION

# %%
check("4.9", prediction)

# %%
torch.manual_seed(0)
model = reader("learned")
before = model.add.table.weight.detach().clone()
train(model, three_back, seed=0, steps=20)
moved = model.add.table.weight.detach() != before
print("rows that moved:", moved.any(dim=1).sum().item(), "of", len(before))
print("numbers that moved:", moved.sum().item(), "  that did not:", (~moved).sum().item())

# %% [markdown]
# Beyond place 31 the learned table is what it was before training: noise. So much for learned
# positions.
#
# **Predict** for the other four, and for both tasks: who is still right at places 96 to 127? Then
# train all ten, a second or so each.

# %% tags=["nbval-ignore-output"]
methods = ["none", "learned", "sinusoidal", "rotary", "ALiBi"]
live, models = {}, {}
for name, task in TASKS.items():
    print(f"{name:14} places 0–31  32–63  64–95  96–127")
    for method in methods:
        torch.manual_seed(0)
        models[name, method] = reader(method)
        train(models[name, method], task, seed=0)
        live[name, method] = torch.tensor(accuracy(models[name, method], task))  # 16 blocks of 8
        parts = "  ".join(f"{share:5.2f}" for share in live[name, method].view(4, 4).mean(1))
        print(f"  {method:12}      {parts}")

# %%
assert all(live["three back", m][:4].mean() > 0.9 for m in ("learned", "sinusoidal", "rotary"))
assert all(live["last capital", m][:4].mean() > 0.9 for m in methods[1:])
assert live["three back", "ALiBi"].mean() < 0.5 < 0.9 < live["last capital", "ALiBi"][-4:].mean()
assert all(live[t, m][-4:].mean() < 0.6 for t in TASKS for m in ("none", "learned", "sinusoidal"))

# %% [markdown]
# That was one seed, and one seed is an anecdote. `benchmarks/extrapolation.py` trained the same
# models with ten seeds each; here are its stored results, as mean and standard deviation over the
# seeds. It has a sixth model: two layers, without positions.

# %%
stored = {}
for run in stored_runs():
    stored.setdefault((run["task"], run["method"]), []).append(run["accuracy"])
stored = {key: torch.tensor(runs) for key, runs in stored.items()}
for name in TASKS:
    print(f"{name:16} {'0–31':>12} {'32–63':>12} {'64–95':>12} {'96–127':>12}")
    for method in [*methods, "none, two layers"]:
        parts = stored[name, method].view(10, 4, 4).mean(dim=-1)  # seeds, quarters
        cells = zip(parts.mean(0).tolist(), parts.std(0).tolist(), strict=True)
        print(f"{method:16}", *(f"  {mean:.2f} ± {std:.2f}" for mean, std in cells))

# %%
places = range(4, 128, 8)
titles = {
    "three back": "Three back: beyond the trained length, nobody stays right",
    "last capital": "Last capital: beyond the trained length, ALiBi alone stays right",
}
for name, title in titles.items():
    axes = ["place in the sentence", "share of right answers"]
    bands = {method: stored[name, method] for method in methods}
    dots = {method: live[name, method].tolist() for method in methods}
    show(lines_with_spread(places, bands, title, *axes, marks=dots, border=(32, "trained to here")))

# %% [markdown]
# Lines are means of ten seeds, bands reach from the worst to the best, dots are your own run.
#
# - **Learned** places end where training ended: on *three back* 1.00, then 0.14, hardly more than
#   guessing.
# - **Sinusoidal** ones end there, too: 0.24 and 0.20 in the last quarter. All rows are there, but
#   what a model made of rows 0 to 31 does not hold for rows it never met.
# - **Rotary** falls more slowly, and differs from seed to seed: on *three back* 0.30 ± 0.15 at the
#   end. A single run would have told you little.
# - **ALiBi** cannot do *three back*, with 0.30 from the start. It does *last capital* with 0.98 or
#   more, at 128 as at 32.

# %% [markdown]
# ### Why does rotary fail, and ALiBi not?
#
# A rotary score depends on the distance alone, and distance 3 was trained from the first sentence
# to the last. So why does *three back* go wrong at place 100? Look at what one head of your rotary
# model scores at each distance, on average over many words.

# %% tags=["nbval-ignore-output"]
rotary = models["three back", "rotary"]
attend, x = rotary.layers[0], rotary.embedding(three_back(torch.Generator(), 50, 128)[0])
q, k = rotate(attend.split_heads(attend.q_proj(x))), rotate(attend.split_heads(attend.k_proj(x)))
scores = scaled_dot_scores(q, k)[:, 0].mean(dim=0).detach()
curve = [scores.diagonal(-distance).mean().item() for distance in range(128)]
assert curve.index(max(curve[:32])) == 3
assert max(curve[32:]) > curve[3] - 2
far = max(range(32, 128), key=lambda distance: curve[distance])
print(f"score at distance 3: {curve[3]:.1f}; the loudest beyond 31 is {far}: {curve[far]:.1f}")
show(
    lines_with_spread(
        range(128),
        {"head 0": torch.tensor([curve]), "at distance 3": torch.full((1, 128), curve[3])},
        title="Up to distance 31, 3 is the loudest. Beyond, nobody ever checked",
        xlabel="distance",
        ylabel="mean score",
        border=(31.5, "trained to here"),
    )
)

# %% [markdown]
# The curve is a sum of waves. Training has tuned it until 3 stood out among distances 0 to 31.
# About the others it was never asked, and there the waves meet again: in this head a far distance
# comes within 2 of the score of 3 (asserted), and may take weight from it.
#
# That is a fine story. Is it true? If it is the far distances that do the harm, hide them, with a
# second mask. **Predict** what that does at places 96 to 127 for the rotary model, and for the
# sinusoidal one.

# %% tags=["nbval-ignore-output"]
causal = causal_mask(128)
near = causal & ~causal.tril(-32)  # itself and 31 words before it
ends = {}
for method in ("rotary", "sinusoidal"):
    for name, mask in [("all of the past", causal), ("32 places", near)]:
        shares = accuracy(lambda ids, m=method, k=mask: models["three back", m](ids, k), three_back)
        ends[method, name] = sum(shares[-4:]) / 4
        print(f"{method:10}  sees {name:15}  right at 96–127: {ends[method, name]:.2f}")
assert ends["rotary", "32 places"] > 0.95 > 0.8 > ends["sinusoidal", "32 places"]
assert ends["sinusoidal", "all of the past"] < ends["sinusoidal", "32 places"]

# %% [markdown]
# With the same weights and a shorter view, the rotary model is right nearly always again, above
# 0.95. For this one model the story holds. The sinusoidal model gains, too, and stays below 0.8:
# it knows *places*, and a place of 100 is new to it, however short its view.
#
# ALiBi needs no such help. Its curve is a straight line down. It cannot rise at 3, so no head can
# single out the third letter. And it cannot rise again at 100, so what works at 32 goes on working.

# %% [markdown]
# ### Which is best?
#
# None of them. It depends on what a task asks of positions, and the literature says the same, once
# both halves of it are read. Press et al. (2022) tested language models, where near words matter
# most, and ALiBi carried far. Kazemnejad et al. (2023) tested small reasoning tasks such as copying
# and adding, and there models with *no* positions carried further than ALiBi, rotary and
# sinusoidal ones.
#
# Our two-layer model without positions fits that: 0.92 on *last capital* at trained lengths, where
# one layer has 0.66. Its first layer may count, as in section 4.7; we have not looked. It falls to
# 0.42, so in our test it does not carry either.

# %% [markdown]
# Take these numbers for what they are: one layer, 64 features, 400 steps, two toy tasks. What
# carries over is the habit: test at lengths that training never saw, take more than one seed, and
# put an explanation to the test before you believe it.

# %% [markdown]
# ## What you can do now
#
# - Prove that attention without positions cannot tell orders apart, and test any layer for it.
# - Build sinusoidal, learned, rotary and ALiBi positions, and say where each comes in and what it
#   knows of distance.
# - Say what a causal mask gives away, and what breaks beyond the trained length.
#
# `progress()` in a new cell shows which exercises you have solved.

# %% [markdown]
# ### Three questions, from memory
#
# <details><summary>Why does a rotary score depend on the distance alone?</summary>
# The query is turned by i steps and the key by j. In their dot product the turns meet as
# one turn by j − i.
# </details>
# <details><summary>What does a causal mask tell a model without positions?</summary>
# How many words stand before each word, and which, but in one layer not in which order.
# </details>
# <details><summary>Why does a learned table trained at length 32 not help at place 100?</summary>
# Row 100 was never added to a word, so no gradient reached it: it is still random.
# </details>

# %% [markdown]
# ### Sources
#
# - Vaswani et al. (2017), *Attention Is All You Need*, section 3.5: sinusoidal positions.
# - Gehring et al. (2017), *Convolutional Sequence to Sequence Learning*, section 3.1: learned ones.
# - Su et al. (2021), *RoFormer: Enhanced Transformer with Rotary Position Embedding*, section 3.2.
# - Press et al. (2022), *Train Short, Test Long*, section 3: ALiBi.
# - Haviv et al. (2022), *Transformer Language Models without Positional Encodings Still Learn
#   Positional Information*.
# - Kazemnejad et al. (2023), *The Impact of Positional Encoding on Length Generalization in
#   Transformers*.

# %% [markdown]
# ### To go further
#
# If unseen angles are what breaks a rotary model, then show it none: at length 128, divide all
# places by 4, so that they run from 0 to 31.75. `rotate` needs one changed line. Does *three back*
# recover, at which distances would it now have to look, and what does a little more training at the
# new length do?
