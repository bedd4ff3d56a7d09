"""The chapters of the course, what each of them asks, and what should be read before it."""

from matplotlib.axes import Axes

from course_lib.plots import boxes_and_arrows

# Name: (what it asks, column and row on the map)
CHAPTERS = {
    "00 Start here": ("does it run?", 0, 0),
    "01 Attention scores": ("how does a word find others?", 0, 1),
    "02 Self-attention and masks": ("what may a word look at?", 0, 2),
    "03 Multi-head attention": ("why several small looks?", 0, 3),
    "04 Positional encoding": ("attention cannot count", -1, 4),
    "05 The Transformer block": ("what makes it deep?", 0, 4),
    "06 Encoder and decoder": ("read one text, write another", 0, 5),
    "07 From text to tensors": ("what is a word?", 1, 5),
    "08 Training": ("from random to useful", 0, 6),
    "09 Translation": ("the whole thing", 0, 7),
    "10 Summarization": ("saying it shorter", 0, 8),
}
# Number: the numbers of those that it builds on
BUILDS_ON = {
    "01": ("00",),
    "02": ("01",),
    "03": ("02",),
    "04": ("03",),
    "05": ("03",),
    "06": ("04", "05"),
    "07": ("00",),
    "08": ("06", "07"),
    "09": ("08",),
    "10": ("09",),
}


def course_map(here: str = "00") -> Axes:
    """The chapters as boxes, an arrow from each to those that build on it. Returns the ax.

    `here` is the number of the chapter to set off.
    """
    names = {name[:2]: name for name in CHAPTERS}
    arrows = [
        (names[earlier], names[later]) for later, needed in BUILDS_ON.items() for earlier in needed
    ]
    return boxes_and_arrows(CHAPTERS, arrows, "Eleven chapters, one model", here=names[here])
