"""6.6 sequence_accuracy and 6.9, predict how often the decoder runs."""

from course_lib.exercises.ch01.common import BY_HAND
from course_lib.exercises.probes import Draw
from course_lib.exercises.spec import Exercise, Mistake, Prediction, Probe, WrongValue

Lists = list[list[int]]


def sequence_accuracy(outputs: Lists, targets: Lists) -> float:
    """The share of outputs that are right from the first word to the last."""
    return sum(o == t for o, t in zip(outputs, targets, strict=True)) / len(targets)


def _words(outputs: Lists, targets: Lists) -> tuple[int, int]:
    pairs = [p for o, t in zip(outputs, targets, strict=True) for p in zip(o, t, strict=False)]
    return sum(a == b for a, b in pairs), sum(map(len, targets))


def _fixed(outputs: Lists, targets: Lists) -> Draw:
    return lambda dice: ([list(o) for o in outputs], [list(t) for t in targets])


def _as_far_as_it_goes(outputs: Lists, targets: Lists) -> float:
    whole = [
        all(a == b for a, b in zip(o, t, strict=False))
        for o, t in zip(outputs, targets, strict=True)
    ]
    return sum(whole) / len(whole)


def _mean_of_shares(outputs: Lists, targets: Lists) -> float:
    pairs = list(zip(outputs, targets, strict=True))
    right = [sum(a == b for a, b in zip(o, t, strict=False)) for o, t in pairs]
    return sum(n / max(1, len(t)) for n, (_, t) in zip(right, pairs, strict=True)) / len(pairs)


ACCURACY = Exercise(
    id="6.6",
    title="Exact sequences",
    signature="sequence_accuracy(outputs, targets)",
    shapes="outputs, targets -> ()",
    reference=sequence_accuracy,
    smooth=0,
    probes=(
        Probe(
            BY_HAND,
            _fixed([[3, 1], [4, 1, 5], [9]], [[3, 1], [4, 2, 5], [9]]),
            "How many of the three are right from beginning to end?",
        ),
        Probe(
            "one stops too early, one too late",
            _fixed([[3], [4, 1, 5], [9, 2], [6]], [[3, 1], [4, 1], [9, 2], [6]]),
            "Is a sentence right if it stops too early? If it goes on too long?",
        ),
        Probe(
            "the right words in another order",
            _fixed([[3, 1, 2], [2, 2], [5, 6]], [[1, 2, 3], [2], [5, 6]]),
            "Reversal is all about order. Does yours look at it?",
        ),
        Probe(
            "an empty answer, and all of them wrong",
            _fixed([[], [1]], [[7], []]),
            "What is the share when none is right?",
        ),
        Probe(
            "five of six",
            _fixed([[1], [2], [3], [4], [5], [7]], [[1], [2], [3], [4], [5], [6]]),
            "Out of how many is it a share?",
        ),
    ),
    mistakes=(
        Mistake(
            "words, not sentences",
            lambda outputs, targets: _words(outputs, targets)[0] / _words(outputs, targets)[1],
            "This is the share of right *words*. A sentence with one wrong word of ten counts as "
            "0.9 there. How much should it count here?",
        ),
        Mistake(
            "as far as it goes",
            _as_far_as_it_goes,
            "`zip` stops with the shorter of the two, so that a sentence that breaks off counts "
            "as right. What has to agree besides the words?",
        ),
        Mistake(
            "any order",
            lambda outputs, targets: (
                sum(sorted(o) == sorted(t) for o, t in zip(outputs, targets, strict=True))
                / len(targets)
            ),
            "You compare the words without their order. What is the task of the model, again?",
        ),
        Mistake(
            "as sets",
            lambda outputs, targets: (
                sum(set(o) == set(t) for o, t in zip(outputs, targets, strict=True)) / len(targets)
            ),
            "A set knows neither order nor how often a word comes. What should be compared?",
        ),
        Mistake(
            "not divided",
            lambda outputs, targets: float(
                sum(o == t for o, t in zip(outputs, targets, strict=True))
            ),
            "This is *how many* are right. Out of how many?",
        ),
        Mistake(
            "in percent",
            lambda outputs, targets: 100 * sequence_accuracy(outputs, targets),
            "This is in percent. A share is asked, from 0 to 1. What is the difference?",
        ),
        Mistake(
            "all or nothing",
            lambda outputs, targets: float(outputs == targets),
            "It is 1 if *all* sentences are right, and else 0. Does it compare the whole lists, or "
            "divide by `//`? What is the share of those that are right?",
        ),
        Mistake(
            "the wrong ones",
            lambda outputs, targets: 1 - sequence_accuracy(outputs, targets),
            "This is the share of those that are *wrong*. What does accuracy count?",
        ),
        Mistake(
            "lengths only",
            lambda outputs, targets: (
                sum(len(o) == len(t) for o, t in zip(outputs, targets, strict=True)) / len(targets)
            ),
            "You compare lengths only. What else has to agree?",
        ),
        Mistake(
            "out of all words",
            lambda outputs, targets: (
                sequence_accuracy(outputs, targets) * len(targets) / sum(map(len, targets))
            ),
            "You count sentences, and divide by the number of *words*. Out of how many is it a "
            "share?",
        ),
        Mistake(
            "the first sentence alone",
            lambda outputs, targets: float(outputs[0] == targets[0]) / len(targets),
            "Only the first sentence is looked at. Does your `return` stand inside the loop?",
        ),
        Mistake(
            "mean of the shares",
            _mean_of_shares,
            "This is the mean of the shares of right words. How much does a sentence count that is "
            "right but for one word?",
        ),
        Mistake(
            "right anywhere",
            lambda outputs, targets: sum(o in targets for o in outputs) / len(targets),
            "An output counts as right if it is the answer to *any* of the questions. Which one is "
            "it to be compared with?",
        ),
        Mistake(
            "what is there already",
            lambda outputs, targets: (
                sum(o[: len(t)] == t for o, t in zip(outputs, targets, strict=True)) / len(targets)
            ),
            "An output counts as right if it *begins* with the answer. Is it right if it goes on "
            "after that?",
        ),
    ),
    hints=(
        "Two lists are equal in Python if they have the same length and the same items in the "
        "same order.",
        "Count the pairs that are equal, with `zip(outputs, targets)`, and divide by how many "
        "there are.",
    ),
)

