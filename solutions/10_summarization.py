# %% [markdown]
# # 10 · Summarization: saying it shorter
#
# A function comes with a name, its parameters and a paragraph about them. Its author also wrote one
# line that says it all. Can a model learn to write that line?
#
# The model is the one of chapter 9, with another text in and another text out. What is new is all
# around it: a number for summaries, baselines that are hard to beat, a pointer that copies words
# from the source, and a close look at what is invented.

# %% [markdown]
# Everything runs on a laptop, without a GPU and without the network. Take two sittings: sections
# 10.1 to 10.5, and the rest. You need: chapter 9. (The number of an exercise is its name. They
# stand where the text needs them, and not in order.)

# %%
import math
import random
import re
import time
from collections import Counter
from functools import partial
from pathlib import Path
from statistics import fmean

import torch
from rouge_score.rouge_scorer import RougeScorer
from torch import Tensor

# %%
import course_lib
from course_lib.baselines import Nearest, words_of_name
from course_lib.baselines import lead as library_lead
from course_lib.batching import make_batch
from course_lib.copying import CopyTransformer
from course_lib.corpora import load_corpus
from course_lib.curves import watch
from course_lib.decoding import WithoutRepeats, consensus_decode, greedy_decode, sample
from course_lib.decoding.prefixes import Prefixes
from course_lib.docstrings import example_from
from course_lib.exercises import carry_on, check, hint, progress, solution
from course_lib.metrics import ngrams
from course_lib.models import TransformerConfig, count_parameters
from course_lib.plots import attention_map, compare_lines, number_tables, shaded_tokens, show
from course_lib.pretrained import load_pretrained
from course_lib.rouge import SIGNATURE, rouge_words, summary_scores
from course_lib.summarization import as_read, summarize
from course_lib.tokenization import EOS_ID, Tokenizer
from course_lib.training import Trainer, TrainingConfig, validation_loss

# %% [markdown]
# ## 10.1 The texts
#
# `docstrings` is made from Python's standard library (counted as a package here) and from packages
# that the course installs anyway. A **source** is what there is to read of a function or class: its
# signature, its documentation, and where that is short, its first lines of code: at most 200 words.
# The **target** is the first line of its docstring, which has been taken out of the source. The
# files are parsed and never run. (The first time, that takes about a minute; then it is kept.)
#
# No package stands in two splits. A model that knows the habits of one package gains nothing by it.

# %%
corpus = load_corpus("docstrings")
train, validation = corpus["train"], corpus["validation"]
for split in corpus:
    packages = sorted(set(corpus[split]["package"]))
    print(f"{split:10}  {len(corpus[split]):6,} functions of {len(packages):2} packages", end="")
    print(f", among them {', '.join(packages[:4])}")

# %% [markdown]
# The **test** split stays closed in this chapter: it is for the last number of a finished model. To
# compare and to choose, there is validation. Here is a function of it. **Write its summary**, one
# line, before you run the second cell: pencil and paper will do.

# %%
example = next(pair for pair in validation if pair["name"].endswith("System.pop_from_cache"))
print(example["source"])

# %%
print(example["target"])

# %% [markdown]
# Which of your words does the author have? And which of the author's words stand in the source, so
# that you only had to find them?
#
# A model will read the source as `as_read` gives it, with the words of the function's name before
# it. The name is the shortest summary of all, and a tokenizer cuts *cache* within `pop_from_cache`
# into other tokens than *cache* in a sentence.

# %%
print(as_read(example["source"]).partition("(")[0])

# %% [markdown]
# How much of a summary could be found in the source, over the whole split?


# %%
def share_in_source(summary, source):
    """How much of a summary's words stand in its source, from 0 to 1."""
    own, known = rouge_words(summary), set(rouge_words(as_read(source)))
    return sum(word in known for word in own) / max(1, len(own))


shares = [share_in_source(pair["target"], pair["source"]) for pair in validation]
for side in ("source", "target"):
    print(f"words of a {side}: {fmean(len(rouge_words(text)) for text in validation[side]):5.1f}")
print(f"of a target's words stand in the source: {fmean(shares):.0%}")
assert 0.55 < fmean(shares) < 0.65

# %% [markdown]
# Some three in five of the author's words stand in the source already (asserted), so a summarizer
# should be able to copy. And two in five do not, so copying alone won't do.

# %% [markdown]
# ## 10.2 A number for summaries: ROUGE
#
# BLEU asks which share of the *output* is right (**precision**). ROUGE (Lin 2004) began with the
# other question: which share of the *reference* was found (**recall**)? Either alone is easy to
# please: say one sure word, or say everything. Today both are asked, and the score is their
# harmonic mean, the **F1**:
#
# F1 = 2 · shared / (how many the summary has + how many the reference has), times 100.
#
# ROUGE-1 counts words, ROUGE-2 pairs of neighbours. What stands several times in both texts counts
# as often as in the one that has it less often.

# %% [markdown]
# **By hand.**
#
# - summary: *return the lines of a file*
# - reference: *read a file and return its lines*
#
# How many words are shared, and how many pairs? What are ROUGE-1 and ROUGE-2?

# %% [markdown]
# *return*, *lines*, *a* and *file* are shared: 2 · 4 / (6 + 7) = 0.615, so ROUGE-1 is 61.5. Of the
# pairs only *a file*: 2 · 1 / (5 + 6) = 0.182, so ROUGE-2 is 18.2.
#
# ### Exercise 10.1: `rouge_n`


# %% tags=["exercise-10.1"]
def rouge_n(summary: list[str], reference: list[str], n: int) -> float:
    """F1, from 0 to 100, not rounded, of the groups of n neighbouring words that two texts share.

    Words are compared as they come, capitals too. A group counts as often as in the text that has
    it less often. 0 if nothing is shared, or a text is too short. (`ngrams(words, n)` counts the
    groups of a text, as in exercise 9.5.)

    >>> summary, reference = "return the lines of a file", "read a file and return its lines"
    >>> round(rouge_n(summary.split(), reference.split(), 1), 1)
    61.5
    """
    ### BEGIN SOLUTION
    written, wanted = ngrams(summary, n), ngrams(reference, n)
    shared = (written & wanted).total()
    return 100 * 2 * shared / (written.total() + wanted.total()) if shared else 0.0
    ### END SOLUTION


# %%
check("10.1", rouge_n)

# %%
rouge_n = carry_on("10.1", rouge_n)

