# %% [markdown]
# # 0 · Start here: does everything run, and how does a chapter work?
#
# *Two dogs are playing in the snow.* In chapter 9 a model writes that sentence in German. It comes
# with the course, and was trained for an hour on two cores. By then you have built each of its
# parts once with your own hands, trained a smaller model of them within minutes on a machine like
# this one, and looked at where it looks.

# %% [markdown]
# This page takes about an hour and answers three questions. Does everything run here? How does a
# chapter work? And do you bring along what the other chapters build on?
#
# Click into the grey box below and press **Shift+Enter**: that runs it and goes on to the next. The
# first one takes a few seconds.

# %%
import torch
from torch import Tensor, nn

from course_lib.exercises import carry_on, check, hint, progress, solution
from course_lib.exercises.engine import examine
from course_lib.outline import course_map
from course_lib.plots import number_tables, share_bars, show
from course_lib.tools import environment

print("It runs.")

# %% [markdown]
# ## 0.1 Does everything run here?
#
# If *It runs.* stands above, Python, PyTorch and the course have found each other. If an error
# stands there instead, close JupyterLab and open it with `./course lab` (on Windows, `py course
# lab`), which sets everything up.
#
# The next box looks at the rest: processor, memory, disk, network. Nothing in this course needs a
# GPU, and without a network it works, too.

# %% tags=["nbval-ignore-output"]
environment.notebook_report()

# %% [markdown]
# A `✓` is fine. A `!` costs you something (some collections of text, say, if there is no network:
# the course then makes its own). A `✗` would keep the course from running, and the line below it
# says what to do. `./course doctor` in a terminal gives the same report, also when notebooks will
# not open.

# %% [markdown]
# ## 0.2 Where you are going
#
# One idea carries the whole course: *a word finds the words that matter to it.* Chapter 1 builds
# it in a few lines. The others ask what is missing until it can translate, and add that.
#
# Read the map from the top. An arrow says: read this before that.

# %%
show(course_map())

# %% [markdown]
# The middle column builds the model. The two at the sides are needed, too, but they can wait: 04
# until 06 comes up, and 07, which you could read right now, until 08. Most chapters take 45 to 90
# minutes.

# %% [markdown]
# ## 0.3 How a chapter works
#
# Each idea comes in five steps:
#
# 1. **a question**;
# 2. **by hand**: the smallest example, with pencil and paper;
# 3. **a prediction**, to which you commit before the code runs. A guess that turns out wrong is
#    worth more than an answer that you have read;
# 4. **code and a picture**;
# 5. **an exercise**, checked at once.
#
# Here they are, with an idea that takes ten minutes.

# %% [markdown]
# ### A question, by hand
#
# Two classes vote on where to go. Which share of its votes did each class give to each place?
#
# | | sea | park | museum |
# |---|---|---|---|
# | **class A** | 1 | 1 | 2 |
# | **class B** | 2 | 3 | 5 |
#
# Take pencil and paper. (1) Add up each row: two sums. (2) Divide each number by the sum of its
# row. **Predict:** what does each row of your answer add up to?

# %%
print("class A", [1 / 4, 1 / 4, 2 / 4], "sum", 1 / 4 + 1 / 4 + 2 / 4)
print("class B", [2 / 10, 3 / 10, 5 / 10], "sum", 2 / 10 + 3 / 10 + 5 / 10)

# %% [markdown]
# Both rows add up to 1, as shares do, though class B has more votes. Keep this table in mind: in
# chapter 1 the rows are words that ask, the columns are words that may answer, and the shares are
# called *attention weights*.

# %% [markdown]
# ### A first try, wrong on purpose
#
# Now for a table of any size. A tempting first try divides by the sum:

# %%
votes = torch.tensor([[1.0, 1.0, 2.0], [2.0, 3.0, 5.0]])


def first_try(table):
    """Shares of each row; wrong on purpose."""
    return table / table.sum()


# %% [markdown]
# **Predict.** All votes together are 14. What will the first row of `first_try(votes)` sum to?

# %%
shares = first_try(votes)
print("shares of class A:", [round(share, 3) for share in shares[0].tolist()])
print("their sum:        ", round(shares[0].sum().item(), 3))

