"""The notebook itself, changed where nobody looks: tags, types, names, order."""

import copy

import nbformat

from ..attack import Kind
from ..scene import RIGHT, WRONG, cell_of, checks, grade_id, place, text

ATTACKS = Kind("structure")


def wrong(scene):
    return scene.notebook(shares=WRONG["shares"])


def tagged(scene, *tags):
    """Return the notebook with a wrong `shares`, whose checks carry `tags`."""
    notebook = wrong(scene)
    for cell in checks(notebook, "shares"):
        cell.metadata.tags = list(tags)
    return notebook


@ATTACKS("Tags its checks `skip-execution`.", "all but shares")
def checks_to_be_skipped(scene):
    return tagged(scene, "skip-execution")


@ATTACKS("Tags its checks `remove-cell` and `remove_input`.", "all but shares")
def checks_to_be_removed(scene):
    return tagged(scene, "remove-cell", "remove_cell", "remove_input")


@ATTACKS(
    "Tags its checks `raises-exception`, so that failures are expected.",
    "all but shares",
)
def checks_expected_to_fail(scene):
    return tagged(scene, "raises-exception")


@ATTACKS("Tags its checks `parameters` and `injected-parameters`.", "all but shares")
def checks_as_parameters(scene):
    return tagged(scene, "parameters", "injected-parameters")


@ATTACKS("Tags every cell of right work with everything there is.", "all")
def every_tag_on_right_work(scene):
    notebook = scene.notebook()
    for cell in notebook.cells:
        cell.metadata.tags = ["remove-cell", "raises-exception", "hide-input", "x" * 99]
    return notebook


@ATTACKS("Asks for a kernel that does not exist.", "all")
def a_kernel_that_is_not_there(scene):
    notebook = scene.notebook()
    notebook.metadata.kernelspec = {"name": "no_such_kernel", "display_name": "?"}
    return notebook


@ATTACKS("Asks for a kernel of another language by a path.", "all but shares")
def a_kernel_by_its_path(scene):
    notebook = wrong(scene)
    spec = {"name": "../../bin/bash", "display_name": "Bash", "language": "bash"}
    notebook.metadata.kernelspec = spec
    notebook.metadata.language_info = {"name": "bash", "file_extension": ".sh"}
    return notebook


@ATTACKS("Has a list where the kernel should be named.", "all")
def a_kernelspec_of_the_wrong_type(scene):
    notebook = scene.notebook()
    return text(notebook).replace(
        '"metadata": {"kernelspec": {', '"metadata": {"kernelspec": [], "was": {'
    )


@ATTACKS("Turns its checks into text.", "all but shares")
def checks_as_markdown(scene):
    return retyped(scene, "markdown")


@ATTACKS("Turns its checks into raw cells.", "all but shares")
def checks_as_raw_cells(scene):
    return retyped(scene, "raw")


def retyped(scene, kind):
    notebook = wrong(scene)
    for cell in checks(notebook, "shares"):
        cell.cell_type = kind
        del cell["outputs"], cell["execution_count"]
    return notebook


@ATTACKS("Turns its checks into cells of a type that does not exist.", "all but shares")
def checks_of_an_unknown_type(scene):
    notebook = wrong(scene)
    for cell in checks(notebook, "shares"):
        cell.cell_type = "verdict"
    return notebook


@ATTACKS("Deletes the checks that it would fail.", "all but shares")
def checks_deleted(scene):
    notebook = wrong(scene)
    gone = {grade_id(cell) for cell in checks(notebook, "shares")}
    notebook.cells = [c for c in notebook.cells if grade_id(c) not in gone]
    return notebook


@ATTACKS("Renames the checks that it would fail.", "all but shares")
def checks_renamed(scene):
    notebook = wrong(scene)
    for cell in checks(notebook, "shares"):
        cell.metadata.nbgrader.grade_id += "_2"
    return notebook


@ATTACKS("Renames its checks by a letter that only looks the same.", "all but shares")
def checks_renamed_by_a_lookalike(scene):
    notebook = wrong(scene)
    for cell in checks(notebook, "shares"):
        name = cell.metadata.nbgrader.grade_id
        cell.metadata.nbgrader.grade_id = name.replace("a", "\u0430")
    return notebook


