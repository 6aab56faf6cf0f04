r"""### Between the conventions of libraries

Four ways in which libraries say the same thing:

| name | a key that may be seen | a hidden key | used by |
|---|---|---|---|
| `"attend"` | True | False | this course, `scaled_dot_product_attention` |
| `"hide"` | False | True | `torch.nn.MultiheadAttention` |
| `"ones"` | 1 | 0 | Hugging Face, of tokens |
| `"add"` | 0.0 | minus infinity | what is added to scores |

Write `convert_mask(mask, source, target)`: the mask, which follows the convention
`source`, in the convention `target`. The first two are booleans, the third whole
numbers, the fourth floats. A mask that **comes** as `"add"` may hide by any number of
−10,000 or less, such as −65,504, as well as by −∞; nothing lies between that and 0.
A mask that you **return** as `"add"` has 0 and −∞ and nothing else.
"""

import numpy as np

from attn_course.authoring import (
    alternative,
    answer,
    check,
    exercise,
    inputs,
    misconception,
)
from attn_course.grading import close

exercise(
    level="core",
    minutes=15,
    hints=(
        "There are sixteen pairs, and no need for sixteen cases: is there one form in "
        "the middle through which every conversion can go?",
        "First make booleans in which True may attend, by `source`; then turn those "
        "into what `target` asks for. How do you say of a float mask that it is 0?",
        "In: `~` only on booleans, `== 0` for floats, `== 1` for numbers. Out: `~`, "
        "`astype(int)`, or `np.where` with 0 and minus infinity. Zero times infinity "
        "is nan.",
    ),
)


@answer
def convert_mask(mask, source, target):
    """The same mask in another convention.

    mask     (..., queries, keys)  bool, int or float, as `source` says
    source   ()  str, one of "attend", "hide", "ones", "add"
    target   ()  str, one of the same
    returns  (..., queries, keys)  bool, int or float, as `target` says
    """
    ### BEGIN SOLUTION
    if source == "hide":
        allowed = ~mask
    elif source == "add":
        allowed = mask == 0
    else:
        allowed = mask == 1
    if target == "hide":
        return ~allowed
    if target == "ones":
        return allowed.astype(int)
    if target == "add":
        return np.where(allowed, 0.0, -np.inf)
    return allowed
    ### END SOLUTION


def _spelt(allowed, kind, lowest=-np.inf):
    """Say `allowed` in a convention; `lowest` is what hides in the fourth."""
    if kind == "add":
        return np.where(allowed, 0.0, lowest)
    return {"attend": allowed, "hide": ~allowed, "ones": allowed + 0}[kind]


def _through(mask, source, target, read=None, write=None):
    """Convert rightly, but for what `read` and `write` do in place of it."""
    rights = {
        "attend": lambda m: m,
        "hide": np.logical_not,
        "ones": lambda m: m > 0,
        "add": lambda m: m > -1,
    }
    allowed = {**rights, **(read or {})}[source](mask)
    outs = {kind: (lambda a, kind=kind: _spelt(a, kind)) for kind in rights}
    return {**outs, **(write or {})}[target](allowed)


@inputs
def draw(rng):
    """Any two conventions; float masks hide by a number or by minus infinity."""
    batch, queries, keys = rng.permutation(np.arange(2, 8))[:3]
    leading = [(), (batch,)][rng.integers(2)]
    allowed = rng.random((*leading, queries, keys)) < 0.6
    kinds = ["attend", "hide", "ones", "add"]
    source, target = (kinds[k] for k in rng.integers(4, size=2))
    lowest = float(rng.choice([-1e4, -65504.0, -1e9, -np.inf]))
    return _spelt(allowed, source, lowest), source, target


@alternative
def through_what_is_added(mask, source, target):
    """Everything goes by way of floats that are added."""
    if source == "add":
        bias = np.minimum(mask * 1e300, 0.0)
    else:
        bias = np.where(np.equal(mask, source != "hide"), 0.0, -np.inf)
    low = bias < 0
    return {
        "add": np.where(low, -np.inf, bias),
        "hide": low,
        "ones": 1 - low,
        "attend": np.logical_not(low),
    }[target]


@check(points=1)
def booleans_and_ones(convert_mask):
    """Two queries and three keys, between the first three conventions."""
    allowed = np.array([[True, True, False], [False, True, False]])
    numbers = np.array([[1, 1, 0], [0, 1, 0]])
    spelt = {"attend": allowed, "hide": ~allowed, "ones": numbers}
    got = {
        (source, target): convert_mask(mask.copy(), source, target)
        for source, mask in spelt.items()
        for target in spelt
        if (source, target) not in {("attend", "attend"), ("hide", "hide")}
    }
    for (source, target), mask in got.items():
        close(mask, spelt[target], f"{source} to {target}")


@check(points=1)
def what_is_added(convert_mask):
    """To 0 and minus infinity, and back from any number that hides."""
    allowed = np.array([[True, False, True], [False, True, True]])
    added = np.array([[0.0, -np.inf, 0.0], [-np.inf, 0.0, 0.0]])
    numbers = np.array([[0.0, -65504.0, 0.0], [-10_000.0, 0.0, 0.0]])
    ones = np.array([[1, 0, 1], [0, 1, 1]])
    cases = [
        ("attend", "add", allowed, added),
        ("ones", "add", ones, added),
        ("add", "attend", added, allowed),
        ("add", "hide", numbers, ~allowed),
        ("add", "ones", numbers, ones),
        ("add", "add", numbers, added),
    ]
    got = [convert_mask(mask, source, target) for source, target, mask, _ in cases]
    for (source, target, _, wanted), mask in zip(cases, got, strict=True):
        close(mask, wanted, f"{source} to {target}")


