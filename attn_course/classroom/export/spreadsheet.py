"""CSV that spreadsheets open as text and numbers, never as formulas.

A name that begins with = + - or @ is a formula to a spreadsheet. Quoting does not
help, and where the list separator is a semicolon a cell may begin in the middle of
ours; so such a place gets an apostrophe. Numbers are not texts, and keep their sign.

References
----------
OWASP, "CSV Injection", https://owasp.org/www-community/attacks/CSV_Injection
Y. Shafranovich, RFC 4180, "Common Format and MIME Type for CSV Files", 2005.
"""

import csv
import io
import re
from collections.abc import Iterable, Sequence

BOM = "\ufeff"  # without it, Excel takes UTF-8 for the machine's old code page
FORMULA = re.compile(
    r"^(?=[\t\r\n])"  # some programs drop these, and look at what follows
    r"|(?:^|[;\t\r\n])[ \"]*(?=[=+\-@＝＋－＠])"  # where a cell could begin
)

Cell = str | float | None


def harmless(text: str) -> str:
    """Return `text` with an apostrophe wherever it would begin a formula.

    >>> harmless("=1+1"), harmless("Ann-Marie"), harmless("x;@SUM(A1)")
    ("'=1+1", 'Ann-Marie', "x;'@SUM(A1)")
    """
    return FORMULA.sub(lambda found: f"{found[0]}'", text)


def number(value: float) -> str:
    """Write points the short way, to a millionth.

    >>> number(2.0), number(0.1 + 0.2), number(-1.5), number(-1e-9)
    ('2', '0.3', '-1.5', '0')
    """
    return f"{round(value, 6) + 0.0:.6f}".rstrip("0").rstrip(".")


def as_csv(rows: Iterable[Sequence[Cell]], *, absent: str = "") -> str:
    """Return `rows` as CSV; `absent` stands where there is no value."""
    page = io.StringIO(newline="")
    csv.writer(page).writerows([_written(cell, absent) for cell in row] for row in rows)
    return page.getvalue()


def _written(cell: Cell, absent: str) -> str:
    if cell is None:
        return absent
    return harmless(cell) if isinstance(cell, str) else number(cell)
