"""Show where an array differs from the wanted one, as an HTML table.

What is wrong is said by words and bold type first; the tint behind it, stronger the
larger the difference, is an extra. A screen reader hears row, column and value.
"""

import numpy as np

from attn_course.grading.values import as_array, brief, differs

ROWS = 6  # differing values listed
SIDE = 16  # longest side of a table that is shown whole
ROOMY = 8  # columns up to which right values are written out

LINE = "1px solid var(--jp-border-color2,var(--pst-color-border,#c5ccd6))"
CELL = f"padding:.2em .55em;text-align:right;white-space:nowrap;border:{LINE};"
HEAD = f"{CELL}font-weight:normal;opacity:.8;"
PLAIN = "background:none"  # JupyterLab stripes rows, which would look like a mark


def differences(got, wanted, *, only_nan: bool = False) -> str:
    """Return a table of the differing values; "" where no table can say more.

    A table that fits is shown whole, anything else by the first entries that differ.
    With `only_nan` these are the entries that are nan and should not be.
    """
    mine, theirs = as_array(got), as_array(wanted)
    if mine is None or theirs is None or mine.shape != theirs.shape or not mine.ndim:
        return ""
    wrong = differs(mine, theirs)
    mine, theirs = _without_minus_zero(mine), _without_minus_zero(theirs)
    if mine.ndim == 2 and max(mine.shape) <= SIDE:
        return _whole(mine, theirs, wrong)
    if only_nan:
        wrong = np.isnan(mine) & ~np.isnan(theirs)
    return _first_few(mine, theirs, wrong)


def told_apart(mine, theirs) -> tuple[str, str]:
    """Write two numbers with as many digits as it takes to see them differ.

    >>> told_apart(0.5, 0.25), told_apart(1234567.0, 1234568.0)
    (('0.5', '0.25'), ('1234567', '1234568'))
    """
    for digits in (4, 7, 10, 17):
        pair = brief(mine, digits), brief(theirs, digits)
        if pair[0] != pair[1]:
            break
    return pair


def _whole(mine: np.ndarray, theirs: np.ndarray, wrong: np.ndarray) -> str:
    """Return every entry in its place, with the wanted value under a wrong one."""
    tints = _tints(mine, theirs, wrong)
    roomy = mine.shape[1] <= ROOMY
    columns = "".join(_header("col", str(j)) for j in range(mine.shape[1]))
    corner = f'<td style="{HEAD}">row \\ column</td>'
    lines = [f'<tr style="{PLAIN}">{corner}{columns}</tr>']
    for i, row in enumerate(wrong):
        cells = "".join(
            _wrong_cell(mine[i, j], theirs[i, j], tints[i, j], roomy)
            if off
            else f'<td style="{CELL}">{brief(mine[i, j]) if roomy else "·"}</td>'
            for j, off in enumerate(row)
        )
        lines.append(f'<tr style="{PLAIN}">{_header("row", str(i))}{cells}</tr>')
    caption = "What you returned. Bold: not as wanted"
    if not roomy:
        caption += ", with the wanted value below it; · is right"
    return _table(lines, f"{caption}.")


def _first_few(mine: np.ndarray, theirs: np.ndarray, wrong: np.ndarray) -> str:
    """Return the first wrong entries, one a line: place, wanted, got."""
    places = np.argwhere(wrong)
    head = "".join(_header("col", name) for name in ("place", "wanted", "got"))
    lines = [f'<tr style="{PLAIN}">{head}</tr>']
    for place in places[:ROWS].tolist():
        got, wanted = told_apart(mine[tuple(place)], theirs[tuple(place)])
        lines.append(
            f'<tr style="{PLAIN}">{_header("row", str(place))}'
            f'<td style="{CELL}">{wanted}</td>'
            f'<td style="{CELL}"><strong>{got}</strong></td></tr>'
        )
    shown = min(ROWS, len(places))
    which = "All" if shown == len(places) else f"The first {shown} of"
    return _table(lines, f"{which} {len(places)} entries that differ.")


def _wrong_cell(mine, theirs, tint: float, roomy: bool) -> str:
    got, wanted = told_apart(mine, theirs)
    wanted = f"wanted {wanted}" if roomy else wanted
    return (
        f'<td style="{CELL}background:rgba(200,60,40,{tint:.2f})"><strong>{got}'
        f'</strong><br><span style="font-size:.85em">{wanted}</span></td>'
    )


def _tints(mine: np.ndarray, theirs: np.ndarray, wrong: np.ndarray) -> np.ndarray:
    """Return how strongly to tint each entry: more, the larger its difference."""
    with np.errstate(invalid="ignore", over="ignore"):
        kind = np.result_type(mine, theirs, 0.0)  # truth values cannot be subtracted
        size = np.abs(np.subtract(mine, theirs, dtype=kind))
    known = wrong & np.isfinite(size)
    largest = size[known].max(initial=0.0) or 1.0
    return 0.12 + 0.23 * np.where(known, size, largest) / largest


def _without_minus_zero(array: np.ndarray) -> np.ndarray:
    return array + 0.0 if array.dtype.kind == "f" else array


def _header(scope: str, text: str) -> str:
    return f'<th scope="{scope}" style="{HEAD}">{text}</th>'


def _table(lines: list[str], caption: str) -> str:
    """Return a table that scrolls within the card, by keyboard too, if it is wide."""
    return (
        '<div role="group" tabindex="0" aria-label="differing values" '
        'style="overflow-x:auto;margin:.6em 0 0">'
        '<table style="border-collapse:collapse;margin:0;color:inherit;'
        'font-size:.92em;font-variant-numeric:tabular-nums">'
        '<caption style="text-align:left;caption-side:top;color:inherit;'
        f'padding:0 0 .3em;min-width:19em">{caption}</caption>'
        f"<tbody>{''.join(lines)}</tbody></table></div>"
    )
