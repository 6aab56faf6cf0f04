"""The compiler: same module, same bytes; the notebook gives nothing away."""

import json
from pathlib import Path

import nbformat
import pytest
import yaml

from attn_course.authoring import load_chapter
from attn_course.authoring.bank import companion
from attn_course.authoring.notebook import MACROS, build, spelt_out, summary

from .test_loading import GOOD


@pytest.fixture
def exercises(tmp_path):
    (tmp_path / "e01_total.py").write_text(GOOD)
    return load_chapter(tmp_path)


def test_the_same_module_gives_the_same_valid_bytes(exercises):
    one, other = (build("ch01_sums", exercises) for _ in range(2))
    nbformat.validate(one)
    assert nbformat.writes(one) == nbformat.writes(other)


def test_cells_are_statement_imports_answer_checks(exercises):
    cells = build("ch01_sums", exercises).cells
    kinds = [
        "grade"
        if cell.metadata.get("nbgrader", {}).get("grade")
        else "answer"
        if cell.metadata.get("nbgrader", {}).get("solution")
        else cell.cell_type
        for cell in cells
    ]
    assert kinds == ["markdown", "code", "markdown", "code", "answer", "grade", "grade"]
    assert [c.metadata.nbgrader.points for c in cells[5:]] == [1, 2]
    assert len({cell.id for cell in cells}) == len(cells)


def test_a_hidden_check_stands_between_nbgraders_marks(exercises):
    *_, public, hidden = build("ch01_sums", exercises).cells
    assert "HIDDEN" not in public.source
    lines = hidden.source.splitlines()
    assert lines[0] == "# 2 points, runs after you hand in: A random table."
    assert lines[1] == "### BEGIN HIDDEN TESTS"
    assert lines[-1] == "### END HIDDEN TESTS"


def test_the_summary_says_level_time_and_points(exercises):
    line = summary(exercises[0])
    assert line.startswith("core · 5 minutes · 3 points, 2 of them")


def test_the_companion_has_public_checks_only_and_no_code(exercises):
    facts = companion(exercises)
    assert list(facts["total"]["checks"]) == ["on_paper"]
    assert facts["total"]["hints"] == ["one", "two", "three"]
    text = json.dumps(facts)
    for secret in ("x.sum()", "x.mean()", "return", "at_random"):
        assert secret not in text


def test_a_notebook_spells_out_all_the_macros_that_a_page_may_use():
    config = Path(__file__).parents[2] / "_config.yml"
    sphinx = yaml.safe_load(config.read_text("utf8"))["sphinx"]["config"]
    macros = sphinx["mathjax3_config"]["tex"]["macros"]
    assert {f"\\{name}": meaning for name, meaning in macros.items()} == MACROS


def test_formulas_are_spelt_out_and_other_words_left_alone():
    text = spelt_out(r"$\softmax_j(s)$, `softmax`, $\softmaxes$")
    assert text == r"$\operatorname{softmax}_j(s)$, `softmax`, $\softmaxes$"
