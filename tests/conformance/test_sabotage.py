"""Each law catches the attention that was broken for it, and passes the sound one."""

import numpy as np
import pytest

from attn_course.conformance import LAWS, examine, table


def sound(query, keys, values, allowed):
    """Softmax attention in five lines, independent of the package."""
    scores = query @ np.swapaxes(keys, -1, -2) / query.shape[-1] ** 0.5
    if allowed is not None:
        scores = np.where(allowed, scores, -np.inf)
    top = scores.max(axis=-1, keepdims=True, initial=-np.inf)
    shares = np.exp(scores - np.where(np.isneginf(top), 0, top))
    total = shares.sum(axis=-1, keepdims=True)
    return shares / np.where(total == 0, 1, total) @ values


def sums_over_queries(query, keys, values, allowed):
    scores = query @ np.swapaxes(keys, -1, -2)
    scores = scores if allowed is None else np.where(allowed, scores, -1e9)
    shares = np.exp(scores - scores.max(axis=-2, keepdims=True, initial=-1e9))
    return shares / shares.sum(axis=-2, keepdims=True) @ values


def masks_afterwards(query, keys, values, allowed):
    shares = sound(query, keys, np.eye(keys.shape[-2]), None)
    return (shares if allowed is None else shares * allowed) @ values


def hides_with_a_large_number(query, keys, values, allowed):
    scores = query @ np.swapaxes(keys, -1, -2)
    if allowed is not None:
        scores = scores - 8.0 * ~allowed
    shares = np.exp(scores - scores.max(axis=-1, keepdims=True, initial=-1e30))
    return shares / shares.sum(axis=-1, keepdims=True) @ values


def forgets_the_maximum(query, keys, values, allowed):
    with np.errstate(all="ignore"):
        shares = np.exp(query @ np.swapaxes(keys, -1, -2))
        shares = shares if allowed is None else shares * allowed
        total = shares.sum(axis=-1, keepdims=True)
        return shares / np.where(total == 0, 1, total) @ values


def divides_by_nothing(query, keys, values, allowed):
    """Nan where nothing is allowed, as the textbook formula has it."""
    scores = query @ np.swapaxes(keys, -1, -2)
    scores = scores if allowed is None else np.where(allowed, scores, -np.inf)
    with np.errstate(all="ignore"):
        shares = np.exp(scores - scores.max(axis=-1, keepdims=True, initial=-np.inf))
        return shares / shares.sum(axis=-1, keepdims=True) @ values


def knows_the_place_of_a_key(query, keys, values, allowed):
    return sound(query, keys + np.arange(keys.shape[-2])[:, None], values, allowed)


def knows_the_place_of_a_query(query, keys, values, allowed):
    return sound(query + np.arange(query.shape[-2])[:, None], keys, values, allowed)


def peeks_one_ahead(query, keys, values, allowed):
    if allowed is not None:
        allowed = allowed | np.roll(allowed, 1, axis=-1)
    return sound(query, keys, values, allowed)


def lets_padding_shift_the_values(query, keys, values, allowed):
    output = sound(query, keys, values, allowed)
    return output + 1e-6 * values.sum(axis=-2, keepdims=True)


def mixes_the_batch(query, keys, values, allowed):
    if query.ndim > 2 and len(query):
        keys = keys - keys.mean(axis=0)
    return sound(query, keys, values, allowed)


def ignores_masks_without_a_batch(query, keys, values, allowed):
    if allowed is not None and allowed.ndim < query.ndim:
        allowed = None
    return sound(query, keys, values, allowed)


def hides_all_without_a_mask(query, keys, values, allowed):
    if allowed is None:
        allowed = np.zeros((query.shape[-2], keys.shape[-2]), dtype=bool)
    return sound(query, keys, values, allowed)


def scales_in_place(query, keys, values, allowed):
    query *= 0.5
    return sound(query, keys, values, allowed)


def writes_float64(query, keys, values, allowed):
    return sound(query.astype(float), keys, values, allowed)


def fails_on_nothing(query, keys, values, allowed):
    if 0 in (*query.shape, *keys.shape):
        raise ZeroDivisionError("no keys")
    return sound(query, keys, values, allowed)


def returns_weights_instead(query, keys, values, allowed):
    return sound(query, keys, np.eye(keys.shape[-2]), allowed)


def reads_with_negative_weights(query, keys, values, allowed):
    mean = sound(0 * query, keys, values, allowed)
    return 3 * sound(query, keys, values, allowed) - 2 * mean


SABOTAGE = {
    sums_over_queries: "rows sum to one",
    reads_with_negative_weights: "output lies in the hull of the values",
    returns_weights_instead: "output lies in the hull of the values",
    masks_afterwards: "rows sum to one",
    hides_with_a_large_number: "hidden keys weigh nothing",
    hides_all_without_a_mask: "no mask allows everything",
    ignores_masks_without_a_batch: "a mask of fewer axes is for all",
    knows_the_place_of_a_key: "order of the memory does not matter",
    knows_the_place_of_a_query: "order of the queries carries over",
    peeks_one_ahead: "the future has no influence",
    lets_padding_shift_the_values: "padding has no influence",
    divides_by_nothing: "a query with nothing allowed reads zeros",
    forgets_the_maximum: "scores may be of any size",
    fails_on_nothing: "axes may be empty",
    mixes_the_batch: "batches do not mix",
    scales_in_place: "inputs are left alone",
    writes_float64: "the dtype is kept",
}


def broken(attention, **options) -> set[str]:
    return {v.law for v in examine(attention, **options) if not v.holds}


@pytest.mark.parametrize("square", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_a_sound_attention_breaks_no_law(square, seed):
    verdicts = examine(sound, square=square, seed=seed)
    assert all(verdict.holds for verdict in verdicts), table(verdicts)


@pytest.mark.filterwarnings("ignore:invalid value")
@pytest.mark.parametrize("attention", SABOTAGE, ids=lambda f: f.__name__)
def test_a_broken_attention_is_caught_by_the_law_it_breaks(attention):
    assert SABOTAGE[attention] in broken(attention)


def test_every_law_has_its_sabotage():
    assert set(SABOTAGE.values()) == set(LAWS)


def test_an_exception_is_shown_with_its_reason_and_an_idle_one_is_told():
    reasons = {"rows sum to one": "masks late", "inputs are left alone": "idle"}
    found = {v.law: v for v in examine(masks_afterwards, excepted=reasons)}
    assert (found["rows sum to one"].holds, found["rows sum to one"].excepted) == (
        False,
        True,
    )
    assert found["inputs are left alone"].holds
    text = table(list(found.values()))
    assert "excepted  rows sum to one: masks late" in text
    assert "holds, though excepted" in text


def test_refuses_an_exception_from_no_law():
    with pytest.raises(ValueError, match=r"wanted exceptions among .*, got gravity"):
        examine(sound, excepted={"gravity": "up here"})
