"""7.3 bpe_encode and 7.10, predict what merges leave."""

from itertools import pairwise

from course_lib.exercises.ch01.common import BY_HAND
from course_lib.exercises.ch07.common import Pair, Symbols, fixed
from course_lib.exercises.ch07.merges import merge_pair
from course_lib.exercises.spec import Exercise, Mistake, Prediction, Probe, WrongValue


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


def _from_the_left(word: str, merges: list[Pair]) -> list[str]:
    """The first neighbours that are a merge, again and again, whatever was learned first."""
    symbols = list(word)
    while places := [i for i, pair in enumerate(pairwise(symbols)) if pair in merges]:
        i = places[0]
        symbols[i : i + 2] = ["".join(symbols[i : i + 2])]
    return symbols


def _as_text(word: str, merges: list[Pair]) -> list[str]:
    text = " ".join(word)
    for pair in merges:
        text = text.replace(" ".join(pair), "".join(pair))
    return text.split()


def _exchanged(word: str, merges: list[Pair]) -> list[str]:
    symbols: Symbols = tuple(word)
    for pair in merges:
        symbols = merge_pair(pair, symbols)  # type: ignore[arg-type]
    return list(symbols)


MERGES = [
    ("s", "t"),
    ("e", "st"),
    ("l", "o"),
    ("lo", "w"),
    ("r", "a"),
    ("n", "e"),
    ("e", "s"),
    ("w", "e"),
    ("ne", "w"),
    ("a", "n"),
]

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
            "Write the six letters on paper, and do one merge after the other, from the first of "
            "the list to the last.",
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
            "two merges that want the same letter, the other way round",
            fixed("ran", MERGES),
            "`ra` was learned before `an`. Which of them gets the `a`?",
        ),
        Probe("a capital", fixed("Low", MERGES), "Is `L` the same symbol as `l`?"),
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
            "earlier. Which has to be there before `e st` can be merged?",
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
        Mistake(
            "the first merge alone",
            lambda word, merges: list(merge_pair(tuple(word), merges[0])),
            "Only the first merge of the list is tried. Does your `return` stand inside the loop?",
        ),
        Mistake(
            "from left to right",
            _from_the_left,
            "You take the first neighbours, from the left, that are on the list. Which merge was "
            "learned earlier makes no difference then. What should the outer loop go through?",
        ),
        Mistake(
            "by the alphabet",
            lambda word, merges: bpe_encode(word, sorted(merges)),
            "The merges are done in the order of the alphabet. In which order were they learned?",
        ),
        Mistake(
            "as text",
            _as_text,
            "You replace in the text of the word, where the end of one symbol looks like the "
            "beginning of a pair. What did you write `merge_pair` for?",
        ),
        Mistake(
            "arguments exchanged",
            _exchanged,
            "`merge_pair` is given the pair first and the symbols second. In which order does it "
            "take them?",
        ),
        Mistake(
            "single letters lost",
            lambda word, merges: [piece for piece in bpe_encode(word, merges) if len(piece) > 1],
            "Letters that are left alone are lost. Could the word be put together again?",
        ),
        Mistake(
            "small letters",
            lambda word, merges: bpe_encode(word.lower(), merges),
            "You make the letters small first, and a capital is lost for good. Who asked for that?",
        ),
        Mistake(
            "with a mark at the end",
            lambda word, merges: [*bpe_encode(word, merges), "</w>"],
            "There is a mark for the end of the word, as in the paper. The words of this chapter "
            "were learned without it. Where does it come from?",
        ),
    ),
    hints=(
        "Begin with the letters. Then do all merges, in the order in which they were learned.",
        "Start with `tuple(word)`; for each of `merges`, `symbols = merge_pair(symbols, pair)`.",
    ),
)

BANANA = Prediction(
    id="7.10",
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
