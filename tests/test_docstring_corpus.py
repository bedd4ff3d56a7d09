import gzip
import json
import re
import subprocess
import sys
import time
from collections import Counter, defaultdict
from pathlib import Path

import datasets
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib import docstring_cache
from course_lib.corpora import corpus_fingerprint, load_corpus
from course_lib.docstring_cache import REFERENCE, Manifest, build, load_docstrings
from course_lib.docstring_corpus import (
    MAX_SUMMARY,
    MIN_SUMMARY,
    NEAR_DUPLICATE,
    Pair,
    duplicate_text,
    flaw,
    without_duplicates,
)
from course_lib.docstring_packages import PACKAGES, Package, installed_packages, missing_packages
from course_lib.docstrings import MAX_WORDS, Example, count_words
from course_lib.errors import CorpusError
from course_lib.near_duplicates import earlier_likes, jaccard, shingles

ROOT = Path(__file__).parents[1]

# What can be learned from

SOUND = Example("f", "def f(tree)\nWalks from the root to all of the leaves.", "Visit a tree.", 10)
FLAWED = {
    "fewer than 10 words of documentation": {"documented": 9},
    "fewer than 10 words beside the signature": {"source": "def f(tree)\nWalks to all leaves."},
    "hardly one": {"target": "Visit."},
    "hardly": {"target": "Parameters: a, b."},
    "more than 25 words": {"target": f"Visit {'very ' * 24}well."},
    "doesn't say": {"target": "See the other one."},
    "doesn't say what": {"target": "Deprecated, don't use it."},
    "doesn't say what it": {"target": "This function is adapted from another."},
    "no phrase": {"target": "Visit one of the following:"},
    "no phrase, unfinished": {"target": "Visit the tree of."},
    "no phrase, a signature": {"target": "visit(tree, order=None, depth=3)."},
    "no phrase, a bracket": {"target": "Visit a tree (or a graph."},
    "no phrase, TeX": {"target": r"Visit all \alpha trees."},
    "no phrase, Greek": {"target": "Επισκέψου ένα δέντρο εδώ."},
    "stands in its source": {"target": "From the root to all."},
}


@pytest.mark.parametrize(("reason", "changes"), FLAWED.items(), ids=FLAWED)
def test_flaws_are_named(reason, changes):
    assert flaw(SOUND, "test") is None
    assert reason.partition(",")[0] in (flaw(Example(**(vars(SOUND) | changes)), "test") or "")


def test_to_learn_from_code_will_do():
    code = Example(
        "f", "def f(tree)\nfor leaf in tree.leaves: yield leaf.value", "Visit a tree.", 0
    )
    assert flaw(code, "train") is None
    assert {flaw(code, split) for split in ("validation", "test")} == {
        "fewer than 10 words of documentation"
    }


@pytest.mark.parametrize(
    "summary",
    [
        "Test if this address is private.",
        "Wrap an existing stream.",
        "Seek to a position.",
        "Select values between particular times of the day (e.g., 9:00-9:30 AM).",
        "Iterate over each Bézier curve.",
    ],
)
def test_summaries_that_only_look_flawed(summary):
    assert flaw(Example("f", SOUND.source, summary, 10), "test") is None


# Near duplicates


def test_shingles_are_runs_of_three_words():
    assert shingles("A b, c D") == shingles("a B c d!")
    assert len(shingles("a b c d")) == 2
    assert jaccard(shingles("a b c d"), shingles("a b c e")) == pytest.approx(1 / 3)
    assert len(shingles("")) == len(shingles("one")) == 1


sets = st.lists(st.frozensets(st.integers(0, 12), min_size=1), max_size=14)


@settings(max_examples=300, deadline=None)
@given(sets, st.sampled_from([0.2, 0.5, 0.6, 0.9, 1.0]))
def test_near_duplicates_are_those_that_comparing_all_finds(sets, threshold):
    likes = earlier_likes(sets, threshold)
    kept = []
    for i, (one, like) in enumerate(zip(sets, likes, strict=True)):
        expected = [j for j in kept if jaccard(one, sets[j]) >= threshold]
        assert like == (expected[0] if expected else None)
        if like is None:
            kept.append(i)


TEXTS = [
    "Walks from the root to every leaf, in the order in which they were added to it.",
    "Counts how many of the words in a text begin with a capital letter.",
    "Opens a connection to the server and waits for it to answer.",
]


def pair(text: str, summary: str, package: str = "some") -> Pair:
    return Pair(f"def f(x)\n{text}", summary, "f", package)


