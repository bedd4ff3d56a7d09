"""Chapter 04, positional encoding: what is asked, and what goes wrong."""

from course_lib.exercises.ch04.alibi import ALIBI
from course_lib.exercises.ch04.batch import BATCH_PROBE
from course_lib.exercises.ch04.equivariant import EQUIVARIANT
from course_lib.exercises.ch04.learned import ADD, LEARNED
from course_lib.exercises.ch04.reached import REACHED
from course_lib.exercises.ch04.rotary import ROTATE
from course_lib.exercises.ch04.table import SHIFT, TABLE

EXERCISES = (TABLE, SHIFT, LEARNED, ROTATE, ALIBI, EQUIVARIANT, ADD, BATCH_PROBE, REACHED)
