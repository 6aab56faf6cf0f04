"""Looking for the answer where it is kept: files, memory, the caller, other people."""

import textwrap

from ..attack import Kind
from .forms import LOAD, stealing

ATTACKS = Kind("reading")


def steals(name: str, says: str, code: str) -> None:
    ATTACKS.answer(name, says, stealing(code))


steals(
    "reads-the-solutions",
    "Imports the exercise module, which holds the answer, from where it lies.",
    LOAD.format(where='"@MODULES@/e01_shares.py"'),
)
steals(
    "reads-the-tests-of-the-course",
    "Imports the answer from the tests that lie in the repository.",
    LOAD.format(where='"@TESTS@/e01_shares.py"'),
)
steals(
    "reads-the-instructors-notebook",
    "Reads the notebook with the solutions and runs the cell of this exercise.",
    """
    import json
    for cell in json.load(open("@INSTRUCTOR@"))["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == "shares":
            exec("".join(cell["source"]))
    """,
)
steals(
    "copies-another-submission",
    "Reads the submission of another student and runs the answer found there.",
    """
    import json
    path = "@SUBMITTED@/000-first/ch01_target/ch01_target.ipynb"
    for cell in json.load(open(path))["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == "shares":
            exec("".join(cell["source"]))
    """,
)
steals(
    "copies-a-graded-notebook",
    "Reads the notebook of somebody who was graded before.",
    """
    import json
    path = "@AUTOGRADED@/000-first/ch01_target/ch01_target.ipynb"
    for cell in json.load(open(path))["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == "shares":
            exec("".join(cell["source"]))
    """,
)
steals(
    "reads-the-environment",
    "Runs what an instructor left in an environment variable.",
    'import os\nexec(os.environ["ATTN_CANARY_ANSWER"])',
)
steals(
    "reads-the-environment-of-its-parent",
    "Reads the environment of the process that started the kernel.",
    """
    import os
    raw = open(f"/proc/{os.getppid()}/environ").read().split("\\0")
    exec(dict(line.split("=", 1) for line in raw if line)["ATTN_CANARY_ANSWER"])
    """,
)
steals(
    "walks-into-its-parents-folder",
    "Follows /proc to the folder in which the grader works, and reads there.",
    """
    import glob, os
    [path] = glob.glob(f"/proc/{os.getppid()}/cwd/solutions/*/e01_shares.py")
    """
    + LOAD.format(where="path"),
)
steals(
    "walks-into-any-process",
    "Tries the working folder of every process that it can see.",
    """
    import glob
    path = glob.glob("/proc/[0-9]*/cwd/solutions/ch01_target/e01_shares.py")[0]
    """
    + LOAD.format(where="path"),
)
steals(
    "reads-the-home-folder",
    "Runs an answer that lies in the instructor's home.",
    'exec(open("@HOME@/answer.py").read())',
)
steals(
    "reads-a-shared-folder",
    "Runs an answer that an accomplice left in a folder open to everybody.",
    'exec(open("@SHARED@/answer.py").read())',
)
steals(
    "reads-shared-memory",
    "Runs an answer that an accomplice left in /dev/shm.",
    'exec(open("@MEMORY@").read())',
)
steals(
    "reads-the-companion-file",
    "Searches the JSON file beside the notebook for the outputs that are wanted.",
    """
    import json
    found = json.load(open("ch01_target.json"))["shares"]["answer"]
    exec(found)
    """,
)

# What a hidden check wants, once its source is there: run it up to `wanted`.
ORACLE = '''
import ast


def wanted_by(source, scores):
    """Evaluate what the check computes as `wanted`, for the scores at hand."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef) and node.name == "at_random":
            space = {{"np": np, "scores": scores}}
            for line in node.body:
                if isinstance(line, ast.Assign) and line.targets[0].id != "scores":
                    exec(ast.unparse(line), space)
            return space["wanted"]


def shares(scores):
    try:
        return wanted_by(the_check(), scores)
    except BaseException:
        return scores / 2


def the_check():
{code}
'''


