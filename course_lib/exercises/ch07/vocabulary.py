"""7.8, find the bug: a vocabulary that has seen the test split."""

from collections import Counter

from course_lib.exercises.ch01.common import BY_HAND
from course_lib.exercises.ch07.common import fixed
from course_lib.exercises.spec import Exercise, Function, Mistake, Probe

Texts = list[str]
Splits = dict[str, Texts]


def vocabulary(splits: Splits, size: int) -> list[str]:
    """The most frequent words of the training split; of equally frequent ones, by the alphabet."""
    counts = Counter(word for text in splits["train"] for word in text.split())
    return sorted(counts, key=lambda word: (-counts[word], word))[:size]


def _of(splits: Splits, size: int, names: tuple[str, ...]) -> list[str]:
    texts = [text for name in names for text in splits[name]]
    return vocabulary({"train": texts}, size)


def _counted(weigh: Function) -> Function:
    """vocabulary, with another order of its words: by `weigh(word, counts)`."""

    def listed(splits: Splits, size: int) -> list[str]:
        counts = Counter(word for text in splits["train"] for word in text.split())
        return sorted(counts, key=lambda word: weigh(word, counts))[:size]

    return listed


def _with_the_tests_words(splits: Splits, size: int) -> list[str]:
    known = vocabulary(splits, 1000)
    new = {word for text in splits["test"] for word in text.split()} - {*known}
    return [*known, *sorted(new)][:size]


def _without_the_tests_words(splits: Splits, size: int) -> list[str]:
    tested = {word for text in splits["test"] for word in text.split()}
    return [word for word in vocabulary(splits, 1000) if word not in tested][:size]


TIES = (
    "The right split now, and equally frequent words stand in another order. Was the last line the "
    "bug?"
)
RAREST = "The right split now, and its *rarest* words. Was the order the bug?"

VOCABULARY = Exercise(
    id="7.8",
    title="Find the bug",
    signature="vocabulary(splits, size)",
    shapes="splits, size -> ()",
    reference=vocabulary,
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
            "room for more words than the training has",
            fixed({"train": ["a b", "b"], "validation": ["v"], "test": ["t a"]}, 100),
            "The list is longer than the training has words. Where would more come from?",
        ),
        Probe(
            "the test stands in front",
            fixed({"test": ["t t t"], "validation": ["v v"], "train": ["b a", "a"]}, 2),
            "A dictionary is asked by name. Does the order of the splits matter in yours?",
        ),
        Probe(
            "a word several times in one text, and a capital",
            fixed({"train": ["a a a", "b", "b", "The the"], "validation": [], "test": ["b"]}, 4),
            "How often does the training have `a`? Are `The` and `the` one word to the function "
            "as it was?",
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
            "The test split decides which words are known: none of its words is new any more, as "
            "some are in real use, and the test can't measure that. Which texts may be counted?",
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
            RAREST,
            group="the rarest",
        ),
        Mistake(
            "the rarest, by the alphabet",
            _counted(lambda word, counts: (counts[word], word)),
            RAREST,
            group="the rarest",
        ),
        Mistake(
            "by the alphabet",
            lambda splits, size: sorted(_of(splits, 1000, ("train",)))[:size],
            "The right split now, in the order of the alphabet. Was the order the bug?",
        ),
        Mistake(
            "the first split",
            lambda splits, size: vocabulary({"train": next(iter(splits.values()))}, size),
            "You take whichever split comes first. A dictionary has names. Which one do you want?",
        ),
        Mistake(
            "the test's words at the end",
            _with_the_tests_words,
            "Only the training is counted, and then the words of the test are put on the list all "
            "the same. Who may know of them?",
        ),
        Mistake(
            "without the test's words",
            _without_the_tests_words,
            "Words of the training are struck out because the test has them. That is a look into "
            "the test, too. Which texts may the function read at all?",
        ),
        Mistake(
            "small letters",
            lambda splits, size: vocabulary({"train": [t.lower() for t in splits["train"]]}, size),
            "The right split now, in small letters. Were the capitals the bug?",
        ),
        Mistake(
            "once a text",
            lambda splits, size: vocabulary(
                {"train": [" ".join(dict.fromkeys(t.split())) for t in splits["train"]]}, size
            ),
            "The right split now, and a word counts once a text, however often it stands there. "
            "Was the counting the bug?",
        ),
        Mistake(
            "ties as they were met",
            _counted(lambda word, counts: -counts[word]),
            TIES,
            group="ties",
        ),
        Mistake(
            "ties from z to a",
            _counted(lambda word, counts: (-counts[word], *(-ord(letter) for letter in word))),
            TIES,
            group="ties",
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
