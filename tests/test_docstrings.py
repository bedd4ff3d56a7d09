import re
import sys
import textwrap

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.docstring_text import plain, split_docstring
from course_lib.docstrings import (
    ENOUGH_WORDS,
    MAX_WORDS,
    Module,
    count_words,
    example_from,
    shorten,
)
from course_lib.errors import CourseError

# Docstrings as text

SPLIT = {
    "one line": ("Add two numbers.", "Add two numbers.", ""),
    "no full stop": ("add two numbers", "Add two numbers.", ""),
    "a name first": ("numpy_like arrays add", "numpy_like arrays add.", ""),
    "a question": ("Is it a tree?\n\nOr a graph.", "Is it a tree?", "Or a graph."),
    "broken lines": ("Add two\n    numbers.\n\n    Both.", "Add two numbers.", "Both."),
    "two sentences": ("Add them. Then stop.", "Add them.", "Then stop."),
    "abbreviations": ("Add, e.g. One or i.e. Two. Then.", "Add, e.g. One or i.e. Two.", "Then."),
    "dots in names": ("Use os.path.join. It joins.", "Use os.path.join.", "It joins."),
    "a colon within": ("A tree\nstring: its text. And.", "A tree string: its text.", "And."),
    "google": (
        "Add.\n\nArgs:\n    a (int): one\n    b: two\n\nReturns:\n    the sum",
        "Add.",
        "Args: a (int): one b: two Returns: the sum",
    ),
    "google without a blank line": ("Add two\nArgs:\n    a: one", "Add two.", "Args: a: one"),
    "numpydoc": (
        "Add.\n\nParameters\n----------\na : int\n    One.\n\nSee Also\n--------\nsub : Other.\n\n"
        "Notes\n-----\nFast.\n\nExamples\n--------\n>>> add(1)\n1\n\nMore on it.\n",
        "Add.",
        "Parameters: a : int One. Notes: Fast.",
    ),
    "fields": (
        "Add\n:param int a: one\n:type a: int\n:raises ValueError: never\n:returns: a sum",
        "Add.",
        "a: one Raises: ValueError never Returns: a sum",
    ),
    "epytext": ("Add.\n\n@param a: one\n@return: a sum", "Add.", "a: one Return: a sum"),
    "a doctest": ("Add.\n\nSo:\n\n>>> add(1)\n2\n\nDone.", "Add.", "So: Done."),
    "a code block": ("Add.\n\nSo::\n\n    add(1)\n\n    add(2)\n\nDone.", "Add.", "So: Done."),
    "a fence": ("Add.\n\n```python\nadd(1)\n```\nDone.", "Add.", "Done."),
    "directives": (
        "Add.\n\n.. versionadded:: 1.2\n   Or so.\n.. note:: Keep\n   this.\n.. math:: a + b\nEnd.",
        "Add.",
        "Keep this. End.",
    ),
    "footnotes": ("Add [1]_.\n\n.. [1] A book,\n   page 2.\nEnd.", "Add.", "End."),
    "a table": ("Add.\n\n=== ===\na   b\n=== ===\n1   2\n=== ===", "Add.", "a b 1 2"),
    "a call-out": ("Add.\n\n> [!WARNING]\n> Take care.", "Add.", "Take care."),
    "a signature first": ("add(a, b) -> int\n\nAdd them.", "Add them.", ""),
    "parameters first": ("Parameters\n----------\na : int", "", "Parameters: a : int"),
    "a pointer to what is gone": ("Add.\n\nSee also https://example.org/x.", "Add.", ""),
    "lists": ("Add:\n\n- one\n- two", "Add:", "- one - two"),
    "empty": (" \n ", "", ""),
    "control characters": ("Add\x00 two\x08.\n\nOr \ud800.", "Add two.", "Or ?."),
}


@pytest.mark.parametrize(("docstring", "summary", "description"), SPLIT.values(), ids=SPLIT)
def test_a_docstring_is_split(docstring, summary, description):
    assert split_docstring(docstring) == (summary, description)


