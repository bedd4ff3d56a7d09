import hashlib
import itertools

import pytest

from course_lib.clauses import BE, Caption, Clause
from course_lib.grammar import (
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
    Determiner,
    Location,
    NounPhrase,
    Pronoun,
    Token,
    decline,
)
from course_lib.lexicon import Adjective, Adverb, Noun, Place, Verb, fits
from course_lib.lexicon_nouns import ADJECTIVES, NOUNS
from course_lib.lexicon_verbs import ADVERBS, GOALS, PLACES, TIMES, VERBS
from course_lib.scenes import generate, is_unusual, parse_alignment, scene_of, scenes_corpus, words

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
    (NO, "old", "man", False, "kein alter Mann / keinen alten Mann / keinem alten Mann"),
    (NO, "old", "woman", False, "keine alte Frau / keine alte Frau / keiner alten Frau"),
    (NO, "small", "child", False, "kein kleines Kind / kein kleines Kind / keinem kleinen Kind"),
    (NO, "old", "man", True, "keine alten Männer / keine alten Männer / keinen alten Männern"),
    (HIS, "red", "hat", False, "sein roter Hut / seinen roten Hut / seinem roten Hut"),
    (HIS, "new", "jacket", False, "seine neue Jacke / seine neue Jacke / seiner neuen Jacke"),
    (HIS, "white", "shirt", False, "sein weißes Hemd / sein weißes Hemd / seinem weißen Hemd"),
    (HIS, "red", "hat", True, "seine roten Hüte / seine roten Hüte / seinen roten Hüten"),
    (HER, "red", "hat", False, "ihr roter Hut / ihren roten Hut / ihrem roten Hut"),
    (HER, "new", "jacket", False, "ihre neue Jacke / ihre neue Jacke / ihrer neuen Jacke"),
    (HER, "white", "shirt", False, "ihr weißes Hemd / ihr weißes Hemd / ihrem weißen Hemd"),
    (THEIR, "red", "hat", True, "ihre roten Hüte / ihre roten Hüte / ihren roten Hüten"),
    (A, "tired", "girl", False, "ein müdes Mädchen / ein müdes Mädchen / einem müden Mädchen"),
]  # fmt: skip


@pytest.mark.parametrize(("determiner", "adj", "english", "plural", "table"), PARADIGMS)
def test_noun_phrases_agree_as_in_the_tables_of_a_grammar(determiner, adj, english, plural, table):
    phrase = NounPhrase("x", noun(english), determiner, adjective(adj), plural)
    assert [say(phrase.german(case)) for case in CASES] == table.split(" / ")


def test_the_tables_cover_every_determiner_gender_and_number():
    covered = {(d.english, "p" if plural else noun(n).gender) for d, _, n, plural, _ in PARADIGMS}
    singular = {(d, g) for d in ("the", "a", "no", "his", "her", "") for g in "mfn"}
    many = ("the", "two", "three", "some", "many", "no", "his", "their", "")
    assert covered == singular | {(d, "p") for d in many}


