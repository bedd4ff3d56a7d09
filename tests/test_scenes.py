import hashlib
import itertools

import pytest

from course_lib.grammar import (
    MANY,
    NO_DETERMINER,
    SOME,
    THE,
    THREE,
    TWO,
    A,
    Caption,
    Location,
    NounPhrase,
    Predicate,
    Token,
)
from course_lib.lexicon import ADJECTIVES, NOUNS, PLACES, VERBS, Adjective, Noun, Verb, fits
from course_lib.scenes import generate, parse_alignment, scene_of, scenes_corpus, words

CASES = ("nominative", "accusative", "dative")
SAMPLE = list(generate(3000, seed=5))


def noun(english: str) -> Noun:
    return next(n for n in NOUNS if n.english == english)


def adjective(english: str) -> Adjective:
    return next(a for a in ADJECTIVES if a.english == english)


def verb(english: str) -> Verb:
    return next(v for v in VERBS if v.english == english)


def say(tokens: list[Token]) -> str:
    return " ".join(token.text for token in tokens)


# The tables of a school grammar: nominative / accusative / dative.
PARADIGMS = [
    (THE, "old", "man", False, "der alte Mann / den alten Mann / dem alten Mann"),
    (THE, "old", "woman", False, "die alte Frau / die alte Frau / der alten Frau"),
    (THE, "small", "child", False, "das kleine Kind / das kleine Kind / dem kleinen Kind"),
    (THE, "old", "man", True, "die alten Männer / die alten Männer / den alten Männern"),
    (THE, "old", "woman", True, "die alten Frauen / die alten Frauen / den alten Frauen"),
    (THE, "small", "child", True, "die kleinen Kinder / die kleinen Kinder / den kleinen Kindern"),
    (A, "old", "man", False, "ein alter Mann / einen alten Mann / einem alten Mann"),
    (A, "old", "woman", False, "eine alte Frau / eine alte Frau / einer alten Frau"),
    (A, "small", "child", False, "ein kleines Kind / ein kleines Kind / einem kleinen Kind"),
    (TWO, "old", "man", True, "zwei alte Männer / zwei alte Männer / zwei alten Männern"),
    (THREE, "black", "cat", True, "drei schwarze Katzen / drei schwarze Katzen"
                                  " / drei schwarzen Katzen"),
    (SOME, "old", "car", True, "einige alte Autos / einige alte Autos / einigen alten Autos"),
    (MANY, "black", "horse", True, "viele schwarze Pferde / viele schwarze Pferde"
                                   " / vielen schwarzen Pferden"),
    (NO_DETERMINER, "red", "hat", True, "rote Hüte / rote Hüte / roten Hüten"),
    (NO_DETERMINER, "hot", "tea", False, "heißer Tee / heißen Tee / heißem Tee"),
    (NO_DETERMINER, "hot", "milk", False, "heiße Milch / heiße Milch / heißer Milch"),
    (NO_DETERMINER, "cold", "water", False, "kaltes Wasser / kaltes Wasser / kaltem Wasser"),
    (THE, "curious", "boy", False, "der neugierige Junge / den neugierigen Jungen"
                                   " / dem neugierigen Jungen"),
    (A, "big", "bear", False, "ein großer Bär / einen großen Bären / einem großen Bären"),
    (THE, "dark", "forest", False, "der dunkle Wald / den dunklen Wald / dem dunklen Wald"),
    (A, "expensive", "jacket", False, "eine teure Jacke / eine teure Jacke / einer teuren Jacke"),
    (A, "tired", "girl", False, "ein müdes Mädchen / ein müdes Mädchen / einem müden Mädchen"),
]  # fmt: skip


@pytest.mark.parametrize(("determiner", "adj", "english", "plural", "table"), PARADIGMS)
def test_noun_phrases_agree_as_in_the_tables_of_a_grammar(determiner, adj, english, plural, table):
    phrase = NounPhrase("x", noun(english), determiner, adjective(adj), plural)
    assert [say(phrase.german(case)) for case in CASES] == table.split(" / ")


