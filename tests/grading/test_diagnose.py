"""diagnose: known mistakes and relations are named, strangers are not."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attn_course.authoring import load
from attn_course.authoring.bank import known, relations
from attn_course.authoring.exercise import Check
from attn_course.grading import attempt
from attn_course.grading.diagnose import diagnose_outputs
from attn_course.grading.fingerprint import fingerprint, same
from attn_course.grading.record import Call

SAMPLE = """r'''### Means of rows

Write `row_means(table, allowed)`: the mean of the allowed entries of each row.
'''
import numpy as np
from attn_course.authoring import *
from attn_course.grading import close

exercise(level="core", minutes=5, hints=("a", "b", "c"))

@answer
def row_means(table, allowed):
    '''Means.

    table    (rows, columns)  float
    allowed  (rows, columns)  bool
    returns  (rows,)  float
    '''
    ### BEGIN SOLUTION
    return (table * allowed).sum(axis=-1) / allowed.sum(axis=-1)
    ### END SOLUTION

@inputs
def draw(rng):
    return rng.normal(size=(3, 4)), np.ones((3, 4), dtype=bool)

@check(points=1)
def random_tables(row_means, rng):
    '''Random tables.'''
    for rows, columns in ((3, 5), (4, 7)):
        table = rng.normal(size=(rows, columns)) + 2
        allowed = np.arange(columns) < rng.integers(1, columns, size=(rows, 1))
        wanted = np.array([r[a].mean() for r, a in zip(table, allowed)])
        close(row_means(table, allowed), wanted, "means")

@misconception(caught_by=random_tables)
def counts_every_column(table, allowed):
    '''You divided by all columns.'''
    return (table * allowed).mean(axis=-1)
"""


@pytest.fixture(scope="module")
def exercise(tmp_path_factory):
    path = tmp_path_factory.mktemp("ch01_sample") / "e01_row_means.py"
    path.write_text(SAMPLE)
    return load(path)


def named(exercise, answer):
    check: Check = exercise.checks[0]
    outcome = attempt(check.thing, answer, known=known(exercise, check))
    return outcome.diagnosis and outcome.diagnosis.name


def test_a_misconception_is_named_with_its_text(exercise):
    [wrong] = exercise.misconceptions
    check = exercise.checks[0]
    outcome = attempt(check.thing, wrong.thing, known=known(exercise, check))
    assert outcome.diagnosis.kind == "misconception"
    assert outcome.diagnosis.says == "You divided by all columns."


def right(table, allowed):
    return (table * allowed).sum(axis=-1) / allowed.sum(axis=-1)


@pytest.mark.parametrize(
    ("answer", "name"),
    [
        (lambda t, a: -right(t, a), "negated"),
        (lambda t, a: 2 * right(t, a), "doubled"),
        (lambda t, a: right(t, a) / np.log(2), "bits for nats"),
        (lambda t, a: right(t, a) * t.shape[-1], "scaled by n"),
        (lambda t, a: right(t, a) / t.shape[-1] ** 0.5, "scaled by 1/√n"),
        (lambda t, a: right(t, a) * 1.37, "scaled"),
        (lambda t, a: right(t, a) + 0.5, "constant added"),
        (lambda t, a: right(t, a)[:, None], "right up to shape"),
        (lambda t, a: np.roll(right(t, a), 1), "one place late"),
        (lambda t, a: right(t, a)[::-1], "reversed"),
        (lambda t, a: t.mean(axis=-1), "mask ignored"),
        (lambda t, a: np.exp(right(t, a)), "exponential"),
    ],
)
def test_a_relation_to_the_right_result_is_named(exercise, answer, name):
    assert named(exercise, answer) == name


def test_a_sum_is_told_from_a_mean_by_the_size_of_an_axis(exercise):
    check = exercise.checks[0]
    answer = lambda t, a: right(t, a) * t.shape[-1]  # noqa: E731
    says = attempt(check.thing, answer, known=known(exercise, check)).diagnosis.says
    assert "5 is the size of axis -1 of t: sum and mean confused?" in says


def test_a_stranger_is_not_given_a_name(exercise):
    assert named(exercise, lambda t, a: right(t, a) ** 2 + t[:, 0]) is None


def test_a_right_answer_is_not_given_a_name(exercise):
    assert named(exercise, right) is None


def test_an_inverted_mask_and_swapped_arguments_are_relations():
    def weigh(scores, allowed):
        return np.where(allowed, scores, 0.0)

    wrong = {name: candidate for name, _, candidate in relations(weigh)}
    scores, allowed = np.arange(6.0).reshape(2, 3), np.eye(2, 3, dtype=bool)
    np.testing.assert_array_equal(
        wrong["mask inverted"](scores, allowed), np.where(allowed, 0.0, scores)
    )
    np.testing.assert_array_equal(
        wrong["scores and allowed swapped"](scores, allowed), weigh(allowed, scores)
    )


def of(value):
    return fingerprint(Call((), {}, [], value))


@settings(max_examples=50)
@given(st.integers(0, 2**32 - 1), st.integers(2, 6), st.integers(2, 6))
def test_fingerprints_tell_arrays_apart_that_differ_in_order_only(seed, rows, columns):
    table = np.random.default_rng(seed).normal(size=(rows, columns))
    swapped = table.copy()
    swapped[[0, 1]] = swapped[[1, 0]]
    assert same(of(table), of(table + 1e-9))
    assert same(of(table), of(table.astype(np.float32)))
    assert not same(of(table), of(swapped))
    assert not same(of(table), of(table.ravel()))
    assert not same(of(table), of(table.astype(np.float32)), up_to_dtype=False)


def test_fingerprints_count_what_is_not_finite():
    holed = np.array([1.0, np.nan, np.inf, -np.inf])
    assert of(holed)[0]["odd"] == [1, 1, 1]
    assert not same(of(holed), of(np.array([1.0, np.nan, np.inf, np.inf])))


def test_an_exception_is_recognised_by_its_words():
    one, other = (
        fingerprint(Call((), {}, [], error=ValueError(text))) for text in ("a", "b")
    )
    assert same(one, one)
    assert not same(one, other)


def test_another_dtype_is_named_where_a_word_comes_first():
    def named_table(dtype):
        return [fingerprint(Call((), {}, [], result=("a", np.ones(3, dtype))))]

    known = {"answer": named_table("f8"), "mistakes": []}
    found = diagnose_outputs(known, named_table("f4"), [{}])
    assert "dtype is float32" in found.says


def test_a_table_where_nothing_is_wanted_has_no_diagnosis():
    known = {"answer": [fingerprint(Call((), {}, [], result=()))], "mistakes": []}
    got = [fingerprint(Call((), {}, [], result=np.ones(3)))]
    assert diagnose_outputs(known, got, [{}]) is None
