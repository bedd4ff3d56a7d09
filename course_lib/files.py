"""Files that are written whole or not at all."""

import contextlib
import os
from pathlib import Path


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file beside `path`, then put it in place: whole, or not at all.

    Killed at any moment, or out of space, `path` holds what it held before, or all of the new; and
    once this has returned, a power cut does not change that. Only a process that is killed leaves
    its half of a file, which `sweep` takes away.
    """
    aside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with aside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):  # what went wrong first is what counts
            aside.unlink()
        raise
    _keep_names(path.parent)


def write_text(path: Path, text: str) -> None:
    """Write a text file, in UTF-8, whole or not at all."""
    write_bytes(path, text.encode())


def sweep(folder: Path) -> None:
    """Take away what killed processes have left of their files.

    Only for who knows that nobody else is writing in this folder.
    """
    for aside in folder.glob(".*.part"):
        aside.unlink(missing_ok=True)


def _keep_names(folder: Path) -> None:
    """Have the disk keep which name stands for which file. Windows opens no folders."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
