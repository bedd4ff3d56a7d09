# %% [markdown]
# # 9 · Translation: the whole thing, on sentences
#
# A model that has never seen a word of English or German gets 12,000 pairs of sentences and
# three minutes. What can it say after that?
#
# You will load the pairs, cut them into tokens, train a Transformer while you watch its loss fall,
# let it translate sentences that it has not seen, and look at where it looks.
#
# Everything runs on a laptop, without a GPU and without the network. Each part has its own chapter
# earlier in the course; here they meet for the first time.

# %%
import math

import torch

from course_lib.batching import bucket, make_batch, useful_share
from course_lib.corpora import load_corpus
from course_lib.decoding import translate
from course_lib.inspection import record_attention
from course_lib.metrics import translation_scores
from course_lib.models import Transformer, TransformerConfig, count_parameters
from course_lib.plots import attention_map, learning_curve, show
from course_lib.scenes import parse_alignment, words
from course_lib.tokenization import Tokenizer
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
example = corpus["test"][368]
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
# languages together. Every word of this small corpus gets a token of its own. A word that it has
# never seen is cut into pieces (`##` marks a piece that goes on within a word), down to single
# bytes if need be, so nothing is ever unknown.

# %%
train = corpus["train"]
tokenizer = Tokenizer.train([*train["source"], *train["target"]], vocab_size=1_400)
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
# `Trainer` yields a record after each step. What you do with it is up to you: print it, plot it,
# stop. Below, that loop is all there is: take a batch, predict, compare, go down the gradient
# (chapter 8 opens the box). It takes one to three minutes on a laptop with two cores.
#
# While it runs: which will the model learn first, the words or their order?

# %% tags=["nbval-ignore-output"]
settings = TrainingConfig(steps=500, warmup=100, peak_rate=4e-3, label_smoothing=0.0)
trainer = Trainer(model, pairs, settings)
records = []
for record in trainer.steps():
    records.append(record)
    if record.step % 50 == 0:
        speed = sum(r.tokens for r in records[-50:]) / sum(r.seconds for r in records[-50:])
        print(f"step {record.step:4}   loss {record.loss:.2f}   {speed:6,.0f} tokens/s")

# %% tags=["nbval-ignore-output"]
steps, losses = [r.step for r in records], [r.loss for r in records]
show(learning_curve(steps, losses, "Most of the learning happens in the first half of the steps"))
assert sum(losses[:250]) / 250 - losses[249] > losses[249] - losses[-1]

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
# Four sentences prove little. BLEU counts, over all test sentences, how many words, pairs, triples
# and groups of four of the output stand in the reference too (0 to 100; chapter 9.5 builds it). A
# number alone says nothing, so a baseline stands beside it: copy the English sentence unchanged.

# %% tags=["nbval-ignore-output"]
scores = translation_scores(translations, test["target"])
baseline = translation_scores(test["source"], test["target"])
print(f"model            BLEU {scores.bleu:5.1f}   chrF {scores.chrf:5.1f}")
print(f"copy the source  BLEU {baseline.bleu:5.1f}   chrF {baseline.chrf:5.1f}")
print(f"{scores.num_sentences} sentences, {scores.bleu_signature}")
assert scores.bleu > 60 > 10 > baseline.bleu

# %% [markdown]
# The model is far above 60 BLEU and the copy below 10: both bounds are asserted in the cell. These
# sentences come from a small grammar, so do not compare the number with that of any other corpus.
#
# Which sentences does it still get wrong? Here are the first three.

# %% tags=["nbval-ignore-output"]
wrong = [i for i, text in enumerate(translations) if text != test["target"][i]]
print(f"{len(test) - len(wrong)} of {len(test)} sentences are word for word as the reference")
for i in wrong[:3]:
    print("\nEnglish  ", test["source"][i])
    print("model    ", translations[i])
    print("reference", test["target"][i])

# %% [markdown]
# ## 7 · Where does it look?
#
# Each layer of the decoder asks the encoder's output, with several heads, at every token that it
# writes. `record_attention` notes the weights while the model runs. A row is labelled with the
# token that is *written* there; at that moment the model has read only the tokens above it.