PASSES = Prediction(
    id="6.9",
    title="passes through the decoder",
    signature="prediction = (..., ...)",
    names=("in training", "in writing"),
    expected=lambda: (1.0, 6.0),
    question="In training the whole answer is known. In writing, what is needed before word 3 can "
    "be chosen?",
    wrong=(
        WrongValue(
            "end token forgotten",
            (1, 5),
            "The first is right. Five words, and then? How does the model say that it is done?",
        ),
        WrongValue(
            "word by word in both",
            (6, 6),
            "The second is right. In training, all places are asked at once: what makes that "
            "possible without anyone looking ahead?",
        ),
        WrongValue(
            "word by word in both, end token forgotten",
            (5, 5),
            "In training, all places are asked at once, thanks to the causal mask. And in writing, "
            "how does the model say that it is done?",
        ),
        WrongValue(
            "at once in both",
            (1, 1),
            "The first is right. In writing, word 2 depends on what word 1 turned out to be. Can "
            "both be chosen in one pass?",
        ),
        WrongValue(
            "the other order",
            (6, 1),
            "Both numbers are right, and stand in each other's place. When is the whole answer "
            "known beforehand?",
        ),
        WrongValue(
            "start token counted",
            (1, 7),
            "The first is right. For the second: the start token is given, nobody has to choose "
            "it. How many are chosen?",
        ),
    ),
    hints=(
        "A causal mask lets every place be asked in the same pass, if the words before it are "
        "known.",
        "In writing each word is known only after a pass. Count the passes for five words, and "
        "the one that says *end*.",
    ),
)
