"""Reaching for the scores: the gradebook, and what other people handed in."""

from ..attack import Kind
from .forms import trying, wrong_and

ATTACKS = Kind("others")
HIS = """notebook_id in (
    select submitted_notebook.id from submitted_notebook
    join submitted_assignment as his on his.id = submitted_notebook.assignment_id
    where student_id = '{student}')"""


def reaches(name: str, says: str, code: str) -> None:
    ATTACKS.answer(name, says, wrong_and(trying(code)))


def queries(name: str, says: str, *statements: str) -> None:
    """Note an attack that runs `statements` on the gradebook."""
    lines = [
        "import sqlite3",
        "book = sqlite3.connect('file:@GRADEBOOK@?mode=rw', uri=True, timeout=1)",
    ]
    lines += [f"book.execute({each!r})" for each in statements]
    reaches(name, says, "\n".join([*lines, "book.commit()", "book.close()"]))


queries(
    "gives-itself-points-by-hand",
    "Writes full points into the gradebook, as if an instructor had given them.",
    "update grade set manual_score = (select max_score from grade_cells "
    "where grade_cells.id = cell_id) where "
    + HIS.format(student="gives-itself-points-by-hand"),
)
queries(
    "gives-itself-extra-credit",
    "Writes extra credit into its rows of the gradebook.",
    "update grade set extra_credit = 3 where "
    + HIS.format(student="gives-itself-extra-credit")
    + " and cell_id in (select id from base_cell where name like 'shares-%')",
)
queries(
    "takes-points-from-another",
    "Writes zeros into another student's rows of the gradebook.",
    "update grade set manual_score = 0 where " + HIS.format(student="001-victim"),
)
reaches(
    "locks-the-gradebook",
    "Lets a process that outlives the kernel lock the gradebook for twenty seconds.",
    """
    import subprocess, sys
    code = (
        "import sqlite3, time;"
        "book = sqlite3.connect('file:@GRADEBOOK@?mode=rw', uri=True, timeout=1);"
        "book.execute('begin exclusive');"
        "time.sleep(20)"
    )
    name = "attn-attack-locks-the-gradebook"
    subprocess.Popen(
        [name, "-c", code], executable=sys.executable, start_new_session=True
    )
    """,
)
reaches(
    "writes-into-another-submission",
    "Appends a cell to what another student handed in, and to what was made of it.",
    """
    for folder in ("@SUBMITTED@", "@AUTOGRADED@"):
        path = folder + "/001-victim/ch01_target/ch01_target.ipynb"
        with open(path, "r+") as file:
            text = file.read().replace("def mix", "def was_here")
            file.seek(0)
            file.write(text)
    """,
)
reaches(
    "changes-the-exercises",
    "Appends a line to the exercise module from which checks are made.",
    """
    with open("@MODULES@/e03_distances.py", "a") as file:
        file.write("# attn-attack was here\\n")
    """,
)
reaches(
    "changes-its-own-submission",
    "Overwrites its own submission with a right one while it is being graded.",
    """
    path = "@SUBMITTED@/changes-its-own-submission/ch01_target/ch01_target.ipynb"
    right = open("@SUBMITTED@/000-first/ch01_target/ch01_target.ipynb").read()
    with open(path, "w") as file:
        file.write(right)
    """,
)
reaches(
    "writes-its-own-graded-notebook",
    "Replaces the notebook from which its feedback is made by a right one.",
    """
    path = "@AUTOGRADED@/writes-its-own-graded-notebook/ch01_target/ch01_target.ipynb"
    right = open("@AUTOGRADED@/000-first/ch01_target/ch01_target.ipynb").read()
    with open(path, "w") as file:
        file.write(right)
    """,
)
