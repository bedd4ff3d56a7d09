"""10.8, of several outputs the one that the others agree with most."""

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from statistics import fmean, median
from typing import Any

from torch import Generator

from course_lib.exercises.ch07.common import fixed
from course_lib.exercises.ch10.common import Texts, f1, random_words
from course_lib.exercises.probes import Draw
from course_lib.exercises.spec import Exercise, Function, Inputs, Mistake, Probe

Agreement = Callable[[str, str], float]
Others = Callable[[Texts, int], Texts]  # with which of the outputs number i is compared


@dataclass(frozen=True)
class WordsInCommon:
    """The F1 of the words that two texts share, in whatever order."""

    def __call__(self, one: str, other: str) -> float:
        mine, theirs = Counter(one.split()), Counter(other.split())
        return f1((mine & theirs).total(), mine.total(), theirs.total())

    def __repr__(self) -> str:
        return "2 · shared words / all words of both"


def most_agreed(outputs: Texts, agreement: Agreement) -> str:
    """The output with the greatest mean agreement with all; of equals, the first."""
    return max(outputs, key=lambda one: fmean(agreement(one, other) for other in outputs))


def _all(outputs: Texts, i: int) -> Texts:
    return outputs


def _but_one(outputs: Texts, i: int) -> Texts:
    return outputs[:i] + outputs[i + 1 :]


def _each_text_once(outputs: Texts, i: int) -> Texts:
    return list(dict.fromkeys(outputs))


def _other_texts(outputs: Texts, i: int) -> Texts:
    return [other for other in outputs if other != outputs[i]]


def _chosen(
    outputs: Texts,
    agreement: Agreement,
    others: Others = _all,
    together: Callable[[list[float]], float] = sum,
    choose: Callable[..., int] = max,
    give: Callable[[Texts, list[float], int], Any] = lambda outputs, scores, i: outputs[i],
) -> Any:
    """What comes out if other outputs are asked, other scores made, or another one taken."""
    scores = [
        together([agreement(one, other) for other in others(outputs, i)] or [0.0])
        for i, one in enumerate(outputs)
    ]
    return give(outputs, scores, choose(range(len(outputs)), key=scores.__getitem__))


def _last_of_equals(places: range, key: Callable[[int], float]) -> int:
    return max(reversed(places), key=key)


def _most_frequent(outputs: Texts, agreement: Agreement) -> str:
    return Counter(outputs).most_common(1)[0][0]


def _with_all_in_one(outputs: Texts, agreement: Agreement) -> str:
    return max(outputs, key=lambda one: agreement(one, " ".join(outputs)))


def _by(key: Callable[[str], Any]) -> Function:
    return lambda outputs, agreement: max(outputs, key=key)


def _of_four_words(count: int, kinds: str, first: str) -> Draw:
    """So many texts behind the first. Two of them share a number of quarters.

    That adds up without rounding, so no tie depends on the order in which an answer adds.
    """

    def draw(dice: Generator) -> Inputs:
        drawn = [" ".join(random_words(4, kinds, dice)) for _ in range(count)]
        return [first, *drawn], WordsInCommon()

    return draw


# Three of one, two of another with three that are like it, five that are alike, and a long one.
SEVERAL_TIMES = ["c e", "a b", "h i", "c d", "a b", "h j", "a b", "c f", "c d", "c g"]
SEVERAL_TIMES += ["h k", "h l", "h m", "x y z"]

FIRST = (
    "That is the first output, whatever the others say. (If you look for the *largest* agreement "
    "that an output has: each of them agrees wholly with itself.) What has to be known of an "
    "output before it can win?"
)

