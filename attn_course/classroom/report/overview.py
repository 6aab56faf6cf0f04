"""The whole course as its first page shows it."""

from typing import Any

from attn_course.classroom.report.hands import hands
from attn_course.classroom.report.measures import spread
from attn_course.classroom.report.work import WholeClass


def overview_view(whole: WholeClass) -> dict[str, Any]:
    """Return what the first page is filled with."""
    works = [{each.student: each for each in work.works} for work in whole.assignments]
    return {
        "whole": whole,
        "rows": [
            {
                "work": work,
                "spread": spread([each.total for each in work.graded]),
                "hands": hands(work),
            }
            for work in whole.assignments
        ],
        "matrix": {
            student: [by_student.get(student) for by_student in works]
            for student in whole.names
        },
        "nothing": [
            student
            for student in whole.names
            if not any(student in by_student for by_student in works)
        ],
    }
