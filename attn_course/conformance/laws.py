"""What attention must obey, one law a function.

Each law takes an attention ``f(query, keys, values, allowed) -> output`` and a `Case`,
and raises an AssertionError that says what was seen. `allowed` may be None: every key.

Weights are not asked for. A read that mixes values linearly tells its weights when the
values are the unit vectors: what comes back *is* the table of weights.
"""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float

from attn_course.conformance.case import Case

Attention = Callable[..., Float[np.ndarray, "... queries channels"]]
LAWS: dict[str, Callable[[Attention, Case], None]] = {}

# Float64 results of sums in different orders; entries are of order one.
NEAR = {"rtol": 1e-9, "atol": 1e-11}


def law(function: Callable[[Attention, Case], None]):
    """Enter a law in the book, under its name with spaces."""
    LAWS[function.__name__.replace("_", " ")] = function
    return function


def read(attention: Attention, case: Case) -> Float[np.ndarray, "..."]:
    """Attend, and check the shape of what comes back."""
    output = attention(case.query, case.keys, case.values, case.allowed)
    wanted = (*case.query.shape[:-1], case.values.shape[-1])
    assert np.shape(output) == wanted, (
        f"wanted an output of shape {wanted}, got {np.shape(output)}"
    )
    return np.asarray(output)


def weights(attention: Attention, case: Case) -> Float[np.ndarray, "..."]:
    """Read the unit vectors in place of the values."""
    count = case.keys.shape[-2]
    units = np.eye(count, dtype=case.values.dtype)
    units = np.broadcast_to(units, (*case.keys.shape[:-1], count)).copy()
    return read(attention, case.but(values=units))


def same(got, wanted, what: str, **tolerance) -> None:
    """Compare; on failure say what was compared and where it differs most."""
    got, wanted = np.broadcast_arrays(got, wanted)
    if np.allclose(got, wanted, **(tolerance or NEAR)):
        return
    gap = np.where(np.isfinite(got), np.abs(got - wanted), np.inf)
    place = np.unravel_index(gap.argmax(), gap.shape)
    raise AssertionError(
        f"{what}: wanted {wanted[place]:.6g}, got {got[place]:.6g} at "
        f"{tuple(map(int, place))}"
    )


@law
def rows_sum_to_one(attention: Attention, case: Case) -> None:
    """The weights of each query sum to one."""
    sums = weights(attention, case).sum(axis=-1)
    same(sums, np.ones_like(sums), "sum of the weights of a query")


@law
def output_lies_in_the_hull_of_the_values(attention: Attention, case: Case) -> None:
    """What is read is a mixture of the values: no weight is negative or above one."""
    shares = weights(attention, case)
    assert shares.min() >= -1e-12, f"a weight is negative: {shares.min():.6g}"
    assert shares.max() <= 1 + 1e-9, f"a weight is above one: {shares.max():.6g}"
    same(read(attention, case), shares @ case.values, "mixture of the values")


@law
def hidden_keys_weigh_nothing(attention: Attention, case: Case) -> None:
    """The weight of a key that is not allowed is exactly zero."""
    hidden = weights(attention, case)[~case.allowed]
    assert (hidden == 0).all(), f"a hidden key has weight {np.abs(hidden).max():.6g}"


@law
def no_mask_allows_everything(attention: Attention, case: Case) -> None:
    """Leaving the mask out and allowing every pair are the same."""
    everything = case.but(allowed=np.ones_like(case.allowed))
    got = read(attention, case.but(allowed=None))
    same(got, read(attention, everything), "no mask against all allowed")


@law
def a_mask_of_fewer_axes_is_for_all(attention: Attention, case: Case) -> None:
    """A mask over the keys alone holds for every query of every batch."""
    shared = case.allowed.reshape(-1, case.keys.shape[-2])[0]
    whole = np.broadcast_to(shared, case.allowed.shape).copy()
    got = read(attention, case.but(allowed=shared))
    same(got, read(attention, case.but(allowed=whole)), "mask of one axis")


@law
def order_of_the_memory_does_not_matter(attention: Attention, case: Case) -> None:
    """Permuting keys and values together (and the mask) changes nothing."""
    order = case.rng.permutation(case.keys.shape[-2])
    shuffled = case.but(
        keys=case.keys[..., order, :],
        values=case.values[..., order, :],
        allowed=case.allowed[..., order],
    )
    same(read(attention, shuffled), read(attention, case), "shuffled memory")


@law
def order_of_the_queries_carries_over(attention: Attention, case: Case) -> None:
    """Permuting the queries (and the mask) permutes the output."""
    order = case.rng.permutation(case.query.shape[-2])
    shuffled = case.but(
        query=case.query[..., order, :], allowed=case.allowed[..., order, :]
    )
    wanted = read(attention, case)[..., order, :]
    same(read(attention, shuffled), wanted, "shuffled queries")


