"""Pictures of what happens inside, each with a description for those who do not see it."""

import base64
import html
import io
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal
from weakref import WeakKeyDictionary

import matplotlib.pyplot as plt
from IPython.display import display
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import ListedColormap, Normalize, to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Circle, Rectangle
from torch import Tensor

# Okabe and Ito's colours, which colour-blind readers can tell apart.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
MASK_COLOURS = ListedColormap(["white", PALETTE[0]])
MARKERS = ("o", "s", "^", "D", "v", "P")
GAP = 0.5  # between two tables of numbered cells, in cells
LINES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 3)))

_descriptions: WeakKeyDictionary[Figure, list[str]] = WeakKeyDictionary()


def describe(ax: Axes, text: str) -> None:
    """Add to the description (alt text) of the figure that `ax` belongs to."""
    _descriptions.setdefault(_figure(ax), []).append(text)


def description(ax: Axes) -> str:
    """The description of the whole figure that `ax` belongs to.

    Raises ValueError if it has none: a figure without words is no figure for everyone.
    """
    texts = _descriptions.get(_figure(ax))
    if not texts:
        raise ValueError("this figure has no description: call describe(ax, …) before show(ax)")
    return " ".join(texts)


def show(ax: Axes) -> None:
    """Show the figure of `ax` in a notebook, with its description as alt text, and close it."""
    plain = f"[Figure: {description(ax)}]"
    display({"text/html": html_image(ax), "text/plain": plain}, raw=True)


def explore(
    draw: Callable[[float], Axes], name: str, values: Sequence[float], still: Sequence[float]
) -> None:
    """Show a figure that `draw` makes anew for each value that is chosen, by a row of buttons.

    Where nothing can move, as on a printed page, stand the figures for the values in `still`; the
    first of them is chosen to begin with. (No slider: that of ipywidgets has no name for those who
    hear the page.)
    """
    import ipywidgets as widgets  # comes with JupyterLab; training does without

    buttons = widgets.ToggleButtons(
        options=[(f"{value:g}", value) for value in values],
        value=still[0],
        description=name,
        style={"button_width": "4em", "description_width": "initial"},
    )
    picture = widgets.HTML(html_image(draw(still[0])))
    buttons.observe(
        lambda change: picture.set_trait("value", html_image(draw(change.new))), "value"
    )
    live = widgets.VBox([buttons, picture])._repr_mimebundle_()
    page = "".join(html_image(draw(value)) for value in still)
    plain = f"[Figure for each {name} of {', '.join(f'{value:g}' for value in values)}]"
    display({**live, "text/html": page, "text/plain": plain}, raw=True)


def html_image(ax: Axes) -> str:
    """The figure of `ax`, closed, as HTML: JupyterLab shows a bare image/png without alt text."""
    alt = html.escape(description(ax))
    data = base64.b64encode(png(ax)).decode()
    return f'<img alt="{alt}" src="data:image/png;base64,{data}">'


def png(ax: Axes) -> bytes:
    """The figure of `ax`, closed, as the bytes of a PNG file."""
    content = io.BytesIO()
    _figure(ax).savefig(content, format="png", dpi=110, bbox_inches="tight")
    plt.close(_figure(ax))
    return content.getvalue()


def share_bars(shares: Tensor, labels: Sequence[str], title: str, ax: Axes | None = None) -> Axes:
    """Bars for numbers that sum to 1, each with its name. Shapes: shares (n). Returns the ax."""
    if ax is None:
        _, ax = plt.subplots(figsize=(2.9, 2.2), layout="constrained")
    bars = ax.bar(range(len(labels)), shares.tolist(), color=PALETTE[0], tick_label=labels)
    ax.bar_label(bars, fmt="%.2f")
    ax.set(ylim=(0, 1.12), yticks=(0, 0.5, 1))
    ax.set_title(title, loc="left")
    ax.spines[["top", "right"]].set_visible(False)
    each = ", ".join(f"{n} {s:.2f}" for n, s in zip(labels, shares.tolist(), strict=True))
    describe(ax, f"{title}. Bars: {each}.")
    return ax


