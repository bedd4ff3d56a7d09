"""BPE dropout: the same sentence in other pieces each time it is learned.

Provilkov et al. (2020), section 3. A word that is always one token never shows what it is made of.
Where merges are left out at random, it comes now and then in smaller pieces, and a model that has
few sentences to learn from sees each of them in many ways. What is translated later is cut as ever.

Only what is read is cut anew. To write all ways of cutting is a harder task of its own: a model of
29,000 captions that had to was far behind after a quarter of an hour, and was stopped. One that
only read them was behind, too, after nine minutes (2.615 nats against 2.238, one run each), and was
stopped as well: whether it pays in the end is not known (`benchmarks/RESULTS.md`).
"""

import itertools
import json
import random
from collections.abc import Sequence

from course_lib.batching import Pair
from course_lib.tokenization import Tokenizer

VARIANTS = 16  # ways to cut each word, of which one is drawn each time


class BpeDropout:
    """The pairs of each epoch, sources cut anew: `pairs(epoch)`, the same ones for the same epoch.

    Each merge that could be made is left out with probability `p`, each time that it could be.
    `whole` has the pairs as they are cut without dropout; from there are the targets, and the
    sources that would become too long for `max_len`.
    """

    def __init__(
        self,
        tokenizer: Tokenizer,
        sources: Sequence[str],
        whole: Sequence[Pair],
        p: float,
        seed: int = 0,
        max_len: int = 512,
    ):
        self.whole, self.seed, self.max_len = whole, seed, max_len
        cut = _Merges(tokenizer)
        words: dict[str, int] = {}
        self.sources = [
            [words.setdefault(word, len(words)) for word in cut.words(text)] for text in sources
        ]
        dice = random.Random(f"{seed}/{p}")
        self.ways = [[cut.tokens(word, p, dice) for _ in range(VARIANTS)] for word in words]

    def __call__(self, epoch: int) -> list[Pair]:
        """Token ids of all pairs, as epoch 0, 1, … sees them."""
        dice = random.Random(f"{self.seed}/{epoch}")
        sources = [self._draw(text, dice) for text in self.sources]
        return [
            (source if len(source) < self.max_len else uncut, target)
            for source, (uncut, target) in zip(sources, self.whole, strict=True)
        ]

    def _draw(self, text: Sequence[int], dice: random.Random) -> list[int]:
        ways, draw = self.ways, dice.random
        return [token for word in text for token in ways[word][int(draw() * VARIANTS)]]


class _Merges:
    """How a tokenizer cuts a text, step by step, so that a step can be left out."""

    def __init__(self, tokenizer: Tokenizer):
        self.inner = tokenizer.inner
        model = json.loads(tokenizer.to_json())["model"]
        self.ids: dict[str, int] = model["vocab"]
        self.ranks = {tuple(pair): rank for rank, pair in enumerate(model["merges"])}

    def words(self, text: str) -> list[str]:
        """The words between which nothing is merged, as the symbols of their bytes."""
        normalized = self.inner.normalizer.normalize_str(text)
        return [word for word, _ in self.inner.pre_tokenizer.pre_tokenize_str(normalized)]

    def tokens(self, word: str, p: float, dice: random.Random) -> list[int]:
        """The ids of a word's pieces. With p = 0 they are those of the tokenizer."""
        pieces = list(word)
        while True:
            merges = [
                (self.ranks[pair], i)
                for i, pair in enumerate(itertools.pairwise(pieces))
                if pair in self.ranks and dice.random() >= p
            ]
            if not merges:
                return [self.ids[piece] for piece in pieces]
            _, i = min(merges)
            pieces[i : i + 2] = [pieces[i] + pieces[i + 1]]
