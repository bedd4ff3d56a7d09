"""The clauses of `scenes`: who does what, when, where, said in English and in German order.

In German the finite verb is second in a main clause and last in a subordinate one. Between them
stand: `sich`, the subject if it is not first (a new one after when), when, the known object,
`nicht`, how, where, the new object, an object with a preposition, where to. A verb's particle
closes the main clause.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from course_lib.grammar import (
    NO_DETERMINER,
    A,
    Coordination,
    Location,
    NounPhrase,
    Pronoun,
    Token,
    token,
    with_preposition,
)
from course_lib.lexicon import Adjective, Adverb, Verb, fits

Subject = NounPhrase | Coordination | Pronoun
COMMA = token(",")

BE = Verb("", "ist", "sind", "")


@dataclass(frozen=True)
class Clause:
    """One clause. `role` begins the keys of its verb and of what has no key of its own.

    `state` is said of the subject (`is tired`). The relative clause of the subject (`who is …`) or
    of the object (`the book that …`) lacks what it is about: its subject or its object is None.
    `first` is what opens a main clause: "subject", "place" or "time".
    """

    role: str
    verb: Verb
    subject: Subject | None
    object: NounPhrase | None = None
    wearing: NounPhrase | None = None
    relative: "Clause | None" = None
    object_relative: "Clause | None" = None
    state: Adjective | None = None
    very: bool = False
    manner: Adverb | None = None
    place: Location | None = None
    goal: Location | None = None
    time: tuple[str, str] | None = None
    negated: bool = False
    first: str = "subject"
    there_is: bool = False

    # English

    def english(self, *, plural: bool | None = None) -> list[Token]:
        """`plural` is the number of a subject that stands outside, before a relative clause."""
        plural = self._plural(plural)
        subject = self._english_subject()
        tokens = [*subject, self._verb("are" if plural else "is")]
        if self.there_is:
            tokens = [self._verb("there"), tokens[-1], *subject]
        tokens += [token("not", "not")] if self.negated else []
        how = [self._key("manner", self.manner.english)] if self.manner else []
        what = [*map(self._verb, self.verb.english.split()), *self._english_object()]
        tokens += [*how, *what] if self.object else [*what, *how]
        if self.state:
            tokens += [self._key("very", "very")] if self.very else []
            tokens += [self._key("state", self.state.english)]
        first = "subject" if self.there_is else self.first
        opening: list[Token] = []
        for name, said in (("goal", self.goal), ("place", self.place)):
            phrase = said.english() if said else []
            opening, tokens = (phrase, tokens) if name == first else (opening, tokens + phrase)
        when = self._when(self.time[0]) if self.time else []
        opening, tokens = (when, tokens) if self.first == "time" else (opening, tokens + when)
        return [*opening, COMMA, *tokens] if opening else tokens

    def _english_subject(self) -> list[Token]:
        if not self.subject:
            return []
        tokens = self.subject.english()
        if self.wearing:
            tokens += [token("with", "with"), *self.wearing.english()]
        if self.relative:
            assert isinstance(self.subject, NounPhrase)
            tokens += relative_in_english(self.subject, self.relative)
        return tokens

    def _english_object(self) -> list[Token]:
        if not self.object:
            return []
        tokens = self.object.english()
        if self.object_relative:
            tokens += relative_in_english(self.object, self.object_relative)
        return tokens

    # German

    def german(self, *, inverted: bool = False) -> list[Token]:
        """A main clause. An `inverted` one follows a clause that opens the sentence."""
        subject = self._german_subject()
        place = self.place.german() if self.place else []
        time = self._when(self.time[1]) if self.time else []
        if inverted:
            opening: list[Token] = []
        elif self.first == "place":
            opening, place = place, []
        elif self.first == "time":
            opening, time = time, []
        else:
            opening, subject = subject, []
        finite = self._finite(self._plural(None))
        middle = self._middle(subject, time, place)
        particle = [self._verb(self.verb.particle)] if self.verb.particle else []
        return [*opening, finite, *middle, *particle, *self._german_object_relative()]

    def subordinate(self, *, plural: bool | None = None) -> list[Token]:
        """The finite verb stands last, its particle joined on again."""
        place = self.place.german() if self.place else []
        middle = self._middle(self._german_subject(), [], place)
        finite = self._finite(self._plural(plural))
        return [*middle, replace(finite, text=self.verb.particle + finite.text)]

    def _middle(self, subject: list[Token], time: list[Token], place: list[Token]) -> list[Token]:
        """What stands between the finite verb and the end of a main clause."""
        known: list[Token] = []
        new: list[Token] = []
        preposition: list[Token] = []
        nicht = [token("nicht", "not")] if self.negated else []
        if self.object:
            if self.verb.preposition:
                said = self.object.german(self.verb.case)
                preposition = with_preposition(self._verb(self.verb.preposition), said)
            elif self.object.known:
                known = self.object.german(self.verb.case)
            elif self.negated and self.object.determiner in (A, NO_DETERMINER):
                new, nicht = self.object.negative(self.verb.case), []
            else:
                new = self.object.german(self.verb.case)
        sich = [self._verb("sich")] if self.verb.reflexive else []
        how = [self._key("manner", self.manner.german)] if self.manner else []
        goal = self.goal.german() if self.goal else []
        state: list[Token] = []
        if self.state:
            state = [self._key("very", "sehr")] if self.very else []
            state += [self._key("state", self.state.german)]
        start = sich + subject if not isinstance(self.subject, Pronoun) else subject + sich
        new_subject = isinstance(self.subject, NounPhrase) and not self.subject.known
        start = sich + time + subject if new_subject else start + time
        return [
            *start, *known, *nicht, *how, *place, *new, *preposition, *goal, *state,
        ]  # fmt: skip

    def _german_subject(self) -> list[Token]:
        if not self.subject:
            return []
        tokens = self.subject.german("nominative")
        if self.wearing:
            tokens += [token("mit", "with"), *self.wearing.german("dative")]
        if self.relative:
            assert isinstance(self.subject, NounPhrase)
            tokens += relative_in_german(self.subject, self.relative)
        return tokens

    def _german_object_relative(self) -> list[Token]:
        """It waits until the clause is over: `Sie sieht das Buch an, das der Junge liest.`"""
        if not (self.object and self.object_relative):
            return []
        return relative_in_german(self.object, self.object_relative)

    # Both

    def combinations(self) -> Iterator[str]:
        """The pairs of adjective and noun, and of verb and object, as English lemmas."""
        phrases = (self.subject, self.object, self.wearing)
        places = (self.place, self.goal)
        for phrase in (*phrases, *(place.landmark for place in places if place)):
            if phrase:
                yield from phrase.combinations()
        if self.object:
            yield f"{self.verb.english} {self.object.noun.english}"
        if self.state and isinstance(self.subject, NounPhrase | Pronoun):
            yield f"{self.state.english} {self.subject.noun.english}"
        if self.relative:
            yield from self.relative.combinations()
        if self.object_relative and self.object:
            yield from self.object_relative.combinations()
            yield f"{self.object_relative.verb.english} {self.object.noun.english}"

    def _when(self, text: str) -> list[Token]:
        """`in the` is `am` and `evening` is `Abend`; `heute` says all of it."""
        *rest, last = text.split()
        head = [f"{self.role}.time"] if rest else [f"{self.role}.time", f"{self.role}.time.opening"]
        return [*(self._key("time.opening", word) for word in rest), token(last, *head)]

    def _plural(self, outside: bool | None) -> bool:
        return self.subject.plural if self.subject else bool(outside)

    def _finite(self, plural: bool) -> Token:
        return self._verb(self.verb.plural if plural else self.verb.singular)

    def _verb(self, text: str) -> Token:
        return self._key("verb", text)

    def _key(self, part: str, text: str) -> Token:
        return token(text, f"{self.role}.{part}")


def relative_in_english(head: NounPhrase, clause: Clause) -> list[Token]:
    """`who is reading`, `that the man is reading`, `whom the man is helping`."""
    person = fits("person", head.noun.kinds)
    asked = "who" if clause.subject is None else "whom"
    pronoun = token(asked if person else "that", f"{clause.role}.pronoun")
    return [pronoun, *clause.english(plural=head.plural)]


def relative_in_german(head: NounPhrase, clause: Clause) -> list[Token]:
    """Between commas; the pronoun takes its case, and its preposition, from the clause's verb."""
    case = "nominative" if clause.subject is None else clause.verb.case
    opening = [token(head.pronoun(case), f"{clause.role}.pronoun")]
    if clause.subject and clause.verb.preposition:
        opening = [token(clause.verb.preposition, f"{clause.role}.verb"), *opening]
    return [COMMA, *opening, *clause.subordinate(plural=head.plural), COMMA]


