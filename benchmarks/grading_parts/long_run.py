"""Grade many submissions with all workers, and tell how it went on the way."""

import sys
import time
from pathlib import Path

from grading_parts.memory import Watch, peak
from grading_parts.processes import tell

from attn_course.classroom.course import Course
from attn_course.classroom.grade import grade

SOONEST, LOOKS = 0.05, 800  # seconds between two looks at the memory; one takes 0.05


def main(out: str, root: str, chapter: str, workers: str) -> None:
    course = Course(Path(root))
    period = max(SOONEST, len(course.students(chapter)) / LOOKS)
    done, peaks, watch = [], [], Watch(period)
    watch.start()
    start = time.perf_counter()
    for _ in grade(course, chapter, workers=int(workers)):
        done.append(time.perf_counter() - start)
        peaks.append(peak())
    tell(out, {"done": done, "peaks": peaks, "most": watch.stop()})


if __name__ == "__main__":
    main(*sys.argv[1:])
