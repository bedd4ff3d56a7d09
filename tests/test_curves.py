import time
from itertools import islice

import pytest

from course_lib import curves
from course_lib.curves import running_mean, training_curves, watch
from course_lib.plots import description, png
from course_lib.training import Record


def record(step, **changes):
    values = {"loss": 5 - step / 10, "rate": step / 1e4, "gradient_norm": 1.0, "tokens": 100}
    return Record(**{"step": step, "epoch": 0, "seconds": 0.5, **values, **changes})


RECORDS = [record(s, validation_loss=4 - s / 20 if s % 10 == 0 else None) for s in range(1, 31)]


class Notebook:
    """What IPython's `display` shows, and a handle that puts something else in its place."""

    def __init__(self):
        self.shown = []

    def display(self, data, raw, display_id):
        assert raw
        assert display_id
        self.shown.append([data])
        return self

    def update(self, data, raw):
        assert raw
        self.shown[-1].append(data)


@pytest.fixture
def notebook(monkeypatch):
    notebook = Notebook()
    monkeypatch.setattr(curves, "display", notebook.display)
    return notebook


def test_the_running_mean_begins_with_what_there_is():
    assert running_mean([4.0, 2.0, 6.0, 1.0], window=3) == pytest.approx([4, 3, 4, 3])


def test_each_run_has_its_line_and_its_words():
    ax = training_curves({"a": RECORDS, "b": RECORDS[:12]}, "Two runs")
    panels = ax.figure.axes
    assert [panel.get_title(loc="left") for panel in panels] == [
        *("loss", "learning rate", "gradient norm")
    ]
    assert [line.get_label() for line in ax.get_lines() if line.get_linestyle() != "None"] == [
        *("a", "b")
    ]
    dots = [line.get_xydata().tolist() for line in ax.get_lines() if line.get_marker() == "o"]
    assert dots == [[[10, 3.5], [20, 3.0], [30, 2.5]], [[10, 3.5]]]
    assert panels[1].get_lines()[0].get_ydata()[-1] == 30 / 1e4
    words = description(ax)
    assert "Curves of a: by step 30 the loss goes from 4.90 to 2.95 nats a token" in words
    assert "the best validation loss is 2.50" in words
    assert "Curves of b: by step 12" in words
    assert png(ax).startswith(b"\x89PNG")


@pytest.mark.parametrize("runs", [{}, {"a": []}, {str(i): RECORDS for i in range(7)}])
def test_what_cannot_be_drawn_is_refused(runs):
    with pytest.raises(ValueError, match="expected 1 to 6 runs with a step each"):
        training_curves(runs, "")


def test_watching_hands_on_every_record_and_shows_one_moving_picture(notebook, capfd):
    assert list(watch(iter(RECORDS))) == RECORDS
    assert len(notebook.shown) == 1
    first, *_, last = notebook.shown[0]
    assert "by step 1 " in first["text/plain"]
    assert "by step 30 " in last["text/plain"]
    assert '<img alt="Curves of training' in last["text/html"]
    assert capfd.readouterr() == ("", "")


def test_who_leaves_early_still_sees_how_far_it_went(notebook):
    watched = watch(iter(RECORDS))
    assert list(islice(watched, 7)) == RECORDS[:7]
    watched.close()
    assert "by step 7 " in notebook.shown[0][-1]["text/plain"]
    assert list(watch(iter([]))) == []
    assert len(notebook.shown) == 1


def test_drawing_takes_a_small_share_of_the_time(notebook, monkeypatch):
    clock = iter(range(10_000))
    monkeypatch.setattr(time, "perf_counter", lambda: next(clock))  # each look takes a second
    list(watch(record(step) for step in range(1, 301)))
    drawn = len(notebook.shown[0]) - 1  # but for the last one, after the end
    assert 1 < drawn <= 1 + curves.DRAWING_SHARE * next(clock)
