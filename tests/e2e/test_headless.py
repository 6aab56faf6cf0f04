"""The released notebook run to its end without a browser, as left and as solved."""

import nbformat
import pytest
from nbclient import NotebookClient

from attn_course.classroom.demo import as_submitted
from attn_course.judge.verdict import verdict


@pytest.fixture
def executed(chapter):
    """Run the released notebook with some answers replaced; return its code cells."""

    def execute(sources):
        notebook = nbformat.reads(chapter.text, as_version=4)
        for cell in notebook.cells:
            name = cell.metadata.get("nbgrader", {}).get("grade_id")
            cell.source = sources.get(name, cell.source)
        resources = {"metadata": {"path": str(chapter.notebook.parent)}}
        client = NotebookClient(notebook, allow_errors=True, resources=resources)
        client.execute()
        return [cell for cell in notebook.cells if cell.cell_type == "code"]

    return execute


def check_facts(cells):
    """Return what each public check left behind, by exercise and check."""
    found = [facts for facts in map(verdict, cells) if facts]
    return {(facts["exercise"], facts["check"]): facts for facts in found}


def public_checks(chapter):
    return {
        (ex.name, check.name)
        for ex in chapter.exercises
        for check in ex.checks
        if not check.hidden
    }


def test_right_answers_pass_every_check_and_write_nothing_to_stderr(executed, chapter):
    answers = {ex.name: as_submitted(ex.answer, ex.name) for ex in chapter.exercises}
    cells = executed(answers)
    facts = check_facts(cells)
    assert facts.keys() == public_checks(chapter)
    assert {each["kind"] for each in facts.values()} == {"passed"}
    outputs = [output for cell in cells for output in cell.outputs]
    assert {output.output_type for output in outputs} == {"display_data"}


def test_what_is_not_written_yet_says_so_and_nothing_else_goes_wrong(executed, chapter):
    cells = executed({})
    facts = check_facts(cells)
    assert facts.keys() == public_checks(chapter)
    for ex in chapter.exercises:
        mine = [each for (name, _), each in facts.items() if name == ex.name]
        if ex.starter:  # there is code, and it is wrong
            assert "missing" not in {each["kind"] for each in mine}
            assert {each["kind"] for each in mine} != {"passed"}
        else:
            said = {each["message"] for each in mine}
            assert said == {f"{ex.name} is not written yet."}
    failed = [cell for cell in cells if _error(cell)]
    assert len(failed) == sum(each["kind"] != "passed" for each in facts.values())
    assert {_error(cell).ename for cell in failed} == {"CheckFailed"}
    assert not [o for cell in cells for o in cell.outputs if o.get("name") == "stderr"]


def _error(cell):
    return next((o for o in cell.outputs if o.output_type == "error"), None)
