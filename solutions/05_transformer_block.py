# %% [markdown]
# # 5 · The Transformer block: what makes it deep
#
# Words can look at each other (chapter 3) and know where they stand (chapter 4). One look is not
# enough. In *The dog that chased the cats was tired*, the word *was* has to find *dog*; but which
# dog that is, *dog* must find out first. So models look again and again: 6 times in the first
# Transformer, 96 times in GPT-3.
#
# Stack attention that often, and nothing is left of the sentence. In this chapter you will see
# that happen, build the three cures, put them together into the block that every Transformer
# repeats, and measure what each cure is worth.
#
# You need: chapters 1 to 3.

# %%
import inspect
import json
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

import course_lib
from course_lib import layers
from course_lib.ensembles import train_together
from course_lib.exercises import carry_on, check, hint, progress, solution
from course_lib.layers import Dropout, MultiHeadAttention, PreNormResidual
from course_lib.models import count_parameters, init_weights
from course_lib.parity import copy_encoder_layer, randomize
from course_lib.plots import boxes_and_arrows, compare_lines, lines_with_spread, show
from course_lib.reversal import Reverser, backwards

torch.set_num_threads(1)  # faster, for tensors as small as these

# %% [markdown]
# ## Twelve times attention
#
# Take a sentence of 16 random words and send it through twelve attentions, one after another, each
# with random weights. Two numbers tell what becomes of it: the **size** of its numbers (the root of
# their mean square), and how **alike** its words are (the mean cosine between two of them: 0 for
# words that have nothing in common, 1 for words that all point the same way).
#
# **Predict.** After twelve rounds, will the words be less alike than before, as alike, or more?


# %%
def size(x):
    """The root of the mean square of all numbers."""
    return x.square().mean().sqrt().item()


def alike(x):
    """Mean cosine between two different words of a sentence."""
    unit, n = F.normalize(x, dim=-1), x.shape[-2]
    return (((unit @ unit.mT).sum(dim=(-2, -1)) - n) / (n * (n - 1))).mean().item()


torch.manual_seed(0)
words = torch.randn(4, 16, 64)
rounds = nn.ModuleList(MultiHeadAttention(64, num_heads=4) for _ in range(12))
init_weights(rounds)


# %%
@torch.no_grad()
def report(name, step):
    """Size and likeness of the words after 0, 1, 2, 3 and 12 rounds."""
    x, sizes, likeness = words, [size(words)], [alike(words)]
    for attention in rounds:
        x = step(x, attention)
        sizes.append(size(x))
        likeness.append(alike(x))
    for what, numbers in [("size ", sizes), ("alike", likeness)]:
        shown = (f"{abs(numbers[i]):7.3f}" for i in (0, 1, 2, 3, 12))  # abs: no "-0.000"
        print(f"{name:20} {what}", *shown)


heading = " ".join(["after round               ", *(f"{i:7}" for i in (0, 1, 2, 3, 12))])
print(heading)
report("attention alone", lambda x, attention: attention(x, x))

# %% [markdown]
# After two rounds all words point the same way. What attention returns is an average over the
# sentence, and averages of averages soon agree (Dong et al. 2021 show how fast). The numbers have
# shrunk to less than half as well.
#
# So three things are missing: something that keeps the *size* of the numbers, something that lets a
# word *do* something with what it found, and something that keeps words from being averaged away.
# They are the layer norm, the feed-forward part and the residual connection.

# %% [markdown]
# ## 5.1 A common size
#
# You know from chapter 1 what large numbers do to a softmax. **Layer norm** (Ba et al. 2016)
# brings every word to the same size, whatever came before: take the mean of its features off,
# divide by the root of their variance. Then each feature is scaled and shifted by learned numbers,
# its weight $w$ and bias $b$:
#
# $$y = \frac{x - \mathrm{mean}(x)}{\sqrt{\mathrm{var}(x) + \varepsilon}} \cdot w + b$$
#
# No word asks its neighbours for anything here: mean and variance are its own.

# %% [markdown]
# ### By hand
#
# A word with four features: 2, 0, 2, 8. Take your pencil:
#
# | | | | | |
# |---|---|---|---|---|
# | the word | 2 | 0 | 2 | 8 |
# | less the mean | | | | |
# | squared | | | | |
# | divided by the root of the mean of the squares | | | | |
#
# And what comes out for 12, 10, 12, 18? For 20, 0, 20, 80?

# %%
for word in ([2.0, 0.0, 2.0, 8.0], [12.0, 10.0, 12.0, 18.0], [20.0, 0.0, 20.0, 80.0]):
    x = torch.tensor(word)
    centred = x - x.mean()
    variance = centred.square().mean()
    print(f"mean {x.mean():4.0f}  variance {variance:4.0f}", end="   normed ")
    print([round(y, 2) for y in (centred / variance.sqrt()).tolist()])

# %% [markdown]
# Three times the same. A normed word has lost how large it was and where its zero lay. What is left
# is the pattern: this feature is high *for this word*, that one is low.
#
# One thing can go wrong: all features equal. A blank of zeros has variance 0, and 0 / 0 is not a
# number. That is what the small $\varepsilon$ under the root is for.
#
# ### Exercise 5.1: `layer_norm`
#
# One question before you type: PyTorch's `var` divides by one less than the number of features,
# unless you tell it otherwise. What did you divide by, on paper?