# %%
def cross_attention(source, target, layer):
    """Weights of the mean head, a row for each token that is written, and the labels."""
    batch = make_batch([(tokenizer.encode(source), tokenizer.encode(target))])
    with torch.no_grad(), record_attention(model) as record:
        model(batch.source, batch.target_in)
    weights = record[f"decoder.layers.{layer}.cross_attention"][0][0].mean(dim=0)
    asks = tokenizer.pieces(batch.target_out[0].tolist())
    return weights, asks, tokenizer.pieces(batch.source[0].tolist())


# %% tags=["nbval-ignore-output"]
weights, asks, keys = cross_attention(example["source"], example["target"], layer=1)
show(attention_map(weights, asks, keys, "Nobody told the model which word translates which"))
assert torch.allclose(weights.sum(dim=1), torch.ones(len(asks)), atol=1e-5)

# %% [markdown]
# Compare it with the table from section 2. The model found most of it from pairs of sentences
# alone. Look at the rows that differ, too:
#
# - articles and adjectives may look at a noun as well: it decides their ending;
# - a row may look beside the word that you expect, since the encoder has mixed each word with its
#   neighbours, and one of them can know the answer;
# - the last rows, the full stop and the end, have no word to look for.

# %% [markdown]
# How often is the strongest column the right one? Here is the count over the test sentences. (If a
# word has several tokens, its sentence is left out.) A column drawn at random is right now and
# then, too, and the first line says how often.


# %%
def hits(pair, layer):
    """How many written words look most at a source word that translates them."""
    gold, source, target = gold_table(pair)
    weights, asks, keys = cross_attention(pair["source"], pair["target"], layer)
    if asks[:-1] != target or keys[:-1] != source:
        return 0, 0  # some word has several tokens
    aligned = gold.sum(dim=1) > 0
    strongest = weights[:-1, :-1].argmax(dim=1)
    right = gold[torch.arange(len(target)), strongest] > 0
    return int(right[aligned].sum()), int(aligned.sum())


# %%
chances = [(gold > 0).float().mean(dim=1) for gold, _, _ in map(gold_table, test)]
chance = torch.cat(chances).mean().item()
print(f"at random: {chance:.0%}")

# %% tags=["nbval-ignore-output"]
for layer in range(2):
    right, counted = (sum(n) for n in zip(*(hits(pair, layer) for pair in test), strict=True))
    print(f"layer {layer + 1}: {right:,} of {counted:,} words, {right / counted:.0%}")
    assert right / counted > 3 * chance

# %% [markdown]
# ## 8 · Your turn
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
# ## 9 · The same, on real sentences
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
# `benchmarks/RESULTS.md` has what they reached when the course was made: the scores, the machine
# and the date.

# %% [markdown]
# ## Exercises
#
# What the library did for you in this chapter, you now write yourself: decoding, the cache, the
# score, the comparison with gold links.

# %%
import sacrebleu
from torch import Tensor

from course_lib.batching import make_source
from course_lib.exercises import carry_on, check, hint, progress, solution
from course_lib.metrics import ngrams
from course_lib.tokenization import BOS_ID, EOS_ID

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
# ## What you can do now
#
# - Train a Transformer on sentence pairs and judge its output by a number with a baseline.
# - Say what the rows and columns of a cross-attention map are, and read one.
# - Tell what the model reads from what it should answer, at each place of the target.

# %% [markdown]
# ### Three questions, from memory
#
# <details><summary>Why may all places of the target be trained at once?</summary>
# The right words are known, and the causal mask hides from each place what comes after it.
# </details>
# <details><summary>Why does a loss near ln V mean that nothing was learned?</summary>
# It is the loss of giving each of the V tokens the same probability, 1 / V.
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
# - Elliott et al. (2016), *Multi30K: Multilingual English-German Image Descriptions*.
#
# ### To go further
#
# The map is the mean of several heads. Draw each head alone. Does one of them do the translating
# while the others do something else? How would you prove it, and not only see it?
