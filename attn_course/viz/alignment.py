"""Two strings, one over the other, and lines between the spans that belong together.

Thicker is heavier; each line carries its weight in words or, if asked, in the figure.
"""

from collections.abc import Sequence

from matplotlib.axes import Axes

from attn_course.viz.style import GLYPH, HALO, SMALL, room

Span = tuple[int, int]  # first character, and the one after the last
Link = tuple[Span, Span, float]  # in the source, in the target, weight from 0 to 1
THICK = 7  # points, for a weight of one
UPPER, LOWER = 1.0, 0.0  # heights of the two strings


def span_alignment(
    ax: Axes, source: str, target: str, links: Sequence[Link], *, least: float = 0.05
) -> Axes:
    """Draw the source over the target, and a line for each link that weighs enough.

    Each end of a line is a bracket over or under its span. A weight below one half is
    a dashed line, and each weight below 0.995 is written on its line.

    Raises
    ------
    ValueError
        If a span is not inside its string or a weight is not from 0 to 1.
    """
    _require("span_alignment", source, target, links)
    columns = max(len(source), len(target), 1)
    size = min(14.0, max(SMALL, room(ax)[0] / columns / GLYPH * 0.95))
    shifts = [(columns - len(text)) / 2 for text in (source, target)]
    for text, shift, height in zip(
        (source, target), shifts, (UPPER, LOWER), strict=True
    ):
        for i, letter in enumerate(text):
            style = {"ha": "center", "va": "center", "family": "monospace"}
            ax.text(shift + i + 0.5, height, letter, fontsize=size, **style)
    for nth, (above, below, weight) in enumerate(links):
        if weight >= least:
            top = _bracket(ax, above, shifts[0], UPPER - 0.13)
            bottom = _bracket(ax, below, shifts[1], LOWER + 0.13)
            _line(ax, top, bottom, weight, nth)
    ax.annotate(
        "source",
        (0, UPPER),
        (-6, 0),
        ha="right",
        va="center",
        textcoords="offset points",
        fontsize=9,
    )
    ax.annotate(
        "target",
        (0, LOWER),
        (-6, 0),
        ha="right",
        va="center",
        textcoords="offset points",
        fontsize=9,
    )
    ax.set(xlim=(0, columns), ylim=(LOWER - 0.2, UPPER + 0.2))
    ax.set_axis_off()
    return ax


def describe_alignment(source: str, target: str, links: Sequence[Link]) -> str:
    """Say which span belongs to which, with the weight.

    Examples
    --------
    >>> print(describe_alignment("3 May", "3. Mai", [((2, 5), (3, 6), 0.75)]))
    source: 3 May
    target: 3. Mai
    "May" (2 to 5) – "Mai" (3 to 6): 0.75
    """
    _require("describe_alignment", source, target, links)
    told = [
        f'"{source[slice(*a)]}" ({a[0]} to {a[1]}) – "{target[slice(*b)]}" '
        f"({b[0]} to {b[1]}): {weight:.2f}"
        for a, b, weight in links
    ]
    return "\n".join([f"source: {source}", f"target: {target}", *told])


def _bracket(ax: Axes, span: Span, shift: float, height: float) -> tuple[float, float]:
    """Draw a level line along a span; return its middle."""
    left, right = shift + span[0] + 0.15, shift + span[1] - 0.15
    ax.plot([left, right], [height, height], color="black", linewidth=1.5)
    return (left + right) / 2, height


def _line(ax: Axes, top: tuple, bottom: tuple, weight: float, nth: int) -> None:
    ax.plot(
        *zip(top, bottom, strict=True),
        linestyle="-" if weight >= 0.5 else "--",
        color="0.6",
        linewidth=max(0.75, THICK * weight),
        zorder=1,
        solid_capstyle="butt",
    )
    if weight < 0.995:
        share = (0.5, 0.35, 0.65)[nth % 3]  # so that crossing lines keep their numbers
        place = [a + (b - a) * share for a, b in zip(top, bottom, strict=True)]
        style = {"ha": "center", "va": "center", "fontsize": SMALL}
        ax.text(*place, f"{weight:.2f}", path_effects=HALO, **style)


def _require(who: str, source: str, target: str, links: Sequence[Link]) -> None:
    for above, below, weight in links:
        for span, text in ((above, source), (below, target)):
            if not 0 <= span[0] < span[1] <= len(text):
                raise ValueError(
                    f"{who}: wanted a span within {len(text)} characters, got {span}"
                )
        if not 0 <= weight <= 1:
            raise ValueError(f"{who}: wanted a weight from 0 to 1, got {weight}")