# %% tags=["exercise-5.1"]
def layer_norm(x: Tensor, weight: Tensor, bias: Tensor, eps: float) -> Tensor:
    """Each word with mean 0 and variance 1 over its features, then scaled and shifted.

    Shapes: x (..., T, D), weight (D,), bias (D,). Returns (..., T, D).
    """
    ### BEGIN SOLUTION
    mean = x.mean(dim=-1, keepdim=True)
    variance = (x - mean).square().mean(dim=-1, keepdim=True)
    return (x - mean) / (variance + eps).sqrt() * weight + bias
    ### END SOLUTION


# %%
check("5.1", layer_norm)

# %%
layer_norm = carry_on("5.1", layer_norm)

# %%
theirs = nn.LayerNorm(64)
with torch.no_grad():
    theirs.weight.normal_()
    theirs.bias.normal_()
mine = layer_norm(words, theirs.weight, theirs.bias, theirs.eps)
print("same as PyTorch:", torch.allclose(mine, theirs(words), atol=1e-5))

# %% [markdown]
# From here on `nn.LayerNorm` does it, which keeps its weight and bias with it. Now the twelve
# rounds again, with a norm before each:

# %%
norm = nn.LayerNorm(64)
print(heading)
report("attention alone", lambda x, attention: attention(x, x))
report("with norm", lambda x, attention: attention(norm(x), norm(x)))

# %% [markdown]
# One illness of three is cured: the size is 0.9 after twelve rounds, where it was 0.4. (It is
# not 1, for this is what attention made of normed words.) The words are as alike as ever.

# %% [markdown]
# ## 5.2 Time to think
#
# Attention brings things together and cannot combine them. A word that finds *not* and *good* gets
# a mixture of both; to make *bad* out of it takes more than an average.
#
# The smallest example: two features, *may be a noun* and *may be a verb*. A word is easy if exactly
# one of them is 1: *dog* is, and *was*; *chase* is both, *the* is neither.
#
# | | noun | verb | easy? |
# |---|---|---|---|
# | *the* | 0 | 0 | 0 |
# | *dog* | 1 | 0 | 1 |
# | *was* | 0 | 1 | 1 |
# | *chase* | 1 | 1 | 0 |

# %% [markdown]
# No linear map gives the last column. It would have to give *the* and *chase* together as much as
# *dog* and *was* together, for both pairs have the same sum. Here it is 0 and 2.

# %% [markdown]
# ### By hand
#
# Two linear maps with a bend between them can. The bend is the **ReLU**: it keeps what is positive
# and makes the rest 0.
#
# Up: $h_1 = \mathrm{relu}(\text{noun} + \text{verb})$ and
# $h_2 = \mathrm{relu}(\text{noun} + \text{verb} - 1)$. Down: $h_1 - 2\,h_2$.
#
# Fill in $h_1$, $h_2$ and the result for the four words.

# %%
four = torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
up, up_bias = torch.tensor([[1.0, 1.0], [1.0, 1.0]]), torch.tensor([0.0, -1.0])
down = torch.tensor([[1.0, -2.0]])
hidden = (four @ up.T + up_bias).relu()
for name, h, y in zip(["the", "dog", "was", "chase"], hidden, hidden @ down.T, strict=True):
    print(f"{name:6} h {h.tolist()}   easy {y.item():.0f}")

# %% [markdown]
# That is the **feed-forward part**: up to more features, bend, down again, for each word alone,
# with the same maps for all (Vaswani et al. 2017, section 3.3). The paper goes from 512 features
# up to 2048. In attention words look at each other; here each of them thinks.

# %% [markdown]
# ### Dropout
#
# Hidden features like to rely on each other, and on the training data in particular. **Dropout**
# (Srivastava et al. 2014) makes that a bad idea: in training, a share *p* of them is set to 0, at
# random and anew each time. The others are multiplied by $1 / (1 - p)$, so that sums keep their
# size on average.
#
# When the model is used, everything should count. A module knows which of the two is meant: you
# tell it with `train()` and `eval()`.
#
# **Predict.** Ones go through a dropout of 0.5. Which numbers can come out, and what is their mean?

# %%
torch.manual_seed(0)
dropout, ones = Dropout(0.5), torch.ones(8)
print("train()", dropout.train()(ones).tolist())
print("train()", dropout.train()(ones).tolist())
print("eval() ", dropout.eval()(ones).tolist())
many = dropout.train()(torch.ones(100_000))
print(f"of 100,000 ones: mean {many.mean():.2f}, zeros {(many == 0).float().mean():.2f}")

# %% [markdown]
# So a model that is left in `train()` gives another answer each time it is asked. Whoever forgets
# `eval()` gets results that are a little too bad, and no error.
#
# ### Exercise 5.2: `FeedForward`
#
# A module this time. `course_lib` has a `Dropout` that works like `nn.Dropout`, and is faster on a
# CPU; either will do. It acts on the hidden features, after the bend.


