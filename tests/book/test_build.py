"""A green build is not enough: it must also have published what was promised."""

import doctest
import importlib.util
import re
import shutil
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest
from docutils.nodes import make_id
from jupyter_cache import get_cache
from pybtex.database import Entry, Person

ROOT = Path(__file__).parents[2]
CELL = re.compile(r"^(`{3,}|:{3,})\{code-cell\}", re.MULTILINE)


def extension(name: str):
    """Import one module of book/_ext, which is no package."""
    path = ROOT / "book" / "_ext" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def source_cells(book, page_name: str) -> int:
    return len(CELL.findall((book.source / f"{page_name}.md").read_text("utf8")))


def executed_cells(book, page_name: str) -> list:
    """Return the code cells of a page as they were run.

    The page's notebook without outputs lies beside the book; the cache knows its run.
    """
    bare = nbformat.read(book.build / "jupyter_execute" / f"{page_name}.ipynb", 4)
    cache = get_cache(book.build / ".jupyter_cache")
    run = cache.get_cache_bundle(cache.match_cache_notebook(bare).pk).nb
    return [cell for cell in run.cells if cell.cell_type == "code"]


def test_every_promised_page_is_published(book, page_name):
    page = (book.html / f"{page_name}.html").read_text("utf8")
    assert re.search(r"<h1>.+?</h1>", page, re.DOTALL), f"{page_name} has no title"


def test_every_code_cell_of_a_page_was_run(book, page_name):
    wanted = source_cells(book, page_name)
    if not wanted:
        return
    ran = [c for c in executed_cells(book, page_name) if c.execution_count]
    assert len(ran) == wanted


def test_what_a_cell_shows_reaches_the_page(book, page_name):
    if not source_cells(book, page_name):
        return
    hidden = {"remove-cell", "remove-output"}
    wanted = [
        cell
        for cell in executed_cells(book, page_name)
        if cell.outputs and not hidden & set(cell.metadata.get("tags", ()))
    ]
    page = (book.html / f"{page_name}.html").read_text("utf8")
    shown = re.findall(r'<div class="[^"]*\bcell_output\b', page)
    assert len(shown) == len(wanted)


def test_some_page_was_executed(book):
    """The two tests above pass on a book without code cells; this one does not."""
    notebooks = {path.stem for path in book.source.glob("*.md")}
    assert sum(source_cells(book, name) for name in notebooks) > 0


def test_the_build_warns_of_nothing(book):
    assert "WARNING:" not in book.log


def test_no_page_names_a_host_it_loads_from(book):
    loads = re.compile(
        r'<(?:script|img|link|iframe)\b[^>]*(?:src|href)="(https?://[^"]*)'
    )
    found = {
        f"{path.name}: {address}"
        for path in book.html.glob("*.html")
        for address in loads.findall(path.read_text("utf8"))
    }
    assert not found


def graded(book, page_name: str) -> list[str]:
    text = (book.source / f"{page_name}.md").read_text("utf8")
    return re.findall(r"^`{3,}\{graded\} (\S+)", text, re.MULTILINE)


def test_an_exercise_is_shown_with_its_hints_and_notebook(book, page_name):
    page = (book.html / f"{page_name}.html").read_text("utf8")
    wanted = graded(book, page_name)
    assert page.count('<details class="hint"><summary>Hint 3</summary>') == len(wanted)
    for name in wanted:
        assert f'id="{make_id(name)}"' in page, f"{name} cannot be linked to"
        assert f"{name.partition('/')[0]}.ipynb" in page


def test_no_published_file_holds_a_solution(book):
    marks = re.compile(rb"### (?:BEGIN|END) (?:SOLUTION|HIDDEN TESTS)")
    files = [path for path in book.html.rglob("*") if path.is_file()]
    assert files
    assert not [path.name for path in files if marks.search(path.read_bytes())]


@pytest.mark.parametrize(
    "name", ["graded", "labels", "mathjax", "mend", "reference", "stale"]
)
def test_examples_in_the_extension_hold(name):
    assert doctest.testmod(extension(name)).failed == 0


CALLED = ("attn_course/a.py", "solutions/ch01_x/e01_y.py", "requirements.txt")


class TestStaleOutputs:
    @pytest.fixture
    def tree(self, tmp_path):
        for name in (
            "attn_course/a.py",
            "solutions/ch01_x/e01_y.py",
            "requirements.txt",
        ):
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text("one")
        extension("stale").forget(tmp_path, tmp_path / "_build")
        (tmp_path / "_build" / ".jupyter_cache").mkdir()
        return tmp_path

    def test_outputs_are_kept_while_the_code_is_the_same(self, tree):
        assert not extension("stale").forget(tree, tree / "_build")
        assert (tree / "_build" / ".jupyter_cache").is_dir()

    @pytest.mark.parametrize("name", CALLED)
    def test_outputs_are_forgotten_when_a_file_changes(self, tree, name):
        (tree / name).write_text("two")
        assert extension("stale").forget(tree, tree / "_build")
        assert not (tree / "_build" / ".jupyter_cache").exists()

    def test_outputs_are_forgotten_when_a_file_moves(self, tree):
        shutil.move(tree / "attn_course/a.py", tree / "attn_course/b.py")
        assert extension("stale").forget(tree, tree / "_build")

    @pytest.mark.parametrize(("warnings", "kept"), [(0, True), (1, False)])
    def test_a_build_that_warned_is_read_again(self, tree, warnings, kept):
        pages = tree / "environment.pickle"
        pages.touch()
        build = SimpleNamespace(_warncount=warnings, doctreedir=tree)
        extension("stale").after_writing(build, None)
        assert pages.exists() == kept

    def test_outputs_of_unknown_age_are_forgotten(self, tree):
        (tree / "_build" / "fingerprint.txt").unlink()
        assert extension("stale").forget(tree, tree / "_build")


def test_authors_who_share_a_label_are_told_apart():
    entries = [
        Entry("article", {"year": year}, {"author": [Person(n) for n in names]})
        for year, names in [
            ("2015", ["Ba, J."]),
            ("2015", ["Ba, J."]),
            ("2014", ["Ba, J.", "van der Maas, K."]),
            ("2017", ["Ba, J.", "Ko, A.", "Li, B."]),
        ]
    ]
    assert list(extension("labels").AuthorYear().format_labels(entries)) == [
        "Ba, 2015a",
        "Ba, 2015b",
        "Ba and van der Maas, 2014",
        "Ba et al., 2017",
    ]


def test_a_repaired_page_is_left_alone(book):
    repaired = extension("mend").repaired
    for path in book.html.glob("*.html"):
        page = path.read_text("utf8")
        assert repaired(page) == page, path.name
