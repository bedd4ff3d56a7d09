"""How a picture caption is said in English and in German.

A `Caption` is the plan; `english()` and `german()` say it, as tokens. A token carries the keys of
the parts of the plan that it says, so that words which share a key translate each other: `is` and
`reading` both say the verb, as does `liest`; `im` says preposition and article.
"""

from dataclasses import dataclass

from course_lib.lexicon import Adjective, Noun, Place, Verb, fits

# One ending for each of masculine, feminine, neuter, plural.
ENDINGS = {
    "weak": {"nominative": "e e e en", "accusative": "en e e en", "dative": "en en en en"},
    "mixed": {"nominative": "er e es en", "accusative": "en e es en", "dative": "en en en en"},
    "strong": {"nominative": "er e es e", "accusative": "en e es e", "dative": "em er em en"},
}
CONTRACTIONS = {("in", "dem"): "im", ("an", "dem"): "am"}


@dataclass(frozen=True)
class Determiner:
    """What opens a noun phrase, and which endings an adjective takes after it."""

    english: str
    endings: str
    nominative: str
    accusative: str
    dative: str
    plural: bool = True
    singular: bool = False


# fmt: off
THE = Determiner("the", "weak", "der die das die", "den die das die", "dem der dem den",
                 singular=True)
A = Determiner("a", "mixed", "ein eine ein", "einen eine ein", "einem einer einem",
               singular=True, plural=False)
TWO = Determiner("two", "strong", "zwei", "zwei", "zwei")
THREE = Determiner("three", "strong", "drei", "drei", "drei")
SOME = Determiner("some", "strong", "einige", "einige", "einigen")
MANY = Determiner("many", "strong", "viele", "viele", "vielen")
NO_DETERMINER = Determiner("", "strong", "", "", "")
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
    """`a red book`. `role` begins the keys of its tokens."""

    role: str
    noun: Noun
    determiner: Determiner
    adjective: Adjective | None = None
    plural: bool = False

    def english(self) -> list[Token]:
        noun = self.noun.english_plural if self.plural else self.noun.english
        adjective = self.adjective.english if self.adjective else ""
        determiner = self.determiner.english
        if determiner == "a" and (adjective or noun)[0] in "aeiou":
            determiner = "an"
        return self._tokens(determiner, adjective, noun)

    def german(self, case: str) -> list[Token]:
        adjective = ""
        if self.adjective:
            ending = self._agreeing(ENDINGS[self.determiner.endings][case])
            adjective = self.adjective.stem + ending
        determiner = self._agreeing(getattr(self.determiner, case))
        return self._tokens(determiner, adjective, decline(self.noun, case, plural=self.plural))

    def _agreeing(self, forms: str) -> str:
        """The form for this noun's gender or for the plural; a single form fits all."""
        options = forms.split() or [""]
        return options[-1] if self.plural else options["mfn".index(self.noun.gender) % len(options)]

    def _tokens(self, determiner: str, adjective: str, noun: str) -> list[Token]:
        parts = (("determiner", determiner), ("adjective", adjective), ("noun", noun))
        return [token(text, f"{self.role}.{part}") for part, text in parts if text]


def decline(noun: Noun, case: str, *, plural: bool) -> str:
    """The German form of a noun. The dative plural adds -n, except after -n and -s."""
    if not plural:
        return noun.german_plural if noun.weak and case != "nominative" else noun.german
    needs_n = case == "dative" and noun.german_plural[-1] not in "ns"
    return noun.german_plural + "n" * needs_n


@dataclass(frozen=True)
class Predicate:
    """A verb and its object, if it has one."""

    role: str
    verb: Verb
    object: NounPhrase | None = None

    def english(self, *, plural: bool) -> list[Token]:
        verb = [
            self._token(text) for text in ("are" if plural else "is", *self.verb.english.split())
        ]
        return verb + (self.object.english() if self.object else [])

    def finite(self, *, plural: bool) -> Token:
        return self._token(self.verb.plural if plural else self.verb.singular)

    def german_object(self) -> list[Token]:
        return self.object.german(self.verb.case) if self.object else []

    def particle(self) -> list[Token]:
        return [self._token(self.verb.particle)] if self.verb.particle else []

    def final(self, *, plural: bool) -> Token:
        """The verb at the end of a subordinate clause, its particle joined on again."""
        return self._token(self.verb.particle + self.finite(plural=plural).text)

    def _token(self, text: str) -> Token:
        return token(text, f"{self.role}.verb")


@dataclass(frozen=True)
class Location:
    """`in front of two old houses`."""

    place: Place
    landmark: NounPhrase

    def english(self) -> list[Token]:
        preposition = [token(text, "preposition") for text in self.place.english.split()]
        return preposition + self.landmark.english()

    def german(self) -> list[Token]:
        first, *rest = self.landmark.german("dative")
        contracted = CONTRACTIONS.get((self.place.german, first.text))
        if contracted:
            return [Token(contracted, first.keys | {"preposition"}), *rest]
        return [token(self.place.german, "preposition"), first, *rest]


@dataclass(frozen=True)
class Caption:
    """The plan of a caption: who, with what, which one, does what, where."""

    subject: NounPhrase
    predicate: Predicate
    wearing: NounPhrase | None = None
    relative: Predicate | None = None
    location: Location | None = None
    place_first: bool = False

    def english(self) -> list[Token]:
        subject = self.subject.english()
        if self.wearing:
            subject += [token("with", "with"), *self.wearing.english()]
        if self.relative:
            pronoun = "who" if fits("person", self.subject.noun.kinds) else "that"
            subject += [token(pronoun, "pronoun")]
            subject += self.relative.english(plural=self.subject.plural)
        core = subject + self.predicate.english(plural=self.subject.plural)
        place = self.location.english() if self.location else []
        ordered = [*place, token(","), *core] if self.place_first else core + place
        return [*ordered, token(".", "stop")]

    def german(self) -> list[Token]:
        """The finite verb is the second part, the particle the last; what is new stands late."""
        subject = self._german_subject()
        place = self.location.german() if self.location else []
        goal = self.predicate.german_object()
        known = bool(self.predicate.object and self.predicate.object.determiner == THE)
        if self.place_first:
            first, middle = place, subject + goal
        else:
            first, middle = subject, goal + place if known else place + goal
        rest = [*middle, *self.predicate.particle()]
        if rest and rest[-1].text == ",":
            rest.pop()  # the full stop closes a relative clause as well
        return [
            *first,
            self.predicate.finite(plural=self.subject.plural),
            *rest,
            token(".", "stop"),
        ]

    def _german_subject(self) -> list[Token]:
        subject = self.subject.german("nominative")
        if self.wearing:
            subject += [token("mit", "with"), *self.wearing.german("dative")]
        if self.relative:
            # The nominative relative pronoun looks like the article.
            article = NounPhrase("", self.subject.noun, THE, plural=self.subject.plural)
            pronoun = token(article.german("nominative")[0].text, "pronoun")
            clause = [pronoun, *self.relative.german_object()]
            clause += [self.relative.final(plural=self.subject.plural)]
            subject += [token(","), *clause, token(",")]
        return subject
