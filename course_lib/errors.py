"""Errors that a user can cause and mend. The command line prints them as one line."""


class CourseError(ValueError):
    """Something that the user can put right: says what was expected, what came, what to do."""


class CorpusError(CourseError):
    """A corpus that can't be found, read or used."""


class RunError(CourseError):
    """A run folder that is missing, damaged, in use or of another version."""


class DivergedError(CourseError):
    """Training has left the finite numbers: try a lower rate, or a longer warm-up."""
