"""7.4 round_trip: a probe that the learner writes, tried on tokenizers that lose something."""

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from course_lib.exercises.ch07.common import fixed
from course_lib.exercises.spec import Exercise, Function, Mistake, Probe

Texts = list[str]


@dataclass(frozen=True)
class Suspect:
    """A tokenizer: characters to numbers and back, after something was done to the text."""

    name: str
    change: Callable[[str], str] = lambda text: text
    unknown: str = ""

    def encode(self, text: str) -> list[int]:
        return [ord("?") if c in self.unknown else ord(c) for c in self.change(text)]

    def decode(self, ids: list[int]) -> str:
        return "".join(map(chr, ids))

    def __repr__(self) -> str:
        return self.name


SOUND = Suspect("a tokenizer that loses nothing")
SMALL = Suspect("a tokenizer that makes all letters small", str.lower)
SPACES = Suspect("a tokenizer that trims spaces", lambda text: " ".join(text.split()))
UNKNOWN = Suspect("a tokenizer that does not know ß and é", unknown="ßé")
COMPOSED = Suspect(
    "a tokenizer that writes accents in one form", lambda text: unicodedata.normalize("NFC", text)
)
ENDS = Suspect("a tokenizer that drops the last full stop", lambda text: text.removesuffix("."))


def round_trip(encode: Function, decode: Function, texts: Texts) -> Texts:
    """The texts that do not come back as they were."""
    return [text for text in texts if decode(encode(text)) != text]


def as_texts(answer: Function, suspect: Suspect, texts: Texts) -> Any:
    return answer(suspect.encode, suspect.decode, texts)


def _compared(form: Callable[[str], Any]) -> Function:
    return lambda encode, decode, texts: [
        text for text in texts if form(decode(encode(text))) != form(text)
    ]


def _fixed_point(encode: Function, decode: Function, texts: Texts) -> Texts:
    return [text for text in texts if encode(decode(encode(text))) != encode(text)]


ROUND_TRIP = Exercise(
    id="7.4",
    title="There and back",
    signature="round_trip(encode, decode, texts)",
    shapes="encode, decode, texts -> ()",
    input_names=("tokenizer", "texts"),
    reference=round_trip,
    use=as_texts,
    smooth=0,
    probes=(
        Probe(
            "nothing is lost",
            fixed(SOUND, ["A dog.", "", "Straße  42 "]),
            "Every text comes back. What is in your list?",
        ),
        Probe(
            "small letters",
            fixed(SMALL, ["A dog.", "two men", "The END"]),
            "Which of the three come back as they were?",
        ),
        Probe(
            "spaces",
            fixed(SPACES, ["a dog", " a dog", "a  dog", "a dog\n"]),
            "Is a text the same with a space more?",
        ),
        Probe(
            "unknown letters",
            fixed(UNKNOWN, ["Straße", "dog", "café", "cafe"]),
            "What comes back for a letter that the tokenizer does not know?",
        ),
        Probe(
            "accents in two forms",
            fixed(COMPOSED, ["caf\u00e9", "cafe\u0301", "cafe"]),
            "The first two look the same on paper. Are they the same characters?",
        ),
        Probe(
            "the last full stop",
            fixed(ENDS, ["A dog.", "A dog", "Mr. Fox"]),
            "Do you look at the text to the very end?",
        ),
    ),
    mistakes=(
        Mistake(
            "ids compared",
            _fixed_point,
            "You encode a second time and compare ids. What was lost the first time is lost the "
            "second time too. What has to be compared with what?",
        ),
        Mistake(
            "trimmed",
            _compared(str.strip),
            "You trim both before you compare, so that lost spaces at the ends do not show. Is "
            "that the same text?",
        ),
        Mistake(
            "without spaces",
            _compared(str.split),
            "You compare word by word, so that lost spaces do not show. Is that the same text?",
        ),
        Mistake(
            "without case",
            _compared(str.lower),
            "You compare without case, so that lost capitals do not show. Is that the same text?",
        ),
        Mistake(
            "lengths",
            _compared(len),
            "You compare lengths. A letter that was replaced by another leaves the length as it "
            "was. What should be compared?",
        ),
        Mistake(
            "the good ones",
            lambda encode, decode, texts: [t for t in texts if decode(encode(t)) == t],
            "Your list has the texts that *do* come back. Which ones do you want to hear of?",
        ),
        Mistake(
            "what came back",
            lambda encode, decode, texts: [back for t in texts if (back := decode(encode(t))) != t],
            "Your list has what came back. To mend a tokenizer one needs the text that went in. "
            "Which of the two do you collect?",
        ),
        Mistake(
            "only the first",
            lambda encode, decode, texts: round_trip(encode, decode, texts)[:1],
            "You stop at the first text that is lost. What about the others?",
        ),
        Mistake(
            "yes or no",
            lambda encode, decode, texts: not round_trip(encode, decode, texts),
            "You return yes or no. Which texts are lost?",
        ),
        Mistake(
            "numbers of texts",
            lambda encode, decode, texts: [
                i for i, t in enumerate(texts) if decode(encode(t)) != t
            ],
            "Your list has the places of the texts. What does the docstring ask for?",
        ),
        Mistake(
            "how many",
            lambda encode, decode, texts: len(round_trip(encode, decode, texts)),
            "You return how many are lost. *Which* ones are they?",
        ),
        Mistake(
            "a mark for each text",
            lambda encode, decode, texts: [decode(encode(t)) != t for t in texts],
            "You return True or False for each text. Which texts are lost?",
        ),
        Mistake(
            "is, and not equals",
            lambda encode, decode, texts: [t for t in texts if decode(encode(t)) is not t],
            "`is` asks whether both are one and the same object in memory. What came back is a new "
            "text, even if it is the same. Which operator compares texts?",
        ),
        Mistake(
            "as far as both go",
            lambda encode, decode, texts: [
                t for t in texts if any(a != b for a, b in zip(decode(encode(t)), t, strict=False))
            ],
            "`zip` stops with the shorter of the two: what was lost at the end does not show. What "
            "else has to agree?",
        ),
    ),
    hints=(
        "A text goes to ids and back. What comes out has to be compared with what went in, "
        "character by character.",
        "`decode(encode(text)) != text`, for each text; keep the text if so.",
    ),
)
