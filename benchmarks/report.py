"""What a benchmark leaves behind: a table on the screen, and the same as JSON."""

import json
from collections.abc import Iterable
from pathlib import Path

from rich.console import Console
from rich.table import Table
from timing import Row


def show(rows: Iterable[Row]) -> None:
    """Print the rows; a number without a bound is there to be looked at."""
    table = Table("what", "n", "measured", "wanted", "holds")
    for row in rows:
        verdict = ("yes" if row.holds else "NO") if row.wanted else ""
        table.add_row(row.what, row.n, f"{row.measured:.3g}", row.wanted, verdict)
    Console(width=100).print(table)


def keep(rows: Iterable[Row], path: Path) -> None:
    """Write the rows as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([as_record(row) for row in rows], indent=1))


def as_record(row: Row) -> dict:
    return row._asdict() | {"wanted": row.wanted, "holds": row.holds}
