"""run and attempt: each way to fail has its own message; honest work loses nothing."""

import sys
import warnings

import numpy as np
import pytest

from attn_course.grading import CheckFailed, attempt, close, describe, probe, run


def doubled(x):
    return 2 * x


def twice_the_table(doubled):
    """A table of two rows and three columns comes back doubled."""
    table = np.arange(6.0).reshape(2, 3)
    close(doubled(table), 2 * np.arange(6.0).reshape(2, 3), "table")


def fails_with(answer, **options):
    outcome = attempt(twice_the_table, answer, **options)
    return outcome.kind, outcome.message


def test_a_right_answer_passes_and_says_so(capsys):
    run(twice_the_table, doubled)
    printed = capsys.readouterr().out
    assert (
        printed == "passed: A table of two rows and three columns comes back doubled.\n"
    )


def test_prints_warnings_stderr_and_float32_cost_nothing(capsys):
    def chatty(x):
        print("thinking")
        print("complaining", file=sys.stderr)
        warnings.warn("harmless", stacklevel=1)
        return 2 * x.astype(np.float32)

    run(twice_the_table, chatty)
    captured = capsys.readouterr()
    assert captured.err == ""
    for word in ("passed", "thinking", "complaining", "harmless"):
        assert word in captured.out


def test_a_failure_raises_with_all_that_is_known():
    with pytest.raises(CheckFailed, match=r"(?s)not yet: A table.*wanted \[\[0., 2."):
        run(twice_the_table, lambda x: x)


def returns_nothing(x):
    x + x


def writes_into_its_input(x):
    x *= 2
    return x


def raises(x):
    return x["no such key"]


def never_ends(x):
    while True:
        try:
            while True:
                pass
        except Exception:
            continue


def not_written(x):
    raise NotImplementedError


def with_nan(x):
    return np.where(x == 3, np.nan, 2 * x)


def asserts_itself(x):
    assert x.sum() < 0, "my own assertion"
    return x


def calls_a_helper(x):
    def helper():
        raise AssertionError("a helper's own assertion")

    return helper()


class StdinNotImplementedError(NotImplementedError):
    """What a kernel without a keyboard raises at input()."""


def no_stdin(x):
    raise StdinNotImplementedError("no input here")


class SlowToSpeak:
    pass


@pytest.mark.parametrize(
    ("answer", "kind", "word"),
    [
        (returns_nothing, "nothing", "return"),
        (writes_into_its_input, "changed", "`x`"),
        (raises, "exception", 'at `return x["no such key"]`'),
        (not_written, "missing", "not written yet"),
        (with_nan, "nan", "1 of 6 entries are nan"),
        (lambda x: 2 * x.T, "shape", "wanted shape (2, 3), got shape (3, 2)"),
        (lambda x: x > 1, "dtype", "wanted numbers"),
        (lambda x: "doubled", "type", "of type str"),
        (lambda x: (2 * x,), "type", "stray comma"),
        (lambda x: x.astype(object), "type", "array of dtype object"),
        (lambda x: (row for row in x), "type", "of type generator"),
        (lambda x: SlowToSpeak(), "type", "SlowToSpeak"),
        (lambda x: sys.exit("bye"), "exception", "asked Python to stop"),
        (calls_a_helper, "exception", "a helper's own assertion"),
        (no_stdin, "exception", "StdinNotImplementedError"),
        (lambda x: 3 * x, "values", "got"),
        (asserts_itself, "exception", "my own assertion"),
        (5, "exception", "`doubled` is no function but the single number 5"),
        (lambda: 1, "exception", "called with 1 argument and takes nothing"),
        (lambda x, y: 1, "exception", "called with 1 argument and takes x, y"),
    ],
)
def test_each_way_to_fail_has_its_own_kind_and_words(answer, kind, word):
    found, message = fails_with(answer)
    assert found == kind
    assert word in message


def test_an_endless_loop_is_stopped_even_if_it_swallows_exceptions():
    kind, message = fails_with(never_ends, seconds=0.2)
    assert kind == "slow"
    assert "never ends" in message


