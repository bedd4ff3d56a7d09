"""Chapter 07, from text to tensors: what is asked, and what goes wrong."""

from course_lib.exercises.ch07.buckets import BUCKETS
from course_lib.exercises.ch07.count import COUNT
from course_lib.exercises.ch07.depends import DEPENDS
from course_lib.exercises.ch07.encode import BANANA, ENCODE
from course_lib.exercises.ch07.merges import MERGE
from course_lib.exercises.ch07.overlap import OVERLAP
from course_lib.exercises.ch07.padding import PAD
from course_lib.exercises.ch07.round_trip import ROUND_TRIP
from course_lib.exercises.ch07.vocabulary import VOCABULARY

EXERCISES = (
    COUNT,
    MERGE,
    ENCODE,
    ROUND_TRIP,
    PAD,
    BUCKETS,
    OVERLAP,
    VOCABULARY,
    DEPENDS,
    BANANA,
)
