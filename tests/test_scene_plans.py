"""What may stand in a caption, and what the splits of `scenes` keep apart."""

import random
from collections import defaultdict

import pytest

from course_lib.lexicon_nouns import ADJECTIVES, NOUNS
from course_lib.lexicon_verbs import ADVERBS, GOALS, PLACES, VERBS
from course_lib.scene_plans import Draw
from course_lib.scenes import generate, held_out, is_unusual, scene_of, scenes_corpus, words

CORPUS = scenes_corpus()


def test_every_language_has_three_hundred_lemmas():
    english = {w.english for w in (*NOUNS, *ADJECTIVES, *VERBS, *ADVERBS)}
    german = {n.german for n in NOUNS} | {w.german for w in (*ADJECTIVES, *ADVERBS)}
    german |= {v.particle + v.plural for v in VERBS}
    assert len(english) >= 300
    assert len(german) >= 300


def test_every_word_of_the_test_split_stands_in_train():
    for side in ("source", "target"):
        train, test = (
            {word.lower() for text in CORPUS[split][side] for word in words(text)}
            for split in ("train", "test")
        )
        assert len(test - train) / len(test) < 0.01


def test_the_sizes_and_that_no_sentence_comes_twice():
    sizes = {split: len(CORPUS[split]) for split in CORPUS}
    assert sizes == {"train": 24_000, "validation": 500, "test": 1_000}
    for side in ("source", "target"):
        texts = [text for split in CORPUS for text in CORPUS[split][side]]
        assert len(set(texts)) == len(texts)


def test_adjectives_and_nouns_held_out_never_meet_in_the_training_text():
    pairs = [f" {a.english} {n}" for a in ADJECTIVES for noun in NOUNS
             if held_out(f"{a.english} {noun.english}")
             for n in (noun.english, noun.english_plural) if n]  # fmt: skip

    def found(split):
        text = "\n".join(CORPUS[split]["source"]) + "\n"
        return [p for p in pairs if any(p + end in text for end in (" ", ".", ",", "\n", "'"))]

    assert found("train") == found("validation") == []
    assert len(found("test")) > 50


def test_each_test_caption_has_a_held_out_combination_of_words_that_train_knows():
    usual, unusual = set(), set()
    rng = random.Random(1)
    for _ in range(20_000):
        caption = Draw(rng).caption()
        (unusual if is_unusual(caption) else usual).update(caption.combinations())
    assert not any(map(held_out, usual))
    kept = {pair for pair in unusual if held_out(pair)}
    assert len(kept) > 50
    known = {word for pair in usual for word in pair.split()}
    assert {word for pair in kept for word in pair.split()} <= known
    texts = {scene.source for scene in generate(50, 0, is_unusual)}
    assert texts <= set(CORPUS["test"]["source"])


def test_no_english_caption_has_two_german_ones():
    said = defaultdict(set)
    rng = random.Random(2)
    for _ in range(20_000):
        scene = scene_of(Draw(rng).caption())
        said[scene.source].add(scene.target)
    assert [(source, texts) for source, texts in said.items() if len(texts) > 1] == []


@pytest.mark.parametrize("table", [NOUNS, ADJECTIVES, VERBS, ADVERBS])
def test_no_english_word_stands_twice_in_its_table(table):
    """But with other objects: coats are put on with `anziehen`, hats with `aufsetzen`."""
    assert len({(word.english, getattr(word, "objects", "")) for word in table}) == len(table)


def test_every_place_is_a_noun():
    assert {p.noun for p in (*PLACES, *GOALS)} <= {n.english for n in NOUNS}
