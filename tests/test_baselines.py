import math
from collections import Counter

import pytest
import torch

from course_lib.baselines import Nearest, lead, words_of_name
from course_lib.rouge import rouge_words

FUNCTION = "def Path.read_text(encoding)\nOpens the file, e.g. for a look. It is closed again."


@pytest.mark.parametrize(
    ("source", "sentences", "expected"),
    [
        ("One. Two! Three?", 1, "One."),
        ("One. Two! Three?", 2, "One. Two!"),
        ("One. Two! Three?", 9, "One. Two! Three?"),
        ("A: Hello.\nB: no stop\nA: Bye.", 3, "A: Hello. B: no stop A: Bye."),
        ('He said "Stop!" and left.', 1, 'He said "Stop!"'),
        ("def f(x)\nWorks. Fine.", 1, "Works."),
        ("class Tree(Node)\nGrows.", 1, "Grows."),
        ("async def main()\nRuns.", 1, "Runs."),
        ("def f(x)", 1, ""),
        ("defined here. Not a function.", 1, "defined here."),
        ("", 1, ""),
    ],
)
def test_lead(source, sentences, expected):
    assert lead(source, sentences) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (FUNCTION, "read text"),
        ("def __init__(self)", "init"),
        ("class HTTPServerError2(Exception)", "http server error 2"),
        ("async def a.b.fetchAllRows()", "fetch all rows"),
        ("def _(x)", ""),
        ("No signature.", ""),
    ],
)
def test_words_of_name(source, expected):
    assert words_of_name(source) == expected


def test_the_nearest_is_that_of_the_largest_cosine():
    texts = ["the red dog runs", "a dog sleeps here", "the old red house", "the cat sleeps sleeps"]
    asked = ["red red house", "where sleeps the cat", "dog", "runs a red dog"]
    appears_in = Counter(word for text in texts for word in set(rouge_words(text)))

    def vector(text):
        return {
            word: count * math.log(len(texts) / appears_in[word])
            for word, count in Counter(rouge_words(text)).items()
            if word in appears_in
        }

    def cosine(a, b):
        dot = sum(value * b.get(word, 0) for word, value in a.items())
        return dot / math.sqrt(sum(v * v for v in a.values()) * sum(v * v for v in b.values()))

    expected = [
        max(range(len(texts)), key=lambda i: cosine(vector(texts[i]), vector(q))) for q in asked
    ]
    nearest = Nearest(texts, [str(i) for i in range(len(texts))])
    assert nearest(asked) == [str(i) for i in expected]
    assert nearest(asked, at_once=3) == nearest(asked)


def test_words_that_nobody_knows():
    nearest = Nearest(["a b", "c d"], ["first", "second"])
    assert nearest(["x y", ""]) == ["first", "first"]
    assert torch.isfinite(nearest.vectors.to_dense()).all()
