# %% [markdown]
# # 9 · Translation: the whole thing, on sentences
#
# A model that has never seen a word of English or German gets 24,000 pairs of sentences and
# three minutes. What can it say after that?
#
# You will load the pairs, cut them into tokens, train a Transformer while you watch its loss fall,
# let it translate sentences that it has not seen, and look at where it looks.
#
# Then you write, and try out, what lies between a model and its text: decoding, the cache, beam
# search, BLEU, word links. Everything runs on a laptop, without a GPU and without the network. Take
# two sittings: sections 1 to 7, and 8 to 13.

# %%
import math
import time
from collections import Counter
from itertools import product

import sacrebleu
import torch
from torch import Tensor

from course_lib import decoding
from course_lib.batching import bucket, make_batch, make_source, useful_share
from course_lib.corpora import load_corpus
from course_lib.curves import watch
from course_lib.decoding import translate
from course_lib.exercises import carry_on, check, hint, progress, solution
from course_lib.inspection import record_attention
from course_lib.metrics import ngrams, translation_scores
from course_lib.models import Transformer, TransformerConfig, count_parameters
from course_lib.plots import attention_map, show
from course_lib.scenes import parse_alignment, words
from course_lib.tokenization import BOS_ID, EOS_ID, Tokenizer
from course_lib.training import Trainer, TrainingConfig, validation_loss

# %% [markdown]
# ## 1 · The sentences
#
# `scenes` is a corpus that the course generates: picture captions in English and German, from a
# small grammar with real German endings and word order. It is always there, offline, and it knows
# which word translates which. That last thing no collected corpus can tell you.

# %%
corpus = load_corpus("scenes")
for split in corpus:
    print(f"{split:10}  {len(corpus[split]):6,} pairs")

# %%
for pair in corpus["train"].select(range(5)):
    print(pair["source"])
    print(pair["target"])
    print()

# %% [markdown]
# Read the German lines slowly, even if you know no German. Three things make them hard for a
# program that replaces word by word:
#
# - *is reading* becomes one word, *liest*; other verbs split in two, with the second half at the
#   very end of the sentence (*macht … auf*);
# - the order changes: German likes to say where before it says what;
# - *the* and *a* and every adjective change their endings with gender, number and case.

# %% [markdown]
# ## 2 · By hand: which word comes from which?
#
# Take one pair and draw it as a table: a row for each German word, a column for each English
# word, a filled cell where the one translates the other.
#
# Before you run the next two cells, take pencil and paper and draw it for *A dog sleeps here* and
# *Ein Hund schläft hier*. Where do the filled cells lie if both languages use the same order? And
# where, if German puts the place before the object and splits the verb?


# %%
def gold_table(pair):
    """Share of each German word (row) that each English word (column) accounts for."""
    source, target = words(pair["source"]), words(pair["target"])
    table = torch.zeros(len(target), len(source))
    for i, j in parse_alignment(pair["alignment"]):
        table[j, i] = 1
    return table / table.sum(dim=1, keepdim=True).clamp(min=1), source, target


# %%
sentence = "An old guest is waving at some friendly waitresses at the lake."
example = next(pair for pair in corpus["test"] if pair["source"] == sentence)
print(example["source"])
print(example["target"])
gold, source_words, target_words = gold_table(example)
show(attention_map(gold, target_words, source_words, "What a perfect translator would look at"))

# %% [markdown]
# A row is a question: *which English words do I need for this German word?* The answer is a share
# of 1, spread over the columns. That is the very thing that attention computes: a softmax over the
# source for each word that is written.
#
# Nobody will show this table to the model. It sees pairs of sentences and nothing else. At the end
# of the chapter you will draw the same table from its attention weights.

# %% [markdown]
# ## 3 · From text to numbers
#
# The tokenizer learns, from the training text alone, which pieces of words are frequent, for both
# languages together. Nearly every word of this corpus gets a token of its own. A word that it has
# never seen is cut into pieces (`##` marks a piece that goes on within a word), down to single
# bytes if need be, so nothing is ever unknown.

# %%
train = corpus["train"]
tokenizer = Tokenizer.train([*train["source"], *train["target"]], vocab_size=2_600)
print(f"{tokenizer.vocab_size:,} tokens")
print(tokenizer.pieces(tokenizer.encode(example["source"])))
print(tokenizer.pieces(tokenizer.encode("A zebra is reading.")))


# %%
def encode(split):
    """Pairs of token ids."""
    sides = [tokenizer.encode_batch(split[side]) for side in ("source", "target")]
    return list(zip(*sides, strict=True))