# %% [markdown]
# Class A's row sums to 0.286, which is 4/14, and not to 1. You saw that at a glance because the
# table is small. For anything larger there is `check`: it tries a function on several inputs, and
# if one of them fails, it says how. The next cell shows what it would say of the first try. Read
# it line by line.

# %%
examine("0.1", first_try)

# %% [markdown]
# Each verdict reads like this one. **Fails on** names the input; the checks begin with inputs that
# you can follow on paper. Then your numbers stand beside the expected ones. **What must hold** is
# something that every right answer has, whatever the input.
#
# **What happened** is said only if your code does, number for number, what a well-known mistake
# does. It ends in a question, and it never tells the answer. If the question is not enough, ask for
# a nudge:

# %%
hint("0.1")

# %% [markdown]
# The same words again, in a cell of your own, give a stronger one. (For a new cell, click to the
# left of this text and press `B`, for *below*.)

# %% [markdown]
# ### Exercise 0.1: `row_shares`
#
# Now yours. Put your code in place of the line that begins with `raise`. Run the cell, then the
# check below it. If the check does not pass, change your code and run both again, as often as you
# like.
#
# *Shapes* tells the sizes of what goes in and comes out: here a table with R rows and C columns.
#
# In every exercise an answer leaves its inputs unchanged. Where tensors are to come out, it also
# stays with tensors: on the device where they lie, and without `.item()`, `.tolist()` or
# `torch.tensor(...)` of tensors. These make plain numbers or copies, through which no gradient
# comes, and training lives on gradients.


# %% tags=["exercise-0.1"]
def row_shares(table: Tensor) -> Tensor:
    """Each row of a table of positive numbers, divided by its sum.

    Shapes: table (R, C). Returns (R, C).

    >>> row_shares(torch.tensor([[1.0, 3.0]]))
    tensor([[0.2500, 0.7500]])
    """
    ### BEGIN SOLUTION
    return table / table.sum(dim=-1, keepdim=True)
    ### END SOLUTION


# %%
check("0.1", row_shares)

# %% [markdown]
# Whether it passed or not, go on. The next cell takes your function if it passed, and the
# library's if not, so you are never stuck for long.

# %%
row_shares = carry_on("0.1", row_shares)

# %%
show(share_bars(row_shares(votes)[1], ["sea", "park", "museum"], "Shares of class B"))

# %% [markdown]
# These are all the words that you need:
#
# | in a cell | what it does |
# |---|---|
# | `check("0.1", row_shares)` | tries your answer and says what it finds |
# | `hint("0.1")` | gives a nudge; called again, a stronger one |
# | `solution("0.1")` | shows an answer, once you have tried |
# | `carry_on("0.1", row_shares)` | goes on with yours if it passed, else with the library's |
# | `progress()` | shows which exercises you have solved |
#
# There are three kinds of exercise: write a function, predict a number, find a bug. *Run → Run All
# Cells* goes through to the end whatever is unsolved: such checks say *not yet*, or name the bug
# that is still to be found.

# %% [markdown]
# ## 0.4 A self-check: broadcasting
#
# Four things come up in nearly every chapter, and are not explained again: broadcasting,
# transpose against view, the axis of a softmax, and modules. This is your half hour to find
# out. If one is familiar, go straight to its exercise. If not, read the example, and follow
# *Learn it* when you want more.

# %% [markdown]
# ### By hand
#
# How do you add a column of two numbers and a row of three? Write the two shapes below each other,
# flush right. Sizes in one column must be equal, or one of them 1 or missing. A 1 is stretched to
# the other size.
#
# ```
#   (2, 1)   the column
#      (3,)  the row
#   ------
#   (2, 3)   their sum
# ```
#
# Fill in the second row of the sum, with the column at its left edge and the row along the top:
#
# | | 10 | 20 | 30 |
# |---|---|---|---|
# | **1** | 11 | 21 | 31 |
# | **2** | | | |
#
# (PyTorch writes (3,) for a shape with one axis.)
#
# **Predict.** Which shape do (4, 1, 3) and (5, 1) give together? And (4, 3) and (4,)?

# %%
column, row = torch.tensor([[1.0], [2.0]]), torch.tensor([10.0, 20.0, 30.0])
print((column + row).tolist())
print(tuple((torch.zeros(4, 1, 3) + torch.zeros(5, 1)).shape))
try:
    torch.zeros(4, 3) + torch.zeros(4)
except RuntimeError as error:
    print(error)

