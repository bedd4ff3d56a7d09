"""10.7, find the bug: summaries that are scored against their own source."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from statistics import fmean, median
from typing import Any

from course_lib.exercises.ch07.common import fixed
from course_lib.exercises.ch10.common import Texts, scored
from course_lib.exercises.spec import Exercise, Function, Mistake, Probe

Summarize = Callable[[Texts], Texts]
Rouge = Callable[[str, str], float]
Pairs = Iterable[tuple[str, str]]


@dataclass(frozen=True)
class Beginning:
    """Summarizes by copying the first words of each text."""

    words: int

    def __call__(self, texts: Texts) -> Texts:
        return [" ".join(text.split()[: self.words]) for text in texts]

    def __repr__(self) -> str:
        return f"a summarizer that copies the first {self.words} words"


@dataclass(frozen=True)
class Knowing:
    """Summarizes what it knows, and has nothing to say of the rest."""

    known: dict[str, str]

    def __call__(self, texts: Texts) -> Texts:
        return [self.known.get(text, "") for text in texts]

    def __repr__(self) -> str:
        return f"a summarizer, {self.known}"


@dataclass(frozen=True)
class Share:
    """How many percent of the summary's words stand in the other text."""

    def __call__(self, summary: str, reference: str) -> float:
        words = summary.split()
        shared = sum(word in reference.split() for word in words)
        return 100 * shared / len(words) if words else 0.0

    def __repr__(self) -> str:
        return "how many percent of the summary's words stand in the reference"


def mean_rouge(summarize: Summarize, sources: Texts, references: Texts, rouge: Rouge) -> float:
    """The mean score of all summaries, each against its reference."""
    pairs = zip(summarize(sources), references, strict=True)
    return fmean(rouge(summary, reference) for summary, reference in pairs)


def _right(summaries: Texts, sources: Texts, references: Texts) -> Pairs:
    return zip(summaries, references, strict=True)


def _scored(
    pairs: Callable[[Texts, Texts, Texts], Pairs] = _right,
    together: Callable[[list[float]], Any] = fmean,
) -> Function:
    """A score of pairs that are made of (summaries, sources, references)."""

    def answer(summarize: Summarize, sources: Texts, references: Texts, rouge: Rouge) -> Any:
        made = pairs(summarize(list(sources)), sources, references)
        return together([rouge(*pair) for pair in made])

    return answer


def _with_other_references(change: Callable[[Texts], Texts]) -> Function:
    return _scored(lambda summaries, _, references: zip(summaries, change(references), strict=True))


def _best_reference(summarize: Summarize, sources: Texts, references: Texts, rouge: Rouge) -> float:
    return fmean(max(rouge(made, text) for text in references) for made in summarize(sources))


def _of_the_references(
    summarize: Summarize, sources: Texts, references: Texts, rouge: Rouge
) -> float:
    return fmean(map(rouge, summarize(references), references))


def _one_text_each(summarize: Any, sources: Texts, references: Texts, rouge: Any) -> float:
    """Hands over a text where a list of texts is wanted."""
    made = [summarize(source) for source in sources]
    return fmean(map(rouge, made, references))


def _both_summarized(
    summarize: Summarize, sources: Texts, references: Texts, rouge: Rouge
) -> float:
    return fmean(map(rouge, summarize(sources), summarize(references)))


def _of_both(choose: Callable[[float, float], float]) -> Function:
    """Something of the scores against the reference and against the source."""

    def answer(summarize: Summarize, sources: Texts, references: Texts, rouge: Rouge) -> float:
        triples = zip(summarize(sources), references, sources, strict=True)
        return fmean(choose(rouge(s, text), rouge(s, source)) for s, text, source in triples)

    return answer


def _by_dictionary(summarize: Summarize, sources: Texts, references: Texts, rouge: Rouge) -> float:
    reference_of = dict(zip(sources, references, strict=True))
    return fmean(map(rouge, summarize(sources), [reference_of[text] for text in sources]))


def _in_one(summaries: Texts, sources: Texts, references: Texts) -> Pairs:
    return [(" ".join(summaries), " ".join(references))]


def _without_empty(summaries: Texts, sources: Texts, references: Texts) -> Pairs:
    return [(s, text) for s, text in zip(summaries, references, strict=True) if s]


def _above_zero(scores: list[float]) -> float:
    found = [score for score in scores if score]
    return sum(found) / len(found)


SOURCES = [
    "close the window without asking",
    "return the sum of all items in the list",
    "read the whole file and return its text as one string",
]
REFERENCES = [
    "quietly close the window without a question",
    "add up all items in a list",
    "the text of the file as one string today",
]