pairs = encode(train)
ids = torch.tensor(pairs[0][1])
batch = make_batch(pairs[:1])
print("the model reads  ", tokenizer.pieces(batch.target_in[0].tolist()))
print("and should answer", tokenizer.pieces(batch.target_out[0].tolist()))

# %% [markdown]
# The two lines are the same sentence, shifted by one: at each place the model reads what stands
# there and should answer with what comes next. All places are trained at once; the causal mask
# keeps each of them from reading its own answer.
#
# Sentences of different lengths have to be padded to form a tensor. Padding costs time and teaches
# nothing, so sentences of similar length share a batch.

# %%
in_order = [list(range(i, i + 100)) for i in range(0, len(pairs), 100)]
in_buckets = bucket(pairs, batch_tokens=1_600)
print(f"useful cells, batches as they come: {useful_share(in_order, pairs):.0%}")
print(f"useful cells, length buckets:       {useful_share(in_buckets, pairs):.0%}")

# %% [markdown]
# ## 4 · The model
#
# An encoder reads the English sentence, a decoder writes the German one and looks back at the
# encoder's output at every step. Two layers each are enough for these sentences.

# %%
torch.manual_seed(0)
config = TransformerConfig(
    tokenizer.vocab_size, num_encoder_layers=2, num_decoder_layers=2, dropout=0.1
)
model = Transformer(config)
print(f"{count_parameters(model):,} parameters")

# %% [markdown]
# **Predict.** The model is random. Its loss is the mean of minus the logarithm of the probability
# that it gave to the right token. What will that be, for a vocabulary of this size? Write your
# number down, then run the cell.

# %%
untrained = validation_loss(model, encode(corpus["validation"]))
print(f"a guess at random: ln {tokenizer.vocab_size} = {math.log(tokenizer.vocab_size):.2f} nats")
print(f"this model:        {untrained:.1f} nats")
assert abs(untrained - math.log(tokenizer.vocab_size)) < 1

# %% [markdown]
# It does a little worse than a fair guess, which would give every token the same probability: its
# random weights prefer some tokens, and the wrong ones.
#
# ## 5 · Train
#
# `Trainer` yields a record after each step, and `watch` draws them while they come. Behind it is
# one loop: take a batch, predict, compare, go down the gradient (chapter 8 opens the box). It takes
# one to three minutes on a laptop with two cores.
#
# While it runs: which will the model learn first, the words or their order?

# %% tags=["nbval-ignore-output"]
settings = TrainingConfig(steps=600, warmup=100, peak_rate=4e-3, label_smoothing=0.0)
trainer = Trainer(model, pairs, settings)
records = list(watch(trainer.steps(), "Two languages in 600 steps"))

# %% [markdown]
# Most of the learning happens in the first half of the steps. Is that so, or does it look so?

# %% tags=["nbval-ignore-output"]
losses = [record.loss for record in records]
speed = sum(record.tokens for record in records) / sum(record.seconds for record in records)
print(
    f"the loss falls by {sum(losses[:300]) / 300 - losses[299]:.2f} from the first half's mean on,"
)
print(
    f"and by {losses[299] - losses[-1]:.2f} in the whole second half; {speed:,.0f} tokens a second"
)
assert sum(losses[:300]) / 300 - losses[299] > losses[299] - losses[-1]

# %% [markdown]
# The trainer also keeps an average of the weights over the last steps. It makes fewer mistakes than
# the weights of any single step, so from here on that average is *the model*.

# %% tags=["nbval-ignore-output"]
model = trainer.averaged
trained = validation_loss(model, encode(corpus["validation"]))
print(f"validation loss: {untrained:.2f} before, {trained:.2f} after")
print(f"probability of the right token, geometric mean: {math.exp(-trained):.0%}")
assert trained < 0.5

# %% [markdown]
# ## 6 · Translate
#
# Now the model gets English sentences from the test split, none of which stands in the training
# text. It writes one token at a time, always the most likely one (*greedy* decoding), and reads its
# own words as it goes.

# %% tags=["nbval-ignore-output"]
test = corpus["test"]
translations = translate(model, tokenizer, test["source"])
for i in range(4):
    print("English  ", test["source"][i])
    print("model    ", translations[i])
    print("reference", test["target"][i])
    print()

# %% [markdown]
# `translate` groups sentences of similar length, lets `greedy_decode` write each group, and puts
# the answers back in their order. Write the middle part yourself.

# %% [markdown]
# ### Exercise 9.1: `greedy_batch`
#
# In chapter 6 every sentence was written up to the limit, whether it had ended or not. Here a
# sentence leaves the batch with its end token, so that each step works for those alone that still
# write.


