"""Mutants: each operator keeps its promise, and disguises are seen through."""

import pytest

from attn_course.authoring import ExerciseError, load
from attn_course.authoring.evidence import Evidence
from attn_course.authoring.mutants import compiled, mutants, regions

from .conftest import SAMPLE

PROMISES = [
    # operator, the line of the answer, a line it must lead to
    ("constant changed", "return x.sum(axis=-1)", "return x.sum(axis=-0)"),
    ("number", "return x.sum(axis=-1)", "return x.sum(axis=-2)"),
    ("swap op", "return x.sum(axis=-1)", "return x.sum(axis=+1)"),
    ("argument left to default", "return x.sum(axis=-1)", "return x.sum()"),
    (
        "argument dropped",
        "return x.sum(axis=-1, keepdims=True)",
        "return x.sum(axis=-1, )",
    ),
    (
        "name",
        "return x.sum(axis=-1, keepdims=True)",
        "return x.sum(axis=-1, keepdims=False)",
    ),
    ("sign flipped", "return x + 1", "return -(x + 1)"),
    ("operand dropped", "return x / np.sqrt(x)", "return x"),
    ("operand dropped", "return x ** 0.5", "return x"),
    ("operand dropped", "return x * 3", "return 3"),
    ("call dropped", "return 1 / np.sqrt(x)", "return 1 / x"),
    ("call dropped", "return np.swapaxes(x, -1, -2)", "return x"),
    ("call dropped", "return x - x.max(axis=0)", "return x - x"),
    ("number", "return np.swapaxes(x, -1, -2)", "return np.swapaxes(x, -2, -2)"),
    ("items swapped", "return x.transpose((0, 2, 1))", "return x.transpose((2, 0, 1))"),
    ("transpose dropped", "return x @ x.T", "return x @ x"),
    ("slice moved", "return x[1:5]", "return x[(1) + 1:5]"),
    ("slice moved", "return x[1:5]", "return x[1:(5) - 1]"),
    ("slice moved", "return x[:]", "return x[:-1]"),
    ("slice moved", "return x[::-1]", "return x[:]"),
    ("indices swapped", "return x[:, None]", "return x[None, :]"),
    ("arguments swapped", "return np.where(x, 0, 1)", "return np.where(x, 1, 0)"),
    ("mask negated", "return np.where(x > 0, 0, 1)", "return np.where(~(x > 0), 0, 1)"),
    ("mask negated", "return x.sum(where=x > 0)", "return x.sum(where=~(x > 0))"),
    ("remove unary ops", "return ~x", "return x"),
    ("operands swapped", "return x - 2", "return 2 - x"),
    ("operands swapped", "return x @ (x + 1)", "return (x + 1) @ x"),
    ("product by entry", "return x @ x.T", "return x * x.T"),
    ("name exchanged", "return x.max()", "return x.min()"),
    ("name exchanged", "return np.mean(x)", "return np.sum(x)"),
    ("swap op", "return x < 2", "return x <= 2"),
    ("comparison reversed", "return x < 2", "return x >= 2"),
    (
        "range shortened",
        "return [x for i in range(9)]",
        "return [x for i in range(1, 9)]",
    ),
    (
        "letters swapped",
        'return np.einsum("qd,kd->qk", x, x)',
        'return np.einsum("qd,dk->qk", x, x)',
    ),
    ("statement dropped", "x = x + 1\nreturn x", ""),
    ("block dropped", "if x > 1:\n    return 2\nreturn x", ""),
    ("condition negated", "if x > 1:\n    return 2\nreturn x", "if not (x > 1):"),
    ("augmented assignment", "x += 1\nreturn x", "x = 1"),
    ("intermediate returned", "y = np.exp(x)\nreturn np.log(y + 1)", "return y"),
    ("intermediate returned", "return np.log(x + 1)", "return x"),
    ("if exp", "return 1 if x else 2", "return 1 if (x) and False else 2"),
    ("keywords", "return x in (1, 2)", "return x not in (1, 2)"),
]


@pytest.mark.parametrize(("operator", "body", "wanted"), PROMISES)
def test_an_operator_makes_the_mutant_it_promises(small, operator, body, wanted):
    made = {(m.operator, m.after) for m in mutants(small(body))}
    assert (operator, wanted) in made, sorted(made)


def test_a_mutant_knows_its_line_and_what_stood_there(small):
    ex = small("half = x / 2\nreturn half + 1")
    lines = ex.path.read_text("utf8").splitlines()
    made = mutants(ex)
    assert {m.before for m in made} == {"half = x / 2", "return half + 1"}
    assert all(lines[m.line - 1].strip() == m.before for m in made)


def test_only_the_solution_changes(small):
    """`before = 0` stands above the solution, the docstring above that."""
    ex = small("return x + 1")
    head = ex.answer.source.partition("### BEGIN")[0]
    made = mutants(ex)
    assert made
    assert all(m.source.startswith(head) for m in made)


def test_every_mutant_is_another_program_and_none_is_made_twice():
    ex = load(SAMPLE)
    sources = [m.source for m in mutants(ex)]
    assert len(set(sources)) == len(sources) > 10
    assert ex.answer.source not in sources


def test_a_mutant_does_what_its_source_says(small):
    ex = small("return x + 1")
    results = {m.after: m.thing(3.0) for m in mutants(ex)}
    assert results["return x - 1"] == 2.0
    assert results["return -(x + 1)"] == -4.0
    assert ex.answer.thing(3.0) == 4.0  # the answer itself is left alone


def test_a_recursive_mutant_calls_itself(small):
    ex = small("return 1 if x == 0 else x * made(x - 1)")
    source = ex.answer.source.replace("x * made", "x + made")
    assert compiled(ex, source)(4) == 4 + 3 + 2 + 1 + 1


def test_regions_are_what_the_markers_enclose():
    source = "a\n### BEGIN SOLUTION\nb\nc\n### END SOLUTION\nd"
    assert regions(source) == [(3, 4)]
    with pytest.raises(ExerciseError, match="got 1 for 2"):
        regions(f"{source}\n### BEGIN SOLUTION")


def test_softmax_with_another_shift_is_equivalent_and_with_no_sum_is_not():
    """Any shift cancels; scores of order one do not overflow."""
    seen = Evidence(load(SAMPLE))
    shifts = {m.after for m in seen.equivalent if m.before.startswith("exps = ")}
    assert "exps = np.exp(scores - scores.min(axis=-1, keepdims=True))" in shifts
    assert "exps = np.exp(scores)" in shifts
    assert "exps = np.exp(scores - scores.max(axis=-2, keepdims=True))" not in shifts
    assert not seen.survivors


def test_scores_that_overflow_unmask_the_missing_shift(edited):
    ex = edited(("return (rng.normal(", "return (1e3 * rng.normal("))
    seen = Evidence(ex)
    assert "exps = np.exp(scores)" in {m.after for m in seen.survivors}
