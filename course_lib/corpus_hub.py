"""Corpora on the Hugging Face hub: one request asks whether it answers, then `datasets` loads.

Where a corpus lies there and what its columns are called is what was known when this was written.
The hub goes on without us, so nothing of it is taken for granted: a corpus is checked each time
that it is loaded, and one that has changed ends in a line that says how.
"""

import logging
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from course_lib.corpus_files import SPLIT_NAMES, Row
from course_lib.errors import CorpusError

if TYPE_CHECKING:
    from datasets import DatasetDict


@dataclass(frozen=True)
class HubCorpus:
    """A dataset on the hub, and the columns that are its sides unless told otherwise.

    `branch`: where its data files lie, if not on the main one. `instead`: a corpus for the same use
    that is always there. `measured`: the `corpus_fingerprint` of the copy that the course's figures
    were measured on, in each direction; empty if there are no figures.
    """

    repository: str
    source: str
    target: str
    instead: str
    branch: str | None = None
    measured: tuple[str, ...] = ()


MULTI30K = ("bcb23625e63d10f7", "f9e28a549ccdb3bc")  # English to German, and back
HUB = {
    "multi30k": HubCorpus("bentrevett/multi30k", "en", "de", "scenes", measured=MULTI30K),
    "dialogsum": HubCorpus("knkarthick/dialogsum", "dialogue", "summary", "docstrings"),
    # Its main branch may hold a loading script, which `datasets` no longer runs. The hub keeps
    # the rows of every dataset as Parquet, too.
    "xsum": HubCorpus(
        "EdinburghNLP/xsum", "document", "summary", "docstrings", branch="refs/convert/parquet"
    ),
}
HUB_TIMEOUT = 5.0  # seconds
MEANINGS = {  # of what `datasets` says
    "scripts are no longer supported": "it needs a loading script, which `datasets` no longer runs",
    "corresponds to no data": "a split has no rows",
    "BatchSize must be greater than 0": "a split has no rows",  # in Parquet
}


def local_copy(name: str) -> Path | None:
    """The copy of a hub corpus below the folder that COURSE_DATA names, if there is one."""
    if not os.environ.get("COURSE_DATA"):
        return None
    folder = Path(os.environ["COURSE_DATA"]).expanduser()
    if not folder.is_dir():
        raise CorpusError.at(
            f"COURSE_DATA={folder}",
            came="there is no such folder",
            expected="the folder of your copies",
            do="correct it, or unset it",
        )
    return folder / name if (folder / name).exists() else None


def read_hub(name: str) -> tuple[dict[str, Iterable[Row]], str]:
    """The rows of each split, and the repository with the revision that they are from.

    Raises CorpusError, with the ways out, if the hub can't be had.
    """
    import datasets

    hub = HUB[name]
    revision, problem = _ask_hub(hub)
    try:
        with quiet(), _offline(bool(problem)):  # an earlier download serves offline, too
            loaded = datasets.load_dataset(hub.repository, revision=revision)
    # The hub's clients raise httpx's, requests', datasets' and their own errors, and more.
    except Exception as error:
        raise _refused(name, problem or _reason(error)) from error
    if "train" not in loaded:
        raise _refused(name, f"the splits {', '.join(loaded)}, and no train")

    def rows(split: str) -> Iterator[Row]:
        tables = loaded[split].with_format("arrow").iter(1000)
        for number, row in enumerate((row for table in tables for row in table.to_pylist()), 1):
            yield f"{hub.repository}, {split}, row {number}", row

    splits: dict[str, Iterable[Row]] = {
        SPLIT_NAMES[split]: rows(split) for split in loaded if split in SPLIT_NAMES
    }
    return splits, f"{hub.repository}, revision {_revision(loaded)}"


def ways_out(name: str) -> str:
    """What to do if a hub corpus can't be had, or is not as it was."""
    return (
        f"go online (without HF_HUB_OFFLINE) and try again, or set COURSE_DATA=FOLDER where "
        f"FOLDER/{name} is a copy, or take {HUB[name].instead}, which is always there, or name a "
        "file or folder of your own"
    )


def _refused(name: str, reason: str) -> CorpusError:
    folder = os.environ.get("COURSE_DATA")
    lacking = f", and COURSE_DATA={folder} has no {name}" if folder else ""
    return CorpusError.at(
        f"{name} can't be had from the hub ({HUB[name].repository})",
        came=reason + lacking,
        expected="its data files",
        do=ways_out(name),
    )


def _ask_hub(hub: HubCorpus) -> tuple[str | None, str]:
    """Which revision the hub has now, and why it can't serve it, or "". One short request:
    `load_dataset` retries for half a minute, and complains at each try."""
    from huggingface_hub import HfApi

    try:
        about = HfApi().dataset_info(hub.repository, revision=hub.branch, timeout=HUB_TIMEOUT)
    except Exception as error:  # as in `read_hub`
        return hub.branch, _reason(error)
    return about.sha, ""


def _revision(loaded: "DatasetDict") -> str:
    """The commit that `datasets` has the rows from, by the name of the folder that it keeps them
    in: what came from an earlier download has no other trace of it."""
    folders = [Path(file["filename"]).parent.name for file in loaded["train"].cache_files]
    return next((name for name in folders if re.fullmatch(r"[0-9a-f]{40}", name)), "unknown")


def _reason(error: Exception) -> str:
    reasons = {
        "OfflineModeIsEnabled": "offline mode is on",
        "RepositoryNotFoundError": "there is no such repository, or it is private",
        "RevisionNotFoundError": "the repository has no such branch",
        "DatasetNotFoundError": "there is no such repository, or it is private",
        "GatedRepoError": "the repository asks for a login",
    }
    if type(error).__name__ == "DatasetGenerationError" and isinstance(error.__cause__, Exception):
        error = error.__cause__  # it says no more than that there is one
    for sign, meaning in MEANINGS.items():
        if sign in str(error):
            return meaning
    if "Timeout" in type(error).__name__ or isinstance(error, TimeoutError):
        return "it did not answer in time"
    return reasons.get(type(error).__name__) or _first_line(error)


def _first_line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__).rstrip(".")


@contextmanager
def quiet() -> Iterator[None]:
    """No progress bars and no chatter from the libraries meanwhile."""
    import datasets
    from huggingface_hub.utils import logging as hub_logging

    bars, levels = datasets.are_progress_bars_disabled(), []
    for log in (datasets.logging, hub_logging):
        levels.append((log, log.get_verbosity()))
        log.set_verbosity(logging.CRITICAL)
    datasets.disable_progress_bars()
    try:
        yield
    finally:
        for log, level in levels:
            log.set_verbosity(level)
        if not bars:
            datasets.enable_progress_bars()


@contextmanager
def _offline(on: bool) -> Iterator[None]:
    import datasets

    before = datasets.config.HF_HUB_OFFLINE
    datasets.config.HF_HUB_OFFLINE = before or on
    try:
        yield
    finally:
        datasets.config.HF_HUB_OFFLINE = before
