"""`scenes`: picture captions in English and German, generated, with gold word alignments.

    A young woman is reading a red book in the park.
    Eine junge Frau liest im Park ein rotes Buch.

The words come from `lexicon`, their forms and order from `grammar`; here captions are drawn at
random.
"""

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from course_lib.grammar import (
    MANY,
    NO_DETERMINER,
    SOME,
    THE,
    THREE,
    TWO,
    A,
    Caption,
    Determiner,
    Location,
    NounPhrase,
    Predicate,
    Token,
)
from course_lib.lexicon import ADJECTIVES, NOUNS, PLACES, VERBS, Adjective, Noun, Place, Verb, fits

if TYPE_CHECKING:
    from datasets import DatasetDict


@dataclass(frozen=True)
class Scene:
    """A sentence pair. `alignment` holds pairs of indices into `words(source)`, `words(target)`."""

    source: str
    target: str
    alignment: tuple[tuple[int, int], ...]


def words(text: str) -> list[str]:
    """The words of a caption; a full stop or a comma is a word of its own."""
    return re.findall(r"[^\s.,]+|[.,]", text)


def parse_alignment(pharaoh: str) -> tuple[tuple[int, int], ...]:
    """`"0-0 1-2"` as ((0, 0), (1, 2)), the form of `Scene.alignment`."""
    return tuple((int(s), int(t)) for s, _, t in (link.partition("-") for link in pharaoh.split()))


def scene_of(caption: Caption) -> Scene:
    """Say a caption in both languages: words that share a key are aligned."""
    source, target = caption.english(), caption.german()
    alignment = tuple(
        (i, j)
        for i, english in enumerate(source)
        for j, german in enumerate(target)
        if not english.keys.isdisjoint(german.keys)
    )
    return Scene(_text(source), _text(target), alignment)


def generate(size: int, seed: int) -> Iterator[Scene]:
    """`size` captions, no two alike in either language; the same ones for the same seed."""
    rng = random.Random(seed)
    seen: set[str] = set()
    while size > 0:
        scene = scene_of(_plan(rng))
        if seen.isdisjoint((scene.source, scene.target)):
            seen.update((scene.source, scene.target))
            size -= 1
            yield scene


def scenes_corpus(
    seed: int = 0, *, train: int = 12_000, validation: int = 500, test: int = 500
) -> "DatasetDict":
    """English captions and their German translations, with gold word alignments.

    Columns: `source`, `target` and `alignment`, which is text (`"0-0 1-2"`, see `parse_alignment`).
    No sentence stands in two splits.
    """
    from datasets import Dataset, DatasetDict

    # Test and validation come first, so that they stay the same when `train` grows.
    sizes = {"test": test, "validation": validation, "train": train}
    scenes = generate(sum(sizes.values()), seed)
    splits = {}
    for split, size in sizes.items():
        drawn = [next(scenes) for _ in range(size)]
        splits[split] = Dataset.from_dict(
            {
                "source": [scene.source for scene in drawn],
                "target": [scene.target for scene in drawn],
                "alignment": [" ".join(f"{i}-{j}" for i, j in scene.alignment) for scene in drawn],
            }
        )
    return DatasetDict({split: splits[split] for split in ("train", "validation", "test")})


def _plan(rng: random.Random) -> Caption:
    """Draw a caption whose parts go together; no noun stands in it twice."""
    verb = rng.choice(VERBS)
    actors = _nouns(verb.subjects)
    subject = _noun_phrase(rng, "subject", actors, (A, A, THE, THE, TWO, THREE, SOME, MANY))
    used = [subject.noun]
    predicate = _predicate(rng, "main", verb, subject, used)

    wearing = relative = None
    detail = rng.random()
    if detail < 0.15 and fits("person", subject.noun.kinds) and verb.objects != "clothes":
        wearing = _clothes(rng, "wearing", subject, used)
    elif 0.15 <= detail < 0.3 and not verb.asleep:
        aside = [
            v for v in VERBS if v.beside and v != verb and fits(v.subjects, subject.noun.kinds)
        ]
        if aside:
            relative = _predicate(rng, "relative", rng.choice(aside), subject, used)

    location = None
    if verb.needs_place or rng.random() < 0.6:
        location = _location(rng, verb.places, used)
    place_first = location is not None and rng.random() < 0.25
    return Caption(subject, predicate, wearing, relative, location, place_first)


def _predicate(
    rng: random.Random, role: str, verb: Verb, subject: NounPhrase, used: list[Noun]
) -> Predicate:
    if not verb.objects:
        return Predicate(role, verb)
    if verb.objects == "clothes":
        return Predicate(role, verb, _clothes(rng, f"{role}.object", subject, used))
    nouns = [noun for noun in _nouns(verb.objects) if noun not in used]
    goal = _noun_phrase(rng, f"{role}.object", nouns, (A, A, A, THE, THE, TWO, THREE, SOME))
    used.append(goal.noun)
    return Predicate(role, verb, goal)


def _clothes(rng: random.Random, role: str, wearer: NounPhrase, used: list[Noun]) -> NounPhrase:
    """One piece for one person, several for several: `two men with black hats`."""
    nouns = [noun for noun in _nouns("clothes") if noun not in used]
    phrase = _noun_phrase(rng, role, nouns, (NO_DETERMINER if wearer.plural else A,), 0.8)
    used.append(phrase.noun)
    return phrase


def _location(rng: random.Random, kinds: str, used: list[Noun]) -> Location:
    names = {noun.english for noun in used}
    place = rng.choice([place for place in _places(kinds) if place.noun not in names])
    landmark = next(noun for noun in NOUNS if noun.english == place.noun)
    determiners = (A, THE, THE, TWO, THREE) if place.many else (A, THE, THE)
    return Location(
        place, _noun_phrase(rng, "place", [landmark], determiners, 0.3, the_many=place.many)
    )


def _noun_phrase(
    rng: random.Random,
    role: str,
    nouns: list[Noun],
    determiners: tuple[Determiner, ...],
    adjectives: float = 0.5,
    *,
    the_many: bool = True,
) -> NounPhrase:
    """A random phrase. `adjectives` is how often it has one; `the_many` allows `the` + plural."""
    noun = rng.choice(nouns)
    if noun.mass:
        determiner, plural = NO_DETERMINER, False
    else:
        determiner = rng.choice(determiners)
        either = determiner.singular and determiner.plural
        plural = the_many and rng.random() < 0.25 if either else determiner.plural
    adjective = rng.choice(_adjectives(noun.kinds)) if rng.random() < adjectives else None
    return NounPhrase(role, noun, determiner, adjective, plural)


@cache
def _nouns(kinds: str) -> list[Noun]:
    return [noun for noun in NOUNS if fits(kinds, noun.kinds)]


@cache
def _places(kinds: str) -> list[Place]:
    return [place for place in PLACES if fits(kinds, place.kind)]


@cache
def _adjectives(kinds: str) -> list[Adjective]:
    return [adjective for adjective in ADJECTIVES if fits(adjective.kinds, kinds)]


def _text(tokens: list[Token]) -> str:
    text = re.sub(r" ([.,])", r"\1", " ".join(token.text for token in tokens))
    return text[0].upper() + text[1:]