def test_the_tables_cover_every_determiner_gender_and_number():
    covered = {(d.english, "p" if plural else noun(n).gender) for d, _, n, plural, _ in PARADIGMS}
    singular = {(d, g) for d in ("the", "a", "") for g in "mfn"}
    assert covered == singular | {(d, "p") for d in ("the", "two", "three", "some", "many", "")}


WEAK_NOUNS = (
    "Nachbar Nachbarn, Bauer Bauern, Tourist Touristen, Junge Jungen, Bär Bären, Affe Affen"
)


def test_weak_nouns_and_dative_plurals_of_the_whole_lexicon():
    weak = [f"{n.german} {n.german_plural}" for n in NOUNS if n.weak]
    assert ", ".join(weak) == WEAK_NOUNS
    for n in NOUNS:
        if n.mass:
            continue
        dative = say(NounPhrase("x", n, THE, plural=True).german("dative")).removeprefix("den ")
        assert dative[-1] in "ns"
        assert dative.removesuffix("n") == n.german_plural.removesuffix("n")


def test_a_and_an():
    assert say(NounPhrase("x", noun("apple"), A).english()) == "an apple"
    assert say(NounPhrase("x", noun("apple"), A, adjective("fresh")).english()) == "a fresh apple"
    assert say(NounPhrase("x", noun("man"), A, adjective("old")).english()) == "an old man"


WOMAN = NounPhrase("subject", noun("woman"), A, adjective("young"))
TWO_BOYS = NounPhrase("subject", noun("boy"), TWO, plural=True)
DOOR = NounPhrase("main.object", noun("door"), A, adjective("big"))
PARK = Location(next(p for p in PLACES if p.noun == "park"), NounPhrase("place", noun("park"), THE))


def test_what_is_new_follows_the_place_and_what_is_known_goes_before_it():
    book = NounPhrase("main.object", noun("book"), A, adjective("long"))
    new = Caption(WOMAN, Predicate("main", verb("reading"), book), location=PARK)
    assert scene_of(new).source == "A young woman is reading a long book in the park."
    assert scene_of(new).target == "Eine junge Frau liest im Park ein langes Buch."
    the_book = NounPhrase("main.object", noun("book"), THE)
    known = Caption(WOMAN, Predicate("main", verb("reading"), the_book), location=PARK)
    assert scene_of(known).target == "Eine junge Frau liest das Buch im Park."


def test_the_verb_is_second_and_its_particle_last():
    caption = Caption(TWO_BOYS, Predicate("main", verb("opening"), DOOR), location=PARK)
    assert scene_of(caption).target == "Zwei Jungen machen im Park eine große Tür auf."
    fronted = Caption(
        TWO_BOYS, Predicate("main", verb("opening"), DOOR), location=PARK, place_first=True
    )
    assert scene_of(fronted).source == "In the park, two boys are opening a big door."
    assert scene_of(fronted).target == "Im Park machen zwei Jungen eine große Tür auf."


def test_a_relative_clause_ends_in_its_verb_with_the_particle_joined_on():
    goal = NounPhrase("relative.object", noun("man"), THE)
    relative = Predicate("relative", verb("listening to"), goal)
    caption = Caption(WOMAN, Predicate("main", verb("waiting")), relative=relative)
    assert scene_of(caption).source == "A young woman who is listening to the man is waiting."
    assert scene_of(caption).target == "Eine junge Frau, die dem Mann zuhört, wartet."
    fronted = Caption(
        WOMAN,
        Predicate("main", verb("waiting")),
        relative=relative,
        location=PARK,
        place_first=True,
    )
    assert scene_of(fronted).target == "Im Park wartet eine junge Frau, die dem Mann zuhört."


@pytest.mark.parametrize(
    ("german", "english", "determiner", "text"),
    [
        ("in", "park", THE, "im Park"),
        ("in", "kitchen", THE, "in der Küche"),
        ("in", "room", THE, "im Zimmer"),
        ("an", "beach", THE, "am Strand"),
        ("an", "table", A, "an einem Tisch"),
        ("auf", "market", THE, "auf dem Markt"),
        ("hinter", "tree", THREE, "hinter drei Bäumen"),
        ("neben", "car", TWO, "neben zwei Autos"),
    ],
)
def test_places_stand_in_the_dative_and_contract(german, english, determiner, text):
    place = next(p for p in PLACES if (p.german, p.noun) == (german, english))
    plural = determiner not in (THE, A)
    location = Location(place, NounPhrase("place", noun(english), determiner, plural=plural))
    assert say(location.german()) == text


