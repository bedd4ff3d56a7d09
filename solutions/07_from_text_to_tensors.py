# %% [markdown]
# # 7 · From text to tensors: what is a word?
#
# A model computes with numbers. Before the first matrix is multiplied, somebody has decided what a
# text is made of: letters, words, or something between. That decision fixes how long a sentence
# is, which words can be said at all, and what the model must learn by itself.
#
# And somebody has packed sentences of different lengths into rectangles, and has put some texts
# aside to test with. There is no mathematics in any of this, and many a result has been spoiled
# here.
#
# You need: chapter 0.

# %%
import ast
import random
from collections import Counter
from itertools import pairwise
from pathlib import Path

import tokenizers
import torch
from torch import Tensor

from course_lib.corpora import load_corpus
from course_lib.exercises import carry_on, check, hint, progress, solution
from course_lib.plots import compare_lines, show
from course_lib.tokenization import BOS_ID, EOS_ID, PAD_ID, Tokenizer

# %% [markdown]
# ## 7.1 Letters, words, or something between
#
# Real text to begin with: one-line summaries that programmers wrote for their functions, from
# packages that are installed on your machine anyway. (Chapter 10 will write such lines.) The first
# time, thousands of files are read for about a minute; after that it takes a second.
#
# What comes back is a dictionary of three **splits**, as the library `datasets` has them: for
# training, for validation (to choose by), and for the test at the end. Each has columns.

# %% tags=["nbval-ignore-output"]
corpus = load_corpus("docstrings")
train_texts, test_texts = corpus["train"]["target"][:], corpus["test"]["target"][:]
print({name: split.num_rows for name, split in corpus.items()}, corpus["train"].column_names)
for text in train_texts[:3]:
    print(text)

# %% [markdown]
# **Predict.** Cut the training lines at spaces, and make a list of all different words. Of the
# words in the *test* lines, which share is not on that list? And of the letters (which are meant to
# include spaces, digits and full stops)?

# %% tags=["nbval-ignore-output"]
known_words = {word for text in train_texts for word in text.split()}
known_letters = {letter for text in train_texts for letter in text}
words = [word for text in test_texts for word in text.split()]
letters = [letter for text in test_texts for letter in text]
new_words = sum(word not in known_words for word in words) / len(words)
new_letters = sum(letter not in known_letters for letter in letters) / len(letters)
print(f"words:   {len(known_words):6,} known, {new_words:.1%} of the test's words are new")
print(f"letters: {len(known_letters):6,} known, {new_letters:.3%} of the test's letters are new")
print(f"a test line has {len(words) / len(test_texts):.1f} words", end=" ")
print(f"and {len(letters) / len(test_texts):.1f} letters")
assert new_words > 0.03 > 0.001 > new_letters

# %% [markdown]
# Words make short sequences, a huge vocabulary, and still every word that is not on the list is a
# hole. With letters nothing is unknown (or nearly so), but sequences are several times as long,
# attention costs the square of that, and the model has to learn spelling first.
#
# The way between: let frequent words be one token, and cut rare ones into pieces that are
# frequent. Which pieces? Let the text decide.

# %% [markdown]
# ## 7.2 Byte-pair encoding by hand
#
# Begin with letters. Find the most frequent pair of neighbours, glue it together everywhere, and
# do it again, as often as you like. That is all of byte-pair encoding (Sennrich et al. 2016,
# section 3.2). Words are counted once, with how often they were met:
#
# | word | met |
# |---|---|
# | s u n | 4 |
# | s u n n y | 3 |
# | f u n n y | 2 |
# | r u n | 5 |
#
# Take your pencil. How often is `u n`, how often `s u`, `n y`, `r u`? Glue the winner together,
# and count again: which pair is second?

# %% [markdown]
# ### Exercise 7.1: `count_pairs`


# %% tags=["exercise-7.1"]
def count_pairs(words: dict[tuple[str, ...], int]) -> dict[tuple[str, str], int]:
    """How often each pair of neighbours stands in the words.

    words: how often each word was met, cut into symbols, as in {("r", "u", "n"): 5}.

    >>> count_pairs({("r", "u", "n"): 5})
    {('r', 'u'): 5, ('u', 'n'): 5}
    """
    ### BEGIN SOLUTION
    counts = {}
    for symbols, count in words.items():
        for pair in pairwise(symbols):
            counts[pair] = counts.get(pair, 0) + count
    return counts
    ### END SOLUTION


