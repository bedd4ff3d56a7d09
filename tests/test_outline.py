from itertools import chain
from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt

from course_lib.outline import BUILDS_ON, CHAPTERS, course_map
from course_lib.plots import description

matplotlib.use("agg")
NUMBERS = [name[:2] for name in CHAPTERS]


def test_every_chapter_that_there_is_has_its_place_on_the_map():
    files = (Path(__file__).parents[1] / "notebooks").glob("[0-9][0-9]_*.ipynb")
    assert {file.name[:2] for file in files} <= set(NUMBERS)
    assert sorted(set(NUMBERS)) == NUMBERS
    places = [place for _, *place in CHAPTERS.values()]
    assert all(places.count(place) == 1 for place in places)


def test_a_chapter_builds_on_earlier_ones_alone():
    assert list(BUILDS_ON) == NUMBERS[1:]
    assert set(chain.from_iterable(BUILDS_ON.values())) <= set(NUMBERS)
    assert all(earlier < later for later, needed in BUILDS_ON.items() for earlier in needed)


def test_the_map_tells_what_leads_to_what():
    told = description(course_map("02"))
    plt.close("all")
    assert "03 Multi-head attention to 04 Positional encoding and 05 The Transformer block" in told
    assert told.endswith("The box 02 Self-attention and masks is set off.")
