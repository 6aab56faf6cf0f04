"""new chapter, new exercise: what they write, and what they refuse to write over."""

import pytest

from attn_course.authoring import load
from attn_course.authoring.skeleton import SkeletonError, new_chapter, new_exercise

TOC = """format: jb-book
root: index
parts:
  - caption: Attention by hand
    chapters:
      - file: ch02_soft_lookup
      - file: ch05_backward  # keep this remark
"""


@pytest.fixture
def root(tmp_path):
    (tmp_path / "book").mkdir()
    (tmp_path / "book" / "_toc.yml").write_text(TOC)
    return tmp_path


def test_a_chapter_gets_page_folder_and_its_place_in_the_contents(root):
    new_chapter(root, "ch03_scores", "Scores")
    toc = (root / "book" / "_toc.yml").read_text()
    assert toc == TOC.replace(
        "soft_lookup\n", "soft_lookup\n      - file: ch03_scores\n"
    )
    assert "(scores)=\n# Scores" in (root / "book" / "ch03_scores.md").read_text()
    assert (root / "solutions" / "ch03_scores").is_dir()


def test_the_first_chapter_goes_before_the_others(root):
    new_chapter(root, "ch01_why")
    toc = (root / "book" / "_toc.yml").read_text()
    assert toc.index("ch01_why") < toc.index("ch02_soft_lookup")


@pytest.mark.parametrize(
    ("name", "before"),
    [
        ("ch04_masks", "ch05_backward"),
        ("ch06_heads", "- caption"),
        ("ch09_last", None),
    ],
)
def test_the_order_holds_beside_remarks(root, name, before):
    toc = root / "book" / "_toc.yml"
    old = TOC + "  - caption: Late\n    chapters:\n      - file: ch08_late # \u00e9"
    toc.write_text(old, "utf8")
    new_chapter(root, name)
    lines = toc.read_text("utf8").splitlines()
    at = lines.index(f"      - file: {name}")
    if before is None:
        assert at == len(lines) - 1
    else:
        assert before in lines[at + 1]
    assert lines[:at] + lines[at + 1 :] == old.splitlines()


def test_exercises_are_numbered_and_shown_on_the_page(root):
    new_chapter(root, "ch03_scores")
    one, _ = new_exercise(root, "ch03_scores", "dot_scores")
    other, page = new_exercise(root, "ch03_scores", "scaled_scores")
    assert (one.name, other.name) == ("e01_dot_scores.py", "e02_scaled_scores.py")
    text = page.read_text()
    first, second = (
        text.index("{graded} ch03_scores/e01_dot_scores"),
        text.index("{graded} ch03_scores/e02_scaled_scores"),
    )
    assert text.index("## Exercises") < first < second < text.index("## Sources")


def test_the_skeleton_is_a_complete_exercise_that_is_not_solved(root):
    new_chapter(root, "ch03_scores")
    path, _ = new_exercise(root, "ch03_scores", "dot_scores")
    assert load(path).name == "dot_scores"


@pytest.mark.parametrize(
    "name", ["scores", "ch3_scores", "ch03", "ch03_Scores", "../x"]
)
def test_a_chapter_needs_a_proper_name(root, name):
    with pytest.raises(SkeletonError, match="wanted a name like ch03_scores"):
        new_chapter(root, name)


@pytest.mark.parametrize(
    ("name", "words"),
    [(name, "is a word of Python") for name in ("lambda", "class", "is")]
    + [(name, "notebooks use") for name in ("hint", "close", "np", "chapter")],
)
def test_an_exercise_may_not_take_a_name_in_use(root, name, words):
    new_chapter(root, "ch03_scores")
    page = (root / "book" / "ch03_scores.md").read_text()
    with pytest.raises(SkeletonError, match=f"'{name}' {words}|{words} '{name}'"):
        new_exercise(root, "ch03_scores", name)
    assert list((root / "solutions" / "ch03_scores").iterdir()) == []
    assert (root / "book" / "ch03_scores.md").read_text() == page


def test_a_name_that_holds_one_in_use_is_free(root):
    new_chapter(root, "ch03_scores")
    path, _ = new_exercise(root, "ch03_scores", "close_scores")
    assert load(path).name == "close_scores"


def test_nothing_is_written_over_or_half_written(root):
    new_chapter(root, "ch03_scores")
    with pytest.raises(SkeletonError, match="exists already"):
        new_chapter(root, "ch03_scores")
    new_exercise(root, "ch03_scores", "dot")
    before = sorted(p.read_bytes() for p in root.rglob("*") if p.is_file())
    for chapter, name, words in (
        ("ch03_scores", "dot", "exists already"),
        ("ch04_masks", "dot", "there is no chapter 'ch04_masks'; there are: ch03"),
        ("ch03_scores", "Dot-Scores", "wanted a name like weighted_read"),
    ):
        with pytest.raises(SkeletonError, match=words):
            new_exercise(root, chapter, name)
    assert sorted(p.read_bytes() for p in root.rglob("*") if p.is_file()) == before
