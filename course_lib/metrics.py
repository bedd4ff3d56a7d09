"""How good is a translation? And how good are the word links that a model found?

BLEU and chrF are reported by sacrebleu, with the signature that says how. `bleu` is the same BLEU
in the open.
"""

import math
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sacrebleu.metrics import BLEU, CHRF

Link = tuple[int, int]  # a word of the source, a word of the target


@dataclass(frozen=True)
class TranslationScores:
    """Corpus scores from 0 to 100, with sacrebleu's signatures."""

    bleu: float
    chrf: float
    num_sentences: int
    bleu_signature: str
    chrf_signature: str


def translation_scores(hypotheses: Sequence[str], references: Sequence[str]) -> TranslationScores:
    """Score cased, detokenised text: BLEU (Papineni et al. 2002) and chrF (Popović 2015).

    Raises ValueError if the two differ in length or are empty.
    """
    check_lengths(hypotheses, references)
    of_words, of_characters = BLEU(tokenize="13a"), CHRF()
    return TranslationScores(
        bleu=of_words.corpus_score(list(hypotheses), [list(references)]).score,
        chrf=of_characters.corpus_score(list(hypotheses), [list(references)]).score,
        num_sentences=len(references),
        bleu_signature=str(of_words.get_signature()),
        chrf_signature=str(of_characters.get_signature()),
    )


def bleu(hypotheses: Sequence[str], references: Sequence[str]) -> float:
    """BLEU of texts whose tokens stand between spaces, from 0 to 100 (Papineni et al. 2002).

    The geometric mean of four precisions (of single tokens, pairs, triples, groups of four), times
    the brevity penalty. All counts are of the whole corpus. If there is no match of some length,
    half a match is counted instead, of the next such length a quarter, and so on (smoothing method
    3 of Chen and Cherry 2014): sacrebleu's score with `tokenize="none"`.

    Raises ValueError if the two differ in length or are empty.
    """
    check_lengths(hypotheses, references)
    pairs = [(h.split(), r.split()) for h, r in zip(hypotheses, references, strict=True)]
    log_precision, instead_of_none = 0.0, 1.0
    for n in range(1, 5):
        matches, total = map(sum, zip(*(_matches(h, r, n) for h, r in pairs), strict=True))
        if total == 0 or (matches == 0 and n == 1):
            return 0.0
        if matches == 0:
            instead_of_none /= 2
        log_precision += math.log((matches or instead_of_none) / total) / 4
    lengths = (sum(len(side) for side in sides) for sides in zip(*pairs, strict=True))
    return 100 * brevity_penalty(*lengths) * math.exp(log_precision)


def ngrams(tokens: Sequence[str], n: int) -> Counter[tuple[str, ...]]:
    """How often each group of n neighbours stands in the tokens."""
    return Counter(tuple(tokens[i : i + n]) for i in range(len(tokens) - n + 1))


def _matches(hypothesis: Sequence[str], reference: Sequence[str], n: int) -> tuple[int, int]:
    """How many n-grams of the hypothesis stand in the reference, each counted at most as often as
    there (clipped); and how many it has."""
    written, wanted = ngrams(hypothesis, n), ngrams(reference, n)
    return (written & wanted).total(), written.total()


def brevity_penalty(hypothesis_length: int, reference_length: int) -> float:
    """1, or less for too short an output: precision alone would reward saying little."""
    if hypothesis_length == 0:
        return 0.0
    return min(1.0, math.exp(1 - reference_length / hypothesis_length))


def alignment_error_rate(
    found: Sequence[Collection[Link]], gold: Sequence[Collection[Link]]
) -> float:
    """The share of word links that are wrong or missing, from 0 to 1 (Och and Ney 2003).

    found and gold have a collection of links for each sentence pair; the links are counted over the
    whole corpus. All gold links are sure ones, so it is 1 - 2 |found & gold| / (|found| + |gold|).
    Raises ValueError if the two differ in length, or if there is no link at all.
    """
    if len(found) != len(gold):
        raise ValueError(
            f"expected links for as many sentences as there are gold ones, {len(gold)}, "
            f"got {len(found)}"
        )
    pairs = [(set(a), set(g)) for a, g in zip(found, gold, strict=True)]
    total = sum(len(a) + len(g) for a, g in pairs)
    if not total:
        raise ValueError("expected at least one link, got none: there is nothing to rate")
    return 1 - 2 * sum(len(a & g) for a, g in pairs) / total


def check_lengths(hypotheses: Sequence[str], references: Sequence[str]) -> None:
    """Raises ValueError if the two differ in length or are empty."""
    if len(hypotheses) != len(references) or not references:
        raise ValueError(
            f"expected as many hypotheses as references and at least one, "
            f"got {len(hypotheses)} and {len(references)}"
        )
