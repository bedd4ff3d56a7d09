"""What the grammar of `scenes` must know of a word. The words: `lexicon_nouns`, `lexicon_verbs`.

`kinds` says what a noun is, and so which verbs and adjectives go with it: one line more in a table
is one word more in the corpus. Forms that a rule gets wrong are written out.
"""

from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True)
class Noun:
    """`gender` is m, f or n. A `weak` noun takes its plural form in all cases but the nominative.

    A noun without plural is a mass noun: it stands without an article (`trinkt kalten Tee`).
    """

    english: str
    english_plural: str
    german: str
    german_plural: str
    gender: str
    kinds: str
    weak: bool = False

    @property
    def mass(self) -> bool:
        return not self.german_plural


@dataclass(frozen=True)
class Adjective:
    """`stem` is what German endings are added to, `german` stands alone: `dunkl-e`, `dunkel`.

    `degree` tells whether it goes with `very`.
    """

    english: str
    german: str
    stem: str
    kinds: str
    degree: bool = True


@dataclass(frozen=True)
class Adverb:
    """How something is done, in both languages. `kinds` are kinds of `Verb.manner`."""

    english: str
    german: str
    kinds: str


@dataclass(frozen=True)
class Place:
    """A preposition in both languages, the German case, and the noun it goes with.

    `many` places can be counted: `behind three trees`, but not `in three parks`.
    """

    english: str
    german: str
    noun: str
    kind: str
    case: str = "dative"
    many: bool = False


@dataclass(frozen=True)
class Verb:
    """An English `-ing` form, and the German third person, singular and plural.

    `particle` is the part that leaves a German verb in a main clause (`macht … auf`). An object
    stands in `case`, perhaps behind a `preposition`. `places` and `goals` are kinds of `Place`; a
    verb that `needs_place` is odd without one (`steht`), as is one with goals (`geht`).
    `uses` are parts that it may play where two clauses meet: who is `idle` may do something else
    `beside` it (`a man who is holding a cup is laughing`); who `regards` somebody may see that
    something is done to them, if that can be `shown` (`the dog that the boy is feeding`).
    """

    english: str
    singular: str
    plural: str
    subjects: str
    objects: str = ""
    particle: str = ""
    case: str = "accusative"
    preposition: str = ""
    reflexive: bool = False
    places: str = "outside inside"
    goals: str = ""
    manner: str = ""
    needs_place: bool = False
    uses: str = ""


@cache
def fits(kinds: str, others: str) -> bool:
    """Do two lists of kinds have one in common?"""
    return not set(kinds.split()).isdisjoint(others.split())


def rows(table: str) -> list[list[str]]:
    """The lines of a table, cut at spaces; an underscore stands for a space within a field."""
    lines = [line.split() for line in table.strip().splitlines()]
    return [[field.replace("_", " ") for field in line] for line in lines]
