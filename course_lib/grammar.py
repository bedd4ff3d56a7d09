"""The noun phrases of `scenes`: determiner, adjective and noun agree in gender, number and case.

A phrase is said in English and in German as tokens. A token carries the keys of the parts of the
plan that it says, so that words which share a key translate each other: `im` says preposition and
article, as do `in` and `the`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from course_lib.lexicon import Adjective, Noun, Place, fits

# One ending for each of masculine, feminine, neuter, plural. The genitive is said of owners only.
ENDINGS = {
    "weak": {
        "nominative": "e e e en",
        "accusative": "en e e en",
        "dative": "en en en en",
        "genitive": "en en en en",
    },
    "mixed": {
        "nominative": "er e es en",
        "accusative": "en e es en",
        "dative": "en en en en",
    },
    "strong": {
        "nominative": "er e es e",
        "accusative": "en e es e",
        "dative": "em er em en",
    },
}
CONTRACTIONS = {
    ("in", "dem"): "im",
    ("an", "dem"): "am",
    ("zu", "dem"): "zum",
    ("zu", "der"): "zur",
    ("in", "das"): "ins",
    ("an", "das"): "ans",
}


@dataclass(frozen=True)
class Determiner:
    """What opens a noun phrase, and which endings an adjective takes after it.

    `known` marks what was spoken of before: German says it early.
    """

    english: str
    endings: str
    nominative: str
    accusative: str
    dative: str
    genitive: str = ""
    plural: bool = True
    singular: bool = False
    known: bool = False


def _like_ein(english: str, stem: str, *, known: bool) -> Determiner:
    return Determiner(
        english,
        "mixed",
        f"{stem} {stem}e {stem} {stem}e",
        f"{stem}en {stem}e {stem} {stem}e",
        f"{stem}em {stem}er {stem}em {stem}en",
        singular=True,
        known=known,
    )


# fmt: off
THE = Determiner("the", "weak", "der die das die", "den die das die", "dem der dem den",
                 "des der des der", singular=True, known=True)
A = Determiner("a", "mixed", "ein eine ein", "einen eine ein", "einem einer einem",
               singular=True, plural=False)
TWO = Determiner("two", "strong", "zwei", "zwei", "zwei")
THREE = Determiner("three", "strong", "drei", "drei", "drei")
FOUR = Determiner("four", "strong", "vier", "vier", "vier")
SOME = Determiner("some", "strong", "einige", "einige", "einigen")
MANY = Determiner("many", "strong", "viele", "viele", "vielen")
NO_DETERMINER = Determiner("", "strong", "", "", "")
NO = _like_ein("no", "kein", known=False)
HIS = _like_ein("his", "sein", known=True)
HER = _like_ein("her", "ihr", known=True)
THEIR = _like_ein("their", "ihr", known=True)
# fmt: on


@dataclass(frozen=True)
class Token:
    """A word, and the parts of the plan that it says."""

    text: str
    keys: frozenset[str]


def token(text: str, *keys: str) -> Token:
    return Token(text, frozenset(keys))


@dataclass(frozen=True)
class NounPhrase:
    """`a very old book`, `the farmer's book`. `role` begins the keys of its tokens."""

    role: str
    noun: Noun
    determiner: Determiner
    adjective: Adjective | None = None
    plural: bool = False
    very: bool = False
    owner: "NounPhrase | None" = None

    @property
    def known(self) -> bool:
        return self.determiner.known

    def english(self) -> list[Token]:
        noun = self.noun.english_plural if self.plural else self.noun.english
        adjective = self.adjective.english if self.adjective else ""
        very = "very" if self.very else ""
        if self.owner:
            *rest, name = self.owner.english()
            opening = [*rest, replace(name, text=f"{name.text}'s")]
            return opening + self._tokens("", very, adjective, noun)
        determiner = self.determiner.english
        if determiner == "a" and (very or adjective or noun)[0] in "aeiou":
            determiner = "an"
        return self._tokens(determiner, very, adjective, noun)

    def german(self, case: str) -> list[Token]:
        """The owner follows in the genitive; the article before says what `'s` does."""
        adjective = ""
        if self.adjective:
            ending = self._agreeing(ENDINGS[self.determiner.endings][case])
            adjective = self.adjective.stem + ending
        determiner = self._agreeing(getattr(self.determiner, case))
        noun = decline(self.noun, case, plural=self.plural)
        tokens = self._tokens(determiner, "sehr" if self.very else "", adjective, noun)
        if self.owner:
            tokens[0] = token(determiner, f"{self.owner.role}.noun")
            tokens += self.owner.german("genitive")
        return tokens

    def negative(self, case: str) -> list[Token]:
        """`not … a book` is `kein Buch`: one word says both."""
        tokens = replace(self, determiner=NO).german(case)
        return [replace(tokens[0], keys=tokens[0].keys | {"not"}), *tokens[1:]]

    def pronoun(self, case: str) -> str:
        """The relative pronoun looks like the article, but for `denen` in the dative plural."""
        form = self._agreeing(getattr(THE, case))
        return "denen" if self.plural and case == "dative" else form

    def combinations(self) -> Iterator[str]:
        """The pairs of adjective and noun, as English lemmas."""
        if self.adjective:
            yield f"{self.adjective.english} {self.noun.english}"
        if self.owner:
            yield from self.owner.combinations()

    def _agreeing(self, forms: str) -> str:
        """The form for this noun's gender or for the plural; a single form fits all."""
        options = forms.split() or [""]
        return options[-1] if self.plural else options["mfn".index(self.noun.gender) % len(options)]

    def _tokens(self, determiner: str, very: str, adjective: str, noun: str) -> list[Token]:
        texts = {"determiner": determiner, "very": very, "adjective": adjective, "noun": noun}
        return [token(text, f"{self.role}.{part}") for part, text in texts.items() if text]