WEAK_NOUNS = (
    "Nachbar Nachbarn, Bauer Bauern, Tourist Touristen, Student Studenten, Soldat Soldaten, "
    "Polizist Polizisten, Pirat Piraten, Junge Jungen, Welpe Welpen, Bär Bären, Affe Affen, "
    "Löwe Löwen, Elefant Elefanten"
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


def unmarked(text: str) -> str:
    """Without umlauts."""
    return text.lower().translate(str.maketrans("äöü", "aou"))


def test_every_plural_has_an_ending_that_its_gender_and_form_allow():
    for n in NOUNS:
        if n.mass or n.german == "Museum":  # Museen: the one plural that drops an ending
            continue
        stem, plural = unmarked(n.german), unmarked(n.german_plural)
        assert plural.startswith(stem), n
        ending = plural.removeprefix(stem)
        if n.german.endswith("in") and n.gender == "f":
            assert ending == "nen", n
        elif n.german.endswith("e") and (n.gender == "f" or n.weak):
            assert ending == "n", n
        elif n.german.endswith(("chen", "er", "en", "el")) and n.gender != "f" and not n.weak:
            assert ending == "", n
        elif n.gender == "f":
            assert ending in ("en", "n", "e", "", "s"), n
        else:
            assert ending in ("e", "er", "en", "n", "s", "se"), n


# Third person: singular and plural of a main clause, and joined at the end of a subordinate one.
SEPARABLE = """
schläft ein, schlafen ein, einschläft | wacht auf, wachen auf, aufwacht
steht auf, stehen auf, aufsteht | ruht aus, ruhen aus, ausruht | liest vor, lesen vor, vorliest
zieht an, ziehen an, anzieht | zieht aus, ziehen aus, auszieht | hebt auf, heben auf, aufhebt
wäscht ab, waschen ab, abwäscht | trocknet ab, trocknen ab, abtrocknet
schneidet auf, schneiden auf, aufschneidet | macht auf, machen auf, aufmacht
macht zu, machen zu, zumacht | sieht an, sehen an, ansieht | lädt ein, laden ein, einlädt
sucht aus, suchen aus, aussucht | winkt zu, winken zu, zuwinkt | hört zu, hören zu, zuhört
sieht zu, sehen zu, zusieht | läuft nach, laufen nach, nachläuft
setzt auf, setzen auf, aufsetzt | setzt ab, setzen ab, absetzt
"""
SIMPLE = """
lacht lachen, singt singen, redet reden, weint weinen, bellt bellen, tanzt tanzen, wartet warten,
spielt spielen, arbeitet arbeiten, lächelt lächeln, rennt rennen, schwimmt schwimmen, grast grasen,
sitzt sitzen, steht stehen, liegt liegen, schläft schlafen, versteckt verstecken, geht gehen,
wandert wandern, eilt eilen, spaziert spazieren, kriecht kriechen, springt springen, liest lesen,
schreibt schreiben, trägt tragen, bringt bringen, hält halten, stellt stellen, legt legen,
wirft werfen, schießt schießen, wäscht waschen, repariert reparieren, streicht streichen,
kauft kaufen, verkauft verkaufen, isst essen, trinkt trinken, backt backen, schält schälen,
packt packen, füllt füllen, gießt gießen, pflückt pflücken, pflanzt pflanzen, zeichnet zeichnen,
fotografiert fotografieren, füttert füttern, streichelt streicheln, bürstet bürsten,
besucht besuchen, grüßt grüßen, umarmt umarmen, schiebt schieben, jagt jagen, hilft helfen,
dankt danken, folgt folgen, spricht sprechen, sucht suchen, ruft rufen, fragt fragen
"""


def test_the_forms_of_every_verb():
    separable = {
        f"{v.singular} {v.particle}, {v.plural} {v.particle}, {v.particle}{v.singular}"
        for v in VERBS
        if v.particle
    }
    assert separable == set(" | ".join(SEPARABLE.strip().splitlines()).split(" | "))
    simple = {f"{v.singular} {v.plural}" for v in VERBS if not v.particle}
    assert simple == set(" ".join(SIMPLE.split()).split(", "))


def test_a_and_an():
    assert say(NounPhrase("x", noun("apple"), A).english()) == "an apple"
    assert say(NounPhrase("x", noun("apple"), A, adjective("fresh")).english()) == "a fresh apple"
    assert say(NounPhrase("x", noun("man"), A, adjective("old")).english()) == "an old man"


GENITIVES = """Mannes Nachbarn Bauern Touristen Studenten Soldaten Polizisten Piraten Koches Arztes
Gastes Musikers Lehrers Bäckers Malers Gärtners Fischers Kellners Jägers Ritters Königs Großvaters
Jungen Mädchens Kindes"""


def role_phrase(role: str, english: str, determiner: Determiner = THE, adj: str = "", **more):
    return NounPhrase(role, noun(english), determiner, adjective(adj) if adj else None, **more)


def place(german: str, english: str, table: tuple[Place, ...] = PLACES) -> Place:
    return next(p for p in table if (p.german, p.noun) == (german, english))


def both(clause: Clause, **more) -> tuple[str, str]:
    scene = scene_of(Caption(clause, **more))
    return scene.source, scene.target


WOMAN = role_phrase("main.subject", "woman", A, "young")
TWO_BOYS = role_phrase("main.subject", "boy", TWO, plural=True)
DOOR = role_phrase("main.object", "door", A, "big")
PARK = Location(place("in", "park"), role_phrase("main.place", "park"))


def main(subject: NounPhrase, english: str, goal: NounPhrase | None = None, **more) -> Clause:
    return Clause("main", verb(english), subject, goal, **more)


def test_what_is_new_follows_the_place_and_what_is_known_goes_before_it():
    book = role_phrase("main.object", "book", A, "long")
    new = both(main(WOMAN, "reading", book, place=PARK))
    assert new[0] == "A young woman is reading a long book in the park."
    assert new[1] == "Eine junge Frau liest im Park ein langes Buch."
    the_book = role_phrase("main.object", "book")
    known = both(main(WOMAN, "reading", the_book, place=PARK))
    assert known[1] == "Eine junge Frau liest das Buch im Park."


def test_the_verb_is_second_and_its_particle_last():
    clause = main(TWO_BOYS, "opening", DOOR, place=PARK)
    assert both(clause)[1] == "Zwei Jungen machen im Park eine große Tür auf."
    fronted = both(main(TWO_BOYS, "opening", DOOR, place=PARK, first="place"))
    assert fronted[0] == "In the park, two boys are opening a big door."
    assert fronted[1] == "Im Park machen zwei Jungen eine große Tür auf."


NEGATED = [
    ("reading", "book", A, {}, "Der Mann liest kein Buch."),
    ("reading", "book", THE, {}, "Der Mann liest das Buch nicht."),
    ("drinking", "milk", NO_DETERMINER, {}, "Der Mann trinkt keine Milch."),
    ("wearing", "hat", NO_DETERMINER, {"plural": True}, "Der Mann trägt keine Hüte."),
    ("helping", "woman", A, {}, "Der Mann hilft keiner Frau."),
    ("opening", "door", THE, {}, "Der Mann macht die Tür nicht auf."),
    ("waiting for", "train", THE, {}, "Der Mann wartet nicht auf den Zug."),
]


@pytest.mark.parametrize(("english", "what", "determiner", "more", "german"), NEGATED)
def test_negation(english, what, determiner, more, german):
    goal = role_phrase("main.object", what, determiner, **more)
    clause = main(role_phrase("main.subject", "man"), english, goal, negated=True)
    assert both(clause)[1] == german


def test_nicht_stands_before_a_place_and_before_what_is_said_of_somebody():
    man = role_phrase("main.subject", "man")
    assert (
        both(main(man, "waiting", place=PARK, negated=True))[1] == "Der Mann wartet nicht im Park."
    )
    tired = Clause("main", BE, man, state=adjective("tired"), very=True, negated=True)
    assert both(tired) == ("The man is not very tired.", "Der Mann ist nicht sehr müde.")


RELATIVES = [
    ("drawing", "dog", False, "feeding", "that", "den der Junge füttert"),
    ("drawing", "cow", False, "feeding", "that", "die der Junge füttert"),
    ("drawing", "horse", False, "feeding", "that", "das der Junge füttert"),
    ("helping", "man", False, "waving at", "whom", "dem der Junge zuwinkt"),
    ("drawing", "woman", False, "helping", "whom", "der der Junge hilft"),
    ("drawing", "men", True, "helping", "whom", "denen der Junge hilft"),
    ("looking at", "puppy", False, "playing with", "that", "mit dem der Junge spielt"),
]


@pytest.mark.parametrize(("english", "head", "plural", "aside", "pronoun", "german"), RELATIVES)
def test_relative_clauses_about_the_object(english, head, plural, aside, pronoun, german):
    head = next(n.english for n in NOUNS if head in (n.english, n.english_plural))
    goal = role_phrase("main.object", head, plural=plural)
    relative = Clause("relative", verb(aside), role_phrase("relative.subject", "boy"))
    source, target = both(main(WOMAN, english, goal, object_relative=relative))
    assert source.endswith(f" {pronoun} the boy is {aside}.")
    assert target.endswith(f", {german}.")


def test_a_relative_clause_about_the_subject_stands_between_commas():
    goal = role_phrase("relative.object", "man")
    relative = Clause("relative", verb("listening to"), None, goal)
    source, target = both(main(WOMAN, "waiting", relative=relative))
    assert source == "A young woman who is listening to the man is waiting."
    assert target == "Eine junge Frau, die dem Mann zuhört, wartet."
    fronted = both(main(WOMAN, "waiting", relative=relative, place=PARK, first="place"))
    assert fronted[1] == "Im Park wartet eine junge Frau, die dem Mann zuhört."


def test_subordinate_clauses_before_and_after():
    aside = Clause("aside", verb("resting"), role_phrase("aside.subject", "man"))
    rest = {"conjunction": ("while", "während"), "subordinate": aside}
    source, target = both(main(WOMAN, "singing"), **rest)
    assert source == "A young woman is singing while the man is resting."
    assert target == "Eine junge Frau singt, während sich der Mann ausruht."
    source, target = both(main(WOMAN, "singing"), **rest, subordinate_first=True)
    assert source == "While the man is resting, a young woman is singing."
    assert target == "Während sich der Mann ausruht, singt eine junge Frau."
    reason = Clause("aside", BE, Pronoun("aside.subject", noun("cat")), state=adjective("tired"))
    cat = main(role_phrase("main.subject", "cat"), "sleeping")
    assert both(cat, conjunction=("because", "weil"), subordinate=reason) == (
        "The cat is sleeping because it is tired.",
        "Die Katze schläft, weil sie müde ist.",
    )


def test_time_manner_and_place_come_in_this_order():
    loud = Adverb("loudly", "laut", "voice")
    clause = main(WOMAN, "singing", manner=loud, place=PARK, time=TIMES[1])
    assert both(clause) == (
        "A young woman is singing loudly in the park in the evening.",
        "Eine junge Frau singt am Abend laut im Park.",
    )


def test_an_owner_stands_in_the_genitive():
    owner = role_phrase("x.owner", "farmer")
    dog = role_phrase("x", "dog", THE, "old", owner=owner)
    assert say(dog.english()) == "the farmer's old dog"
    assert say(dog.german("dative")) == "dem alten Hund des Bauern"
    men = [n for n in NOUNS if fits("person", n.kinds) and n.gender != "f"]
    assert [decline(n, "genitive", plural=False) for n in men] == GENITIVES.split()


@pytest.mark.parametrize(
    ("german", "english", "table", "determiner", "text"),
    [
        ("in", "park", PLACES, THE, "im Park"),
        ("in", "kitchen", PLACES, THE, "in der Küche"),
        ("in", "room", PLACES, THE, "im Zimmer"),
        ("an", "beach", PLACES, THE, "am Strand"),
        ("an", "table", PLACES, A, "an einem Tisch"),
        ("hinter", "tree", PLACES, THREE, "hinter drei Bäumen"),
        ("in", "house", GOALS, THE, "ins Haus"),
        ("in", "kitchen", GOALS, THE, "in die Küche"),
        ("zu", "station", GOALS, THE, "zum Bahnhof"),
        ("zu", "church", GOALS, THE, "zur Kirche"),
        ("an", "beach", GOALS, THE, "an den Strand"),
        ("auf", "shelf", GOALS, A, "auf ein Regal"),
    ],
)
def test_where_takes_the_dative_and_where_to_the_accusative(
    german, english, table, determiner, text
):
    phrase = role_phrase("x", english, determiner, plural=determiner == THREE)
    assert say(Location(place(german, english, table), phrase).german()) == text


def test_verbs_split_and_join_and_agree():
    for v in VERBS:
        for subject, form in ((WOMAN, v.singular), (TWO_BOYS, v.plural)):
            clause = Clause("main", v, subject)
            sich = ["sich"] if v.reflexive else []
            particle = [v.particle] if v.particle else []
            texts = [t.text for t in clause.german()]
            assert texts[-len([form, *sich, *particle]) :] == [form, *sich, *particle]
            assert clause.subordinate()[-1].text == v.particle + form
        assert v.plural.endswith("n")
        assert v.singular.endswith("t") or v.singular == "lädt"


def test_alignment_of_particles_and_contractions():
    scene = scene_of(Caption(main(TWO_BOYS, "opening", DOOR, place=PARK)))
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


def test_every_word_of_the_lexicon_is_said():
    text = " ".join(f" {s.source[:-1]} {s.target[:-1]} ".lower() for s in generate(10_000, seed=6))
    for word in (*NOUNS, *ADJECTIVES, *VERBS, *ADVERBS):
        assert f" {word.english}" in text, word
    for german in (*(n.german for n in NOUNS), *(v.singular for v in VERBS)):
        assert f" {german.lower()}" in text, german


def test_no_caption_comes_twice_in_either_language():
    assert len({s.source for s in SAMPLE}) == len({s.target for s in SAMPLE}) == len(SAMPLE)


def test_the_same_seed_gives_the_same_captions_on_every_python():
    text = "\n".join(f"{s.source}\t{s.target}\t{s.alignment}" for s in generate(500, seed=0))
    assert hashlib.sha256(text.encode()).hexdigest()[:16] == "0a4587daedf3b980"
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
    for row, scene in zip(corpus["test"], generate(1, 3, is_unusual), strict=True):
        assert parse_alignment(row["alignment"]) == scene.alignment
