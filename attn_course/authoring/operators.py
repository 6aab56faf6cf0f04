"""Small changes of code: what a mutant of an answer differs in.

Each operator takes one node of the syntax tree and yields changed nodes in its
place. Some come from mutmut; those for arrays are in a file of their own. Left out of
mutmut's are changes that only ever crash (a value set to None, a string spoilt): any
check at all rejects those, so they would flatter the checks.
"""

from collections.abc import Iterable, Iterator

import libcst as cst
from mutmut.mutation import mutators as library

from attn_course.authoring.array_operators import ARRAY_OPERATORS
from attn_course.authoring.tree import bracketed, code, expression, swap

MODULES = {"np", "numpy", "math"}
COMMUTE = cst.Add | cst.Multiply | cst.BitAnd | cst.BitOr  # swapping changes nothing
REVERSED = {
    cst.LessThan: cst.GreaterThanEqual,
    cst.LessThanEqual: cst.GreaterThan,
    cst.GreaterThan: cst.LessThanEqual,
    cst.GreaterThanEqual: cst.LessThan,
}


def argument_dropped(node: cst.Call) -> Iterator[cst.Call]:
    """f(a, b) → f(b), f(a): mutmut's, without its replacements by None."""
    for changed in library.operator_arg_removal(node):
        if len(changed.args) < len(node.args):
            yield changed


def argument_left_to_default(node: cst.Call) -> Iterator[cst.Call]:
    """x.sum(axis=-1) → x.sum(): an axis is not given."""
    if len(node.args) == 1 and node.args[0].keyword:
        yield node.with_changes(args=[])


def arguments_swapped(node: cst.Call) -> Iterator[cst.Call]:
    """f(a, b) → f(b, a), for neighbours given by place."""
    for i in range(len(node.args) - 1):
        first, second = node.args[i : i + 2]
        if not (first.keyword or second.keyword or first.star or second.star):
            yield node.with_changes(args=swap(node.args, i, "value"))


def call_dropped(node: cst.Call) -> Iterator[cst.BaseExpression]:
    """np.sqrt(x) → x, np.swapaxes(x, -1, -2) → x, x.max(axis=-1) → x."""
    if _from_module(node.func) or isinstance(node.func, cst.Name):
        skip = isinstance(node.func, cst.Name) and node.func.value in {"range", "len"}
        if node.args and not node.args[0].star and not skip:
            yield bracketed(node.args[0].value)
    elif isinstance(node.func, cst.Attribute):
        yield node.func.value


def operand_dropped(node: cst.BinaryOperation) -> Iterator[cst.BaseExpression]:
    """x / s → x, x - m → x, a * b → a, b, x ** 0.5 → x."""
    yield node.left
    if isinstance(node.operator, COMMUTE | cst.MatrixMultiply):
        yield node.right


def operands_swapped(node: cst.BinaryOperation) -> Iterator[cst.BaseExpression]:
    """a - b → b - a, and the same of @ / ** //."""
    if not isinstance(node.operator, COMMUTE):
        left, right = bracketed(node.right), bracketed(node.left)
        yield node.with_changes(left=left, right=right)


def constant_changed(node: cst.BaseNumber) -> Iterator[cst.BaseExpression]:
    """1 → 0, one less (mutmut adds one): with a sign in front, other axes too."""
    if isinstance(node, cst.Integer | cst.Float):
        value = node.evaluated_value
        if value:
            yield node.with_changes(value=repr(type(value)(0)))
        yield expression(f"({value - 1!r})")


def comparison_reversed(node: cst.ComparisonTarget) -> Iterator[cst.CSTNode]:
    """< → >=, and so on: the opposite, where mutmut moves the boundary."""
    if type(node.operator) in REVERSED:
        yield node.with_changes(operator=REVERSED[type(node.operator)]())


def condition_negated(node: cst.If) -> Iterator[cst.If]:
    """if c: → if not (c):."""
    yield node.with_changes(test=cst.UnaryOperation(cst.Not(), bracketed(node.test)))


def sign_flipped(node: cst.Return) -> Iterator[cst.Return]:
    """return x → return -x."""
    if node.value is not None and not isinstance(node.value, cst.Tuple):
        minus = cst.UnaryOperation(cst.Minus(), bracketed(node.value))
        yield node.with_changes(value=minus)


def range_shortened(node: cst.Call) -> Iterator[cst.BaseExpression]:
    """range(n) → range(n - 1), range(1, n)."""
    if isinstance(node.func, cst.Name) and node.func.value == "range":
        given = [code(arg.value) for arg in node.args]
        if len(given) == 1:
            yield expression(f"range({given[0]} - 1)")
            yield expression(f"range(1, {given[0]})")


def statement_dropped(node: cst.SimpleStatementLine) -> Iterator[cst.CSTNode]:
    """A line is left out, unless it returns or raises."""
    if not isinstance(node.body[0], cst.Return | cst.Raise | cst.Pass):
        yield node.with_changes(body=[cst.Pass()])


def block_dropped(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """A loop or an if is left out, with all that is in it."""
    yield cst.SimpleStatementLine([cst.Pass()])


def other_value_returned(names: Iterable[str]):
    """Return the operator for `return …` → `return name`, for each of `names`."""

    def intermediate_returned(node: cst.Return) -> Iterator[cst.Return]:
        for name in names:
            yield node.with_changes(value=cst.Name(name))

    return intermediate_returned


OPERATORS = (
    (cst.BaseNumber, library.operator_number),
    (cst.BaseNumber, constant_changed),
    (cst.Name, library.operator_name),
    (cst.UnaryOperation, library.operator_remove_unary_ops),
    (cst.CSTNode, library.operator_swap_op),
    (cst.CSTNode, library.operator_keywords),
    (cst.AugAssign, library.operator_augmented_assignment),
    (cst.IfExp, library.operator_if_exp),
    (cst.Call, argument_dropped),
    (cst.Call, argument_left_to_default),
    (cst.Call, arguments_swapped),
    (cst.Call, call_dropped),
    (cst.Call, range_shortened),
    (cst.BinaryOperation, operand_dropped),
    (cst.BinaryOperation, operands_swapped),
    (cst.ComparisonTarget, comparison_reversed),
    (cst.If, condition_negated),
    (cst.Return, sign_flipped),
    (cst.SimpleStatementLine, statement_dropped),
    (cst.If | cst.For | cst.While, block_dropped),
    *ARRAY_OPERATORS,
)


def _from_module(func: cst.BaseExpression) -> bool:
    while isinstance(func, cst.Attribute):
        func = func.value
        if isinstance(func, cst.Name) and func.value in MODULES:
            return True
    return False
