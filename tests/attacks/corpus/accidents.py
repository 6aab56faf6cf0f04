"""What befalls honest people, and must not cost a point of what is right."""

import copy
import json

import nbformat

from ..attack import Kind
from ..scene import RIGHT, at_end, cell_of, checks, grade_id, place, text, with_cell

ATTACKS = Kind("accidents")


def happens(name: str, says: str, source: str, words="all", of="shares") -> None:
    ATTACKS.answer(name, says, source, words, of)


def cell(
    name: str, says: str, source: str, before: str = "shares", words="all"
) -> None:
    """Note right work with a cell of the student's own before a graded one."""

    def make(scene):
        return with_cell(scene.notebook(), source, before)

    ATTACKS.note(name, says, words, make)


BODY = """
    exps = np.exp(scores)
    return exps / exps.sum(axis=1, keepdims=True)"""

happens(
    "warns",
    "Emits warnings, of its own and of NumPy.",
    f"""
import warnings


def shares(scores):
    warnings.warn("this may be slow")
    np.array([1.0]) / np.array([0.0]){BODY}""",
)
happens(
    "prints",
    "Prints what it is doing.",
    f'def shares(scores):\n    print("scores:", scores){BODY}',
)
happens(
    "prints-to-stderr",
    "Prints to stderr, for which nbgrader gives nothing.",
    f"""
import logging
import sys


def shares(scores):
    print("working", file=sys.stderr)
    logging.warning("still working"){BODY}""",
)
happens(
    "shows-a-progress-bar",
    "Shows a progress bar.",
    """
from tqdm.auto import tqdm


def shares(scores):
    rows = []
    for row in tqdm(scores):
        exps = np.exp(row)
        rows.append(exps / exps.sum())
    return np.array(rows)""",
)
happens(
    "plots",
    "Draws a figure while it is called, and leaves it open.",
    f"""
import matplotlib.pyplot as plt


def shares(scores):
    plt.imshow(scores)
    plt.show(){BODY}""",
)
happens(
    "computes-in-float32",
    "Computes in float32.",
    "def shares(scores):\n    scores = scores.astype(np.float32)" + BODY,
)
happens(
    "loops-in-python",
    "Uses loops and the math module.",
    """
import math


def shares(scores):
    result = []
    for row in scores:
        total = 0
        for score in row:
            total += math.exp(score)
        result.append([math.exp(score) / total for score in row])
    return result""",
)
happens(
    "recurses",
    "Calls itself for the rest of the rows.",
    """
def shares(scores):
    if len(scores) == 1:
        exps = np.exp(scores)
        return exps / exps.sum()
    return np.vstack([shares(scores[:1]), shares(scores[1:])])""",
)
happens(
    "is-a-lambda",
    "Is a lambda.",
    "shares = lambda s: np.exp(s) / np.exp(s).sum(axis=1, keepdims=True)",
)
happens(
    "is-an-object-that-can-be-called",
    "Is an instance of a class.",
    """
class Shares:
    def __init__(self, axis):
        self.axis = axis

    def __call__(self, scores):
        exps = np.exp(scores)
        return exps / exps.sum(axis=self.axis, keepdims=True)


shares = Shares(1)""",
)
happens(
    "is-a-partial-function",
    "Is made by functools.partial.",
    """
from functools import partial


def _shares(scores, axis):
    exps = np.exp(scores)
    return exps / exps.sum(axis=axis, keepdims=True)


shares = partial(_shares, axis=1)""",
)
happens(
    "is-decorated",
    "Is wrapped by a decorator of the student's own.",
    f"""
def timed(function):
    def call(*args, **kwargs):
        return function(*args, **kwargs)
    return call


@timed
def shares(scores):{BODY}""",
)
happens(
    "returns-numpy-scalars-in-lists",
    "Returns lists of NumPy's own numbers.",
    """
def shares(scores):
    return [list(np.exp(row) / np.exp(row).sum()) for row in scores]""",
)
happens(
    "has-other-parameter-names",
    "Has other names for its parameters, defaults and annotations.",
    """
def shares(s: np.ndarray, axis: int = 1, *rest, **options) -> np.ndarray:
    exps = np.exp(s)
    return exps / exps.sum(axis=axis, keepdims=True)""",
)
happens(
    "speaks-other-languages",
    "Has names and comments in other scripts.",
    """
# Größe, смысл, 答え, 🙂
def shares(scores):
    σ = np.exp(scores)
    return σ / σ.sum(axis=1, keepdims=True)""",
)
happens(
    "keeps-results-in-a-cache",
    "Keeps results by the bytes of the input, and is right about it.",
    """
_cache = {}


def shares(scores):
    key = scores.tobytes(), scores.shape
    if key not in _cache:
        exps = np.exp(scores)
        _cache[key] = exps / exps.sum(axis=1, keepdims=True)
    return _cache[key]""",
)
happens(
    "replaces-stdout",
    "Redirects the output of its cell and forgets to put it back.",
    f"import io, sys\n\nsys.stdout = io.StringIO()\n\n\ndef shares(scores):{BODY}",
)
happens(
    "changes-the-folder",
    "Changes the working folder.",
    f'import os\n\nos.chdir("/tmp")\n\n\ndef shares(scores):{BODY}',
)
happens(
    "turns-warnings-into-errors",
    "Turns warnings into errors, as careful people do.",
    f"""
import warnings

warnings.simplefilter("error")
np.seterr(all="raise")


def shares(scores):{BODY}""",
)
happens(
    "seeds-the-global-generator",
    "Seeds NumPy's global generator.",
    f"np.random.seed(0)\n\n\ndef shares(scores):{BODY}",
)
happens(
    "defines-it-inside-an-if",
    "Defines the answer below `if __name__ == '__main__'`.",
    """
if __name__ == "__main__":
    def shares(scores):
        exps = np.exp(scores)
        return exps / exps.sum(axis=1, keepdims=True)""",
)
happens(
    "awaits",
    "Awaits something in its cell.",
    f"import asyncio\n\nawait asyncio.sleep(0.01)\n\n\ndef shares(scores):{BODY}",
)
happens(
    "runs-its-own-event-loop",
    "Lets a coroutine do the work.",
    f"""
async def work(scores):{BODY}


def shares(scores):
    step = work(scores)
    try:
        step.send(None)
    except StopIteration as done:
        return done.value""",
)
happens(
    "measures-its-cell",
    "Begins its cell with the magic %%time.",
    f"%%time\ndef shares(scores):{BODY}",
)
happens(
    "ends-in-an-expression",
    "Ends its cell in an expression, which is displayed.",
    f"def shares(scores):{BODY}\n\n\nshares(np.zeros((2, 3)))",
)
happens(
    "has-windows-line-ends",
    "Has the line ends of Windows.",
    f"def shares(scores):{BODY}".replace("\n", "\r\n"),
)
happens(
    "wants-a-module-that-is-missing",
    "Imports a module that is not installed, in the cell of one exercise.",
    f"import no_such_module\n\n\ndef shares(scores):{BODY}",
    "all but shares",
)
happens(
    "has-a-syntax-error",
    "Has a syntax error in one exercise.",
    "def shares(scores)\n    return scores",
    "all but shares",
)
happens(
    "is-unfinished",
    "Is unfinished in one exercise.",
    "def mix(weights, values):\n    ...",
    "all but mix",
    "mix",
)
happens(
    "used-the-name-again",
    "Uses the name of the answer for its result.",
    f"def shares(scores):{BODY}\n\n\nshares = shares(np.zeros((2, 3)))",
    "all but shares",
)
happens(
    "asserts-in-the-answer",
    "Asserts in the answer what the course has promised.",
    f'def shares(scores):\n    assert scores.ndim == 2, "a table"{BODY}',
)

