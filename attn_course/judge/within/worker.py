"""Be a worker of the grader's, in a process that the fork server has split off.

The first line of its input says as what: a module, and what it is to find around it.
It keeps what was imported from elsewhere and forgets what was imported of the package,
which was the students' view of that.
"""

import importlib
import json
import os
import sys
import tempfile
import traceback

PACKAGE = "attn_course"
LINK = 3  # the open file by which it is a client of the fork server


def become(files: list[int]) -> None:
    """Be a worker, from here to the end: with its input, its output and its link."""
    for number, file in enumerate((files[0], files[1], 2, files[2])):
        os.dup2(file, number)
    os.closerange(LINK + 1, 4096)
    code = 1
    try:
        with open(0, "rb", buffering=0, closefd=False) as line:
            about = json.loads(line.readline())
        settle(about)
        importlib.import_module(about["module"]).main()
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def settle(about: dict) -> None:
    """Find around oneself what the grader finds."""
    os.environ.clear()
    os.environ.update(about["environment"])
    os.chdir(about["folder"])
    sys.path[:] = about["path"]
    sys.dont_write_bytecode = False
    start_afresh()
    own = (PACKAGE, __package__)
    for name in [each for each in sys.modules if each.partition(".")[0] in own]:
        del sys.modules[name]


def start_afresh() -> None:
    """Forget what processes of one origin must not have in common."""
    sys.modules["numpy"].random.seed()
    tempfile.tempdir = None
    sys.argv = [""]