# %% [markdown]
# ROUGE-1 does not care for order, ROUGE-2 for anything beyond two neighbours. ROUGE-L looks for the
# longest row of words that stands in *both* texts **in the same order**, with or without other
# words between them: the *longest common subsequence*. Its length takes the place of the shared
# words.
#
# **By hand**, for the same two texts: *return … lines* is a common row of two. Is there one of
# three?

# %% [markdown]
# No. Of any three shared words one is *return* or *lines* and one is *a* or *file*: in the summary
# the former come first, in the reference the latter. So the row has two words, and ROUGE-L is 2 · 2
# / (6 + 7) = 0.308, that is 30.8.
#
# Trying all rows is hopeless for long texts. A table does it: cell (i, j) has the answer for the
# first i words of the one text and the first j of the other. What does a cell need to know of its
# neighbours?
#
# ### Exercise 10.2: `rouge_l`


# %% tags=["exercise-10.2"]
def rouge_l(summary: list[str], reference: list[str]) -> float:
    """F1, from 0 to 100 and not rounded, of the longest row of words that two texts share in the
    same order.

    Words are compared as they come, capitals too. 0 if nothing is shared. Two texts of 60 words
    need fewer than 10,000 comparisons.

    >>> summary, reference = "return the lines of a file", "read a file and return its lines"
    >>> round(rouge_l(summary.split(), reference.split()), 1)
    30.8
    """
    ### BEGIN SOLUTION
    row = [0] * (len(reference) + 1)
    for word in summary:
        above, row = row, [0]
        for j, other in enumerate(reference):
            row.append(above[j] + 1 if word == other else max(above[j + 1], row[j]))
    longest = row[-1]
    return 100 * 2 * longest / (len(summary) + len(reference)) if longest else 0.0
    ### END SOLUTION


# %%
check("10.2", rouge_l)

# %%
rouge_l = carry_on("10.2", rouge_l)

# %% [markdown]
# The table of the two texts, a row for each word of the summary and a column for each word of the
# reference. (It is filled by your function: cell (i, j) asks it for the first i and j words.) Where
# a number is larger than the one above it and the one to its left, two equal words have met.

# %%
summary, reference = (
    text.split() for text in ("return the lines of a file", "read a file and return its lines")
)
table = torch.tensor(
    [
        [rouge_l(summary[:i], reference[:j]) * (i + j) / 200 for j in range(1, len(reference) + 1)]
        for i in range(1, len(summary) + 1)
    ]
)
title = "Two words can be kept: return … lines, or a file"
show(number_tables({"the longest common row so far": table}, title))
assert table[-1, -1] == 2

# %% [markdown]
# Do both agree with `rouge-score`, the library that papers use? On 1,000 functions, the first
# sentence of the source against the author's summary. Text becomes words by the same rule: runs of
# letters and digits, lowercased.

# %%
theirs = RougeScorer(["rouge1", "rouge2", "rougeL"])
for pair in validation.select(range(1000)):
    summary, reference = library_lead(pair["source"]), pair["target"]
    scores = theirs.score(reference, summary)
    texts = rouge_words(summary), rouge_words(reference)
    assert abs(rouge_n(*texts, 1) - 100 * scores["rouge1"].fmeasure) < 1e-9
    assert abs(rouge_n(*texts, 2) - 100 * scores["rouge2"].fmeasure) < 1e-9
    assert abs(rouge_l(*texts) - 100 * scores["rougeL"].fmeasure) < 1e-9
print("1,000 pairs, three scores each: the same")

# %% [markdown]
# One choice is left. Is *returns* the word *return*? `rouge-score` can take the endings from words
# first (a *stemmer*), and the scores of this chapter do. Two ROUGE scores can be compared only if
# both say what was done, like the signature of BLEU:

# %%
leads = [library_lead(source) for source in validation["source"]]
unstemmed = fmean(
    rouge_l(rouge_words(text), rouge_words(pair["target"]))
    for text, pair in zip(leads, validation, strict=True)
)
stemmed = summary_scores(leads, validation["target"]).rouge_l
print(f"ROUGE-L of the first sentence: {unstemmed:.2f} as it stands, {stemmed:.2f} without endings")
print(SIGNATURE)
assert stemmed > unstemmed

# %% [markdown]
# ## 10.3 What is free: baselines
#
# Before anything is trained: what does a summary score that costs nothing? The oldest answer is the
# **lead**, the beginning of the text. Newspapers say the main thing first, so for news it is hard
# to beat.
#
# **By hand.** How many sentences has *It costs 3.5 euros. Why? Ask a.b about it*, and which marks
# end one?

# %% [markdown]
# Three: a mark ends a sentence if white space or the end of the text follows. The points in *3.5*
# and *a.b* end nothing, and the last sentence has no mark at all.
#
# ### Exercise 10.3: `lead`


# %% tags=["exercise-10.3"]
def lead(text: str, k: int) -> str:
    """The first k sentences of a text, or all if it has fewer, with one space between them and
    none around.

    A sentence ends at . ! or ? if white space or the text's end follows, and at the text's end.
    Within a sentence all stays as it is, ends of lines too.

    >>> lead("It costs 3.5 euros. Why? Ask a.b about it", 2)
    'It costs 3.5 euros. Why?'
    """
    ### BEGIN SOLUTION
    return " ".join(re.split(r"(?<=[.!?])\s+", text.strip())[:k])
    ### END SOLUTION


# %%
check("10.3", lead)

# %%
lead = carry_on("10.3", lead)

# %% [markdown]
# Two more that need no training. **The nearest neighbour** is the summary of the training function
# whose source is most similar: words that few texts have count most (TF-IDF, Salton and Buckley
# 1988). And **the name's words** are what the author called the function.
#
# **Predict:** which of them is best, and which is worst: the first sentence, the first three, the
# neighbour's summary, or the name's words? To save time, from here on a draw of 400 functions
# stands for the whole of validation. (And the lead is yours: the library's, used above, ends a
# sentence at the end of a line, too, so its score is a little different.)


# %%
drawn = validation.select(random.Random(0).sample(range(len(validation)), 400))
sources, references = list(drawn["source"]), list(drawn["target"])


def documentation(source):
    """The second line. In validation that is documentation, without signature and code."""
    return source.split("\n")[1]


nearest = Nearest(train["source"], train["target"])
systems = {
    "lead, 1 sentence": [lead(documentation(source), 1) for source in sources],
    "lead, 3 sentences": [lead(documentation(source), 3) for source in sources],
    "nearest neighbour": nearest(sources),
    "the name's words": [words_of_name(source) for source in sources],
}


