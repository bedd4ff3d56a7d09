"""Corpora on the Hugging Face hub: one request asks whether it answers, then `datasets` loads."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from course_lib.corpus_files import SPLIT_NAMES, Row
from course_lib.errors import CorpusError


@dataclass(frozen=True)
class HubCorpus:
    """A dataset on the hub, and the columns that are its sides unless told otherwise."""

    repository: str
    source: str
    target: str


HUB = {"multi30k": HubCorpus("bentrevett/multi30k", "en", "de")}
HUB_TIMEOUT = 5.0  # seconds


def local_copy(name: str) -> Path | None:
    """The copy of a hub corpus below the folder that COURSE_DATA names, if there is one."""
    if not os.environ.get("COURSE_DATA"):
        return None
    folder = Path(os.environ["COURSE_DATA"]).expanduser()
    if not folder.is_dir():
        raise CorpusError(f"COURSE_DATA={folder} is no folder: correct it, or unset it")
    return folder / name if (folder / name).exists() else None


def read_hub(name: str) -> dict[str, Iterable[Row]]:
    """The rows of each split. Raises CorpusError, with the ways out, if the hub can't be had."""
    import datasets

    repository = HUB[name].repository
    problem = _ask_hub(repository)
    try:
        with quiet(), _offline(problem is not None):  # an earlier download serves offline, too
            loaded = datasets.load_dataset(repository)
    # The hub's clients raise httpx's, requests', datasets' and their own errors, and more.
    except Exception as error:
        folder = os.environ.get("COURSE_DATA")
        lacking = f"; COURSE_DATA={folder} has no {name}" if folder else ""
        raise CorpusError(
            f"{name} can't be had from the hub, {repository} ({problem or _reason(error)}"
            f"{lacking}): go online (without HF_HUB_OFFLINE) and try again, or set "
            f"COURSE_DATA=FOLDER where FOLDER/{name} is a copy, or take --corpus scenes, which is "
            "always there, or name a file or folder of your own"
        ) from error

    def rows(split: str) -> Iterator[Row]:
        tables = loaded[split].with_format("arrow").iter(1000)
        for number, row in enumerate((row for table in tables for row in table.to_pylist()), 1):
            yield f"{repository}, {split}, row {number}", row

    return {SPLIT_NAMES[split]: rows(split) for split in loaded if split in SPLIT_NAMES}


def _ask_hub(repository: str) -> str | None:
    """Why the hub can't serve the repository, or None. One short request: `load_dataset` retries
    for half a minute, and complains at each try."""
    from huggingface_hub import HfApi

    try:
        HfApi().dataset_info(repository, timeout=HUB_TIMEOUT)
    except Exception as error:  # as in `read_hub`
        return _reason(error)
    return None


def _reason(error: Exception) -> str:
    reasons = {
        "OfflineModeIsEnabled": "offline mode is on",
        "RepositoryNotFoundError": "there is no such repository, or it is private",
        "DatasetNotFoundError": "there is no such repository, or it is private",
        "GatedRepoError": "the repository asks for a login",
    }
    if "scripts are no longer supported" in str(error):
        return "it needs a loading script, which `datasets` no longer runs"
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
        log.set_verbosity_error()
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
