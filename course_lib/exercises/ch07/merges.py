"""7.1 count_pairs and 7.2 merge_pair."""

from collections import Counter
from collections.abc import Callable
from itertools import combinations, pairwise
from typing import Any

from torch import Generator

from course_lib.exercises.ch01.common import BY_HAND
from course_lib.exercises.probes import Draw
from course_lib.exercises.spec import Exercise, Inputs, Mistake, Probe

Symbols = tuple[str, ...]
Pair = tuple[str, str]
Words = dict[Symbols, int]


def fixed(*inputs: Any) -> Draw:
    """The same plain values every time, as copies."""

    def draw(dice: Generator) -> Inputs:
        return tuple(type(x)(x) if isinstance(x, (dict, list)) else x for x in inputs)

    return draw


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


def merge_pair(symbols: Symbols, pair: Pair, times: int = 99, skip: int = 2) -> Symbols:
    """Glue the pair together wherever it stands, from left to right."""
    merged, i = [], 0
    while i < len(symbols):
        if symbols[i : i + 2] == pair and times > 0:
            merged.append(pair[0] + pair[1])
            i, times = i + skip, times - 1
        else:
            merged.append(symbols[i])
            i += 1
    return tuple(merged)


def _from_the_right(symbols: Symbols, pair: Pair) -> Symbols:
    turned = merge_pair(symbols[::-1], (pair[1], pair[0]))
    glued = pair[1] + pair[0]
    return tuple("".join(pair) if s == glued and s not in symbols else s for s in turned[::-1])


def _last_left_out(symbols: Symbols, pair: Pair) -> Symbols:
    glued = merge_pair(symbols, pair)
    return glued if symbols[-2:] == pair else glued[:-1]


def _glued_if(same: Callable[[str, str], bool]) -> Callable[[Symbols, Pair], Symbols]:
    """merge_pair, with another test for whether two neighbours are the pair."""

    def merge(symbols: Symbols, pair: Pair) -> Symbols:
        merged, i = [], 0
        while i < len(symbols):
            size = 2 if i + 1 < len(symbols) and same(symbols[i], symbols[i + 1]) else 1
            merged.append("".join(symbols[i : i + size]))
            i += size
        return tuple(merged)

    return merge


def _as_text(symbols: Symbols, pair: Pair) -> Symbols:
    return tuple(" ".join(symbols).replace(" ".join(pair), "".join(pair)).split(" "))


EITHER_ORDER = (
    "Symbols that stand the other way round are glued, too, or a symbol with its own kind. A pair "
    "has a first and a second. Does *ol* count as *lo*?"
)

MERGE = Exercise(
    id="7.2",
    title="Merge a pair",
    signature="merge_pair(symbols, pair)",
    shapes="symbols, pair -> ()",
    reference=merge_pair,
    smooth=0,
    probes=(
        Probe(
            BY_HAND,
            fixed(("l", "o", "w", "e", "r"), ("l", "o")),
            "Where does `l` stand before `o`? What stands there afterwards?",
        ),
        Probe(
            "twice in one word",
            fixed(("b", "a", "n", "a", "n", "a"), ("a", "n")),
            "How often does the pair stand there?",
        ),
        Probe(
            "three of a kind",
            fixed(("a", "a", "a"), ("a", "a")),
            "The first two become one. Can the middle one be used again?",
        ),
        Probe(
            "a symbol that ends like the pair begins",
            fixed(("xa", "b", "a", "b"), ("a", "b")),
            "Is `xa b` the pair? Symbols are compared whole.",
        ),
        Probe(
            "symbols that give the same text",
            fixed(("a", "bc", "ab", "c", "e"), ("ab", "c")),
            "`a bc` and `ab c` look alike when they are glued. Which of them is the pair?",
        ),
        Probe("the pair is not there", fixed(("o", "l", "d"), ("l", "o")), "What stays as it is?"),
        Probe("at the very end", fixed(("n", "e", "s", "t"), ("s", "t")), "Do you reach the end?"),
    ),
    mistakes=(
        Mistake(
            "only the first",
            lambda symbols, pair: merge_pair(symbols, pair, times=1),
            "Only the first place is merged. What about the others in the same word?",
        ),
        Mistake(
            "as text",
            _as_text,
            "You replace in the text of the word, where the end of one symbol looks like the "
            "beginning of the pair. How do you compare whole symbols?",
        ),
        Mistake(
            "overlapping",
            lambda symbols, pair: merge_pair(symbols, pair, skip=1),
            "The second symbol of a merged pair is used again. How far do you have to go on after "
            "a merge?",
        ),
        Mistake(
            "the symbol after it lost",
            lambda symbols, pair: merge_pair(symbols, pair, skip=3),
            "After each merge one symbol is lost. How far do you go on?",
        ),
        Mistake(
            "from the right",
            _from_the_right,
            "You merge from right to left. Of three alike, the first two become one in BPE. At "
            "which end do you begin?",
        ),
        Mistake(
            "either order",
            lambda symbols, pair: merge_pair(merge_pair(symbols, pair), (pair[1], pair[0])),
            EITHER_ORDER,
            group="either order",
        ),
        Mistake(
            "either order, in one walk",
            lambda symbols, pair: _glued_if(lambda a, b: {a, b} == set(pair))(symbols, pair),
            EITHER_ORDER,
            group="either order",
        ),
        Mistake(
            "both among the pair",
            lambda symbols, pair: _glued_if(lambda a, b: a in pair and b in pair)(symbols, pair),
            EITHER_ORDER,
            group="either order",
        ),
        Mistake(
            "compared as text",
            lambda symbols, pair: _glued_if(lambda a, b: a + b == "".join(pair))(symbols, pair),
            "You glue first and compare then, so that `a bc` passes for `ab c`. What has to be "
            "compared with what?",
        ),
        Mistake(
            "the last symbol left out",
            _last_left_out,
            "The last symbol is lost, if it is no part of the pair. Where does your loop end?",
        ),
        Mistake(
            "only what was glued",
            lambda symbols, pair: tuple(
                s for s in merge_pair(symbols, pair) if s == "".join(pair) and s not in symbols
            ),
            "Only the new symbol is left. What becomes of those that are no part of the pair?",
        ),
        Mistake(
            "taken out",
            lambda symbols, pair: tuple(s for s in merge_pair(symbols, pair) if s != "".join(pair)),
            "The pair is taken out, and nothing put in its place. What becomes of two symbols that "
            "are glued together?",
        ),
        Mistake(
            "joined with a space",
            lambda symbols, pair: tuple(
                " ".join(pair) if s == "".join(pair) and s not in symbols else s
                for s in merge_pair(symbols, pair)
            ),
            "There is a space inside the new symbol. What do `l` and `o` give, glued together?",
        ),
    ),
    hints=(
        "Walk from left to right. If this symbol and the next are the pair, write both as one and "
        "go on by two; else write this one and go on by one.",
        "A `while` loop with an index `i` is the plainest. `symbols[i : i + 2] == pair` compares, "
        "if both are tuples.",
        "The new symbol is `pair[0] + pair[1]`. At the end, `tuple(…)` of what you collected.",
    ),
)
