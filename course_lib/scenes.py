"""`scenes`: picture captions in English and German, generated, with gold word alignments.

    A young woman is reading a red book in the park.
    Eine junge Frau liest im Park ein rotes Buch.

The words come from `lexicon_nouns` and `lexicon_verbs`, their forms from `grammar`, their order
from `clauses`; `scene_plans` draws captions at random, and here they become a corpus.
"""

import random
import re
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from course_lib.clauses import Caption
from course_lib.grammar import Token
from course_lib.scene_plans import Draw

if TYPE_CHECKING:
    from datasets import DatasetDict

HELD_OUT = 20  # one combination in so many


@dataclass(frozen=True)
class Scene:
    """A sentence pair. `alignment` holds pairs of indices into `words(source)`, `words(target)`."""

    source: str
    target: str
    alignment: tuple[tuple[int, int], ...]


def words(text: str) -> list[str]:
    """The words of a caption; a full stop or a comma is a word of its own."""
    return re.findall(r"[^\s.,]+|[.,]", text)


def parse_alignment(pharaoh: str) -> tuple[tuple[int, int], ...]:
    """`"0-0 1-2"` as ((0, 0), (1, 2)), the form of `Scene.alignment`."""
    return tuple((int(s), int(t)) for s, _, t in (link.partition("-") for link in pharaoh.split()))


def scene_of(caption: Caption) -> Scene:
    """Say a caption in both languages: words that share a key are aligned."""
    source, target = caption.english(), caption.german()
    said = defaultdict(set)
    for j, german in enumerate(target):
        for key in german.keys:
            said[key].add(j)
    links = {(i, j) for i, english in enumerate(source) for key in english.keys for j in said[key]}
    return Scene(_text(source), _text(target), tuple(sorted(links)))


@cache
def held_out(combination: str) -> bool:
    """Is this pair of words kept for the test split? The same ones on every machine."""
    return zlib.crc32(combination.encode()) % HELD_OUT == 0


def is_unusual(caption: Caption) -> bool:
    """Has it a combination that is held out? Such captions are for the test split alone."""
    return any(map(held_out, caption.combinations()))


def generate(
    size: int, seed: int, keep: Callable[[Caption], bool] = lambda caption: True
) -> Iterator[Scene]:
    """`size` captions, no two alike in either language; the same ones for the same seed."""
    rng = random.Random(seed)
    seen: set[str] = set()
    while size > 0:
        caption = Draw(rng).caption()
        if not keep(caption):
            continue
        scene = scene_of(caption)
        if seen.isdisjoint((scene.source, scene.target)):
            seen.update((scene.source, scene.target))
            size -= 1
            yield scene


def scenes_corpus(
    seed: int = 0, *, train: int = 24_000, validation: int = 500, test: int = 1_000
) -> "DatasetDict":
    """English captions and their German translations, with gold word alignments.

    Columns: `source`, `target` and `alignment`, which is text (`"0-0 1-2"`, see `parse_alignment`).
    No sentence stands in two splits, in either language. Each test caption has a combination of
    words (`red book`, or `reading` a `letter`) that stands in no caption of train or validation,
    though each of the words does. Validation is drawn like train.
    """
    from datasets import Dataset, DatasetDict

    unusual = generate(test, seed, is_unusual)
    usual = generate(validation + train, seed, lambda caption: not is_unusual(caption))
    drawn = [*unusual, *usual]
    sizes = {"test": test, "validation": validation, "train": train}
    splits = {}
    for split, size in sizes.items():
        scenes, drawn = drawn[:size], drawn[size:]
        splits[split] = Dataset.from_dict(
            {
                "source": [scene.source for scene in scenes],
                "target": [scene.target for scene in scenes],
                "alignment": [" ".join(f"{i}-{j}" for i, j in s.alignment) for s in scenes],
            }
        )
    return DatasetDict({split: splits[split] for split in ("train", "validation", "test")})


def _text(tokens: list[Token]) -> str:
    text = re.sub(r" ([.,])", r"\1", " ".join(token.text for token in tokens))
    return text[0].upper() + text[1:]
