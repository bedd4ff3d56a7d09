"""Which texts of many say nearly the same, exactly and without comparing all with all."""

import math
import re
import zlib
from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import chain

SHINGLE_WORDS = 3

Shingles = frozenset[int]


def shingles(text: str) -> Shingles:
    """A number for every three words that follow each other; case and punctuation don't count."""
    words = re.findall(r"\w+", text.lower())
    last = max(1, len(words) - SHINGLE_WORDS + 1)
    runs = (" ".join(words[i : i + SHINGLE_WORDS]) for i in range(last))
    return frozenset(zlib.crc32(run.encode()) for run in runs)


def jaccard(a: Shingles, b: Shingles) -> float:
    """How much of what two sets have is common to both: 0 to 1."""
    common = len(a & b)
    return common / (len(a) + len(b) - common)


def earlier_likes(sets: Sequence[Shingles], threshold: float) -> list[int | None]:
    """For each set an earlier one whose Jaccard similarity is `threshold` or more, or None.

    Only sets that are None themselves count as earlier ones, so those resemble each other less.

    Two sets that are as alike as that share one of their few rarest shingles, so only those are
    looked up (prefix filtering: Chaudhuri et al. 2006, Bayardo et al. 2007).
    """
    counts = Counter(chain.from_iterable(sets))
    kept_with: defaultdict[int, list[int]] = defaultdict(list)
    likes: list[int | None] = []
    for i, candidate in enumerate(sets):
        rarest_first = sorted(candidate, key=lambda shingle: (counts[shingle], shingle))
        needed = math.ceil(threshold * len(candidate) - 1e-9)
        prefix = rarest_first[: len(candidate) - needed + 1]
        rivals = sorted({j for shingle in prefix for j in kept_with[shingle]})
        like = next((j for j in rivals if jaccard(candidate, sets[j]) >= threshold), None)
        if like is None:
            for shingle in prefix:
                kept_with[shingle].append(i)
        likes.append(like)
    return likes
