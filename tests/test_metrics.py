import random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sacrebleu.metrics import BLEU

from course_lib.metrics import (
    alignment_error_rate,
    bleu,
    brevity_penalty,
    ngrams,
    translation_scores,
)
from course_lib.scenes import scenes_corpus, words

REFERENCES = ["Ein Mann liest ein Buch.", "Zwei Hunde spielen im Schnee."]


def test_a_perfect_translation_scores_100():
    scores = translation_scores(REFERENCES, REFERENCES)
    assert scores.bleu == pytest.approx(100)
    assert scores.chrf == pytest.approx(100)
    assert scores.num_sentences == 2


def test_the_signature_says_how_it_was_scored():
    scores = translation_scores(REFERENCES, REFERENCES)
    for part in ("case:mixed", "tok:13a", "smooth:exp", "version:"):
        assert part in scores.bleu_signature
    assert "nc:6" in scores.chrf_signature


def test_case_counts():
    lower = [reference.lower() for reference in REFERENCES]
    assert translation_scores(lower, REFERENCES).bleu < 90


def test_bleu_is_that_of_the_paper_on_a_pair_small_enough_for_paper():
    # 5 of 6 words match, 4 of 5 pairs, 3 of 4 triples, 2 of 3 fours; equal length, so no penalty.
    scores = translation_scores(["a b c d e x"], ["a b c d e f"])
    assert scores.bleu == pytest.approx(100 * (5 / 6 * 4 / 5 * 3 / 4 * 2 / 3) ** 0.25)


def test_hypotheses_and_references_are_not_the_same_argument():
    short, long = ["the cat sat on a mat"], ["the cat sat on a mat near the door"]
    assert translation_scores(short, long).bleu != translation_scores(long, short).bleu


@pytest.mark.parametrize(("hypotheses", "references"), [(["a"], []), (["a"], ["a", "b"]), ([], [])])
def test_unequal_or_empty_lists_are_refused(hypotheses, references):
    with pytest.raises(ValueError, match="as many hypotheses as references"):
        translation_scores(hypotheses, references)


# BLEU in the open


def by_sacrebleu(hypotheses, references):
    scorer = BLEU(tokenize="none", force=True, smooth_method="exp")
    return scorer.corpus_score(hypotheses, [references]).score


def mistranslated(text, dice):
    """A text as a poor translator writes it: words are lost, doubled, swapped, replaced."""
    tokens = words(text)
    for _ in range(dice.randrange(5)):
        i, j = dice.randrange(len(tokens)), dice.randrange(len(tokens))
        change = dice.choice(["lose", "double", "swap", "replace"])
        if change == "lose" and len(tokens) > 1:
            del tokens[i]
        elif change == "double":
            tokens.insert(i, tokens[i])
        elif change == "swap":
            tokens[i], tokens[j] = tokens[j], tokens[i]
        else:
            tokens[i] = dice.choice(["Hund", "ein", ".", "und"])
    return " ".join(tokens)


def test_bleu_is_sacrebleus_on_a_thousand_captions_alone_and_together():
    texts = scenes_corpus(0)["train"]["target"][:1000]
    dice = random.Random(0)
    references = [" ".join(words(text)) for text in texts]
    hypotheses = [mistranslated(text, dice) for text in texts]
    score = bleu(hypotheses, references)
    assert 50 < score < 95
    assert score == pytest.approx(by_sacrebleu(hypotheses, references), abs=1e-9)
    for pair in zip(hypotheses, references, strict=True):
        one_by_one = [[text] for text in pair]
        assert bleu(*one_by_one) == pytest.approx(by_sacrebleu(*one_by_one), abs=1e-9)


few_words = st.lists(st.sampled_from("abc"), max_size=9).map(" ".join)
pairs_of_texts = st.lists(st.tuples(few_words, few_words), min_size=1, max_size=4)


@settings(max_examples=300, deadline=None)
@given(pairs_of_texts)
@example([("", "a b")])
@example([("a b", "")])
@example([("", "")])
@example([("a", "a")])
@example([("a a a a a a", "a b")])
@example([("a a a a a a", "a a a a a a")])
@example([("a b c a b", "c b a c b")])
@example([("", "a b c a"), ("a b c a", "a b c a")])
@example([("  a  b ", "a b")])
def test_bleu_is_sacrebleus_in_the_corners(pairs):
    hypotheses, references = map(list, zip(*pairs, strict=True))
    expected = by_sacrebleu(hypotheses, references)
    assert bleu(hypotheses, references) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(("hypotheses", "references"), [(["a"], []), (["a"], ["a", "b"]), ([], [])])
def test_bleu_of_unequal_or_empty_lists_is_refused(hypotheses, references):
    with pytest.raises(ValueError, match="as many hypotheses as references"):
        bleu(hypotheses, references)


def test_its_parts_by_hand():
    assert ngrams(["a", "b", "a", "b"], 2) == {("a", "b"): 2, ("b", "a"): 1}
    assert ngrams(["a"], 2) == {}
    assert brevity_penalty(4, 6) == pytest.approx(0.6065, abs=1e-4)
    assert brevity_penalty(6, 4) == brevity_penalty(5, 5) == 1
    assert brevity_penalty(0, 4) == 0


# Word links


def test_the_alignment_error_rate_by_hand():
    found, gold = [{(0, 0), (1, 2), (2, 1)}, {(0, 0)}], [{(0, 0), (1, 2)}, {(0, 0), (1, 1)}]
    assert alignment_error_rate(found, gold) == pytest.approx(1 - 2 * 3 / (4 + 4))
    assert alignment_error_rate(gold, gold) == 0
    assert alignment_error_rate([[(0, 1)]], [((1, 0),)]) == 1
    assert alignment_error_rate([[], [(0, 0)]], [[(0, 0)], [(0, 0)]]) == pytest.approx(1 / 3)


links = st.lists(st.sets(st.tuples(st.integers(0, 4), st.integers(0, 4))), min_size=3, max_size=3)


@given(links, links)
def test_the_alignment_error_rate_is_one_less_the_f_measure(found, gold):
    """Which is its definition where all gold links are sure ones (Och and Ney 2003, section 5)."""
    right = sum(len(a & g) for a, g in zip(found, gold, strict=True))
    if right:
        precision, recall = (right / sum(map(len, side)) for side in (found, gold))
        expected = 1 - 2 * precision * recall / (precision + recall)
        assert alignment_error_rate(found, gold) == pytest.approx(expected)


def test_nothing_to_rate_is_refused():
    with pytest.raises(ValueError, match="as there are gold ones, 2, got 1"):
        alignment_error_rate([[]], [[], []])
    with pytest.raises(ValueError, match="at least one link, got none"):
        alignment_error_rate([[]], [[]])
