"""Chapter 02, self-attention and masks: what is asked, and what goes wrong."""

from course_lib.exercises.ch02.bugs import FUSED_CAUSAL, LOOK_BACK
from course_lib.exercises.ch02.cells import CELLS
from course_lib.exercises.ch02.cross import CROSS
from course_lib.exercises.ch02.leak import LEAK
from course_lib.exercises.ch02.masks import CAUSAL, PADDING
from course_lib.exercises.ch02.project import PROJECT
from course_lib.exercises.ch02.weights import WEIGHTS

EXERCISES = (PROJECT, CAUSAL, PADDING, WEIGHTS, CROSS, LEAK, LOOK_BACK, FUSED_CAUSAL, CELLS)