# %% tags=["exercise-9.1"]
def greedy_batch(step, src: Tensor, bos_id: int, eos_id: int, max_len: int) -> list[list[int]]:
    """Write an answer to each source: the best word, again and again.

    `step(src, tgt)` takes sources (B, Tk) and what is written (B, T), and gives log-probabilities
    of the next words (B, V). It is asked only for sentences that have not ended. Returns lists of
    ids, in the order of src, without start and end token, each at most max_len long.
    """
    ### BEGIN SOLUTION
    outputs: list[list[int]] = [[] for _ in src]
    numbers = torch.arange(len(src))
    tgt = torch.full_like(src[:, :1], bos_id)
    while len(numbers) and tgt.shape[1] <= max_len:
        best = step(src, tgt).argmax(dim=-1)
        going = best != eos_id
        src, numbers, best = src[going], numbers[going], best[going]
        tgt = torch.cat([tgt[going], best[:, None]], dim=1)
        for number, token in zip(numbers.tolist(), best.tolist(), strict=True):
            outputs[number].append(token)
    return outputs
    ### END SOLUTION


# %%
check("9.1", greedy_batch)

# %%
greedy_batch = carry_on("9.1", greedy_batch)

# %% tags=["nbval-ignore-output"]
src = make_source([ids for ids, _ in encode(test.select(range(3)))])
model.eval()
with torch.no_grad():
    outputs = greedy_batch(lambda src, tgt: model(src, tgt)[:, -1], src, BOS_ID, EOS_ID, 40)
print([tokenizer.decode(ids) for ids in outputs])
assert [tokenizer.decode(ids).strip() for ids in outputs] == translations[:3]

# %% [markdown]
# ## 7 · The cache: nothing is read twice
#
# To find word 12, your `greedy_batch` lets the model read words 1 to 11 once more, and the whole
# English sentence as well. Yet nothing about them has changed: the causal mask hides from a word
# what comes after it, so its keys and values are what they were. They can be kept. That is the
# *cache*: for each layer, the keys and values of what is written, and those of the source.
#
# **Predict.** A sentence has twelve words. How many words does the decoder read in all, without a
# cache and with one?

# %%
length = 12
print(f"without: {sum(range(1, length + 1))} words, with a cache: {length}")

# %% [markdown]
# ### Exercise 9.2: `cached_equals_uncached`
#
# A cache saves work and must not change a single word. Write the probe that proves it: it will be
# tried on decoders whose cache is right, and on eight whose cache is wrong in different ways.


# %% tags=["exercise-9.2"]
def cached_equals_uncached(decode, new_cache, tgt: Tensor) -> bool:
    """Are the logits the same, if tgt is read one token after the other with a cache?

    `decode(tgt, cache)` gives the logits (B, T, V) for tgt (B, T), which it reads after what is in
    the cache, and adds it there; `decode(tgt, None)` reads tgt from its beginning. `new_cache()`
    gives an empty cache. Sums in another order may differ in the seventh digit.
    """
    ### BEGIN SOLUTION
    cache = new_cache()
    steps = [decode(tgt[:, i : i + 1], cache) for i in range(tgt.shape[1])]
    return torch.allclose(torch.cat(steps, dim=1), decode(tgt, None), atol=1e-5)
    ### END SOLUTION


# %%
check("9.2", cached_equals_uncached)

# %%
cached_equals_uncached = carry_on("9.2", cached_equals_uncached)

# %%
batch = make_batch(encode(test.select(range(3))))
with torch.no_grad():
    precise = model.double()
    memory = precise.encode(batch.source)

    def decode_logits(tgt, cache):
        return precise.logits(precise.decode(tgt, memory, batch.source, cache))

    print(cached_equals_uncached(decode_logits, precise.new_cache, batch.target_in))
model = precise.float()

# %% [markdown]
# What does it save? The library decodes in both ways.

# %% tags=["nbval-ignore-output"]
sources = make_source([ids for ids, _ in encode(test)])
seconds, outputs = [], []
for prefixes in ({}, {"prefixes": decoding.RereadPrefixes}):
    started = time.perf_counter()
    outputs.append(decoding.greedy_decode(model, sources, **prefixes))
    seconds.append(time.perf_counter() - started)
print(f"with a cache {seconds[0]:.2f} s, without {seconds[1]:.2f} s for {len(test)} sentences")
assert outputs[0] == outputs[1]
assert seconds[0] < seconds[1]

# %% [markdown]
# The same words in less time; the longer the sentences, the more it saves.

