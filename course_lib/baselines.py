"""Summaries that cost nothing: what a trained summarizer has to beat.

Sources are texts, or functions as in `course_lib.docstrings`, whose first line is a signature.
"""

import re
from collections.abc import Sequence

import torch
from torch import Tensor

from course_lib.rouge import rouge_words

DEFINITION = re.compile(r"(?:(?:async )?def|class) ([\w.]+)")
# A sentence ends at . ! or ?, with what closes quotes and brackets, before white space, or with its
# line.
SENTENCE = re.compile(r"[^\n]+?(?:[.!?][\"')\]]*(?=\s)|$)", re.MULTILINE)
PART_OF_NAME = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


def lead(source: str, sentences: int = 1) -> str:
    """The first sentences of a text; of a function, those after its signature."""
    text = source.partition("\n")[2] if DEFINITION.match(source) else source
    return " ".join(match.strip() for match in SENTENCE.findall(text)[:sentences])


def words_of_name(source: str) -> str:
    """The words in a function's own name: of `def Path.read_text(…)`, "read text".

    Empty if the source has no signature.
    """
    definition = DEFINITION.match(source)
    own = definition[1].rpartition(".")[2] if definition else ""
    return " ".join(PART_OF_NAME.findall(own)).lower()


class Nearest:
    """The summary of the most similar source among those of the training split.

    Similar means a large cosine between TF-IDF vectors: how often each word stands in a text, and
    the more so the fewer texts have it. Salton and Buckley (1988).
    """

    def __init__(self, sources: Sequence[str], targets: Sequence[str]):
        words = sorted({word for source in sources for word in rouge_words(source)})
        self.places = {word: i for i, word in enumerate(words)}
        self.targets = targets
        counts = self.count(sources)
        appears_in = torch.bincount(counts.indices()[1], minlength=len(words))
        self.idf = (len(sources) / appears_in.clamp(min=1)).log()  # (V,)
        self.vectors = self.weigh(counts)  # (N, V)

    def __call__(self, sources: Sequence[str], at_once: int = 256) -> list[str]:
        """The summary for each source."""
        found: list[str] = []
        for start in range(0, len(sources), at_once):
            asked = self.weigh(self.count(sources[start : start + at_once]))
            best = (self.vectors @ asked.to_dense().T).argmax(dim=0)  # of (N, B) cosines
            found += [self.targets[i] for i in best.tolist()]
        return found

    def count(self, sources: Sequence[str]) -> Tensor:
        """How often each word of the training split stands in each source: sparse (N, V)."""
        cells = [
            (row, self.places[word])
            for row, source in enumerate(sources)
            for word in rouge_words(source)
            if word in self.places
        ]
        indices = torch.tensor(cells, dtype=torch.long).reshape(-1, 2).T
        size = (len(sources), len(self.places))
        return sparse(indices, torch.ones(len(cells)), size)

    def weigh(self, counts: Tensor) -> Tensor:
        """TF-IDF vectors of length 1; a source without a known word has a vector of zeros."""
        rows, columns = counts.indices()
        values = counts.values() * self.idf[columns]
        squares = values.new_zeros(counts.shape[0]).index_add_(0, rows, values**2)
        values = values / squares.sqrt().clamp(min=1e-12)[rows]
        return sparse(counts.indices(), values, counts.shape)


def sparse(indices: Tensor, values: Tensor, size: Sequence[int]) -> Tensor:
    """A matrix of which only some cells are kept; the values of a cell that comes twice add up."""
    matrix = torch.sparse_coo_tensor(indices, values, tuple(size), check_invariants=False)
    return matrix.coalesce()
