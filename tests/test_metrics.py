import pytest

from course_lib.metrics import translation_scores

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