# %% [markdown]
# ### Exercise 9.8: `cached_step`, find the bug
#
# The smallest decoder with a cache: one head, no projections. It writes nonsense, although each of
# its lines looks right, and your probe of 9.2 has noticed. What does each token learn of its place?


# %% tags=["exercise-9.8"]
def cached_step(token: int, cache: list[Tensor], embedding: Tensor, positions: Tensor) -> Tensor:
    """Scores for the word after `token`. The cache holds a vector for each token before it, and
    gets one for this.

    Shapes: embedding (V, D), positions (P, D), the first row for the first token. Returns (V,).
    """
    ### BEGIN SOLUTION
    x = embedding[token] + positions[len(cache)]
    cache.append(x)
    ### END SOLUTION
    ### BEGIN GIVEN
    # cache.append(embedding[token])
    # x = cache[-1] = embedding[token] + positions[len(cache)]
    ### END GIVEN
    past = torch.stack(cache)  # (T, D)
    weights = (past @ x / math.sqrt(len(x))).softmax(dim=0)
    return embedding @ (x + weights @ past)


# %%
check("9.8", cached_step)

# %%
cached_step = carry_on("9.8", cached_step)

# %% [markdown]
# ## 8 · Beam search: the best sentence may begin with a worse word
#
# Greedy takes the best word at each step, and can't take it back. Here is a model small enough for
# paper. It writes two words; the numbers are probabilities.
#
# | first word | | second word | |
# |---|---|---|---|
# | ein | 0.6 | Hund | 0.5 |
# | | | Mann | 0.4 |
# | eine | 0.4 | Frau | 0.9 |
# | | | Katze | 0.1 |
#
# Which sentence does greedy write? Which of the four is the most likely? Take your pencil first.
# (After *ein* there are other words, too, all unlikely: so the two do not sum to 1.)

# %% [markdown]
# ### Exercise 9.9: predict, then run
#
# A model begins with *ein* (probability 0.6) or *eine* (0.4). After *ein* the likeliest word has
# 0.5, after *eine* 0.9, and then the sentence is over. How likely is the sentence that greedy
# writes, and how likely the one that a beam of two finds?

# %% tags=["exercise-9.9"]
### BEGIN SOLUTION
prediction = (0.30, 0.36)
### END SOLUTION

# %%
check("9.9", prediction)

# %% [markdown]
# A *beam* keeps not one beginning but the best few, continues each of them with every word, and
# keeps the best few of all those. With a beam of one it is greedy.

# %% [markdown]
# ### Exercise 9.3: `beam_search`
#
# Greedy can't take a word back. A beam keeps the best few beginnings at each step, and so may find
# a sentence whose first word was not the likeliest.


# %% tags=["exercise-9.3"]
def beam_search(step, bos_id: int, eos_id: int, beam_size: int, max_len: int) -> list[int]:
    """The most likely sentence that is found, if the best beam_size beginnings go on at each step.

    `step(ids)` takes what is written, a list that begins with bos_id, and gives log-probabilities
    of the next word, (V,). A sentence's score is the sum of its words', the end token included.
    One that has ended is put aside. After max_len words, the best of those put aside and those
    still in the beam is returned, without start and end token.
    """
    ### BEGIN SOLUTION
    beams, ended = [([bos_id], 0.0)], []
    for _ in range(max_len):
        candidates = [
            ([*ids, token], score + log_prob)
            for ids, score in beams
            for token, log_prob in enumerate(step(ids).tolist())
        ]
        best = sorted(candidates, key=lambda beam: beam[1], reverse=True)[:beam_size]
        ended += [beam for beam in best if beam[0][-1] == eos_id]
        beams = [beam for beam in best if beam[0][-1] != eos_id]
    ids, _ = max(ended + beams, key=lambda beam: beam[1])
    return [token for token in ids if token not in (bos_id, eos_id)]
    ### END SOLUTION


# %%
check("9.3", beam_search)

# %%
beam_search = carry_on("9.3", beam_search)

# %%
vocabulary = ["", "", "", "ein", "eine", "Hund", "Mann", "Frau", "Katze"]
chances = {(): {3: 0.6, 4: 0.4}, (3,): {5: 0.5, 6: 0.4}, (4,): {7: 0.9, 8: 0.1}}


def next_word(ids):
    """Log-probabilities of the next word, after the start token and the words in ids."""
    known = chances.get(tuple(ids[1:]), {EOS_ID: 1.0})
    return torch.tensor([known.get(i, 1e-9) for i in range(len(vocabulary))]).log()


for beam_size in (1, 2):
    ids = [BOS_ID, *beam_search(next_word, BOS_ID, EOS_ID, beam_size, max_len=3)]
    log_prob = sum(next_word(ids[:i])[ids[i]].item() for i in range(1, len(ids)))
    print(f"beam of {beam_size}: {[vocabulary[i] for i in ids[1:]]}, {math.exp(log_prob):.2f}")

