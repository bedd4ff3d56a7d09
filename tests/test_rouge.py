from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rouge_score.rouge_scorer import RougeScorer

from course_lib.corpora import load_corpus
from course_lib.rouge import rouge_l, rouge_n, rouge_words, summary_scores
from course_lib.subsequences import longest_common_subsequence

THEIRS = RougeScorer(["rouge1", "rouge2", "rouge3", "rougeL"], use_stemmer=False)
# Few words, so that they meet; and what stands between words.
TEXTS = st.lists(st.sampled_from([*"abc", "a b", "B", "x1", "ü", "é", "", "\n", "c-d"])).map(
    " ".join
)


def both(hypothesis, reference):
    """Our scores and those of rouge-score."""
    ours = [rouge_n(hypothesis, reference, n) for n in (1, 2, 3)] + [rouge_l(hypothesis, reference)]
    return ours, [100 * score.fmeasure for score in THEIRS.score(reference, hypothesis).values()]


@given(TEXTS | st.text(), TEXTS | st.text())
def test_equal_to_rouge_score(hypothesis, reference):
    ours, theirs = both(hypothesis, reference)
    assert ours == pytest.approx(theirs, abs=1e-9)


def test_equal_on_a_thousand_real_pairs():
    train = load_corpus("scenes")["train"]
    texts = list(train["source"][:1001])
    scores = [both(a, b) for a, b in pairwise(texts)]
    assert len(scores) == 1000
    for ours, theirs in scores:
        assert ours == pytest.approx(theirs, abs=1e-9)
    assert sum(ours[3] for ours, _ in scores) > 0


@pytest.mark.parametrize(
    ("hypothesis", "reference", "one", "two", "longest"),
    [
        ("a b c", "a b c", 100, 100, 100),
        ("a b c", "c b a", 100, 0, 100 / 3),
        ("a b x c", "a b c", 600 / 7, 40, 600 / 7),
        ("a a a a", "a b", 100 / 3, 0, 100 / 3),  # one match alone: clipped
        ("", "a", 0, 0, 0),
        ("a", "", 0, 0, 0),
        ("", "", 0, 0, 0),
        ("!", "?", 0, 0, 0),
    ],
)
def test_by_hand(hypothesis, reference, one, two, longest):
    assert rouge_n(hypothesis, reference, 1) == pytest.approx(one)
    assert rouge_n(hypothesis, reference, 2) == pytest.approx(two)
    assert rouge_l(hypothesis, reference) == pytest.approx(longest)


def test_words_are_lowercased_and_cut_at_everything_else():
    assert rouge_words("The co-operative's 2nd Übung!") == [
        "the",
        "co",
        "operative",
        "s",
        "2nd",
        "bung",
    ]


@given(st.lists(st.sampled_from("abc")), st.lists(st.sampled_from("abc")))
def test_a_subsequence_is_as_long_as_the_longest_that_both_have(a, b):
    def subsequences(words):
        found = {()}
        for word in words[:6]:
            found |= {(*sub, word) for sub in found}
        return found

    longest = max(map(len, subsequences(a) & subsequences(b)))
    assert longest_common_subsequence(a[:6], b[:6]) == longest


def test_reported_scores_take_the_endings_off_and_are_means():
    scores = summary_scores(["walking dogs", "a b"], ["walked dog", "c d"])
    assert (scores.rouge_1, scores.rouge_l, scores.num_summaries) == (50, 50, 2)
    assert rouge_n("walking dogs", "walked dog", 1) == 0


@pytest.mark.parametrize(("hypotheses", "references"), [([], []), (["a"], [])])
def test_lists_that_do_not_fit(hypotheses, references):
    with pytest.raises(ValueError, match="as many hypotheses as references and at least one"):
        summary_scores(hypotheses, references)
