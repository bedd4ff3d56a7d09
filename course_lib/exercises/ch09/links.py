"""9.6 alignment_error_rate."""

from collections.abc import Sequence
from typing import Any

from course_lib import metrics
from course_lib.exercises.ch01.common import BY_HAND
from course_lib.exercises.ch07.common import fixed
from course_lib.exercises.spec import Exercise, Function, Mistake, Probe

Links = Sequence[Sequence[tuple[int, int]]]


def _counts(found: Links, gold: Links) -> tuple[int, int, int]:
    """How many links are right, how many were found, and how many there are."""
    pairs = [(set(a), set(g)) for a, g in zip(found, gold, strict=True)]
    sizes = [(len(a & g), len(a), len(g)) for a, g in pairs]
    right, of_found, of_gold = (sum(column) for column in zip(*sizes, strict=True))
    return right, of_found, of_gold


def _share(formula: Any) -> Function:
    """An answer by a formula of the three counts; a division by zero gives 1."""

    def answer(found: Links, gold: Links) -> float:
        try:
            return float(formula(*_counts(found, gold)))
        except ZeroDivisionError:
            return 1.0

    return answer


def _mean_of_sentences(found: Links, gold: Links) -> float:
    rates = [
        metrics.alignment_error_rate([a], [g]) for a, g in zip(found, gold, strict=True) if [*a, *g]
    ]
    return sum(rates) / len(rates)


def _all_in_one(found: Links, gold: Links) -> float:
    flat = [[link for sentence in side for link in sentence] for side in (found, gold)]
    return metrics.alignment_error_rate([flat[0]], [flat[1]])


def _turned(found: Links, gold: Links) -> float:
    return metrics.alignment_error_rate([[(j, i) for i, j in a] for a in found], gold)


def _one_word_is_enough(found: Links, gold: Links) -> float:
    """A link counts as right if its target word has some link."""
    pairs = list(zip(found, gold, strict=True))
    right = sum(j in {t for _, t in g} for a, g in pairs for _, j in a)
    return 1 - 2 * right / sum(len(a) + len(g) for a, g in pairs)


def _in_order(found: Links, gold: Links) -> float:
    """Links are compared place by place."""
    pairs = list(zip(found, gold, strict=True))
    right = sum(x == y for a, g in pairs for x, y in zip(a, g, strict=False))
    return 1 - 2 * right / sum(len(a) + len(g) for a, g in pairs)


def _whole_sentences(found: Links, gold: Links) -> float:
    pairs = list(zip(found, gold, strict=True))
    return sum(set(a) != set(g) for a, g in pairs) / len(pairs)


LINKS = Exercise(
    id="9.6",
    title="Alignment error rate",
    signature="alignment_error_rate(found, gold)",
    shapes="found, gold -> ()",
    reference=metrics.alignment_error_rate,
    smooth=0,
    probes=(
        Probe(
            BY_HAND,
            fixed([[(0, 0), (1, 2), (2, 1)]], [[(0, 0), (1, 2)]]),
            "Three links were found, two there are, two of them are right. What is 2 · 2 / (3 + "
            "2)?",
        ),
        Probe(
            "two sentences, one long and one short",
            fixed(
                [[(0, 0), (1, 1), (2, 3), (3, 2), (4, 4)], [(0, 1)]],
                [[(0, 0), (1, 1), (2, 2), (3, 3), (4, 4), (4, 5)], [(0, 1), (1, 0)]],
            ),
            "How many links of both sentences together are right, found, and gold?",
        ),
        Probe(
            "a link that is right in another sentence",
            fixed([[(0, 0), (1, 1)], [(2, 2)], []], [[(2, 2), (1, 1)], [(0, 0)], [(3, 0)]]),
            "The first sentence's (0, 0) is a gold link of the second. Is it right?",
        ),
        Probe(
            "source and target in another order",
            fixed([[(0, 1), (2, 0)], [(1, 3), (0, 2)]], [[(1, 0), (2, 0)], [(1, 3)]]),
            "Is (0, 1) the same link as (1, 0)?",
        ),
        Probe(
            "the same links, listed in another order",
            fixed([[(1, 0), (0, 1), (2, 2)], []], [[(2, 2), (1, 0), (0, 1)], []]),
            "Does it matter in which order the links of a sentence are listed?",
        ),
        Probe(
            "all wrong",
            fixed([[(0, 0)], [(1, 0), (1, 1)]], [[(0, 1)], [(0, 0)]]),
            "None of the links is right. What is the share of errors?",
        ),
    ),
    mistakes=(
        Mistake(
            "precision",
            _share(lambda right, found, gold: 1 - right / found),
            "This is the share of *found* links that are wrong. Whoever finds one link, the "
            "surest, would be perfect. Which links go unnoticed?",
        ),
        Mistake(
            "recall",
            _share(lambda right, found, gold: 1 - right / gold),
            "This is the share of *gold* links that are missing. Whoever links everything with "
            "everything would be perfect. Which links go unnoticed?",
        ),
        Mistake(
            "the right share",
            _share(lambda right, found, gold: 2 * right / (found + gold)),
            "This is the share that is *right*. What does an error rate of 0 mean?",
        ),
        Mistake(
            "the two forgotten",
            _share(lambda right, found, gold: 1 - right / (found + gold)),
            "A perfect alignment gets 0.5: a right link stands among the found *and* among the "
            "gold ones. How often should it count above the line?",
        ),
        Mistake(
            "the union below",
            _share(lambda right, found, gold: 1 - right / (found + gold - right)),
            "You divide by the number of links in either set. What stands below the line in the "
            "formula?",
        ),
        Mistake(
            "mean of the sentences",
            _mean_of_sentences,
            "You take the mean over the sentences, so that a sentence of one link counts as much "
            "as one of ten. What should be added up first?",
        ),
        Mistake(
            "all sentences in one",
            _all_in_one,
            "You pour the links of all sentences together, and a link of one sentence finds its "
            "like in another. Where have the sets to be compared?",
        ),
        Mistake(
            "source and target swapped",
            _turned,
            "One side's links are turned round. (0, 1) is the first word of the source and the "
            "second of the target. Is it the same in both of your sets?",
        ),
        Mistake(
            "one word is enough",
            _one_word_is_enough,
            "A link counts as right if its target word has a gold link, to whatever word. What has "
            "to agree?",
        ),
        Mistake(
            "place by place",
            _in_order,
            "You compare the first link with the first, the second with the second. In which order "
            "are they listed? What kind of collection does not care?",
        ),
        Mistake(
            "whole sentences",
            _whole_sentences,
            "You count sentences with any error in them. What is counted here, sentences or links?",
        ),
        Mistake(
            "in percent",
            _share(lambda right, found, gold: 100 * (1 - 2 * right / (found + gold))),
            "This is in percent. A share is asked, from 0 to 1. What is the difference?",
        ),
        Mistake(
            "how many",
            _share(lambda right, found, gold: found + gold - 2 * right),
            "This is *how many* links are wrong or missing. Out of how many?",
        ),
    ),
    hints=(
        "Make a set of each sentence's links: `set(links)`. `a & g` are those that stand in both.",
        "Add up three numbers over all sentences: right links, found links, gold links. Put them "
        "into the formula at the end.",
    ),
)