# %% [markdown]
# The first pair gives (4, 5, 3). The second fails: flush right, the 4 stands below the 3. That four
# rows and four numbers "belong together" is known to you, and not to PyTorch.
#
# *Learn it:* [Broadcasting semantics](https://docs.pytorch.org/docs/stable/notes/broadcasting.html)
# in PyTorch's notes, five minutes.

# %% [markdown]
# ### Exercise 0.2: `pairwise_sums`
#
# This time nobody has made a column for you: both are plain vectors, one of Ta numbers, one of Tb.
# In chapter 1 you will compare each query with each key in this way.


# %% tags=["exercise-0.2"]
def pairwise_sums(a: Tensor, b: Tensor) -> Tensor:
    """The sum of each number of `a` with each number of `b`.

    Shapes: a (Ta,), b (Tb,). Returns (Ta, Tb).
    """
    ### BEGIN SOLUTION
    return a[:, None] + b
    ### END SOLUTION


# %%
check("0.2", pairwise_sums)

# %%
pairwise_sums = carry_on("0.2", pairwise_sums)

# %% [markdown]
# ## 0.5 Transpose is not view
#
# Two ways to make a table of shape (3, 2) out of one of shape (2, 3). Do they give the same? Write
# both down for the numbers 0 to 5 before you run the cell.

# %%
x = torch.arange(6).view(2, 3)
tables = {"x": x, "x.T": x.T, "x.view(3, 2)": x.view(3, 2)}
show(number_tables(tables, "Same shape, other places"))

# %% [markdown]
# `x.T` swaps rows and columns: what was x[0, 2] is now at [2, 0]. `view` leaves the numbers in
# their old order, and cuts that line into rows of two.
#
# Shapes are the same, no error is raised, and the numbers stand in other places. A model with a
# `view` where a transpose should be gets its words mixed up; chapter 3 has one for you to mend.
#
# *Learn it:* [Tensor views](https://docs.pytorch.org/docs/stable/tensor_view.html) in PyTorch's
# manual.

# %% [markdown]
# ### Exercise 0.3: predict, then run
#
# Let `x = torch.arange(12).view(3, 4)`, the numbers 0 to 11 in three rows of four. Which number
# stands at [1, 2], so in row 1 and column 2, both counted from 0: in `x.T`, and in `x.view(4, 3)`?
# On paper, please. Put both numbers in place of the dots, as `(…, …)`.

# %% tags=["exercise-0.3"]
### BEGIN SOLUTION
prediction = (9, 5)
### END SOLUTION

# %%
check("0.3", prediction)

# %%
x = torch.arange(12).view(3, 4)
tables = {"x": x, "x.T": x.T, "x.view(4, 3)": x.view(4, 3)}
show(number_tables(tables, "Row 1, column 2: count from 0"))
for name, table in tables.items():
    print(f"{name:12} at [1, 2]: {table[1, 2].item()}")

# %% [markdown]
# ## 0.6 Softmax: over which axis?
#
# A softmax turns scores into shares of 1: larger scores, larger shares. (How, is a matter for
# chapter 1.) In a table the question is which numbers share a 1 with each other. `dim` says: those
# *along* that axis. So `dim=-1`, the last axis, lets the numbers of a row compete, and `dim=-2`
# those of a column.
#
# **By hand.** Equal scores get equal shares. In a table with the rows (2, 1, 0) and (0, 0, 0),
# which shares can you tell without a computer: for `dim=-1`, and for `dim=-2`?

# %%
scores = torch.tensor([[2.0, 1.0, 0.0], [0.0, 0.0, 0.0]])
both = {f"dim={axis}": scores.softmax(dim=axis) for axis in (-1, -2)}
show(number_tables(both, "Shared out by rows, or by columns", digits=2))
for name, shares in both.items():
    by_row, by_column = shares.sum(dim=-1), shares.sum(dim=-2)
    print(name, "  sums of the rows:", [round(s, 2) for s in by_row.tolist()])
    print("         sums of the columns:", [round(s, 2) for s in by_column.tolist()])

# %% [markdown]
# Over `dim=-1` the second row is equal: 0.33 each. Over `dim=-2` the last column is: 0.5 each. The
# shape is the same both times, so only the sums tell which axis it was. Print them whenever you
# are in doubt.
#
# *Learn it:* [torch.softmax](https://docs.pytorch.org/docs/stable/generated/torch.softmax.html) and
# [Softmax regression](https://d2l.ai/chapter_linear-classification/softmax-regression.html) in
# *Dive into Deep Learning*.

