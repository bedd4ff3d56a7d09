"""Chapter 03, multi-head attention: what is asked, and what goes wrong."""

from course_lib.exercises.ch03.bug import BUG, WHERE
from course_lib.exercises.ch03.cost import COUNT, FLOPS
from course_lib.exercises.ch03.masks import TORCH_MASK
from course_lib.exercises.ch03.module import MODULE
from course_lib.exercises.ch03.split import MERGE, SPLIT

EXERCISES = (SPLIT, MERGE, MODULE, COUNT, FLOPS, TORCH_MASK, BUG, WHERE)
