"""Grade one assignment of the course in a folder; say on stdout who is next."""

import json
import sys
from pathlib import Path

from attn_course.classroom.course import Course
from attn_course.classroom.grade import grade
from attn_course.engine.here import Here  # it is this process that is watched


def main(root: Path, name: str) -> None:
    course = Course(root)
    for student in course.students(name):
        print(f"at {student}", flush=True)
        for done in grade(course, name, students=[student], crew=Here()):
            said = {"student": done.student, "problem": done.problem}
            print(json.dumps(said), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
