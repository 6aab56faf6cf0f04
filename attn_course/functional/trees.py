"""Trees: the parameters of a model, however they are nested.

A tree is an array, or None for nothing, or a dict, list, tuple or named tuple of trees.
Parameters, their gradients and what an optimiser remembers of them are trees of one
form, so one line can update a whole model.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

Tree = Any  # dicts, lists and tuples, of arrays or None


def tree_map(function: Callable[..., Any], tree: Tree, *others: Tree) -> Tree:
    """Return a tree of the same form, with the function's value in each array's place.

    The function gets one array of each tree, those that stand at the same place. Where
    there is None it is not called, and the result is None.

    Raises
    ------
    ValueError
        If the trees are not of one form. Shapes of arrays are not compared.

    Examples
    --------
    >>> import numpy as np
    >>> tree_map(np.size, {"head": [np.ones((2, 3)), None], "out": np.ones(4)})
    {'head': [6, None], 'out': 4}
    """
    form = _form(tree)
    for other in others:
        if _form(other) != form:
            raise ValueError(
                f"tree_map: wanted trees of one form, "
                f"got {_say(tree)} and {_say(other)}"
            )
    if tree is None:
        return None
    if isinstance(tree, dict):
        return {
            key: tree_map(function, part, *(other[key] for other in others))
            for key, part in tree.items()
        }
    if isinstance(tree, list | tuple):
        zipped = zip(tree, *others, strict=True)
        parts = [tree_map(function, *together) for together in zipped]
        kind = type(tree)
        return kind._make(parts) if hasattr(kind, "_make") else kind(parts)
    return function(tree, *others)


def tree_leaves(tree: Tree) -> list[np.ndarray]:
    """Return all arrays of a tree, in order.

    Raises
    ------
    ValueError
        If there is anything but arrays, None, dicts, lists and tuples.

    Examples
    --------
    >>> import numpy as np
    >>> tree = {"a": np.ones(3), "b": [np.ones(2), None]}
    >>> sum(leaf.size for leaf in tree_leaves(tree))
    5
    """
    leaves = []
    tree_map(leaves.append, tree)
    return leaves


def _form(tree):
    """Return what two trees must have in common at their roots."""
    if isinstance(tree, dict):
        return dict, frozenset(tree)
    if isinstance(tree, list | tuple):
        return type(tree), len(tree)
    if tree is None or isinstance(tree, np.ndarray):
        return tree is None
    raise ValueError(
        f"tree_map: wanted arrays, None, dicts, lists or tuples, "
        f"got {type(tree).__name__}"
    )


def _say(tree):
    if isinstance(tree, dict):
        return f"a dict of {', '.join(map(str, tree)) or 'nothing'}"
    if isinstance(tree, list | tuple):
        return f"a {type(tree).__name__} of {len(tree)}"
    return "None" if tree is None else "an array"