# %% tags=["exercise-5.2"]
class FeedForward(nn.Module):
    """Two linear maps, `up` and `down`, with a ReLU and dropout between them.

    Parameters: up.weight (d_ff, d_model), up.bias (d_ff,), down.weight (d_model, d_ff),
    down.bias (d_model,).
    """

    def __init__(self, d_model: int, d_ff: int, dropout: float = 0.0) -> None:
        super().__init__()
        ### BEGIN SOLUTION
        self.up = nn.Linear(d_model, d_ff)
        self.down = nn.Linear(d_ff, d_model)
        self.dropout = Dropout(dropout)
        ### END SOLUTION

    def forward(self, x: Tensor) -> Tensor:
        """Shapes: x (..., T, D). Returns (..., T, D)."""
        ### BEGIN SOLUTION
        return self.down(self.dropout(F.relu(self.up(x))))
        ### END SOLUTION


# %%
check("5.2", FeedForward)

# %%
FeedForward = carry_on("5.2", FeedForward)

# %% [markdown]
# ## 5.3 Add, do not replace
#
# So far each part *replaces* the words by what it returns. A word that wants to be remembered has
# to get through every average and every bend, twelve times over.
#
# The third cure is the smallest and does the most (He et al. 2016, for images). Let each part add
# its answer to what was there:
#
# $$x \leftarrow x + \mathrm{sublayer}(\mathrm{norm}(x))$$
#
# This is a **residual connection**. What runs through the model is now a **stream**, one for each
# word. A part (a **sublayer**) reads a normed copy of it and writes its answer back by adding. What
# has nothing to say writes zeros, and nothing is lost.

# %%
stream = {
    "x": ("the stream of a word", 0, 0),
    "attention": ("a: norm, then look", 1, 1),
    "x + a": ("its answer is added", 0, 2),
    "feed-forward": ("f: norm, then think", -1, 3),
    "x + a + f": ("on to the next layer", 0, 4),
}
main_line = [("x", "x + a"), ("x + a", "x + a + f")]
read = [("x", "attention"), ("x + a", "feed-forward")]
write = [("attention", "x + a"), ("feed-forward", "x + a + f")]
title = "Sublayers read from the stream and write to it"
show(boxes_and_arrows(stream, main_line + read + write, title))

# %% [markdown]
# ### By hand
#
# The stream of a word is (2, 4). To keep the numbers small, let the "norm" halve each of them, and
# let the "sublayer" add 10. What does the sublayer read, what does it write, and what is in the
# stream afterwards?
#
# ### Exercise 5.3: `residual`
#
# `norm` and `sublayer` are functions: they are called with a tensor and return one of the same
# shape.


# %% tags=["exercise-5.3"]
def residual(x: Tensor, norm, sublayer) -> Tensor:
    """The stream, plus what a sublayer says about a normed copy of it.

    Shapes: x (..., T, D). Returns (..., T, D).

    >>> residual(torch.tensor([2.0, 4.0]), lambda x: x / 2, lambda x: x + 10)
    tensor([13., 16.])
    """
    ### BEGIN SOLUTION
    return x + sublayer(norm(x))
    ### END SOLUTION


# %%
check("5.3", residual)

# %%
residual = carry_on("5.3", residual)

# %%
print(heading)
report("attention alone", lambda x, attention: attention(x, x))
report("with norm", lambda x, attention: attention(norm(x), norm(x)))
report("norm and residual", lambda x, attention: residual(x, norm, lambda y: attention(y, y)))

# %% [markdown]
# The words still become more alike with every round, for they look at the same sentence. But it
# takes its time: 0.28 after three rounds, where it was 1.00, and 0.82 after twelve. And the stream
# grows, from 1 to 2.7, since things are added to it and nothing is taken away. Remember that for
# section 5.6.

# %% [markdown]
# ## 5.4 A layer
#
# A **layer** (or block) of the Transformer is two residual connections: one around attention, one
# around the feed-forward part. The library keeps norm, sum and dropout together in a module. Here
# is its source; you will recognise the last line.

# %%
print(inspect.getsource(PreNormResidual))

# %% [markdown]
# Note where dropout stands: on what the sublayer says, before it is added. The stream itself is
# never dropped.
#
# ### Exercise 5.4: `EncoderLayer`
#
# Put it together. There are four parts to make, and names matter, for a saved model is a list of
# names and numbers:
#
# | name | what |
# |---|---|
# | `self_attention` | `MultiHeadAttention(d_model, num_heads)` |
# | `feed_forward` | `FeedForward(d_model, d_ff, dropout)` |
# | `self_attention_residual` | `PreNormResidual(d_model, dropout)` |
# | `feed_forward_residual` | another one |
#
# Attention is called with what asks, what is looked at, and the mask: `attention(x, context,
# mask)`. A residual connection hands its sublayer *one* argument. How do the two come together?


