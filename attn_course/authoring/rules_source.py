"""The rules on what students can read: nothing given away, nothing undefined.

Lines are compared with their spaces left out. Not covered: a solution that is told in
other words, or with other names.
"""

import ast
import builtins
import symtable
from collections.abc import Iterator

from attn_course.authoring.evidence import Evidence, blanked
from attn_course.authoring.exercise import Exercise, Part
from attn_course.authoring.mutants import regions

Problems = Iterator[tuple[int, str]]
SHORTEST = 12  # characters; `return total` gives nothing away
HEADS = ("for ", "while ", "if ", "elif ", "else", "try", "with ", "def ", "class ")
PROVIDED = {"close"}  # the notebook's first cell imports it
PACKAGE = "attn_course"


def nothing_given_away(seen: Evidence) -> Problems:
    """What students read has no line of the solution, or of a misconception."""
    ex = seen.ex
    known = _squeezed(ex.starter.source) if ex.starter else ""
    solution = [line for line in solution_lines(ex) if _squeezed(line) not in known]
    wrong = {
        line: part.name
        for part in ex.misconceptions
        for line in _body_lines(part)
        if _squeezed(line) not in known and line not in solution
    }
    for where, line_number, text in _readable(ex):
        for line in solution:
            if _squeezed(line) in _squeezed(text):
                yield (
                    line_number,
                    f"{where} gives away a line of the solution: `{line}`",
                )
        for line, name in wrong.items():
            if line in _telling(text.splitlines()):
                yield line_number, f"{where} has a line of {name}: `{line}`"


def package_stays_hidden(seen: Evidence) -> Problems:
    """Neither imports nor public checks name the package and its reference code."""
    ex = seen.ex
    if PACKAGE in ex.imports:
        yield (
            1,
            f"the imports name {PACKAGE}, whose code has the answer: import it inside "
            f"a hidden check.",
        )
    for check in ex.checks:
        if not check.hidden and PACKAGE in check.source:
            yield check.line, f"{check.name} is public and names {PACKAGE}."


def names_exist_for_students(seen: Evidence) -> Problems:
    """What travels to the notebook uses only names that exist there."""
    ex = seen.ex
    there = {*vars(builtins), *PROVIDED, *_imported(ex.imports), ex.name}
    travelling = [ex.answer, *([ex.starter] if ex.starter else []), *ex.checks]
    for part in travelling:
        known = there | {*ex.probes} if part in ex.checks else there
        for name in sorted(free_names(part.source) - known):
            yield (
                _line_of(part, name),
                f"{part.name} uses {name}, which the notebook does not have: move it "
                f"inside {part.name}.",
            )


def solution_lines(ex: Exercise) -> list[str]:
    """Return the telling lines of the solution, `return` left out."""
    lines = ex.answer.source.splitlines()
    return _telling(
        line for a, b in regions(ex.answer.source) for line in lines[a - 1 : b]
    )


def free_names(source: str) -> set[str]:
    """Return the names that `source`, one definition, needs from its surroundings."""
    table = symtable.symtable(source, "<part>", "exec")
    own = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_assigned()}
    return _globals(table) - own


def _globals(table: symtable.SymbolTable) -> set[str]:
    found = {
        symbol.get_name()
        for symbol in table.get_symbols()
        if symbol.is_referenced()
        and (symbol.is_global() or table.get_type() == "module")
    }
    return found.union(*(_globals(child) for child in table.get_children()))


def _imported(code: str) -> set[str]:
    return {
        (alias.asname or alias.name).partition(".")[0]
        for node in ast.walk(ast.parse(code))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }


def _line_of(part: Part, name: str) -> int:
    nodes = ast.walk(ast.parse(part.source))
    rows = [n.lineno for n in nodes if isinstance(n, ast.Name) and n.id == name]
    return part.line + min(rows, default=1) - 1


def _body_lines(part: Part) -> list[str]:
    """Return the telling lines of a function or class, docstring left out."""
    node = ast.parse(part.source).body[0]
    body = node.body[1:] if ast.get_docstring(node) else node.body
    first = body[0].lineno if body else node.end_lineno + 1
    return _telling(part.source.splitlines()[first - 1 :])


def _telling(lines) -> list[str]:
    plain = (line.partition("  #")[0].strip() for line in lines)
    code = (line.removeprefix("return ") for line in plain if not line.startswith("#"))
    return [c for c in code if len(c) >= SHORTEST and not c.startswith(HEADS)]


def _squeezed(text: str) -> str:
    return "".join(text.split())


def _readable(ex: Exercise) -> Iterator[tuple[str, int, str]]:
    """Yield what students can read: what it is, its line in the module, its text."""
    yield "the statement", 1, ex.statement
    yield "an import", 1, ex.imports
    yield "the answer outside its solution", ex.answer.line, blanked(ex.answer.source)
    for number, hint in enumerate(ex.hints, 1):
        yield f"hint {number}", 1, hint
    for wrong in ex.misconceptions:
        yield f"what is said of {wrong.name}", wrong.line, wrong.says
    for check in ex.checks:
        if not check.hidden:
            yield check.name, check.line, check.source
        yield f"the docstring of {check.name}", check.line, check.says