# %%
def print_scores(systems):
    """ROUGE and the mean number of words of each system's summaries."""
    print(f"{'':20} ROUGE-1  ROUGE-2  ROUGE-L   words")
    for name, texts in systems.items():
        s = summary_scores(texts, references)
        length = fmean(len(rouge_words(text)) for text in texts)
        print(f"{name:20} {s.rouge_1:7.1f} {s.rouge_2:8.1f} {s.rouge_l:8.1f} {length:7.1f}")


print_scores(systems | {"(the references)": references})

# %%
rouge_l_of = {name: summary_scores(s, references).rouge_l for name, s in systems.items()}
worst, *_, second, best = sorted(rouge_l_of, key=rouge_l_of.get)
assert (worst, best) == ("nearest neighbour", "the name's words")
assert rouge_l_of[best] > rouge_l_of[second] + 10

# %% [markdown]
# The name's words win by more than ten points of ROUGE-L, and the nearest neighbour comes last
# (both asserted): the packages are others. Documentation is no newspaper: what is left of it, once
# its first line is gone, begins with details. (And functions whose first line stands in the rest
# word for word were left out of the corpus, which takes the lead's easiest points.) A programmer
# who chose a good name has summarized already. **That** is the number to beat.

# %% [markdown]
# ### Exercise 10.7: `mean_rouge`, find the bug
#
# A colleague reports that *all* words of the lead are right: ROUGE-1's precision is 100. This is
# the code. What was the lead compared with?


# %% tags=["exercise-10.7"]
def mean_rouge(summarize, sources: list[str], references: list[str], rouge) -> float:
    """The mean score of the summaries of all sources.

    `summarize(sources)` gives a list of summaries, `rouge(summary, reference)` a score.
    """
    summaries = summarize(sources)
    ### BEGIN SOLUTION
    scores = [rouge(s, r) for s, r in zip(summaries, references, strict=True)]
    ### END SOLUTION
    ### BEGIN GIVEN
    # scores = [rouge(s, text) for s, text in zip(summaries, sources, strict=True)]
    ### END GIVEN
    return sum(scores) / len(scores)


# %%
check("10.7", mean_rouge)

# %%
mean_rouge = carry_on("10.7", mean_rouge)


# %% [markdown]
# How wrong can it be? The share of a summary's words that stand in the other text, for whoever
# copies the first sentence: against the right text, and against the source.


# %%
def precision(summary, text):
    return 100 * share_in_source(summary, text)


def first_sentences(texts):
    return [lead(documentation(text), 1) for text in texts]


right, wrong = (mean_rouge(first_sentences, sources, t, precision) for t in (references, sources))
print(f"in the references {right:.1f}, in the sources {wrong:.1f}")
assert wrong > 99

# %% [markdown]
# Everything that it says stands in the source, since it was taken from there. Scores far above
# those of all others are seldom a discovery: look for what was compared with what.

# %% [markdown]
# ## 10.4 Write or copy: the pointer
#
# A decoder writes by giving each token of the vocabulary a logit. See et al. (2017) had a
# vocabulary of whole words, in which most names of a new text are missing. Ours has parts of words,
# so any name can be spelled. But one that never stood in the training text has to be spelled right
# from part to part, though it stands before the model's eyes, in the source. So give the model a
# second way to speak (section 2.2): **point** at a place of the source and say what stands there.

# %% [markdown]
# - `written`: the softmax over the vocabulary, as before, (Tq, V);
# - `places`: attention over the places of the source, a softmax too, (Tq, Tk);
# - `writing`: a number from 0 to 1, the **gate**: how likely it is that it writes, (Tq, 1).

# %% [markdown]
# A token can come from both: it is written, or it stands at one or several places of the source.
# So its probability is a sum,
#
# p(token) = writing · written(token) + (1 - writing) · (sum of `places` at which it stands).
#
# **By hand.** The vocabulary is *the, list, sort, xs*, and its words are written with 0.5, 0.3, 0.2
# and 0. The source is *xs the xs*, and the pointer's shares are 0.6, 0.1, 0.3. The gate says 0.4.
# What is the probability of *xs*, to which the softmax gives nothing? And of *the*?

# %% [markdown]
# *xs* stands at two places: 0.6 · (0.6 + 0.3) = 0.54. *the*: 0.4 · 0.5 + 0.6 · 0.1 = 0.26. With
# 0.12 for *list* and 0.08 for *sort* the sum is 1: a mixture of two distributions is one, too.
#
# ### Exercise 10.4: `copy_distribution`


# %% tags=["exercise-10.4"]
def copy_distribution(written: Tensor, places: Tensor, writing: Tensor, src: Tensor) -> Tensor:
    """Probabilities of all tokens, of which some are written and some are taken from the source.

    p(token) = writing · written(token) + (1 - writing) · (sum of places where src has the token).
    `x.scatter_add(-1, index, values)` adds each value to the cell of its row that index names.
    What is handed over stays as it is.

    Shapes: written (B, Tq, V), places (B, Tq, Tk), writing (B, Tq, 1), src (B, Tk) of token ids.
    Returns (B, Tq, V).
    """
    ### BEGIN SOLUTION
    tokens = src[:, None].expand_as(places)  # (B, Tq, Tk)
    return (writing * written).scatter_add(-1, tokens, (1 - writing) * places)
    ### END SOLUTION


# %%
check("10.4", copy_distribution)

# %%
copy_distribution = carry_on("10.4", copy_distribution)

# %%
written = torch.tensor([[[0.5, 0.3, 0.2, 0.0]]])
places = torch.tensor([[[0.6, 0.1, 0.3]]])
src = torch.tensor([[3, 0, 3]])  # xs the xs
only_copied, mixed = (
    copy_distribution(written, places, torch.tensor([[[gate]]]), src) for gate in (0.0, 0.4)
)
tables = {"written": written[0], "copied": only_copied[0], "together, gate 0.4": mixed[0]}
show(number_tables(tables, "the, list, sort, xs: the source lends what the softmax lacks", 2))
assert torch.allclose(mixed, torch.tensor([0.26, 0.12, 0.08, 0.54]))

# %% [markdown]
# Where does the pointer point? Its query is the decoder's output, its keys are the encoder's. But a
# name may have several tokens, and having said the first one you want the place *behind* it. So the
# library's `Pointer` has two queries: one looks at what stands at a place, the other at what stands
# **before** it.
#
# ```python
# before = F.pad(memory, (0, 0, 1, -1))  # at each place, the one before it
# scores = query(x) @ memory.mT + query_before(x) @ before.mT
# places = (scores / sqrt(d_model)).softmax(dim=-1)
# writing = sigmoid(gate(cat([x, places @ memory])))  # it looks at what it would copy
# ```