# %% tags=["exercise-5.4"]
class EncoderLayer(nn.Module):
    """Self-attention, then feed-forward, each in a pre-norm residual connection.

    Parts: self_attention, feed_forward, self_attention_residual, feed_forward_residual.
    """

    def __init__(self, d_model: int, num_heads: int, d_ff: int, dropout: float) -> None:
        super().__init__()
        ### BEGIN SOLUTION
        self.self_attention = MultiHeadAttention(d_model, num_heads)
        self.feed_forward = FeedForward(d_model, d_ff, dropout)
        self.self_attention_residual = PreNormResidual(d_model, dropout)
        self.feed_forward_residual = PreNormResidual(d_model, dropout)
        ### END SOLUTION

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Shapes: x (B, T, D), mask broadcastable to (B, H, T, T). Returns (B, T, D)."""
        ### BEGIN SOLUTION
        x = self.self_attention_residual(x, lambda y: self.self_attention(y, y, mask))
        return self.feed_forward_residual(x, self.feed_forward)
        ### END SOLUTION


# %%
check("5.4", EncoderLayer)

# %%
EncoderLayer = carry_on("5.4", EncoderLayer)

# %% [markdown]
# PyTorch has this layer, too, with other names for the same parts: `self_attn`, `linear1` and
# `linear2`, `norm1` and `norm2`. If yours is right, then with your numbers copied into theirs both
# must say the same.


# %%
def compare_with_torch(ours, norm_first):
    """The largest difference between a layer of ours and PyTorch's, in double precision."""
    theirs = nn.TransformerEncoderLayer(12, 3, 20, batch_first=True, norm_first=norm_first)
    randomize(ours)  # equal biases or norms could hide a mix-up
    copy_encoder_layer(ours, theirs)
    x = torch.randn(2, 5, 12, dtype=torch.float64)
    return (ours.double().eval()(x) - theirs.double().eval()(x)).abs().max().item()


torch.manual_seed(1)
difference = compare_with_torch(EncoderLayer(12, 3, 20, 0.1), norm_first=True)
print("same as PyTorch, to 12 digits:", difference < 1e-12)

# %% [markdown]
# ## 5.5 Where the norm stands
#
# You built **pre-norm**: each sublayer reads a normed copy. The paper of 2017 (section 3.1) has it
# the other way round. There the sublayer reads the stream as it is, and the *sum* is normed:
#
# $$x \leftarrow \mathrm{norm}(x + \mathrm{sublayer}(x))$$
#
# This is **post-norm**. It looks like a matter of taste. But see where the norms are in the
# picture: they have moved onto the main line, and whatever is in the stream has to get through all
# of them.

# %%
stream = {
    "x": ("the stream of a word", 0, 0),
    "attention": ("a: look", 1, 1),
    "y = norm(x + a)": ("the stream itself is normed", 0, 2),
    "feed-forward": ("f: think", -1, 3),
    "norm(y + f)": ("and normed again", 0, 4),
}
main_line = [("x", "y = norm(x + a)"), ("y = norm(x + a)", "norm(y + f)")]
read = [("x", "attention"), ("y = norm(x + a)", "feed-forward")]
write = [("attention", "y = norm(x + a)"), ("feed-forward", "norm(y + f)")]
title = "Post-norm: the norms stand on the stream"
show(boxes_and_arrows(stream, main_line + read + write, title))

# %% [markdown]
# ### Exercise 5.5: `PostNormResidual`
#
# The same parts as in `PreNormResidual`, in the other order. Dropout stays where it was: on what
# the sublayer says.


# %% tags=["exercise-5.5"]
class PostNormResidual(nn.Module):
    """norm(x + sublayer(x)), with a dropout on what the sublayer says.

    Parameters: norm.weight (d_model,), norm.bias (d_model,).
    """

    def __init__(self, d_model: int, dropout: float = 0.0) -> None:
        super().__init__()
        ### BEGIN SOLUTION
        self.norm = nn.LayerNorm(d_model)
        self.dropout = Dropout(dropout)
        ### END SOLUTION

    def forward(self, x: Tensor, sublayer) -> Tensor:
        """Shapes: x (..., T, D). Returns (..., T, D)."""
        ### BEGIN SOLUTION
        return self.norm(x + self.dropout(sublayer(x)))
        ### END SOLUTION


# %%
check("5.5", PostNormResidual)

# %%
PostNormResidual = carry_on("5.5", PostNormResidual)

# %% [markdown]
# Put yours in the place of the pre-norm ones, and the layer is that of 2017. PyTorch's default is
# post-norm as well.

# %%
layer = EncoderLayer(12, 3, 20, 0.1)
layer.self_attention_residual = PostNormResidual(12, 0.1)
layer.feed_forward_residual = PostNormResidual(12, 0.1)
difference = compare_with_torch(layer, norm_first=False)
print("same as PyTorch, to 12 digits:", difference < 1e-12)

# %% [markdown]
# The library's `EncoderLayer` has both: `norm_first=True` or `False`. (It also takes the rotary
# positions and the bias of chapter 4.) From here on the chapter goes on with it, as
# `layers.EncoderLayer`. Which of the two orders is better, section 5.9 will measure.

# %% [markdown]
# ## 5.6 The encoder
#
# Layers one after another are an **encoder**: words in, words out, of the same number and size,
# each of them now full of what it learned from the others.
#
# In pre-norm a last thing is missing. Every *reader* of the stream norms its own copy, and after
# the last layer there is no reader left: what comes out is the sum as it stands. So a final norm
# closes the stack. A post-norm stack needs none, for each of its layers ends in one.

# %% [markdown]
# ### Exercise 5.6: `Encoder`
#
# It is given its layers and its final norm (`nn.Identity()`, which hands on what it gets, for a
# post-norm stack). Where must a module keep its layers, so that an optimizer finds them?


