"""Captions for `scenes`, drawn at random from words that go together."""

import random
from dataclasses import dataclass, field, replace
from functools import cache

from course_lib.clauses import BE, Caption, Clause, Subject
from course_lib.grammar import (
    FOUR,
    HER,
    HIS,
    MANY,
    NO,
    NO_DETERMINER,
    SOME,
    THE,
    THEIR,
    THREE,
    TWO,
    A,
    Coordination,
    Determiner,
    Location,
    NounPhrase,
    Pronoun,
)
from course_lib.lexicon import Adjective, Noun, Place, Verb, fits
from course_lib.lexicon_nouns import ADJECTIVES, NOUNS
from course_lib.lexicon_verbs import ADVERBS, GOALS, PLACES, TIMES, VERBS

WHO = (A, A, A, THE, THE, THE, TWO, THREE, SOME, MANY)
WHAT = (A, A, A, THE, THE, THE, TWO, THREE, FOUR, SOME)
WHERE = (A, THE, THE)
WORN = ("clothes", "garment", "headwear")
OWNED = "pet clothes load vehicle instrument device text doll"
WEATHER = (Verb("raining", "regnet", "regnen", ""), Verb("snowing", "schneit", "schneien", ""))
WEATHER_NOUN = Noun("weather", "", "Wetter", "", "n", "weather")
# Why somebody does something.
REASONS = {
    "tired": "sleeping|falling asleep|resting",
    "hungry": "eating|baking",
    "sad": "crying",
    "cheerful": "laughing|singing|dancing|smiling",
    "friendly": "smiling|helping|waving at|greeting",
    "polite": "waiting|thanking|greeting|helping",
    "curious": "looking at|opening|following|reading|listening to",
    "proud": "smiling|singing",
}
SHELTER = "running|waiting|crying"