# %% [markdown]
# See et al. take the places from the attention that their decoder has anyway. Here cross-attention
# has several layers and heads with other work to do, so the pointer has one of its own.
#
# The layers do not know of it: `CopyTransformer` is a `Transformer` with this module behind the
# decoder. Nobody tells it what to copy. The loss is minus the logarithm of p(token), as ever (label
# smoothing, from chapter 8, looks at what is written alone), and the gate learns from that.

# %% [markdown]
# ## 10.5 Train
#
# As in chapter 9. A source may be long, and this model reads its first 127 tokens; what is behind
# them is cut off. That makes steps quick. (How much is lost? Section 10.11.) The training takes one
# to three minutes on a laptop with two cores.

# %%
texts = [*map(as_read, train["source"]), *train["target"]]
tokenizer = Tokenizer.train(texts, vocab_size=5_000)
LIMIT = 127


def encode(split):
    """Pairs of token ids; of a long source its beginning."""
    long = tokenizer.encode_batch([as_read(text) for text in split["source"]])
    targets = tokenizer.encode_batch(split["target"])
    return list(zip([ids[:LIMIT] for ids in long], targets, strict=True))


pairs, held_out = encode(train), encode(validation)
print(tokenizer.pieces(pairs[0][0])[:12], "→", tokenizer.pieces(pairs[0][1]))

# %%
torch.manual_seed(0)
config = TransformerConfig(
    tokenizer.vocab_size,
    num_encoder_layers=2,
    num_decoder_layers=2,
    dropout=0.2,
    max_len=LIMIT + 1,  # and the end token
)
model = CopyTransformer(config)
pointer = count_parameters(model.pointer)
print(f"{count_parameters(model):,} parameters, {pointer:,} of them the pointer's")

# %% [markdown]
# **Predict**, while it runs: how many of the tokens of its summaries will be copied, and how many
# written? (Section 10.7 counts those of a larger model.)

# %% tags=["nbval-ignore-output"]
settings = TrainingConfig(steps=700, warmup=70, batch_tokens=3_000)
trainer = Trainer(model, pairs, settings)
for _ in watch(trainer.steps(), "One line for a function"):
    pass
model = trainer.averaged.eval()
loss, guess = validation_loss(model, held_out), math.log(tokenizer.vocab_size)
print(f"validation loss: {loss:.2f} nats a token; a guess at random: {guess:.2f}")
assert loss < guess - 3

# %% [markdown]
# ## 10.6 Does it beat what is free?
#
# **Predict:** where will your model be in the table of section 10.3, below or above the name's
# words? And the one that comes with the course: a layer and 3,000 tokens of vocabulary more, a
# doubled `d_ff`, four times as many functions to learn from, nearly thirty times as many steps?
# (Both decode greedily and say no three tokens twice, which section 10.8 explains. A shipped model
# is given a pair: how to decode, and where its dice come from, here nowhere.)

# %% tags=["nbval-ignore-output"]
shipped = load_pretrained("docstrings")
print(f"shipped: {count_parameters(shipped.model):,} parameters, {shipped.model.config}")
no_trigram_twice = partial(greedy_decode, prefixes=WithoutRepeats)
systems["yours"] = summarize(model, tokenizer, sources, no_trigram_twice)
systems["shipped"] = shipped(sources, (no_trigram_twice, None))
print_scores(systems)
rouge_l_of = {name: summary_scores(s, references).rouge_l for name, s in systems.items()}
assert rouge_l_of["nearest neighbour"] < rouge_l_of["yours"] < rouge_l_of["the name's words"]
assert rouge_l_of["shipped"] > rouge_l_of["the name's words"] + 3

# %% [markdown]
# Your model has learned to write and stays below a name that costs nothing. The shipped one comes
# out above the name, by more than three points (asserted). On the whole of validation it has 31.03
# points of ROUGE-L and the name's words 26.15; 10.70 and 6.49 of ROUGE-2 (stored; its card has the
# table). Without the row of the name's words, 31 might have looked like a triumph: five sixths of
# it are free.

# %% [markdown]
# Would more time help, or a larger model, or more text? Stored:
#
# | | parameters | texts | loss on validation, at its best | ROUGE-L, these 400 |
# |---|---|---|---|---|
# | texts of 16 packages | 1.92 M | 17,450 | 4.12, after 3,500 of 7,000 steps | 25.8 |
# | of 34, all of `docstrings` | 1.92 M | 36,703 | 3.86, after 7,000 of 7,000 | 28.0 |
# | a larger model: `d_model` 160 | 3.19 M | 36,703 | 3.86, after 8,055 of 8,957 | 26.4 |
# | of 71 packages more | 1.92 M | 146,758 | 3.66, after 7,000 of 7,000 | 29.9 |
# | more steps, wider layers: shipped | 2.25 M | 146,757 | 3.44, after 20,000 of 20,000 | 31.0 |

# %% [markdown]
# One run each, so read it with care: in chapter 9 two points could be luck. With the fewest texts
# the loss on validation rises from the middle on, while that of training goes on falling: what is
# learned by heart of one package is of no use in another. From the same texts of 34, a larger model
# came to the same loss and did not write better. With more texts, more steps pay: at the last of
# them the loss was still falling. (The 71 packages are read for this and not installed with the
# course; `benchmarks/wider_docstrings.txt` lists them.)

# %% tags=["nbval-ignore-output"]
for i in range(5):
    print(sources[i].partition("\n")[0])
    for name in ("the name's words", "yours", "shipped"):
        print(f"    {name:17}", systems[name][i])
    print(f"    {'the author':17}", references[i])

# %% [markdown]
# And what is the pointer worth? Stored: three pairs of models of 1.92 million parameters (the plain
# one has wider layers instead of a pointer), 15 minutes on one core each, on all texts of
# `docstrings`; the whole of validation (more in `benchmarks/RESULTS.md`).
#
# | | seed | steps | loss on validation | ROUGE-1 | ROUGE-2 | ROUGE-L |
# |---|---|---|---|---|---|---|
# | with a pointer | 0 | 3,819 | 3.97 | 30.3 | 7.9 | 27.7 |
# | | 1 | 3,632 | 4.01 | 29.9 | 7.4 | 27.2 |
# | | 2 | 3,933 | 3.96 | 30.9 | 8.0 | 28.0 |
# | plain | 0 | 4,147 | 4.84 | 22.0 | 4.0 | 20.4 |
# | | 1 | 3,928 | 4.92 | 20.7 | 3.8 | 19.5 |
# | | 2 | 4,313 | 4.87 | 21.2 | 3.9 | 19.8 |