# %% [markdown]
# ### Exercise 0.4: predict, then run
#
# Scores for two sentences, each with four words that ask and five that may answer: `scores =
# torch.zeros(2, 4, 5)`. All are 0. Predict three numbers:
#
# 1. each number of `scores.softmax(dim=-1)`;
# 2. each number of `scores.softmax(dim=-2)`;
# 3. what a row (five numbers along the last axis) of the second adds up to.
#
# Put them in place of the dots, as `(…, …, …)`.

# %% tags=["exercise-0.4"]
### BEGIN SOLUTION
prediction = (0.2, 0.25, 1.25)
### END SOLUTION

# %%
check("0.4", prediction)

# %%
scores = torch.zeros(2, 4, 5)
print("dim=-1:", round(scores.softmax(dim=-1)[0, 0, 0].item(), 3))
print("dim=-2:", scores.softmax(dim=-2)[0, 0, 0].item())
print("a row's sum after dim=-2:", scores.softmax(dim=-2).sum(dim=-1)[0, 0].item())

# %% [markdown]
# ## 0.7 A module of your own
#
# From chapter 3 on you build models out of *modules*: classes that hold numbers to be trained, and
# say what they do with an input. This is a small one.


# %%
class Scale(nn.Module):
    """Multiply each feature by a number of its own."""

    def __init__(self, d: int) -> None:
        super().__init__()
        self.factor = nn.Parameter(torch.ones(d))

    def forward(self, x: Tensor) -> Tensor:
        return x * self.factor


# %% [markdown]
# Three things to notice. `super().__init__()` comes first: it makes the register in which a
# module keeps its parameters. `nn.Parameter` puts a tensor into it, so that an optimizer finds it.
# And a module is called like a function, `scale(x)`, which calls `forward`.
#
# **Predict.** The output for x = (1, 2, 3) is summed up. How much does that sum change with each
# of the three factors? That is what `backward` writes into `factor.grad`.

# %%
scale = Scale(3)
print("parameters:", {name: tuple(p.shape) for name, p in scale.named_parameters()})
scale(torch.tensor([1.0, 2.0, 3.0])).sum().backward()
print("gradient:  ", scale.factor.grad.tolist())

# %% [markdown]
# The sum is 1·f₀ + 2·f₁ + 3·f₂, so the gradient is (1, 2, 3): the input itself.
#
# *Learn it:* [Modules](https://docs.pytorch.org/docs/stable/notes/modules.html) in PyTorch's notes,
# or [Layers and modules](https://d2l.ai/chapter_builders-guide/model-construction.html) in *Dive
# into Deep Learning*.

# %% [markdown]
# ### Exercise 0.5: `Affine`
#
# The work-horse of all models: $y = x\,W^\top + b$. It takes vectors of `d_in` numbers to vectors
# of `d_out` numbers. Two parameters: `weight`, with a row for each output, and `bias`, with a
# number for each output. What they start with is up to you.
#
# Write it without `nn.Linear`. The parameters' names count: a saved model is a list of names and
# numbers.


# %% tags=["exercise-0.5"]
class Affine(nn.Module):
    """Multiply by a matrix and add a vector, both of them trained.

    Parameters: weight (d_out, d_in), bias (d_out,).
    """

    def __init__(self, d_in: int, d_out: int) -> None:
        super().__init__()
        ### BEGIN SOLUTION
        self.weight = nn.Parameter(torch.randn(d_out, d_in))
        self.bias = nn.Parameter(torch.zeros(d_out))
        ### END SOLUTION

    def forward(self, x: Tensor) -> Tensor:
        """Shapes: x (..., d_in). Returns (..., d_out)."""
        ### BEGIN SOLUTION
        return x @ self.weight.T + self.bias
        ### END SOLUTION


# %%
check("0.5", Affine)

# %%
Affine = carry_on("0.5", Affine)

# %% [markdown]
# PyTorch has this module, too: `nn.Linear`. If your names and shapes agree with its own, it can
# take over your numbers, and must then give the same results. (Comparing with someone else's code
# is how this course tests all its parts.)

