"""Chapter 09, translation: what is asked, and what goes wrong."""

from course_lib.exercises.ch09.beam import BEAM
from course_lib.exercises.ch09.cache import EQUAL
from course_lib.exercises.ch09.greedy import GREEDY
from course_lib.exercises.ch09.links import LINKS
from course_lib.exercises.ch09.off_by_one import CACHED_STEP
from course_lib.exercises.ch09.penalty import GAIN, PENALTY
from course_lib.exercises.ch09.report import REPORT
from course_lib.exercises.ch09.score import SCORE

EXERCISES = (GREEDY, EQUAL, BEAM, PENALTY, SCORE, LINKS, REPORT, CACHED_STEP, GAIN)
