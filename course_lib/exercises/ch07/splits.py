"""7.7 overlap and 7.8, find the bug: a vocabulary that has seen the test split."""

from collections import Counter
from typing import Any

from course_lib.exercises.ch01.common import BY_HAND
from course_lib.exercises.ch07.merges import fixed
from course_lib.exercises.spec import Exercise, Function, Mistake, Probe

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
            "capitals and spaces",
            fixed(
                ["A dog runs.", "two  men", "one bird"],
                ["a dog runs.", "two men ", "ONE bird", "one bird", "a cat"],
            ),
            "Are *A dog runs.* and *a dog runs.* two different texts to a model?",
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

Splits = dict[str, Texts]


def vocabulary(splits: Splits, size: int) -> list[str]:
    """The most frequent words of the training split; of equally frequent ones, by the alphabet."""
    counts = Counter(word for text in splits["train"] for word in text.split())
    return sorted(counts, key=lambda word: (-counts[word], word))[:size]


def _of(splits: Splits, size: int, names: tuple[str, ...]) -> list[str]:
    texts = [text for name in names for text in splits[name]]
    return vocabulary({"train": texts}, size)


def _copied(answer: Function, splits: Splits, size: int) -> Any:
    return answer({name: list(texts) for name, texts in splits.items()}, size)


VOCABULARY = Exercise(
    id="7.8",
    title="Find the bug",
    signature="vocabulary(splits, size)",
    shapes="splits, size -> ()",
    reference=vocabulary,
    use=_copied,
    bug="all splits",
    smooth=0,
    probes=(
        Probe(
            BY_HAND,
            fixed({"train": ["a b a", "b a c"], "validation": ["b"], "test": ["d d d d"]}, 2),
            "`d` stands in the test only. How can a model know of it?",
        ),
        Probe(
            "the validation has words of its own",
            fixed({"train": ["x y", "y z"], "validation": ["v v v v"], "test": ["x t"]}, 3),
            "What may be looked at before the model is scored, and what not?",
        ),
        Probe(
            "equally frequent words",
            fixed({"train": ["c b a", "d"], "validation": ["d c"], "test": ["d a a"]}, 3),
            "All four are equally frequent in the training. Who tips the balance in yours?",
        ),
    ),
    mistakes=(
        Mistake(
            "all splits",
            lambda splits, size: _of(splits, size, ("train", "validation", "test")),
            "The test split decides which words are known: its rare words are no surprise any "
            "more, and the score is too good. Which texts may be counted?",
        ),
        Mistake(
            "training and validation",
            lambda splits, size: _of(splits, size, ("train", "validation")),
            "The test is out now, and the validation still counts. What you choose by it would be "
            "chosen with knowledge of it. Which split is left?",
        ),
        Mistake(
            "training and test",
            lambda splits, size: _of(splits, size, ("train", "test")),
            "Now the validation is out, and the test still counts. Which split is the one that "
            "nobody may look at?",
        ),
        Mistake(
            "the test alone",
            lambda splits, size: _of(splits, size, ("test",)),
            "Only the test is counted, the very split that must not be looked at. Which one is for "
            "learning?",
        ),
        Mistake(
            "cut off too late",
            lambda splits, size: vocabulary(splits, size + 1),
            "The right split now, and one word too many. Was the last line the bug?",
        ),
        Mistake(
            "the rarest",
            lambda splits, size: _of(splits, 1000, ("train",))[::-1][:size],
            "The right split now, and its *rarest* words. Was the order the bug?",
        ),
        Mistake(
            "by the alphabet",
            lambda splits, size: sorted(_of(splits, 1000, ("train",)))[:size],
            "The right split now, in the order of the alphabet. Was the order the bug?",
        ),
        Mistake(
            "as a set",
            lambda splits, size: set(vocabulary(splits, size)),
            "The right words, without their order. What does the function return, by its "
            "docstring?",
        ),
    ),
    hints=(
        "Follow one word that stands in the test only. How does it get into `counts`?",
        "`splits.values()` goes through all of them. Which one is meant?",
    ),
)
