"""The reference pages: what they show of a module, and signatures that can be read.

    softmax(scores: Float['...'], axis: int = -1, *, where: Bool['...'] | None = None)

The array type is left out, since a page is about NumPy or about PyTorch as a whole, and
module paths too. Aliases such as `Queries` are shown as the shape they stand for. Of a
module, only what its package exports is shown.
"""

import importlib
import inspect
import re
import types
from typing import Any, Union, get_args, get_origin

LONGEST = 76  # of a line, before each parameter gets its own


def shown(annotation: Any) -> str:
    """Write one annotation, short.

    >>> shown(float | None), shown(list[int]), shown("Cache")
    ('float | None', 'list[int]', 'Cache')
    >>> import numpy as np
    >>> from jaxtyping import Float
    >>> shown(Float[np.ndarray, "... queries keys"] | None)
    "Float['... queries keys'] | None"
    >>> from collections.abc import Callable
    >>> shown(Callable[[float, float], np.ndarray])
    'Callable[[float, float], ndarray]'
    """
    if annotation is None or annotation is types.NoneType:
        return "None"
    if isinstance(annotation, str):
        return annotation
    if hasattr(annotation, "dim_str"):  # jaxtyping's
        kind = annotation.__name__.partition("[")[0]
        return f"{kind}[{annotation.dim_str.strip()!r}]"
    parts = get_args(annotation)
    if get_origin(annotation) in (Union, types.UnionType):
        return " | ".join(map(shown, parts))
    if isinstance(annotation, list):
        return f"[{', '.join(map(shown, annotation))}]"
    if annotation is ...:
        return "..."
    origin = get_origin(annotation)
    name = getattr(origin or annotation, "__name__", str(annotation).split(".")[-1])
    return f"{name}[{', '.join(map(shown, parts))}]" if parts else name


def parameter(given: inspect.Parameter) -> inspect.Parameter:
    """Replace the annotation by its short form."""
    if given.annotation is inspect.Parameter.empty:
        return given
    return given.replace(annotation=_Text(shown(given.annotation)))


class _Text:
    """Something that `inspect` writes as it is."""

    def __init__(self, text: str):
        self.text = text

    def __repr__(self):
        return self.text


def shorten(app, what, name, thing, options, signature, returns):
    """Answer autodoc's question for the text of a signature."""
    if what not in ("function", "class", "method") or not signature:
        return None
    try:
        found = inspect.signature(thing)
    except (TypeError, ValueError):
        return None
    short = [parameter(p) for p in found.parameters.values()]
    if what in ("class", "method") and short and short[0].name == "self":
        short = short[1:]
    text = str(found.replace(parameters=short, return_annotation=found.empty))
    back = found.return_annotation
    given = None if back is found.empty or what == "class" else shown(back)
    return re.sub(r"<function (\w+) at 0x\w+>", r"\1", text), given


def entries(lines: list[str]) -> list[str]:
    """Make each source below the line "References" an item of a list.

    A source begins with the initials of an author, after a line that ended the last
    one. Unescaped, an initial would be taken for the number of an item.

    >>> given = ["A. One, 1999.", "B. Two,", "C. Two, 2000."]
    >>> print(*entries(["References", "----------", *given]), sep="\\n")
    References
    ----------
    * \\A. One, 1999.
    * \\B. Two,
      C. Two, 2000.
    """
    if "References" not in lines:
        return lines
    start = lines.index("References") + 2
    made = lines[:start]
    for before, line in zip([".", *lines[start:]], lines[start:], strict=False):
        ended = before.rstrip().endswith((".", ")"))
        first = ended and re.match(r"[A-Z]\.(-[A-Z]\.)? ", line)
        made.append(f"* \\{line}" if first else f"  {line}" if line else line)
    return made


def list_sources(app, what, name, thing, options, lines):
    """Runs on each docstring, before it is read."""
    lines[:] = entries(lines)


def skip(app, what, name, thing, already, options):
    """Leave out of a module what its package does not export."""
    module = getattr(thing, "__module__", None) or ""
    if what != "module" or not module.startswith("attn_course."):
        return None
    package = importlib.import_module(module.rpartition(".")[0])
    return already or getattr(package, name, None) is not thing


def setup(app):
    app.connect("autodoc-process-docstring", list_sources, priority=100)  # first
    app.connect("autodoc-skip-member", skip)
    app.connect("autodoc-process-signature", shorten)
