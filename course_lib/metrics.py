"""How good is a translation? BLEU and chrF, by sacrebleu, with the signature that says how."""

from collections.abc import Sequence
from dataclasses import dataclass

from sacrebleu.metrics import BLEU, CHRF


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
    if len(hypotheses) != len(references) or not references:
        raise ValueError(
            f"expected as many hypotheses as references and at least one, "
            f"got {len(hypotheses)} and {len(references)}"
        )
    bleu, chrf = BLEU(tokenize="13a"), CHRF()
    return TranslationScores(
        bleu=bleu.corpus_score(list(hypotheses), [list(references)]).score,
        chrf=chrf.corpus_score(list(hypotheses), [list(references)]).score,
        num_sentences=len(references),
        bleu_signature=str(bleu.get_signature()),
        chrf_signature=str(chrf.get_signature()),
    )
