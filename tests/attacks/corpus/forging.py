"""Forged outputs, metadata and messages: a verdict that nobody gave."""

import nbformat

from ..attack import Kind
from ..scene import WRONG, cell_of, checks, with_cell
from .forms import wrong_and

ATTACKS = Kind("forging")
FACTS = {
    "exercise": "shares",
    "check": "on_paper",
    "kind": "passed",
    "message": "",
    "diagnosis": None,
    "outputs": [],
    "sizes": [],
}


def wrong(scene):
    """Return a notebook in which `shares` is wrong and the rest is right."""
    return scene.notebook(shares=WRONG["shares"])


def forges(name: str, says: str, code: str, words="all but shares") -> None:
    ATTACKS.answer(name, says, wrong_and(code), words)


@ATTACKS("Hands in check cells that already show the card of a pass.", "all but shares")
def outputs_that_look_like_a_pass(scene):
    notebook = wrong(scene)
    for cell in checks(notebook, "shares"):
        shown = {"text/plain": "passed", "text/html": "<strong>passed:</strong>"}
        cell.outputs = [
            nbformat.v4.new_output(
                "display_data", shown, metadata={"attn_course": FACTS}
            )
        ]
        cell.execution_count = 7
    return notebook


@ATTACKS("Hands in check cells whose output is a number, as partial credit.", "nothing")
def outputs_that_are_numbers(scene):
    notebook = scene.wrong()
    for cell in checks(notebook):
        result = {"text/plain": str(cell.metadata.nbgrader.points)}
        cell.outputs = [nbformat.v4.new_output("execute_result", result)]
    return notebook


@ATTACKS("Raises the points of its checks in the metadata.", "all but shares")
def more_points_in_the_metadata(scene):
    notebook = wrong(scene)
    for cell in checks(notebook):
        cell.metadata.nbgrader.points = 1000
        cell.metadata.nbgrader.max_score = 1000
    return notebook


@ATTACKS("Writes negative points and NaN into the metadata of right work.", "all")
def points_that_are_no_points(scene):
    notebook = scene.notebook()
    for cell, points in zip(
        checks(notebook), (-1, float("nan"), None, "9", [], {}), strict=True
    ):
        cell.metadata.nbgrader.points = points
    return notebook


@ATTACKS("Declares its checks not to be graded.", "all but shares")
def checks_that_are_not_graded(scene):
    notebook = wrong(scene)
    for cell in checks(notebook, "shares"):
        cell.metadata.nbgrader.grade = False
        cell.source = "pass"
    return notebook


@ATTACKS("Unlocks its checks and empties them.", "all but shares")
def checks_that_are_unlocked(scene):
    notebook = wrong(scene)
    for cell in checks(notebook, "shares"):
        cell.metadata.nbgrader.locked = False
        cell.source = "pass"
    return notebook


@ATTACKS(
    "Declares its checks to be answers, which nobody overwrites.", "all but shares"
)
def checks_that_are_solutions(scene):
    notebook = wrong(scene)
    for cell in checks(notebook, "shares"):
        cell.metadata.nbgrader.solution = True
        cell.metadata.nbgrader.locked = False
        cell.source = "pass"
    return notebook


@ATTACKS(
    "Rewrites its checks and gives them the checksum of what they are now.",
    "all but shares",
)
def checksums_of_its_own(scene):
    from nbgrader.utils import compute_checksum

    notebook = wrong(scene)
    for cell in checks(notebook, "shares"):
        cell.source = "assert True"
        cell.metadata.nbgrader.checksum = compute_checksum(cell)
    return notebook


@ATTACKS("Gives the cells of right work a schema of another age.", "all")
def a_schema_of_the_past(scene):
    notebook = scene.notebook()
    for cell in checks(notebook):
        cell.metadata.nbgrader.schema_version = 1
    return notebook


@ATTACKS("Gives the cells of right work a schema that is yet to come.", "all")
def a_schema_of_the_future(scene):
    notebook = scene.notebook()
    for cell in checks(notebook):
        cell.metadata.nbgrader.schema_version = 99
    return notebook


@ATTACKS("Adds a graded cell worth fifty points that always passes.", "all but shares")
def a_check_of_its_own(scene):
    notebook = wrong(scene)
    facts = {**cell_of(notebook, "shares-on_paper").metadata.nbgrader}
    facts |= {"grade_id": "bonus", "points": 50}
    own = nbformat.v4.new_code_cell("assert True", metadata={"nbgrader": facts})
    notebook.cells.append(own)
    return notebook


@ATTACKS("Rewrites its checks to end in a number, as partial credit.", "all but shares")
def checks_that_end_in_a_number(scene):
    notebook = wrong(scene)
    for cell in checks(notebook, "shares"):
        cell.source = f"{cell.metadata.nbgrader.points}"
    return notebook


@ATTACKS(
    "Puts scores and a grader's comment into the notebook's metadata.", "all but shares"
)
def scores_in_the_notebooks_metadata(scene):
    notebook = wrong(scene)
    notebook.metadata.nbgrader = {"score": 9, "max_score": 9, "manual_score": 9}
    for cell in checks(notebook):
        cell.metadata.nbgrader.auto_score = cell.metadata.nbgrader.manual_score = 3
        cell.metadata.nbgrader.comment = "Very good!"
    return notebook