# %%
check("7.1", count_pairs)

# %%
count_pairs = carry_on("7.1", count_pairs)

# %%
small = {tuple(word): n for word, n in [("sun", 4), ("sunny", 3), ("funny", 2), ("run", 5)]}
for pair, count in sorted(count_pairs(small).items(), key=lambda item: -item[1]):
    print(*pair, count)

# %% [markdown]
# `u n` wins with 14: it stands in all four words. After it is glued, *sunny* is `s un n y`.
#
# ### Exercise 7.2: `merge_pair`


# %% tags=["exercise-7.2"]
def merge_pair(symbols: tuple[str, ...], pair: tuple[str, str]) -> tuple[str, ...]:
    """Glue a pair together wherever it stands, from left to right.

    >>> merge_pair(("r", "u", "n"), ("u", "n"))
    ('r', 'un')
    """
    ### BEGIN SOLUTION
    merged, i = [], 0
    while i < len(symbols):
        if symbols[i : i + 2] == pair:
            merged.append(pair[0] + pair[1])
            i += 2
        else:
            merged.append(symbols[i])
            i += 1
    return tuple(merged)
    ### END SOLUTION


# %%
check("7.2", merge_pair)

# %%
merge_pair = carry_on("7.2", merge_pair)

# %%
glued = {merge_pair(word, ("u", "n")): met for word, met in small.items()}
for pair, count in sorted(count_pairs(glued).items(), key=lambda item: -item[1]):
    print(*pair, count)

# %% [markdown]
# So `s un` comes second, with 4 + 3. Glued, it takes *sunny* away from `un n`, which is down to 2.
# And third? `n y` and `r un` both have 5. Any rule will do, if it is always the same. The one below
# takes the pair whose first symbol has been known longer (and then the second), letters in the
# order of the alphabet, as the library `tokenizers` does.
#
# Around your two functions goes a loop:


# %%
def learn_merges(words, num_merges):
    """The most frequent pair, again and again: the merges, in the order of learning."""
    rank = {letter: i for i, letter in enumerate(sorted({s for word in words for s in word}))}
    merges = []
    for _ in range(num_merges):
        counts = count_pairs(words)
        if not counts:
            break  # every word is one symbol
        best = min(counts, key=lambda p: (-counts[p], rank[p[0]], rank[p[1]]))
        rank.setdefault("".join(best), len(rank))
        merges.append(best)
        merged = {}
        for word, met in words.items():
            glued = merge_pair(word, best)
            merged[glued] = merged.get(glued, 0) + met
        words = merged
    return merges


print(learn_merges(small, 4))

# %% [markdown]
# Is that really the algorithm, or a toy? The library `tokenizers`, written by others in another
# language, learns merges too. Give both the words of the first 2,000 lines, letters only, and
# compare 300 merges, one by one.

# %% tags=["nbval-ignore-output"]
lines = [" ".join(w.lower() for w in t.split() if w.isascii() and w.isalpha()) for t in train_texts]
lines = [line for line in lines if line][:2000]
counted = {}
for line in lines:
    for word in line.split():
        counted[tuple(word)] = counted.get(tuple(word), 0) + 1
mine = learn_merges(counted, 300)

theirs = tokenizers.Tokenizer(tokenizers.models.BPE())
theirs.pre_tokenizer = tokenizers.pre_tokenizers.WhitespaceSplit()
alphabet = {letter for word in counted for letter in word}
options = {"show_progress": False, "special_tokens": [], "initial_alphabet": sorted(alphabet)}
trainer = tokenizers.trainers.BpeTrainer(vocab_size=len(alphabet) + 300, **options)
theirs.train_from_iterator(lines, trainer)
tokens = sorted(theirs.get_vocab().items(), key=lambda item: item[1])
learned = [token for token, _ in tokens[len(alphabet) :]]
print("the first eight:", ["".join(pair) for pair in mine[:8]])
print("the last three: ", ["".join(pair) for pair in mine[-3:]])
print("all 300 the same, in the same order:", ["".join(pair) for pair in mine] == learned)

# %% [markdown]
# ### Exercise 7.3: `bpe_encode`
#
# Learning is over. Now a new word comes. It is cut into letters, and all merges are done on it, in
# the order in which they were learned.


