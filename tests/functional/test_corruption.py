"""BERT's corruption: 15 %, of which 80, 10 and 10; nothing else is touched."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest, chisquare

from attn_course.functional import corrupt_tokens

MASK, VOCAB, SPECIAL = 3, 23, (0, 1, 2)
TOKENS = np.random.default_rng(0).integers(VOCAB, size=(300, 700))
TOKENS[:, 0] = 1


def corrupted(tokens=TOKENS, seed=1, **options):
    options = {"mask_token": MASK, "vocab": VOCAB, "special": SPECIAL} | options
    return corrupt_tokens(tokens, np.random.default_rng(seed), **options)


def likely(count, total, share):
    """Whether a fair coin of that share gives such a count one time in ten thousand."""
    return binomtest(int(count), int(total), share).pvalue > 1e-4


def test_the_shares_are_those_of_the_paper():
    new, selected = corrupted()
    ordinary = TOKENS > 3
    assert likely(selected.sum(), ordinary.sum(), 0.15)
    assert likely((new == MASK)[selected].sum(), selected.sum(), 0.8)
    changed = selected & (new != MASK) & (new != TOKENS)
    assert likely(changed.sum(), selected.sum(), 0.1 * 18 / 19)  # 1 in 19 draws itself
    same = selected & (new == TOKENS)
    assert likely(same.sum(), selected.sum(), 0.1 + 0.1 / 19)


def test_random_tokens_are_drawn_evenly_from_the_ordinary_ones():
    tokens = np.full(200_000, 4)
    new, _ = corrupted(tokens, rate=1.0)
    drawn = new[(new != MASK) & (new != 4)]
    counts = np.bincount(drawn, minlength=VOCAB)
    assert (counts[:5] == 0).all()
    assert chisquare(counts[5:]).pvalue > 1e-4


@settings(max_examples=30)
@given(st.integers(0, 1000), st.floats(0, 1))
def test_only_selected_ordinary_positions_change(seed, rate):
    tokens = TOKENS[:5, :40]
    new, selected = corrupted(tokens, seed, rate=rate)
    np.testing.assert_array_equal(new[~selected], tokens[~selected])
    assert not selected[tokens <= 3].any()
    assert new.max() < VOCAB


def test_positions_are_selected_independently():
    _, selected = corrupted(np.full((300, 700), 9))
    both = selected[:, 1:] & selected[:, :-1]
    assert likely(both[:, ::2].sum(), both[:, ::2].size, 0.15**2)


def test_a_rate_of_nothing_and_a_rate_of_all():
    new, selected = corrupted(rate=0)
    np.testing.assert_array_equal(new, TOKENS)
    assert not selected.any()
    _, selected = corrupted(rate=1)
    np.testing.assert_array_equal(selected, TOKENS > 3)


def test_the_same_seed_gives_the_same_corruption():
    first, second, other = (corrupted(seed=seed)[0] for seed in (5, 5, 6))
    np.testing.assert_array_equal(first, second)
    assert (first != other).any()


@pytest.mark.parametrize("dtype", [np.uint8, np.int32, np.int64])
def test_keeps_the_dtype_and_the_shape(dtype):
    new, selected = corrupted(TOKENS[:0].astype(dtype))
    assert new.dtype == dtype
    assert new.shape == selected.shape == (0, 700)
    assert corrupted(TOKENS.astype(dtype))[0].dtype == dtype


def test_refuses_what_has_no_meaning():
    with pytest.raises(ValueError, match="tokens from 0 to 19, got 2"):
        corrupted(vocab=20)
    with pytest.raises(ValueError, match="tokens as an array of integers"):
        corrupted(TOKENS * 1.0)
    with pytest.raises(ValueError, match=r"rate from 0 to 1, got 1\.5"):
        corrupted(rate=1.5)
    with pytest.raises(ValueError, match="rate from 0 to 1, got nan"):
        corrupted(rate=float("nan"))
    with pytest.raises(ValueError, match="special from 0 to 22, got 23"):
        corrupted(mask_token=23)
    with pytest.raises(ValueError, match="wanted an ordinary token, got none"):
        corrupted(special=range(23))


def test_leaves_its_input_alone():
    before = TOKENS.copy()
    corrupted()
    np.testing.assert_array_equal(TOKENS, before)


def test_refuses_a_dtype_that_does_not_hold_the_vocabulary():
    tokens = np.arange(9, dtype=np.uint8)
    with pytest.raises(ValueError, match="a dtype that holds 999, got uint8"):
        corrupt_tokens(tokens, np.random.default_rng(0), mask_token=999, vocab=1000)
