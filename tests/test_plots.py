import base64
import re

import matplotlib
import matplotlib.pyplot as plt
import pytest
import torch

from course_lib import plots

matplotlib.use("agg")


@pytest.fixture(autouse=True)
def no_figure_is_left():
    yield
    plt.close("all")


@pytest.fixture
def shown(monkeypatch):
    """What `show` hands to the notebook."""
    outputs = []
    monkeypatch.setattr(plots, "display", lambda data, raw: outputs.append(data))
    return outputs


def test_an_attention_map_has_a_row_for_each_query():
    weights = torch.tensor([[0.9, 0.1, 0.0], [0.2, 0.3, 0.5]])
    ax = plots.attention_map(weights, ["Ein", "Hund"], ["a", "dog", "."], "Who looks where")
    assert [label.get_text() for label in ax.get_yticklabels()] == ["Ein", "Hund"]
    assert [label.get_text() for label in ax.get_xticklabels()] == ["a", "dog", "."]
    assert torch.equal(torch.tensor(ax.images[0].get_array()), weights)
    assert "'Hund' looks most at '.' (0.50)" in plots.description(ax)


def test_labels_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="got 1 queries and 3 keys"):
        plots.attention_map(torch.ones(2, 3), ["a"], ["b", "c", "d"], "title")


def test_show_gives_a_picture_with_its_words_and_closes_the_figure(shown):
    ax = plots.compare_lines([1, 2], {"a": [1, 2]}, 'It "grows" <fast>', "x", "y")
    plots.show(ax)
    image = re.fullmatch(
        r'<img alt="([^"]*)" src="data:image/png;base64,(.*)">', shown[0]["text/html"]
    )
    assert image[1].startswith("It &quot;grows&quot; &lt;fast&gt;. Lines of y over x")
    assert base64.b64decode(image[2]).startswith(b"\x89PNG")
    assert "a: from 1 to 2" in shown[0]["text/plain"]
    assert plt.get_fignums() == []


def test_a_figure_without_words_is_refused(shown):
    _, ax = plt.subplots()
    with pytest.raises(ValueError, match="no description"):
        plots.show(ax)
    assert shown == []


def test_every_plot_has_a_title_axes_and_a_description():
    for ax in (
        plots.learning_curve(range(30), [3.0 - i / 10 for i in range(30)], "It falls"),
        plots.compare_lines([4, 16], {"a": [1, 2], "b": [2, 1]}, "They cross", "d", "y", log="xy"),
    ):
        assert ax.get_title(loc="left")
        assert ax.get_xlabel()
        assert ax.get_ylabel()
        assert plots.description(ax).startswith(ax.get_title(loc="left"))


def test_heat_maps_are_centred_at_zero():
    ax = plots.heat_maps({"a": torch.tensor([[-1.0, 3.0]]), "b": torch.zeros(1, 2)}, "Two scales")
    first = ax.figure.axes[0].images[0]
    assert (first.norm.vmin, first.norm.vmax) == (-3.0, 3.0)
    assert "a from -1.0 to 3.0" in plots.description(ax)


def test_heat_maps_of_shares_go_from_zero_to_one():
    panels = {"a": torch.tensor([[0.2, 0.8]]), "b": torch.tensor([[0.5, 0.5]])}
    ax = plots.heat_maps(panels, "One scale", scale=(0, 1))
    first, second = (panel.images[0] for panel in ax.figure.axes[:2])
    assert (first.norm.vmin, first.norm.vmax) == (second.norm.vmin, second.norm.vmax) == (0, 1)
    assert first.get_cmap().name == "Blues"


def test_cells_keep_the_colour_of_their_head_wherever_they_lie():
    x = 10 * torch.arange(4)[:, None] + torch.arange(6)
    split = x.view(4, 3, 2).transpose(0, 1)
    ax = plots.head_cells({"before": x, "after": split}, 6, 3, "Cut into heads")
    colors = [
        {
            text.get_text(): patch.get_facecolor()
            for text, patch in zip(
                [t for t in axes.texts if "[" not in t.get_text()], axes.patches, strict=True
            )
        }
        for axes in ax.figure.axes
    ]
    assert colors[0] == colors[1]
    assert len(set(colors[0].values())) == 3 * 4  # heads and tokens
    assert colors[0]["20"] == colors[0]["21"] != colors[0]["22"]
    words = plots.description(ax)
    assert words.startswith("Cut into heads. Numbered cells")
    assert "before: 00 01 02 03 04 05 / 10 11" in words
    assert "after: [0] 00 01 / 10 11 / 20 21 / 30 31; [1] 02 03 / 12 13" in words


