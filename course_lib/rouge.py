"""ROUGE: how much of a reference stands in a summary, and how much of the summary in the reference.

Lin (2004). Scores are reported by the library rouge-score, which takes the endings from words
first (Porter's stemmer); `rouge_n` and `rouge_l` are the same measures in the open, without that.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from rouge_score.rouge_scorer import RougeScorer

from course_lib.metrics import check_lengths, ngrams
from course_lib.subsequences import longest_common_subsequence

SIGNATURE = "rouge-score, F1, Porter's stemmer, mean over summaries"


@dataclass(frozen=True)
class SummaryScores:
    """Mean F1 over all summaries, from 0 to 100."""

    rouge_1: float
    rouge_2: float
    rouge_l: float
    num_summaries: int


def summary_scores(hypotheses: Sequence[str], references: Sequence[str]) -> SummaryScores:
    """ROUGE-1, ROUGE-2 and ROUGE-L of each summary against its reference, by rouge-score.

    Raises ValueError if the two differ in length or are empty.
    """
    check_lengths(hypotheses, references)
    kinds = ("rouge1", "rouge2", "rougeL")
    scorer = RougeScorer(kinds, use_stemmer=True)
    pairs = zip(references, hypotheses, strict=True)
    scores = [scorer.score(reference, hypothesis) for reference, hypothesis in pairs]
    one, two, longest = (100 * fmean(s[kind].fmeasure for s in scores) for kind in kinds)
    return SummaryScores(one, two, longest, len(scores))


def rouge_words(text: str) -> list[str]:
    """The words that ROUGE counts: runs of a to z and 0 to 9, lowercased."""
    return re.findall("[a-z0-9]+", text.lower())


def rouge_n(hypothesis: str, reference: str, n: int) -> float:
    """F1, from 0 to 100, of the groups of n words that two texts share. Lin (2004), section 2.

    A group counts as often as in the text that has it less often.
    """
    written, wanted = (ngrams(rouge_words(text), n) for text in (hypothesis, reference))
    return f1((written & wanted).total(), written.total(), wanted.total())


def rouge_l(hypothesis: str, reference: str) -> float:
    """F1, from 0 to 100, of the longest common subsequence. Lin (2004), section 3.1.

    The words of a subsequence stand in the same order in both texts, with or without others between
    them.
    """
    written, wanted = rouge_words(hypothesis), rouge_words(reference)
    return f1(longest_common_subsequence(written, wanted), len(written), len(wanted))


def f1(matches: int, num_written: int, num_wanted: int) -> float:
    """The harmonic mean of matches / num_written and matches / num_wanted, from 0 to 100."""
    return 100 * 2 * matches / (num_written + num_wanted) if matches else 0.0