# %% [markdown]
# Between seeds there are 0.9 points at most, between the two kinds of model never less than 6.8.
# For `inspect_scheduled_job` the one with a pointer says *Inspect the schedule.*, the plain one
# *Print the current process.*: a sentence as authors write them, of another function. What a plain
# model has not met often, it can't say. It may learn to copy, by spelling what its layers have
# found; but late, and less well: with both cores and 5,782 steps it comes to 21.6.

# %% [markdown]
# ## 10.7 What is copied, and what is written?
#
# The gate alone does not tell. If the pointer and the vocabulary both know a word, it may come from
# either. So ask for each token that was said: which share of its probability came from the source?
#
# copied(token) = (1 - writing) · (sum of `places`) / p(token)
#
# **Predict:** names will be dark in such a picture. But *the* and *of* stand in nearly every
# source, too: will they be dark or light? (The summary is cut into tokens anew for this; they may
# differ from those that the model chose.)


# %%
@torch.no_grad()
def read_pointer(made, source, summary):
    """Tokens of both texts, what each place gives (Tq, Tk), and each token's copied share (Tq,)."""
    read, said = made.tokenizer.encode(as_read(source)), made.tokenizer.encode(summary)
    batch = make_batch([(read[: made.model.config.max_len - 1], said)])
    memory = made.model.encode(batch.source)
    x = made.model.decode(batch.target_in, memory, batch.source)
    places, writing = made.model.point(x, memory, batch.source)
    written = made.model.logits(x).softmax(dim=-1)  # (1, T + 1, V)
    tokens = batch.target_out[..., None]  # (1, T + 1, 1)
    places = (1 - writing) * places  # what the gate lets through
    copied = (places * (batch.source[:, None] == tokens)).sum(-1, keepdim=True)
    share = copied / (copied + writing * written.gather(-1, tokens))
    keys, said = map(made.tokenizer.pieces, (batch.source[0, :-1].tolist(), said))
    return keys, said, places[0, :-1, :-1], share[0, :-1, 0]


# %% tags=["nbval-ignore-output"]
said = systems["shipped"]
shown = [i for i in range(400) if 5 <= len(rouge_words(said[i])) <= 14][:8]
read = [read_pointer(shipped, sources[i], said[i]) for i in shown]
rows = [(pieces, share) for _, pieces, _, share in read]
title = "Names and nouns come from the source, small words from either side"
show(shaded_tokens(rows, title, "share of the token's probability that came from the source"))

# %% [markdown]
# And where does it point? A row for each token that is written, as in chapter 9, times 1 - writing:
# rows that only write stay empty. The columns are the tokens of the source that get more than a
# tenth from some row.

# %% tags=["nbval-ignore-output"]
short = min(shown, key=lambda i: len(sources[i]))
keys, asks, places, share = read_pointer(shipped, sources[short], said[short])
columns = (places.amax(dim=0) > 0.1).nonzero()[:, 0]
title = "What each token takes from the source"
show(attention_map(places[:, columns], asks, [keys[i] for i in columns], title))
print(", ".join(f"{piece} {value:.0%}" for piece, value in zip(asks, share.tolist(), strict=True)))

# %% [markdown]
# The map has its darkest cells where the word that is written stands in the source. Which words are
# always copied, and which never? For the most frequent tokens of all 400 summaries:

# %% tags=["nbval-ignore-output"]
counts, copied = Counter(), Counter()
for source, summary in zip(sources, said, strict=True):
    _, pieces, _, share = read_pointer(shipped, source, summary)
    counts.update(pieces)
    for piece, value in zip(pieces, share.tolist(), strict=True):
        copied[piece] += value
often = [piece for piece, count in counts.most_common(24)]
print(", ".join(f"{piece} {copied[piece] / counts[piece]:.0%}" for piece in often))
rare = [piece for piece, count in counts.items() if count == 1]
of_all = copied.total() / counts.total()
of_rare = sum(copied[piece] for piece in rare) / len(rare)
print(f"copied: {of_all:.0%} of all tokens, {of_rare:.0%} of those that are said once")
assert of_all < of_rare
assert copied["Return"] < 0.1 * counts["Return"]
assert copied["dataset"] > 0.8 * counts["dataset"]

# %% [markdown]
# *Return* is written, *dataset* is copied, and what is said only once came from the source more
# often than the mean (all asserted). Nobody told it so: where the source has a rare word, to point
# at it is a surer way to a low loss than to have learned it.

# %% [markdown]
# ## 10.8 Round in circles
#
# A model that has said *the name of the* finds itself where it was before, and may say it again. A
# cheap cure from Paulus et al. (2018, section 2.5): no **trigram** twice. Before each token, look
# which tokens would end a group of three that stands there already, and forbid them.
#
# **By hand.** Written so far: *the name of the name*. Which word is forbidden next, for n = 3? And
# for n = 2?

# %% [markdown]
# The last two are *the name*; they stood there before and were followed by *of*, so *of* is
# forbidden. For n = 2 the last one is *name*, which *of* followed: *of* again. And behind *the name
# of* with n = 2? *of* was followed by nothing yet, so all is allowed.
#
# ### Exercise 10.5: `block_repeats`


# %% tags=["exercise-10.5"]
def block_repeats(logits: Tensor, written: list[int], n: int) -> Tensor:
    """Logits in which no token may end a group of n tokens that stands in what is written already.

    With n = 1 no token may come twice. A forbidden token gets -inf. The logits that are handed
    over stay as they are.

    Shapes: logits (V,). Returns (V,).
    """
    ### BEGIN SOLUTION
    begun = written[len(written) - n + 1 :]  # the last n - 1 tokens
    logits = logits.clone()
    for i in range(len(written) - n + 1):
        *context, last = written[i : i + n]
        if context == begun:
            logits[last] = -torch.inf
    return logits
    ### END SOLUTION


# %%
check("10.5", block_repeats)

# %%
block_repeats = carry_on("10.5", block_repeats)

# %% [markdown]
# To decode with it, `greedy_decode` is given *prefixes*, an object that it asks for the next
# logits: `next_logits` is told the newest token of each row, and `keep` which rows stay once others
# have ended. Ours adds a list of what was written. (The library's `WithoutRepeats` does the same
# for all rows at once.)