def test_one_figure_can_have_several_descriptions():
    _, (left, right) = plt.subplots(1, 2)
    plots.describe(left, "One.")
    plots.describe(right, "Two.")
    assert plots.description(right) == "One. Two."


def test_a_figure_to_explore_moves_and_has_a_form_for_a_printed_page(shown):
    drawn, boxes = [], []
    pytest.importorskip("ipywidgets").Widget.on_widget_constructed(boxes.append)

    def draw(value):
        drawn.append(value)
        return plots.share_bars(torch.tensor([value, 1 - value]), ["a", "b"], f"At {value:g}")

    plots.explore(draw, "share", [0.1, 0.5, 1.0], still=(0.5, 1.0))
    assert shown[0]["text/html"].count("<img ") == 2
    assert 'alt="At 0.5. Bars: a 0.50, b 0.50."' in shown[0]["text/html"]
    assert "application/vnd.jupyter.widget-view+json" in shown[0]
    control = next(box for box in boxes if hasattr(box, "options"))
    picture = next(box for box in boxes if str(getattr(box, "value", "")).startswith("<img"))
    control.value = 0.1
    assert drawn[-1] == 0.1
    assert "At 0.1. Bars: a 0.10, b 0.90." in picture.value
    assert plt.get_fignums() == []


def test_tables_of_numbers_are_told_row_by_row():
    x = torch.arange(6).view(2, 3)
    ax = plots.number_tables({"x": x, "x.T": x.T}, "Turned")
    assert [text.get_text() for text in ax.texts] == ["0", "3", "1", "4", "2", "5"]
    told = plots.description(ax)
    assert told == "Turned. Tables of numbers. x: rows 0 1 2; 3 4 5. x.T: rows 0 3; 1 4; 2 5."
    ax = plots.number_tables({"a": torch.tensor([[0.25]])}, "Shares", digits=2)
    assert "rows 0.25." in plots.description(ax)


def test_shaded_tokens_stand_in_lines_and_are_told_with_their_values():
    rows = [(["Return", "the", "foo", "##bar"], torch.tensor([0.1, 0.0, 0.9, 1.0]))]
    rows.append((["word"] * 30, torch.linspace(0, 1, 30)))
    ax = plots.shaded_tokens(rows, "What is copied", "share that is copied", width=60)
    ys = [text.get_position()[1] for text in ax.texts]
    assert ys[:4] == [0] * 4
    assert max(ys) == 3  # the second text takes three lines
    boxes = [patch.get_bbox() for patch in ax.patches]
    assert boxes[2].x1 == boxes[3].x0  # one word
    assert all(box.x1 <= 60 for box in boxes)
    assert not any(a.overlaps(b.shrunk(0.9, 0.9)) for a, b in zip(boxes, boxes[2:], strict=False))
    assert "foo (0.90) ##bar (1.00)" in plots.description(ax)


def test_a_map_joins_its_boxes_and_tells_what_leads_to_what():
    boxes = {"A": ("start", 0, 0), "B": ("aside", 1, 1), "C": ("also", -1, 1), "D": ("end", 0, 2)}
    arrows = [("A", "B"), ("A", "C"), ("B", "D"), ("C", "D"), ("A", "D")]
    ax = plots.boxes_and_arrows(boxes, arrows, "Two ways round", here="A")
    assert [text.get_text() for text in ax.texts if text.get_text()] == [
        *("A", "start", "B", "aside", "C", "also", "D", "end")
    ]
    assert sum(text.arrow_patch is not None for text in ax.texts if hasattr(text, "xyann")) == 5
    assert "from A to B and C and D; B to D; C to D." in plots.description(ax)
    assert plots.description(ax).endswith("The box A is set off.")
    ends = [(text.xyann, text.xy) for text in ax.texts if hasattr(text, "xyann")]
    assert ends[0] == ((0.4375, 0), (1, 0.6875))  # out of the side, in from above
    assert ends[2] == ((1, 1.3125), (0.4375, 2))  # out below, in from the side
    assert ends[4] == ((0, 0.3125), (0, 1.6875))


def test_bars_with_the_same_name_stand_side_by_side():
    ax = plots.share_bars(torch.tensor([0.4, 0.4, 0.2]), ["2", "2", "0"], "Shares")
    assert len(ax.patches) == len({bar.get_x() for bar in ax.patches}) == 3
    assert [label.get_text() for label in ax.get_xticklabels()] == ["2", "2", "0"]


