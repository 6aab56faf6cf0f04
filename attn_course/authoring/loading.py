"""Read an exercise: one Python module, sorted by its marks and found complete.

Everything that can be said about a module without running its checks is said here,
with file and line, before anything is written anywhere.
"""

import ast
import importlib.util
import inspect
import re
import sys
import traceback
from pathlib import Path
from typing import NamedTuple

from attn_course.authoring.completeness import only, require, require_complete
from attn_course.authoring.exercise import (
    Check,
    Exercise,
    ExerciseError,
    Misconception,
    Part,
)


class Place(NamedTuple):
    """Where a definition stands: line of its first decorator, of its `def`, text."""

    first: int
    line: int
    source: str


def load(path: Path) -> Exercise:
    """Import the exercise at `path` and sort its parts by their marks.

    Raises
    ------
    ExerciseError
        If the module cannot be imported or is not a complete exercise.
    """
    path = Path(path)
    tree, lines = _parse(path)
    module = _import(path)
    sources = _sources(tree, lines)
    parts = _parts(path, module, sources)
    marked = {part.name for role in parts.values() for part in role}
    free = {n: s[0].source for n, s in sources.items() if n not in marked}
    probes = {n for n in free if hasattr(getattr(module, n), "is_probe")}
    about = getattr(module, "__about__", None)
    require(about, path, 1, "no exercise(level=…, minutes=…, hints=…)")
    statement = inspect.cleandoc(module.__doc__ or "")
    made = Exercise(
        path=path,
        title=statement.partition("\n")[0].lstrip("# "),
        statement=statement,
        level=about["level"],
        minutes=about["minutes"],
        hints=about["hints"],
        shows_inputs=about["shows_inputs"],
        imports="\n".join(_imports(tree, lines)),
        helpers={n: source for n, source in free.items() if n not in probes},
        probes={n: source for n, source in free.items() if n in probes},
        answer=only(parts["answer"], path, "answer"),
        starter=next(iter(parts["starter"]), None),
        inputs=only(parts["inputs"], path, "inputs").thing,
        alternatives=tuple(parts["alternative"]),
        checks=tuple(parts["check"]),
        misconceptions=tuple(parts["misconception"]),
    )
    require_complete(made, about["line"], lines)
    return made


def load_chapter(folder: Path) -> list[Exercise]:
    """Return the exercises of one chapter by file name, with no name used twice."""
    folder = Path(folder)
    found = [load(path) for path in sorted(folder.glob("e[0-9]*.py"))]
    if not found:
        raise ExerciseError(
            f"{folder}: no exercise here; wanted files like e01_name.py"
        )
    seen: dict[str, Exercise] = {}
    for made in found:
        other = seen.setdefault(made.name, made)
        require(
            other is made,
            made.path,
            made.answer.line,
            f"the answer is called {made.name}, as in {other.path.name}; "
            f"names must differ within a chapter",
        )
    return found


def _parse(path: Path) -> tuple[ast.Module, list[str]]:
    try:
        raw = path.read_bytes()
        text = re.sub("\r\n?", "\n", raw.decode("utf8"))
        nul = text.find("\0")
        require(nul < 0, path, 1 + text.count("\n", 0, nul), "a NUL byte")
        return ast.parse(text), text.split("\n")
    except UnicodeDecodeError as error:
        line = 1 + raw.count(b"\n", 0, error.start)
        message = f"byte 0x{raw[error.start]:02x} is not UTF-8"
        raise ExerciseError(f"{path}:{line}: {message}") from error
    except SyntaxError as error:
        raise ExerciseError(f"{path}:{error.lineno or 1}: {error.msg}") from error
    except OSError as error:
        raise ExerciseError(f"{path}: {error.strerror}") from error


def _import(path: Path):
    name = f"exercise_{path.parent.name}_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # so that inspect finds the source of its classes
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        what = f"{type(error).__name__}: {error}"
        raise ExerciseError(f"{path}:{_line_of(error, path)}: {what}") from error
    return module


def _line_of(error: BaseException, path: Path) -> int:
    """The last line of the module that was running; 1 if none was."""
    if isinstance(error, SyntaxError) and error.filename == str(path):
        return error.lineno or 1
    steps = traceback.walk_tb(error.__traceback__)
    lines = [line for frame, line in steps if frame.f_code.co_filename == str(path)]
    return lines[-1] if lines else 1


def _sources(tree: ast.Module, lines: list[str]) -> dict[str, list[Place]]:
    """Map each top-level definition to its places, decorators left out of the text."""
    found: dict[str, list[Place]] = {}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            end = node.end_lineno
            while end < len(lines) and re.match(r"\s{4,}#", lines[end]):
                end += 1  # comments below the last statement belong to it
            kept = lines[node.lineno - 1 : end]
            body = "\n".join(re.sub(r"\s*# noqa.*", "", line) for line in kept)
            first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
            place = Place(first, node.lineno, body)
            found.setdefault(node.name, []).append(place)
    return found


def _parts(path: Path, module, sources) -> dict[str, list[Part]]:
    """Sort what is marked by role, in the order of the file."""
    roles = ("answer", "starter", "inputs", "alternative", "check", "misconception")
    parts: dict[str, list[Part]] = {role: [] for role in roles}
    notes = vars(module).get("__parts__", [])
    places = _places(path, notes, sources)
    checks = [thing for thing, role, _, _ in notes if role == "check"]
    for (thing, role, facts, _), place in zip(notes, places, strict=True):
        says = inspect.getdoc(thing) or ""
        part = (thing.__name__, thing, place.source, place.line, says)
        match role:
            case "check":
                parts[role].append(Check(*part, **facts))
            case "misconception":
                named = facts["caught_by"]
                known = any(named is check for check in checks)
                message = f"caught_by={named!r} is not a check"
                require(known, path, place.line, message)
                parts[role].append(Misconception(*part, caught_by=named.__name__))
            case _:
                parts[role].append(Part(*part))
    return parts


def _places(path: Path, notes, sources) -> list[Place]:
    """Find the definition each mark decorates: one mark each, no name used twice."""
    roles: dict[Place, str] = {}
    for thing, role, _, line in notes:
        name = getattr(thing, "__name__", repr(thing))
        here = [p for p in sources.get(name, []) if p.first <= line < p.line]
        message = f"@{role} must decorate a def or class at top level, got {name}"
        require(here, path, line, message)
        other = roles.get(here[0])
        message = f"{name} has two marks: @{other} and @{role}"
        require(other is None, path, line, message)
        roles[here[0]] = role
    for name, places in sources.items():
        here = sorted(roles.get(place, "") for place in places)
        require(
            len(places) == 1 or here == ["answer", "starter"],
            path,
            places[-1].line,
            f"{name} is defined twice, first in line {places[0].line}",
        )
    return list(roles)


def _imports(tree: ast.Module, lines: list[str]):
    """Yield the import lines a student needs, which never include the authoring."""
    for node in tree.body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            module = getattr(node, "module", "") or ""
            if not module.startswith(("attn_course.authoring", "attn_course.grading")):
                yield "\n".join(lines[node.lineno - 1 : node.end_lineno])
