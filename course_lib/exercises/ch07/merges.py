"""7.2 merge_pair."""

from collections.abc import Callable

from course_lib.exercises.ch01.common import BY_HAND
from course_lib.exercises.ch07.common import Pair, Symbols, fixed
from course_lib.exercises.spec import Exercise, Mistake, Probe


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