def test_leaving_python_is_an_exception_of_the_answer():
    assert fails_with(lambda x: sys.exit(0))[0] == "exception"


def test_a_plain_assertion_of_a_check_is_a_claim():
    def rows_sum_to_one(weights):
        """Rows sum to one."""
        sums = weights(np.ones((2, 3))).sum(axis=-1)
        assert np.allclose(sums, 1), f"your rows sum to {sums}"

    outcome = attempt(rows_sum_to_one, lambda x: x)
    assert outcome.kind == "claim"
    assert outcome.message.startswith("your rows sum to [3. 3.]")
    outcome = attempt(rows_sum_to_one, lambda x: x * np.nan)
    assert outcome.kind == "nan"


def test_a_check_draws_the_same_numbers_every_time():
    seen = []

    def draws(keep, rng):
        """Draws."""
        seen.append(rng.normal(size=3))

    attempt(draws, doubled)
    attempt(draws, doubled)
    np.testing.assert_array_equal(seen[0], seen[1])


def test_calls_are_recorded_with_copies_of_what_went_in():
    def calls_twice(f):
        """Calls twice."""
        x = np.zeros(3)
        f(x)
        x += 1
        f(x)

    calls = attempt(calls_twice, doubled).calls
    np.testing.assert_array_equal([c.args[0][0] for c in calls], [0, 1])
    np.testing.assert_array_equal([c.result[0] for c in calls], [0, 2])
    assert list(calls[0].given) == ["x"]


def test_a_class_is_watched_by_the_probes_that_use_it():
    class Layer:
        def __init__(self, factor):
            self.factor = factor

        def __call__(self, x):
            return self.factor * x

        def spoil(self, x):
            x[:] = 0
            return x

    @probe
    def apply(layer, factor, x):
        return layer(factor)(x)

    @probe
    def spoil(layer, x):
        return layer(3).spoil(x)

    def uses_a_class(layer):
        """Uses a class."""
        close(apply(layer, 3, np.ones(2)), [3, 3])

    def spoils(layer):
        """Spoils."""
        spoil(layer, np.ones(2))

    [call] = attempt(uses_a_class, Layer).calls
    assert call.given.keys() == {"factor", "x"}
    assert call.result.tolist() == [3, 3]
    assert attempt(spoils, Layer).kind == "changed"
    assert apply(Layer, 2, 5) == 10


def test_plain_text_holds_message_slip_warnings_and_prints():
    outcome = attempt(twice_the_table, lambda x: print("hm") or 3 * x)
    text = describe(outcome)
    assert text.startswith("not yet: A table")
    assert "your code printed: hm" in text


def test_a_torch_tensor_is_named_where_arrays_went_in():
    import torch

    outcome = attempt(twice_the_table, lambda x: torch.tensor(2 * x))
    assert outcome.kind == "type"
    assert "torch tensor; a NumPy array is wanted" in outcome.message


def test_an_exception_that_cannot_speak_is_named_all_the_same():
    class Mute(Exception):
        def __str__(self):
            raise RuntimeError

    def mute(x):
        raise Mute

    assert fails_with(mute)[1].startswith("Mute\n")


def test_many_warnings_and_long_prints_are_cut_and_that_is_said():
    def noisy(x):
        for number in range(9):
            warnings.warn(f"warning {number}", stacklevel=1)
        print("x" * 5000)
        return 2 * x

    text = describe(attempt(twice_the_table, noisy))
    assert "and 6 more warnings" in text
    assert "x …" in text
    assert len(text) < 3000


def test_a_warning_is_called_harmless_only_where_it_did_no_harm():
    def warned(factor):
        def answer(x):
            warnings.warn("overflow", stacklevel=1)
            return factor * x

        return describe(attempt(twice_the_table, answer))

    assert "costs nothing: overflow" in warned(2)
    assert "costs nothing" not in warned(3)
    assert "a warning: overflow" in warned(3)
