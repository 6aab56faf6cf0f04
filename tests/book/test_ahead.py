"""Pages run before they are read: together where they can, in order where they must."""

import subprocess
import sys
from pathlib import Path

import pytest

EXTENSIONS = Path(__file__).parents[2] / "book" / "_ext"
CONF = f"""
import os, sys
sys.path.insert(0, {str(EXTENSIONS)!r})
os.cpu_count = lambda: 2
extensions = ["myst_nb", "ahead"]
nb_execution_mode = "cache"
nb_execution_timeout = 60
"""
PAGE = """---
file_format: mystnb
kernelspec: {{name: python3, display_name: Python 3}}
{more}
---
# {title}

```{{code-cell}}
{code}
```
"""
TICK = "with open('ran.txt', 'a') as file:\n    file.write('{name} ')\n"
MEET = """
import pathlib, time
pathlib.Path("{name}.here").touch()
until = time.monotonic() + 40
while not pathlib.Path("{other}.here").exists():
    assert time.monotonic() < until, "nobody came"
    time.sleep(0.05)
"""


@pytest.fixture
def build(tmp_path):
    """Return what builds the pages it is given, and returns what Sphinx said."""
    source = tmp_path / "source"
    source.mkdir()
    (source / "conf.py").write_text(CONF)

    def build_pages(pages: dict[str, str], needs: dict[str, str] | None = None):
        for name, code in pages.items():
            after = (needs or {}).get(name)
            page = PAGE.format(
                more=f"needs: [{after}]" if after else "",
                title=name,
                code=TICK.format(name=name) + code,
            )
            (source / f"{name}.md").write_text(page)
        toc = "".join(f"{name}\n" for name in pages)
        (source / "index.md").write_text(f"# All\n\n```{{toctree}}\n{toc}```\n")
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "sphinx",
                "-W",
                "--keep-going",
                "source",
                "out/html",
            ],
            cwd=tmp_path,
            capture_output=True,
            text=True,
        )
        return done

    return build_pages


def ran(folder: Path) -> list[str]:
    return (folder / "source" / "ran.txt").read_text().split()


def test_two_pages_run_at_the_same_time_and_each_once(build, tmp_path):
    pages = {
        "left": MEET.format(name="left", other="right"),
        "right": MEET.format(name="right", other="left"),
    }
    done = build(pages)
    assert done.returncode == 0, done.stderr
    assert sorted(ran(tmp_path)) == ["left", "right"]
    shown = (tmp_path / "out" / "html" / "left.html").read_text()
    assert "nobody came" in shown  # the code of the page is there


def test_a_page_runs_after_what_it_needs(build, tmp_path):
    slow = "import time\ntime.sleep(1)\nopen('made.txt', 'w').write('x')"
    pages = {"user": "open('made.txt').read()", "maker": slow}
    done = build(pages, {"user": "maker"})
    assert done.returncode == 0, done.stderr
    assert ran(tmp_path)[0] == "maker"


def test_a_second_build_runs_what_changed_and_no_more(build, tmp_path):
    build({"one": "1", "two": "2"})
    done = build({"one": "1", "two": "3"})
    assert done.returncode == 0, done.stderr
    assert sorted(ran(tmp_path)) == ["one", "two", "two"]


def test_a_page_that_fails_is_reported_and_the_others_are_not_lost(build, tmp_path):
    done = build({"bad": "1 / 0", "good": "'all is well'"})
    assert done.returncode != 0
    assert done.stderr.count("Executing notebook failed") == 1
    assert "all is well" in (tmp_path / "out" / "html" / "good.html").read_text()
    assert ran(tmp_path).count("good") == 1


def test_pages_that_need_each_other_are_refused(build):
    done = build({"hen": "1", "egg": "2"}, {"hen": "egg", "egg": "hen"})
    assert done.returncode != 0
    assert "are in a cycle" in done.stderr
