"""A gradebook as plain rows, without the names that are drawn anew each time."""

from typing import Any

import sqlalchemy

from attn_course.classroom.course import Course
from attn_course.classroom.gradebook import opened

NAMED_BY = {  # what tells rows apart, in place of their random ids
    "assignment": "name",
    "notebook": "name",
    "base_cell": "name",
    "source_cell": "name",
    "student": "id",
    "course": "id",
}


def tables(course: Course) -> dict[str, list[dict[str, Any]]]:
    """Return every table: its rows in an order of their own, ids followed to names."""
    with opened(course) as book:
        found = sqlalchemy.MetaData()
        found.reflect(book.engine)
        with book.engine.connect() as link:
            rows = {
                name: [dict(row) for row in link.execute(table.select()).mappings()]
                for name, table in found.tables.items()
            }
    called = {
        row["id"]: row[NAMED_BY[name]]
        for name, each in rows.items()
        if name in NAMED_BY
        for row in each
    }
    called |= {
        row["id"]: f"{row['student_id']} {called[row['assignment_id']]}"
        for row in rows["submitted_assignment"]
    }
    called |= {
        row["id"]: called[row["assignment_id"]] for row in rows["submitted_notebook"]
    }
    return {
        name: sorted((_plain(row, called) for row in each), key=repr)
        for name, each in rows.items()
    }


def _plain(row: dict[str, Any], called: dict[str, str]) -> dict[str, Any]:
    return {
        column: called.get(value, value) if isinstance(value, str) else value
        for column, value in row.items()
        if column != "id" or value in called
    }
