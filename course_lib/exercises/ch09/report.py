"""9.7, find the bug: a score whose arguments are swapped."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from course_lib import metrics
from course_lib.exercises.ch07.common import fixed
from course_lib.exercises.ch09.score import Texts, mean_of_sentences
from course_lib.exercises.spec import Exercise, Function, Mistake, Probe


@dataclass(frozen=True)
class Translator:
    """Translates what it knows, and repeats the rest."""

    known: dict[str, str]

    def __call__(self, sentences: Texts) -> list[str]:
        return [self.known.get(sentence, sentence) for sentence in sentences]

    def __repr__(self) -> str:
        return f"a translator, {self.known}"


Pairs = Sequence[tuple[str, str]]


def report(translate: Callable[[Texts], Texts], pairs: Pairs) -> float:
    """BLEU of a translator on pairs of source and reference."""
    return metrics.bleu(translate([source for source, _ in pairs]), [text for _, text in pairs])


def _scored(hypotheses: Function, references: Function, score: Function = metrics.bleu) -> Function:
    """A report on two lists that are made of (translations, sources, references)."""

    def answer(translate: Callable[[Texts], Texts], pairs: Pairs) -> float:
        sources, texts = [source for source, _ in pairs], [text for _, text in pairs]
        columns = (translate(sources), sources, texts)
        return score(hypotheses(*columns), references(*columns))

    return answer


def _translations(translations: Texts, sources: Texts, references: Texts) -> Texts:
    return translations


def _sources(translations: Texts, sources: Texts, references: Texts) -> Texts:
    return sources


def _references(translations: Texts, sources: Texts, references: Texts) -> Texts:
    return references


SHORT = Translator(
    {
        "a dog runs": "ein Hund läuft",
        "two men read a book": "zwei Männer lesen ein Buch",
        "a child plays in the garden today": "ein Kind spielt im Garten",
    }
)
LONG = Translator(
    {
        "a dog runs in the snow": "ein Hund läuft und läuft in dem Schnee dort",
        "two men are reading": "zwei Männer lesen nun da",
        "a cat": "eine Katze",
    }
)

REPORT = Exercise(
    id="9.7",
    title="Find the bug",
    signature="report(translate, pairs)",
    shapes="translate, pairs -> ()",
    reference=report,
    bug="swapped",
    smooth=0,
    tolerance=1e-6,
    probes=(
        Probe(
            "a translator that says too little",
            fixed(
                SHORT,
                [
                    ("a dog runs", "ein Hund läuft"),
                    ("two men read a book", "zwei Männer lesen ein Buch"),
                    ("a child plays in the garden today", "heute spielt ein Kind dort im Garten"),
                ],
            ),
            "It leaves words out. Which part of BLEU should notice?",
        ),
        Probe(
            "a translator that says too much",
            fixed(
                LONG,
                [
                    ("a dog runs in the snow", "ein Hund läuft in dem Schnee"),
                    ("two men are reading", "zwei Männer lesen"),
                    ("a cat", "Eine Katze"),
                    ("in Berlin", "in Berlin"),
                ],
            ),
            "It says things twice. Which part of BLEU should notice?",
        ),
        Probe(
            "a translator that knows nothing",
            fixed(
                Translator({}),
                [("here in Berlin at the Spree", "hier in Berlin an der Spree heute"), ("a", "b")],
            ),
            "It repeats the source. What is compared with what?",
        ),
    ),
    mistakes=(
        Mistake(
            "swapped",
            _scored(_references, _translations),
            "The references are judged by the translations: whoever says too little is not "
            "penalised, and whoever says too much is. Which of the two comes first in `bleu`?",
        ),
        Mistake(
            "the source judged",
            _scored(_sources, _references),
            "The *source* is judged: this is the baseline that copies, whatever the translator "
            "writes. What should be compared with the references?",
        ),
        Mistake(
            "against the source",
            _scored(_translations, _sources),
            "The translations are compared with their *source*: whoever copies is perfect. What "
            "should they be compared with?",
        ),
        Mistake(
            "the references against themselves",
            _scored(_references, _references),
            "The references are compared with themselves, which is always perfect. Where are the "
            "translations?",
        ),
        Mistake(
            "mean of the sentences",
            _scored(_translations, _references, mean_of_sentences),
            "The right way round now, and sentence by sentence: a mean of sentence scores is not "
            "the corpus score. What does `bleu` take?",
        ),
        Mistake(
            "the larger of both",
            _scored(
                _translations,
                _references,
                lambda h, r: max(metrics.bleu(h, r), metrics.bleu(r, h)),
            ),
            "You take the larger of both ways round. One of the two is the right one, for every "
            "translator. Which?",
        ),
        Mistake(
            "the mean of both",
            _scored(
                _translations,
                _references,
                lambda h, r: (metrics.bleu(h, r) + metrics.bleu(r, h)) / 2,
            ),
            "You take the mean of both ways round. BLEU is not the same both ways, and one of them "
            "is meant. Which?",
        ),
        Mistake(
            "a share",
            _scored(_translations, _references, lambda h, r: metrics.bleu(h, r) / 100),
            "The right way round now, and from 0 to 1. Was the scale the bug?",
        ),
        Mistake(
            "without case",
            _scored(
                _translations,
                _references,
                lambda h, r: metrics.bleu([t.lower() for t in h], [t.lower() for t in r]),
            ),
            "The right way round now, and without case. Was that the bug?",
        ),
    ),
    hints=(
        "BLEU is not the same both ways round. Print both for a translator that leaves words out.",
        "Read the first line of `bleu`: which argument comes first?",
    ),
)