MEAN = Exercise(
    id="10.7",
    title="Find the bug",
    signature="mean_rouge(summarize, sources, references, rouge)",
    shapes="summarize, sources, references, rouge -> ()",
    reference=mean_rouge,
    use=scored,
    bug="against the source",
    smooth=0,
    tolerance=1e-6,
    probes=(
        Probe(
            "a summarizer that copies the beginning",
            fixed(Beginning(4), SOURCES, REFERENCES, Share()),
            "It has understood nothing. With which text should what it says be compared?",
        ),
        Probe(
            "a summarizer with words of its own",
            fixed(
                Knowing(
                    {
                        SOURCES[2]: "the file as a string",
                        SOURCES[1]: "add items",
                        SOURCES[0]: "quietly close it",
                    }
                ),
                SOURCES,
                REFERENCES,
                Share(),
            ),
            "Some of its words don't stand in the source, and are right. Who knows that?",
        ),
        Probe(
            "the same source twice, and nothing to say of another",
            fixed(
                Knowing({"a b c d": "a x y", "e f g h": "e f z q", "r s": "r s t u"}),
                ["a b c d", "i j k l", "a b c d", "r s", "e f g h"],
                ["x b", "i m y", "x y v w", "o p", "e z h"],
                Share(),
            ),
            "There are five summaries, and one of them is empty. By what is the sum divided?",
        ),
        Probe(
            "a single text",
            fixed(Beginning(2), ["d e f g h"], ["e d i"], Share()),
            "One score is a mean, too. Which one?",
        ),
    ),
    mistakes=(
        Mistake(
            "against the source",
            _scored(lambda summaries, sources, _: zip(summaries, sources, strict=True)),
            "Each summary is compared with its own *source*: whoever copies the beginning is "
            "perfect. Which text says what a good summary is?",
        ),
        Mistake(
            "the source judged",
            _scored(lambda _, sources, references: zip(sources, references, strict=True)),
            "The whole *source* is judged now, whatever the summarizer says. What should be "
            "compared with the references?",
        ),
        Mistake(
            "swapped",
            _scored(lambda summaries, _, references: zip(references, summaries, strict=True)),
            "The right two texts are compared, and have changed places: not every score is the "
            "same both ways. Which of the two does `rouge` take first?",
        ),
        Mistake(
            "the references against themselves",
            _scored(lambda _, __, references: zip(references, references, strict=True)),
            "The references are compared with themselves, which is always perfect. Where are the "
            "summaries?",
        ),
        Mistake(
            "the references summarized",
            _of_the_references,
            "The summarizer is given the *references*, which are summaries already. Which texts "
            "should it read?",
        ),
        Mistake(
            "a text for a list",
            _one_text_each,
            "`summarize` takes a list of texts and gives a list of summaries, and you hand over "
            "one text, whose letters it takes for texts. What could it be given instead?",
        ),
        Mistake(
            "both summarized",
            _both_summarized,
            "The references are summarized, too, before they are compared. A person wrote them as "
            "they should be. What has to be done with them?",
        ),
        Mistake(
            "the mean of both",
            _of_both(lambda right, copied: (right + copied) / 2),
            "You take the mean of the scores against the reference and against the source. Copying "
            "still pays. Which of the two is asked?",
        ),
        Mistake(
            "the larger of both",
            _of_both(max),
            "You take the larger of the scores against the reference and against the source. "
            "Copying still pays. Which of the two is asked?",
        ),
        Mistake(
            "the best one",
            _scored(together=max),
            "The right texts are compared now, and the *best* score comes out. What would one "
            "lucky summary be worth?",
        ),
        Mistake(
            "the sum",
            _scored(together=sum),
            "The right texts are compared now, and the scores are added up. By what is the sum to "
            "be divided?",
        ),
        Mistake(
            "all scores",
            _scored(together=list),
            "The right texts are compared now, and the list of all scores comes out. One number is "
            "asked: which?",
        ),
        Mistake(
            "the median",
            _scored(together=median),
            "The right texts are compared now, and the score in the middle comes out, the median. "
            "What was asked?",
        ),
        Mistake(
            "only the first",
            _scored(together=lambda scores: scores[0]),
            "Only the first summary counts. Where does the `return` stand, within the loop or "
            "behind it?",
        ),
        Mistake(
            "only the last",
            _scored(together=lambda scores: scores[-1]),
            "Only the last summary counts: each score replaces the one before it. Where do they "
            "gather?",
        ),
        Mistake(
            "a share",
            _scored(together=lambda scores: fmean(scores) / 100),
            "The right texts are compared now, and the mean is divided by 100. Was the scale the "
            "bug?",
        ),
        Mistake(
            "without the empty ones",
            _scored(_without_empty),
            "Empty summaries are left out. Whoever has nothing to say of a text would lose nothing "
            "by it. What should such a summary score?",
        ),
        Mistake(
            "without zeros",
            _scored(together=_above_zero),
            "Scores of 0 are left out of the mean. Were these summaries asked for, and how good "
            "are they?",
        ),
        Mistake(
            "in alphabetical order",
            _with_other_references(sorted),
            "The references have been sorted, and no longer belong to their sources. What holds a "
            "pair together?",
        ),
        Mistake(
            "in reverse order",
            _with_other_references(lambda references: references[::-1]),
            "The references come in reverse order, so that the first summary meets the last "
            "reference. What holds a pair together?",
        ),
        Mistake(
            "the best reference",
            _best_reference,
            "Each summary is compared with *all* references, and the best one counts. Which of "
            "them was written for its source?",
        ),
        Mistake(
            "each with each",
            _scored(lambda s, _, references: [(made, text) for made in s for text in references]),
            "Each summary is compared with each reference, one loop within the other. Which pairs "
            "belong together?",
        ),
        Mistake(
            "all in one",
            _scored(_in_one),
            "All summaries are poured into one long text, and all references into another. How "
            "many scores should there be, before their mean is taken?",
        ),
        Mistake(
            "by a dictionary",
            _by_dictionary,
            "The references are looked up by their source, and the same source comes twice: a "
            "dictionary keeps the last one only. What goes through two lists side by side?",
        ),
    ),
    hints=(
        "Give it a summarizer that copies the first words, and look at the score. Is that a good "
        "summary?",
        "Read the line in which `rouge` is called. Which two texts does it get?",
        "`sources` have done their work once the summaries are there. Behind them only summaries "
        "and `references` are needed, side by side.",
    ),
)