# %%
torch.manual_seed(0)
mine, theirs = Affine(4, 3), nn.Linear(4, 3)
theirs.load_state_dict(mine.state_dict())
x = torch.randn(2, 5, 4)
print("same as nn.Linear:", torch.allclose(mine(x), theirs(x), atol=1e-6))

# %% [markdown]
# ## 0.8 Find the bug
#
# The last kind of exercise: code that runs, has the right shapes and does the wrong thing. Much
# published code has such bugs, and no error message finds them for you.
#
# ### Exercise 0.6: `center_rows`
#
# The function should take from each row its own mean, so that every row has mean 0 (the layer norm
# of chapter 5 begins like that). Run the cell as it is, and the two after it. Then mend the
# function, run them again, and see what changes.


# %% tags=["exercise-0.6"]
def center_rows(table: Tensor) -> Tensor:
    """Take from each row its own mean.

    Shapes: table (..., R, C). Returns (..., R, C).
    """
    ### BEGIN SOLUTION
    means = table.mean(dim=-1, keepdim=True)
    ### END SOLUTION
    ### BEGIN GIVEN
    # means = table.mean(dim=-1)
    ### END GIVEN
    return table - means


# %%
torch.manual_seed(0)
words = torch.randn(4, 8)
table = center_rows(words @ words.T)  # how alike are four words? A table of 4 by 4
print("shape:", tuple(table.shape))
print("means of the rows:   ", [round(abs(m), 3) for m in table.mean(dim=-1).tolist()])
print("means of the columns:", [round(abs(m), 3) for m in table.mean(dim=-2).tolist()])

# %% [markdown]
# The signs are left out, so a mean of 0 reads 0.0. Whose means are 0: those of the rows, as
# promised? Now compare the four words with seven others, in a table that is not square.

# %%
try:
    print(tuple(center_rows(words @ torch.randn(8, 7)).shape))
except RuntimeError as error:
    print("It stops:", error)

# %%
check("0.6", center_rows)

# %% [markdown]
# Remember the lesson more than the bug: a square table hides a mix-up of its axes, since every
# shape fits. That is why the checks of this course use sizes that are all different, and why your
# own tests should.

# %% [markdown]
# ## How did it go?
#
# | if this was hard | you need it from | what to do now |
# |---|---|---|
# | 0.2 broadcasting | chapter 1 | the five minutes of *Learn it*, then 0.2 and 0.6 again |
# | 0.3 transpose, view | chapter 3 | draw both tables for 2 × 3 and for 3 × 4 |
# | 0.4 axis of a softmax | chapter 1 | go on: chapter 1 builds a softmax |
# | 0.5 modules | chapter 3 | go on, and come back before chapter 3 |
#
# `progress()` in a new cell shows what you have solved. Your work is saved in the folder `work/`,
# and no update overwrites it. What comes next, 01_attention_scores, is in the list of files on the
# left.

# %% [markdown]
# ## What you can do now
#
# - Say that the course runs on your machine, and find your way through it.
# - Read a verdict, ask for a hint, and go on when something does not work yet.
# - Tell where shapes hide a mistake: transpose against view, the axis of a softmax, a lost axis.

# %% [markdown]
# ### Three questions, from memory
#
# <details><summary>Which shape do (3, 1) and (4,) give together, by broadcasting?</summary>
# (3, 4): flush right, the 1 stands above the 4 and is stretched; the 3 stands alone.
# </details>
# <details><summary>What is the difference between transpose and view?</summary>
# A transpose swaps axes, so numbers change places. A view reads them on in their old order.
# </details>
# <details><summary>How do you find out over which axis a softmax was taken?</summary>
# Add up along each axis. Where all sums are 1, there it was taken.
# </details>

# %% [markdown]
# ### Sources
#
# - Harris et al. (2020), *Array programming with NumPy*: where broadcasting comes from.
# - Paszke et al. (2019), *PyTorch: An Imperative Style, High-Performance Deep Learning Library*.
# - Zhang et al., *Dive into Deep Learning*, [d2l.ai](https://d2l.ai): for all the rest.
#
# ### To go further
#
# The bug of 0.6 could be written because axes have numbers, and no names. `torch.einsum` gives
# them letters; Rogozhnikov (2022, *Einops*) gives them words. Write 0.2 and 0.6 with either. Which
# of this page's mistakes can no longer be written, and which new ones can?