@dataclass
class Draw:
    """One caption in the making: no noun stands in it twice."""

    rng: random.Random
    used: set[str] = field(default_factory=set)  # English nouns

    def caption(self) -> Caption:
        kind = self.rng.random()
        if kind < 0.06:
            return Caption(self.state())
        if kind < 0.11:
            return Caption(self.there_is())
        if kind < 0.20:
            return self.meanwhile()
        if kind < 0.27:
            return self.reason()
        return Caption(self.action())

    def state(self) -> Clause:
        """`The old car is not very clean.`"""
        adjective = self.rng.choice([a for a in ADJECTIVES if _countable(a.kinds)])
        subject = self.phrase("main.subject", _countable(adjective.kinds), (THE,), 0)
        very = adjective.degree and self.rng.random() < 0.4
        negated = self.rng.random() < 0.3
        return Clause("main", BE, subject, state=adjective, very=very, negated=negated)

    def there_is(self) -> Clause:
        """`There is no dog in the garden.`"""
        subject = self.phrase("main.subject", _nouns("person pet"), (A, A, NO, TWO, THREE, SOME))
        place = self.location("main.place", _places("outside"))
        return Clause("main", BE, subject, place=place, first="place", there_is=True)

    def meanwhile(self) -> Caption:
        """`A man is singing while the child is sleeping.`"""
        verbs = [v for v in VERBS if not v.needs_place and not v.goals]
        subordinate = self.simple("aside", verbs)
        main = self.simple("main", [v for v in verbs if v != subordinate.verb])
        return Caption(main, ("while", "während"), subordinate, self.rng.random() < 0.3)

    def reason(self) -> Caption:
        """`The woman is sleeping because she is tired`, `… although it is raining`."""
        if self.rng.random() < 0.35:
            weather = Clause(
                "aside", self.rng.choice(WEATHER), Pronoun("aside.subject", WEATHER_NOUN)
            )
            if self.rng.random() < 0.5:
                main = self.simple("main", [v for v in VERBS if v.english in SHELTER.split("|")])
                return Caption(main, ("because", "weil"), weather)
            outside = [
                v for v in VERBS if fits("outside", v.places) and not (v.needs_place or v.goals)
            ]
            return Caption(self.simple("main", outside), ("although", "obwohl"), weather)
        reason = self.rng.choice(sorted(REASONS))
        adjective = next(a for a in ADJECTIVES if a.english == reason)
        verbs = [v for v in VERBS if v.english in REASONS[reason].split("|")]
        main = self.simple("main", verbs, kinds=adjective.kinds)
        assert isinstance(main.subject, NounPhrase)
        pronoun = Pronoun("aside.subject", main.subject.noun, main.subject.plural)
        very = self.rng.random() < 0.3
        because = Clause("aside", BE, pronoun, state=adjective, very=very)
        return Caption(main, ("because", "weil"), because)

    def simple(self, role: str, verbs: list[Verb], kinds: str = "") -> Clause:
        """Subject, verb and object. With `kinds` the subject is one that a pronoun may follow."""
        verb = self.rng.choice(verbs)
        nouns = [n for n in _nouns(verb.subjects) if not kinds or (fits(kinds, n.kinds))]
        if kinds:
            nouns = [n for n in nouns if _sex(n) or not fits("person", n.kinds)]
        subject = self.phrase(f"{role}.subject", nouns, (A, THE, THE, TWO), 0 if kinds else 0.3)
        return Clause(role, verb, subject, self.object(role, verb, subject))

    def action(self) -> Clause:
        """Who does what, how, where, where to and when."""
        rng = self.rng
        verb = rng.choice(VERBS)
        subject = self.subject(verb)
        negated = isinstance(subject, NounPhrase) and subject.determiner == THE
        negated = negated and rng.random() < 0.25
        clause = Clause("main", verb, subject, negated=negated)
        clause = self.with_details(clause)
        goal = place = manner = time = None
        if clause.object_relative:
            return clause
        if verb.goals:
            goal = self.location("main.goal", _goals(verb.goals), known=negated)
        if verb.manner and not negated and rng.random() < 0.4:
            manner = rng.choice([a for a in ADVERBS if fits(a.kinds, verb.manner)])
        crowded = bool(manner and clause.object) or bool(verb.goals) or not verb.places
        if verb.needs_place or (not crowded and rng.random() < 0.55):
            place = self.location("main.place", _places(verb.places), known=negated)
        if not negated and rng.random() < 0.15:
            time = rng.choice(TIMES)
        first = "subject"
        if place and not negated and not verb.needs_place and rng.random() < 0.25:
            first = "place"
        elif time and rng.random() < 0.5:
            first = "time"
        return replace(clause, goal=goal, manner=manner, place=place, time=time, first=first)

    def subject(self, verb: Verb) -> Subject:
        actors = _nouns(verb.subjects)
        if fits(verb.subjects, "person adult child") and self.rng.random() < 0.08:
            determiner = self.rng.choice((A, THE))
            people = [noun for noun in actors if fits("person", noun.kinds)]
            first, second = (
                self.phrase(f"main.{name}", people, (determiner,), 0.3, the_many=False)
                for name in ("subject", "partner")
            )
            return Coordination(first, second)
        determiners = WHO if verb.objects else (*WHO, NO)
        return self.phrase("main.subject", actors, determiners)

    def with_details(self, clause: Clause) -> Clause:
        """The object, and what tells of the subject or the object more than an adjective."""
        rng, verb, subject = self.rng, clause.verb, clause.subject
        detail = rng.random()
        plain = isinstance(subject, NounPhrase) and subject.determiner != NO
        if isinstance(subject, NounPhrase) and plain and not clause.negated:
            if detail < 0.1 and fits("person", subject.noun.kinds) and verb.objects not in WORN:
                worn = self.clothes("main.wearing", subject, "accessory")
                clause = replace(clause, wearing=worn)
            elif detail < 0.3 and fits("idle", verb.uses):
                clause = replace(clause, relative=self.subject_relative(subject, verb))
        goal = self.object("main", verb, subject, negated=clause.negated)
        clause = replace(clause, object=goal)
        if goal and detail > 0.5 and fits("regards", verb.uses) and goal.known and not goal.owner:
            clause = replace(clause, object_relative=self.object_relative(goal, verb))
        return clause

    def subject_relative(self, subject: NounPhrase, verb: Verb) -> Clause | None:
        """`who is eating an apple`"""
        kinds = subject.noun.kinds
        verbs = [v for v in VERBS if fits("beside", v.uses) and fits(v.subjects, kinds)]
        if not verbs:
            return None
        aside = self.rng.choice(verbs)
        return Clause("relative", aside, None, self.object("relative", aside, subject, plain=True))

    def object_relative(self, goal: NounPhrase, verb: Verb) -> Clause | None:
        """`that the boy is feeding`"""
        kinds = goal.noun.kinds
        verbs = [v for v in VERBS if fits("shown", v.uses) and fits(v.objects, kinds) and v != verb]
        if not verbs or goal.determiner != THE:
            return None
        aside = self.rng.choice(verbs)
        doer = self.phrase("relative.subject", _nouns(aside.subjects), (A, THE, THE), 0.3)
        return Clause("relative", aside, doer)

    def object(
        self,
        role: str,
        verb: Verb,
        subject: Subject | None,
        *,
        negated: bool = False,
        plain: bool = False,
    ) -> NounPhrase | None:
        """A `plain` one belongs to nobody. Of what is `negated` there is one, or the known one."""
        if not verb.objects:
            return None
        role = f"{role}.object"
        if verb.objects in WORN and subject:
            return self.clothes(role, subject, verb.objects)
        determiners: tuple[Determiner, ...] = WHAT
        if negated:
            determiners = (THE,) if verb.preposition else (A, THE)
        goal = self.phrase(role, _nouns(verb.objects), determiners)
        if goal.noun.mass or plain or not fits(OWNED, goal.noun.kinds) or verb.places == "shop":
            return goal
        detail = self.rng.random()
        if detail < 0.1 and isinstance(subject, NounPhrase) and (whose := _possessive(subject)):
            return replace(goal, determiner=whose, plural=subject.plural)
        if 0.1 < detail < 0.18:
            owner = self.phrase(f"{role}.owner", _nouns("person"), (THE,), 0, the_many=False)
            return replace(goal, determiner=THE, plural=False, owner=owner)
        return goal

    def clothes(self, role: str, wearer: Subject, kind: str) -> NounPhrase:
        """One piece for one person, several for several: `two men with black hats`."""
        return self.phrase(role, _nouns(kind), (NO_DETERMINER if wearer.plural else A,), 0.8)

    def location(self, role: str, places: list[Place], *, known: bool = False) -> Location:
        place = self.rng.choice([place for place in places if place.noun not in self.used])
        landmark = next(noun for noun in NOUNS if noun.english == place.noun)
        determiners: tuple[Determiner, ...] = WHERE
        if place.many:
            determiners = (*WHERE, TWO, THREE)
        if fits("two", place.kind):
            determiners = (TWO,)
        elif known:
            determiners = (THE,)
        many = place.many and not known
        return Location(place, self.phrase(role, [landmark], determiners, 0.3, the_many=many))

    def phrase(
        self,
        role: str,
        nouns: list[Noun],
        determiners: tuple[Determiner, ...],
        adjectives: float = 0.5,
        *,
        the_many: bool = True,
    ) -> NounPhrase:
        """`adjectives` is how often it has one; `the_many` allows `the` with a plural."""
        rng = self.rng
        noun = rng.choice([noun for noun in nouns if noun.english not in self.used])
        self.used.add(noun.english)
        if noun.mass:
            determiner, plural = NO_DETERMINER, False
        else:
            determiner = rng.choice(determiners)
            either = determiner.singular and determiner.plural
            plural = the_many and rng.random() < 0.25 if either else determiner.plural
        if rng.random() >= adjectives:
            return NounPhrase(role, noun, determiner, None, plural)
        adjective = rng.choice(_adjectives(noun.kinds))
        very = adjective.degree and determiner in (A, THE) and rng.random() < 0.08
        return NounPhrase(role, noun, determiner, adjective, plural, very)


def _sex(noun: Noun) -> str:
    """m or f, if the pronoun is clear: `Mädchen` and `Kind` are neuter, whoever they are."""
    return noun.gender if fits("person", noun.kinds) and noun.gender != "n" else ""


def _possessive(subject: NounPhrase) -> Determiner | None:
    if not fits("person", subject.noun.kinds):
        return None
    if subject.plural:
        return THEIR
    return {"m": HIS, "f": HER}.get(_sex(subject.noun))


@cache
def _nouns(kinds: str) -> list[Noun]:
    return [noun for noun in NOUNS if fits(kinds, noun.kinds)]


@cache
def _countable(kinds: str) -> list[Noun]:
    return [noun for noun in _nouns(kinds) if not noun.mass]


@cache
def _places(kinds: str) -> list[Place]:
    return [place for place in PLACES if fits(kinds, place.kind)]


@cache
def _goals(kinds: str) -> list[Place]:
    return [place for place in GOALS if fits(kinds, place.kind)]


@cache
def _adjectives(kinds: str) -> list[Adjective]:
    return [adjective for adjective in ADJECTIVES if fits(adjective.kinds, kinds)]