PLAIN = [
    (":class:`~torch.nn.Module` and :func:`add`", "Module and add"),
    (":py:meth:`the sum <add>`, `a link <https://a.b/c>`_", "the sum, a link"),
    ("``a*b*c`` and `x`, `y`_", "a*b*c and x, y"),
    ("**bold** and *emphasis*, not 2 * 3 * 4", "bold and emphasis, not 2 * 3 * 4"),
    ("takes *args and **kwargs", "takes *args and **kwargs"),
    (r"of :math:`\alpha_{i}` or $\beta$ or $$x$$", "of alpha_ i or beta or x"),
    ("[`Trainer`] and [docs](https://a.b/c)", "Trainer and docs"),
    ("see https://a.b/c_d?e=f. Then (at http://a.b)", "see. Then (at)"),
    ("a <br> b <T> c <lambda>", "a b <T> c <lambda>"),
    (r":class:`Token`\s, \*not\* and ``\n``", r"Tokens, *not* and \n"),
    ("a `str`, an `int, a ``set``", "a str, an int, a set"),
    ("  spaces \n and\tlines ", "spaces and lines"),
]


@pytest.mark.parametrize(("marked", "expected"), PLAIN)
def test_markup_goes_and_words_stay(marked, expected):
    assert plain(marked) == expected


@settings(max_examples=200, deadline=None)
@given(st.text(st.sampled_from("aB.: \n`*_[]()<>\\$-=~|>#@\ud800\x00é") | st.characters()))
def test_any_docstring_gives_two_clean_lines(docstring):
    for text in split_docstring(docstring):
        assert text.encode().decode() == text
        assert "\n" not in text
        assert text == text.strip()


# Modules

MODULE = '''
"""The module itself is no function."""
import abc

def plain(a, /, b: int = 2, *rest, key, **more) -> "int":
    """Add them.

    All of them.
    """
    return a + b  # the sum

class Tree(Node, metaclass=abc.ABCMeta):
    r"""A tree with \\d leaves."""

    def grow(self, by):
        """Grow it."""
        def leaf(x):
            """Make a leaf."""

    @property
    def size(self):
        """Its size."""

    @size.setter
    def size(self, value):
        """Not this one."""

    @classmethod
    async def fetch(cls):
        """Fetch one."""

    class Inner:
        """Within."""

try:
    import fast
except ImportError:
    def slow():
        """Go slowly."""
else:
    if fast:
        with fast:
            for x in fast:
                def quick():
                    """Go quickly."""
match plain:
    case 1:
        def cased():
            """In a case."""

@typing.overload
def over(a: int):
    """Not this one either."""

def bytes_first():
    b"""No docstring."""

def formatted():
    f"""No docstring {plain}."""

def nothing():
    pass
'''


def test_every_documented_definition_is_found():
    examples = {e.name: e for e in Module(MODULE.encode()).examples()}
    assert {name: e.target for name, e in examples.items()} == {
        "plain": "Add them.",
        "Tree": r"A tree with \d leaves.",
        "Tree.grow": "Grow it.",
        "Tree.grow.leaf": "Make a leaf.",
        "Tree.size": "Its size.",
        "Tree.fetch": "Fetch one.",
        "Tree.Inner": "Within.",
        "slow": "Go slowly.",
        "quick": "Go quickly.",
        "cased": "In a case.",
    }
    first_lines = [e.source.split("\n")[0] for e in examples.values()]
    assert first_lines[:3] == [
        "def plain(a, b, *rest, key, **more) -> int",
        "class Tree(Node)",
        "def Tree.grow(by)",
    ]
    assert "async def Tree.fetch()" in first_lines


def test_the_source_is_signature_documentation_code():
    example = next(Module(MODULE.encode()).examples())
    assert example.source.split("\n")[1:] == ["All of them.", "return a + b  # the sum"]
    assert example.documented == 4  # the full stop counts
    assert "Add them" not in example.source


def test_code_only_fills_up_a_short_documentation():
    def source(words):
        text = f'def f():\n    """Do.\n\n    {"word " * words}\n    """\n' + "    x = 1\n" * 99
        return next(Module(text.encode()).examples()).source

    assert source(ENOUGH_WORDS).count("x = 1") == 0
    assert source(ENOUGH_WORDS - 7).count("x = 1") == 2
    assert source(0).count("x = 1") == ENOUGH_WORDS // 3
    assert count_words(source(1000)) <= MAX_WORDS
    assert source(1000).endswith("word word")


def test_a_signature_is_bounded():
    names = ", ".join(f"a_rather_long_name_{i}" for i in range(99))
    bases = ", ".join(f"package.module_{i}.Name" for i in range(99))
    returns = "dict[str, " * 9 + "int" + "]" * 9
    text = f'def f({names}) -> {returns}:\n "Do."\nclass C({bases}):\n "It."'
    function, kind = Module(text.encode()).examples()
    assert function.source.endswith("a_rather_long_name_19, ...)")
    assert count_words(kind.source) <= MAX_WORDS


