"""The view: whatever way Python and the package are installed, nothing else shows."""

import subprocess
from pathlib import Path

import pytest

from attn_course.judge import sandbox, view
from attn_course.judge.findings import namespaces


def listing(where: Path, hidden=(), **settings) -> list[str]:
    """Return the paths of the files below `where` that a sandbox sees."""
    found = sandbox.require()
    args = [found.bwrap, *namespaces(found.mode == "root")]
    args += [*view.arguments(hidden, **settings), "--remount-ro", "/"]
    shown = subprocess.run(
        [*args, "find", str(where), "-type", "f"], capture_output=True, text=True
    )
    return sorted(str(Path(p).relative_to(where)) for p in shown.stdout.splitlines())


def lay(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("x")


@pytest.fixture
def package(tmp_path):
    site = tmp_path / "env/lib/python3/site-packages"
    lay(site, "numpy/core.py", "attn_course/functional/softmax.py")
    lay(site, "attn_course/__init__.py", "attn_course/judge/seeds.py")
    lay(site, *(f"attn_course/{part}/part.py" for part in ("grading", "data", "viz")))
    return site / "attn_course"


def test_a_package_installed_beside_others_is_hidden_and_its_part_shown(package):
    env = package.parents[3]
    lay(env, "bin/python", "pyvenv.cfg")
    assert listing(env, prefixes=[env], package=package) == [
        "bin/python",
        "lib/python3/site-packages/numpy/core.py",
        "pyvenv.cfg",
    ]
    assert listing(view.VIEW, prefixes=[env], package=package) == [
        "launch.py",
        "view/attn_course/__init__.py",
        "view/attn_course/data/part.py",
        "view/attn_course/grading/part.py",
        "view/attn_course/viz/part.py",
    ]


def test_an_environment_that_is_the_course_itself_shows_only_its_python(tmp_path):
    lay(tmp_path, "bin/python", "lib/x.py", "solutions/e01.py", "_grading/gradebook.db")
    assert listing(tmp_path, prefixes=[tmp_path]) == ["bin/python", "lib/x.py"]


def test_a_course_that_lies_among_what_is_shown_is_hidden():
    assert listing(Path("/usr/share/zoneinfo"))
    assert listing(Path("/usr/share/zoneinfo"), [Path("/usr/share/zoneinfo")]) == []


def test_a_link_to_the_environment_is_followed(tmp_path):
    real, link = tmp_path / "python-3.11.7", tmp_path / "python-3.11"
    lay(real, "bin/python")
    link.symlink_to(real)
    assert listing(link, prefixes=[real, link]) == ["bin/python"]


def test_python_is_its_base_and_its_environment():
    import sys

    assert any(Path(sys.executable).is_relative_to(each) for each in view.python()) or (
        Path(sys.executable).is_relative_to("/usr")
    )
