"""An answer in another process behaves, for a check, like one in this process."""

import os
import sys
import time
import types
import warnings

import numpy as np
import pytest

from attn_course.grading import attempt, close, probe
from attn_course.grading.wire import pack, receive, send
from attn_course.judge.link import Broken
from attn_course.judge.proxy import Proxy

TABLE = np.arange(6.0).reshape(2, 3)


def twice_the_table(double):
    """A table."""
    close(double(TABLE.copy()), 2 * TABLE, "table")


def right(x):
    return 2 * x


def talks(x):
    print("working")
    print("and complaining", file=sys.stderr)
    warnings.warn("careful", stacklevel=1)
    return 2 * x


def spoils(x):
    x *= 2
    return x


def forgets(x):
    2 * x


def raises(x):
    raise KeyError("no such thing")


def asserts(x):
    assert x is None, "my own assertion"


def quits(x):
    raise SystemExit


def interrupts(x):
    raise KeyboardInterrupt


def unwritten(x):
    raise NotImplementedError


def named_by_the_student(x):
    class Sorrow(Exception):
        pass

    raise Sorrow("alas")


def takes_none():
    return 2 * TABLE


def transposes(x):
    return 2 * x.T


def gives_a_generator(x):
    return (2 * row for row in x)


def gives_nan(x):
    return x * np.nan


WAYS = [
    right, talks, spoils, forgets, raises, asserts, quits, unwritten,
    named_by_the_student, takes_none, transposes, gives_a_generator, gives_nan,
]  # fmt: skip


@pytest.mark.parametrize("answer", WAYS, ids=lambda way: way.__name__)
def test_what_comes_of_a_check_is_what_comes_of_it_here(linked, answer):
    double = types.FunctionType(answer.__code__, globals(), "double")
    here = attempt(twice_the_table, double)
    with linked({"double": double}) as link:
        there = attempt(twice_the_table, Proxy(link, "double", {}, 4.0))
    assert (there.kind, there.message) == (here.kind, here.message)
    assert (there.printed, there.warnings) == (here.printed, here.warnings)
    for mine, theirs in zip(here.calls, there.calls, strict=True):
        assert type(mine.error).__name__ == type(theirs.error).__name__
        assert mine.changed == theirs.changed
        assert mine.names == theirs.names


def test_an_interruption_by_the_answer_is_an_exception_and_stops_nobody(linked):
    with linked({"double": interrupts}) as link:
        outcome = attempt(twice_the_table, Proxy(link, "double", {}, 4.0))
    assert outcome.kind == "exception"
    assert outcome.message.startswith("KeyboardInterrupt")


def test_where_an_exception_was_raised_is_told(linked):
    with linked({"double": raises}) as link:
        outcome = attempt(twice_the_table, Proxy(link, "double", {}, 4.0))
    assert 'at `raise KeyError("no such thing")`' in outcome.message


def test_functions_as_arguments_are_called_back(linked):
    def of_a_square(slope):
        """The slope of a square."""
        close(slope(lambda x: x @ x, np.array([3.0, 0.0])), 6.0, "slope")

    def falls_on_the_axis(slope):
        """A function that refuses."""
        slope(lambda x: 1 / 0, np.array([3.0]))

    def slope(function, x):
        step = np.array([1e-3, 0.0])[: len(x)]
        return (function(x + step) - function(x - step)) / 2e-3

    with linked({"slope": slope}) as link:
        assert attempt(of_a_square, Proxy(link, "slope", {}, 4.0)).passed
        outcome = attempt(falls_on_the_axis, Proxy(link, "slope", {}, 4.0))
    assert "ZeroDivisionError" in outcome.message


def test_a_class_is_used_by_probes_beside_it(linked):
    class Layer:
        def __init__(self, factor):
            self.factor = factor

        def __call__(self, x):
            return self.factor * x

    @probe
    def apply(layer, factor, x):
        return layer(factor)(x)

    def three_times(layer):
        """Three times."""
        close(apply(layer, 3.0, TABLE), 3 * TABLE, "table")

    def by_hand(layer):
        """A check that should have used a probe."""
        layer(3.0)

    source = "def apply(layer, factor, x):\n    return layer(factor)(x)\n"
    with linked({"layer": Layer}) as link:
        proxy = Proxy(link, "layer", {"apply": source}, 4.0)
        outcome = attempt(three_times, proxy)
        assert outcome.passed
        assert outcome.calls[0].given.keys() == {"factor", "x"}
        assert "in probes only" in attempt(by_hand, proxy).message


def test_an_endless_loop_costs_its_check_and_the_conversation_goes_on(linked):
    def loops(x):
        while True:
            pass

    with linked({"double": loops, "again": right}) as link:
        outcome = attempt(twice_the_table, Proxy(link, "double", {}, 0.3), seconds=0.3)
        assert outcome.kind == "slow"
        assert attempt(twice_the_table, Proxy(link, "again", {}, 4.0)).passed


def test_a_missing_answer_and_one_that_is_no_function_are_told_apart(linked):
    with linked({"double": 3.5}) as link:
        there = Proxy(link, "double", {}, 4.0)
        gone = Proxy(link, "triple", {}, 4.0)
    assert there.there
    assert not there.callable
    assert there.named == "the single number 3.5"
    assert not gone.there


def dies(x):
    os._exit(0)


def test_a_kernel_that_dies_breaks_the_conversation(linked):
    with linked({"double": dies}) as link:
        outcome = attempt(twice_the_table, Proxy(link, "double", {}, 4.0))
        assert not outcome.passed
        assert "died" in link.broken
        with pytest.raises(Broken):
            link.describe("double")


def test_a_kernel_that_never_comes_breaks_the_conversation(linked):
    with pytest.raises(Broken, match="the kernel died"):
        with linked({}, instead=lambda names: None):
            pass


LIES = {
    "no message": b"\xc1\xc1\xc1",
    "a list": pack([1, 2]),
    "a call back to nothing": pack(("back", 7, ())),
    "a call back of no number": pack(("back", "0", ())),
    "a reply without fields": pack({}),
    "a raised that is no text": pack({"raised": 3}),
    "a raised without a name": pack({"raised": {"name": "", "text": "", "where": ""}}),
    "warnings that are no list": pack({"result": 1, "warnings": 3}),
    "printed that is no text": pack({"result": 1, "printed": b"x"}),
    "changed that is no dict": pack({"result": 1, "changed": [1]}),
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_a_reply_of_no_known_form_breaks_the_conversation_and_nothing_else(linked, lie):
    import socket

    def liar(names):
        with socket.socket(socket.AF_UNIX) as link:
            link.connect(os.environ["ATTN_JUDGE"])
            receive(link)
            send(link, pack({"there": True, "callable": True, "named": ""}))
            receive(link)
            send(link, lie)
            time.sleep(5)

    with linked({}, instead=liar) as link:
        outcome = attempt(twice_the_table, Proxy(link, "double", {}, 1.0), seconds=1.0)
        assert outcome.kind == "exception"
        assert "the kernel sent" in link.broken


def test_a_change_that_does_not_fit_the_argument_is_a_change_all_the_same(linked):
    import socket

    def liar(names):
        with socket.socket(socket.AF_UNIX) as link:
            link.connect(os.environ["ATTN_JUDGE"])
            receive(link)
            send(link, pack({"there": True, "callable": True, "named": ""}))
            receive(link)
            changed = {0: np.zeros(9)}
            send(link, pack({"result": 1, "changed": changed}))
            receive(link)

    with linked({}, instead=liar) as link:
        outcome = attempt(twice_the_table, Proxy(link, "double", {}, 1.0))
    assert outcome.kind == "changed"
