"""The README's map is the tree, its commands exist, and no machine's path is kept."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf8")
TRACKED = subprocess.run(
    ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
    cwd=ROOT,
    capture_output=True,
    text=True,
    check=True,
).stdout.splitlines()
MAP = re.findall(r"^\| `([^`]+)` \|", README.partition("## The map")[2], re.MULTILINE)


@pytest.mark.parametrize("path", MAP)
def test_what_is_on_the_map_exists(path):
    assert (ROOT / path).exists()


def test_everything_at_the_top_and_every_part_is_on_the_map():
    tops = {path.partition("/")[0] for path in TRACKED}
    parts = {
        f"attn_course/{path.split('/')[1]}/"
        for path in TRACKED
        if path.startswith("attn_course/") and path.count("/") > 1
    }
    mapped = {path.partition("/")[0] for path in MAP}
    assert tops - mapped == {".gitignore", "README.md"}
    assert parts <= set(MAP)


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md"])
def test_every_make_command_that_is_named_exists(page):
    text = (ROOT / page).read_text("utf8")
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.M))
    named = set(
        re.findall(r"\bmake ([a-z]+)\b", "\n".join(re.findall(r"`[^`]+`", text)))
    )
    assert named
    assert named <= targets


def test_help_lists_every_command_a_person_would_type():
    listed = subprocess.run(
        ["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    for target in ("course", "test", "book", "lab", "release", "grade", "clean"):
        assert re.search(rf"make {target}\s+\S", listed), target


def test_requirements_pin_everything_exactly_and_end_with_the_package():
    lines = [
        line
        for line in (ROOT / "requirements.txt").read_text().splitlines()
        if line and not line.startswith("#")
    ]
    assert lines[-1] == "-e ."
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+", line) for line in lines[:-1])


TEXT = [path for path in TRACKED if not path.startswith("LICENSE")]


def test_no_path_of_a_machine_and_no_outputs_are_kept():
    for path in TEXT:
        file = ROOT / path
        if not file.is_file() or path == "tests/test_readme.py":
            continue
        text = file.read_text("utf8")
        assert not re.search(r"(?<![\w.])/(home|root|Users)/\w", text), path
        if path.endswith(".ipynb"):
            assert '"output_type"' not in text, path
        assert file.stat().st_size < 1_000_000, path