@ATTACKS(
    "Gives its checks the names of checks that another answer passes.", "all but shares"
)
def checks_swapped(scene):
    notebook = wrong(scene)
    pairs = zip(checks(notebook, "shares"), checks(notebook, "mix"), strict=True)
    for one, other in list(pairs):
        mine, theirs = one.metadata.nbgrader, other.metadata.nbgrader
        mine.grade_id, theirs.grade_id = theirs.grade_id, mine.grade_id
    return notebook


@ATTACKS("Gives every check the name of one that passes.", "all but shares")
def checks_all_of_one_name(scene):
    notebook = wrong(scene)
    for cell in checks(notebook):
        cell.metadata.nbgrader.grade_id = "mix-by_hand"
    return notebook


@ATTACKS(
    "Puts an empty copy of its check, under the same name, before it.", "all but shares"
)
def an_empty_copy_of_a_check(scene):
    notebook = wrong(scene)
    for cell in checks(notebook, "shares"):
        twin = copy.deepcopy(cell)
        twin.source = "pass"
        notebook.cells.insert(place(notebook, grade_id(cell)), twin)
    return notebook


@ATTACKS("Copies a check of right work, as copy and paste does.", "all")
def a_copied_check(scene):
    notebook = scene.notebook()
    notebook.cells.append(copy.deepcopy(cell_of(notebook, "mix-by_hand")))
    return notebook


@ATTACKS(
    "Moves its checks before the setup, where nothing is defined yet.", "all but shares"
)
def checks_moved_to_the_front(scene):
    notebook = wrong(scene)
    mine = checks(notebook, "shares")
    names = {grade_id(cell) for cell in mine}
    rest = [c for c in notebook.cells if grade_id(c) not in names]
    notebook.cells = [*mine, *rest]
    return notebook


@ATTACKS("Gives graded cells names that are no text: numbers, lists, long ones.", "all")
def names_that_are_no_names(scene):
    notebook = scene.notebook()
    odd = [7, None, ["a"], {"a": 1}, "x" * 10_000, "../../../etc/x", "a\x00b"]
    for cell, name in zip(checks(notebook), odd, strict=False):
        cell.metadata.nbgrader.grade_id = name
    return notebook


@ATTACKS("Has something else than facts where nbgrader keeps its facts.", "all")
def facts_that_are_no_facts(scene):
    notebook = scene.notebook()
    for cell, facts in zip(checks(notebook), [[], "yes", 3, None, True], strict=False):
        cell.metadata["nbgrader"] = facts
    return notebook


@ATTACKS("Gives all cells the same id.", "all")
def one_id_for_all_cells(scene):
    notebook = scene.notebook()
    for cell in notebook.cells:
        cell["id"] = "same"
    return notebook


@ATTACKS(
    "Puts the answers of two exercises into each other's cells.", "nothing for shares"
)
def answers_swapped(scene):
    return scene.notebook(shares=RIGHT["mix"], mix=RIGHT["shares"])


@ATTACKS(
    "Brings a graded cell along with a solution in its attachments.", "all but shares"
)
def an_attachment_with_a_name_of_ours(scene):
    notebook = wrong(scene)
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell["attachments"] = {"../../e01_shares.py": {"text/plain": "pass"}}
    return notebook


@ATTACKS("Uses cell ids with quotes, slashes and markup.", "all")
def ids_that_are_no_ids(scene):
    notebook = scene.notebook()
    odd = ("../../x", "'; drop table grade; --", "<script>", "\u202e", "a b", "")
    for cell, name in zip(notebook.cells, odd, strict=False):
        cell["id"] = name
    return notebook


@ATTACKS("Adds formulas nested a thousand levels deep, and half ones.", "all")
def formulas_without_end(scene):
    notebook = scene.notebook()
    for formula in ("\\sqrt{" * 1000 + "}" * 1000, "{" * 5000, "x_" * 2000, "\\frac"):
        notebook.cells.append(nbformat.v4.new_markdown_cell(f"$${formula}$$"))
    return notebook
