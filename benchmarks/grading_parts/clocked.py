"""Grade on a cluster, and read the clocks from its first job on.

Not counted is what a worker does once and a run does before it gives out any job.
"""

import time
from pathlib import Path

from grading_parts.processes import seconds_of_tree

from attn_course.classroom.course import Course
from attn_course.classroom.grade import grade
from attn_course.engine.cluster import Cluster


class Clocked(Cluster):
    """A cluster that reads the clocks when it is given the first job."""

    first: tuple[float, ...] | None = None

    def submit(self, kind: str, text: str):
        self.first = self.first or clocks()
        return super().submit(kind, text)


def graded(root: Path, chapter: str, address: str, warm: int) -> dict[str, float]:
    """Grade all submissions of a course; say what those after the first `warm` took."""
    course = Course(root)
    students = course.students(chapter)
    list(grade(course, chapter, students=students[:warm], scheduler=address))
    crew = Clocked(address)
    list(grade(course, chapter, students=students[warm:], crew=crew))
    passed = zip(crew.first, clocks(), strict=True)
    wall, cpu, writer = (late - early for early, late in passed)
    crew.close()
    count = len(students) - warm
    return {"wall": wall, "cpu": cpu, "writer": writer, "count": count}


def clocks() -> tuple[float, ...]:
    """Read the clock, the processor time of all processes, and that of this one."""
    return time.perf_counter(), seconds_of_tree(), time.process_time()
