"""Chapter 08, training: what is asked, and what goes wrong."""

from course_lib.exercises.ch08.accumulation import ACCUMULATE
from course_lib.exercises.ch08.clinic import CLINIC, PERPLEXITY
from course_lib.exercises.ch08.labels import SMOOTH
from course_lib.exercises.ch08.loss import LOSS
from course_lib.exercises.ch08.mending import MEND
from course_lib.exercises.ch08.rate import RATE
from course_lib.exercises.ch08.resuming import RESUME
from course_lib.exercises.ch08.step import STEP
from course_lib.exercises.ch08.validation import VALIDATE

EXERCISES = (LOSS, SMOOTH, RATE, STEP, ACCUMULATE, RESUME, CLINIC, VALIDATE, PERPLEXITY, MEND)