# %%
class Blocked(Prefixes):
    """Sentences that are being written, in which no trigram comes twice."""

    def __init__(self, model, src):
        super().__init__(model, src)
        self.written = [[] for _ in src]

    def next_logits(self, tokens):
        for row, token in zip(self.written, tokens.tolist(), strict=True):
            row.append(token)
        logits = super().next_logits(tokens)
        rows = zip(logits, self.written, strict=True)
        return torch.stack([block_repeats(*row, 3) for row in rows])

    def keep(self, sentences, rows):
        super().keep(sentences, rows)
        self.written = [list(self.written[row]) for row in rows.tolist()]


# %%
def repeats(text):
    """Does a text say three words in a row that it has said before?"""
    counted = ngrams(rouge_words(text), 3)
    return any(count > 1 for count in counted.values())


# %% tags=["nbval-ignore-output"]
ways = {"freely": greedy_decode, "no trigram twice": partial(greedy_decode, prefixes=Blocked)}
for name, decode in ways.items():
    made = summarize(model, tokenizer, sources, decode)
    circles = sum(map(repeats, made))
    rouge = summary_scores(made, references)
    print(f"{name:17} {circles:3} of 400 repeat themselves, ROUGE-L {rouge.rouge_l:.1f}")
    ways[name] = made
assert sum(map(repeats, ways["no trigram twice"])) < sum(map(repeats, ways["freely"]))
assert ways["no trigram twice"] == systems["yours"]  # the library's way
worst = max(ways["freely"], key=lambda text: max(ngrams(rouge_words(text), 3).values(), default=0))
print("\n" + worst[:300])

# %% [markdown]
# What is forbidden are three *tokens* that come again, what is counted are three *words*, so a few
# could be left. The block is a cure for the symptom: your model stammers where it does not know
# what to say, and now it says something else that it does not know. Even so, ROUGE-L gains by it.
# Which stammering does a block of trigrams let through? (Read the summaries of 10.12 with that
# question.)

# %% [markdown]
# ## 10.9 How long should it be?
#
# A summary may be too short to say anything, or too long to be one. The model decides that by its
# end token, so length can be controlled there: forbid the end until there are enough tokens, and
# forbid everything else once there are as many as there may be.
#
# **By hand.** A summary should have 3 to 5 tokens. Which tokens are allowed after 2, 3, 4 and 5?

# %% [markdown]
# After 2 all but the end, after 3 and 4 all, after 5 the end alone.
#
# ### Exercise 10.6: `length_control`


# %% tags=["exercise-10.6"]
def length_control(
    logits: Tensor, num_written: int, eos_id: int, shortest: int, longest: int
) -> Tensor:
    """Logits of the next token, with which a text gets `shortest` to `longest` tokens.

    `num_written` tokens are there, not counting start and end. What is forbidden gets -inf. The
    logits that are handed over stay as they are.

    Shapes: logits (V,). Returns (V,).
    """
    ### BEGIN SOLUTION
    is_end = torch.arange(len(logits), device=logits.device) == eos_id
    if num_written < shortest:
        return logits.masked_fill(is_end, -torch.inf)
    if num_written >= longest:
        return logits.masked_fill(~is_end, -torch.inf)
    return logits
    ### END SOLUTION


# %%
check("10.6", length_control)

# %%
length_control = carry_on("10.6", length_control)

# %% [markdown]
# **Predict.** ROUGE-1 has a precision and a recall. Make the same model write summaries of 3, 6, 9,
# … 18 tokens. Which of the two rises with the length, and which falls? And where is their F1 best?


# %%
class OfLength(WithoutRepeats):
    """Sentences that get exactly so many tokens. All rows begin together."""

    def __init__(self, model, src, length):
        super().__init__(model, src)
        self.length, self.num_written = length, -1

    def next_logits(self, tokens):
        self.num_written += 1
        limits = (self.num_written, EOS_ID, self.length, self.length)
        return torch.stack([length_control(row, *limits) for row in super().next_logits(tokens)])


# %% tags=["nbval-ignore-output"]
lengths, of_length, curves = range(3, 19, 3), {}, {"precision": [], "recall": [], "F1": []}
scorer = RougeScorer(["rouge1"], use_stemmer=True)
for length in lengths:
    decode = partial(greedy_decode, prefixes=partial(OfLength, length=length))
    of_length[length] = shipped(sources, (decode, None))
    texts = zip(references, of_length[length], strict=True)
    scores = [scorer.score(*both)["rouge1"] for both in texts]
    for name, value in zip(curves, zip(*scores, strict=True), strict=True):
        curves[name].append(100 * fmean(value))
title = "Longer summaries find more and are right less often"
show(compare_lines(lengths, curves, title, "tokens of a summary", "ROUGE-1"))
best = lengths[max(range(len(lengths)), key=lambda i: curves["F1"][i])]
print(f"best F1 with {best} tokens")
assert curves["precision"][0] > curves["precision"][-1]
assert curves["recall"][0] < curves["recall"][-1]
assert lengths[0] < best < lengths[-1]

# %% tags=["nbval-ignore-output"]
for length in lengths:
    print(f"{length:3}", of_length[length][0])
print("   ", references[0], "(the author)")

# %% [markdown]
# From the shortest to the longest precision falls and recall rises, and F1 has its peak somewhere
# between (all asserted). Behind the place where the model wanted to end comes rubbish: part of the
# fall is that, and part is length alone. So F1 moves with the length, whatever was understood. That
# is why the tables of this chapter have a column of words.

# %% [markdown]
# ## 10.10 Ask several times
#
# Greedy decoding takes the likeliest token at each step. A model that is unsure has many summaries
# that are nearly as likely, and one of them says little about the rest. So throw dice: let each
# token come with the probability that the model gives it. Draw several summaries like that, and
# keep **the one that the others agree with most**. The draws stand for what an author might have
# written, and a summary that has much in common with all of them is a safe bet, whichever the
# author chose. (Kumar and Byrne 2004 call that the *minimum Bayes risk*; Eikema and Aziz 2022 draw
# as we do.)

# %% [markdown]
# **By hand.** A model drew *open a file*, *open the file* and *close the file*. How much do two of
# them have in common, by ROUGE-L? Which one has the greatest mean?

# %% [markdown]
# Two words of three for the first and the second (*open … file*), and for the second and the third
# (*the file*): 66.7. One of three for the first and the third: 33.3. Each has 100 with itself. So
# the means are 66.7, 77.8 and 66.7, and *open the file* wins, though nobody drew it twice.
#
# ### Exercise 10.8: `most_agreed`


# %% tags=["exercise-10.8"]
def most_agreed(outputs: list[str], agreement) -> str:
    """The output with the greatest mean agreement with all outputs; of equals, the first.

    `agreement(one, other)` is a number, the same both ways, and greatest for two equal texts. What
    was drawn several times counts as often.

    >>> drawn = ["open a file", "open the file", "close the file"]
    >>> most_agreed(drawn, lambda one, other: rouge_l(one.split(), other.split()))
    'open the file'
    """
    ### BEGIN SOLUTION
    return max(outputs, key=lambda one: fmean(agreement(one, other) for other in outputs))
    ### END SOLUTION


# %%
check("10.8", most_agreed)

# %%
most_agreed = carry_on("10.8", most_agreed)

# %% [markdown]
# Twelve draws of the shipped model for one function, with their means, the most agreed first. Its
# logits are divided by a temperature of 0.7, as scores were in chapter 1: likely tokens become
# likelier still, and the draws more alike.


# %% tags=["nbval-ignore-output"]
def in_common(one, other):
    return rouge_l(rouge_words(one), rouge_words(other))


lots = partial(sample, temperature=0.7, prefixes=WithoutRepeats)
drawn = shipped([sources[0]] * 12, (lots, torch.Generator().manual_seed(0)))
means = {one: fmean(in_common(one, other) for other in drawn) for one in drawn}
for one in sorted(means, key=means.get, reverse=True):
    print(f"{means[one]:5.1f}  {drawn.count(one)} x  {one}")
print(f"\ngreedy:     {said[0]}\nthe author: {references[0]}")
assert most_agreed(drawn, in_common) == max(means, key=means.get)

# %% [markdown]
# The library's `consensus_decode` does the same with tokens instead of words, many functions at a
# time. **Predict:** one draw alone, is it better than the greedy summary, or worse? How many draws
# does it take to be better?

# %% tags=["nbval-ignore-output"]
counts, scores = (1, 4, 16, 32), []
for count in counts:
    decode = partial(consensus_decode, num_drawn=count, temperature=0.7, prefixes=WithoutRepeats)
    began = time.perf_counter()
    agreed = shipped(sources, (decode, torch.Generator().manual_seed(0)))
    seconds = time.perf_counter() - began
    scores.append(summary_scores(agreed, references).rouge_l)
    print(f"{count:3} draws: {seconds:5.1f} s for 400 functions, ROUGE-L {scores[-1]:.1f}")
systems["consensus of 32"] = agreed
curves = {
    "consensus": scores,
    "greedy": [rouge_l_of["shipped"]] * len(counts),
    "the name's words": [rouge_l_of["the name's words"]] * len(counts),
}
title = "One draw is a gamble, many beat greedy decoding"
show(compare_lines(counts, curves, title, "draws", "ROUGE-L"))
assert scores[0] < rouge_l_of["shipped"] < scores[-1]
print_scores({"greedy": said, "consensus of 32": agreed})

# %% [markdown]
# One draw is worse than the greedy summary, thirty-two are better (asserted), with the same model
# and no more training. What it costs is time. But mind what was asked: summaries were chosen by
# their agreement in ROUGE-L, and then scored by ROUGE-L. Look at the other two columns, by which
# nobody chose. And other dice moved a consensus of 64 draws of an earlier model by 0.8 points on
# these functions (stored).

# %% [markdown]
# ## 10.11 Long inputs
#
# Attention compares each token with each other. **By hand:** a source of 255 tokens, 4 heads, a
# batch of 8, 4 bytes a number. How many megabytes do the attention weights of one layer take? And
# for 1,020 tokens?

# %%
for tokens in (255, 1_020):
    print(f"{tokens:5,} tokens: {8 * 4 * tokens**2 * 4 / 1e6:6.1f} MB a layer")

# %% [markdown]
# Four times the length, sixteen times the memory for the weights, if they are stored. The fused
# kernel that the library uses never stores them (chapter 14 will tell how). Stored result, one
# training step of eight sources and a model of the size that `course train summarization` makes,
# peak memory above what the process had before (`python benchmarks/long_inputs.py`):
#
# | tokens of a source | fused, MB | seconds | weights stored, MB | seconds |
# |---|---|---|---|---|
# | 128 | 41 | 0.13 | 51 | 0.15 |
# | 256 | 55 | 0.22 | 119 | 0.43 |
# | 512 | 116 | 0.43 | 278 | 0.66 |
# | 1,024 | 222 | 1.12 | 878 | 2.47 |
# | 2,048 | 446 | 3.64 | 3,059 | 10.93 |
# | 4,096 | 898 | 13.39 | 11,037 | 46.55 |

# %% [markdown]
# From 256 tokens on, memory with the fused kernel grows in proportion to the length. The time does
# not: from 2,048 tokens to 4,096 it takes more than three times as long, since each token is still
# compared with each.

# %% [markdown]
# So a limit saves time, and costs what stands behind it. What do the two models miss? How many
# sources are cut (of texts that `docstrings` has cut to 200 words before), how much of their tokens
# is not read, and how many of the author's words that stand in a source stand *only* there?


# %%
def lost(made, limit):
    """The share of sources that are cut, of unread tokens, and of words that only stand there."""
    texts = [as_read(source) for source in validation["source"]]
    ids = made.encode_batch(texts)
    sizes = torch.tensor([len(each) for each in ids])
    there = missed = 0
    for text, each, target in zip(texts, ids, validation["target"], strict=True):
        own = set(rouge_words(target)) & set(rouge_words(text))
        there += len(own)
        missed += len(own - set(rouge_words(made.decode(each[:limit]))))
    unread = (sizes - limit).clamp(min=0).sum() / sizes.sum()
    return (sizes > limit).float().mean().item(), unread.item(), missed / there


# %%
limits = {"yours": (tokenizer, LIMIT)}
limits["shipped"] = (shipped.tokenizer, shipped.model.config.max_len - 1)
for name, (made, limit) in limits.items():
    cut, unread, missed = lost(made, limit)
    print(f"{name:8} {limit} tokens: {cut:.0%} cut, {unread:.0%} of the tokens unread", end=", ")
    print(f"{missed:.1%} of the author's words missed")
    assert missed < unread / 2

