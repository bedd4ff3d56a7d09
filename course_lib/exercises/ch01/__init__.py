"""Chapter 01, attention scores: what is asked, and what goes wrong."""

from course_lib.exercises.ch01.additive import ADDITIVE
from course_lib.exercises.ch01.cosine import COSINE
from course_lib.exercises.ch01.dot import DOT, SCALED
from course_lib.exercises.ch01.look_up import ATTEND, LOOK_UP
from course_lib.exercises.ch01.softmax import ENTROPY, SOFTMAX_EXERCISE

EXERCISES = (SOFTMAX_EXERCISE, DOT, SCALED, COSINE, ADDITIVE, ATTEND, ENTROPY, LOOK_UP)
