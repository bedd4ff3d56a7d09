"""7.7 overlap."""

from typing import Any

from course_lib.exercises.ch01.common import BY_HAND
from course_lib.exercises.ch07.common import fixed
from course_lib.exercises.spec import Exercise, Mistake, Probe

Texts = list[str]


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


def overlap(train: Texts, test: Texts) -> float:
    """The share of test texts that stand in train, too, but for case and spaces."""
    known = {_plain(text) for text in train}
    return sum(_plain(text) in known for text in test) / len(test)


def _share(
    train: Texts,
    test: Texts,
    plain: Any = _plain,
    once: bool = False,
    of_train: bool = False,
) -> float:
    """The share, with the switches of what goes wrong with it."""
    if of_train:
        train, test = test, train
    known, asked = {plain(t) for t in train}, [plain(t) for t in test]
    asked = sorted(set(asked)) if once else asked
    return sum(t in known for t in asked) / len(asked)


def _known_words(train: Texts, test: Texts) -> float:
    known = {word for text in train for word in text.casefold().split()}
    words = [word for text in test for word in text.casefold().split()]
    return sum(word in known for word in words) / len(words)


OVERLAP = Exercise(
    id="7.7",
    title="Overlap",
    signature="overlap(train, test)",
    shapes="train, test -> ()",
    reference=overlap,
    smooth=0,
    probes=(
        Probe(
            BY_HAND,
            fixed(["a dog", "a cat", "two men"], ["a cat", "a bird"]),
            "How many of the two test texts does the training know?",
        ),
        Probe(
            "capitals",
            fixed(["A dog runs.", "one bird", "The cat"], ["a dog runs.", "ONE bird", "a cat"]),
            "Are *A dog runs.* and *a dog runs.* two different texts to a model?",
        ),
        Probe(
            "spaces",
            fixed(["two  men", "a\tcat", "a   big  dog"], ["two men ", " a cat", "two", "a man"]),
            "How many of the four are known, if a space more or less makes no difference?",
        ),
        Probe(
            "no spaces at all, and other places for the same words",
            fixed(
                ["a way out", "dog bites man", "no no"],
                ["away out", "a wayout", "awayout", "man bites dog", "dog bites man", "no"],
            ),
            "Is *away* the same as *a way*? And who bites whom?",
        ),
        Probe(
            "the same text twice in the training",
            fixed(["x y", "x y", "z"], ["x y", "v", "w"]),
            "A text is known or not. Does it matter how often the training has it?",
        ),
        Probe(
            "the same text twice in the test",
            fixed(["a dog", "x"], ["a dog", "a dog", "a cat", "a cat", "a cat"]),
            "Each text of the test is scored, also when it comes twice. How many are known?",
        ),
        Probe(
            "known texts in other places, and many more for training",
            fixed(["e", "d", "c", "b", "a", "f", "g"], ["a", "b", "h"]),
            "Does it matter *where* in the training a text stands?",
        ),
        Probe(
            "words in common, texts not",
            fixed(["the dog sleeps here"], ["the dog", "dog sleeps", "here"]),
            "Is a text known because its words are?",
        ),
    ),
    mistakes=(
        Mistake(
            "place by place",
            lambda train, test: (
                sum(_plain(a) == _plain(b) for a, b in zip(train, test, strict=False)) / len(test)
            ),
            "You compare the first with the first, the second with the second. A text may stand "
            "anywhere in the training. What finds it there?",
        ),
        Mistake(
            "letter by letter",
            lambda train, test: _share(train, test, plain=lambda text: text),
            "A capital or a second space makes a known text unknown. What should be the same "
            "before you compare?",
        ),
        Mistake(
            "without case",
            lambda train, test: _share(train, test, plain=str.casefold),
            "Case no longer counts, but a space more still does. What does `split()` do with "
            "spaces?",
        ),
        Mistake(
            "without spaces",
            lambda train, test: _share(train, test, plain=lambda text: " ".join(text.split())),
            "Spaces no longer count, but capitals still do. What makes them all small?",
        ),
        Mistake(
            "the training alone in one form",
            lambda train, test: sum(t in set(map(_plain, train)) for t in test) / len(test),
            "The training is brought into one form, and the test is compared as it is. What has to "
            "be done with both?",
        ),
        Mistake(
            "no spaces left",
            lambda train, test: _share(train, test, lambda text: "".join(text.casefold().split())),
            "All spaces are gone, so that *a way* and *away* are the same. With what should the "
            "words be joined again?",
        ),
        Mistake(
            "words in any order",
            lambda train, test: _share(
                train, test, lambda text: tuple(sorted(text.casefold().split()))
            ),
            "Two texts with the same words in another order count as the same. Is *man bites dog* "
            "known, if *dog bites man* is?",
        ),
        Mistake(
            "sets of words",
            lambda train, test: _share(
                train, test, lambda text: tuple(sorted({*text.casefold().split()}))
            ),
            "You compare the sets of words, which know neither order nor number. What makes two "
            "texts the same?",
        ),
        Mistake(
            "words, not texts",
            _known_words,
            "This is the share of *words* that the training knows. Of what is the share asked?",
        ),
        Mistake(
            "every pair",
            lambda train, test: (
                sum(_plain(a) == _plain(b) for a in train for b in test) / len(test)
            ),
            "A test text counts as often as the training has it, and the share may go beyond 1. "
            "How often should it count?",
        ),
        Mistake(
            "out of both",
            lambda train, test: (
                len({*map(_plain, train)} & {*map(_plain, test)})
                / len({*map(_plain, train)} | {*map(_plain, test)})
            ),
            "You divide by all texts of both sides. It is a share of the test. How many texts has "
            "that?",
        ),
        Mistake(
            "in percent",
            lambda train, test: 100 * overlap(train, test),
            "This is in percent. What is the same share, from 0 to 1?",
        ),
        Mistake(
            "each text once",
            lambda train, test: _share(train, test, once=True),
            "A text that stands in the test twice counts once. The score of the test counts it "
            "twice. Which do you want to know about?",
        ),
        Mistake(
            "share of the training",
            lambda train, test: _share(train, test, of_train=True),
            "This is how much of the *training* stands in the test. How much of the test is known?",
        ),
        Mistake(
            "divided by the training",
            lambda train, test: overlap(train, test) * len(test) / len(train),
            "You divide by the number of training texts. It is a share of which texts?",
        ),
        Mistake(
            "counted",
            lambda train, test: overlap(train, test) * len(test),
            "This is *how many*. Out of how many?",
        ),
        Mistake(
            "the new ones",
            lambda train, test: 1 - overlap(train, test),
            "This is the share of test texts that are *new*. Which share was asked?",
        ),
        Mistake(
            "part of a text",
            lambda train, test: (
                sum(any(_plain(t) in _plain(s) for s in train) for t in test) / len(test)
            ),
            "A text counts as known if it is a *part* of a training text. When are two texts the "
            "same?",
        ),
    ),
    hints=(
        "Bring every text into one form first: small letters, single spaces, none at the ends.",
        '`" ".join(text.casefold().split())` does that. A `set` of the training texts answers '
        "quickly whether one is in it.",
    ),
)