HELPER = "def helper(scores):\n    return np.exp(scores)"
HELPED = """def shares(scores):
    exps = helper(scores)
    return exps / exps.sum(axis=1, keepdims=True)"""


@ATTACKS("Defines a helper in a cell of its own before the answer.", "all")
def a_helper_before_the_answer(scene):
    return with_cell(scene.notebook(shares=HELPED), HELPER, "shares")


@ATTACKS("Defines a helper in a cell of its own between answer and check.", "all")
def a_helper_after_the_answer(scene):
    return with_cell(scene.notebook(shares=HELPED), HELPER, "shares-on_paper")


@ATTACKS(
    "Defines a helper in the last cell, after the checks that need it.",
    "all but shares",
)
def a_helper_that_comes_too_late(scene):
    return at_end(scene.notebook(shares=HELPED), HELPER)


cell(
    "uses-magics",
    "Uses magics and a command of the shell.",
    "%matplotlib inline\n%timeit -n1 -r1 sum(range(9))\n!ls\n%who",
)
cell("asks-for-input", "Asks for input in a cell of its own.", 'name = input("Name? ")')
cell("fails-in-a-cell-of-its-own", "Divides by zero in a cell of its own.", "1 / 0")
cell(
    "uses-np-for-something-else",
    "Uses the name np for a number, in a later cell.",
    "np = 3",
    before="shares-at_random",
)
cell(
    "uses-np-for-something-else-before-a-check",
    "Uses the name np for a number, before the check that brings NumPy back.",
    "np = 3",
    before="shares-on_paper",
)
cell(
    "uses-our-names-for-something-else",
    "Uses the names of the course for its own.",
    "close = hint = check = answer = run = _ = 5",
    before="shares-on_paper",
)
cell(
    "tries-out-the-comparison",
    "Uses `close`, which a check has imported.",
    "close(shares(np.zeros((1, 2))), [[0.5, 0.5]])",
    before="shares-at_random",
)
cell(
    "calls-the-answer-by-hand",
    "Calls the answer and displays what comes.",
    "shares(np.zeros((2, 3)))",
    before="shares-on_paper",
)
cell(
    "resets-everything",
    "Deletes every name by %reset, before an answer.",
    "%reset -f",
    before="mix",
)
cell(
    "draws-a-figure",
    "Draws a figure in a cell of its own.",
    "import matplotlib.pyplot as plt\nplt.plot([1, 2]);",
)
cell("installs-something", "Asks pip which version it is.", "%pip --version")
cell("shows-a-table", "Displays a large table.", "print(list(range(20_000)))")