def test_alignment_of_particles_and_contractions():
    caption = Caption(TWO_BOYS, Predicate("main", verb("opening"), DOOR), location=PARK)
    scene = scene_of(caption)
    source, target = words(scene.source), words(scene.target)
    links = [(source[i], target[j]) for i, j in scene.alignment]
    assert links == [
        ("Two", "Zwei"),
        ("boys", "Jungen"),
        ("are", "machen"),
        ("are", "auf"),
        ("opening", "machen"),
        ("opening", "auf"),
        ("a", "eine"),
        ("big", "große"),
        ("door", "Tür"),
        ("in", "im"),
        ("the", "im"),
        ("park", "Park"),
        (".", "."),
    ]


def test_every_word_but_the_comma_is_aligned_and_every_link_is_in_bounds():
    for scene in SAMPLE:
        source, target = words(scene.source), words(scene.target)
        assert {i for i, _ in scene.alignment} == {i for i, w in enumerate(source) if w != ","}
        assert {j for _, j in scene.alignment} == {j for j, w in enumerate(target) if w != ","}
        assert list(scene.alignment) == sorted(set(scene.alignment))


def test_the_text_is_well_formed():
    for text in itertools.chain.from_iterable((s.source, s.target) for s in SAMPLE):
        assert text[0].isupper()
        assert text.endswith(".")
        assert "  " not in text
        assert ",." not in text
        assert " ".join(words(text)).replace(" ,", ",").replace(" .", ".") == text


def test_every_lemma_is_used_and_finds_company():
    text = " ".join(f"{s.source} {s.target}".lower() for s in SAMPLE)
    for n in NOUNS:
        assert n.english in text
        assert n.german.lower() in text
        assert any(fits(a.kinds, n.kinds) for a in ADJECTIVES)
    for v in VERBS:
        assert v.english in text
        assert f" {v.singular} " in text or f" {v.singular}." in text
    assert {p.noun for p in PLACES} <= {n.english for n in NOUNS}
    assert len({n.english for n in NOUNS}) == len(NOUNS) == len({n.german for n in NOUNS})


def test_no_caption_comes_twice_in_either_language():
    assert len({s.source for s in SAMPLE}) == len({s.target for s in SAMPLE}) == len(SAMPLE)


def test_the_same_seed_gives_the_same_captions_on_every_python():
    text = "\n".join(f"{s.source}\t{s.target}\t{s.alignment}" for s in generate(500, seed=0))
    assert hashlib.sha256(text.encode()).hexdigest()[:16] == "d7cec3389afb19a7"
    assert next(generate(1, seed=1)) != next(generate(1, seed=0))


def test_the_splits_share_no_sentence_and_the_test_split_stays_when_train_grows():
    small = scenes_corpus(seed=3, train=300, validation=40, test=50)
    large = scenes_corpus(seed=3, train=400, validation=40, test=50)
    assert {split: len(small[split]) for split in small} == {
        "train": 300,
        "validation": 40,
        "test": 50,
    }
    assert small["test"][:] == large["test"][:]
    assert small["train"][:]["source"] == large["train"][:300]["source"]
    everything = [text for split in small for text in small[split]["source"]]
    assert len(set(everything)) == 390
    assert small["train"].column_names == ["source", "target", "alignment"]


def test_alignments_survive_as_pharaoh_text():
    assert parse_alignment("0-0 1-2 10-3") == ((0, 0), (1, 2), (10, 3))
    corpus = scenes_corpus(seed=3, train=5, validation=1, test=1)
    for row, scene in zip(corpus["test"], generate(1, seed=3), strict=True):
        assert parse_alignment(row["alignment"]) == scene.alignment
