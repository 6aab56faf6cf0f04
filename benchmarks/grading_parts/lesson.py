"""The demonstration class of one chapter, in course folders of its own.

Three of the class are left out: a crash, an endless loop and a kernel that dies. They
cost what each grader's patience is, and of a kernel that died stock nbgrader keeps no
score.
"""

import shutil
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from attn_course.authoring.files import write_whole
from attn_course.classroom.course import Course
from attn_course.classroom.demo import demonstration, notebooks
from attn_course.classroom.release import release

ROOT = Path(__file__).parents[2]
LEFT_OUT = ("crash", "endless-loop", "kernel-killer")


@dataclass(frozen=True)
class Lesson:
    """A chapter that is released once, below `folder`, and handed in as often as
    somebody asks for it, each time in a course folder of its own.
    """

    folder: Path
    chapter: str

    @cached_property
    def course(self) -> Course:
        """The course in which it is released and nothing handed in."""
        root = self.folder / "released"
        here = Path("solutions") / self.chapter
        built = shutil.ignore_patterns("*.ipynb", "*.json", "__pycache__")
        shutil.copytree(ROOT / here, root / here, ignore=built)
        shutil.copy(ROOT / "nbgrader_config.py", root)
        course = Course(root)
        release(course, self.chapter)
        return course

    @cached_property
    def texts(self) -> dict[str, str]:
        """The notebooks of the class, by who hands them in."""
        found = notebooks(self.course, self.chapter)
        return {name: found[name] for name in found if name not in LEFT_OUT}

    def handed_in(self, name: str, count: int) -> Course:
        """Return a new course in which `count` students have handed in.

        Fewer than there are in the class are taken from all over it; more hand in the
        same work again, under names that sort by how often the class has come round.
        """
        root = self.folder / name
        shutil.copytree(self.course.root, root)
        course, work, size = Course(root), list(self.texts.items()), len(self.texts)
        for k in range(count):
            author, text = work[k % size if count >= size else k * size // count]
            student = f"{k // size:04}-{author}"
            write_whole(course.submission(student, self.chapter), text)
        return course

    def predicted(self, seeds: dict[str, dict[str, int]]) -> dict[tuple, float]:
        """Return the points of each of these students in each exercise.

        They are found on the functions of the exercise modules, in this process, with
        the `seeds` of the checks' inputs: no notebook, no kernel and no gradebook.
        """
        exercises = self.course.exercises(self.chapter)
        work = {each.student: each for each in demonstration(exercises)}
        return {
            (student, ex.name): float(work[author(student)].points(ex, of_checks))
            for student, of_checks in seeds.items()
            for ex in exercises
        }


def author(student: str) -> str:
    """Return whose work of the class a student has handed in.

    >>> author("0012-all-slips-03")
    'all-slips-03'
    """
    return student.partition("-")[2]
