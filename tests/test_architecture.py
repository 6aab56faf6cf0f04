"""Who may import whom. The table is the architecture; the test keeps it true."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import attn_course

PACKAGE = Path(attn_course.__file__).parent
ROOT = Path(__file__).parents[1]
MAY_IMPORT = {
    "functional": set(),
    "nn": set(),
    "data": set(),
    "viz": set(),
    "conformance": set(),
    "grading": set(),
    "authoring": {"grading"},
    "judge": {"authoring", "grading"},
    "engine": {"authoring", "grading", "judge"},
    "classroom": {"authoring", "engine", "grading", "judge"},
    "cli": {"authoring", "classroom", "engine", "grading", "judge"},
}
LONGEST = 300  # lines of a file
WORDY = 40  # lines of a function


def imported_parts(path: Path):
    """Yield the subpackages of attn_course that the file at `path` imports."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            assert node.level < 2, f"{path}:{node.lineno}: write it as attn_course..."
            names = (
                [] if node.level else [f"{node.module}.{a.name}" for a in node.names]
            )
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        yield from (n.split(".")[1] for n in names if n.startswith("attn_course."))


@pytest.mark.parametrize(
    ("line", "parts"),
    [
        ("import attn_course.viz", ["viz"]),
        ("import numpy, attn_course.viz.heat as h, attn_course.data", ["viz", "data"]),
        ("from attn_course import viz, data as d", ["viz", "data"]),
        ("from attn_course.viz import heat, other", ["viz", "viz"]),
        ("from attn_course.viz.heat import draw", ["viz"]),
        ("from attn_course import *", ["*"]),
        ("def late():\n    from attn_course import (\n        viz,\n    )", ["viz"]),
        ("from . import heat\nfrom .heat import draw", []),
        ("import numpy.linalg\nfrom attn_courses import viz", []),
        ("import attn_course", []),
    ],
)
def test_every_form_of_import_is_seen(tmp_path, line, parts):
    path = tmp_path / "module.py"
    path.write_text(line)
    assert list(imported_parts(path)) == parts


def test_an_import_from_a_neighbour_must_be_written_out(tmp_path):
    path = tmp_path / "module.py"
    path.write_text("from ..viz import heat")
    with pytest.raises(AssertionError, match=r"module\.py:1: write it as"):
        list(imported_parts(path))


FILES = sorted(PACKAGE.glob("*/**/*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_point_one_way(path):
    part = path.relative_to(PACKAGE).parts[0]
    assert set(imported_parts(path)) - {part} <= MAY_IMPORT[part]


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_files_hold_one_idea_and_functions_one_screen(path):
    text = path.read_text()
    assert len(text.splitlines()) <= LONGEST
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            body = node.body[1:] if ast.get_docstring(node) else node.body
            length = node.end_lineno - body[0].lineno + 1 if body else 0
            assert length <= WORDY, (
                f"{path}:{node.lineno}: {node.name} is {length} long"
            )


def test_a_students_notebook_needs_neither_torch_nor_our_tools():
    code = (
        "import sys, attn_course.grading, attn_course.functional;"
        "heavy = {'torch', 'matplotlib', 'nbgrader', 'libcst', 'rich', 'typer'};"
        "print(*sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == []
