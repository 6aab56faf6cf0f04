"""What all figures share, so that each reads without colour and on a phone.

Lines differ by dash or marker, areas by hatch and grey, and both carry their names.
Text has at least 8 points in a figure six inches wide.
"""

import itertools
from collections.abc import Mapping, Sequence
from typing import SupportsFloat

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke
from matplotlib.ticker import NullLocator

DASHES = ("-", "--", ":", "-.")
MARKERS = ("o", "s", "^", "D", "v", "X")
FEW = 12  # lines of so many points show each of them
HATCHES = ("", "////", "....", "xxxx")
GREYS = ("0.45", "1", "0.85", "0.93")  # what lies under the hatches
SMALL = 8  # points: the smallest text
GLYPH = 0.64  # width of a digit, as a share of its height
APART = 12  # points between the names of two lines that end together
HALO = (withStroke(linewidth=3, foreground="white"),)  # keeps text off lines


def stroke(index: int, points: int) -> dict:
    """Return how to plot the line with this index: dash and marker are its own."""
    few = points <= FEW
    dotted = few or index >= len(DASHES)
    return {
        "color": "black",
        "linewidth": 1.5,
        "linestyle": DASHES[index % len(DASHES)],
        "marker": MARKERS[index] if dotted else None,
        "markersize": 5,
        "markerfacecolor": "white",
        "markevery": 1 if few else points // 8,
    }


def area(index: int) -> dict:
    """Return how to fill the bar or patch with this index."""
    return {
        "facecolor": GREYS[index],
        "hatch": HATCHES[index],
        "edgecolor": "black",
        "linewidth": 0.8,
    }


def bare(ax: Axes) -> None:
    """Leave away the two sides of the frame that carry no scale."""
    ax.spines[["top", "right"]].set_visible(False)


def room(ax: Axes) -> tuple[float, float]:
    """Return width and height of the axes in points."""
    box = ax.get_window_extent()
    points = 72 / ax.figure.dpi
    return float(box.width * points), float(box.height * points)


def name_columns(ax: Axes, names: Sequence[str]) -> None:
    """Write names under the columns: broken or turned if long, thinned if many."""
    each = room(ax)[0] / max(len(names), 1)
    if max((len(name) + 1 for name in names), default=0) * GLYPH * SMALL > each:
        names = _broken(names, each)
    longest = max((len(line) for name in names for line in name.split("\n")), default=0)
    numbers = all(name.lstrip("-").isdigit() for name in names)
    turned = longest * GLYPH * SMALL > each and longest > 1 and not numbers
    tight = (longest + 1) * GLYPH * 10 > each
    size = SMALL if turned or tight else 10
    need = longest * GLYPH + 0.5 if numbers else 1.25 * turned
    step = _round_step(need * size / each)
    ax.set_xticks(range(0, len(names), step), names[::step], fontsize=size)
    ax.tick_params("x", rotation=90 if turned else 0)


def _broken(names: Sequence[str], each: float) -> Sequence[str]:
    """Break names at their spaces, if every word fits then."""
    words = [word for name in names for word in name.split()]
    fits = max(map(len, words), default=0) * GLYPH * SMALL <= each
    return [name.replace(" ", "\n") for name in names] if fits else names


def name_places(ax: Axes, x: np.ndarray) -> None:
    """Write the few measured places under a log axis, in place of powers of ten."""
    labels = [f"{value:g}" for value in x]
    across = ax.transData.transform(np.c_[x, np.ones(len(x))])[:, 0]
    gap = np.diff(np.sort(across)).min(initial=np.inf) * 72 / ax.figure.dpi
    if len(x) <= FEW and gap > (max(map(len, labels)) + 1) * GLYPH * 10:
        ax.set_xticks(x, labels)
        ax.xaxis.set_minor_locator(NullLocator())


def name_rows(ax: Axes, names: Sequence[str]) -> None:
    """Write names beside the rows, thinned where they are many."""
    each = room(ax)[1] / max(len(names), 1)
    size = SMALL if each < 14 else 10
    step = _round_step(1.25 * size / each)
    ax.set_yticks(range(0, len(names), step), names[::step], fontsize=size)


def _round_step(least: float) -> int:
    """Return the first of 1, 2, 5, 10, 20, 50 ... that is not below `least`."""
    steps = (d * 10**e for e in itertools.count() for d in (1, 2, 5))
    return next(step for step in steps if step >= least)


def name_ends(
    ax: Axes, ends: Mapping[str, tuple[SupportsFloat, SupportsFloat]]
) -> None:
    """Write each name beside its end, none over another and none out of sight."""
    points = 72 / ax.figure.dpi  # a pixel, in points
    (low, high), (left, right) = sorted(ax.get_ylim()), sorted(ax.get_xlim())
    seen = {n: np.clip(e, (left, low), (right, high)) for n, e in ends.items()}
    own = {n: ax.transData.transform(e)[1] * points for n, e in seen.items()}
    names = sorted(ends, key=lambda name: (own[name], ends[name][1]))
    top = ax.get_window_extent().y1 * points
    for name, place in zip(names, spread([own[n] for n in names], top), strict=True):
        nudge = (7, place - own[name])
        ax.annotate(name, seen[name], nudge, textcoords="offset points", va="center")


def spread(places: Sequence[float], top: float) -> list[float]:
    """Move ascending places apart: up where too close, down again from the top."""
    up, free = [], -np.inf
    for place in places:
        up.append(max(place, free))
        free = up[-1] + APART
    down, free = [], max([top, *places])
    for place in reversed(up):
        down.append(min(place, free))
        free = down[-1] - APART
    return down[::-1]


def last_seen(x: np.ndarray, y: np.ndarray) -> tuple[SupportsFloat, SupportsFloat]:
    """Return the last point of a line that has a place, or nan where none has."""
    shown = np.flatnonzero(np.isfinite(y))
    return (x[shown[-1]], y[shown[-1]]) if shown.size else (x[-1], np.nan)


def key_above(ax: Axes, handles: Sequence, title: str = "") -> None:
    """Explain the signs of a figure over it, and put the title over that."""
    columns = max(len(handles), 1)
    letters = sum(len(handle.get_label()) for handle in handles)
    if letters * GLYPH * 9 + 42 * columns > 1.15 * room(ax)[0]:
        columns = 2
    if handles:
        ax.legend(
            handles=handles,
            loc="lower center",
            bbox_to_anchor=(0.5, 1.0),
            ncols=columns,
            frameon=False,
            fontsize=9,
            borderpad=0.2,
            columnspacing=1.2,
        )
    lines = int(np.ceil(len(handles) / columns))
    ax.set_title(title, pad=6 + 16 * lines)