def test_a_mask_shows_and_says_who_may_look_at_whom():
    causal = torch.ones(2, 2, dtype=torch.bool).tril()
    row = torch.tensor([[True, False]])
    pictures = {"causal": causal, "padding": row, "none": ~row & row}
    ax = plots.mask_maps(pictures, ["a", "b"], ["a", "b"], "Who may look")
    first, second, third = ax.figure.axes
    assert first.collections[0].get_array().tolist() == [[1, 0], [1, 1]]
    assert [list(line.get_xdata()) for line in first.lines] == [[0.5], [0.5, 1.5]]
    assert second.collections[0].get_array().tolist() == [[1, 0], [1, 0]]
    assert first.yaxis_inverted()
    words = plots.description(third)
    assert "causal: a may look at a; b may look at a, b. padding: a may look at a; b" in words
    assert "none: a may look at nothing" in words


@pytest.mark.parametrize(
    ("log", "scales"),
    [("", "linear linear"), ("x", "log linear"), ("y", "linear log"), ("xy", "log log")],
)
def test_the_axes_that_are_named_are_logarithmic(log, scales):
    ax = plots.compare_lines([1, 10], {"a": [1, 2]}, "title", "x", "y", log=log)
    assert f"{ax.get_xscale()} {ax.get_yscale()}" == scales


def test_lines_of_many_points_are_told_apart_by_dashes():
    x = range(21)
    ax = plots.compare_lines(x, {"a": x, "b": x}, "title", "x", "y")
    assert {line.get_marker() for line in ax.lines} == {"None"}
    assert ax.lines[0].get_linestyle() != ax.lines[1].get_linestyle()


def test_a_large_heat_map_numbers_a_few_of_its_cells():
    ax = plots.heat_maps({"small": torch.eye(5), "large": torch.eye(64)}, "title")
    small, large = ax.figure.axes[0], ax
    assert list(small.get_xticks()) == [0, 1, 2, 3, 4]
    assert list(large.get_yticks()) == [0, 16, 32, 48]


def test_the_hand_of_a_clock_ends_at_its_point_and_is_told_in_degrees():
    points = torch.tensor([[0.0, 1.0], [1.0, 0.0], [0.0, -1.0]])
    ax = plots.clock_hands(points, ["a", "b", "c"], "They turn")
    assert [other.get_title() for other in ax.figure.axes] == ["a", "b", "c"]
    assert ax.texts[0].xy == (0.0, -1.0)
    told = plots.description(ax)
    assert "a points to 0 degrees; b points to 90 degrees; c points to 180 degrees" in told


def test_the_band_of_several_runs_goes_from_the_lowest_to_the_highest():
    runs = {"a": torch.tensor([[0.0, 0.2], [1.0, 0.4]]), "b": torch.tensor([[1.0, 1.0]])}
    ax = plots.lines_with_spread(
        [8, 16], runs, "It falls", "x", "y", marks={"a": [0.5, 0.3]}, border=(8, "ends here")
    )
    assert list(ax.lines[0].get_ydata()) == pytest.approx([0.5, 0.3])
    band = ax.collections[0].get_paths()[0].get_extents()
    assert (band.ymin, band.ymax) == pytest.approx((0, 1))
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["a", "b"]
    assert "a: from 0.50 to 0.30 (runs at the end from 0.20 to 0.40)" in plots.description(ax)
    assert any("ends here" in text.get_text() for text in ax.texts)


def test_more_lines_than_colours_are_refused():
    lines = {f"{i}": [1.0, 2.0] for i in range(7)}
    with pytest.raises(ValueError, match="7 lines, of which only 6 can be told apart"):
        plots.compare_lines([0, 1], lines, "Many", "x", "y")
    with pytest.raises(ValueError, match="7 lines"):
        plots.lines_with_spread([0, 1], {n: torch.ones(1, 2) for n in lines}, "Many", "x", "y")


def test_a_legend_of_many_lines_stands_beside_them():
    def left_edge(count):
        lines = {f"line {i}": [i, i + 1] for i in range(count)}
        ax = plots.compare_lines([1, 2], lines, "title", "x", "y")
        ax.figure.canvas.draw()
        return ax.get_legend().get_window_extent().x0 - ax.get_window_extent().x1

    assert left_edge(5) >= 0 > left_edge(4)