# %% [markdown]
# ### Exercise 9.4: `length_penalty`
#
# Each word makes a sentence less likely, so a beam prefers short ones. Wu et al. (2016, section 7)
# divide the log-probability by ((5 + length) / 6) to the power of α: with 0 nothing changes, with 1
# it is nearly a mean over the words.


# %% tags=["exercise-9.4"]
def length_penalty(log_probs: Tensor, lengths: Tensor, alpha: float) -> Tensor:
    """Scores by which long and short sentences can be compared.

    Shapes: log_probs (N,), lengths (N,) in words. Returns (N,).

    >>> length_penalty(torch.tensor([-4.0, -5.0]), torch.tensor([3, 7]), 1.0)
    tensor([-3.0000, -2.5000])
    """
    ### BEGIN SOLUTION
    return log_probs / ((5 + lengths) / 6) ** alpha
    ### END SOLUTION


# %%
check("9.4", length_penalty)

# %%
length_penalty = carry_on("9.4", length_penalty)

# %% [markdown]
# Does it pay? Greedy and a beam of five with the model that you trained, on the test split. (The
# library's `beam_search` does what yours does, for many sentences at once, with caches, and it
# divides scores by the length penalty, with α = 0.6.)

# %% tags=["nbval-ignore-output"]
decoders = {"greedy": decoding.greedy_decode, "beam of 5": decoding.beam_search}
written, scores = {}, {}
for name, decode in decoders.items():
    started = time.perf_counter()
    written[name] = translate(model, tokenizer, test["source"], decode)
    speed = len(test) / (time.perf_counter() - started)
    scores[name] = translation_scores(written[name], test["target"])
    print(f"{name:9}  BLEU {scores[name].bleu:.1f}   {speed:6,.0f} sentences a second")
changed = sum(a != b for a, b in zip(*written.values(), strict=True))
print(f"{changed} of {len(test)} sentences differ")
assert abs(scores["greedy"].bleu - scores["beam of 5"].bleu) < 3

# %% [markdown]
# Not here: within three points of BLEU, and slower. In these captions one German sentence is right
# for each English one, and the model is sure of nearly every word. On sentences that people wrote
# there are many ways to say a thing, and a beam is worth about a point (section 13).

# %% [markdown]
# ## 9 · How good is it? BLEU, by hand and from scratch
#
# The reference is *eine Frau liest im Park ein Buch .* and the model writes *eine Frau liest im
# Park Buch .* Count, on paper: how many of the model's 7 words, 6 pairs, 5 triples and 4 groups of
# four stand in the reference, too?
#
# The geometric mean of the four shares is the precision. It does not notice that a word is missing,
# so a *brevity penalty* is multiplied in where the output is the shorter one: e to the power of
# 1 - 8/7.

# %%
shares = [7 / 7, 5 / 6, 3 / 5, 2 / 4]
precision = math.prod(shares) ** (1 / 4)
penalty = math.exp(1 - 8 / 7)
print(f"precision {precision:.4f}, brevity penalty {penalty:.4f}, ", end="")
print(f"BLEU {100 * precision * penalty:.1f}")

# %% [markdown]
# ### Exercise 9.5: `bleu`
#
# BLEU asks four times which share of the output stands in the reference: of its words, pairs,
# triples, groups of four. A group counts at most as often as the reference has it (it is
# *clipped*), all counts are added up over the corpus, and the score is the geometric mean of the
# four shares, times 100.
#
# Whoever says little errs little. So the *brevity penalty*, exp(1 - reference length / output
# length), is multiplied in where the output is the shorter one. And if no triple matches, say,
# half a match is counted for them, for the next length without a match a quarter.


# %% tags=["exercise-9.5"]
def bleu(hypotheses: list[str], references: list[str]) -> float:
    """BLEU of a corpus, 0 to 100; tokens are what stands between spaces (Papineni et al. 2002).

    0 if not a single word matches, or if the output has no group of four at all. `ngrams(tokens,
    n)` counts the groups of n: a `Counter`, of which `a & b` has the smaller counts.
    """
    ### BEGIN SOLUTION
    pairs = [(h.split(), r.split()) for h, r in zip(hypotheses, references, strict=True)]
    log_precision, instead = 0.0, 1.0
    for n in range(1, 5):
        counts = [(ngrams(h, n), ngrams(r, n)) for h, r in pairs]
        matches: float = sum((h & r).total() for h, r in counts)
        total = sum(h.total() for h, _ in counts)
        if total == 0 or (matches == 0 and n == 1):
            return 0.0
        if matches == 0:
            matches = instead = instead / 2
        log_precision += math.log(matches / total) / 4
    length, wanted = sum(len(h) for h, _ in pairs), sum(len(r) for _, r in pairs)
    return 100 * min(1.0, math.exp(1 - wanted / length)) * math.exp(log_precision)
    ### END SOLUTION