# %% tags=["exercise-7.3"]
def bpe_encode(word: str, merges: list[tuple[str, str]]) -> list[str]:
    """The pieces of a word, by merges in the order in which they were learned.

    >>> bpe_encode("fun", [("u", "n")])
    ['f', 'un']
    """
    ### BEGIN SOLUTION
    symbols = tuple(word)
    for pair in merges:
        symbols = merge_pair(symbols, pair)
    return list(symbols)
    ### END SOLUTION


# %%
check("7.3", bpe_encode)

# %%
bpe_encode = carry_on("7.3", bpe_encode)

# %% tags=["nbval-ignore-output"]
new = {w.lower() for t in test_texts for w in t.split() if w.isascii() and w.isalpha()}
new = sorted(word for word in new if set(word) <= alphabet)
same = sum(bpe_encode(word, mine) == theirs.encode(word).tokens for word in new)
assert same == len(new)
print("the same pieces as tokenizers:", f"{same:,} of {len(new):,} test words of letters only")
for word in ("tensor", "untangled", "attention"):
    print(word, "->", bpe_encode(word, mine))

# %% [markdown]
# ## 7.3 There and back
#
# A tokenizer may lose something on the way: capitals, a space, an accent, a letter that it does
# not know. Sometimes that is wanted. It should never be a surprise. If it loses the capitals of the
# *right* answers, too, nobody sees that the model writes none, and the score is too good.
#
# So you want a probe for any tokenizer, whatever it does inside.
#
# ### Exercise 7.4: `round_trip`


# %% tags=["exercise-7.4"]
def round_trip(encode, decode, texts: list[str]) -> list[str]:
    """The texts that do not come back as they were, character by character.

    encode turns a text into ids, decode turns ids into a text.
    """
    ### BEGIN SOLUTION
    return [text for text in texts if decode(encode(text)) != text]
    ### END SOLUTION


# %%
check("7.4", round_trip)

# %%
round_trip = carry_on("7.4", round_trip)

# %% [markdown]
# The course's own `Tokenizer` does not begin with letters, but with **bytes**. Every text of every
# script is a sequence of bytes, there are only 256 of them, and so nothing is ever unknown. Compare
# it with one that knows the letters of its training text, on four texts that it did not expect:

# %% tags=["nbval-ignore-output"]
course = Tokenizer.train(train_texts, vocab_size=4000)
table = sorted(known_letters)


def by_letters(text):
    """A number for each letter; the last one for all that are unknown."""
    return [table.index(c) if c in known_letters else len(table) for c in text]


def back_to_letters(ids):
    return "".join([*table, "?"][i] for i in ids)


strange = ["Zwölf Boxkämpfer", "two  spaces", "𝔘nicode ☃", "\ttab and end\n"]
print("lost by letters:", round_trip(by_letters, back_to_letters, strange))
print("lost by bytes:  ", round_trip(course.encode, course.decode, strange))
print("lost by bytes in the whole test:", len(round_trip(course.encode, course.decode, test_texts)))

# %% [markdown]
# Three numbers never stand for a piece of text: 0 is padding, 1 says that a sentence begins, 2 that
# it ends. `encode` leaves these **special tokens** out, and whoever makes batches puts them where
# they belong. In what follows, `##` marks a piece that goes on within a word.

# %% tags=["nbval-ignore-output"]
ids = course.encode("Cleanup of unfinished tokens")
print(course.pieces(ids))
print("ids:", ids, " special:", {"padding": PAD_ID, "start": BOS_ID, "end": EOS_ID})
assert min(ids) > max(PAD_ID, BOS_ID, EOS_ID)

# %% [markdown]
# ## 7.4 How many merges?
#
# Few merges: a small vocabulary, and many tokens a word. Many merges: few tokens, and a vocabulary
# whose rare entries are hardly ever seen in training. **Predict** the curve: tokens a word, against
# the size of the vocabulary, for lines that the tokenizer has not seen. And which share of 16,000
# entries is met fewer than 10 times in training? (The 256 bytes and the special tokens come first,
# and are not counted.)

# %% tags=["nbval-ignore-output"]
sizes = [250 * 2**i for i in range(1, 7)]
tokens_a_word, rare = [], []
for size in sizes:
    tokenizer = Tokenizer.train(train_texts, vocab_size=size)
    tokens_a_word.append(sum(map(len, tokenizer.encode_batch(test_texts))) / len(words))
    met = Counter(i for line in tokenizer.encode_batch(train_texts) for i in line)
    entries = range(256 + 3, size)
    rare.append(sum(met[i] < 10 for i in entries) / len(entries))
    found = f"{tokens_a_word[-1]:.2f} a word, {rare[-1]:5.1%} met fewer than 10 times"
    print(f"{size:6,} tokens: {found}")