# %% [markdown]
# Less is missed than is cut off: less than half of the share that is not read (asserted). Many
# words stand in both parts, and the name says some of them first of all. Do authors also say early
# what matters? Read the last tokens instead, `each[-limit:]`: what is missed then? (`course
# summarize` and `course train summarization` tell you what they cut.)

# %% [markdown]
# ## 10.12 Ten bad summaries
#
# A mean hides what goes wrong. Here are ten of the shipped model's summaries that have *no word* of
# the author's, endings aside, drawn at random. Put each under one of four heads:
#
# - **right, in other words**: ROUGE can't see it;
# - **a detail** instead of the whole;
# - **said too little**: true of many functions;
# - **wrong**: something that the source does not say, or an invented name.

# %% tags=["nbval-ignore-output"]
nothing = [i for i in range(400) if not scorer.score(references[i], said[i])["rouge1"].fmeasure]
print(f"{len(nothing)} of 400\n")
for i in random.Random(0).sample(nothing, 10):
    print(sources[i][:300].replace("\n", " ⏎ "), "…")
    print("    shipped    ", said[i])
    print("    the author ", references[i])
    print()

# %% [markdown]
# A score of nothing does not always mean a bad summary. *Async fetch all the HTTPFile* is right, in
# the words of the function's name and in no English. But most of these are bad. *Create a new
# BioSequence* is wrong: something is embedded, nothing new is made. *Iterate over the server ends*
# begins well, and then takes two words that stand side by side in the source for a thing. *A
# semi-based semiant-atomically* is put together from parts of *semi-atomically*. *Finalize device
# device device* stammers, and no trigram of it comes twice. *Ascii safe version of the ANSI code
# page* has the name and a detail: the character that a function returns is not in it.

# %% [markdown]
# One kind of error can be counted by a rule: **invented names**. A *name* is a word with an
# underscore, or a digit beside a letter, or a capital that is not its first letter. It is
# *invented* if it stands nowhere in the source.
#
# **By hand.** Which names are in *Read 2 JSON files as a DataFrame with read_csv*, and which are
# invented, if the source is `def read_csv(path) -> DataFrame`?


# %%
def names(text):
    """Words that look like names in code."""
    return set(re.findall(r"\b(?=\w*[a-zA-Z])(?:\w*[_\d]\w*|\w+[A-Z]\w*)\b", text))


def invented(summary, source):
    """Names that stand nowhere in the source, whatever their capitals."""
    known = {word.lower() for word in re.findall(r"\w+", as_read(source))}
    return {name for name in names(summary) if name.lower() not in known}


text = "Read 2 JSON files as a DataFrame with read_csv"
print("names:   ", *sorted(names(text)))
print("invented:", *invented(text, "def read_csv(path) -> DataFrame"))

# %% tags=["nbval-ignore-output"]
print(f"{'summaries':18} {'with a name':>12} {'with an invented one':>21}   some of these")
for name, made in (systems | {"the author": references}).items():
    with_names = sum(bool(names(text)) for text in made)
    bad = [invented(*both) for both in zip(made, sources, strict=True)]
    found = sorted(set().union(*bad))
    some = random.Random(0).sample(found, min(4, len(found)))
    print(f"{name:18} {with_names:12} {sum(map(bool, bad)):21}   ", *some)

# %% [markdown]
# Whoever only copies whole words invents nothing. The neighbour's names are nearly all invented:
# they are those of another package. Authors, too, use names that the source does not have, since
# they know the rest of their package. A model's inventions are of another kind. Look at them: are
# they names that could stand anywhere, or parts of names that do not belong together?

# %% [markdown]
# ## 10.13 Your turn
#
# These functions are the course's own: they stand in no training text. `example_from` parses a file
# and never runs it, so any Python file on your disk will do: put in its full path and the name of a
# function, and judge.

# %% tags=["nbval-ignore-output"]
folder = Path(course_lib.__file__).parent
own = [
    (folder / "masks.py", "causal_mask"),
    (folder / "batching.py", "bucket"),
    (folder / "files.py", "write_text"),
]
for path, name in own:
    function = example_from(path, name)
    print(function.source.partition("\n")[0])
    print("    shipped   ", *shipped([function.source], (no_trigram_twice, None)))
    print("    the author", function.target)

# %% [markdown]
# The same from the command line, for a file of yours, or with a model that you have trained:
#
# ```
# course summarize --pretrained FILE.py:FUNCTION
# course train summarization --minutes 15
# course evaluate --block-repeats 3
# ```
#
# With the network, `--corpus dialogsum` or `--corpus xsum` trains on conversations or on news.

# %% [markdown]
# ## What you can do now
#
# - Score summaries by ROUGE, say what was done to the words, and put free baselines beside them.
# - Give a decoder a pointer, and show for each token whether it was written or copied.
# - Forbid repeats, steer length, and choose by consensus in decoding; count what a model invents.

# %% [markdown]
# ### Three questions, from memory
#
# <details><summary>Why does ROUGE need recall, and BLEU a brevity penalty?</summary>
# Both keep whoever says little from winning: precision alone is perfect for one sure word.
# </details>
# <details><summary>Why is the pointer's probability summed over places?</summary>
# A token may stand at several places, and pointing at any of them says the same.
# </details>
# <details><summary>Why does a summary's length belong beside its ROUGE?</summary>
# Longer summaries gain recall and lose precision, so F1 moves without any better understanding.
# </details>

# %% [markdown]
# ### Sources
#
# - Lin (2004), *ROUGE: A Package for Automatic Evaluation of Summaries*, sections 2 and 3.
# - See, Liu and Manning (2017), *Get To The Point: Summarization with Pointer-Generator Networks*,
#   section 2.2.
# - Paulus, Xiong and Socher (2018), *A Deep Reinforced Model for Abstractive Summarization*,
#   section 2.5.
# - Kumar and Byrne (2004), *Minimum Bayes-Risk Decoding for Statistical Machine Translation*,
#   section 2; Eikema and Aziz (2022), *Sampling-Based Approximations to Minimum Bayes Risk Decoding
#   for Neural Machine Translation*, section 2.
# - Salton and Buckley (1988), *Term-Weighting Approaches in Automatic Text Retrieval*.

# %% [markdown]
# ### To go further
#
# Your model's 36,703 pairs are not many, but many documentations have more sentences than their
# first. Zhang et al. (2020, *PEGASUS*, section 3.1) take an important sentence out of a text and
# let the model write it from the rest: pairs without end, before the real ones. How would you
# choose the sentence here, and how would you tell whether it was the sentences that helped, and not
# the longer training?
