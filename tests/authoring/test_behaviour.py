"""Behaviour: what counts as doing the same, and what cannot get in the way."""

import copy

import numpy as np
import pytest

from attn_course.authoring import ExerciseError, load
from attn_course.authoring import behaviour as behaviour_module
from attn_course.authoring.behaviour import alike, behaviour, draws, equivalent
from attn_course.authoring.mutants import mutants
from attn_course.grading.budget import OutOfTime

from .conftest import SAMPLE


def test_drawn_inputs_are_the_same_each_time():
    ex = load(SAMPLE)
    for (one,), (other,) in zip(draws(ex, 5), draws(ex, 5), strict=True):
        np.testing.assert_array_equal(one, other)


def test_inputs_that_are_no_tuple_are_refused_with_their_line(small):
    """One array instead of a tuple of one would be taken apart by the call."""
    ex = small("return x", drawn="rng.normal(size=3)")
    with pytest.raises(ExerciseError, match=r"e01_made.py:\d+: inputs: wanted a tuple"):
        draws(ex)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (np.ones(3), np.ones(3) + 1e-12, True),
        (np.ones(3), np.ones(3) + 1e-3, False),
        (np.ones(3), np.ones((3, 1)), False),
        (np.ones(3), np.ones(3, np.float32), False),  # a promise of dtype broken
        (np.ones(3), np.ones(3, int), True),
        (np.ones(3), np.ones(3, bool), False),
        (np.array([np.nan, 1]), np.array([np.nan, 1]), True),
        ((np.ones(3), 2), (np.ones(3), 2), True),
        ((np.ones(3), 2), (np.ones(3), 3), False),
        ({"a": 1.0}, {"b": 1.0}, False),
        ("left", "left", True),
        ("left", "right", False),
    ],
)
def test_behaviours_are_alike_up_to_rounding(one, other, same):
    assert alike(("gives", one), ("gives", other)) is same


def test_raising_the_same_kind_of_error_is_the_same_behaviour():
    def refuses(x):
        raise ValueError("one")

    def refuses_in_other_words(x):
        raise ValueError("two")

    first, second = behaviour(refuses, (1,)), behaviour(refuses_in_other_words, (1,))
    assert alike(first, second)
    assert not alike(first, behaviour(abs, (1,)))


def test_writing_into_an_input_is_another_behaviour():
    def doubles(x):
        return 2 * x

    def doubles_in_place(x):
        x *= 2
        return x

    x = np.arange(1.0, 4.0)
    before = copy.deepcopy(x)
    wanted = [behaviour(doubles, (x,))]
    assert not equivalent(wanted, doubles_in_place, [(x,)])
    np.testing.assert_array_equal(x, before)  # each call gets copies


def test_a_mutant_that_never_ends_is_stopped(small, monkeypatch):
    """Without its counting line the loop runs for ever."""
    monkeypatch.setattr(behaviour_module, "SECONDS", 0.05)
    ex = small("i = 0\nwhile i < 3:\n    i += 1\nreturn i + x")
    endless = next(
        m for m in mutants(ex) if m.operator == "statement dropped" and "+=" in m.before
    )
    assert behaviour(endless.thing, (1.0,)) == ("raises", OutOfTime)


def test_warnings_of_a_mutant_are_not_ours(small):
    ex = small("return np.log(x)")
    kind, result = behaviour(ex.answer.thing, (np.array([0.0]),))
    assert (kind, result[0]) == ("gives", -np.inf)


def test_a_class_is_driven_through_its_methods():
    class Counter:
        def __init__(self, start):
            self.total = start

        def add(self, x):
            self.total = self.total + x
            return self.total

    args = ((1.0,), ("add", 2.0), ("add", 3.0))
    assert behaviour(Counter, args) == ("gives", (3.0, 6.0))