saved = [before - after for before, after in pairwise(tokens_a_word)]
assert tokens_a_word[0] > 2 > tokens_a_word[-1]
assert saved == sorted(saved, reverse=True)
assert rare[4] < 1 / 3 < 2 / 3 < rare[5]

# %% tags=["nbval-ignore-output"]
show(
    compare_lines(
        sizes,
        {"new lines": tokens_a_word},
        title="Each doubling of the vocabulary saves less",
        xlabel="size of the vocabulary",
        ylabel="tokens a word",
        log="x",
    )
)

# %% [markdown]
# Each doubling saves less than the one before, while every entry costs a row of the embedding (the
# table with a vector for each token). And an entry that was met fewer than 10 times has had fewer
# than 10 examples to be learned from: of 8,000 entries that is less than a third, of 16,000 more
# than two thirds. By this rule of thumb 8,000 are enough here; only a training could test it.

# %% [markdown]
# ## 7.5 Rectangles
#
# A batch is a tensor, and a tensor is a rectangle. Shorter sequences are filled up at the right
# with the padding's id.
#
# ### Exercise 7.5: `pad`


# %% tags=["exercise-7.5"]
def pad(sequences: list[list[int]], pad_id: int) -> Tensor:
    """Sequences as the rows of one tensor, filled up on the right to the length of the longest.

    Shapes: returns (B, T), whole numbers.

    >>> pad([[5, 6], [7]], 0)
    tensor([[5, 6],
            [7, 0]])
    """
    ### BEGIN SOLUTION
    longest = max(len(sequence) for sequence in sequences)
    rows = [[*sequence, *[pad_id] * (longest - len(sequence))] for sequence in sequences]
    return torch.tensor(rows)
    ### END SOLUTION


# %%
check("7.5", pad)

# %%
pad = carry_on("7.5", pad)

# %% [markdown]
# Every cell of a rectangle costs time, also one that holds padding. **Predict**: take 128 random
# lines for a batch. Which share of the cells holds a real token? And if the lines of a batch have
# similar lengths?
#
# ### Exercise 7.6: `buckets`
#
# Group sentences by length, so that no batch has more than `max_tokens` cells, padding included.
# Return *indices*, so that the sentences can stay where they are.


# %% tags=["exercise-7.6"]
def buckets(lengths: list[int], max_tokens: int) -> list[list[int]]:
    """Indices in batches of similar length, with at most max_tokens cells each.

    Each index stands in exactly one batch, and a batch is filled up before another is begun. A
    sentence longer than max_tokens is a batch of its own.

    >>> buckets([2, 9, 2], 10)
    [[0, 2], [1]]
    """
    ### BEGIN SOLUTION
    batches = []
    for i in sorted(range(len(lengths)), key=lambda i: lengths[i]):
        # The next one is the longest so far, so it decides how wide the batch would be.
        if batches and lengths[i] * (len(batches[-1]) + 1) <= max_tokens:
            batches[-1].append(i)
        else:
            batches.append([i])
    return batches
    ### END SOLUTION


# %%
check("7.6", buckets)

# %%
buckets = carry_on("7.6", buckets)


# %%
def useful_share(batches, ids):
    """The share of the cells that hold a token and no padding."""
    tensors = [pad([ids[i] for i in batch], PAD_ID) for batch in batches]
    return sum((x != PAD_ID).sum().item() for x in tensors) / sum(x.numel() for x in tensors)


ids = [s for s in course.encode_batch(train_texts) if s]
lengths = [len(s) for s in ids]
order = random.Random(0).sample(range(len(ids)), len(ids))
in_order = sorted(order, key=lambda i: lengths[i])
bound = round(128 * sum(lengths) / len(ids))
ways = {
    "random, 128 lines each": [order[i : i + 128] for i in range(0, len(ids), 128)],
    "sorted, 128 lines each": [in_order[i : i + 128] for i in range(0, len(ids), 128)],
    f"buckets of {bound:,} cells": buckets(lengths, bound),
}
shares = [useful_share(batches, ids) for batches in ways.values()]
assert shares[0] < 0.5 < 0.9 < min(shares[1:])

