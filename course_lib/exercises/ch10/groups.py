"""10.1 rouge_n."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import combinations
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
from course_lib.metrics import ngrams

Counts = Counter[Any]
Groups = Callable[[Sequence[str], int], Counts]


def rouge_n(summary: Texts, reference: Texts, n: int) -> float:
    """F1, from 0 to 100, of the groups of n words that both texts have."""
    written, wanted = ngrams(summary, n), ngrams(reference, n)
    return rouge.f1((written & wanted).total(), written.total(), wanted.total())


def _clipped(written: Counts, wanted: Counts) -> int:
    return (written & wanted).total()


def _rouge_n(
    summary: Texts,
    reference: Texts,
    n: int,
    groups: Groups = ngrams,
    shared: Callable[[Counts, Counts], int] = _clipped,
    together: Weigh = f1,
    scale: float = 100,
) -> float:
    """ROUGE-N, with the switches of what goes wrong."""
    written, wanted = groups(summary, n), groups(reference, n)
    return scale * together(shared(written, wanted), written.total(), wanted.total())


def _with(**switches: Any) -> Function:
    return lambda summary, reference, n: _rouge_n(summary, reference, n, **switches)


def _from(starts: Callable[[int, int], Iterable[int]]) -> Groups:
    """Groups that begin at other places. `starts` gets the number of words, and n."""
    return lambda words, n: Counter(tuple(words[i : i + n]) for i in starts(len(words), n))


def _sliced(more: int) -> Groups:
    """From each place where n words are left, a slice of so many more."""
    return lambda words, n: Counter(
        tuple(words[i : i + n + more]) for i in range(len(words) - n + 1)
    )


def _as(change: Callable[[tuple[str, ...]], Any]) -> Groups:
    """The right groups, each turned into something else."""
    return lambda words, n: Counter(change(group) for group in ngrams(words, n).elements())


def _up_to(words: Sequence[str], n: int) -> Counts:
    return sum((ngrams(words, m) for m in range(1, n + 1)), Counter())


def _each_side(found: Callable[[tuple[str, ...], Texts], bool]) -> Function:
    """Precision and recall, each by asking of every group whether the other text has it."""

    def answer(summary: Texts, reference: Texts, n: int) -> float:
        shares = []
        for one, other in ((summary, reference), (reference, summary)):
            groups = list(ngrams(one, n).elements())
            shares.append(sum(found(g, other) for g in groups) / len(groups) if groups else 0.0)
        return 200 * shares[0] * shares[1] / sum(shares) if sum(shares) else 0.0

    return answer


def _common(summary: Texts, reference: Texts, n: int) -> int:
    return _clipped(ngrams(summary, n), ngrams(reference, n))


def _with_kinds_below(summary: Texts, reference: Texts, n: int) -> float:
    shared = _common(summary, reference, n)
    kinds = len(ngrams(summary, n)) + len(ngrams(reference, n))
    return 200 * shared / kinds if shared else 0.0


def _place_by_place(summary: Texts, reference: Texts, n: int) -> float:
    written, wanted = (
        [text[i : i + n] for i in range(len(text) - n + 1)] for text in (summary, reference)
    )
    same = sum(a == b for a, b in zip(written, wanted, strict=False))
    return 100 * f1(same, len(written), len(wanted))


def _drawn(num_written: int, num_wanted: int, n: int) -> Draw:
    def draw(dice: Generator) -> Inputs:
        summary, reference = (random_words(k, "abcd", dice) for k in (num_written, num_wanted))
        return summary, reference, n

    return draw


def _texts(summary: str, reference: str, n: int) -> Draw:
    return fixed(summary.split(), reference.split(), n)


TOO_FEW = "Your groups have n - 1 words. A slice `[i:j]` ends before j: how long is it?"
TOO_MANY = "Your groups have n + 1 words. A slice `[i:j]` ends before j: how long is it?"
ORDER = (
    "The order of the words within a group gets lost, so that *dog bites* is the same as *bites "
    "dog*. What kind of thing keeps its order, and may still be counted?"
)

ROUGE_N = Exercise(
    id="10.1",
    title="ROUGE-N",
    signature="rouge_n(summary, reference, n)",
    shapes="summary, reference, n -> ()",
    reference=rouge_n,
    forbidden={"RougeScorer.score": RougeScorer.score},
    library=(rouge.rouge_n,),
    use=scored,
    smooth=0,
    tolerance=1e-6,
    probes=(
        Probe(
            BY_HAND,
            _texts("a b c", "a b d e", 1),
            "Two words are shared, of three and of four. What is 2 · 2 / (3 + 4)?",
        ),
        Probe(
            "pairs of words",
            _texts("a small dog bites a big man today", "a big dog bites a small man", 2),
            "Write down the seven pairs of the one and the six of the other. Which stand in both?",
        ),
        Probe(
            "the summary says a word again and again",
            _texts("the the the cat the", "the cat saw the dog", 1),
            "*the* stands in the reference twice. How many of the four count?",
        ),
        Probe(
            "the reference says a word again and again",
            _texts("a dog", "a cat and a bird and a dog", 1),
            "*a* stands in the summary once. How often does it count?",
        ),
        Probe(
            "both say it again and again",
            _texts("so so so good so good", "so so good so so so", 2),
            "How often does the pair *so so* stand in each of them?",
        ),
        Probe(
            "triples",
            _texts("returns the sum of all the items", "adds up the sum of all items", 3),
            "How many triples does a text of seven words have?",
        ),
        Probe(
            "the same words in another order",
            _texts("man bites dog in town", "in town dog bites man", 2),
            "Is *in town* in both? And *dog bites*?",
        ),
        Probe(
            "the same words, one place further on",
            _texts("two dogs run in deep snow", "today two dogs run in the deep snow", 2),
            "The pairs stand elsewhere. Does it matter where?",
        ),
        Probe(
            "words that look alike when glued together",
            _texts("a bc no where", "ab c now here", 2),
            "*a bc* and *ab c* are not the same pair. What does your code compare?",
        ),
        Probe(
            "words within words",
            _texts("art is a log", "a party in the catalog", 1),
            "*art* is a part of *party*. Is it a word of the reference?",
        ),
        Probe(
            "capitals",
            _texts("The cat sees May", "the cat may See", 1),
            "The words come as they are to be compared. Is *The* the word *the*?",
        ),
        Probe(
            "two equal texts",
            _texts("a b c d", "a b c d", 3),
            "Everything is shared. What is the score?",
        ),
        Probe(
            "nothing in common",
            _texts("a b c", "d e f", 1),
            "Precision is 0, and recall is 0. Is anything divided by their sum?",
        ),
        Probe(
            "a summary shorter than n",
            _texts("a", "a b c", 2),
            "A single word has no pair. What is the score?",
        ),
        Probe(
            "a reference shorter than n",
            _texts("a b c d", "a b", 3),
            "The reference has no triple. What is the score?",
        ),
        Probe("both empty", _texts("", "", 1), "There is nothing to divide by. What is the score?"),
        Probe(
            "long ones",
            _drawn(23, 19, 2),
            "Each pair counts as often as it does in both. Which number is that, for each pair?",
        ),
    ),
    mistakes=(
        *weighed_wrongly(
            _rouge_n,
            "Something is divided by zero here. A text shorter than n words has no group at all, "
            "and precision and recall are both 0 if nothing is shared. What should be asked before "
            "anything is divided?",
        ),
        Mistake(
            "each kind once",
            _with(groups=lambda words, n: Counter(set(ngrams(words, n)))),
            "You count each group once, however often it stands there, as sets do. What keeps "
            "count of how often?",
        ),
        Mistake(
            "shared kinds, all groups",
            partial(_rouge_n, shared=lambda written, wanted: len(written & wanted)),
            "Below the line each group counts as often as it stands there; above it, each kind "
            "counts once. How often may a group count that both texts have twice?",
        ),
        Mistake(
            "words below the line",
            lambda a, b, n: 200 * shared / (len(a) + len(b)) if (shared := _common(a, b, n)) else 0,
            "Below the line you add the numbers of *words*, for every n. A text of three words has "
            "two pairs and one triple. What was counted above the line?",
        ),
        Mistake(
            "kinds below the line",
            _with_kinds_below,
            "Below the line each kind of group counts once, above it as often as both have it. "
            "`len` of a counter is its number of kinds: what gives the number of all?",
        ),
        Mistake(
            "as often as in the summary",
            partial(_rouge_n, shared=lambda a, b: sum(k for g, k in a.items() if g in b)),
            "A group that the summary says again and again counts each time. How often may it, "
            "if the reference has it once?",
        ),
        Mistake(
            "as often as in the reference",
            partial(_rouge_n, shared=lambda a, b: sum(k for g, k in b.items() if g in a)),
            "A group counts as often as the *reference* has it, even if the summary says it once. "
            "Which of the two counts is the limit?",
        ),
        Mistake(
            "not clipped on either side",
            _each_side(lambda group, text: group in ngrams(text, len(group))),
            "Of each group you ask whether the other text has it, not how often. A word that is "
            "said four times is then found four times. How often may it be?",
        ),
        Mistake(
            "each with each",
            _with(shared=lambda a, b: sum(k * b[g] for g, k in a.items())),
            "Each group is compared with each of the other text, so that a word that stands there "
            "2 times and 3 times counts 6 times. How often does it stand in both?",
        ),
        Mistake(
            "one word too few",
            partial(_rouge_n, groups=lambda words, n: ngrams(words, n - 1)),
            TOO_FEW,
            group="one word too few",
        ),
        Mistake(
            "slices one word too short", _with(groups=_sliced(-1)), TOO_FEW, "one word too few"
        ),
        Mistake(
            "one word too many",
            _with(groups=lambda words, n: ngrams(words, n + 1)),
            TOO_MANY,
            group="one word too many",
        ),
        Mistake(
            "slices one word too long", _with(groups=_sliced(1)), TOO_MANY, "one word too many"
        ),
        Mistake(
            "all lengths up to n",
            _with(groups=_up_to),
            "You count groups of 1, 2, … up to n words, as BLEU does. Which length is asked here?",
        ),
        Mistake(
            "cut off at the end",
            _with(groups=_from(lambda length, n: range(length))),
            "The last of your groups are cut off: at the end of a text fewer than n words are "
            "left. Where does the last full group begin?",
        ),
        Mistake(
            "the last group missing",
            _with(groups=_from(lambda length, n: range(length - n))),
            "The last group of each text is missing. How many groups of 1 do three words have, and "
            "where does your `range` end?",
        ),
        Mistake(
            "without overlap",
            _with(groups=_from(lambda length, n: range(0, length - n + 1, n))),
            "Your groups lie side by side, and the next begins where one ends. *a b c* has the "
            "pairs *a b* and *b c*. How far is it from one to the next?",
        ),
        Mistake(
            "with gaps",
            _with(groups=lambda words, n: Counter(combinations(words, n))),
            "Your groups may leave words out between theirs. In ROUGE-N they are neighbours. Where "
            "does a group that begins at place i end?",
        ),
        Mistake("sorted", _with(groups=_as(lambda g: tuple(sorted(g)))), ORDER, "order is lost"),
        Mistake("sets of words", _with(groups=_as(frozenset)), ORDER, "order is lost"),
        Mistake(
            "place by place",
            _place_by_place,
            "You compare the first group with the first, the second with the second. One word more "
            "at the beginning, and nothing matches. Does it matter where a group stands?",
        ),
        Mistake(
            "glued together",
            _with(groups=_as("".join)),
            "The words of a group are glued together, so that *a bc* and *ab c* become the same. "
            "What keeps them apart, and may be counted?",
        ),
        Mistake(
            "parts of words",
            _each_side(lambda group, text: " ".join(group) in " ".join(text)),
            "You look for a group's letters in the other text, and find *art* in *party*. `in` "
            "with a list asks for a whole item. What are the items here?",
        ),
        Mistake(
            "without case",
            _with(groups=_as(lambda g: tuple(word.lower() for word in g))),
            "You make all letters small. The words come as they are to be compared. Was that "
            "asked?",
        ),
    ),
    hints=(
        "Make the groups of each text first: n neighbours from each place where so many are left. "
        "How many such places are there?",
        "`Counter(groups)` knows how often each group stands there. A list can't be counted, and a "
        "tuple can. Of two counters, `a & b` keeps the smaller count of each group.",
        "With `shared = (a & b).total()`, F1 is `2 * shared / (a.total() + b.total())`. Nothing "
        "shared is 0.0, before anything is divided. And it goes up to 100.",
    ),
)
