"""Notebooks as the text that our programs hand each other: short, and as it came.

`nbformat.writes` and `reads` hold each notebook against a schema, copy it and indent it
for people to read, which takes several times as long as the rest of what is done to it.
Here nothing is checked: what is packed has been made or read by us before.
"""

import json

from nbformat import NotebookNode, v4


def packed(notebook: NotebookNode) -> str:
    """Return a notebook as JSON in one line."""
    return json.dumps(notebook, ensure_ascii=False)


def unpacked(text: str) -> NotebookNode:
    """Return the notebook of any JSON that is one, packed or written by nbformat.

    Raises
    ------
    ValueError
        If it is no JSON.
    """
    return v4.reads(text)
