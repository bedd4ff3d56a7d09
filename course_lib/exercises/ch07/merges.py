"""7.1 count_pairs, 7.2 merge_pair, 7.3 bpe_encode and 7.9, predict what merges leave."""

from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from typing import Any

from torch import Generator

from course_lib.exercises.ch01.common import BY_HAND
from course_lib.exercises.probes import Draw
from course_lib.exercises.spec import Exercise, Inputs, Mistake, Prediction, Probe, WrongValue

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


def _as_text(symbols: Symbols, pair: Pair) -> Symbols:
    return tuple(" ".join(symbols).replace(" ".join(pair), "".join(pair)).split(" "))


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
            "You also merge the pair the other way round. Does *ol* count as *lo*?",
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


def bpe_encode(word: str, merges: list[Pair]) -> list[str]:
    """Cut a word into letters, then do all merges in the order in which they were learned."""
    symbols: Symbols = tuple(word)
    for pair in merges:
        symbols = merge_pair(symbols, pair)
    return list(symbols)


def _until_one_fails(word: str, merges: list[Pair]) -> list[str]:
    symbols: Symbols = tuple(word)
    for pair in merges:
        if (after := merge_pair(symbols, pair)) == symbols:
            break
        symbols = after
    return list(symbols)


def _longest_first(word: str, merges: list[Pair]) -> list[str]:
    known = {a + b for a, b in merges}
    pieces, i = [], 0
    while i < len(word):
        size = next((n for n in range(len(word) - i, 1, -1) if word[i : i + n] in known), 1)
        pieces.append(word[i : i + size])
        i += size
    return pieces


def _one_merge(word: str, merges: list[Pair]) -> list[str]:
    symbols: Symbols = tuple(word)
    for pair in merges:
        if (after := merge_pair(symbols, pair)) != symbols:
            return list(after)
    return list(symbols)


MERGES = [("e", "s"), ("es", "t"), ("l", "o"), ("lo", "w"), ("n", "e"), ("w", "e"), ("ne", "w")]

ENCODE = Exercise(
    id="7.3",
    title="Encode a word",
    signature="bpe_encode(word, merges)",
    shapes="word, merges -> ()",
    reference=bpe_encode,
    smooth=0,
    probes=(
        Probe(
            BY_HAND,
            fixed("lowest", MERGES),
            "Write the six letters on paper, and do one merge after the other.",
        ),
        Probe(
            "a word that was never seen",
            fixed("newlow", MERGES),
            "Which merges apply here, and which do not?",
        ),
        Probe(
            "two merges that want the same letter",
            fixed("wes", MERGES),
            "`es` was learned before `we`. Which of them gets the `e`?",
        ),
        Probe(
            "twice the same",
            fixed("lolo", MERGES),
            "A merge is done wherever its pair stands. How often here?",
        ),
        Probe("no merge applies", fixed("ab", MERGES), "What is left of a word without merges?"),
        Probe("a single letter", fixed("a", MERGES), "Which pairs has it?"),
    ),
    mistakes=(
        Mistake(
            "the last merge first",
            lambda word, merges: bpe_encode(word, merges[::-1]),
            "You do the merges in the reverse order. The later ones were learned on top of the "
            "earlier. Which has to be there before `es t` can be merged?",
        ),
        Mistake(
            "the longest first",
            _longest_first,
            "You take the longest known piece each time, as WordPiece does. BPE knows an order "
            "instead. What decides there who gets a letter?",
        ),
        Mistake(
            "stops at the first that does not apply",
            _until_one_fails,
            "You stop at the first merge that changes nothing. Later ones may still apply. When is "
            "a word done?",
        ),
        Mistake(
            "one merge only",
            _one_merge,
            "You do one merge and return. Others may follow. When is a word done?",
        ),
        Mistake(
            "letters",
            lambda word, merges: list(word),
            "These are the letters: no merge was done. Does your loop keep what `merge_pair` "
            "returns?",
        ),
        Mistake(
            "whole words",
            lambda word, merges: [word],
            "The word is one symbol from the start, so no pair is ever found. What do you begin "
            "with?",
        ),
        Mistake(
            "joined again",
            lambda word, merges: " ".join(bpe_encode(word, merges)),
            "The pieces stand in one text. A list of them is asked. What did you have before you "
            "joined them?",
        ),
        Mistake(
            "pieces once",
            lambda word, merges: list(dict.fromkeys(bpe_encode(word, merges))),
            "A piece that comes twice is kept once. Could the word be put together again?",
        ),
    ),
    hints=(
        "Begin with the letters. Then do all merges, in the order in which they were learned.",
        "Start with `tuple(word)`; for each of `merges`, `symbols = merge_pair(symbols, pair)`.",
    ),
)

BANANA = Prediction(
    id="7.9",
    title="pieces of banana",
    signature="prediction = (..., ...)",
    names=("pieces after the first merge", "pieces after both"),
    expected=lambda: (4.0, 3.0),
    question="Write b a n a n a. Where does `a` stand before `n`, and where then `an` before `a`?",
    wrong=(
        WrongValue(
            "one place only",
            (5, 4),
            "You merged one place each time. The pair `a n` stands there twice: are both merged?",
        ),
        WrongValue(
            "one place, then right",
            (5, 3),
            "The second is right. After the first merge, is one `a n` left as it was?",
        ),
        WrongValue(
            "both ends merged",
            (4, 2),
            "The first is right: b an an a. Where does `an` stand before `a` in it? How often?",
        ),
        WrongValue(
            "nothing left for the second",
            (4, 4),
            "The first is right: b an an a. Does `an` stand before `a` anywhere in it?",
        ),
        WrongValue(
            "letters left",
            (2, 3),
            "You count the letters that were merged, or that are left. How many *pieces* are "
            "there, merged ones and single letters together?",
        ),
        WrongValue(
            "the other order",
            (3, 4),
            "Both numbers are right, and stand in each other's place. Can there be more pieces "
            "after two merges than after one?",
        ),
        WrongValue(
            "merges counted",
            (2, 1),
            "You count the places where something was merged. How many pieces are left?",
        ),
    ),
    hints=(
        "Six letters. The first merge glues two pairs, so there are two pieces fewer.",
        "b an an a: only the last `an` has an `a` to its right.",
    ),
)
