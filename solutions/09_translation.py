# %% [markdown]
# # 9 · Translation: the whole thing, on sentences
#
# A model that has never seen a word of English or German gets 24,000 pairs of sentences and
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
