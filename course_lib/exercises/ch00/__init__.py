"""Chapter 00, start here: what is asked, and what goes wrong."""

from course_lib.exercises.ch00.affine import AFFINE
from course_lib.exercises.ch00.broadcasting import CENTER, PAIRWISE
from course_lib.exercises.ch00.predictions import AXIS, VIEW
from course_lib.exercises.ch00.shares import SHARES

EXERCISES = (SHARES, PAIRWISE, VIEW, AXIS, AFFINE, CENTER)
