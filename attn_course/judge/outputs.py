"""What a cell shows, as outputs of a notebook in which nothing runs in a browser.

nbformat's `new_output` holds each against a schema, which takes longer than all the
rest. Here they are of that form as they are made: their content is text, whatever came.
"""

import re
from typing import Any

from nbformat import NotebookNode, from_dict

KEPT = ("text/plain", "image/png", "image/jpeg")  # nothing that a browser would run
BASE64 = re.compile(r"[A-Za-z0-9+/=\s]*")


def made(kind: str, **content: Any) -> NotebookNode:
    """Return an output of that kind; whoever makes it gives all that nbformat wants."""
    return from_dict({"output_type": kind, **content})


def append(outputs: list[NotebookNode], new: NotebookNode) -> None:
    """Add an output; text goes on where the last one of its stream stopped."""
    last = outputs[-1] if outputs else {}
    if new.output_type == "stream" and last.get("name") == new.name:
        last["text"] += new.text
    else:
        outputs.append(new)


def shown(output: NotebookNode) -> NotebookNode:
    """Return an output with nothing in it that a browser would run."""
    match output.output_type:
        case "stream":
            return printed(output.name, output.text)
        case "error":
            return raised(output.ename, output.evalue, output.traceback)
        case kind:
            return displayed(kind, output.data)


def printed(name: str, text: str) -> NotebookNode:
    """Return what was written to a stream."""
    name = "stderr" if name == "stderr" else "stdout"
    return made("stream", name=name, text=_text(text))


def raised(name: str, words: str, lines: list) -> NotebookNode:
    """Return the exception that ended a cell; of its lines, those that are text."""
    lines = [_text(line) for line in lines if isinstance(line, str)]
    return made("error", ename=_text(name), evalue=_text(words), traceback=lines)


def displayed(kind: str, data: dict) -> NotebookNode:
    """Return a `display_data` or an `execute_result`, in those forms that are kept."""
    kept = {form: _text(data[form]) for form in KEPT if _is_whole(form, data.get(form))}
    number = {"execution_count": None} if kind == "execute_result" else {}
    return made(kind, data=kept, metadata={}, **number)


def _text(words: str) -> str:
    """Return text that every file can take: with no half of a surrogate pair in it."""
    return words.encode(errors="replace").decode()


def _is_whole(form: str, what: Any) -> bool:
    """Whether it is text, and a picture's is what pictures are written in."""
    is_text = isinstance(what, str)
    return is_text and (form == "text/plain" or BASE64.fullmatch(what) is not None)
