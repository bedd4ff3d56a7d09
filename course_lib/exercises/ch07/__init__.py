"""Chapter 07, from text to tensors: what is asked, and what goes wrong."""

from course_lib.exercises.ch07.batches import BUCKETS, PAD
from course_lib.exercises.ch07.merges import BANANA, COUNT, ENCODE, MERGE
from course_lib.exercises.ch07.round_trip import ROUND_TRIP
from course_lib.exercises.ch07.splits import OVERLAP, VOCABULARY

EXERCISES = (COUNT, MERGE, ENCODE, ROUND_TRIP, PAD, BUCKETS, OVERLAP, VOCABULARY, BANANA)