# %%
check("9.5", bleu)

# %%
bleu = carry_on("9.5", bleu)

# %% [markdown]
# Does it agree with sacrebleu, which was written by others? Both get the same tokens.

# %%
hypotheses = [" ".join(words(text)[::-1]) for text in test["target"]]
references = [" ".join(words(text)) for text in test["target"]]
theirs = sacrebleu.corpus_bleu(hypotheses, [references], tokenize="none", force=True).score
print(f"all words, from the last to the first: {bleu(hypotheses, references):.2f}")
assert abs(bleu(hypotheses, references) - theirs) < 1e-9

# %% [markdown]
# ### Exercise 9.7: `report`, find the bug
#
# Somebody reports the BLEU of translators with the function below. Run it on one that stops after
# five words, and on one that says everything twice: which of them should lose more by the brevity
# penalty?


# %% tags=["exercise-9.7"]
def report(translate, pairs: list[tuple[str, str]]) -> float:
    """BLEU of a translator on pairs of source and reference.

    `translate` takes a list of sources and gives a list of translations.
    """
    hypotheses = translate([source for source, _ in pairs])
    references = [reference for _, reference in pairs]
    ### BEGIN SOLUTION
    return bleu(hypotheses, references)
    ### END SOLUTION
    ### BEGIN GIVEN
    # return bleu(references, hypotheses)
    ### END GIVEN


# %%
known = dict(zip(test["source"], test["target"], strict=True))
for name, change in {"stops early": lambda w: w[:5], "says it twice": lambda w: w + w}.items():
    score = report(
        lambda sources, change=change: [" ".join(change(known[s].split())) for s in sources],
        list(known.items()),
    )
    print(f"{name:14} BLEU {score:.1f}")

# %%
check("9.7", report)

# %%
report = carry_on("9.7", report)

# %% [markdown]
# A number alone says nothing. So two baselines stand beside it: copy the English sentence, and
# translate word by word with a dictionary. The dictionary is learned from the same 24,000 pairs, by
# counting: which German word stands in the same pairs as an English one, and seldom elsewhere? Its
# measure is Dice's (1945): 2 · pairs with both / (pairs with the one + pairs with the other).


# %%
def learn_dictionary(pairs):
    """For each English word the German one that keeps it company most."""
    english, german, both = Counter(), Counter(), Counter()
    for source, target in pairs:
        here, there = {*words(source)}, {*words(target)}
        english.update(here)
        german.update(there)
        both.update(product(here, there))
    dice = {(e, g): 2 * n / (english[e] + german[g]) for (e, g), n in both.items()}
    best = sorted(both, key=lambda pair: (dice[pair], pair))  # of each English word, the last wins
    return dict(best)


# %%
dictionary = learn_dictionary(zip(train["source"], train["target"], strict=True))


def word_for_word(text):
    return " ".join(dictionary.get(word, word) for word in words(text)).replace(" .", ".")


by_word = [word_for_word(text) for text in test["source"]]
print(example["source"])
print(word_for_word(example["source"]))

# %% [markdown]
# The nouns are there, and half of the grammar is not. And *the*? It stands in nearly every
# sentence, like the full stop, and mere counting can't tell the two apart.

# %% tags=["nbval-ignore-output"]
scores["copy the source"] = translation_scores(test["source"], test["target"])
scores["word for word"] = translation_scores(by_word, test["target"])
for name, score in sorted(scores.items(), key=lambda item: item[1].bleu):
    print(f"{name:16} BLEU {score.bleu:5.1f}   chrF {score.chrf:5.1f}")
print(f"{scores['greedy'].num_sentences} sentences, {scores['greedy'].bleu_signature}")
assert scores["greedy"].bleu > 60 > 30 > scores["word for word"].bleu
assert scores["word for word"].bleu > scores["copy the source"].bleu

# %% [markdown]
# The model is above 60, the dictionary below 30, the copy below the dictionary: the cell asserts
# it. What lies between dictionary and model is order and endings. These sentences come from a small
# grammar: do not compare the number with that of any other corpus.

