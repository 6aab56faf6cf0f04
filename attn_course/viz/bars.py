"""Bars with their values written on them, and dots for the seeds behind a number.

Series differ by hatch and grey; in a strip of dots each seed keeps its height, so that
two rows can be compared seed by seed.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes

from attn_course.viz import require
from attn_course.viz.style import (
    GLYPH,
    HALO,
    HATCHES,
    SMALL,
    area,
    bare,
    key_above,
    name_columns,
    name_rows,
    room,
)


def bars(
    ax: Axes,
    values: Mapping[str, Float[np.ndarray, " groups"]],
    *,
    groups: Sequence[str],
    ylabel: str,
    ranges: Mapping[str, Float[np.ndarray, "groups 2"]] | None = None,
    spell: str = "{:.2f}",
) -> Axes:
    """Draw for each group one bar of each series, with its value over it.

    Parameters
    ----------
    ranges
        Lowest and highest value behind each bar, drawn as a whisker.
    spell
        Format of the values.

    Raises
    ------
    ValueError
        If there are more series than hatches, or values or ranges do not fit the
        groups, or a value lies outside its range.
    """
    _require("bars", values, groups, ranges)
    width, drawn = 0.8 / len(values), []
    ax.set_xlim(-0.55, len(groups) - 0.45)
    texts = [spell.format(height) for some in values.values() for height in some]
    each = room(ax)[0] * width / max(len(groups), 1)
    crowd = max(map(len, texts), default=0) * GLYPH * SMALL > each
    for i, (name, heights) in enumerate(values.items()):
        x = np.arange(len(groups)) + (i - (len(values) - 1) / 2) * width
        drawn.append(ax.bar(x, heights, width * 0.92, label=name, **area(i)))
        spans = ranges[name] if ranges else np.stack([heights, heights], axis=1)
        if ranges:
            ax.vlines(x, *spans.T, color="black", linewidth=1.5, path_effects=HALO)
        _values(ax, x, heights, spans, spell, crowd)
    ax.axhline(0, color="black", linewidth=0.8)
    name_columns(ax, groups)
    ax.set_ylabel(ylabel)
    ax.margins(y=0.2 if crowd else 0.1)
    bare(ax)
    key_above(ax, drawn if len(values) > 1 else [])
    return ax


def _values(ax: Axes, x, heights, spans, spell: str, crowd: bool) -> None:
    """Write each value past the end of its bar, upright in a crowd."""
    for place, height, (low, high) in zip(x, heights, spans, strict=True):
        up = height >= 0
        ax.annotate(
            spell.format(height),
            (place, max(high, 0) if up else min(low, 0)),
            (0, 2 if up else -2),
            textcoords="offset points",
            ha="center",
            va="bottom" if up else "top",
            fontsize=SMALL,
            rotation=90 if crowd else 0,
        )


def describe_bars(
    values: Mapping[str, Float[np.ndarray, " groups"]],
    groups: Sequence[str],
    *,
    ranges: Mapping[str, Float[np.ndarray, "groups 2"]] | None = None,
) -> str:
    """Say the value of each bar, group by group, with its range.

    Examples
    --------
    >>> import numpy as np
    >>> values = {"one head": np.array([0.5, 0.25]), "four": np.array([1.0, 0.75])}
    >>> print(describe_bars(values, ["easy", "hard"]))
    easy: one head 0.5, four 1
    hard: one head 0.25, four 0.75
    """
    _require("describe_bars", values, groups, ranges)
    told = []
    for i, group in enumerate(groups):
        shares = []
        for name, heights in values.items():
            low, high = ranges[name][i] if ranges else (None, None)
            span = f" ({low:.3g} to {high:.3g})" if ranges else ""
            shares.append(f"{name} {heights[i]:.3g}{span}")
        told.append(f"{group}: {', '.join(shares)}")
    return "\n".join(told)


def dots(
    ax: Axes, runs: Mapping[str, Float[np.ndarray, " _seeds"]], *, xlabel: str
) -> Axes:
    """Draw one dot a seed in a row for each name, and the median as an upright bar.

    Raises
    ------
    ValueError
        If there is no run, or a run is empty or holds nan.
    """
    _require_runs("dots", runs)
    for row, run in enumerate(runs.values()):
        rise = np.linspace(-0.2, 0.2, len(run)) if len(run) > 1 else np.zeros(1)
        ax.plot(run, row + rise, "o", color="black", mfc="white", markersize=5)
        middle = float(np.median(run))
        ax.vlines(middle, row - 0.28, row + 0.28, color="black", linewidth=3)
        ax.annotate(
            f"{middle:.3g}",
            (middle, row - 0.28),
            (0, 2),
            textcoords="offset points",
            ha="center",
            fontsize=9,
            path_effects=HALO,
        )
    ax.set_ylim(len(runs) - 0.4, -0.75)
    name_rows(ax, list(runs))
    ax.set_xlabel(xlabel)
    ax.margins(x=0.08)
    ax.grid(axis="x", color="0.9")
    ax.set_axisbelow(True)
    bare(ax)
    return ax


def describe_dots(runs: Mapping[str, Float[np.ndarray, " _seeds"]]) -> str:
    """Say median and range of each row, and its number of seeds.

    Examples
    --------
    >>> import numpy as np
    >>> describe_dots({"soft": np.array([0.5, 0.75, 1.0])})
    'soft: median 0.75, from 0.5 to 1, 3 seeds'
    """
    _require_runs("describe_dots", runs)
    return "\n".join(
        f"{name}: median {np.median(run):.3g}, from {run.min():.3g} to "
        f"{run.max():.3g}, {len(run)} seed{'s' * (len(run) != 1)}"
        for name, run in runs.items()
    )


def _require(who: str, values, groups, ranges) -> None:
    require.at_most(who, len(HATCHES), values, "series")
    require.shape(who, (len(groups),), **values)
    require.finite(who, **values)
    for name in values if ranges else ():
        if name not in ranges:
            raise ValueError(f"{who}: wanted a range for {name!r}, got none")
        require.shape(who, (len(groups), 2), **{f"range of {name}": ranges[name]})
        low, high = ranges[name].T
        if not ((low <= values[name]) & (values[name] <= high)).all():
            raise ValueError(f"{who}: wanted each value of {name!r} in its range")


def _require_runs(who: str, runs: Mapping[str, np.ndarray]) -> None:
    if not runs:
        raise ValueError(f"{who}: wanted at least one run, got none")
    for name, run in runs.items():
        if np.ndim(run) != 1 or not len(run):
            raise ValueError(
                f"{who}: wanted one number a seed in {name!r}, "
                f"got shape {np.shape(run)}"
            )
    require.finite(who, **runs)
