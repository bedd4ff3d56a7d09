"""Write a target sentence, one token at a time: greedily, with a beam, by lots, or by consensus."""

from course_lib.decoding.beam import beam_search
from course_lib.decoding.consensus import consensus_decode
from course_lib.decoding.greedy import greedy_decode
from course_lib.decoding.prefixes import RereadPrefixes, length_limits, score
from course_lib.decoding.repeats import WithoutRepeats
from course_lib.decoding.sampling import sample, split_generator
from course_lib.decoding.translation import Decoding, translate

__all__ = [
    "Decoding",
    "RereadPrefixes",
    "WithoutRepeats",
    "beam_search",
    "consensus_decode",
    "greedy_decode",
    "length_limits",
    "sample",
    "score",
    "split_generator",
    "translate",
]
