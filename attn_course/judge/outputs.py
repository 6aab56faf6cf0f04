"""What a cell shows, as outputs of a notebook in which nothing runs in a browser."""

import re
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_output

KEPT = ("text/plain", "image/png", "image/jpeg")  # nothing that a browser would run
BASE64 = re.compile(r"[A-Za-z0-9+/=\s]*")


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
            name = "stderr" if output.name == "stderr" else "stdout"
            return new_output("stream", name=name, text=_text(output.text))
        case "error":
            lines = [_text(line) for line in output.traceback]
            words = {"ename": _text(output.ename), "evalue": _text(output.evalue)}
            return new_output("error", **words, traceback=lines)
        case kind:
            data = {m: _text(output.data[m]) for m in KEPT if m in output.data}
            broken = [m for m in data if m[:5] == "image" and not _is_base64(data[m])]
            return new_output(kind, {m: data[m] for m in data if m not in broken})


def _text(words: Any) -> str:
    """Return words as text that every file can take: no half of a surrogate pair."""
    return str(words).encode(errors="replace").decode()


def _is_base64(text: str) -> bool:
    return BASE64.fullmatch(text) is not None