def decline(noun: Noun, case: str, *, plural: bool) -> str:
    """The German form of a noun. The dative plural adds -n, except after -n and -s."""
    if plural:
        needs_n = case == "dative" and noun.german_plural[-1] not in "ns"
        return noun.german_plural + "n" * needs_n
    if noun.weak and case != "nominative":
        return noun.german_plural
    if case == "genitive" and noun.gender != "f":
        syllables = re.findall("[aeiouyäöü]+", noun.german.lower())
        return noun.german + ("es" if len(syllables) == 1 or noun.german[-1] in "sßxz" else "s")
    return noun.german


@dataclass(frozen=True)
class Coordination:
    """`a man and an old woman`: two singular phrases that together take a plural verb."""

    first: NounPhrase
    second: NounPhrase
    plural: bool = True

    def english(self) -> list[Token]:
        return [*self.first.english(), token("and", "and"), *self.second.english()]

    def german(self, case: str) -> list[Token]:
        return [*self.first.german(case), token("und", "and"), *self.second.german(case)]

    def combinations(self) -> Iterator[str]:
        yield from self.first.combinations()
        yield from self.second.combinations()


@dataclass(frozen=True)
class Pronoun:
    """`he`, `she`, `it`, `they`: the German one takes the gender of the noun, not of the animal."""

    role: str
    noun: Noun
    plural: bool = False

    def english(self) -> list[Token]:
        living = {"m": "he", "f": "she", "n": "it"}[self.noun.gender]
        text = living if fits("person", self.noun.kinds) else "it"
        return [token("they" if self.plural else text, f"{self.role}.noun")]

    def german(self, case: str) -> list[Token]:
        """In the nominative, the only case that captions need."""
        text = {"m": "er", "f": "sie", "n": "es"}[self.noun.gender]
        return [token("sie" if self.plural else text, f"{self.role}.noun")]

    def combinations(self) -> Iterator[str]:
        return iter(())


@dataclass(frozen=True)
class Location:
    """`in front of two old houses`; where to, if the place is a goal (`ins Haus`)."""

    place: Place
    landmark: NounPhrase

    @property
    def role(self) -> str:
        return self.landmark.role

    def english(self) -> list[Token]:
        key = f"{self.role}.preposition"
        return [token(text, key) for text in self.place.english.split()] + self.landmark.english()

    def german(self) -> list[Token]:
        return with_preposition(
            token(self.place.german, f"{self.role}.preposition"),
            self.landmark.german(self.place.case),
        )


def with_preposition(preposition: Token, phrase: list[Token]) -> list[Token]:
    """The two together; `in dem` becomes `im`."""
    first, *rest = phrase
    contracted = CONTRACTIONS.get((preposition.text, first.text))
    if contracted:
        return [Token(contracted, first.keys | preposition.keys), *rest]
    return [preposition, first, *rest]
