"""10.2 rouge_l."""

from collections import Counter
from collections.abc import Callable
from difflib import SequenceMatcher
from functools import partial
from itertools import pairwise
from typing import Any

from rouge_score.rouge_scorer import RougeScorer
from torch import Generator

from course_lib import rouge
from course_lib.exercises.ch01.common import BY_HAND
from course_lib.exercises.ch07.common import fixed
from course_lib.exercises.ch10.common import (
    Texts,
    Weigh,
    f1,
    random_words,
    scored,
    weighed_wrongly,
)
from course_lib.exercises.probes import Draw
from course_lib.exercises.spec import Exercise, Function, Inputs, Mistake, Probe
from course_lib.subsequences import longest_common_subsequence

Length = Callable[[Texts, Texts], int]
Cell = Callable[[int, int, int], int]  # from the cells across the corner, above, and to the left

MANY = 60
FEW = 7  # words: with so many and more, an answer's comparisons are counted
LIMIT = 10_000  # comparisons; a table of 60 times 60 needs 3,600


def rouge_l(summary: Texts, reference: Texts) -> float:
    """F1, from 0 to 100, of the longest row of words that both have in the same order."""
    length = longest_common_subsequence(summary, reference)
    return rouge.f1(length, len(summary), len(reference))


def _plus_one(corner: int, above: int, left: int) -> int:
    return corner + 1


def _larger(corner: int, above: int, left: int) -> int:
    return max(above, left)


def _table(
    a: Texts, b: Texts, match: Cell = _plus_one, otherwise: Cell = _larger
) -> list[list[int]]:
    """A row for each beginning of a, a column for each beginning of b."""
    rows = [[0] * (len(b) + 1)]
    for word in a:
        above, row = rows[-1], [0]
        for (corner, over), other in zip(pairwise(above), b, strict=True):
            rule = match if word == other else otherwise
            row.append(rule(corner, over, row[-1]))
        rows.append(row)
    return rows


def _last_cell(**rules: Cell) -> Length:
    return lambda a, b: _table(a, b, **rules)[-1][-1]


def _largest_cell(**rules: Cell) -> Length:
    return lambda a, b: max(map(max, _table(a, b, **rules)))


_longest = _last_cell()


def _rouge_l(
    summary: Texts,
    reference: Texts,
    length: Length = _longest,
    together: Weigh = f1,
    scale: float = 100,
) -> float:
    """ROUGE-L, with the switches of what goes wrong."""
    shared = length(summary, reference)
    return scale * together(shared, len(summary), len(reference))


def _with(**switches: Any) -> Function:
    return lambda summary, reference: _rouge_l(summary, reference, **switches)


def _greedy(a: Texts, b: Texts) -> int:
    """Takes the next place in b for each word of a, if there is one."""
    found = place = 0
    for word in a:
        if word in b[place:]:
            place = b.index(word, place) + 1
            found += 1
    return found


def _waits(a: Texts, b: Texts) -> int:
    """Waits for the next word of a, even if it never comes."""
    found = 0
    for word in b:
        if found < len(a) and word == a[found]:
            found += 1
    return found


def _blocks(a: Texts, b: Texts) -> int:
    return sum(block.size for block in SequenceMatcher(None, a, b, False).get_matching_blocks())


def _all_ways(a: Texts, b: Texts) -> int:
    """Right, and so slow that nobody will see it: the same question is asked again and again."""
    if not a or not b:
        return 0
    if a[0] == b[0]:
        return 1 + _all_ways(a[1:], b[1:])
    return max(_all_ways(a[1:], b), _all_ways(a, b[1:]))


def _three_ways(a: Texts, b: Texts) -> int:
    """The same, and slower still."""
    if not a or not b:
        return 0
    both = (a[0] == b[0]) + _three_ways(a[1:], b[1:])
    return max(_three_ways(a[1:], b), _three_ways(a, b[1:]), both)


def _from_the_end(length: Length) -> Length:
    return lambda a, b: length(a[::-1], b[::-1])


class TooMany(BaseException):
    """Stops an answer that compares too often. No Exception: `except Exception` must not catch."""