@ATTACKS("Adds cells of text and code everywhere.", "all")
def extra_cells_everywhere(scene):
    notebook = scene.notebook()
    cells = []
    for number, each in enumerate(notebook.cells):
        note = nbformat.v4.new_markdown_cell(f"Note {number}: $x^2$", id=f"n-{number}")
        code = nbformat.v4.new_code_cell(f"x{number} = {number}", id=f"c-{number}")
        cells += [each, note, code]
    notebook.cells = cells
    return notebook


@ATTACKS("Splits its answer into two cells; JupyterLab copies the metadata.", "all")
def a_split_answer(scene):
    notebook = scene.notebook(shares=HELPER)
    rest = copy.deepcopy(cell_of(notebook, "shares"))
    rest.source = HELPED
    notebook.cells.insert(place(notebook, "shares") + 1, rest)
    return notebook


@ATTACKS("Copies its answer and leaves the empty copy at the end.", "all")
def a_copied_answer(scene):
    notebook = scene.notebook()
    notebook.cells.append(copy.deepcopy(cell_of(scene.released, "shares")))
    return notebook


@ATTACKS("Deletes a check.", "all")
def a_deleted_check(scene):
    notebook = scene.notebook()
    del notebook.cells[place(notebook, "mix-by_hand")]
    return notebook