AGREED = Exercise(
    id="10.8",
    title="The most agreed",
    signature="most_agreed(outputs, agreement)",
    shapes="outputs, agreement -> ()",
    reference=most_agreed,
    smooth=0,
    probes=(
        Probe(
            "three outputs",
            fixed(["open a file", "open the file", "close the file"], WordsInCommon()),
            "Write the agreement of each output with each into a table, and the mean of each row "
            "beside it. Which row is the best?",
        ),
        Probe(
            "some that were drawn several times",
            fixed(SEVERAL_TIMES, WordsInCommon()),
            "An output that was drawn three times is three voices, for itself and for those that "
            "are like it. How many voices does each one have here?",
        ),
        Probe(
            "nothing in common",
            fixed(["a b", "c d", "e f"], WordsInCommon()),
            "All means are the same here. Which output is asked then?",
        ),
        Probe(
            "a single one",
            fixed(["only this"], WordsInCommon()),
            "There is nobody else to agree with. What else could come out?",
        ),
        Probe(
            "nine that have words in common",
            _of_four_words(8, "abcdef", "u v w x"),
            "Take two of them and compute their means by hand. Which one is higher, and what does "
            "your code say?",
        ),
        Probe(
            "seven that are much alike",
            _of_four_words(6, "abc", "a u v w"),
            "Take two of them and compute their means by hand. Which one is higher, and what does "
            "your code say?",
        ),
        Probe(
            "one that stands in the middle",
            fixed(
                [
                    "m n x o",
                    "a b c d",
                    "a b e f",
                    "c d e f",
                    "a c e x",
                    "x y v u",
                    "x z t s",
                    "q r",
                ],
                WordsInCommon(),
            ),
            "One output has a little in common with many others, and some have much in common with "
            "one. Which of them is meant?",
        ),
    ),
    mistakes=(
        Mistake(
            "the least agreed",
            partial(_chosen, choose=min),
            "The output comes out that *least* of the others agree with. Which end of the scale is "
            "wanted?",
        ),
        Mistake("the first", lambda outputs, agreement: outputs[0], FIRST, group="first"),
        Mistake(
            "the largest of all agreements", partial(_chosen, together=max), FIRST, group="first"
        ),
        Mistake(
            "the last of equals",
            partial(_chosen, choose=_last_of_equals),
            "Of several that are equally good, the *last* one comes out (`>=`, or a sort that is "
            "read from its end). Which one is asked?",
        ),
        Mistake(
            "the most frequent",
            _most_frequent,
            "The output that was drawn most often comes out, and `agreement` is never asked. Most "
            "texts are drawn once. What can one that is merely *similar* to another say for it?",
        ),
        Mistake(
            "each text once",
            partial(_chosen, others=_each_text_once),
            "Texts that were drawn several times are counted once, as in a `set` or a dictionary. "
            "What does it say of an output that the model drew it three times?",
        ),
        Mistake(
            "other texts alone",
            partial(_chosen, others=_other_texts),
            "An output is not compared with its own copies, as if you had left out `other == one`. "
            "It may have been drawn three times. What are the two other times worth?",
        ),
        Mistake(
            "the best partner",
            partial(_chosen, others=_but_one, together=max),
            "Each output is judged by the *one* that is most like it: two odd ones of a kind would "
            "win against a crowd. What is to be made of all its agreements?",
        ),
        Mistake(
            "the worst partner",
            partial(_chosen, others=_but_one, together=min),
            "Each output is judged by the one that agrees with it *least*, and there is always "
            "somebody. What is to be made of all its agreements?",
        ),
        Mistake(
            "the median",
            partial(_chosen, together=median),
            "The agreement in the middle decides, the median. What was asked?",
        ),
        Mistake(
            "multiplied",
            partial(_chosen, together=math.prod),
            "The agreements are multiplied, so that one output with nothing in common spoils "
            "everything. How are they put together in a mean?",
        ),
        Mistake(
            "with the next one",
            partial(_chosen, others=lambda outputs, i: outputs[i + 1 : i + 2]),
            "Each output is compared with the one behind it alone. With how many of them should "
            "it be?",
        ),
        Mistake(
            "with those before it",
            partial(_chosen, others=lambda outputs, i: outputs[:i]),
            "Each output is compared with those *before* it. What about the others: should it "
            "matter who was drawn first?",
        ),
        Mistake(
            "with those behind it",
            partial(_chosen, others=lambda outputs, i: outputs[i + 1 :]),
            "Each output is compared with those *behind* it. What about the others: should it "
            "matter who was drawn first?",
        ),
        Mistake(
            "with the first one",
            partial(_chosen, others=lambda outputs, i: outputs[:1] if i else []),
            "Each output is compared with the *first* one alone. Who says that this one is right?",
        ),
        Mistake(
            "with all in one",
            _with_all_in_one,
            "Each output is compared with *one* text, into which all of them are poured. It has "
            "every word of every output, so the longest wins. With which texts should it be?",
        ),
        Mistake(
            "the longest",
            _by(len),
            "The longest output comes out. Which function was handed over to judge them?",
        ),
        Mistake(
            "the shortest",
            _by(lambda text: -len(text)),
            "The shortest output comes out. Which function was handed over to judge them?",
        ),
        Mistake(
            "its place",
            partial(_chosen, give=lambda outputs, scores, i: i),
            "You have found the place of the right output. What is asked is the output itself: "
            "what stands at that place?",
        ),
        Mistake(
            "its score",
            partial(_chosen, give=lambda outputs, scores, i: scores[i] / len(scores)),
            "That is how much the others agree with the best output, its mean. Which one was it?",
        ),
        Mistake(
            "both",
            partial(_chosen, give=lambda outputs, scores, i: (scores[i] / len(scores), outputs[i])),
            "The right output comes out together with its mean, as a pair. Only one of the two is "
            "asked: which?",
        ),
        Mistake(
            "all of them",
            partial(
                _chosen,
                give=lambda outputs, scores, i: sorted(
                    outputs, key=lambda one: -scores[outputs.index(one)]
                ),
            ),
            "All outputs come out, the best one first. How many are asked?",
        ),
        Mistake(
            "all means",
            partial(_chosen, give=lambda outputs, scores, i: [s / len(scores) for s in scores]),
            "The means are right, and all of them come out. Which output has the greatest?",
        ),
    ),
    hints=(
        "Think of a table with a row and a column for each output, and `agreement` in its cells. "
        "What does a row tell you?",
        "The mean of a row says how much all the others agree with one output. `max(…, key=…)` "
        "finds the row, and of equals it takes the first.",
        "`key` is given one output and returns a number: the sum of `agreement(one, other)` for "
        "each `other` in `outputs`. Copies of `one` are among them, and should be.",
    ),
)
