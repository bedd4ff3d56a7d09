"""Where the corpus `docstrings` comes from: a fixed list of packages, and their files here."""

import importlib.metadata
import importlib.util
import os
import platform
import re
import sysconfig
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

STDLIB = "stdlib"
# By split, then by the name that is installed: the folders of its modules. All are needed by the
# course itself, not only by its laboratory, and have the same Python files on every platform.
# Their licences are the PSF's, BSD, MIT, MIT-CMU and Apache 2.0.
PACKAGES: dict[str, dict[str, tuple[str, ...]]] = {
    "train": {
        STDLIB: (),
        "torch": ("torch", "torchgen", "functorch"),
        "numpy": ("numpy",),
        "pandas": ("pandas",),
        "sympy": ("sympy",),
        "matplotlib": ("matplotlib", "mpl_toolkits"),
        "absl-py": ("absl",),
        "anyio": ("anyio",),
        "click": ("click",),
        "cloudpickle": ("cloudpickle",),
        "contourpy": ("contourpy",),
        "dill": ("dill",),
        "filelock": ("filelock",),
        "fonttools": ("fontTools",),
        "httpx2": ("httpx2",),
        "joblib": ("joblib",),
        "lxml": ("lxml",),
        "mpmath": ("mpmath",),
        "nltk": ("nltk",),
        "packaging": ("packaging",),
        "pillow": ("PIL",),
        "portalocker": ("portalocker",),
        "pyarrow": ("pyarrow",),
        "pydantic": ("pydantic",),
        "pyparsing": ("pyparsing",),
        "python-dateutil": ("dateutil",),
        "regex": ("regex",),
        "rouge-score": ("rouge_score",),
        "sacrebleu": ("sacrebleu",),
        "safetensors": ("safetensors",),
        "setuptools": ("setuptools",),
        "tabulate": ("tabulate",),
        "tokenizers": ("tokenizers",),
        "typer": ("typer",),
    },
    "validation": {
        "datasets": ("datasets",),
        "fsspec": ("fsspec",),
        "huggingface_hub": ("huggingface_hub",),
    },
    "test": {
        "jinja2": ("jinja2",),
        "markdown-it-py": ("markdown_it",),
        "networkx": ("networkx",),
        "pygments": ("pygments",),
        "rich": ("rich",),
    },
}
# Tests, copies of other packages, and what Linux distributions split off the standard library.
SKIPPED_FOLDERS = re.compile(
    r".*-.*|_vendor|distutils|ensurepip|externals|idlelib|lib2to3|pydoc_data|test|testing|tests|"
    r"third_party|tkinter|turtledemo|__pycache__"
)
SKIPPED_FILES = re.compile(r"test_.*|.*_test|conftest|_sysconfigdata.*|turtle|.*_pb2")


@dataclass(frozen=True)
class Package:
    """A package of the list, as it is installed here."""

    name: str
    split: str
    version: str
    folders: tuple[Path, ...]

    def files(self) -> Iterator[tuple[str, Path]]:
        """The dotted name and the path of each module, in the same order everywhere."""
        for folder in self.folders:
            top = [] if self.name == STDLIB else [folder.name]
            for path in sorted(_python_files(folder), key=Path.as_posix):
                module = [*top, *path.relative_to(folder).with_suffix("").parts]
                yield ".".join(module[:-1] if path.stem == "__init__" else module), path


def installed_packages() -> list[Package]:
    """Those of the list that are here; a package that is missing is left out."""
    found = []
    for split, packages in PACKAGES.items():
        for name, modules in packages.items():
            version, folders = _version(name), _folders(name, modules)
            if version and folders:
                found.append(Package(name, split, version, folders))
    return found


def missing_packages(found: Sequence[Package]) -> list[str]:
    """The names of the list that were not found."""
    there = {package.name for package in found}
    return [name for packages in PACKAGES.values() for name in packages if name not in there]


def _version(name: str) -> str | None:
    """Without what marks a build: `2.13.0+cpu` and `2.13.0` have the same Python files."""
    if name == STDLIB:
        return platform.python_version()
    try:
        return importlib.metadata.version(name).partition("+")[0]
    except importlib.metadata.PackageNotFoundError:
        return None


def _folders(name: str, modules: tuple[str, ...]) -> tuple[Path, ...]:
    if name == STDLIB:
        folder = Path(sysconfig.get_path("stdlib"))
        return (folder,) if (folder / "os.py").is_file() else ()
    specs = map(importlib.util.find_spec, modules)  # of a top-level name: finds, doesn't import
    places = [list(spec.submodule_search_locations or ()) for spec in specs if spec]
    return tuple(Path(place[0]) for place in places if place)


def _python_files(folder: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not SKIPPED_FOLDERS.fullmatch(name)]
        paths = (Path(parent, name) for name in names if name.endswith(".py"))
        yield from (path for path in paths if not SKIPPED_FILES.fullmatch(path.stem))