# %% [markdown]
# ## 10 · Where does it look?
#
# Each layer of the decoder asks the encoder's output, with several heads, at every token that it
# writes. `record_attention` notes the weights while the model runs. A row is labelled with the
# token that is *written* there; at that moment the model has read only the tokens above it.


# %%
def cross_attention(source, target):
    """Weights of the mean head, (layers, written tokens, source tokens), and the labels."""
    batch = make_batch([(tokenizer.encode(source), tokenizer.encode(target))])
    with torch.no_grad(), record_attention(model) as record:
        model(batch.source, batch.target_in)
    layers = [record[f"decoder.layers.{i}.cross_attention"][0][0].mean(dim=0) for i in range(2)]
    asks = tokenizer.pieces(batch.target_out[0].tolist())
    return torch.stack(layers), asks, tokenizer.pieces(batch.source[0].tolist())


# %% tags=["nbval-ignore-output"]
weights, asks, keys = cross_attention(example["source"], example["target"])
show(attention_map(weights[1], asks, keys, "Nobody told the model which word translates which"))
assert torch.allclose(weights.sum(dim=-1), torch.ones(2, len(asks)), atol=1e-5)

# %% [markdown]
# Compare it with the table from section 2. The model found most of it from pairs of sentences
# alone. Look at the rows that differ, too:
#
# - articles and adjectives may look at a noun as well: it decides their ending;
# - a row may look beside the word that you expect, since the encoder has mixed each word with its
#   neighbours, and one of them can know the answer;
# - the last rows, the full stop and the end, have no word to look for.
#
# How much of it is right, over all test sentences? First a number for it.

# %% [markdown]
# ### Exercise 9.6: `alignment_error_rate`
#
# A set of word links can miss some, and can have some that are wrong. One number for both, where
# all gold links are sure ones, is 1 - 2 · right / (found + gold), with the three counts added up
# over all sentences (Och and Ney 2003, section 5).


# %% tags=["exercise-9.6"]
def alignment_error_rate(found, gold) -> float:
    """The share of links that are wrong or missing, from 0 to 1.

    found and gold have, for each sentence, its links: (place in the source, place in the target).

    >>> round(alignment_error_rate([[(0, 0), (1, 2), (2, 1)]], [[(0, 0), (1, 2)]]), 6)
    0.2
    """
    ### BEGIN SOLUTION
    pairs = [(set(a), set(g)) for a, g in zip(found, gold, strict=True)]
    right = sum(len(a & g) for a, g in pairs)
    return 1 - 2 * right / sum(len(a) + len(g) for a, g in pairs)
    ### END SOLUTION


# %%
check("9.6", alignment_error_rate)

# %%
alignment_error_rate = carry_on("9.6", alignment_error_rate)

# %% [markdown]
# Take, for each German word, the English word that is looked at most. But which row is a word's
# own? The row that **writes** *Buch* has read only the words before it. In the row below, *Buch*
# has been **read**, and is itself what asks. The two are *shifted by one*, and if you label the
# rows with what was read, as is often done, you take the second.
#
# **Predict.** Which of the two rows tells where *Buch* comes from? Or do both?


# %%
def found_links(weights, shift):
    """Each written word with its strongest source word; `shift` 1 takes the row that reads it."""
    strongest = weights[:, :-1].argmax(dim=1).tolist()
    return [(strongest[row + shift], row) for row in range(len(strongest) - 1)]


looked, gold_links = [], []
for pair in test:
    weights, asks, keys = cross_attention(pair["source"], pair["target"])
    if (asks[:-1], keys[:-1]) == (words(pair["target"]), words(pair["source"])):
        looked.append(weights)  # else some word has several tokens
        gold_links.append(parse_alignment(pair["alignment"]))

# %% tags=["nbval-ignore-output"]
rates = {}
for layer, (shift, row) in product(range(2), enumerate(("written", "read"))):
    found = [found_links(weights[layer], shift) for weights in looked]
    name = f"layer {layer + 1}, the row where a word is {row}"
    rates[name] = alignment_error_rate(found, gold_links)
