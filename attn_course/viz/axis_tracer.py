"""The axes of an array, step by step: what is split, what is merged, what moves.

Sizes alone cannot tell a transposition from a scrambling reshape: both end in the
same shape. The names can, and so each axis is followed by its name.
"""

from collections.abc import Sequence
from itertools import pairwise
from math import log, prod

from matplotlib.axes import Axes
from matplotlib.patches import Polygon, Rectangle

Axis = tuple[str, int]  # name and size
Step = tuple[str, Sequence[str], Sequence[int]]  # label, names and sizes of the axes
Link = tuple[list[int], list[int]]  # places of axes above and below that are the same

HIGH = 0.42  # of a row, taken by its boxes


def trace_axes(ax: Axes, steps: Sequence[Step]) -> Axes:
    """Draw the axes of each step as a row of boxes, joined to what becomes of them.

    An axis that appears out of nothing, by a product say, is joined to none.

    Raises
    ------
    ValueError
        If a step has not as many names as sizes, or a size below one.
    """
    rows = _rows("trace_axes", steps)
    places = [_spans(axes) for axes in rows]
    for i, (above, below) in enumerate(pairwise(rows)):
        for link in links(above, below):
            _join(ax, i, places[i], places[i + 1], link)
    for i, ((label, *_), axes) in enumerate(zip(steps, rows, strict=True)):
        ax.text(-0.02, i, label, ha="right", va="center", fontsize=9)
        for (name, size), (left, right) in zip(axes, places[i], strict=True):
            box = Rectangle((left, i - HIGH / 2), right - left, HIGH)
            box.set(facecolor="0.92", edgecolor="black", linewidth=1, zorder=3)
            ax.add_patch(box)
            text = {"ha": "center", "va": "center", "fontsize": 9, "zorder": 4}
            ax.text((left + right) / 2, i, f"{name}\n{size}", **text)
    ax.set(xlim=(-0.02, 1.01), ylim=(len(rows) - 1 + HIGH, -HIGH))
    ax.set_axis_off()
    return ax


def describe_axes(steps: Sequence[Step]) -> str:
    """Say the shape after each step, and what became of which axis.

    Examples
    --------
    >>> print(describe_axes([
    ...     ("project", ["positions", "model"], [5, 12]),
    ...     ("split", ["positions", "heads", "width"], [5, 3, 4]),
    ...     ("transpose", ["heads", "positions", "width"], [3, 5, 4]),
    ... ]))
    project: positions 5 · model 12
    split: positions 5 · heads 3 · width 4 (model 12 splits into heads 3 × width 4)
    transpose: heads 3 · positions 5 · width 4 (positions and heads change places)
    """
    rows, told = _rows("describe_axes", steps), []
    for i, (label, *_) in enumerate(steps):
        shape = " · ".join(f"{name} {size}" for name, size in rows[i]) or "one number"
        change = _change(rows[i - 1], rows[i]) if i else ""
        told.append(f"{label}: {shape}" + (f" ({change})" if change else ""))
    return "\n".join(told)


def links(above: Sequence[Axis], below: Sequence[Axis]) -> list[Link]:
    """Pair axes of equal name and size; then one axis with the several it equals.

    Examples
    --------
    >>> links([("model", 12), ("batch", 2)], [("batch", 2), ("heads", 3), ("width", 4)])
    [([1], [0]), ([0], [1, 2])]
    """
    free, pairs = list(range(len(above))), []
    rest = []
    for b, axis in enumerate(below):
        same = [a for a in free if above[a] == axis]
        if same:
            free.remove(same[0])
            pairs.append(([same[0]], [b]))
        else:
            rest.append(b)
    sizes = prod(above[a][1] for a in free), prod(below[b][1] for b in rest)
    if free and rest and sizes[0] == sizes[1] and 1 in (len(free), len(rest)):
        pairs.append((free, rest))
    return pairs


def _change(above: Sequence[Axis], below: Sequence[Axis]) -> str:
    pairs = links(above, below)
    for tops, bottoms in pairs:
        old, new = _product(above, tops), _product(below, bottoms)
        if len(bottoms) > 1:
            return f"{old} splits into {new}"
        if len(tops) > 1:
            return f"{old} merge into {new}"
        if old != new:
            return f"{old} becomes {new}"
    if len(pairs) == len(above) == len(below):
        moved = [above[i][0] for i in range(len(above)) if above[i] != below[i]]
        return f"{' and '.join(moved)} change places" if moved else ""
    kept = {top for tops, _ in pairs for top in tops}
    made = {bottom for _, bottoms in pairs for bottom in bottoms}
    gone = _product(above, [a for a in range(len(above)) if a not in kept])
    new = _product(below, [b for b in range(len(below)) if b not in made])
    return "; ".join([f"{gone} goes"] * bool(gone) + [f"{new} is new"] * bool(new))


def _product(axes: Sequence[Axis], places: Sequence[int]) -> str:
    return " × ".join(f"{axes[i][0]} {axes[i][1]}" for i in places)


def _spans(axes: Sequence[Axis]) -> list[tuple[float, float]]:
    """Return left and right of each box: larger is wider, and all fill the row."""
    wide = [1 + 0.5 * log(size) for _, size in axes]
    edges = [sum(wide[:i]) / sum(wide or [1]) for i in range(len(wide) + 1)]
    return [(left + 0.006, right - 0.006) for left, right in pairwise(edges)]


def _join(ax: Axes, row: int, tops: list, bottoms: list, link: Link) -> None:
    """Draw a pale ribbon from each box above to what it becomes below."""
    above, below = [tops[a] for a in link[0]], [bottoms[b] for b in link[1]]
    if len(above) == 1:
        above = _shares(above[0], below)
    elif len(below) == 1:
        below = _shares(below[0], above)
    y = row + HIGH / 2, row + 1 - HIGH / 2
    for (a, b), (c, d) in zip(above, below, strict=True):
        ribbon = Polygon([(a, y[0]), (b, y[0]), (d, y[1]), (c, y[1])])
        ribbon.set(facecolor="0.5", alpha=0.25, edgecolor="black", linewidth=0.6)
        ax.add_patch(ribbon)


def _shares(span: tuple[float, float], parts: Sequence[tuple[float, float]]) -> list:
    """Divide a span as wide as the parts are to one another."""
    left, whole = span[0], sum(b - a for a, b in parts)
    shares = []
    for a, b in parts:
        right = left + (b - a) / whole * (span[1] - span[0])
        shares.append((left, right))
        left = right
    return shares


def _rows(who: str, steps: Sequence[Step]) -> list[list[Axis]]:
    if not steps:
        raise ValueError(f"{who}: wanted at least one step, got none")
    for label, names, sizes in steps:
        if len(names) != len(sizes):
            raise ValueError(
                f"{who}: wanted a size for each axis of {label!r}, got {len(names)} "
                f"names and {len(sizes)} sizes"
            )
        if any(size < 1 for size in sizes):
            raise ValueError(f"{who}: wanted sizes from 1 in {label!r}, got {sizes}")
    return [list(zip(names, sizes, strict=True)) for _, names, sizes in steps]
