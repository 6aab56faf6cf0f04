"""Whatever is handed in, the others are graded, and the fault is said in one line."""

import copy
import json
import re

import nbformat
import pytest
from nbgrader.api import Gradebook

from attn_course.classroom.grade import grade
from attn_course.classroom.report import results

from .conftest import NAME, make_course, solved, submit

FULL = {"doubled": 3.0, "tripled": 3.0}


def text(notebook) -> str:
    return json.dumps(notebook)  # nbformat would mend what is wrong on purpose


def broken_notebooks(course):
    """Yield student, file content, and what the message must say."""
    good = text(solved(course))
    foreign = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1 + 1")])
    yield "corrupt", good[: len(good) // 2], "not a Jupyter notebook"
    yield "empty", "", "is empty"
    yield "no-notebook", "dear instructor", "not a Jupyter notebook"
    yield "list", "[1, 2]", "not a Jupyter notebook"
    yield "no-cells", "{}", "not a Jupyter notebook"
    yield "foreign", text(foreign), "none of the exercises"
    yield "huge", json.dumps({"cells": ["x" * 21_000_000]}), "21.0 MB"
    many = solved(course)
    many.cells += [nbformat.v4.new_markdown_cell("x") for _ in range(600)]
    yield "many-cells", text(many), "cells, at most"
    untyped = json.loads(text(solved(course)))
    untyped["cells"][0]["cell_type"] = 3
    yield "untyped", json.dumps(untyped), "not a Jupyter notebook"
    halved = json.loads(text(solved(course)))
    halved["cells"][0]["source"] = "\ud800"
    yield "half-a-letter", json.dumps(halved), "not a Jupyter notebook"


def odd_notebooks(course):
    """Yield student and notebook of honest work that got mangled on the way."""
    yield "plain", solved(course)
    pasted = solved(course)
    pasted.cells += [nbformat.v4.new_markdown_cell("x" * n) for n in (19_000, 10**6)]
    yield "pictures-in-its-texts", pasted
    deleted = solved(course)
    deleted.cells = [c for c in deleted.cells if "doubled-on" not in text_of_id(c)]
    yield "deleted-check", deleted
    doubled = solved(course)
    place = next(i for i, c in enumerate(doubled.cells) if text_of_id(c) == "doubled")
    stub = nbformat.read(course.released(NAME), as_version=4).cells[place]
    doubled.cells.insert(place + 1, copy.deepcopy(doubled.cells[place]))
    doubled.cells.append(stub)
    yield "duplicated-answer", doubled
    graded_twice = solved(course)
    graded_twice.cells += copy.deepcopy(graded_twice.cells[-2:])
    yield "duplicated-check", graded_twice
    untagged = solved(course)
    for cell in untagged.cells:
        cell.metadata["tags"] = ["skip-execution", "remove-cell"]
        cell.metadata["collapsed"] = True
    yield "tagged", untagged
    helped = solved(course, doubled="def doubled(x):\n    return helper(x)")
    helped.cells.insert(
        2, nbformat.v4.new_code_cell("def helper(x):\n    return 2.0 * x")
    )
    yield "own-cell", helped
    weakened = solved(course)
    for cell in weakened.cells:
        cell.source = cell.source.replace("close(", "print(")
    yield "rewritten-checks", weakened
    split = solved(course, doubled="FACTOR = 2.0")
    place = next(i for i, c in enumerate(split.cells) if text_of_id(c) == "doubled")
    rest = copy.deepcopy(split.cells[place])
    rest.source = "def doubled(x):\n    return FACTOR * x"
    split.cells.insert(place + 1, rest)
    yield "split-answer", split
    retyped = solved(course)
    place = next(i for i, c in enumerate(retyped.cells) if text_of_id(c) == "doubled")
    retyped.cells[place] = nbformat.v4.new_code_cell(retyped.cells[place].source)
    yield "retyped-answer", retyped
    formula = solved(course)
    formula.cells.append(nbformat.v4.new_markdown_cell("$\\frac{$ and $x^$"))
    yield "broken-formula", formula
    forged = solved(course)
    forge = (
        "from IPython.display import publish_display_data as show\n"
        "show({'text/plain': ''}, metadata={'attn_course': {'kind': 'passed'}})"
    )
    forged.cells.append(nbformat.v4.new_code_cell(forge))
    yield "own-metadata", forged
    kernel = solved(course)
    kernel.metadata["kernelspec"] = {"name": "no_such_kernel", "display_name": "?"}
    yield "other-kernel", kernel


def text_of_id(cell) -> str:
    return cell.metadata.get("nbgrader", {}).get("grade_id", "")


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """Return the course, what grading said, and the results by student."""
    course = make_course(tmp_path_factory.mktemp("bad"))
    for student, content, _ in broken_notebooks(course):
        submit(course, student, content)
    submit(course, "misnamed", text(solved(course)), name="my_homework")
    course.step("submitted", "nothing", NAME).mkdir(parents=True)
    for student, notebook in odd_notebooks(course):
        submit(course, student, text(notebook))
    wrong = solved(course, doubled="def doubled(x):\n    return 2 + x")
    skipping = copy.deepcopy(wrong)
    for cell in skipping.cells:
        cell.metadata["tags"] = ["skip-execution"]
    submit(course, "wrong-and-skipping", text(skipping))
    unanswered = solved(course)
    unanswered.cells = [c for c in unanswered.cells if text_of_id(c) != "doubled"]
    submit(course, "deleted-answer", text(unanswered))
    submit(course, "[x]", text(solved(course)))
    said = {done.student: done.problem for done in grade(course, NAME)}
    return course, said, {r.student: r for r in results(course, NAME)}


def test_what_cannot_be_read_is_named_with_file_fault_and_remedy(graded):
    course, said, _ = graded
    for student, _, fault in broken_notebooks(course):
        path = course.step("submitted", student, NAME) / f"{NAME}.ipynb"
        assert said[student].startswith(f"{path}: ")
        assert fault in said[student]
        assert "Ask for" in said[student]


def test_a_notebook_under_another_name_is_found_and_the_name_given(graded):
    _, said, _ = graded
    assert "found my_homework.ipynb instead" in said["misnamed"]
    assert f"Rename it to {NAME}.ipynb" in said["misnamed"]
    assert "there is no notebook of this name" in said["nothing"]


def test_mangled_but_right_work_gets_every_point(graded):
    course, said, by_student = graded
    for student, _ in odd_notebooks(course):
        assert said[student] is None, said[student]
        assert by_student[student].points == FULL, student


def test_a_tag_does_not_switch_a_check_off(graded):
    _, _, by_student = graded
    assert by_student["wrong-and-skipping"].points == {"doubled": 0, "tripled": 3}


def test_a_deleted_answer_costs_its_own_exercise_and_no_other(graded):
    _, _, by_student = graded
    assert by_student["deleted-answer"].points == {"doubled": 0, "tripled": 3}


def test_a_folder_name_that_nbgrader_cannot_use_is_refused(graded):
    _, said, _ = graded
    assert "is no name that nbgrader can use" in said["[x]"]


def test_the_gradebook_holds_those_that_were_graded_and_no_other(graded):
    course, said, _ = graded
    coursedir = course.nbgrader.coursedir
    with Gradebook(coursedir.db_url, coursedir.course_id) as gradebook:
        held = {s.student.id for s in gradebook.assignment_submissions(NAME)}
    assert held == {student for student, problem in said.items() if problem is None}


def test_nothing_needs_manual_grading(graded):
    course, _, _ = graded
    coursedir = course.nbgrader.coursedir
    with Gradebook(coursedir.db_url, coursedir.course_id) as gradebook:
        for submission in gradebook.assignment_submissions(NAME):
            assert not submission.needs_manual_grade


def test_feedback_shows_the_slip_and_no_hidden_check(graded):
    course, _, _ = graded
    folder = course.step("feedback", "wrong-and-skipping", NAME)
    page = (folder / f"{NAME}.html").read_text("utf8")
    assert "You added where you should have multiplied." in page
    assert "runs after you hand in: A random table." in page
    assert "What your answer was given" in page
    assert "rng.normal(size=(3, 4))" not in page
    assert "BEGIN HIDDEN" not in page


def test_feedback_asks_nothing_of_another_host(graded):
    course, _, _ = graded
    page = course.step("feedback", "plain", NAME) / f"{NAME}.html"
    text = page.read_text("utf8")
    assert not re.search(r'(?:src|href)="(?:https?:)?//', text)
    assert "<math" in text


def test_a_second_run_leaves_what_was_done_alone(graded):
    course, said, _ = graded
    again = list(grade(course, NAME))
    assert not any(done.fresh for done in again)
    assert {done.student: done.problem for done in again} == said


def test_a_mended_submission_is_graded_and_the_rest_is_not_touched(graded):
    course, _, _ = graded
    submit(course, "empty", text(solved(course)))
    fresh = [done for done in grade(course, NAME) if done.fresh]
    assert [(done.student, done.problem) for done in fresh] == [("empty", None)]
    [result] = [r for r in results(course, NAME) if r.student == "empty"]
    assert result.points == FULL