middle = [[(weights.shape[2] // 2, j) for j in range(weights.shape[1] - 1)] for weights in looked]
rates["always the word in the middle"] = alignment_error_rate(middle, gold_links)
one_each = [list({j: (i, j) for i, j in links}.values()) for links in gold_links]
rates["one right link for each word"] = alignment_error_rate(one_each, gold_links)
for name, rate in rates.items():
    print(f"{name:38} {rate:.1%} of the links wrong or missing")
written_rows, read_rows = list(rates.values())[:4:2], list(rates.values())[1:4:2]
assert max(written_rows) < 0.5 < 0.85 < min(read_rows)

# %% [markdown]
# The row that writes a word finds most links: fewer than half are wrong or missing, though nobody
# ever showed the model one. The row that has read the word gets nearly everything wrong: more than
# 85 %, as bad as always looking at the middle. It is not blind. It looks for the *next* word
# already. A map that is read one row off seems to prove that attention means nothing.
#
# Nought is out of reach: one link for each German word can't say that *is* and *reading* are both
# in *liest*. The last line has the best that one link a word can do.

# %% [markdown]
# ## 11 · What goes wrong
#
# A score says how much is wrong, and not what. Sort the wrong sentences by a rule that you can
# check line by line. It is a rough one: where two things are wrong, it names the first that it asks
# for.


# %%
def kind(output, reference):
    """What is wrong with a translation, or ""."""
    a, b = words(output), words(reference)
    if a == b:
        return ""
    if sorted(a) == sorted(b):
        return "the right words, in another order"
    if len(a) != len(b):
        return "something is missing" if len(a) < len(b) else "something is too much"
    wrong = [(x.lower(), y.lower()) for x, y in zip(a, b, strict=True) if x != y]
    if all(x[:3] == y[:3] for x, y in wrong):
        return "a wrong form of the right word"
    return "another word"


# %% tags=["nbval-ignore-output"]
kinds = [kind(output, pair["target"]) for output, pair in zip(translations, test, strict=True)]
print(f"{kinds.count('')} of {len(test)} sentences are word for word as the reference")
for name, count in Counter(filter(None, kinds)).most_common():
    i = kinds.index(name)
    print(f"\n{count} x {name}, for instance:")
    print("  model    ", translations[i])
    print("  reference", test["target"][i])

# %% [markdown]
# Read the examples. Would a reader who knows no German have noticed? Where would BLEU?

# %% [markdown]
# ## 12 · Your turn
#
# Type a sentence of your own. Stay with the words of the corpus at first, then leave them: a word
# that the model has never seen, two sentences at once, a question.
#
# The two sentences below speak of snow and of a zebra. Neither stands anywhere in the corpus. What
# does the model do where it knows nothing, and would you have noticed without knowing German?

# %% tags=["nbval-ignore-output"]
yours = ["Two dogs are playing in the snow.", "A zebra is reading a red book in the park."]
assert not any("snow" in text or "zebra" in text for text in train["source"])
for sentence, translation in zip(yours, translate(model, tokenizer, yours), strict=True):
    print(sentence, "→", translation)

# %% [markdown]
# ## 13 · The same, on real sentences
#
# Multi30k has 29,000 captions of photographs with translations by people (Elliott et al. 2016).
# With the network, or with a copy that `COURSE_DATA` names, two commands in a terminal do there
# what you did here:
#
# ```
# course train translation --corpus multi30k --minutes 10
# course evaluate
# ```
#
# Stored results (`benchmarks/RESULTS.md` has the machine, the date and the commands): after ten
# minutes, BLEU 31.6 on the 1,014 captions of the validation split, greedily.

# %% [markdown]
# ## What you can do now
#
# - Train a Transformer on sentence pairs, and let it write: greedily, with a cache, with a beam.
# - Compute BLEU from nothing, and judge a number by its baselines.
# - Read a cross-attention map without being one row off, and put a number to what it finds.

# %% [markdown]
# ### Three questions, from memory
#
# <details><summary>Why may keys and values be kept while a sentence is written?</summary>
# The causal mask hides from a word what comes after it, so they can't change any more.
# </details>
# <details><summary>Why does BLEU need a brevity penalty?</summary>
# It counts which share of the output is right; who writes one sure word gets it all right.
# </details>
# <details><summary>Why does attention show word pairs that nobody marked?</summary>
# To look at the right word is the shortest way to a better guess, and the gradient finds it.
# </details>

# %% [markdown]
# ### Sources
#
# - Vaswani et al. (2017), *Attention Is All You Need*, sections 3 and 5.
# - Bahdanau et al. (2015), *Neural Machine Translation by Jointly Learning to Align and Translate*,
#   section 5.2: the first such maps.
# - Papineni et al. (2002), *BLEU*; Post (2018), *A Call for Clarity in Reporting BLEU Scores*.
# - Wu et al. (2016), *Google's Neural Machine Translation System*, section 7: beam search, length.
# - Och and Ney (2003), *A Systematic Comparison of Various Statistical Alignment Models*: the AER.
# - Elliott et al. (2016), *Multi30K: Multilingual English-German Image Descriptions*.

# %% [markdown]
# ### To go further
#
# The map is the mean of several heads. Draw each head alone. Does one of them do the translating
# while the others do something else? How would you prove it, and not only see it?
