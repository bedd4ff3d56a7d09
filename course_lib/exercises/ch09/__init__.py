"""Chapter 09, translation: what is asked, and what goes wrong."""

from course_lib.exercises.ch09.beam import BEAM, GAIN, PENALTY
from course_lib.exercises.ch09.cache import CACHED_STEP, EQUAL
from course_lib.exercises.ch09.greedy import GREEDY
from course_lib.exercises.ch09.links import LINKS
from course_lib.exercises.ch09.scores import REPORT, SCORE

EXERCISES = (GREEDY, EQUAL, BEAM, PENALTY, SCORE, LINKS, REPORT, CACHED_STEP, GAIN)