def test_duplicates_go_from_training_first():
    again = TEXTS[0].replace("Walks", "Goes")
    splits, gone = without_duplicates(
        {
            "train": [
                pair(again, "Traverse it."),
                pair(TEXTS[1], "Count capitals."),
                pair(TEXTS[2], "Count capitals!"),
                pair(TEXTS[2], "Visit the TREE."),
            ],
            "validation": [pair(TEXTS[1], "Count the capitals.")],
            "test": [pair(TEXTS[0], "Visit the tree.")],
        }
    )
    assert {split: [p.target for p in pairs] for split, pairs in splits.items()} == {
        "train": [],
        "validation": ["Count the capitals."],
        "test": ["Visit the tree."],
    }
    assert gone == {
        "near duplicate across splits": 2,
        "same summary within a split": 1,
        "same summary across splits": 1,
    }


def test_the_name_and_the_code_make_no_difference():
    one = Pair(f"def f(x)\n{TEXTS[0]}\nreturn x", "Visit a tree.", "f", "a")
    two = Pair(f"def g(y)\n{TEXTS[0]}\nfor leaf in y: pass", "Visit one tree.", "g", "b")
    splits, _ = without_duplicates({"train": [one, two]})
    assert splits["train"] == [one]


# The packages


def test_a_package_stands_in_one_split_only():
    names = [name for packages in PACKAGES.values() for name in packages]
    folders = [
        f for packages in PACKAGES.values() for modules in packages.values() for f in modules
    ]
    assert max(Counter(names).values()) == max(Counter(folders).values()) == 1
    assert set(PACKAGES) == {"train", "validation", "test"}


def test_all_packages_are_pinned():
    pinned = re.findall(r"^([\w.-]+)==", (ROOT / "constraints.txt").read_text(), re.MULTILINE)
    normal = {re.sub(r"[-_.]+", "-", name).lower() for name in pinned}
    names = [re.sub(r"[-_.]+", "-", name) for packages in PACKAGES.values() for name in packages]
    assert set(names) - normal == {"stdlib"}
    assert missing_packages(installed_packages()) == []


def test_finding_the_packages_imports_none():
    code = (
        "import sys; from course_lib.docstring_packages import *; "
        "files = sum(1 for p in installed_packages() for _ in p.files()); "
        "print(files > 1000, {'torch', 'numpy', 'pandas', 'rich'} & set(sys.modules))"
    )
    assert run(code) == "True set()\n"


def run(code: str, *arguments: object) -> str:
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout


VERBS = ["Open", "Close", "Count", "Paint", "Fold", "Carry"]
THINGS = ["door", "book", "window", "letter", "garden"]


def function(name: str, verb: str, thing: str) -> str:
    words = f"{thing} {verb} " + " ".join(f"{verb}{thing}{i}" for i in range(9))
    return f'def {name}({thing}):\n    """{verb} the {thing} of {name}.\n\n    {words}\n    """\n'


def small_package(folder: Path, split: str, verbs: list[str]) -> Package:
    top = folder / f"{split}_package"
    (top / "tests").mkdir(parents=True, exist_ok=True)
    for verb in verbs:
        functions = [function(f"{verb}_{thing}".lower(), verb, thing) for thing in THINGS]
        (top / f"{verb.lower()}ing.py").write_text("\n".join(functions))
    (top / "__init__.py").write_text(function("here", verbs[0], "here"))
    (top / "broken.py").write_text("def f(:\n")
    (top / "tests" / "test_it.py").write_text(function("skipped", "Test", "it"))
    return Package(top.name, split, "1.0", (top,))


@pytest.fixture
def packages(tmp_path):
    splits = {"train": VERBS[:3], "validation": VERBS[3:4], "test": VERBS[4:]}
    return [small_package(tmp_path / "lib", split, verbs) for split, verbs in splits.items()]


def test_modules_have_dotted_names_and_tests_are_left_out(packages):
    names = [name for name, _ in packages[0].files()]
    inner = ["broken", "closeing", "counting", "opening"]
    assert names == ["train_package", *(f"train_package.{name}" for name in inner)]


def test_a_corpus_is_built_and_told_of(packages):
    corpus = build(packages)
    assert corpus.manifest.pairs == {"train": 16, "validation": 6, "test": 11}
    assert {p.package for p in corpus.splits["test"]} == {"test_package"}
    assert "test_package.folding.fold_book" in {p.name for p in corpus.splits["test"]}
    record = corpus.manifest.packages["train_package"]
    assert (record.files, record.unreadable, record.documented, record.pairs) == (5, 1, 16, 16)
    assert corpus.manifest == build(packages).manifest


def test_without_a_split_there_is_no_corpus(packages):
    with pytest.raises(CorpusError, match=r"nothing to read for the test split.*pip install"):
        build(packages[:2])