def attention_map(
    weights: Tensor, queries: Sequence[str], keys: Sequence[str], title: str, ax: Axes | None = None
) -> Axes:
    """Heat map of attention weights: a row for each query, a column for each key.

    Shapes: weights (Tq, Tk), with a label for each row and column. Returns the ax.
    Raises ValueError if the labels do not fit.
    """
    if weights.shape != (len(queries), len(keys)):
        raise ValueError(
            f"weights of shape {tuple(weights.shape)} need as many labels, "
            f"got {len(queries)} queries and {len(keys)} keys"
        )
    if ax is None:
        size = (2.2 + 0.48 * len(keys), 1.6 + 0.36 * len(queries))
        _, ax = plt.subplots(figsize=size, layout="constrained")
    image = ax.imshow(weights.cpu().numpy(), cmap="Blues", vmin=0, vmax=1, aspect="auto")
    ax.set_xticks(range(len(keys)), keys, rotation=50, ha="left", rotation_mode="anchor")
    ax.set_yticks(range(len(queries)), queries)
    ax.xaxis.tick_top()
    ax.xaxis.set_label_position("top")
    ax.tick_params(length=0)
    ax.set(xlabel="looks at (key)", ylabel="asks (query)")
    ax.set_title(title, loc="left")
    _figure(ax).colorbar(image, ax=ax, label="attention weight (a share of 1)")
    strongest = "; ".join(
        f"{query!r} looks most at {keys[int(row.argmax())]!r} ({row.max():.2f})"
        for query, row in zip(queries, weights, strict=True)
    )
    describe(ax, f"{title}. Heat map of attention weights. {strongest}.")
    return ax


def mask_maps(
    masks: Mapping[str, Tensor], queries: Sequence[str], keys: Sequence[str], title: str
) -> Axes:
    """Masks side by side: a dot on blue where a query may look at a key. Returns the last ax.

    Shapes: each mask (Tq, Tk) or broadcastable to it, with a label for each row and column.
    """
    size = (1.1 + (0.4 + 0.42 * len(keys)) * len(masks), 1.5 + 0.36 * len(queries))
    figure, axes = plt.subplots(1, len(masks), figsize=size, layout="constrained", squeeze=False)
    in_words = []
    for ax, (name, mask) in zip(axes[0], masks.items(), strict=True):
        rows_in_words = []
        open_cells = mask.expand(len(queries), len(keys)).tolist()
        ax.pcolormesh(open_cells, cmap=MASK_COLOURS, vmin=0, vmax=1, edgecolor="0.6", linewidth=0.6)
        middles = [i + 0.5 for i in range(len(keys))]
        ax.set_xticks(middles, keys, rotation=50, ha="left", rotation_mode="anchor")
        ax.set_yticks([i + 0.5 for i in range(len(queries))], queries if ax is axes[0][0] else [])
        for row, cells in enumerate(open_cells):
            seen = [column for column, is_open in enumerate(cells) if is_open]
            ax.plot([c + 0.5 for c in seen], [row + 0.5] * len(seen), "o", color="white", ms=4)
            what = ", ".join(keys[c] for c in seen) or "nothing"
            rows_in_words.append(f"{queries[row]} may look at {what}")
        in_words.append(f"{name}: {'; '.join(rows_in_words)}.")
        ax.invert_yaxis()
        ax.xaxis.tick_top()
        ax.tick_params(length=0)
        ax.set_xlabel(name)
    axes[0][0].set_ylabel("asks (query)")
    figure.suptitle(title, x=0.01, ha="left")
    describe(axes[0][-1], f"{title}. {' '.join(in_words)}")
    return axes[0][-1]


def learning_curve(
    steps: Sequence[int], losses: Sequence[float], title: str, ax: Axes | None = None
) -> Axes:
    """Training loss against the step, raw and as a running mean of 20 steps. Returns the ax."""
    if ax is None:
        _, ax = plt.subplots(figsize=(6.4, 3.2), layout="constrained")
    window = min(20, len(losses))
    means = [sum(losses[i - window : i]) / window for i in range(window, len(losses) + 1)]
    ax.plot(steps, losses, color="0.75", linewidth=0.8, label="each step")
    ax.plot(steps[window - 1 :], means, color=PALETTE[0], label=f"mean of {window} steps")
    ax.set(xlabel="training step", ylabel="loss (nats a token)")
    ax.set_title(title, loc="left")
    ax.legend(frameon=False)
    ax.spines[["top", "right"]].set_visible(False)
    describe(
        ax,
        f"{title}. Line plot: the loss goes from {means[0]:.2f} to {means[-1]:.2f} nats a token.",
    )
    return ax


