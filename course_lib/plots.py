"""Pictures of what happens inside, each with a description for those who do not see it."""

import base64
import html
import io
from collections.abc import Callable, Mapping, Sequence
from typing import Literal
from weakref import WeakKeyDictionary

import matplotlib.pyplot as plt
from IPython.display import display
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from torch import Tensor

# Okabe and Ito's colours, which colour-blind readers can tell apart.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
MASK_COLOURS = ListedColormap(["white", PALETTE[0]])
MARKERS = ("o", "s", "^", "D", "v", "P")

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
    display({"text/html": _image(ax), "text/plain": plain}, raw=True)


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
    picture = widgets.HTML(_image(draw(still[0])))
    buttons.observe(lambda change: picture.set_trait("value", _image(draw(change.new))), "value")
    live = widgets.VBox([buttons, picture])._repr_mimebundle_()
    page = "".join(_image(draw(value)) for value in still)
    plain = f"[Figure for each {name} of {', '.join(f'{value:g}' for value in values)}]"
    display({**live, "text/html": page, "text/plain": plain}, raw=True)


def _image(ax: Axes) -> str:
    """The figure of `ax`, closed, as HTML: JupyterLab shows a bare image/png without alt text."""
    figure, alt = _figure(ax), html.escape(description(ax))
    png = io.BytesIO()
    figure.savefig(png, format="png", dpi=110, bbox_inches="tight")
    plt.close(figure)
    data = base64.b64encode(png.getvalue()).decode()
    return f'<img alt="{alt}" src="data:image/png;base64,{data}">'


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
    log: Literal["", "x", "xy"] = "",
    ax: Axes | None = None,
) -> Axes:
    """Several measurements over the same x, told apart by colour, marker and name.

    `log` names the axes that are logarithmic. Returns the ax.
    """
    if ax is None:
        _, ax = plt.subplots(figsize=(6.4, 3.6), layout="constrained")
    for (name, y), color, marker in zip(lines.items(), PALETTE, MARKERS, strict=False):
        ax.plot(x, y, color=color, marker=marker, label=name)
    if log:
        ax.set(xscale="log", yscale="log" if "y" in log else "linear")
        ax.set_xticks(x, [f"{value:g}" for value in x])
        ax.minorticks_off()
    ax.set(xlabel=xlabel, ylabel=ylabel)
    ax.set_title(title, loc="left")
    ax.legend(frameon=False)
    ax.spines[["top", "right"]].set_visible(False)
    ends = "; ".join(f"{name}: from {y[0]:.3g} to {y[-1]:.3g}" for name, y in lines.items())
    describe(ax, f"{title}. Lines of {ylabel} over {xlabel}, {x[0]:g} to {x[-1]:g}. {ends}.")
    return ax


def heat_maps(
    matrices: Mapping[str, Tensor], title: str, rows: str = "query", columns: str = "key"
) -> Axes:
    """Matrices side by side, each on a scale of its own that is centred at 0. Returns the last ax.

    Shapes: each matrix (Tq, Tk).
    """
    size = (2.5 * len(matrices), 2.9)
    figure, axes = plt.subplots(1, len(matrices), figsize=size, layout="constrained", squeeze=False)
    for ax, (name, matrix) in zip(axes[0], matrices.items(), strict=True):
        most = max(matrix.abs().max().item(), 1e-12)
        image = ax.imshow(matrix.cpu().numpy(), cmap="RdBu_r", vmin=-most, vmax=most)
        figure.colorbar(image, ax=ax, location="bottom", shrink=0.9)
        ax.set(title=name, xlabel=columns, xticks=range(matrix.shape[1]))
        ax.set_yticks(range(matrix.shape[0]))
        ax.set_ylabel(rows if ax is axes[0][0] else "")
    figure.suptitle(title, x=0.01, ha="left")
    ranges = "; ".join(
        f"{name} from {m.min().item():.1f} to {m.max().item():.1f}" for name, m in matrices.items()
    )
    describe(axes[0][-1], f"{title}. Heat maps of {rows} by {columns}: {ranges}.")
    return axes[0][-1]


def _figure(ax: Axes) -> Figure:
    figure = ax.figure
    assert isinstance(figure, Figure)
    return figure
