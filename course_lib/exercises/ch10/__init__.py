"""Chapter 10, summarization: what is asked, and what goes wrong."""

from course_lib.exercises.ch10.consensus import AGREED
from course_lib.exercises.ch10.copies import COPY
from course_lib.exercises.ch10.groups import ROUGE_N
from course_lib.exercises.ch10.leading import LEAD
from course_lib.exercises.ch10.lengths import LENGTH
from course_lib.exercises.ch10.own_source import MEAN
from course_lib.exercises.ch10.repeats import BLOCK
from course_lib.exercises.ch10.subsequence import ROUGE_L

EXERCISES = (ROUGE_N, ROUGE_L, LEAD, COPY, BLOCK, LENGTH, MEAN, AGREED)
