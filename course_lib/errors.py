"""Errors that a user can cause and mend. The command line prints them as one line."""

from pathlib import Path
from typing import Self


class CourseError(ValueError):
    """Something that the user can put right: says what was expected, what came, what to do."""


class CorpusError(CourseError):
    """A corpus that can't be found, read or used."""

    @classmethod
    def at(cls, where: str | Path, *, came: str, expected: str, do: str) -> Self:
        """The one form that lines about corpora have: where, what came, what should, what to do."""
        return cls(f"{where}: {came}; expected {expected}: {do}")


class RunError(CourseError):
    """A run folder that is missing, damaged, in use or of another version."""


class DivergedError(CourseError):
    """Training has left the finite numbers: try a lower rate, or a longer warm-up."""