# The manifest


def test_a_manifest_says_how_it_differs(packages):
    there = build(packages).manifest
    assert there.differences(there) == []
    assert Manifest.from_json(there.to_json()) == there
    newer = [Package("train_package", "train", "2.0", packages[0].folders), *packages[1:]]
    assert build(newer).manifest.differences(there) == ["train_package 2.0 instead of 1.0"]
    module = packages[2].folders[0] / "folding.py"
    module.write_text(module.read_text().replace("Fold the", "Bend the"))
    here = build(packages).manifest
    assert here.differences(there) == ["test_package 1.0 with other docstrings"]
    assert here.checksum != there.checksum
    fewer = Manifest(**(vars(there) | {"packages": dict(list(there.packages.items())[1:])}))
    assert fewer.differences(there) == ["train_package is missing"]
    assert there.differences(fewer) == ["train_package is new"]
    note = there.note() or ""
    assert re.match(r"docstrings: \d+ of 3 packages are not those .*stdlib is missing", note)
    assert "constraints.txt" in note


# The cache


def files_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_second_time_it_is_only_loaded(packages, tmp_path, monkeypatch):
    built = load_docstrings(packages, tmp_path / "new" / "cache")
    monkeypatch.setattr(docstring_cache, "build", None)
    assert load_docstrings(packages, tmp_path / "new" / "cache") == built


def test_a_changed_package_is_read_anew(packages, tmp_path):
    before = load_docstrings(packages, tmp_path / "cache")
    module = packages[0].folders[0] / "opening.py"
    module.write_text(module.read_text().replace("Open the", "Unlock the"))
    after = load_docstrings(packages, tmp_path / "cache")
    assert before.manifest.checksum != after.manifest.checksum
    assert any(p.target.startswith("Unlock") for p in after.splits["train"])


DAMAGE = {
    "empty": lambda content: b"",
    "cut": lambda content: content[:-20],
    "no gzip": lambda content: b"x" * 99,
    "a bit flipped": lambda content: content[:200] + bytes([content[200] ^ 1]) + content[201:],
    "other JSON": lambda content: gzip.compress(b'{"splits": []}'),
    "a list": lambda content: gzip.compress(b"[1]"),
    "a text changed": lambda content: gzip.compress(
        gzip.decompress(content).replace(b"Fold the", b"Hold the")
    ),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_cache_is_built_anew(packages, tmp_path, damage):
    built = load_docstrings(packages, tmp_path / "cache")
    (file,) = (tmp_path / "cache").iterdir()
    whole = file.read_bytes()
    file.write_bytes(damage(whole))
    assert load_docstrings(packages, tmp_path / "cache") == built
    assert file.read_bytes() == whole


LOAD = """
import os, sys
from pathlib import Path
from course_lib.docstring_cache import load_docstrings
from course_lib.docstring_packages import Package
lib, cache, kill = sys.argv[1:]
if kill == "kill":
    os.fsync = lambda file: os._exit(0)
names = ("train", "validation", "test")
packages = [Package(f"{n}_package", n, "1.0", (Path(lib, f"{n}_package"),)) for n in names]
print(load_docstrings(packages, Path(cache)).manifest.checksum)
"""


def test_killed_in_the_middle_of_writing_it_leaves_nothing_that_counts(packages, tmp_path):
    cache = tmp_path / "cache"
    assert run(LOAD, tmp_path / "lib", cache, "kill") == ""
    assert [name for name in files_in(cache) if not name.endswith(".part")] == []
    checksum = run(LOAD, tmp_path / "lib", cache, "").strip()
    assert checksum == build(packages).manifest.checksum
    assert load_docstrings(packages, cache).manifest.checksum == checksum


def test_two_processes_at_once(packages, tmp_path):
    command = [sys.executable, "-c", LOAD, tmp_path / "lib", tmp_path / "cache", ""]
    both = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) for _ in range(2)]
    answers = [process.communicate(timeout=120)[0].decode().strip() for process in both]
    assert answers == [build(packages).manifest.checksum] * 2
    assert len(files_in(tmp_path / "cache")) == 1


def test_a_folder_that_cant_be_written_to_is_named_and_does_no_harm(packages, tmp_path, caplog):
    (tmp_path / "file").touch()
    corpus = load_docstrings(packages, tmp_path / "file" / "cache")
    assert corpus == build(packages)
    (record,) = caplog.records
    assert f"can't be kept in {tmp_path / 'file' / 'cache'}" in record.getMessage()
    assert "HF_HOME" in record.getMessage()


