"""Chapter 05, the Transformer block: what is asked, and what goes wrong."""

from course_lib.exercises.ch05.encoder import ENCODER
from course_lib.exercises.ch05.feed_forward import FEED_FORWARD
from course_lib.exercises.ch05.gradient import GRADIENT_PROBE
from course_lib.exercises.ch05.layer import ENCODER_LAYER
from course_lib.exercises.ch05.norm import LAYER_NORM, NORM_WORDS
from course_lib.exercises.ch05.residual import POST_NORM, RESIDUAL
from course_lib.exercises.ch05.stream import STREAM
from course_lib.exercises.ch05.table import PARAMETER_TABLE

EXERCISES = (
    *(LAYER_NORM, FEED_FORWARD, RESIDUAL, ENCODER_LAYER, POST_NORM),
    *(ENCODER, PARAMETER_TABLE, NORM_WORDS, GRADIENT_PROBE, STREAM),
)