def compare_lines(
    x: Sequence[float],
    lines: Mapping[str, Sequence[float]],
    title: str,
    xlabel: str,
    ylabel: str,
    log: Literal["", "x", "y", "xy"] = "",
    ax: Axes | None = None,
) -> Axes:
    """Several measurements over the same x, told apart by colour, marker and name.

    `log` names the axes that are logarithmic. Returns the ax.
    Raises ValueError if there are more than can be told apart.
    """
    _must_be_told_apart(lines)
    if ax is None:
        _, ax = plt.subplots(figsize=(6.4, 3.6), layout="constrained")
    for (name, y), color, style in zip(lines.items(), PALETTE, _line_styles(len(x)), strict=False):
        ax.plot(x, y, color=color, label=name, **style)
    if "y" in log:
        ax.set_yscale("log")
    if "x" in log:
        ax.set_xscale("log")
        ax.set_xticks(x, [f"{value:g}" for value in x])
        ax.minorticks_off()
    ax.set(xlabel=xlabel, ylabel=ylabel)
    ax.set_title(title, loc="left")
    if len(lines) > 4:
        ax.legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
    else:
        ax.legend(frameon=False)
    ax.spines[["top", "right"]].set_visible(False)
    ends = "; ".join(f"{name}: from {y[0]:.3g} to {y[-1]:.3g}" for name, y in lines.items())
    describe(ax, f"{title}. Lines of {ylabel} over {xlabel}, {x[0]:g} to {x[-1]:g}. {ends}.")
    return ax


def _must_be_told_apart(lines: Mapping[str, object]) -> None:
    if len(lines) > len(PALETTE):
        raise ValueError(f"{len(lines)} lines, of which only {len(PALETTE)} can be told apart")


def _line_styles(points: int) -> list[dict[str, Any]]:
    """How to tell lines apart besides colour: by markers, or by dashes if there are many points."""
    if points <= 20:
        return [{"marker": marker} for marker in MARKERS]
    return [{"linestyle": line} for line in LINES]


def heat_maps(
    matrices: Mapping[str, Tensor],
    title: str,
    rows: str = "query",
    columns: str = "key",
    scale: tuple[float, float] | None = None,
) -> Axes:
    """Matrices side by side. Returns the last ax.

    Each has a scale of its own that is centred at 0, or all have the same `scale`, from a lowest
    value (white) to a highest (dark), as (0, 1) for shares.

    Shapes: each matrix (Tq, Tk).
    """
    size = (2.5 * len(matrices), 2.9)
    figure, axes = plt.subplots(1, len(matrices), figsize=size, layout="constrained", squeeze=False)
    for ax, (name, matrix) in zip(axes[0], matrices.items(), strict=True):
        most = max(matrix.abs().max().item(), 1e-12)
        low, high = scale or (-most, most)
        colours = "Blues" if scale else "RdBu_r"
        image = ax.imshow(matrix.cpu().numpy(), cmap=colours, vmin=low, vmax=high)
        figure.colorbar(image, ax=ax, location="bottom", shrink=0.9)
        ax.set(title=name, xlabel=columns, xticks=_ticks(matrix.shape[1]))
        ax.set_yticks(_ticks(matrix.shape[0]))
        ax.set_ylabel(rows if ax is axes[0][0] else "")
    figure.suptitle(title, x=0.01, ha="left")
    ranges = "; ".join(
        f"{name} from {m.min().item():.1f} to {m.max().item():.1f}" for name, m in matrices.items()
    )
    describe(axes[0][-1], f"{title}. Heat maps of {rows} by {columns}: {ranges}.")
    return axes[0][-1]


def _ticks(size: int) -> range:
    """Where to put numbers on an axis: at every cell, or at about six of many."""
    return range(0, size, 1 if size <= 10 else 2 ** math.ceil(math.log2(size / 7)))