@given(st.text(" a.\n", max_size=40), st.integers(0, 12))
def test_shorten_cuts_at_a_space(text, words):
    short = shorten(text, words)
    assert text.startswith(short)
    assert count_words(short) <= words
    assert text[len(short) :][:1] in ("", " ", "\n") or not short


ENCODINGS = {
    "UTF-8": "def f():\n    '''Grün.'''\n".encode(),
    "a byte order mark": b"\xef\xbb\xbf" + "def f():\n    '''Grün.'''\n".encode(),
    "Latin-1": "# -*- coding: latin-1 -*-\ndef f():\n    '''Grün.'''\n".encode("latin-1"),
    "Windows line ends": "def f():\r\n    '''Grün.'''\r\n    x = 1\r\n".encode(),
    "old Mac line ends": "def f():\r    '''Grün.'''\r    x = 1\r".encode(),
    "a form feed": "x = 0\n\x0c\ndef f():\n    '''Grün.'''\n    x = 1\n".encode(),
}


@pytest.mark.parametrize("raw", ENCODINGS.values(), ids=ENCODINGS)
def test_encodings_and_line_ends(raw):
    (example,) = Module(raw).examples()
    assert example.target == "Grün."
    assert example.source in ("def f()", "def f()\nx = 1")


BROKEN = {
    "no Python": b"def f(:\n",
    "a null byte": b"x = '\x00'\n",
    "not UTF-8": b"x = 1\ny = 2\nz = '\xfc'\n",
    "an unknown encoding": b"# coding: klingon\nx = 1\n",
    "no text encoding": b"# coding: hex\nx = 1\n",
    "too deep": b"x = " + b"(" * 9000,
}


@pytest.mark.parametrize("raw", BROKEN.values(), ids=BROKEN)
def test_whatever_is_wrong_is_a_syntax_error(raw, tmp_path):
    with pytest.raises(SyntaxError):
        Module(raw)
    file = tmp_path / "broken.py"
    file.write_bytes(raw)
    with pytest.raises(CourseError, match=r"broken\.py.*expected valid Python") as caught:
        example_from(file, "f")
    assert "\n" not in str(caught.value)


def test_invalid_escapes_are_read_without_a_warning(recwarn):
    (example,) = Module(b'def f():\n    "Match \\d here."\n').examples()
    assert example.target == r"Match \d here."
    assert not recwarn.list


# A function of one's own


def test_a_function_of_ones_own_is_read_and_not_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "mine.py"
    file.write_text(MODULE + "\nopen('ran', 'w').close()\nraise SystemExit\n", encoding="utf-8")
    assert example_from(file, "Tree.grow.leaf").target == "Make a leaf."
    bare = example_from(file, "nothing")
    assert (bare.source, bare.target) == ("def nothing()\npass", "")
    assert not (tmp_path / "ran").exists()
    assert "mine" not in sys.modules


def test_of_several_definitions_the_last_counts_but_not_an_addition(tmp_path):
    file = tmp_path / "mine.py"
    file.write_text('def f():\n    "One."\ndef f():\n    "Two."\n' + MODULE)
    assert example_from(file, "f").target == "Two."
    assert example_from(file, "Tree.size").target == "Its size."


def test_code_without_a_docstring_begins_at_its_first_line(tmp_path):
    file = tmp_path / "mine.py"
    body = """
        def f():
            @cache
            def inner():
                pass

            return inner
        def short(): return 1
    """
    file.write_text(textwrap.dedent(body))
    assert example_from(file, "f").source.split("\n")[1] == "@cache"
    assert example_from(file, "short").source.startswith("def short()\n")


def error_of(path, name) -> str:
    with pytest.raises(CourseError) as caught:
        example_from(path, name)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_what_is_not_there_is_named(tmp_path):
    assert re.search(
        r"gone\.py can't be read .*correct the path", error_of(tmp_path / "gone.py", "f")
    )
    assert "expected a Python file" in error_of(tmp_path, "f")
    file = tmp_path / "mine.py"
    file.write_text(MODULE)
    assert "did you mean plain?" in error_of(file, "plan")
    assert "did you mean Tree.grow?" in error_of(file, "grow")
    unlike = error_of(file, "zzz")
    assert "it has plain, Tree, Tree.grow" in unlike
    assert "name one of them" in unlike
    file.write_text("x = 1\n")
    assert "has no functions: expected 'f'" in error_of(file, "f")
    file.write_text("x = 1\ndef f(:\n")
    assert "mine.py, line 2: expected valid Python, came a syntax error" in error_of(file, "f")
