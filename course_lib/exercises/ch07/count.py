"""7.1 count_pairs."""

from collections import Counter
from collections.abc import Callable
from itertools import combinations, pairwise
from typing import Any

from course_lib.exercises.ch01.common import BY_HAND
from course_lib.exercises.ch07.common import Pair, Symbols, Words, fixed
from course_lib.exercises.spec import Exercise, Mistake, Probe


def spelled(**counts: int) -> Words:
    """Words cut into letters, with how often each was met."""
    return {tuple(word): count for word, count in counts.items()}


def count_pairs(words: Words) -> dict[Pair, int]:
    """How often each pair of neighbours stands in the words."""
    counts: Counter[Pair] = Counter()
    for symbols, count in words.items():
        for pair in pairwise(symbols):
            counts[pair] += count
    return dict(counts)


def as_dict(answer: Callable[[Words], Any], words: Words) -> Any:
    """The counts as a plain dictionary in order, whatever kind of dictionary was used."""
    counts = answer(words)
    return dict(sorted(counts.items(), key=repr)) if isinstance(counts, dict) else counts


def _counted(
    words: Words,
    weigh: Callable[[int], int] = lambda count: count,
    neighbours: Callable[[Symbols], Any] = lambda s: pairwise(s),
    key: Callable[[Pair], Any] = lambda pair: pair,
) -> dict[Any, int]:
    counts: Counter[Any] = Counter()
    for symbols, count in words.items():
        for pair in neighbours(symbols):
            counts[key(pair)] += weigh(count)
    return dict(counts)


def _across(words: Words) -> dict[Pair, int]:
    text = [symbol for symbols, count in words.items() for symbol in symbols * count]
    return dict(Counter(pairwise(text)))


def _written_over(words: Words) -> dict[Pair, int]:
    return {pair: count for symbols, count in words.items() for pair in pairwise(symbols)}


def _first_twice(words: Words) -> dict[Pair, int]:
    counts: dict[Pair, int] = {}
    for symbols, count in words.items():
        for pair in pairwise(symbols):
            counts[pair] = counts.get(pair, count) + count
    return counts


def _used_up(symbols: Symbols) -> list[Pair]:
    """The neighbours, but a symbol of a pair that repeats itself is used once."""
    pairs, i = [], 0
    while i < len(symbols) - 1:
        pairs.append((symbols[i], symbols[i + 1]))
        i += 2 if symbols[i : i + 1] * 3 == symbols[i : i + 3] else 1
    return pairs


COUNT = Exercise(
    id="7.1",
    title="Count pairs",
    signature="count_pairs(words)",
    shapes="words -> ()",
    reference=count_pairs,
    use=as_dict,
    smooth=0,
    probes=(
        Probe(
            BY_HAND,
            fixed(spelled(low=5, lower=2)),
            "`l` stands before `o` in both words. How often were these words met, together?",
        ),
        Probe(
            "a pair twice in one word",
            fixed(spelled(banana=3, an=4)),
            "How often does `a` stand before `n` in *banana*?",
        ),
        Probe(
            "three of a kind, and symbols of several letters",
            fixed({("a", "a", "a"): 2, ("lo", "w", "e", "st"): 1, ("w", "lo"): 5}),
            "Is `lo` before `w` the same as `w` before `lo`?",
        ),
        Probe(
            "a word of one symbol", fixed(spelled(a=7, to=1)), "Which pairs has a single symbol?"
        ),
    ),
    mistakes=(
        Mistake(
            "each word once",
            lambda words: _counted(words, weigh=lambda count: 1),
            "Every word counts once, however often it was met. What are the numbers in `words` "
            "for?",
        ),
        Mistake(
            "once a word",
            lambda words: _counted(words, neighbours=lambda s: dict.fromkeys(pairwise(s))),
            "A pair that stands in a word twice counts once. How often does `a` stand before `n` "
            "in *banana*?",
        ),
        Mistake(
            "across words",
            _across,
            "You also pair the last symbol of a word with the first of the next. Merges stay "
            "inside words. Where does a word end?",
        ),
        Mistake(
            "either order",
            lambda words: _counted(words, key=lambda pair: (min(pair), max(pair))),
            "You count `lo w` and `w lo` as the same pair. Which one does a merge glue together?",
        ),
        Mistake(
            "joined",
            lambda words: _counted(words, key="".join),
            "The pairs are glued into one text. `(a, bc)` and `(ab, c)` give the same then. What "
            "keeps the two symbols apart?",
        ),
        Mistake(
            "without overlap",
            lambda words: _counted(words, neighbours=lambda s: zip(s[::2], s[1::2], strict=False)),
            "You go on by two, so that every second pair of neighbours is left out. How many pairs "
            "of neighbours has a word of five symbols?",
        ),
        Mistake(
            "the last pair left out",
            lambda words: _counted(words, neighbours=lambda s: list(pairwise(s))[:-1]),
            "The last pair of every word is missing. Where does your `range` or slice end?",
        ),
        Mistake(
            "single symbols",
            lambda words: _counted(words, neighbours=lambda s: s),
            "You count symbols. Asked are *pairs* of neighbours. What stands to the right of each?",
        ),
        Mistake(
            "the first word alone",
            lambda words: count_pairs(dict([*words.items()][:1])),
            "Only the first word is counted. Does your `return` stand inside the loop?",
        ),
        Mistake(
            "written over",
            _written_over,
            "Each word writes over what the words before it had counted. How do you *add* to a "
            "number that stands there already?",
        ),
        Mistake(
            "the first time twice",
            _first_twice,
            "When a pair is met for the first time, its word counts twice. What has been counted "
            "of it until then?",
        ),
        Mistake(
            "round the corner",
            lambda words: _counted(words, neighbours=lambda s: zip(s, s[1:] + s[:1], strict=True)),
            "The last symbol of a word is paired with its first. What stands to the right of the "
            "last?",
        ),
        Mistake(
            "all pairs",
            lambda words: _counted(words, neighbours=lambda s: combinations(s, 2)),
            "You pair each symbol with all that come after it. Which of these are *neighbours*?",
        ),
        Mistake(
            "three alike",
            lambda words: _counted(words, neighbours=_used_up),
            "Of `a a a` you count one pair, as a merge would glue it. How many neighbours are "
            "there, before anything is glued?",
        ),
        Mistake(
            "letters again",
            lambda words: _counted(words, neighbours=lambda s: pairwise("".join(s))),
            "You join the symbols, and count pairs of letters. `st` is one symbol by then. What "
            "are its neighbours?",
        ),
    ),
    hints=(
        "Go through the words, and in each through its neighbours. Add the count of the word each "
        "time, not 1.",
        "`zip(symbols, symbols[1:])` gives the neighbours, as does `itertools.pairwise(symbols)`.",
    ),
)