def clock_hands(points: Tensor, names: Sequence[str], title: str) -> Axes:
    """A clock for each point, its hand from the middle to (x, y). Returns the last ax.

    Shapes: points (n, 2), on or in the unit circle, with a name for each.
    """
    size = (1.75 * len(names), 2.2)
    figure, axes = plt.subplots(1, len(names), figsize=size, layout="constrained", squeeze=False)
    told = []
    for ax, (x, y), name in zip(axes[0], points.tolist(), names, strict=True):
        ax.add_patch(Circle((0, 0), 1, fc="none", ec="0.6"))
        ax.plot([0, 0], [0.9, 1], color="0.6")
        ax.annotate(
            "", (x, y), (0, 0), arrowprops={"arrowstyle": "-|>", "color": PALETTE[0], "lw": 2}
        )
        ax.set(xlim=(-1.08, 1.08), ylim=(-1.08, 1.08), aspect="equal")
        ax.set_axis_off()
        ax.set_title(name, fontsize="medium")
        degrees = round(math.degrees(math.atan2(x, y))) % 360
        told.append(f"{name} points to {degrees} degrees".replace("\n", ", "))
    figure.suptitle(title, x=0.01, ha="left")
    describe(axes[0][-1], f"{title}. Clocks, degrees from the top clockwise: {'; '.join(told)}.")
    return axes[0][-1]