# %% tags=["exercise-5.6"]
class Encoder(nn.Module):
    """Layers one after another, and a norm at the end.

    Parts: layers, norm. Each layer is called as layer(x, mask).
    """

    def __init__(self, layers: list[nn.Module], norm: nn.Module) -> None:
        super().__init__()
        ### BEGIN SOLUTION
        self.layers = nn.ModuleList(layers)
        self.norm = norm
        ### END SOLUTION

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Shapes: x (B, T, D), mask broadcastable to (B, H, T, T). Returns (B, T, D)."""
        ### BEGIN SOLUTION
        for layer in self.layers:
            x = layer(x, mask)
        return self.norm(x)
        ### END SOLUTION


# %%
check("5.6", Encoder)

# %%
Encoder = carry_on("5.6", Encoder)


# %% [markdown]
# Look into the stream of a pre-norm encoder of twelve layers. If all that happens is adding, then
# what comes out before the final norm is the words plus 24 answers, and nothing else:


# %%
def new_encoder(num_layers, norm_first, d_model=64):
    """An encoder with random weights."""
    sizes = (d_model, 4, 4 * d_model, 0.0, norm_first)
    final = nn.LayerNorm(d_model) if norm_first else nn.Identity()
    encoder = Encoder([layers.EncoderLayer(*sizes) for _ in range(num_layers)], final)
    init_weights(encoder)
    return encoder


torch.manual_seed(2)
encoder, written = new_encoder(12, norm_first=True), []
for layer in encoder.layers:
    for sublayer in (layer.self_attention, layer.feed_forward):
        sublayer.register_forward_hook(lambda module, inputs, output: written.append(output))
with torch.no_grad():
    result = encoder(words)
    summed = encoder.norm(words + sum(written))
print(len(written), "answers were written; words + answers, normed, is the result:", end=" ")
print(torch.allclose(summed, result, atol=1e-4))

# %% [markdown]
# That is why one speaks of a stream: the last layer can still read what the first one wrote, and
# the words themselves, as they came in.
#
# ## 5.7 Where the parameters are
#
# **By hand.** A layer with 4 features, 16 hidden ones. Attention has four maps from 4 numbers to 4,
# with bias. The feed-forward part has two maps. Each norm has a weight and a bias for each feature.
# How many numbers are that, part by part? And how many with two heads, or with four?

# %%
attention, feed_forward, norms = 4 * (4 * 4 + 4), (4 * 16 + 16) + (16 * 4 + 4), 2 * (4 + 4)
print(attention, "+", feed_forward, "+", norms, "=", attention + feed_forward + norms)
for heads in (2, 4):
    print(f"{heads} heads:", count_parameters(layers.EncoderLayer(4, heads, 16)), "parameters")

# %% [markdown]
# Heads cost nothing: they cut the same features into more pieces.
#
# ### Exercise 5.7: `parameter_table`
#
# Write it for any module: a row for each direct part, and one for the whole. A module can have
# parameters of its own, beside its parts, and two parts may share a matrix, which is then trained
# once. So the total is not always the sum of the rows.


# %% tags=["exercise-5.7"]
def parameter_table(module: nn.Module) -> dict[str, int]:
    """How many numbers are trained in each direct part of a module, and in all ("total").

    Parameters that want no gradient are not trained.

    >>> parameter_table(nn.ModuleDict({"up": nn.Linear(2, 3), "down": nn.Linear(3, 2)}))
    {'up': 9, 'down': 8, 'total': 17}
    """

    ### BEGIN SOLUTION
    def count(part: nn.Module) -> int:
        return sum(p.numel() for p in part.parameters() if p.requires_grad)

    return {name: count(part) for name, part in module.named_children()} | {"total": count(module)}
    ### END SOLUTION


# %%
check("5.7", parameter_table)

# %%
parameter_table = carry_on("5.7", parameter_table)

# %% [markdown]
# Now a layer of the size of the paper: 512 features, 2048 hidden ones, 8 heads.

# %%
table = parameter_table(layers.EncoderLayer(512, 8, 2048))
for name, number in table.items():
    print(f"{name:24} {number:9,}   {number / table['total']:6.1%}")

# %% [markdown]
# Two thirds of a layer think, one third looks, and the norms are next to nothing. With
# $d_{ff} = 4d$ a layer has close to $12\,d^2$ parameters: four maps of $d^2$ in attention, eight in
# the feed-forward part.

# %% [markdown]
# ## 5.8 Find the bug: the blank that spoils everything
#
# Here is a layer norm without weight and bias, with its eps where much published code has it. Run
# the cell and the next one: it agrees with PyTorch. You mend it when you have caught it.
#
# ### Exercise 5.8: `norm_words`


# %% tags=["exercise-5.8"]
def norm_words(x: Tensor, eps: float) -> Tensor:
    """Each word with mean 0 and variance 1 over its features.

    Shapes: x (..., T, D). Returns (..., T, D).
    """
    centred = x - x.mean(dim=-1, keepdim=True)
    variance = centred.square().mean(dim=-1, keepdim=True)
    ### BEGIN SOLUTION
    return centred / (variance + eps).sqrt()
    ### END SOLUTION
    ### BEGIN GIVEN
    # return centred / (variance.sqrt() + eps)
    ### END GIVEN


# %%
torch.manual_seed(3)
x = torch.randn(2, 5, 12)
same = torch.allclose(norm_words(x, 1e-5), F.layer_norm(x, (12,)), atol=1e-4)
print("same as PyTorch:", same)

# %% [markdown]
# For such words its outputs are right. But what is used in training has a second result, which
# nobody looks at: the gradient that it sends back.
#
# ### Exercise 5.9: `has_finite_gradient`
#
# A probe for that, for any f. A reminder: `backward()` starts from one number and writes into
# `grad` of tensors that want a gradient. The x that you are handed should stay as it is.


# %% tags=["exercise-5.9"]
def has_finite_gradient(f, x: Tensor) -> bool:
    """True if the gradient of the sum of all outputs of f is finite for every number of x.

    Neither NaN nor infinity is finite. Shapes: x (T, D), the outputs of f any.
    """
    ### BEGIN SOLUTION
    leaf = x.detach().clone().requires_grad_()
    f(leaf).sum().backward()
    return leaf.grad.isfinite().all().item()
    ### END SOLUTION


# %%
check("5.9", has_finite_gradient)

# %%
has_finite_gradient = carry_on("5.9", has_finite_gradient)

# %% [markdown]
# Now let it loose. Here are words as they usually are, and four kinds that could give trouble.
# **Predict**: which of them do?

# %%
usual = torch.randn(5, 12)
kinds = {"as usual": usual, "large": 1e6 * usual, "tiny": 1e-6 * usual, "all equal": usual.clone()}
kinds["all equal"][2] = 0.5  # all features of one word
kinds["blank"] = torch.cat([usual[:3], torch.zeros(2, 12)])
for name, x in kinds.items():
    print(f"{name:10} gradient finite: {has_finite_gradient(lambda x: norm_words(x, 1e-5), x)}")

# %% [markdown]
# Where it says False, you have caught it. Blanks are in nearly every batch. Take a sentence of
# three words and two blanks, whose embedding is zero. It goes through a linear map and the norm.
# The loss looks at the three words alone, and nobody ever reads the blanks.

# %%
ids = torch.tensor([[7, 4, 9, 0, 0]])
embedding, linear = nn.Embedding(10, 12, padding_idx=0), nn.Linear(12, 12, bias=False)
result = norm_words(linear(embedding(ids)), 1e-5)
loss = (result[:, :3] * torch.randn(1, 3, 12)).sum()
loss.backward()
print("output and loss are numbers:", result.isfinite().all().item(), loss.isfinite().item())
print("the weight's gradient is:   ", linear.weight.grad.isfinite().all().item())

# %% [markdown]
# If the last line says False, one step of training would turn every weight into *not a number*.
# What went forward was fine; what came back was not. The slope of $\sqrt{v}$ is $1/(2\sqrt{v})$.
# What is that for a blank? And why does it not help that the loss multiplies it by 0?
#
# Mend `norm_words`, and run the cells from there again.

# %%
check("5.8", norm_words)

# %% [markdown]
# The broken form failed at *all equal* and *blank*, where a variance is 0. There the root is
# infinitely steep, and infinity times the 0 of the loss is not a number.
#
# Remember two things. A function that is used in training has two results, its value and its
# gradient, and a test that looks at one has done half the work. And a small number that protects a
# division protects the root only if it stands under it.

# %% [markdown]
# ## 5.9 How deep?
#
# Now the question of the title. Think of new-born sublayers: each writes random numbers of size 1,
# which have nothing to do with what is in the stream. Recall chapter 1: the *variances* of
# independent things add up. The size is the root of the variance.
#
# ### Exercise 5.10: predict, then run
#
# Words of size 1 go through four layers, each with two sublayers that write something of size 1.
# Pre-norm: how large is the stream at the end (before any final norm)? Post-norm: every norm
# brings the sum back to size 1, and shrinks all that is in it. By which factor have the words
# themselves become smaller at the end?

# %% tags=["exercise-5.10"]
### BEGIN SOLUTION
prediction = (3, 16)
### END SOLUTION

# %%
check("5.10", prediction)

# %%
torch.manual_seed(4)
pre = post = x = torch.randn(2_000, 64)
share = torch.tensor(1.0)  # of the words, in the post-norm stream
for _ in range(8):
    answer = torch.randn_like(x)
    pre = pre + answer
    share = share / size(post + answer)
    post = (post + answer) / size(post + answer)
print(f"pre-norm:  size {size(pre):.2f}")
print(f"post-norm: size {size(post):.2f}, the words are {1 / share.item():.1f} times smaller")
print(f"24 layers: in pre-norm the stream is {49**0.5:.0f} times as large as the words in it,")
print(f"           in post-norm {2**24:,} times")

# %% [markdown]
# Each norm of a post-norm stack divides by √2, and eight of them by 16. With more layers the two
# part ways, as the last lines show. But real sublayers do not write random numbers of size 1. So
# measure: 24 layers with random weights, five times. How much of the words is left in the stream
# (the mean cosine between a word as it came in and what stands in its place), and how alike are
# they?


# %%
@torch.no_grad()
def through(encoder):
    """After each layer: the cosine with the words at the beginning, and their likeness."""
    x, left, likeness = words, [], []
    for layer in encoder.layers:
        x = layer(x)
        left.append(F.cosine_similarity(x, words, dim=-1).mean().item())
        likeness.append(alike(x))
    return left, likeness


def of_five(norm_first):
    """The mean over five encoders; both orders begin with the same weights."""
    runs = []
    for seed in range(5):
        torch.manual_seed(seed)
        runs.append(through(new_encoder(24, norm_first)))
    return torch.tensor(runs).mean(dim=0).tolist()


# %%
pre, post = of_five(True), of_five(False)
print("after layer               ", *(f"{i:6}" for i in (1, 6, 12, 24)))
for name, (left, likeness) in [("pre-norm", pre), ("post-norm", post)]:
    print(f"{name:9} left of the words", *(f"{left[i - 1]:6.2f}" for i in (1, 6, 12, 24)))
    print(f"{name:9} words alike      ", *(f"{likeness[i - 1]:6.2f}" for i in (1, 6, 12, 24)))

# %% [markdown]
# In post-norm, words and stream part ways: after 12 layers nothing of a word is left in its own
# place, and all words are the same again, residual or not. In pre-norm a fifth of each is still
# there after 24, though the words have become alike there, too.
#
# ### What comes back
#
# A model learns from the gradients that come back through its layers. Take five stacks, with and
# without each of the two cures, send a random loss back, and look at the gradient of one matrix in
# each layer: how large is it in the first layer, and how large in the last?
#
# **Predict.** Which of the five will be in trouble at 24 layers?


# %%
class NoResidual(PreNormResidual):
    def forward(self, x, sublayer):
        return sublayer(self.norm(x))


class NoNorm(PreNormResidual):
    def forward(self, x, sublayer):
        return x + sublayer(x)


class Neither(PreNormResidual):
    def forward(self, x, sublayer):
        return sublayer(x)


KINDS = {
    "pre-norm": PreNormResidual,
    "post-norm": layers.PostNormResidual,
    "norm, no residual": NoResidual,
    "residual, no norm": NoNorm,
    "neither": Neither,
}


# %%
def gradients(kind, num_layers, seed):
    """The size of the gradient of `feed_forward.down.weight` in each layer."""
    torch.manual_seed(seed)
    encoder = new_encoder(num_layers, norm_first=True)
    for layer in encoder.layers:
        layer.self_attention_residual = KINDS[kind](64)
        layer.feed_forward_residual = KINDS[kind](64)
    if kind not in ("pre-norm", "norm, no residual"):
        encoder.norm = nn.Identity()
    result = encoder.double()(words.double())
    (result * torch.randn_like(result)).mean().backward()
    return torch.stack([layer.feed_forward.down.weight.grad.norm() for layer in encoder.layers])


def over_seeds(kind, num_layers):
    """Five seeds, and their geometric mean."""
    runs = torch.stack([gradients(kind, num_layers, seed) for seed in range(5)])
    return runs, runs.log().mean(dim=0).exp()


# %%
depths = (2, 6, 12, 24)
by_depth = {kind: {n: over_seeds(kind, n) for n in depths} for kind in KINDS}
print("gradient in the first / the last layer, geometric mean of five seeds")
print(f"{'layers':18}", *(f"{n:>18}" for n in depths), "   max/min, first layer of 24")
for kind, found in by_depth.items():
    cells = [f"{g[0].item():8.2g} / {g[-1].item():<7.2g}" for _, g in found.values()]
    first = found[24][0][:, 0]
    print(f"{kind:18}", *cells, f"{(first.max() / first.min()).item():8.1f}")

# %%
show(
    compare_lines(
        range(1, 25),
        {kind: found[24][1].tolist() for kind, found in by_depth.items()},
        title="The norm keeps gradients from vanishing and from exploding",
        xlabel="layer (24 is the last)",
        ylabel="size of the gradient",
        log="y",
    )
)

# %% [markdown]
# With neither, each layer more costs about half of the gradient: at 24 layers it is 0.00000003.
# With a residual and no norm, sums feed on sums and it explodes. The norm prevents both.
#
# Look at the third row, though. A norm *without* a residual has fine gradients, too. Its trouble
# may be that of the beginning, where attention and norm made all words alike in three rounds. The
# size of a gradient does not tell you what is in it.

# %% [markdown]
# And pre-norm against post-norm? At the first layer there is little between them. At the last, the
# gradient of post-norm is as large for 24 layers as for 2, while that of pre-norm shrinks with the
# root of the depth (Xiong et al. 2020, theorem 1). The usual advice follows from that: train
# post-norm with **warm-up**, a learning rate that begins small and rises for the first steps.

# %% [markdown]
# ### A race
#
# Enough of random weights. Six layers learn to say ten digits backwards: at each place the model
# has to look at the mirrored one, and say what stands there. Three models of each kind train at
# once, for 200 steps, at a high rate, without warm-up. It takes half a minute or less.
#
# **Predict.** Who learns it: both, pre-norm, post-norm, nobody?

# %% tags=["nbval-ignore-output"]
curves = {}
for name, norm_first in [("pre-norm", True), ("post-norm", False)]:
    losses: list[Tensor] = []
    train_together(
        lambda norm_first=norm_first: Reverser(6, norm_first),
        backwards,
        num_models=3,
        steps=200,
        learning_rate=0.01,
        warmup=0,
        watch=losses.append,
    )
    curves[name] = torch.stack(losses)
    end = curves[name][-20:].mean(dim=0)
    print(f"{name:9} loss of the three at the end:", *(f"{loss:.3f}" for loss in end.tolist()))

# %% tags=["nbval-ignore-output"]
tens = {name: losses.view(20, 10, 3).mean(dim=1).T for name, losses in curves.items()}
title = "Without warm-up, six layers of pre-norm learn it and post-norm does not"
axes = ["training step", "loss (nats a digit)"]
show(lines_with_spread(range(10, 201, 10), tens, title, *axes))
assert curves["pre-norm"][-20:].mean() < 0.3
assert curves["post-norm"][-20:].mean() > 1.5


# %% [markdown]
# Each line is the mean of three models, in a band from the best to the worst. The loss of a model
# that gives each of ten digits a tenth is ln 10 = 2.303. That is where post-norm stands: it has
# learned nothing, or next to nothing. The cell asserts a mean below 0.3 for pre-norm and above 1.5
# for post-norm.

# %% [markdown]
# One rate and one depth are an anecdote. The race was run for 2, 6 and 12 layers, three
# rates, with and without warm-up (400 steps), for 1,000 steps, by `python benchmarks/norms.py
# --layers 2 --layers 6 --layers 12`. Its records are kept. How many of three
# models learned it (a loss below 0.1), and after how many steps, in the median? Where none did,
# the table has the loss at the end instead.

# %%
folder = Path(course_lib.__file__).parents[1] / "benchmarks" / "records"
lines = (folder / "norms.jsonl").read_text(encoding="utf-8").splitlines()
runs: dict[tuple, list[tuple]] = {}
for record in map(json.loads, lines):
    key = record["layers"], record["norm"], record["warmup"], record["rate"]
    runs.setdefault(key, []).append((record["solved_at"], record["final_loss"]))

rates = (0.001, 0.003, 0.01)
print("layers  norm  warm-up", *(f"{f'rate {rate:g}':>15}" for rate in rates))
for depth, norm_kind, warmup in dict.fromkeys(key[:3] for key in runs):
    cells = []
    for rate in rates:
        three = runs[depth, norm_kind, warmup, rate]
        solved = sorted(step for step, _ in three if step)
        loss = sorted(loss for _, loss in three)[1]
        told = f"at {solved[len(solved) // 2]}" if solved else f"({loss:.2f})"
        cells.append(f"{len(solved)} of 3 {told:7}")
    print(f"{depth:6}  {norm_kind:4}  {warmup:7}", *(f"{cell:>15}" for cell in cells))

# %% [markdown]
# Two layers learn it in either order, whatever the rate. Deeper, pre-norm without warm-up learns
# it every time, and a warm-up costs it steps: at 12 layers and the lowest rate, 1,000 no longer
# suffice for all.
#
# Post-norm without warm-up learns it not once with 6 or 12 layers, and at the highest rate it
# stays at 2.30, a guess. Warm-up gets it away from there. With 6 layers that is enough, if the
# rate is high, though it takes twice as long as pre-norm with the same warm-up. With 12 it is not:
# the loss stands at 1.7 to 1.8 after 1,000 steps.

# %% [markdown]
# So here the numbers agree with the usual advice, and go beyond it: warm-up is what deep post-norm
# cannot do without, and it is not always enough. What they do not show is that post-norm fails
# everywhere. This is one small task, one way to begin, and 1,000 steps; the first Transformer was
# trained with post-norm and warm-up (Vaswani et al. 2017, section 5.3), and very well.

# %% [markdown]
# ## What you can do now
#
# - Build the block that every Transformer repeats, in both orders, and check it against PyTorch's.
# - Say what each of the three cures is for, with a measurement for each.
# - Count the parameters of a model, and test a function by its gradient, too.
#
# `progress()` in a new cell shows which exercises you have solved.

# %% [markdown]
# ### Three questions, from memory
#
# <details><summary>What does a residual connection keep that a norm does not?</summary>
# The words. A norm keeps numbers and gradients in size; without a sum, each round replaces words
# by averages, and soon all are alike.
# </details>
# <details><summary>Why does only a pre-norm stack need a final norm?</summary>
# Nobody norms the pre-norm stream: it is a sum that grows. In post-norm every sum is normed at
# once.
# </details>
# <details><summary>Where does eps stand in a layer norm, and how would you find out?</summary>
# Under the root, added to the variance. Try a large eps, or look at the gradient of a word whose
# features are all equal.
# </details>

# %% [markdown]
# ### Sources
#
# - Vaswani et al. (2017), *Attention Is All You Need*, sections 3.1 and 3.3: the layer.
# - Ba et al. (2016), *Layer Normalization*. He et al. (2016), *Deep Residual Learning for Image
#   Recognition*. Srivastava et al. (2014), *Dropout*.
# - Xiong et al. (2020), *On Layer Normalization in the Transformer Architecture*: pre-norm,
#   post-norm, gradients and warm-up.
# - Brown et al. (2020), *Language Models are Few-Shot Learners*, table 2.1: the 96 layers of GPT-3.
# - Dong et al. (2021), *Attention Is Not All You Need*: how fast attention alone makes words alike.

# %% [markdown]
# ### To go further
#
# At 24 layers the pre-norm stream is large, and what one more layer writes is small beside it. Does
# the last layer matter then? Take a trained model (chapter 9), leave out one layer at a time, and
# see how much worse it becomes. Is there a rule?