@dataclass(frozen=True)
class Caption:
    """A main clause, and perhaps a subordinate one: `while …`, `because …`, before or after it."""

    main: Clause
    conjunction: tuple[str, str] | None = None
    subordinate: Clause | None = None
    subordinate_first: bool = False

    def english(self) -> list[Token]:
        main = self.main.english()
        if not (self.conjunction and self.subordinate):
            return [*main, token(".", "stop")]
        aside = [token(self.conjunction[0], "conjunction"), *self.subordinate.english()]
        order = [*aside, COMMA, *main] if self.subordinate_first else main + aside
        return [*order, token(".", "stop")]

    def german(self) -> list[Token]:
        tokens = self.main.german(inverted=self.subordinate_first)
        if self.conjunction and self.subordinate:
            conjunction = token(self.conjunction[1], "conjunction")
            aside = [conjunction, *self.subordinate.subordinate()]
            first, second = (aside, tokens) if self.subordinate_first else (tokens, aside)
            tokens = [*first, COMMA, *second]
        return [*single_commas(tokens), token(".", "stop")]

    def combinations(self) -> frozenset[str]:
        """All pairs of words in it of which a split may be free (see `scenes_corpus`)."""
        aside = self.subordinate.combinations() if self.subordinate else ()
        return frozenset([*self.main.combinations(), *aside])


def single_commas(tokens: list[Token]) -> list[Token]:
    """Where two clauses end at once one comma is enough, and at the end there is none."""
    following = [*tokens[1:], COMMA]
    return [
        t for t, after in zip(tokens, following, strict=True) if not t.text == after.text == ","
    ]
