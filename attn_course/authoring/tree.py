"""Small steps on libcst trees, shared by the operators that make mutants."""

import libcst as cst


def swap(items, i: int, part: str) -> list:
    """Exchange what items i and i + 1 hold; commas and spaces stay where they are."""
    first, second = items[i : i + 2]
    mine, theirs = getattr(first, part), getattr(second, part)
    pair = [first.with_changes(**{part: theirs}), second.with_changes(**{part: mine})]
    return [*items[:i], *pair, *items[i + 2 :]]


def bracketed(node: cst.BaseExpression) -> cst.BaseExpression:
    """Return `node` in brackets, unless nothing could bind tighter."""
    if isinstance(node, cst.Name | cst.BaseNumber | cst.Call) or node.lpar:
        return node
    return node.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])


def code(node: cst.BaseExpression) -> str:
    """Return `node` as it is written."""
    return cst.Module([]).code_for_node(node)


def expression(code: str) -> cst.BaseExpression:
    """Read one expression."""
    return cst.parse_expression(code)
