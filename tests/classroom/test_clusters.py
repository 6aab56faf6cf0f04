"""Wrong answers that do the same are found together, and named once for all of them."""

import nbformat
import pytest

from attn_course.classroom.clusters import UnknownCluster, clusters, name_cluster
from attn_course.classroom.grade import grade, write_feedback
from attn_course.classroom.report import results, slips

from .conftest import NAME, make_course, solved, submit

CUBED = "def doubled(x):\n    return x**3"
CUBED_BY_LOOP = """
def doubled(x):
    made = x.copy()
    for _ in range(2):
        made = made * x
    return made
"""
ROOT = "def doubled(x):\n    return abs(x) ** 0.5"
SAYS = "This is the cube. Twice a number is the number and itself, added."


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    course = make_course(tmp_path_factory.mktemp("course"))
    for student, source in (
        ("ada", CUBED),
        ("blaise", CUBED_BY_LOOP),
        ("carl", ROOT),
        ("dora", "def doubled(x):\n    return 2 + x"),  # a known misconception
        ("emmy", "def doubled(x):\n    return 2 * x"),
    ):
        text = nbformat.writes(solved(course, doubled=source))
        submit(course, student, text)
    assert [done.problem for done in grade(course, NAME)] == [None] * 5
    return course


def test_the_same_mistake_is_one_cluster_however_it_is_written(course):
    first, second = clusters(course, NAME)
    assert (first.students, second.students) == (["ada", "blaise"], ["carl"])
    assert first.exercise == second.exercise == "doubled"
    assert first.source == CUBED
    assert first.name != second.name


def test_an_unknown_cluster_is_refused_with_those_there_are(course):
    with pytest.raises(UnknownCluster, match="doubled-"):
        name_cluster(course, NAME, "doubled-zzzzz", "cubed", SAYS)


def test_a_name_reaches_all_in_it_and_all_who_come_later_and_runs_nobody(course):
    before = {r.student: r.points for r in results(course, NAME)}
    place = course.step("autograded", "ada", NAME) / f"{NAME}.ipynb"
    cluster = clusters(course, NAME)[0]
    assert name_cluster(course, NAME, cluster.name, "cubed", SAYS) == ["ada", "blaise"]
    for student in ("ada", "blaise"):
        write_feedback(course, NAME, student)
        assert {slip.name for slip in slips(course, NAME, student)} == {"cubed"}
        page = course.step("feedback", student, NAME) / f"{NAME}.html"
        assert SAYS in page.read_text("utf8")
    assert SAYS in place.read_text("utf8")
    assert slips(course, NAME, "carl") == []
    assert {r.student: r.points for r in results(course, NAME)} == before
    assert [each.students for each in clusters(course, NAME)] == [["carl"]]
    submit(course, "later", nbformat.writes(solved(course, doubled=CUBED)))
    assert [done.problem for done in grade(course, NAME)] == [None] * 6
    assert {slip.name for slip in slips(course, NAME, "later")} == {"cubed"}
