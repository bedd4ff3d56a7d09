"""7.9 depends_on: a probe that the learner writes, tried on things that are made out of splits."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from course_lib.exercises.ch01.common import BY_HAND
from course_lib.exercises.ch07.common import fixed
from course_lib.exercises.spec import Exercise, Function, Mistake, Probe

Splits = dict[str, list[str]]


@dataclass(frozen=True)
class Builder:
    """Something that makes a list or a number out of splits, and may look at any of them."""

    name: str
    make: Callable[[Splits], Any]

    def __call__(self, splits: Splits) -> Any:
        return self.make(splits)

    def __repr__(self) -> str:
        return self.name


def _words(splits: Splits, *names: str) -> list[str]:
    return [word for name in names for text in splits[name] for word in text.split()]


def _ties_by_the_test(splits: Splits) -> list[str]:
    known, tested = (Counter(_words(splits, name)) for name in ("train", "test"))
    return sorted(known, key=lambda word: (-known[word], -tested[word], word))


def _struck_out(splits: Splits) -> list[str]:
    return sorted({*_words(splits, "train")} - {*_words(splits, "test")})


TRAIN = Builder("the words of the training", lambda s: sorted({*_words(s, "train")}))
ALL = Builder("the words of all splits", lambda s: sorted({*_words(s, *s)}))
VALIDATED = Builder(
    "the words of training and validation", lambda s: sorted({*_words(s, "train", "validation")})
)
TIPPED = Builder(
    "the words of the training, equally frequent ones in the order of the test", _ties_by_the_test
)
STRUCK = Builder("the words of the training that the test does not have", _struck_out)
TOP = Builder(
    "the three most frequent words of all splits",
    lambda s: sorted({*_words(s, *s)}, key=lambda word: (-_words(s, *s).count(word), word))[:3],
)
COUNTED = Builder("how many words the training has", lambda s: len(_words(s, "train")))


def depends_on(build: Function, splits: Splits, name: str) -> bool:
    """Does what `build` makes change when the texts of one split are replaced?"""
    return bool(build(splits) != build({**splits, name: ["zyx wvu", "zyx"]}))


def verdict(answer: Function, build: Function, splits: Splits, name: str) -> Any:
    """Yes or no, of whichever type."""
    found = answer(build, splits, name)
    return bool(found) if isinstance(found, (bool, int)) else found


def _added(build: Function, splits: Splits, name: str) -> bool:
    return bool(build(splits) != build({**splits, name: [*splits[name], "zyx"]}))


def _found_there(build: Function, splits: Splits, name: str) -> bool:
    made = build(splits)
    return any(word in made for word in _words(splits, name))


SPLITS = {"train": ["b a", "c b"], "validation": ["v b"], "test": ["t c"]}
NO_TO_ALL = (
    "Your probe says no to everything. Are the texts of the second run really others, with other "
    "words in them?"
)

DEPENDS = Exercise(
    id="7.9",
    title="Who has looked?",
    signature="depends_on(build, splits, name)",
    shapes="build, splits, name -> ()",
    reference=depends_on,
    use=verdict,
    smooth=0,
    probes=(
        Probe(
            BY_HAND,
            fixed(TRAIN, SPLITS, "test"),
            "Only the training is read here. Do both runs give the same list?",
        ),
        Probe(
            "the words of all splits",
            fixed(ALL, SPLITS, "test"),
            "With other texts in the test, what becomes of its word `t`?",
        ),
        Probe(
            "the validation has been read, the test has not",
            fixed(VALIDATED, SPLITS, "test"),
            "The test is asked for. Which split did you replace?",
        ),
        Probe(
            "the same, and the validation is asked for",
            fixed(VALIDATED, SPLITS, "validation"),
            "`name` says which split is meant. Which one did you replace?",
        ),
        Probe(
            "the training itself is asked for",
            fixed(TRAIN, SPLITS, "train"),
            "Everything comes from the training here. With which texts did you replace them?",
        ),
        Probe(
            "the test only tips the balance",
            fixed(TIPPED, SPLITS, "test"),
            "No word comes from the test here, and yet it decides their order. Do you compare the "
            "order? And are the old texts gone in the second run?",
        ),
        Probe(
            "the test takes words away",
            fixed(STRUCK, SPLITS, "test"),
            "`c` is missing because the test has it. Is it gone from the test in the second run?",
        ),
        Probe(
            "a list of three words, whatever the splits are",
            fixed(TOP, SPLITS | {"test": ["t t t"]}, "test"),
            "The list is as long as before, and is it the same?",
        ),
        Probe(
            "a number",
            fixed(COUNTED, SPLITS, "test"),
            "Not everything that is made out of splits is a list. What can be compared always?",
        ),
    ),
    mistakes=(
        Mistake(
            "never",
            lambda build, splits, name: False,
            NO_TO_ALL,
        ),
        Mistake(
            "always",
            lambda build, splits, name: True,
            "Your probe says yes to everything, even where only the training was read. What do you "
            "compare with what? (Two objects are never the same *object*.)",
        ),
        Mistake(
            "yes for no",
            lambda build, splits, name: not depends_on(build, splits, name),
            "Yes and no are exchanged. If both runs give the same, does it depend on the split?",
        ),
        Mistake(
            "texts added",
            _added,
            "The old texts are still there in the second run, beside a new one: what they do is "
            "done both times. What has to become of them?",
        ),
        Mistake(
            "as sets",
            lambda build, splits, name: (
                depends_on(lambda s: {*build(s)}, splits, name)
                if isinstance(build(splits), list)
                else depends_on(build, splits, name)
            ),
            "You compare sets, and the order of a list is lost. Can a split decide the "
            "order alone?",
        ),
        Mistake(
            "lengths",
            lambda build, splits, name: (
                depends_on(lambda s: len(build(s)), splits, name)
                if isinstance(build(splits), list)
                else depends_on(build, splits, name)
            ),
            "You compare lengths. Can two lists be equally long and differ?",
        ),
        Mistake(
            "always the test",
            lambda build, splits, name: depends_on(build, splits, "test"),
            "You replace the test, whatever is asked. What is `name` for?",
        ),
        Mistake(
            "the training's texts again",
            lambda build, splits, name: build(splits) != build({**splits, name: splits["train"]}),
            "You put the texts of the training into the other split. What if the training itself "
            "is asked for, or both agree?",
        ),
        Mistake(
            "a split called name",
            lambda build, splits, name: build(splits) != build({**splits, "name": ["zyx wvu"]}),
            "You add a split that is called *name*, letter by letter, and replace none. When does "
            "Python take `name` for the text, and when for what it stands for?",
        ),
        Mistake(
            "is, and not equals",
            lambda build, splits, name: build(splits) is not build({**splits, name: ["zyx wvu"]}),
            "`is not` asks whether these are two objects, and two runs make two lists, even if "
            "they are equal. Which operator compares what is in them?",
        ),
        Mistake(
            "its words found there",
            _found_there,
            "You look for the words of the split in what was made. The training may have them, too "
            "(and a number has no words). What would change if the split were another one?",
        ),
    ),
    hints=(
        "Change it and see who notices: run `build` twice, the second time with other texts in "
        "that split, and compare.",
        "`{**splits, name: [...]}` is a new dictionary with one split replaced. `!=` compares any "
        "two results.",
    ),
)
