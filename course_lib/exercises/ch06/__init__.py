"""Chapter 06, encoder and decoder: what is asked, and what goes wrong."""

from course_lib.exercises.ch06.accuracy import ACCURACY, PASSES
from course_lib.exercises.ch06.decode import DECODE
from course_lib.exercises.ch06.layer import LAYER
from course_lib.exercises.ch06.model import MODEL
from course_lib.exercises.ch06.parrot import PARROT
from course_lib.exercises.ch06.shift import SHIFT
from course_lib.exercises.ch06.teach import TEACH
from course_lib.exercises.ch06.tie import TIE

EXERCISES = (SHIFT, LAYER, MODEL, DECODE, TIE, ACCURACY, TEACH, PARROT, PASSES)