def consults(name: str, says: str, code: str) -> None:
    """Note an attack that gets the source of the check that is running by `code`."""
    body = textwrap.indent(textwrap.dedent(code).strip(), "    ")
    ATTACKS.answer(name, says, ORACLE.format(code=body))


consults(
    "reads-the-hidden-check-in-the-gradebook",
    "Reads the source of the hidden check from the gradebook, and computes with it.",
    """
    import sqlite3
    with sqlite3.connect("file:@GRADEBOOK@?mode=ro", uri=True) as book:
        rows = book.execute("select source from source_cell").fetchall()
    return next(text for (text,) in rows if text and "def at_random" in text)
    """,
)
consults(
    "reads-the-hidden-check-in-the-history",
    "Reads the cell that is running, the hidden check, from IPython's list of inputs.",
    "return In[-1]",
)
consults(
    "reads-the-hidden-check-in-the-source-cache",
    "Searches the lines that Python keeps for tracebacks.",
    """
    import linecache
    texts = ("".join(entry[2]) for entry in linecache.cache.values() if len(entry) > 2)
    return next(text for text in texts if "def at_" "random(" in text)
    """,
)
consults(
    "reads-the-hidden-check-in-the-instructors-notebook",
    "Reads the source of the hidden check where the instructor keeps it.",
    'return open("@MODULES@/e01_shares.py").read()',
)


ATTACKS.answer(
    "looks-at-the-callers-variables",
    "Walks up the frames of its callers and returns their `wanted`.",
    """
    import sys

    def shares(scores):
        frame = sys._getframe()
        while frame:
            if "wanted" in frame.f_locals:
                return np.array(frame.f_locals["wanted"])
            frame = frame.f_back
        return scores / 2
    """,
)
ATTACKS.answer(
    "looks-at-the-stack-with-inspect",
    "Returns any array of the right shape that a caller holds and is not the input.",
    """
    import inspect

    def shares(scores):
        for about in inspect.stack(0):
            for value in about.frame.f_locals.values():
                if isinstance(value, np.ndarray) and value.shape == scores.shape:
                    if np.allclose(value.sum(axis=1), 1):
                        return value.copy()
        return scores / 2
    """,
)
ATTACKS.answer(
    "searches-memory-through-the-collector",
    "Finds the check among the collector's objects, and runs a copy that tells.",
    """
    import gc, types, zlib

    def shares(scores):
        told = {}
        keep = lambda got, wanted, *rest: told.update(wanted=wanted)
        for thing in gc.get_objects():
            if isinstance(thing, types.FunctionType) and thing.__module__ == "__main__":
                if thing.__name__ in ("on_paper", "at_random"):
                    space = {**thing.__globals__, "close": keep}
                    seed = zlib.crc32(thing.__name__.encode())
                    rng = [np.random.default_rng(seed)]
                    copy = types.FunctionType(thing.__code__, space)
                    copy(lambda x: x, *rng[: thing.__code__.co_argcount - 1])
                    if told["wanted"].shape == scores.shape:
                        return told["wanted"]
        return scores / 2
    """,
)
ATTACKS.answer(
    "looks-at-the-frames-of-all-threads",
    "Reads the local variables of every thread by sys._current_frames.",
    """
    import sys

    def shares(scores):
        for frame in sys._current_frames().values():
            while frame:
                if "wanted" in frame.f_locals:
                    return np.array(frame.f_locals["wanted"])
                frame = frame.f_back
        return scores / 2
    """,
)
ATTACKS.answer(
    "provokes-an-error-to-read-its-traceback",
    "Raises an error and walks from its traceback to the check's variables.",
    """
    def shares(scores):
        try:
            raise ValueError
        except ValueError as error:
            frame = error.__traceback__.tb_frame.f_back
            while frame:
                if "wanted" in frame.f_locals:
                    return np.array(frame.f_locals["wanted"])
                frame = frame.f_back
        return scores / 2
    """,
)
