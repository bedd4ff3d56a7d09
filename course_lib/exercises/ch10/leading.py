"""10.3 lead."""

import re
from collections.abc import Callable

import torch
from torch import Generator

from course_lib import baselines
from course_lib.exercises.ch07.common import fixed
from course_lib.exercises.spec import Exercise, Function, Inputs, Mistake, Probe

Sentences = list[str]
Cut = Callable[[str], Sentences]
WORDS = ("the", "list", "is", "read", "from", "v2.1", "a.b", "at", "once")


def lead(text: str, k: int) -> str:
    """The first k sentences of a text. One ends with . ! or ? before white space or the end."""
    return " ".join(_sentences(text)[:k])


def _sentences(text: str) -> Sentences:
    return re.split(r"(?<=[.!?])\s+", text.strip())


def _by(cut: Cut) -> Function:
    """The first k of what another cut gives."""
    return lambda text, k: " ".join(cut(text)[:k])


def _stripped(parts: list[str]) -> Sentences:
    return [part.strip() for part in parts if part.strip()]


def _picked(pick: Callable[[Sentences, int], object]) -> Function:
    """Something else of the right sentences."""
    return lambda text, k: pick(_sentences(text), k)


def _as_it_stands(text: str, k: int) -> str:
    """All of the text up to the end of sentence k, with what is between them."""
    ends = [found.end() for found in re.finditer(r"[.!?](?=\s|\Z)", text.strip())]
    return text.strip()[: ends[k - 1]] if len(ends) >= k else text.strip()


def _drawn(dice: Generator) -> Inputs:
    """Five sentences of random words, some of which have a point inside, and white space."""

    def below(size: int) -> int:
        return int(torch.randint(size, (1,), generator=dice))

    text = ""
    for _ in range(5):
        words = [WORDS[below(len(WORDS))] for _ in range(2 + below(4))]
        text += " ".join(words) + ".!?"[below(3)] + (" ", "  ", "\n")[below(3)]
    return text, 1 + below(4)


CUT_AND_LOST = (
    "You cut at every mark, also within 3.5, and what you cut at is thrown away, so that the marks "
    "are gone. What has to follow a mark that ends a sentence, and how could the mark stay?"
)
PUT_BACK = (
    "You cut at every full stop, also at the one within 3.5, and put a stop back wherever you cut. "
    "And ! and ? end nothing. What has to follow a mark that ends a sentence?"
)
EVERY_MARK = (
    "Every mark ends a sentence for you, also the one within 3.5. What has to follow it, if it "
    "really ends one?"
)
MARK_LOST = (
    "What you split at is thrown away, and with it the mark. How could you split at the white "
    "space alone, behind a mark?"
)

