"""Changes that matter in code over arrays: axes, masks, slices, shapes, products."""

from collections.abc import Iterator

import libcst as cst

from attn_course.authoring.tree import bracketed, code, expression, swap

PAIRS = (
    ("max", "min"),
    ("sum", "mean"),
    ("argmax", "argmin"),
    ("maximum", "minimum"),
    ("any", "all"),
    ("zeros", "ones"),
    ("zeros_like", "ones_like"),
    ("tril", "triu"),
    ("floor", "ceil"),
    ("std", "var"),
    ("logical_and", "logical_or"),
    ("repeat", "tile"),
    ("sin", "cos"),
    ("exp", "exp2"),
    ("log", "log2"),
)
TWINS = {**dict(PAIRS), **{second: first for first, second in PAIRS}}


def transpose_dropped(node: cst.Attribute) -> Iterator[cst.BaseExpression]:
    """x.T → x."""
    if node.attr.value in {"T", "mT"}:
        yield node.value


def name_exchanged(node: cst.Call) -> Iterator[cst.Call]:
    """max ↔ min, sum ↔ mean and the like, where they are called."""
    name = node.func.attr if isinstance(node.func, cst.Attribute) else node.func
    if isinstance(name, cst.Name) and name.value in TWINS:
        yield node.with_deep_changes(name, value=TWINS[name.value])


def product_by_entry(node: cst.BinaryOperation) -> Iterator[cst.BaseExpression]:
    """a @ b → a * b."""
    if isinstance(node.operator, cst.MatrixMultiply):
        yield node.with_changes(operator=cst.Multiply())


def mask_negated(node: cst.Call) -> Iterator[cst.Call]:
    """np.where(m, a, b) → np.where(~m, a, b), and where=m likewise."""
    for i, arg in enumerate(node.args):
        first = i == 0 and _attribute(node.func) == "where"
        if first or (arg.keyword and arg.keyword.value == "where"):
            flipped = cst.UnaryOperation(cst.BitInvert(), bracketed(arg.value))
            args = [*node.args[:i], arg.with_changes(value=flipped)]
            yield node.with_changes(args=[*args, *node.args[i + 1 :]])


def slice_moved(node: cst.Slice) -> Iterator[cst.Slice]:
    """x[a:b] → x[a+1:b], x[a:b-1]; x[:] → x[1:], x[:-1]; x[::s] → x[:]."""
    low = f"({code(node.lower)}) + 1" if node.lower else "1"
    high = f"({code(node.upper)}) - 1" if node.upper else "-1"
    yield node.with_changes(lower=expression(low))
    yield node.with_changes(upper=expression(high))
    if node.step:
        yield node.with_changes(step=None, second_colon=cst.MaybeSentinel.DEFAULT)


def indices_swapped(node: cst.Subscript) -> Iterator[cst.Subscript]:
    """x[:, None] → x[None, :], x[i, j] → x[j, i]."""
    for i in range(len(node.slice) - 1):
        yield node.with_changes(slice=swap(node.slice, i, "slice"))


def items_swapped(node: cst.Tuple) -> Iterator[cst.Tuple]:
    """(a, b) → (b, a): shapes, axes, returned pairs."""
    for i in range(len(node.elements) - 1):
        yield node.with_changes(elements=swap(node.elements, i, "value"))


def letters_swapped(node: cst.SimpleString) -> Iterator[cst.SimpleString]:
    """ "qd,kd->qk" → "qd,dk->qk": the last two axes of one operand of einsum."""
    if "->" not in node.value:
        return
    terms = node.raw_value.replace("->", ",").split(",")
    for i, term in enumerate(terms):
        if term[-2:].isalpha() and len(term[-2:]) == 2:
            new = [*terms[:i], term[:-2] + term[-1] + term[-2], *terms[i + 1 :]]
            yield cst.SimpleString(f'"{",".join(new[:-1])}->{new[-1]}"')


ARRAY_OPERATORS = (
    (cst.Call, name_exchanged),
    (cst.Call, mask_negated),
    (cst.Attribute, transpose_dropped),
    (cst.BinaryOperation, product_by_entry),
    (cst.Slice, slice_moved),
    (cst.Subscript, indices_swapped),
    (cst.Tuple, items_swapped),
    (cst.SimpleString, letters_swapped),
)


def _attribute(func: cst.BaseExpression) -> str:
    return func.attr.value if isinstance(func, cst.Attribute) else ""
