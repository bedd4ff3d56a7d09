"""The corpus `docstrings` as it is kept: built once for the packages that are here, then loaded.

With it goes a manifest of what it was read from. The course has one, too, of the packages that its
figures were measured on, and the two can be compared.
"""

import gc
import gzip
import hashlib
import json
import logging
import random
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from course_lib.corpus_files import SPLITS
from course_lib.docstring_corpus import Pair, Splits, read_package, without_duplicates
from course_lib.docstring_packages import PACKAGES, Package, installed_packages, missing_packages
from course_lib.errors import CorpusError
from course_lib.files import write_bytes, write_text

REFERENCE = Path(__file__).with_name("docstrings_manifest.json")

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class PackageRecord:
    """What was read of a package. `pairs` and `checksum` are of what is left without flaws, before
    duplicates go, so they depend on this package alone."""

    version: str
    split: str
    files: int
    unreadable: int
    documented: int
    pairs: int
    checksum: str


@dataclass(frozen=True)
class Manifest:
    """What a corpus was made of: its packages, what was left out, what stayed."""

    packages: dict[str, PackageRecord]
    missing: list[str]
    left_out: dict[str, int]
    pairs: dict[str, int]
    checksum: str

    def to_json(self) -> str:
        return json.dumps(asdict(self), indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "Manifest":
        fields = json.loads(text)
        packages = {name: PackageRecord(**record) for name, record in fields["packages"].items()}
        return cls(**(fields | {"packages": packages}))

    def differences(self, reference: "Manifest | None" = None) -> list[str]:
        """In which packages this is not what the course's figures were measured on."""
        reference = reference or Manifest.from_json(REFERENCE.read_text(encoding="utf-8"))
        names = dict.fromkeys([*reference.packages, *self.packages])
        compared = (
            _difference(name, self.packages.get(name), reference.packages.get(name))
            for name in names
        )
        return [difference for difference in compared if difference]

    def note(self) -> str | None:
        """The differences in one sentence, or None if there are none."""
        if not (differences := self.differences()):
            return None
        listed = ", ".join(differences[:3]) + (", …" if len(differences) > 3 else "")
        return (
            f"docstrings: {len(differences)} of {len(self.packages)} packages are not those that "
            f"the course's figures were measured on ({listed}): expect other figures, or install "
            "the versions in constraints.txt"
        )


@dataclass(frozen=True)
class DocstringCorpus:
    splits: Splits
    manifest: Manifest


def load_docstrings(
    packages: Sequence[Package] | None = None, folder: Path | None = None
) -> DocstringCorpus:
    """The corpus of the installed packages, from the cache if it was built before.

    Building takes about a minute. If the folder can't be written to, the corpus is built each time,
    and a warning says so. Raises CorpusError if no package of a split is installed.
    """
    packages = installed_packages() if packages is None else packages
    folder = cache_folder() if folder is None else folder
    path = folder / f"docstrings-{_state(packages)}.json.gz"
    corpus = _read(path)
    if corpus is None:
        log.info("reading the docstrings of %d packages, once: a minute …", len(packages))
        with _without_collections():
            corpus = build(packages)
        _write(path, corpus)
    return corpus


def build(packages: Sequence[Package]) -> DocstringCorpus:
    """Read all packages, leave out duplicates, shuffle."""
    found: Splits = {split: [] for split in SPLITS}
    left_out: Counter[str] = Counter()
    records = {}
    for package in packages:
        pairs, census = read_package(package)
        found[package.split] += pairs
        left_out += census.flawed
        records[package.name] = PackageRecord(
            version=package.version,
            split=package.split,
            files=census.files,
            unreadable=census.unreadable,
            documented=census.documented,
            pairs=len(pairs),
            checksum=_checksum(pairs),
        )
    splits, duplicates = without_duplicates(found)
    for split, pairs in splits.items():
        if not pairs:
            raise CorpusError.at(
                "docstrings",
                came=f"nothing to read for the {split} split",
                expected=f"one at least of {', '.join(PACKAGES[split])}",
                do="install the course with all its packages, pip install -e . -c constraints.txt",
            )
        random.Random(0).shuffle(pairs)  # so that a part of a split is of all its packages
    manifest = Manifest(
        packages=records,
        missing=missing_packages(packages),
        left_out=dict(left_out + duplicates),
        pairs={split: len(pairs) for split, pairs in splits.items()},
        checksum=_checksum(splits),
    )
    return DocstringCorpus(splits, manifest)


@contextmanager
def _without_collections() -> Iterator[None]:
    """Python looks for garbage in cycles each time that many objects were made. Syntax trees are
    many objects and no cycles: looking costs a fifth of the time, more in a large process."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def cache_folder() -> Path:
    """Beside the corpora that come from the hub: HF_HOME and its kin move both."""
    from datasets import config

    return Path(config.HF_DATASETS_CACHE) / "attention-course"


def write_reference() -> None:
    """For maintainers, after new pins: the figures are to be measured on what is installed now."""
    write_text(REFERENCE, load_docstrings().manifest.to_json())


def _difference(name: str, here: PackageRecord | None, there: PackageRecord | None) -> str | None:
    if here is None:
        return f"{name} is missing"
    if there is None:
        return f"{name} is new"
    if here.version != there.version:
        return f"{name} {here.version} instead of {there.version}"
    if here.checksum != there.checksum:
        return f"{name} {here.version} with other docstrings"
    return None


def _state(packages: Sequence[Package]) -> str:
    """Changes when a package does, or the way in which the corpus is made of them."""
    here = Path(__file__).parent
    recipe = [here / "near_duplicates.py", *sorted(here.glob("docstring*.py"))]
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in recipe))
    for package in packages:
        digest.update(repr((package.name, package.split, package.version)).encode())
        for module, path in package.files():
            about = path.stat()
            digest.update(repr((module, about.st_size, about.st_mtime_ns)).encode())
    return digest.hexdigest()[:16]


def _checksum(content: Any) -> str:
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:16]


def _read(path: Path) -> DocstringCorpus | None:
    """What is in the cache; None if there is nothing, or nothing whole."""
    try:
        content = json.loads(gzip.decompress(path.read_bytes()))
        manifest = Manifest.from_json(content["manifest"])
        splits = {split: [Pair(*row) for row in content["splits"][split]] for split in SPLITS}
    except (OSError, EOFError, zlib.error, ValueError, KeyError, TypeError):
        return None
    return DocstringCorpus(splits, manifest) if _checksum(splits) == manifest.checksum else None


def _write(path: Path, corpus: DocstringCorpus) -> None:
    content = {"manifest": corpus.manifest.to_json(), "splits": corpus.splits}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_bytes(path, gzip.compress(json.dumps(content).encode(), mtime=0))
    except OSError as error:
        if _read(path) is None:  # or another process has written it meanwhile
            log.warning(
                "The corpus docstrings can't be kept in %s (%s) and will be built each time: "
                "make the folder writable, or set HF_HOME to one that is",
                path.parent,
                error.strerror or error,
            )