@law
def the_future_has_no_influence(attention: Attention, case: Case) -> None:
    """Under a causal mask a changed key or value reaches no query before it."""
    queries, keys = case.allowed.shape[-2:]
    causal = np.tri(queries, keys, max(keys - queries, 0), dtype=bool)
    case = case.but(allowed=np.broadcast_to(causal, case.allowed.shape).copy())
    before = read(attention, case)
    for changed in range(keys):
        after = read(attention, _disturbed(case, changed))
        moved = (np.abs(after - before) > 0).any(axis=-1)
        leaks = moved & ~causal[:, changed]
        assert not leaks.any(), (
            f"key {changed} reaches query {np.argwhere(leaks)[0][-1]} before it"
        )


@law
def padding_has_no_influence(attention: Attention, case: Case) -> None:
    """Whatever stands at a position hidden from everybody, the output is the same."""
    real = np.arange(case.keys.shape[-2]) < case.keys.shape[-2] - 2
    padded = case.but(allowed=np.broadcast_to(real, case.allowed.shape).copy())
    before = read(attention, padded)
    for changed in np.flatnonzero(~real):
        after = read(attention, _disturbed(padded, changed))
        assert (after == before).all(), f"padding at {changed} changes the output"


def _disturbed(case: Case, position: int) -> Case:
    """Return the case with another key and another value at one position."""
    keys, values = case.keys.copy(), case.values.copy()
    keys[..., position, :] = case.rng.normal(size=keys[..., position, :].shape) + 3
    values[..., position, :] = case.rng.normal(size=values[..., position, :].shape) - 3
    return case.but(keys=keys, values=values)


@law
def a_query_with_nothing_allowed_reads_zeros(attention: Attention, case: Case) -> None:
    """An empty row gives zeros, and disturbs no other row."""
    allowed = case.allowed.copy()
    allowed[..., 1, :] = False
    output = read(attention, case.but(allowed=allowed))
    assert (output[..., 1, :] == 0).all(), f"wanted zeros, got {output[..., 1, :]}"
    others = np.arange(allowed.shape[-2]) != 1
    same(output[..., others, :], read(attention, case)[..., others, :], "other rows")


@law
def scores_may_be_of_any_size(attention: Attention, case: Case) -> None:
    """Queries 1e4 times as long or as short give weights from 0 to 1."""
    for size in (1e4, 1e-4, 0.0):
        shares = weights(attention, case.but(query=size * case.query))
        assert np.isfinite(shares).all(), f"weights not finite at scale {size:g}"
        assert shares.max(initial=0) <= 1 + 1e-9, f"weights above one at {size:g}"
        assert shares.min(initial=0) >= -1e-12, f"weights below zero at {size:g}"


@law
def axes_may_be_empty(attention: Attention, case: Case) -> None:
    """No queries give no rows, no keys give zeros, no batch gives no batch."""
    keys = case.keys.shape[-2]
    nobody = case.but(query=case.query[..., :0, :], allowed=case.allowed[..., :0, :])
    nothing = case.but(
        keys=case.keys[..., :0, :],
        values=case.values[..., :0, :],
        allowed=case.allowed[..., :0],
    )
    none = Case(
        *(x[:0] for x in (case.query, case.keys, case.values, case.allowed)), case.rng
    )
    if case.query.shape[-2] != keys:  # self-attention has no such case
        read(attention, nobody)
        assert not read(attention, nothing).any(), "no keys: wanted zeros"
    read(attention, none)


@law
def batches_do_not_mix(attention: Attention, case: Case) -> None:
    """Each slice of the leading axes gives what it gives on its own."""
    together = read(attention, case)
    for place in np.ndindex(case.query.shape[:-2]):
        alone = Case(
            case.query[place],
            case.keys[place],
            case.values[place],
            case.allowed[place],
            case.rng,
        )
        same(together[place], read(attention, alone), f"slice {place} alone")


@law
def inputs_are_left_alone(attention: Attention, case: Case) -> None:
    """No argument is changed."""
    names = ("query", "keys", "values", "allowed")
    before = {name: getattr(case, name).copy() for name in names}
    read(attention, case)
    for name, array in before.items():
        assert np.array_equal(getattr(case, name), array), f"{name} was changed"


@law
def the_dtype_is_kept(attention: Attention, case: Case) -> None:
    """Float32 in, float32 out, near to what float64 gives."""
    narrow = case.but(
        query=case.query.astype(np.float32),
        keys=case.keys.astype(np.float32),
        values=case.values.astype(np.float32),
    )
    wide = read(attention, case)
    output = read(attention, narrow)
    assert wide.dtype == np.float64, f"float64 became {wide.dtype}"
    assert output.dtype == np.float32, f"float32 became {output.dtype}"
    same(output, wide, "float32 against float64", rtol=1e-4, atol=1e-5)