class Counted(str):
    """A word that counts in `tally`, shared by many, how often it is compared."""

    tally: list[int]

    def __eq__(self, other: object) -> bool:
        self.tally[0] += 1
        if self.tally[0] > LIMIT:
            raise TooMany
        return str.__eq__(self, other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = str.__hash__


def watched(answer: Function, summary: Texts, reference: Texts) -> Any:
    """The score, and with more than a few words also how it came about."""
    if len(summary) < FEW:
        return scored(answer, summary, reference)
    tally = [0]

    def counted(word: str) -> Counted:
        copy = Counted(word)
        copy.tally = tally
        return copy

    try:
        score = scored(answer, *([counted(w) for w in text] for text in (summary, reference)))
    except TooMany:
        return {"comparisons of two words": f"more than {LIMIT:,}, and no end", "score": 0.0}
    return {"comparisons of two words": f"at most {LIMIT:,}", "score": score}


def _drawn(num_written: int, num_wanted: int, kinds: str) -> Draw:
    def draw(dice: Generator) -> Inputs:
        return random_words(num_written, kinds, dice), random_words(num_wanted, kinds, dice)

    return draw


def _texts(summary: str, reference: str) -> Draw:
    return fixed(summary.split(), reference.split())


GREEDY = (
    "Each word takes the first place where it is found, and what stands before that place is lost "
    "for those that follow. Sometimes it is better to leave a word out. How do you keep both "
    "possibilities?"
)
WAITS = (
    "You go through one text and wait for the other's next word. If that word never comes, all "
    "that follow it are lost. Which words may be left out, those of one text or of both?"
)
ONE_NEIGHBOUR = (
    "If two words differ, you look at one neighbour in the table alone. The best so far may have "
    "been found without the last word of the *one* text, or of the *other*. Which cells are these?"
)
LONGEST_RUN_FIRST = (
    "The longest run is taken first, and then what fits on its left and right. That is how "
    "`difflib` compares, and a long run may stand in the way of more. What if it is left out?"
)
ALL_WAYS = (
    "The scores are right, and with long texts there is no end: the same two rests of the texts "
    "are compared again and again. Where could each answer be kept, so that it is found only once?"
)

ROUGE_L = Exercise(
    id="10.2",
    title="ROUGE-L",
    signature="rouge_l(summary, reference)",
    shapes="summary, reference -> ()",
    reference=rouge_l,
    forbidden={"RougeScorer.score": RougeScorer.score},
    library=(rouge.rouge_l, longest_common_subsequence),
    use=watched,
    smooth=0,
    tolerance=1e-6,
    probes=(
        Probe(
            BY_HAND,
            _texts("a b c", "a x b y"),
            "*a b* stands in both in this order. What is 2 · 2 / (3 + 4)?",
        ),
        Probe(
            "words between",
            _texts("dogs run in snow", "two dogs and cats run fast in white snow today"),
            "The words need not be neighbours. How many of the summary's stand in the reference "
            "in this order?",
        ),
        Probe(
            "the same words in another order",
            _texts("the man bites a dog", "a dog bites the man"),
            "All words are shared. How many of them can be kept, if their order must agree?",
        ),
        Probe(
            "a first word that stands late in the reference",
            _texts("z a b c d", "a b c d z"),
            "If *z* is kept, what can be kept after it? And if it is left out?",
        ),
        Probe(
            "a last word that stands early in the reference",
            _texts("a b c d z", "z a b c d"),
            "If the reference's *z* is kept, what can be kept after it? And if it is left out?",
        ),
        Probe(
            "a word that stands there twice",
            _texts("a a b", "a b b a"),
            "A word of the summary can be matched once. How many are kept at most?",
        ),
        Probe(
            "a run in the middle",
            _texts("a x b c d y e z", "u a b c d e v w"),
            "*b c d* is a run. Does it go on after the *y*?",
        ),
        Probe(
            "a long run that stands in the way",
            _texts("a b c d x y z", "x y z a q b q c q d"),
            "*x y z* is the longest run. Is it the longest row of words, too?",
        ),
        Probe(
            "one more at the beginning and at the end",
            _texts("q a b r", "a b"),
            "The whole reference stands in the summary. What is the precision, what the recall?",
        ),
        Probe(
            "capitals",
            _texts("The cat sees May", "the cat may See"),
            "The words come as they are to be compared. Is *The* the word *the*?",
        ),
        Probe(
            "two equal texts",
            _texts("a b a c", "a b a c"),
            "Everything is kept. What is the score?",
        ),
        Probe(
            "nothing in common",
            _texts("a b", "c d e"),
            "Precision is 0, and recall is 0. Is anything divided by their sum?",
        ),
        Probe("an empty summary", _texts("", "a b"), "There is no word. What is the score?"),
        Probe("an empty reference", _texts("a b c", ""), "There is no word. What is the score?"),
        Probe("both empty", _texts("", ""), "There is nothing to divide by. What is the score?"),
        Probe(
            "longer ones",
            _drawn(9, 11, "abcd"),
            "What is the longest row for the first words of both, and what does one word more "
            "change?",
        ),
        Probe(
            f"{MANY} words each",
            _drawn(MANY, MANY, "abcdefghijkl"),
            "How often does your code compare the same two places with each other?",
        ),
    ),
    mistakes=(
        *weighed_wrongly(
            _rouge_l,
            "Something is divided by zero here. An empty text has no words, and precision and "
            "recall are both 0 if nothing is shared. What should be asked before anything is "
            "divided?",
        ),
        Mistake(
            "the longest run",
            partial(_rouge_l, length=_largest_cell(otherwise=lambda *_: 0)),
            "This is the longest *run* of neighbours. A word between them ends it, where it might "
            "be left out. If two words differ, what should happen to what was found before?",
        ),
        Mistake(
            "the run at the end",
            _with(length=_last_cell(otherwise=lambda *_: 0)),
            "You count the words on which both texts *end*: where two words differ, you begin "
            "again from 0. What of what was found before should stay?",
        ),
        Mistake(
            "in any order",
            partial(_rouge_l, length=lambda a, b: (Counter(a) & Counter(b)).total()),
            "The words may stand in any order here: that is ROUGE-1. Which two of *dog bites* and "
            "*bites dog* can be kept, if the order must agree?",
        ),
        Mistake(
            "found anywhere",
            _with(length=lambda a, b: sum(word in b for word in a)),
            "You count the words of the summary that stand anywhere in the reference, in any "
            "order and however often. What has to come after what?",
        ),
        Mistake(
            "each kind once",
            _with(length=lambda a, b: len(set(a) & set(b))),
            "A set has no order and holds each word once. What has to come after what here?",
        ),
        Mistake("greedy", _with(length=_greedy), GREEDY, group="greedy"),
        Mistake(
            "greedy from the reference",
            _with(length=lambda a, b: _greedy(b, a)),
            GREEDY,
            group="greedy",
        ),
        Mistake("waits", _with(length=_waits), WAITS, group="waits"),
        Mistake(
            "waits for the reference",
            _with(length=lambda a, b: _waits(b, a)),
            WAITS,
            group="waits",
        ),
        Mistake(
            "place by place",
            _with(length=lambda a, b: sum(x == y for x, y in zip(a, b, strict=False))),
            "You compare the first word with the first, the second with the second. One word more "
            "at the beginning, and nothing matches. Which places may be compared?",
        ),
        Mistake(
            "without the first words",
            _with(length=lambda a, b: _table(a[1:], b[1:])[-1][-1]),
            "The first word of each text is never looked at. The table has one row and one column "
            "more than there are words. Which word belongs to its row 1?",
        ),
        Mistake(
            "without the last words",
            _with(length=lambda a, b: _table(a[:-1], b[:-1])[-1][-1]),
            "The last word of each text is never looked at. Where do your two `range`s end, and "
            "which cell do you read?",
        ),
        Mistake(
            "always 0",
            lambda summary, reference: 0.0,
            "0 comes out, always. Which cell of your table do you read at the end, and is it ever "
            "filled?",
        ),
        Mistake(
            "matched twice",
            partial(_rouge_l, length=_last_cell(match=lambda _, above, left: max(above, left) + 1)),
            "A word is matched more than once. If two words are the same, both are used up. Which "
            "cell knows what was found before *either* of them?",
        ),
        Mistake(
            "one row under two names",
            _with(length=_last_cell(match=lambda _, above, left: left + 1)),
            "All rows of your table are one and the same list, and the cell above on the left has "
            "been overwritten when it is read: so it is with `[[0] * m] * n`, and with a second "
            "name for the same row. What makes a new list for each row?",
        ),
        Mistake(
            "across the corner always",
            _with(length=_last_cell(otherwise=lambda corner, *_: corner)),
            "If two words differ, you leave out *both* at once. One of them may still be matched "
            "with another word. Which two cells leave out one only?",
        ),
        Mistake(
            "only from above",
            _with(length=_last_cell(otherwise=lambda _, above, left: above)),
            ONE_NEIGHBOUR,
            group="one neighbour",
        ),
        Mistake(
            "only from the left",
            _with(length=_last_cell(otherwise=lambda _, above, left: left)),
            ONE_NEIGHBOUR,
            group="one neighbour",
        ),
        Mistake(
            "the smaller neighbour",
            partial(_rouge_l, length=_last_cell(otherwise=lambda _, above, left: min(above, left))),
            "If two words differ, you go on with the *smaller* of two lengths. Which of the two "
            "ways is the better one?",
        ),
        Mistake(
            "the longest run first",
            _with(length=_blocks),
            LONGEST_RUN_FIRST,
            group="the longest run first",
        ),
        Mistake(
            "the ratio of difflib",
            lambda a, b: 100 * SequenceMatcher(None, a, b, False).ratio(),
            LONGEST_RUN_FIRST,
            group="the longest run first",
        ),
        Mistake(
            "without case",
            _with(length=lambda a, b: _longest([w.lower() for w in a], [w.lower() for w in b])),
            "You make all letters small. The words come as they are to be compared. Was that "
            "asked?",
        ),
        Mistake("all ways", _with(length=_all_ways), ALL_WAYS, group="all ways"),
        Mistake("three ways", _with(length=_three_ways), ALL_WAYS, group="all ways"),
        Mistake(
            "all ways from the end", _with(length=_from_the_end(_all_ways)), ALL_WAYS, "all ways"
        ),
        Mistake(
            "three ways from the end",
            _with(length=_from_the_end(_three_ways)),
            ALL_WAYS,
            "all ways",
        ),
    ),
    hints=(
        "Begin with a smaller question: how long is the longest common row of the first i words "
        "of the one and the first j of the other? For i = 0 or j = 0 it is 0.",
        "Make a table of these numbers, with a row for i = 0 and a column for j = 0. If words i "
        "and j are the same, both are used up. If not, one of them is left out: which one is "
        "better?",
        "The same: one more than the cell above on the left. Not the same: the larger of the cell "
        "above and the cell on the left. The last cell of all, L, goes into "
        "`100 * 2 * L / (len(summary) + len(reference))`, unless it is 0.",
    ),
)