def test_the_cache_stands_beside_those_of_the_hub(tmp_path, monkeypatch):
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "hub")
    assert docstring_cache.cache_folder() == tmp_path / "hub" / "attention-course"


# The corpus itself


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    """What is installed here, built anew: the corpus, its cache, and seconds to build and load."""
    folder = tmp_path_factory.mktemp("datasets")
    started = time.process_time()
    corpus = load_docstrings(folder=folder / "attention-course")
    built = time.process_time()
    again = load_docstrings(folder=folder / "attention-course")
    assert again == corpus
    return corpus, folder, built - started, time.process_time() - built


def test_there_is_enough_of_it_in_time(real, pace):
    corpus, _, seconds_to_build, seconds_to_load = real
    assert corpus.manifest.pairs["train"] >= 30_000
    assert min(corpus.manifest.pairs.values()) >= 1_000
    assert seconds_to_build < 60 * pace
    assert seconds_to_load < 5 * pace


def test_no_package_stands_in_two_splits(real):
    splits = real[0].splits
    packages = {split: {pair.package for pair in splits[split]} for split in splits}
    assert packages == {split: set(names) for split, names in PACKAGES.items()}
    tops = {
        split: {pair.name.partition(".")[0] for pair in splits[split] if pair.package != "stdlib"}
        for split in splits
    }
    assert not tops["train"] & tops["test"]
    assert not tops["train"] & tops["validation"]
    assert not tops["validation"] & tops["test"]


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


def test_no_summary_stands_twice_anywhere(real):
    pairs = [pair for split in real[0].splits.values() for pair in split]
    assert max(Counter(" ".join(words(pair.target)) for pair in pairs).values()) == 1


def three_words(pair: Pair) -> set[tuple[str, ...]]:
    found = words(duplicate_text(pair))
    return set(zip(found, found[1:], found[2:], strict=False))


def likest(pair: Pair, others: list[set], with_run: dict[tuple[str, ...], list[int]]) -> float:
    """The greatest Jaccard similarity to any of the others, all of them compared."""
    mine = three_words(pair)
    common = Counter(i for run in mine for i in with_run.get(run, ()))
    return max((n / (len(mine) + len(others[i]) - n) for i, n in common.items()), default=0.0)


@pytest.mark.parametrize(("held_out", "other"), [("test", "train"), ("validation", "train")])
def test_no_near_duplicate_crosses_splits(real, held_out, other):
    splits = real[0].splits
    others = [three_words(pair) for pair in splits[other]]
    with_run = defaultdict(list)
    for i, runs in enumerate(others):
        for run_of_words in runs:
            with_run[run_of_words].append(i)
    assert max(likest(pair, others, with_run) for pair in splits[held_out]) < NEAR_DUPLICATE
    planted = splits[other][0]
    assert likest(planted, others, with_run) == 1  # proof that this test can fail


def test_every_pair_is_clean_and_bounded(real):
    for split in real[0].splits.values():
        for source, target, name, _ in split:
            assert MIN_SUMMARY <= len(target.split()) <= MAX_SUMMARY
            assert count_words(source) <= MAX_WORDS
            assert target.endswith((".", "?"))
            assert "\n" in source
            assert source.split("\n")[0].split("(")[0].split()[-1].split(".")[-1] in name
            assert not re.search(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff]", source + target)
            assert f" {' '.join(words(target))} " not in f" {' '.join(words(source))} "


def test_the_course_measured_on_these_docstrings(real):
    """If this fails, the way in which docstrings are read has changed, and with it the figures."""
    here, there = real[0].manifest, Manifest.from_json(REFERENCE.read_text(encoding="utf-8"))
    stale = [text for text in here.differences(there) if "docstrings" in text]
    assert stale == [], "python -c 'from course_lib.docstring_cache import *; write_reference()'"
    if not here.differences(there):
        assert here == there
        assert here.note() is None


def test_load_corpus_has_names_and_packages(real, monkeypatch):
    corpus, folder, *_ = real
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", folder)
    loaded = load_corpus("docstrings")
    assert loaded["test"].column_names == ["source", "target", "name", "package"]
    assert loaded["test"][7] == corpus.splits["test"][7]._asdict()
    assert {split: len(loaded[split]) for split in loaded} == corpus.manifest.pairs
    named = load_corpus("docstrings", source="name")
    assert named["test"].column_names == ["source", "target"]
    assert named["test"]["source"][:] == loaded["test"]["name"][:]
    assert corpus_fingerprint(named) != corpus_fingerprint(loaded)
    with pytest.raises(CorpusError, match="there are source, target, name, package"):
        load_corpus("docstrings", source="en")
    assert json.loads(corpus.manifest.to_json())["missing"] == []
