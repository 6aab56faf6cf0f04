"""Write grades in the form that was asked for, and say what is left out of it.

A learning platform shows what it imports: there, points that somebody has still to
give leave their assignment empty, and we say of whom.
"""

from dataclasses import dataclass, field

from attn_course.classroom.course import Course
from attn_course.classroom.export import canvas, moodle, records, tidy
from attn_course.classroom.export.evidence import evidence
from attn_course.classroom.export.gather import Grades, gather
from attn_course.classroom.export.scores import Person
from attn_course.classroom.export.spreadsheet import as_csv, harmless

FILES = {
    "canvas": "canvas.csv",
    "moodle": "moodle.csv",
    "csv": "grades.csv",
    "jsonl": "grades.jsonl",
}
BY_QUESTION = ("canvas", "csv")  # those that can be either by assignment or by question
NAMED = 5  # students in a message


@dataclass
class Exported:
    """The text of an export, a name for its file, and what to know about it."""

    file: str
    text: str
    spreadsheet: bool
    notes: list[str] = field(default_factory=list)


def export(
    course: Course,
    to: str,
    names: list[str] | None = None,
    *,
    questions: bool = False,
    feedback: bool = False,
) -> Exported:
    """Return the grades of the assignments `names`, or of all, in the form `to`.

    `questions` gives Canvas a column, and CSV a row, for each exercise; `feedback`
    gives Moodle a column of it.

    Raises
    ------
    NothingToExport
        If nobody handed in any of them.
    """
    grades = gather(course, names or course.assignments)
    file = FILES[to].replace(".", "-questions.") if questions else FILES[to]
    done = Exported(file, "", to != "jsonl", _left_out(grades, names or []))
    if to == "jsonl":
        done.text = records.as_lines(grades, evidence(course, grades))
    elif to == "csv" and questions:
        done.text = as_csv(tidy.questions(grades, evidence(course, grades)))
    elif to == "csv":
        done.text = as_csv(tidy.assignments(grades))
    elif to == "canvas":
        done.text = as_csv(canvas.table(grades, questions=questions))
        done.notes += _unfinished(grades)
    else:
        said = evidence(course, grades) if feedback else None
        done.text = as_csv(moodle.table(grades, said), absent=moodle.NO_GRADE)
        done.notes += [*_unfinished(grades), *_for_moodle(grades)]
    return done


def _left_out(grades: Grades, names: list[str]) -> list[str]:
    there = {assignment.name for assignment in grades.assignments}
    missing = [name for name in names if name not in there]
    return (
        [f"left out, as nobody has handed in: {', '.join(missing)}"] if missing else []
    )


def _unfinished(grades: Grades) -> list[str]:
    """Say whose points are open or to be reviewed, and whose ids are changed."""
    notes = []
    for assignment in grades.assignments:
        works = assignment.works.items()
        open_ = [who for who, work in works if not work.complete()]
        review = [
            who
            for who, work in works
            if work.complete() and work.state() == "needs_manual_grade"
        ]
        if open_:
            notes.append(f"{assignment.name}: no score yet, left empty: {_some(open_)}")
        if review:
            notes.append(f"{assignment.name}: to be reviewed by hand: {_some(review)}")
    odd = [p.id for p in grades.people if any(harmless(i) != i for i in _ids(p))]
    if odd:
        notes.append(
            f"an apostrophe was put before ids that begin like a formula, so an import "
            f"will not find them: {_some(odd)}"
        )
    return notes


def _for_moodle(grades: Grades) -> list[str]:
    """Say which ids there are, and which scores Moodle will not take."""
    there = [p for p in grades.people if moodle.has_points(grades, p)]
    notes = [
        f"no column {title!r}: not everybody has one in the gradebook"
        for title in moodle.IDS
        if not moodle.known_of_all(there, title)
    ]
    for assignment in grades.assignments:
        works = assignment.works.items()
        over = [w for w, work in works if (work.score or 0) > assignment.maximum()]
        if over:
            notes.append(
                f"{assignment.name}: more points than the maximum, which Moodle takes "
                f"only with its setting 'unlimitedgrades': {_some(over)}"
            )
    return notes


def _ids(person: Person) -> tuple[str, str, str]:
    return person.id, person.email, person.lms_user_id


def _some(names: list[str]) -> str:
    rest = len(names) - NAMED
    shown = ", ".join(sorted(names)[:NAMED])
    return f"{shown} and {rest} more" if rest > 0 else shown
