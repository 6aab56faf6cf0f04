"""Classes that are hard to show: hostile, large, lonely, empty."""

import json
from pathlib import Path

from attn_course.classroom.clusters import clusters, name_cluster
from attn_course.classroom.provenance import provenance_path

from .graded_class import FIRST, SECOND, GradedClass

SCRIPT = "<script>document.title = 'owned'</script>"
PICTURE = "'\"><img src=x onerror=\"document.title='owned'\">"
IDS = (
    PICTURE,
    "..dots",
    "-rf",
    "two words",
    "Ada",
    "ada",
    "con",
    "Żółć-日本",
    "x" * 120,
)
FATES = ("right", "adds", "loses_the_sign", "cubed", "missing", "slow", "fault")


def hostile(root: Path) -> GradedClass:
    """Names, answers and messages that would like to be more than text."""
    made = GradedClass(root)
    for number, student in enumerate(IDS):
        fates = {"doubled": FATES[number % 7], "tripled": FATES[number % 3 + 1]}
        made.hands_in(student, source=f"</code></pre>{SCRIPT}", **fates)
        made.students(student, first_name=SCRIPT, last_name=PICTURE)
        path = provenance_path(made.course.root, FIRST, student)
        kept = json.loads(path.read_text("utf8"))
        for check in kept["checks"]:
            check["message"] = check["message"] and f"{check['message']} {SCRIPT}"
        path.write_text(json.dumps(kept))
    made.hands_in(*IDS[3:6], assignment=SECOND, source=SCRIPT, halved="cubed")
    named = clusters(made.course, FIRST)[0].name
    name_cluster(made.course, FIRST, named, SCRIPT, f"`{PICTURE}` {SCRIPT}")
    made.waits("..waits")
    made.students(f"../../{SCRIPT}", first_name="Nobody")
    return made


def sixty(root: Path) -> GradedClass:
    made = GradedClass(root, (FIRST,))
    names = [f"student-{number:02}" for number in range(60)]
    for number, (doubled, tripled) in enumerate(zip(FATES, FATES[::-1], strict=True)):
        made.hands_in(*names[number :: len(FATES)], doubled=doubled, tripled=tripled)
    return made


def alone(root: Path) -> GradedClass:
    made = GradedClass(root, (FIRST,))
    made.hands_in("ada")
    return made


def nobody(root: Path) -> GradedClass:
    return GradedClass(root, (FIRST,))


def nothing(root: Path) -> GradedClass:
    return GradedClass(root, ())


CLASSES = {each.__name__: each for each in (hostile, sixty, alone, nobody, nothing)}