def lines_with_spread(
    x: Sequence[float],
    runs: Mapping[str, Tensor],
    title: str,
    xlabel: str,
    ylabel: str,
    marks: Mapping[str, Sequence[float]] | None = None,
    border: tuple[float, str] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """The mean of several runs over x, in a band from the lowest run to the highest.

    `marks` are single runs to compare with, by the same names; `border` is a place on the x axis
    and what ends there. Shapes: each of runs (number of runs, len(x)). Returns the ax.
    Raises ValueError if there are more than can be told apart.
    """
    _must_be_told_apart(runs)
    if ax is None:
        _, ax = plt.subplots(figsize=(6.8, 3.8), layout="constrained")
    told = []
    for (name, values), color, style in zip(runs.items(), PALETTE, LINES, strict=False):
        low, mean, high = values.amin(0).tolist(), values.mean(0).tolist(), values.amax(0).tolist()
        ax.fill_between(x, low, high, color=color, alpha=0.2, linewidth=0)
        ax.plot(x, mean, color=color, linestyle=style, label=name)
        told.append(f"{name}: from {mean[0]:.2f} to {mean[-1]:.2f}")
        if len(values) > 1:
            told[-1] += f" (runs at the end from {low[-1]:.2f} to {high[-1]:.2f})"
    for (_, y), color, marker in zip((marks or {}).items(), PALETTE, MARKERS, strict=False):
        ax.plot(x, y, color=color, marker=marker, markersize=4, linestyle="none")
    if border is not None:
        place, text = border
        ax.axvline(place, color="0.5", linestyle=":")
        ax.text(place, 1.0, f" {text}", transform=ax.get_xaxis_transform(), va="bottom", size=8)
    ax.set(xlabel=xlabel, ylabel=ylabel)
    ax.set_title(title, loc="left", pad=6 if border is None else 16)
    ax.legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
    ax.spines[["top", "right"]].set_visible(False)
    describe(ax, f"{title}. Lines of {ylabel} over {xlabel}. {'; '.join(told)}.")
    return ax


def number_tables(tables: Mapping[str, Tensor], title: str, digits: int = 0) -> Axes:
    """Tables of numbers side by side, the larger the darker, on one scale. Returns the last ax.

    Shapes: each table (rows, columns). `digits` is how many stand behind the point.
    """
    cells = {name: table.tolist() for name, table in tables.items()}
    sizes = [table.shape[1] for table in tables.values()]
    tallest = max(table.shape[0] for table in tables.values())
    width = 0.62 * sum(sizes) + 0.7 * len(sizes)
    figure, axes = plt.subplots(
        1,
        len(tables),
        figsize=(max(width, 4.2), 0.5 * tallest + 0.8),
        layout="constrained",
        squeeze=False,
        width_ratios=sizes,
    )
    low = min(table.min().item() for table in tables.values())
    high = max(table.max().item() for table in tables.values())
    for ax, (name, table) in zip(axes[0], tables.items(), strict=True):
        spread = (table.float() - low) / max(high - low, 1e-12)
        ax.imshow(spread.cpu().numpy(), cmap="Blues", vmin=0, vmax=1.6)  # text stays readable
        for i, row in enumerate(cells[name]):
            for j, value in enumerate(row):
                ax.text(j, i, f"{value:.{digits}f}", ha="center", va="center")
        ax.set(title=name, ylim=(tallest - 0.5, -0.5))  # cells of one size in all tables
        ax.set_axis_off()
    figure.suptitle(title, x=0.01, ha="left")
    told = " ".join(
        f"{name}: rows {'; '.join(' '.join(f'{v:.{digits}f}' for v in row) for row in rows)}."
        for name, rows in cells.items()
    )
    describe(axes[0][-1], f"{title}. Tables of numbers. {told}")
    return axes[0][-1]


def boxes_and_arrows(
    boxes: Mapping[str, tuple[str, int, int]],
    arrows: Sequence[tuple[str, str]],
    title: str,
    here: str = "",
    ax: Axes | None = None,
) -> Axes:
    """A map of things that lead to others: boxes on a grid, joined by arrows. Returns the ax.

    `boxes` gives each name its second line and its place: (text, column, row), with the main line
    in column 0 and rows counted from the top. An arrow between columns runs along the row of the
    box that is nearer to the main line. `here` is the box to set off.
    """
    columns, rows = [x for _, x, _ in boxes.values()], [y for _, _, y in boxes.values()]
    if ax is None:
        size = (2.75 * (max(columns) - min(columns) + 1), 0.7 * (max(rows) + 1) + 0.3)
        _, ax = plt.subplots(figsize=size, layout="constrained")
    half_width, half_height = 0.4375, 0.3125
    for name, (text, column, row) in boxes.items():
        face = "#FFE9B8" if name == here else "#E3EFF8"
        corner = (column - half_width, row - half_height)
        ax.add_patch(Rectangle(corner, 2 * half_width, 2 * half_height, fc=face, ec=PALETTE[0]))
        ax.text(column, row - 0.13, name, ha="center", va="center", weight="bold", size=9)
        ax.text(column, row + 0.15, text, ha="center", va="center", size=8)
    for start, end in arrows:
        (_, x, y), (_, to_x, to_y) = boxes[start], boxes[end]
        outwards = abs(to_x) > abs(x)
        side = half_width if to_x > x else -half_width
        tail = (x + side, y) if outwards else (x, y + half_height)
        head = (to_x, to_y - half_height) if outwards or x == to_x else (to_x - side, to_y)
        bend = f"angle,angleA={0 if outwards else 90},angleB={90 if outwards else 0},rad=0"
        style = {"arrowstyle": "-|>", "color": "0.35", "shrinkA": 0, "shrinkB": 0}
        style["connectionstyle"] = "arc3" if x == to_x else bend
        ax.annotate("", head, tail, arrowprops=style)
    ax.set(xlim=(min(columns) - 0.5, max(columns) + 0.5), ylim=(max(rows) + 0.45, -0.45))
    ax.set_title(title, loc="left")
    ax.set_axis_off()
    steps = {name: [end for start, end in arrows if start == name] for name in boxes}
    told = "; ".join(f"{name} to {' and '.join(ends)}" for name, ends in steps.items() if ends)
    place = f" The box {here} is set off." if here else ""
    describe(ax, f"{title}. Boxes joined by arrows, from {told}.{place}")
    return ax


def shaded_tokens(
    rows: Sequence[tuple[Sequence[str], Tensor]], title: str, shade: str, width: int = 76
) -> Axes:
    """Lines of text whose tokens are the darker, the higher their value is, from 0 to 1.

    `rows` has for each text its tokens, as `Tokenizer.pieces` gives them (`##` joins one to the
    token before), and a value for each; `shade` says what the values are. Returns the ax.
    """
    places: list[tuple[float, int, str, float]] = []  # where it begins, on which line, text, value
    line = -1
    for pieces, values in rows:
        line, x = line + 1, 0.0
        for piece, value in zip(pieces, values.tolist(), strict=True):
            text = piece.removeprefix("##")
            x += 0.0 if piece.startswith("##") or x == 0 else 0.8
            if x + len(text) > width:
                line, x = line + 1, 2.0
            places.append((x, line, text, value))
            x += len(text)
    _, ax = plt.subplots(figsize=(0.105 * width, 0.3 * (line + 1) + 0.8), layout="constrained")
    colours = plt.get_cmap("Blues")
    for x, y, text, value in places:
        face = colours(0.85 * value)
        ax.add_patch(Rectangle((x, y - 0.4), len(text), 0.8, fc=face, ec="0.8", lw=0.4))
        ink = _readable_on(face)
        middle = x + len(text) / 2
        ax.text(middle, y, text, family="monospace", size=8, ha="center", va="center", color=ink)
    ax.set(xlim=(-0.5, width + 0.5), ylim=(line + 0.6, -0.6))
    ax.set_axis_off()
    ax.set_title(title, loc="left")
    scale = ScalarMappable(Normalize(0, 1 / 0.85), colours)
    bar = _figure(ax).colorbar(scale, ax=ax, orientation="horizontal", aspect=60, pad=0.02)
    bar.ax.set_xlim(0, 1)
    bar.set_label(shade)
    told = "; ".join(
        " ".join(
            f"{piece} ({value:.2f})" for piece, value in zip(pieces, values.tolist(), strict=True)
        )
        for pieces, values in rows
    )
    describe(ax, f"{title}. Tokens, each with its value: {shade}. {told}.")
    return ax


def head_cells(panels: Mapping[str, Tensor], d_model: int, num_heads: int, title: str) -> Axes:
    """Where the cells of a table of tokens lie before and after it is cut into heads.

    A cell's number is 10 * token + feature. Its colour is the head that the feature belongs to;
    the colour is lighter from token to token. Returns the last ax.

    Shapes: each panel (rows, columns), or (n, rows, columns), drawn as n tables.
    """
    tables = {name: x if x.dim() == 3 else x[None] for name, x in panels.items()}
    widths = [x.shape[2] for x in tables.values()]
    heights = [x.shape[0] * (x.shape[1] + GAP) for x in tables.values()]
    figure, axes = plt.subplots(
        1,
        len(tables),
        figsize=(0.9 * len(tables) + 0.42 * sum(widths), 0.7 + 0.33 * max(heights)),
        layout="constrained",
        squeeze=False,
        width_ratios=[width + 1.5 for width in widths],
    )
    last = max(int(x.max()) for x in tables.values()) // 10
    for ax, (name, x), width in zip(axes[0], tables.items(), widths, strict=True):
        for index, table in enumerate(x.tolist()):
            top = index * (len(table) + GAP)
            if len(x) > 1:
                ax.text(-0.25, top + len(table) / 2, f"[{index}]", ha="right", va="center")
            for row, cells in enumerate(table):
                for column, cell in enumerate(cells):
                    face = _tint(cell % 10 * num_heads // d_model, cell // 10 / max(last, 1))
                    ax.add_patch(Rectangle((column, top + row), 1, 1, fc=face, ec="white", lw=1.5))
                    place, color = (column + 0.5, top + row + 0.5), _readable_on(face)
                    ax.text(*place, f"{cell:02}", ha="center", va="center", color=color)
        ax.set(xlim=(-1.5, width), ylim=(max(heights), -GAP / 2), aspect="equal")
        ax.axis("off")
        ax.set_title(name, fontsize="medium")
        describe(ax, f"{name}: {_tables_in_words(x)}.")
    figure.suptitle(title, x=0.01, ha="left")
    _descriptions[figure].insert(0, f"{title}. Numbered cells, coloured by head.")
    return axes[0][-1]


def _tint(head: int, lightness: float) -> tuple[float, ...]:
    """The colour of a head; from its own at 0 to a light one at 1."""
    share = 0.75 * lightness
    return tuple(c + (1 - c) * share for c in to_rgb(PALETTE[head % len(PALETTE)]))


def _readable_on(face: tuple[float, ...]) -> str:
    """Black or white, whichever has more contrast. WCAG 2.1, relative luminance."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in face]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "black" if luminance > 0.179 else "white"


def _tables_in_words(x: Tensor) -> str:
    tables = [
        " / ".join(" ".join(f"{cell:02}" for cell in row) for row in table) for table in x.tolist()
    ]
    if len(tables) == 1:
        return tables[0]
    return "; ".join(f"[{index}] {table}" for index, table in enumerate(tables))


def _figure(ax: Axes) -> Figure:
    figure = ax.figure
    assert isinstance(figure, Figure)
    return figure
