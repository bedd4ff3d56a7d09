"""Exercises: `check` an answer, ask for a `hint` or the `solution`, `carry_on` with what works.

`progress` shows what is solved.
"""

from course_lib.exercises.engine import CheckFailed, carry_on, check, hint, progress, solution

__all__ = ["CheckFailed", "carry_on", "check", "hint", "progress", "solution"]