LEAD = Exercise(
    id="10.3",
    title="The beginning",
    signature="lead(text, k)",
    shapes="text, k -> ()",
    reference=lead,
    library=(baselines.lead,),
    smooth=0,
    probes=(
        Probe(
            "three short sentences",
            fixed("Dogs bark. Cats do not. Birds sing.", 2),
            "Where does the second sentence end?",
        ),
        Probe(
            "the first one alone",
            fixed("Dogs bark. Cats do not. Birds sing.", 1),
            "Does the full stop belong to the sentence?",
        ),
        Probe(
            "questions and exclamations",
            fixed("Does it work? It does! Good. So why ask? Well.", 3),
            "Which three marks end a sentence?",
        ),
        Probe(
            "a point within a word",
            fixed("It costs 3.5 euros. The name a.b holds it. Take two.", 2),
            "What stands behind the point in 3.5, and what behind one that ends a sentence?",
        ),
        Probe(
            "several marks at once",
            fixed("Wait... What?! Nobody knew. Then it began.", 2),
            "Which of the three points has white space behind it?",
        ),
        Probe(
            "a sentence that begins with a small letter",
            fixed("This ends here. then it goes on. 2 more come. Done.", 2),
            "What is said of the sentence's end, and what of the next one's beginning?",
        ),
        Probe(
            "ends of lines, and two spaces",
            fixed("Reads a file.\nReturns its lines.  Closes it.\n\nRaises no error.", 3),
            "White space is more than one space. What should stand between the sentences?",
        ),
        Probe(
            "white space around",
            fixed("  \n Here it begins. Here it ends. \n", 2),
            "What should the result begin with, and end with?",
        ),
        Probe(
            "white space around, and fewer than k",
            fixed(" Here it begins. Here it ends. \n", 5),
            "What should the result end with, if all of the text is wanted?",
        ),
        Probe(
            "a sentence that goes on in the next line",
            fixed("Reads the lines of\na file. Closes it then. Returns them.", 2),
            "The first line ends within a sentence. Does the sentence end there?",
        ),
        Probe(
            "fewer than k",
            fixed("There are only two. This is the second one.", 5),
            "Five are wanted, and there are two. What comes out?",
        ),
        Probe(
            "no mark at all",
            fixed("a title without an end", 2),
            "Nothing ends here but the text. How many sentences is it?",
        ),
        Probe(
            "a rest without a mark",
            fixed("Read this one. and then there is more", 2),
            "The second sentence ends with the text. Is it there?",
        ),
        Probe("an empty text", fixed("", 2), "There is no sentence. What comes out?"),
        Probe("five sentences", _drawn, "Which marks have white space or the end behind them?"),
    ),
    mistakes=(
        Mistake(
            "cut at stops, which are lost",
            _by(lambda text: _stripped(text.split("."))),
            CUT_AND_LOST,
            group="cut and lost",
        ),
        Mistake(
            "cut at marks, which are lost",
            _by(lambda text: _stripped(re.split(r"[.!?]", text))),
            CUT_AND_LOST,
            group="cut and lost",
        ),
        Mistake(
            "cut at marks, with nothing between two",
            lambda text, k: " ".join(s.strip() for s in re.split(r"[.!?]", text)[:k]),
            CUT_AND_LOST,
            group="cut and lost",
        ),
        Mistake(
            "cut and put back",
            lambda text, k: ".".join(text.split(".")[:k]) + ".",
            PUT_BACK,
            group="put back",
        ),
        Mistake(
            "each cut and put back",
            _by(lambda text: [f"{part}." for part in _stripped(text.split("."))]),
            PUT_BACK,
            group="put back",
        ),
        Mistake(
            "cut behind every mark",
            _by(lambda text: _stripped(re.split(r"(?<=[.!?])", text))),
            EVERY_MARK,
            group="every mark",
        ),
        Mistake(
            "up to every mark",
            _by(lambda text: _stripped(re.findall(r"[^.!?]+[.!?]", text))),
            EVERY_MARK,
            group="every mark",
        ),
        Mistake(
            "up to every row of marks",
            _by(lambda text: _stripped(re.findall(r"[^.!?]+[.!?]+", text))),
            EVERY_MARK,
            group="every mark",
        ),
        Mistake(
            "the mark lost",
            _by(lambda text: re.split(r"[.!?]\s+", text.strip())),
            MARK_LOST,
            group="the mark lost",
        ),
        Mistake(
            "every mark lost",
            _by(lambda text: _stripped(re.split(r"[.!?](?:\s+|\Z)", text))),
            MARK_LOST,
            group="the mark lost",
        ),
        Mistake(
            "joined as it was cut",
            lambda text, k: ". ".join(text.split(". ")[:k]),
            "You cut at a stop and a space, and join with the same. The last sentence that you "
            "keep goes without its stop, and ! and ? end nothing. What should be cut away, and "
            "what should stay?",
        ),
        Mistake(
            "only full stops",
            _by(lambda text: re.split(r"(?<=\.)\s+", text.strip())),
            "Only a full stop ends a sentence for you. Which two other marks may?",
        ),
        Mistake(
            "only a single space",
            _by(lambda text: re.split(r"(?<=[.!?]) ", text.strip())),
            "A sentence ends only before a space here. The end of a line is white space as well, "
            "and there may be more than one. What stands for any white space in a pattern?",
        ),
        Mistake(
            "words put together again",
            _picked(lambda sentences, k: " ".join(" ".join(sentences[:k]).split())),
            "The sentences are right, and within them white space has changed: `split()` without a "
            "pattern cuts at the ends of lines, too. How could each sentence stay as it is?",
        ),
        Mistake(
            "one white space",
            _by(lambda text: re.split(r"(?<=[.!?])\s", text.strip())),
            "You cut at one white space. Where two stand in a row, one is left at the beginning of "
            "the next sentence. What says *one or more* in a pattern?",
        ),
        Mistake(
            "only before a capital",
            _by(lambda text: re.split(r"(?<=[.!?])\s+(?=[A-Z])", text.strip())),
            "You ask for a capital at the beginning of the next sentence. What does the rule ask "
            "of what follows?",
        ),
        Mistake(
            "lines",
            _by(lambda text: _stripped(text.split("\n"))),
            "You count lines. A line may hold several sentences. What ends one?",
        ),
        Mistake(
            "the last one lost",
            _by(lambda text: re.findall(r"\S[^\0]*?[.!?](?=\s)", text)),
            "The last sentence is lost if the text ends right behind its mark. What may follow a "
            "mark besides white space?",
        ),
        Mistake(
            "what has no mark is lost",
            _by(lambda text: re.findall(r"\S[^\0]*?[.!?](?=\s|\Z)", text)),
            "What stands behind the last mark is lost, and a text without any mark gives nothing. "
            "What else ends a sentence?",
        ),
        Mistake(
            "white space left over",
            _by(lambda text: re.split(r"(?<=[.!?])\s+", text)),
            "White space is left over at the beginning or at the end. Which method of a text "
            "takes it away, and when would you call it?",
        ),
        Mistake(
            "as it stands there",
            _as_it_stands,
            "You give the text up to the end of sentence k, with ends of lines and double spaces "
            "as they stand there. What should be between two sentences?",
        ),
        Mistake(
            "one too many",
            _picked(lambda sentences, k: " ".join(sentences[: k + 1])),
            "This is one sentence more than k. How many items has `[:k]`?",
        ),
        Mistake(
            "one too few",
            _picked(lambda sentences, k: " ".join(sentences[: k - 1])),
            "This is one sentence less than k. How many items has `[:k]`?",
        ),
        Mistake(
            "the last ones",
            _picked(lambda sentences, k: " ".join(sentences[-k:])),
            "These are the *last* k sentences. Which end of a list does `[-k:]` take?",
        ),
        Mistake(
            "the k-th alone",
            _picked(lambda sentences, k: " ".join(sentences[k - 1 : k])),
            "This is sentence k alone. What about those before it?",
        ),
        Mistake(
            "the first alone",
            _picked(lambda sentences, k: sentences[0]),
            "This is the first sentence, whatever `k` is. How many are asked?",
        ),
        Mistake(
            "words",
            lambda text, k: " ".join(text.split()[:k]),
            "These are the first k *words*. What should be counted?",
        ),
        Mistake(
            "letters",
            lambda text, k: text[:k],
            "These are the first k *letters*: a slice of a text is made of letters. Of what "
            "should `[:k]` be taken?",
        ),
        Mistake(
            "a list",
            _picked(lambda sentences, k: sentences[:k]),
            "These are the right sentences, in a list. One text is asked. What puts them together?",
        ),
        Mistake(
            "without a space",
            _picked(lambda sentences, k: "".join(sentences[:k])),
            "The sentences are glued together. What should stand between them?",
        ),
        Mistake(
            "k of them, in any case",
            _picked(lambda sentences, k: " ".join(sentences[i] for i in range(k))),
            "You ask for k sentences, and the text has fewer. What does a slice do, if it reaches "
            "past the end?",
        ),
    ),
    hints=(
        "First make a list of all sentences, then take the first k of it, then join them. What is "
        "between two sentences, and is not part of either?",
        "`re.split(pattern, text)` throws away what the pattern matches. It should match the white "
        r"space alone: `\s+`. And `(?<=…)` in front of it asks what stands before, without "
        "matching it.",
        r"`(?<=[.!?])\s+` is white space behind a mark. Take the white space around the text away "
        'first (`strip`). A slice `[:k]` does not mind if there are fewer, and `" ".join(…)` '
        "makes one text of them.",
    ),
)
