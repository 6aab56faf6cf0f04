"""Mutants: the answer of an exercise with one small thing changed by machine.

Only what stands between `### BEGIN SOLUTION` and `### END SOLUTION` changes. A mutant
is compiled in a copy of its module's names; no file is written, no process started.
Not covered: two changes at once, names defined outside the answer, and a mutant that
eats memory faster than its second of time.
"""

import ast
import sys
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import libcst as cst
from libcst.metadata import MetadataWrapper, PositionProvider

from attn_course.authoring.exercise import Exercise, ExerciseError
from attn_course.authoring.operators import OPERATORS, other_value_returned

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"


@dataclass(frozen=True)
class Mutant:
    """One changed answer. `line` counts in the module, `operator` made the change."""

    operator: str
    line: int
    before: str
    after: str
    source: str
    thing: Callable

    def __str__(self) -> str:
        return f"`{self.before}` → `{self.after or '(nothing)'}`"


def mutants(ex: Exercise) -> list[Mutant]:
    """Return every mutant of the answer of `ex`, each once, in the order of lines."""
    source = ex.answer.source
    seen, made = {_meaning(source)}, []
    for operator, changed in _changes(source):
        meaning = _meaning(changed)
        if meaning is None or meaning in seen:
            continue
        seen.add(meaning)
        row, before, after = _difference(source, changed)
        thing = compiled(ex, changed)
        line = ex.answer.line + row
        made.append(Mutant(operator, line, before, after, changed, thing))
    return sorted(made, key=lambda mutant: mutant.line)


def compiled(ex: Exercise, source: str) -> Callable:
    """Return what `source`, a version of the answer, defines among its module's names.

    A recursive answer calls itself: the new version, not the old one.
    """
    thing = ex.answer.thing
    home = getattr(thing, "__globals__", None) or vars(sys.modules[thing.__module__])
    names = dict(home)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a mutant may well look odd to the compiler
        code = compile(source, f"<{ex.name}>", "exec")
    exec(code, names)
    return names[ex.name]


def regions(source: str) -> list[tuple[int, int]]:
    """Return first and last line (from 1) of each solution, markers left out."""
    lines = [line.strip() for line in source.splitlines()]
    begins = [i + 2 for i, line in enumerate(lines) if line == BEGIN]
    ends = [i for i, line in enumerate(lines) if line == END]
    if len(begins) != len(ends):
        raise ExerciseError(
            f"wanted an {END} for each {BEGIN}, got {len(ends)} for {len(begins)}"
        )
    return list(zip(begins, ends, strict=True))


def _changes(source: str) -> Iterator[tuple[str, str]]:
    """Yield the name of each operator that applies, and the source it leads to."""
    wrapper = MetadataWrapper(cst.parse_module(source))
    places = wrapper.resolve(PositionProvider)
    inside = regions(source)
    names = sorted(_names(source))
    returned = (cst.Return, other_value_returned(names))
    for node, place in places.items():
        if not any(a <= place.start.line and place.end.line <= b for a, b in inside):
            continue
        for kind, operator in (*OPERATORS, returned):
            if isinstance(node, kind):
                name = operator.__name__.removeprefix("operator_").replace("_", " ")
                for changed in operator(node):
                    yield name, wrapper.module.deep_replace(node, changed).code


def _names(source: str) -> set[str]:
    """Return the parameters and local variables of the answer, `self` left out."""
    tree = ast.parse(source)
    stored = {
        node.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
    params = {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    return (stored | params) - {"self"}


def _meaning(source: str) -> str | None:
    """Return what tells one program from another, or None if it is no program."""
    try:
        return ast.dump(ast.parse(source))
    except SyntaxError:
        return None


def _difference(source: str, changed: str) -> tuple[int, str, str]:
    """Return the first line that differs (from 0), and it before and after."""
    old, new = source.splitlines(), changed.splitlines()
    row = 0
    while old[row : row + 1] == new[row : row + 1]:
        row += 1
    tail = 0
    while tail < min(len(old), len(new)) - row and old[-1 - tail] == new[-1 - tail]:
        tail += 1

    def between(lines):
        return " ".join(line.strip() for line in lines[row : len(lines) - tail])

    return row, between(old), between(new).removesuffix("pass").strip()
