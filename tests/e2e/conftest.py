"""A released chapter in a folder of its own, and a real JupyterLab that shows it."""

import os
import queue
import re
import secrets
import shutil
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

import pytest

from attn_course.authoring.exercise import Exercise
from attn_course.classroom.course import Course
from attn_course.classroom.release import release

ROOT = Path(__file__).parents[2]
JUPYTER = Path(sys.executable).with_name("jupyter")
NO_NEWS = (  # else a first start asks about news, and looks for updates elsewhere
    *("labextension", "disable", "--level=user"),
    "@jupyterlab/apputils-extension:announcements",
)
LAB = ("lab", "notebooks", "--ip=127.0.0.1")
UNATTENDED = ("--no-browser", "--port=0", "--allow-root")
ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+/")
PATIENCE = 60  # seconds; a start takes a few


@dataclass(frozen=True)
class Released:
    """One chapter as students get it, and the exercises it was made from."""

    course: Course
    name: str
    exercises: list[Exercise]
    text: str  # of the notebook, before anybody works in it

    @property
    def notebook(self) -> Path:
        return self.course.released(self.name)


@pytest.fixture(scope="session")
def chapter(tmp_path_factory) -> Released:
    """The first chapter, released into a course folder that holds nothing else."""
    root = tmp_path_factory.mktemp("course")
    name = Course(ROOT).assignments[0]
    shutil.copy(ROOT / "nbgrader_config.py", root)
    shutil.copytree(
        ROOT / "solutions" / name,
        root / "solutions" / name,
        ignore=shutil.ignore_patterns("*.ipynb", "*.json", "__pycache__"),
    )
    course = Course(root)
    release(course, name)
    text = course.released(name).read_text("utf8")
    return Released(course, name, course.exercises(name), text)


@pytest.fixture(scope="session")
def lab(chapter, tmp_path_factory):
    """Address and token of a JupyterLab that knows no settings of this machine."""
    home, token = tmp_path_factory.mktemp("home"), secrets.token_hex()
    parts = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR")
    env = os.environ | {part: str(home / part) for part in (*parts, "IPYTHONDIR")}
    env |= {"HOME": str(home), "JUPYTER_TOKEN": token}
    place = {"cwd": chapter.course.root, "env": env, "text": True}
    subprocess.run([JUPYTER, *NO_NEWS], **place, check=True, capture_output=True)
    with subprocess.Popen(
        [JUPYTER, *LAB, *UNATTENDED], **place, stderr=subprocess.PIPE
    ) as server:
        said: queue.Queue[str] = queue.Queue()
        listener = threading.Thread(target=_listen, args=(server.stderr, said))
        listener.start()
        try:
            yield said.get(timeout=PATIENCE), token
        finally:
            server.terminate()
            listener.join(PATIENCE)


def _listen(lines, said: queue.Queue) -> None:
    """Read what the server says to its end; pass the address on, or all of it."""
    log = []
    for line in lines:
        log.append(line)
        if found := ADDRESS.search(line):
            said.put(found[0])
    said.put("".join(log))  # no address was said: this is why