# %% tags=["nbval-ignore-output"]
for (name, batches), share in zip(ways.items(), shares, strict=True):
    largest = max(max(lengths[i] for i in batch) * len(batch) for batch in batches)
    print(f"{name:23} {share:6.1%} of the cells are of use; largest batch {largest:6,} cells")

# %% [markdown]
# At random, less than half of the cells are of use: one long line makes 127 others long. Sorted by
# length, it is more than nine in ten. And buckets are no larger than you allow, so that the longest
# lines fit into memory, too, and each step has about as much to do.
#
# The library's `bucket` (`course_lib/batching.py`) adds what training needs. It shuffles first and
# sorts within pools of 20,000, so that the same sentences do not meet in every epoch; and at the
# end it shuffles the batches, since yours go from the shortest to the longest.

# %% [markdown]
# ## 7.6 What the test must not know
#
# A test measures what a model makes of the *new*. Split a collection of texts at random, and look.
# Here are the first lines of all docstrings in `torch.nn`, read from the files on your disk:


# %%
def first_lines(folder):
    """The first line of each docstring in a folder of Python files."""
    for file in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and ast.get_docstring(node):
                yield ast.get_docstring(node).split("\n")[0]


raw = list(first_lines(Path(torch.nn.__file__).parent))
random.Random(0).shuffle(raw)
raw_test, raw_train = raw[: len(raw) // 10], raw[len(raw) // 10 :]

# %% tags=["nbval-ignore-output"]
print(f"{len(raw)} lines, {len(set(raw))} different ones. Most often:")
for line, count in Counter(raw).most_common(3):
    print(f"{count:4} times  {line}")

# %% [markdown]
# ### Exercise 7.7: `overlap`


# %% tags=["exercise-7.7"]
def overlap(train: list[str], test: list[str]) -> float:
    """The share of test texts, from 0 to 1, that stand in train, too.

    Capitals make no difference, nor how many spaces, tabs or line breaks stand between two words
    or at the ends.

    >>> overlap(["A dog", "a cat"], ["a  dog", "a bird"])
    0.5
    """
    ### BEGIN SOLUTION
    known = {" ".join(text.casefold().split()) for text in train}
    found = [text for text in test if " ".join(text.casefold().split()) in known]
    return len(found) / len(test)
    ### END SOLUTION


# %%
check("7.7", overlap)

# %%
overlap = carry_on("7.7", overlap)

# %%
share = overlap(raw_train, raw_test)
assert share > 0.1
assert overlap(train_texts, test_texts) == 0

# %% tags=["nbval-ignore-output"]
print(f"torch.nn, split at random: {share:.0%} of {len(raw_test)} test lines are in the training")
print(f"the course's corpus:       {overlap(train_texts, test_texts):.0%} of {len(test_texts)}")

# %% [markdown]
# More than one in ten of those "new" lines can be recited. The course's corpus has been cleaned of
# duplicates and near-duplicates, and what is more, whole *packages* were put aside for the test:
# people who write one package repeat themselves.

# %% [markdown]
# ## 7.7 Find the bug: too well prepared
#
# Below is a function that lists the words that a model is to know. Run it and the next cell as they
# are given: the list begins as it should, and no word of the test is unknown.
#
# ### Exercise 7.8: `vocabulary`


# %% tags=["exercise-7.8"]
def vocabulary(splits: dict[str, list[str]], size: int) -> list[str]:
    """The most frequent words; of equally frequent ones, by the alphabet.

    splits: texts under "train", "validation" and "test".
    """
    counts: dict[str, int] = {}
    ### BEGIN SOLUTION
    texts = splits["train"]
    ### END SOLUTION
    ### BEGIN GIVEN
    # texts = [text for split in splits.values() for text in split]
    ### END GIVEN
    for text in texts:
        for word in text.split():
            counts[word] = counts.get(word, 0) + 1
    return sorted(counts, key=lambda word: (-counts[word], word))[:size]


# %% tags=["nbval-ignore-output"]
splits = {name: corpus[name]["target"][:] for name in corpus}
print("most frequent:", vocabulary(splits, size=6))
listed = set(vocabulary(splits, size=100_000))
unknown = sum(word not in listed for word in words) / len(words)
print(f"unknown words in the test: {unknown:.1%}")

# %% [markdown]
# Is that good news? You have counted the test's new words before, in section 7.1.
#
# ### Exercise 7.9: `depends_on`
#
# In chapter 2 one changes the future, and sees whether the past moves. The same works here: put
# other texts into one split, and see whether what was made out of the splits becomes another. Write
# that probe, for anything that is made out of splits.


# %% tags=["exercise-7.9"]
def depends_on(build, splits: dict[str, list[str]], name: str) -> bool:
    """Does what `build` makes change when the texts of the split `name` are replaced by others?

    build takes splits and returns a list, a number, or whatever can be compared with `==`.
    """
    ### BEGIN SOLUTION
    others = {**splits, name: ["zyx wvu", "zyx"]}
    return build(splits) != build(others)
    ### END SOLUTION


# %%
check("7.9", depends_on)

# %%
depends_on = carry_on("7.9", depends_on)

# %% tags=["nbval-ignore-output"]
for name in splits:
    answer = depends_on(lambda s: vocabulary(s, size=100_000), splits, name)
    print(f"the vocabulary depends on {name:11} {answer}")

# %% [markdown]
# One True is in order. What about the others? Mend `vocabulary`, and run its cell and those below
# it again.

# %%
check("7.8", vocabulary)

# %% [markdown]
# If the test was read: nothing was stolen, no answer, no label, only a list of words. But real new
# text has words that are on no list, and this test has none left: it can't tell any more how a
# model deals with them. (To be on the list helps such a word little: the training never has it.)
# For the record, both ways of counting:

# %%
new_to = {}
read = {"all splits": [t for texts in splits.values() for t in texts], "the training": train_texts}
for name, texts in read.items():
    seen = {word for text in texts for word in text.split()}
    new_to[name] = sum(word not in seen for word in words) / len(words)
assert new_to["all splits"] == 0 < 0.03 < new_to["the training"] == new_words

# %% tags=["nbval-ignore-output"]
for name, share in new_to.items():
    print(f"a list made of {name:12} misses {share:.1%} of the test's words")

# %% [markdown]
# ## 7.8 One more by hand
#
# ### Exercise 7.10: predict, then run
#
# One more time with a pencil, before you go on. The merges are `a n` and then `an a`. Into how many
# pieces is *banana* cut after the first of them, and into how many after both? Put both numbers in
# place of the dots, as `(…, …)`.

# %% tags=["exercise-7.10"]
### BEGIN SOLUTION
prediction = (4, 3)
### END SOLUTION

# %%
check("7.10", prediction)

# %%
for merges in ([("a", "n")], [("a", "n"), ("an", "a")]):
    print(bpe_encode("banana", merges))

# %% [markdown]
# ## What you can do now
#
# - Learn byte-pair merges from a text, and cut any word with them, as the libraries do.
# - Test a tokenizer for what it loses.
# - Pack batches without waste, and split texts so that a test is a test.

# %% [markdown]
# ### Three questions, from memory
#
# <details><summary>Why bytes and not letters as the first symbols?</summary>
# Every text of every script is a sequence of bytes, and there are 256 of them: nothing is ever
# unknown.
# </details>
# <details><summary>Why does the order of merges matter in encoding?</summary>
# Two merges may want the same letter. The one that was learned first gets it.
# </details>
# <details><summary>What is wrong with a vocabulary that has seen the test?</summary>
# In real use some words are new. In this test none is any more, so its score says nothing about how
# the model deals with them.
# </details>

# %% [markdown]
# ### Sources
#
# - Sennrich et al. (2016), *Neural Machine Translation of Rare Words with Subword Units*,
#   section 3.2: byte-pair encoding for words.
# - Gage (1994), *A New Algorithm for Data Compression*: where the idea comes from.
# - Radford et al. (2019), *Language Models are Unsupervised Multitask Learners*, section 2.2: bytes
#   as first symbols.

# %% [markdown]
# ### To go further
#
# A word is always cut in the same way. Provilkov et al. (2020, *BPE-Dropout*) leave out some merges
# at random in training, so that the model sees a word in several cuts. One line of `bpe_encode`
# makes a first form of it. In theirs, as in `course_lib/bpe_dropout.py`, a merge that was left out
# can still be made later: what does that change? Chapter 9 is the place to try whether it pays; in
# two runs that were stopped early it had not (`benchmarks/RESULTS.md`).
