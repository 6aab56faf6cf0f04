"""close: what passes, and what each kind of failure says."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from attn_course.grading import Mismatch, close

TABLE = np.arange(6.0).reshape(2, 3)


def complaint(got, wanted=TABLE, **options) -> Mismatch:
    with pytest.raises(Mismatch) as caught:
        close(got, wanted, "weights", **options)
    return caught.value


@given(arrays(np.float64, array_shapes(max_dims=3), elements=st.floats(-1e6, 1e6)))
def test_every_array_is_close_to_itself_to_its_list_and_to_its_float32(array):
    close(array, array)
    close(array.tolist(), array)
    close(array.astype(np.float32), array)


@given(arrays(np.float64, (2, 3), elements=st.floats(-10, 10)), st.integers(0, 5))
def test_one_entry_off_by_a_thousandth_is_never_close(array, place):
    wrong = array.copy()
    wrong.flat[place] += 1e-3 * max(1, np.abs(array).max())
    assert complaint(wrong, array).kind == "values"


def test_nothing_is_named_before_anything_else():
    assert complaint(None).kind == "nothing"
    assert "return" in str(complaint(None))


@pytest.mark.parametrize("thing", ["text", [[1], [2, 3]], object()])
def test_what_is_no_array_is_said_to_be_of_the_wrong_kind(thing):
    assert complaint(thing).kind == "type"


def test_a_wrong_shape_names_both_shapes():
    error = complaint(TABLE.T)
    assert error.kind == "shape"
    assert "(2, 3)" in str(error)
    assert "(3, 2)" in str(error)


def test_true_and_false_are_not_numbers():
    assert complaint(TABLE > 2).kind == "dtype"
    assert complaint(TABLE, TABLE > 2).kind == "dtype"


def test_a_promised_dtype_is_held_to():
    error = complaint(TABLE, dtype=np.float32)
    assert error.kind == "dtype"
    assert "float32" in str(error)
    assert "float64" in str(error)


def test_nan_is_counted_unless_it_was_wanted():
    spoilt = TABLE.copy()
    spoilt[1, 2] = np.nan
    assert "1 of 6 entries are nan" in str(complaint(spoilt))
    close(spoilt, spoilt)


def test_infinities_must_agree_in_sign():
    wanted = np.array([np.inf, -np.inf, 0.0])
    close(wanted, wanted)
    assert complaint(-wanted, wanted).kind == "values"


@pytest.mark.parametrize(
    ("got", "wanted"),
    [
        ([1e6, 0.0], [1e6, 0.5]),
        ([-1e9, 3.0], [-1e9, 500.0]),
        ([0.0, 0.0], [9e-7, 9e-7]),
    ],
)
def test_large_entries_excuse_no_small_ones_and_tiny_ones_are_no_zeros(got, wanted):
    assert complaint(np.array(got), np.array(wanted)).kind == "values"


def test_the_number_of_things_returned_is_said():
    wanted = (np.zeros(2), np.zeros(3))
    error = complaint((np.zeros(2), np.zeros(3), np.zeros(4)), wanted)
    assert (error.kind, "got 3 things" in str(error)) == ("type", True)
    assert "got an array of shape (2,)" in str(complaint(np.zeros(2), wanted))


def test_the_first_difference_is_placed_and_both_values_given():
    wanted = np.arange(24.0).reshape(2, 3, 4)
    got = wanted.copy()
    got[1, 0, 2] = -7.5
    text = str(complaint(got, wanted))
    assert "1 of 24 entries differ; first at [1, 0, 2]: wanted 14, got -7.5" in text


def test_items_of_tuples_and_dicts_are_compared_one_by_one():
    close((TABLE, 2.0), (TABLE, 2.0))
    error = complaint((TABLE, 3.0), (TABLE, 2.0))
    assert str(error).startswith("weights[1]: wanted 2, got 3")
    with pytest.raises(Mismatch, match=r"weights\['mask'\]"):
        close({"mask": 1.0}, {"mask": 2.0}, "weights")


def test_a_word_must_be_the_very_word():
    close("additive", "additive")
    assert complaint("dot", "additive").kind == "values"