@ATTACKS("Deletes all checks, and the setup.", "all")
def all_checks_deleted(scene):
    notebook = scene.notebook()
    notebook.cells = [
        c for c in notebook.cells if c.id != "setup" and "-" not in grade_id(c)
    ]
    return notebook


@ATTACKS("Types into a check by mistake.", "all")
def a_changed_check(scene):
    notebook = scene.notebook()
    cell_of(notebook, "mix-by_hand").source += "\nasdf ("
    return notebook


@ATTACKS("Turns the cell of its answer into text by the key m.", "all")
def an_answer_as_markdown(scene):
    notebook = scene.notebook()
    mine = cell_of(notebook, "shares")
    mine.cell_type = "markdown"
    del mine["outputs"], mine["execution_count"]
    return notebook


@ATTACKS("Retypes a deleted answer in a new cell.", "all")
def a_retyped_answer(scene):
    notebook = scene.notebook()
    made = nbformat.v4.new_code_cell(RIGHT["shares"], id="retyped")
    notebook.cells[place(notebook, "shares")] = made
    return notebook


@ATTACKS("Moves the exercises into another order.", "all")
def reordered_exercises(scene):
    notebook = scene.notebook()
    first = next(i for i, c in enumerate(notebook.cells) if c.id == "mix")
    last = next(i for i, c in enumerate(notebook.cells) if c.id == "distances")
    cells = notebook.cells
    notebook.cells = [*cells[:2], *cells[last:], *cells[first:last], *cells[2:first]]
    return notebook


@ATTACKS(
    "Hands in old failures in the outputs, and the numbering of two sessions.", "all"
)
def old_outputs(scene):
    notebook = scene.notebook()
    for number, each in enumerate(checks(notebook)):
        failed = nbformat.v4.new_output(
            "error", ename="CheckFailed", evalue="not yet", traceback=["not yet"]
        )
        each.outputs, each.execution_count = [failed], 40 - 7 * number
    return notebook


@ATTACKS(
    "Comes from Colab: no cell ids, other metadata, an older minor version.", "all"
)
def from_colab(scene):
    notebook = json.loads(text(scene.notebook()))
    for number, each in enumerate(notebook["cells"]):
        del each["id"]
        each["metadata"] |= {"id": f"a{number}", "colab": {"base_uri": "https://x"}}
    notebook["nbformat_minor"] = 0
    notebook["metadata"] |= {"colab": {"provenance": []}, "accelerator": "GPU"}
    return json.dumps(notebook)


@ATTACKS(
    "Comes from another editor, which writes its own metadata and versions.", "all"
)
def from_another_editor(scene):
    notebook = scene.notebook()
    notebook.metadata.update(
        language_info={"name": "python", "version": "3.9.1", "pygments_lexer": "x"},
        kernelspec={"name": "venv", "display_name": "venv (3.9)", "language": "python"},
        vscode={"interpreter": {"hash": "0"}},
        widgets={"application/vnd.jupyter.widget-state+json": {"state": {}}},
    )
    for each in notebook.cells:
        each.metadata.update(vscode={"languageId": "python"}, collapsed=True)
    return notebook


@ATTACKS("Holds a megabyte of pictures in its outputs and texts.", "all")
def a_megabyte_of_pictures(scene):
    notebook = scene.notebook()
    picture = {"image/png": "iVBORw0KGgo" * 50_000}
    cell_of(notebook, "shares").outputs = [
        nbformat.v4.new_output("display_data", picture)
    ]
    notebook.cells.append(nbformat.v4.new_markdown_cell("![](attachment:a.png)"))
    notebook.cells[-1]["attachments"] = {"a.png": picture}
    return notebook


@ATTACKS("Opens the notebook, saves it, and hands it in.", "nothing")
def untouched_notebook(scene):
    return scene.released
