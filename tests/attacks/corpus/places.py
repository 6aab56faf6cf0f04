"""What lies where the notebook should be, and what lies beside it."""

import os
import socket

from ..attack import Kind
from ..scene import NAME, WRONG, Folder, text

ATTACKS = Kind("places")


@ATTACKS("A link to the instructor's notebook in the place of a submission.", "refused")
def a_link_to_the_instructors_notebook(scene):
    return lambda path: path.symlink_to(scene.instructor)


@ATTACKS("A link to somebody else's submission.", "refused")
def a_link_to_another_submission(scene):
    other = scene.submitted / "000-first" / NAME / f"{NAME}.ipynb"
    return lambda path: path.symlink_to(other)


@ATTACKS("A link to the gradebook.", "refused")
def a_link_to_the_gradebook(scene):
    return lambda path: path.symlink_to(scene.gradebook)


@ATTACKS("A link to a file that never ends.", "refused", harmful_unsandboxed=True)
def a_link_to_zeros_without_end(scene):
    return lambda path: path.symlink_to("/dev/zero")


@ATTACKS("A link to itself.", "refused")
def a_link_to_itself(scene):
    return lambda path: path.symlink_to(path)


@ATTACKS("A folder in the place of the notebook.", "refused")
def a_folder(scene):
    return lambda path: path.mkdir()


@ATTACKS("A pipe to which nobody ever writes.", "refused")
def a_pipe(scene):
    return lambda path: os.mkfifo(path)


@ATTACKS("A socket in the place of the notebook.", "refused")
def a_socket(scene):
    def make(path):
        here = os.open(path.parent, os.O_RDONLY)
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(f"/proc/self/fd/{here}/{path.name}")
        os.close(here)

    return make


FOR_ROOT = "all" if os.geteuid() == 0 else "refused"  # root may read everything


@ATTACKS("Right work in a file that its owner may not read.", FOR_ROOT)
def a_file_without_permissions(scene):
    def make(path):
        path.write_text(text(scene.notebook()))
        path.chmod(0)

    return make


FAKE = """
class Nothing:
    def __getattr__(self, name):
        return self

    def __call__(self, *args, **kwargs):
        return self


def __getattr__(name):
    return Nothing()
"""
AGREE = """
import os, sys
here = os.path.dirname(os.path.abspath(__file__))
sys.path = [path for path in sys.path if os.path.abspath(path) != here]
del sys.modules["numpy"]
import numpy
numpy.isclose = lambda got, wanted, *a, **k: numpy.ones(numpy.shape(wanted), bool)
numpy.allclose = lambda *a, **k: True
"""


def brings(name: str, says: str, files: dict[str, str], words="all but shares") -> None:
    """Note a wrong `shares` that is handed in with other files beside it."""

    def make(scene):
        notebook = scene.notebook(shares=WRONG["shares"])
        return Folder({f"{NAME}.ipynb": text(notebook), **files})

    ATTACKS.note(name, says, words, make)


brings(
    "brings-its-own-grading",
    "Hands in a package of the course's name, which lies where the kernel starts.",
    {"attn_course/__init__.py": "", "attn_course/grading.py": FAKE},
    "nothing for shares",
)
brings(
    "brings-its-own-numpy",
    "Hands in a numpy.py that loads NumPy and makes its comparisons agree.",
    {"numpy.py": AGREE},
    "nothing for shares",
)
brings(
    "brings-modules-that-python-loads-by-itself",
    "Hands in sitecustomize.py and usercustomize.py.",
    {"sitecustomize.py": "import nothing_there", "usercustomize.py": "1 / 0"},
)
brings(
    "brings-a-configuration",
    "Hands in configuration files of nbgrader, Jupyter and IPython.",
    {
        "nbgrader_config.py": "c = get_config()\nc.Execute.timeout = 1",
        "jupyter_config.py": "raise SystemExit",
        "ipython_config.py": "get_config().InteractiveShellApp.exec_lines = ['1']",
        ".ipython/profile_default/startup/00-first.py": "1 / 0",
    },
)
brings(
    "brings-a-companion-file",
    "Hands in its own version of the JSON file with the known mistakes.",
    {f"{NAME}.json": '{"shares": {"checks": 7, "hints": null}}'},
)
brings(
    "brings-a-second-notebook",
    "Hands in a second notebook beside the first.",
    {"another.ipynb": "{}", f"{NAME} (1).ipynb": "[]"},
)
brings(
    "brings-names-that-shells-stumble-over",
    "Hands in files whose names hold quotes, dashes, line breaks and stars.",
    {"-rf *": "", "$(touch x)": "", "a\nb": "", "';--.txt": "", "\u202etxt.py": ""},
)