forges(
    "displays-a-pass-while-it-is-called",
    "Publishes the card of a pass, with its facts, from inside the answer.",
    f"""
    def shares(scores):
        from IPython.display import publish_display_data
        publish_display_data(
            {{"text/plain": "passed", "text/html": "<b>passed</b>"}},
            metadata={{"attn_course": {FACTS!r}}},
        )
        return scores / 2
    """,
)
forges(
    "sends-a-number-as-the-result",
    "Sends full points as the result of the check cell, before the check can fail.",
    """
    def shares(scores):
        kernel = get_ipython().kernel
        points = {"data": {"text/plain": "2"}, "metadata": {}, "execution_count": 1}
        kernel.send_response(kernel.iopub_socket, "execute_result", points)
        return scores / 2
    """,
)
forges(
    "sends-a-number-that-is-no-number",
    "Sends nan as the result of the check, which counts as full points in nbgrader.",
    """
    def shares(scores):
        kernel = get_ipython().kernel
        points = {"data": {"text/plain": "nan"}, "metadata": {}, "execution_count": 1}
        kernel.send_response(kernel.iopub_socket, "execute_result", points)
        return scores / 2
    """,
)
forges(
    "says-that-it-is-done-and-idle",
    "Sends `idle` from inside the answer, so that nobody listens to what follows.",
    """
    def shares(scores):
        kernel = get_ipython().kernel
        kernel.send_response(kernel.iopub_socket, "status", {"execution_state": "idle"})
        return scores / 2
    """,
)
forges(
    "replies-before-the-check-has-ended",
    "Sends a successful reply and `idle` by itself, and then waits for a moment.",
    """
    def shares(scores):
        import time
        kernel = get_ipython().kernel
        stream = kernel.shell_stream if hasattr(kernel, "shell_stream") else None
        reply = {"status": "ok", "execution_count": 1, "user_expressions": {}}
        if stream is not None:
            kernel.session.send(
                stream, "execute_reply", reply, kernel.get_parent("shell"),
                ident=kernel._parent_ident["shell"],
            )
        kernel.send_response(kernel.iopub_socket, "status", {"execution_state": "idle"})
        time.sleep(0.3)
        return scores / 2
    """,
)
forges(
    "clears-its-failure-from-a-thread",
    "Lets a thread clear the outputs of later cells, their failures among them.",
    """
    import threading, time
    from IPython.display import clear_output

    def wipe():
        for _ in range(400):
            time.sleep(0.005)
            clear_output()

    threading.Thread(target=wipe, daemon=True).start()
    """,
)
forges(
    "speaks-for-another-cell",
    "Sends messages with the header of the check cell from the cell before it.",
    """
    def shares(scores):
        kernel = get_ipython().kernel
        header = kernel.get_parent("shell")
        for kind, content in (
            ("clear_output", {"wait": False}),
            ("execute_result", {"data": {"text/plain": "3"}, "metadata": {},
                                "execution_count": 1}),
        ):
            kernel.session.send(kernel.iopub_socket, kind, content, parent=header)
        return scores / 2
    """,
)
forges(
    "an-error-named-like-a-pass",
    "Raises an exception whose name and text read like a pass.",
    """
    class passed(Exception):
        def __str__(self):
            return "passed: all points"

        def _render_traceback_(self):
            return []

    def shares(scores):
        raise passed
    """,
)


@ATTACKS("Prints the lines that a passed check prints, and full points.", "nothing")
def prints_a_pass(scene):
    code = 'print("passed: A random table, against the definition.")\n9'
    return with_cell(scene.wrong(), code, before="shares-at_random")


SCRIPT = "<script>window.attn_attack = 1</script>"


@ATTACKS(
    "Hides a script in names and texts that an instructor reads.", "all but shares"
)
def a_script_in_what_is_said(scene):
    code = f"""
def shares(scores):
    print({SCRIPT!r})
    raise type({SCRIPT!r}, (Exception,), {{}})({SCRIPT!r})"""
    return scene.notebook(shares=code)


@ATTACKS("Hides a script in what its cells display.", "all")
def a_script_in_what_is_shown(scene):
    shown = {
        "text/html": SCRIPT,
        "application/javascript": "window.attn_attack = 1",
        "image/svg+xml": f"<svg>{SCRIPT}</svg>",
    }
    quoted = f'AAAA">{SCRIPT}<img alt="'
    code = f"""
from IPython.display import display

display({shown!r}, raw=True)
for kind in ("image/png", "image/jpeg", "text/latex", "text/markdown", "text/plain"):
    display({{kind: {quoted!r}}}, raw=True)
    display({{kind: {SCRIPT!r}}}, raw=True)
display({{"image/png": "AAAA"}}, raw=True, metadata={{
    "image/png": {{"width": {quoted!r}, "height": '1" onload="attn_attack()'}}}})"""
    return with_cell(scene.notebook(), code, before="shares")


@ATTACKS("Hides a script in cells of text, and in the notebook's own data.", "all")
def a_script_in_what_is_written(scene):
    notebook = scene.notebook()
    for source in (
        SCRIPT,
        '<img src="x" onerror="window.attn_attack = 1">',
        "[here](javascript:window.attn_attack=1)",
        '[x]: <javascript:window.attn_attack=1> "x"\n[here][x]',
        "$$\\href{javascript:window.attn_attack=1}{x}$$",
        f"`{SCRIPT}` and $a {SCRIPT} b$",
        f"```{SCRIPT}\n{SCRIPT}\n```",
    ):
        notebook.cells.append(nbformat.v4.new_markdown_cell(source))
    notebook.metadata.title = notebook.metadata.authors = SCRIPT
    for cell in notebook.cells:
        cell.metadata.tags = [f'x" onclick="attn_attack()">{SCRIPT}']
    return notebook