@check(points=2, hidden=True)
def all_pairs_in_batches(convert_mask, rng):
    """All sixteen pairs, with batches and heads, against the course's functions."""
    from attn_course.functional import (
        to_additive,
        to_hugging_face,
        to_sdpa,
        to_torch_mha,
    )

    allowed = rng.random((2, 3, 5, 7)) < 0.6
    spelt = {
        "attend": to_sdpa(allowed),
        "hide": to_torch_mha(allowed.reshape(30, 7)).reshape(allowed.shape),
        "ones": to_hugging_face(allowed.reshape(30, 7)).reshape(allowed.shape),
        "add": to_additive(allowed, np.float64, finite=True),
    }
    for source, mask in spelt.items():
        for target, wanted in spelt.items():
            wanted = np.where(allowed, 0.0, -np.inf) if target == "add" else wanted
            close(convert_mask(mask, source, target), wanted, f"{source} to {target}")


@misconception(caught_by=booleans_and_ones)
def true_means_the_same_everywhere(mask, source, target):
    """You let True through unchanged, yet it means opposite things in the first two
    rows of the table. Which one says that a key is hidden?"""
    return _through(
        mask, source, target, read={"hide": lambda m: m}, write={"hide": lambda a: a}
    )


@misconception(caught_by=booleans_and_ones)
def turned_on_the_way_in_only(mask, source, target):
    """A mask that comes as "hide" is turned round, one that goes out as "hide" is not.
    The door has to be the same in both directions."""
    return _through(mask, source, target, write={"hide": lambda a: a})


@misconception(caught_by=booleans_and_ones)
def turned_on_the_way_out_only(mask, source, target):
    """A mask that goes out as "hide" is turned round, one that comes as "hide" is not.
    The door has to be the same in both directions."""
    return _through(mask, source, target, read={"hide": lambda m: m})


@misconception(caught_by=booleans_and_ones)
def tilde_on_numbers(mask, source, target):
    """Something you turn round holds numbers, not booleans: ~1 is -2 and ~0 is -1, and
    both count as true. Make booleans of it first."""
    return _through(
        mask, source, target, read={"ones": lambda m: m}, write={"hide": np.invert}
    )


@misconception(caught_by=booleans_and_ones)
def one_means_hidden(mask, source, target):
    """You read a 1 as hidden. In the third row of the table a 1 is kept, as in what a
    tokeniser hands out: 1 for words, 0 for filler."""
    return _through(mask, source, target, read={"ones": lambda m: m < 1})


@misconception(caught_by=booleans_and_ones)
def booleans_for_ones(mask, source, target):
    """Asked for "ones" you return booleans. They print differently and add up alike,
    but `~` and minus do other things to them: make numbers of them."""
    return _through(mask, source, target, write={"ones": lambda a: a.copy()})


@misconception(caught_by=what_is_added)
def zero_times_infinity(mask, source, target):
    """Where a key may be seen you compute zero times infinity, and that is nan. Choose
    between two numbers in place of multiplying by one."""
    return _through(mask, source, target, write={"add": lambda a: (1 - a) * -np.inf})


@misconception(caught_by=what_is_added)
def pushed_upwards(mask, source, target):
    """You add plus infinity to what should be hidden: now the hidden keys are the only
    ones to be seen. Which way must a score go to vanish?"""
    return _through(
        mask, source, target, write={"add": lambda a: np.where(a, 0.0, np.inf)}
    )


@misconception(caught_by=what_is_added)
def hides_what_may_be_seen(mask, source, target):
    """Your minus infinity lands on the keys that may be seen, and the hidden ones keep
    their scores. Which branch of the choice does True take?"""
    return _through(
        mask, source, target, write={"add": lambda a: np.where(a, -np.inf, 0.0)}
    )


@misconception(caught_by=what_is_added)
def ones_are_added(mask, source, target):
    """You return 1.0 and 0.0 to be added to scores. That only makes allowed keys e
    times as heavy as hidden ones: what is to be added to a key that may be seen?"""
    return _through(mask, source, target, write={"add": lambda a: a.astype(float)})


@misconception(caught_by=what_is_added)
def a_large_number(mask, source, target):
    """You hide by a large negative number. It is asked for minus infinity: a number
    drowns scores in float32 and leaves the range of float16."""
    return _through(
        mask, source, target, write={"add": lambda a: np.where(a, 0.0, -1e9)}
    )


@misconception(caught_by=what_is_added)
def whatever_is_not_zero_may_be_seen(mask, source, target):
    """You ask whether the number that is added is other than zero. For these masks
    zero is what leaves a key alone."""
    return _through(mask, source, target, read={"add": lambda m: m.astype(bool)})


@misconception(caught_by=what_is_added)
def only_infinity_hides(mask, source, target):
    """You take a key for hidden only if minus infinity is added. Others hide by -10,000
    or by the lowest number of a float: what do all of these have in common?"""
    return _through(mask, source, target, read={"add": lambda m: m != -np.inf})


@misconception(caught_by=what_is_added)
def numbers_pass_through(mask, source, target):
    """From "add" to "add" you hand on what came. The mask that you return should hide
    by minus infinity and nothing else."""
    if source == target:
        return mask.copy()
    return _through(mask, source, target)


@misconception(caught_by=all_pairs_in_batches)
def turned_if_hide_is_named(mask, source, target):
    """You turn the mask round as soon as one of the two is "hide". From "hide" to
    "hide" it is turned once and should not be, or twice: how often do you turn it?"""
    if source == target == "hide":
        return ~mask
    return _through(mask, source, target)
