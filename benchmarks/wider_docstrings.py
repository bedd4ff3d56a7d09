"""The corpus `docstrings` with more to learn from, of packages that the course does not use.

    pip install --no-deps --target PACKAGES -r benchmarks/wider_docstrings.txt
    python benchmarks/wider_docstrings.py PACKAGES CORPUS
    ./course train summarization --corpus CORPUS --steps 7000

The packages are read, never imported. Validation and test stay those of `docstrings`: they are
filled first, and what nearly repeats them is not learned.
"""

import importlib.metadata
import json
from pathlib import Path
from typing import Annotated

import typer
from packaging.utils import canonicalize_name
from rich.console import Console
from rich.table import Table

from course_lib.docstring_cache import load_docstrings
from course_lib.docstring_packages import PACKAGES, SKIPPED_FOLDERS, Package, installed_packages
from course_lib.files import write_text

# Characters; of 25 words, that is code in nearly all of the few cases, and no model would read it.
LONGEST_SUMMARY = 300
KNOWN = {canonicalize_name(name) for names in PACKAGES.values() for name in names}


def packages_in(folder: Path) -> list[Package]:
    """What was installed into a folder, by name, without what is in the corpus anyway."""
    found = []
    for installed in importlib.metadata.distributions(path=[str(folder)]):
        name = canonicalize_name(installed.metadata["Name"])
        modules = {
            file.parts[0]
            for file in installed.files or ()
            if file.suffix == ".py" and len(file.parts) > 1 and file.parts[0].isidentifier()
        }
        folders = [folder / m for m in sorted(modules) if not SKIPPED_FOLDERS.fullmatch(m)]
        if name not in KNOWN and folders:
            found.append(Package(name, "train", installed.version, tuple(folders)))
    return sorted(found, key=lambda package: package.name)


def main(
    folder: Annotated[Path, typer.Argument(help="Where pip put the packages.")],
    corpus: Annotated[Path, typer.Argument(help="A new folder for the corpus.")],
) -> None:
    more = packages_in(folder)
    if not more:
        raise typer.BadParameter(f"no packages in {folder}: install some there, as told above")
    made = load_docstrings([*installed_packages(), *more])
    corpus.mkdir(parents=True, exist_ok=True)
    for split, pairs in made.splits.items():
        kept = [pair for pair in pairs if len(pair.target) <= LONGEST_SUMMARY]
        lines = (json.dumps(pair._asdict(), ensure_ascii=False) + "\n" for pair in kept)
        write_text(corpus / f"{split}.jsonl", "".join(lines))
    write_text(corpus / "manifest.json", made.manifest.to_json())
    table = Table("package", "version", "documented", "pairs")
    for name, record in made.manifest.packages.items():
        table.add_row(name, record.version, f"{record.documented:,}", f"{record.pairs:,}")
    counts = (f"{split} {count:,}" for split, count in made.manifest.pairs.items())
    table.caption = f"without duplicates: {', '.join(counts)}"
    Console().print(table)


if __name__ == "__main__":
    typer.run(main)
