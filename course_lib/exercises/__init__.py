"""Exercises: `check` an answer, ask for a `hint` or the `solution`, `carry_on` with what works."""

from course_lib.exercises.engine import CheckFailed, carry_on, check, hint, solution

__all__ = ["CheckFailed", "carry_on", "check", "hint", "solution"]
