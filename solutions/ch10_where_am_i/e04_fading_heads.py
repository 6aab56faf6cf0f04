r"""### Heads that see less far

Write `fading_bias(heads, queries, keys)`: what ALiBi takes off the scores, for **any**
number of heads. From each score goes the distance, times the slope of the head:

$$ b_{hij} = -m_h \, \lvert i + K - Q - j \rvert. $$

As always the queries are the last places, so query $i$ stands at $i + K - Q$; keys may
stand on either side of it. The slopes:

- For a power of two, $H$ heads: $m_h = 2^{-8h/H}$ with $h = 1, \dots, H$, **in this
  order**. So 8 heads have $\tfrac12, \tfrac14, \dots, \tfrac1{256}$.
- For any other $H$, let $L$ be the next lower power of two. First come the $L$ slopes
  of $L$ heads, in their order. Then, for the $H - L$ heads that are left, every second
  slope of $2L$ heads, from its first on: the first, the third, the fifth ... So 3 heads
  have the two slopes of 2 heads, then the first of 4.

NumPy only. How many places away is a weight halved, in the first head and in the last?
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
    minutes=20,
    hints=(
        "Slopes first, and those for a power of two before the others. On paper, which "
        "six slopes has a layer of 6 heads?",
        "Write a small function for the slopes of a power of two, and use it twice: "
        "for L, and for 2L, of which `[::2]` takes every second one.",
        "`L = 2 ** int(np.log2(heads))`. Then the table is minus "
        "`slopes[:, None, None]` times the distances, a table of queries by keys.",
    ),
)


@answer
def fading_bias(heads, queries, keys):
    """What is added to the scores, never above 0.

    heads    ()  int
    queries  ()  int
    keys     ()  int, not below queries
    returns  (heads, queries, keys)  float
    """
    ### BEGIN SOLUTION

    def of_power(count):
        return 2.0 ** (-8 * np.arange(1, count + 1) / count)

    lower = 2 ** int(np.log2(heads))
    rest = of_power(2 * lower)[::2][: heads - lower]
    slopes = np.concatenate([of_power(lower), rest])
    steps = np.arange(keys - queries, keys)[:, None] - np.arange(keys)
    return -slopes[:, None, None] * np.abs(steps)
    ### END SOLUTION


@inputs
def draw(rng):
    """Powers of two and other numbers of heads; fewer queries than keys, or as many."""
    keys = int(rng.integers(4, 9))
    queries = int(rng.choice([keys, rng.integers(2, keys)]))
    return int(rng.choice([1, 2, 3, 5, 6, 7, 11, 12, 13, 16])), queries, keys


def _of_power(count):
    return 2.0 ** (-8 * np.arange(1, count + 1) / count)


def _slopes(heads):
    lower = 2 ** int(np.log2(heads))
    return np.concatenate([_of_power(lower), _of_power(2 * lower)[::2]])[:heads]


def _faded(slopes, queries, keys, *, first=None, distance=np.abs):
    """A bias with these slopes; wrong answers change the distance."""
    first = keys - queries if first is None else first
    steps = np.arange(queries)[:, None] + first - np.arange(keys)
    return -np.asarray(slopes)[:, None, None] * distance(steps)


@alternative
def number_by_number(heads, queries, keys):
    """As one would say it."""
    power = 1
    while 2 * power <= heads:
        power *= 2
    slopes = [2 ** (-8 * h / power) for h in range(1, power + 1)]
    slopes += [2 ** (-4 * h / power) for h in range(1, 2 * power, 2)]
    table = np.zeros((heads, queries, keys))
    for h in range(heads):
        for i in range(queries):
            for j in range(keys):
                table[h, i, j] = -slopes[h] * abs(keys - queries + i - j)
    return table


@alternative
def by_ratios(heads, queries, keys):
    """The slopes of a power of two are the powers of the first of them."""
    lower = 1 << (int(heads).bit_length() - 1)
    first, finer = 2 ** (-8 / lower), 2 ** (-4 / lower)
    slopes = first ** np.arange(1.0, lower + 1)
    slopes = np.append(slopes, finer ** (2 * np.arange(heads - lower) + 1.0))
    return np.einsum("h,qk->hqk", slopes, -np.abs(_steps(queries, keys)))


def _steps(queries, keys):
    return np.arange(keys - queries, keys)[:, None] - np.arange(keys)


@check(points=1)
def two_heads_on_paper(fading_bias):
    """Two heads, slopes 1/16 and 1/256; three queries, four keys."""
    distances = np.array([[1.0, 0, 1, 2], [2, 1, 0, 1], [3, 2, 1, 0]])
    got = fading_bias(2, 3, 4)
    close(got, -np.stack([distances / 16, distances / 256]), "bias")


@check(points=1)
def a_power_of_two(fading_bias):
    """Eight heads: the last query takes the slope off for every step back."""
    got = fading_bias(8, 2, 5)
    assert np.shape(got) == (8, 2, 5), f"wanted (8, 2, 5), got {np.shape(got)}"
    halves = 0.5 ** np.arange(1, 9)
    close(got[:, 1], -halves[:, None] * np.arange(4.0, -1, -1), "last query, all heads")


@check(points=1)
def six_heads(fading_bias):
    """Six heads: the slopes of four, then the first and the third of eight."""
    got = fading_bias(6, 1, 2)
    assert np.shape(got) == (6, 1, 2), f"wanted (6, 1, 2), got {np.shape(got)}"
    slopes = np.array([1 / 4, 1 / 16, 1 / 64, 1 / 256, 1 / 2, 1 / 8])
    close(-got[:, 0, 0], slopes, "slopes of six heads")


@check(points=2, hidden=True)
def against_the_library(fading_bias, rng):
    """One head up to 24, against the course's function."""
    from attn_course.functional import alibi_bias

    for heads in (1, 3, 5, 7, 12, 16, int(rng.integers(17, 25))):
        got = fading_bias(heads, 8, 9)
        close(got, alibi_bias(heads, 8, 9), f"bias of {heads} heads")


@misconception(caught_by=six_heads)
def one_formula_for_all(heads, queries, keys):
    """Right for powers of two. Six heads have the four slopes of four heads and two
    more, by the statement's second rule."""
    return _faded(_of_power(heads), queries, keys)


@misconception(caught_by=six_heads)
def the_next_higher_power(heads, queries, keys):
    """You took the slopes of eight heads, the nearest or the next higher power of two.
    The next *lower* power comes first, with all its slopes."""
    power = 2 ** int(np.ceil(np.log2(heads)))
    return _faded(_of_power(power)[:heads], queries, keys)


@misconception(caught_by=six_heads)
def sorted_slopes(heads, queries, keys):
    """The slopes are right, and sorted. Here the heads that are left over come at the
    end, whatever their slopes."""
    return _faded(np.sort(_slopes(heads))[::-1], queries, keys)


@misconception(caught_by=six_heads)
def from_the_second_on(heads, queries, keys):
    """For the heads that are left you take the second, the fourth ... Those are the
    slopes that the others have already; begin with the first."""
    lower = 2 ** int(np.log2(heads))
    more = _of_power(2 * lower)[1::2]
    slopes = np.concatenate([_of_power(lower), more])[:heads]
    return _faded(slopes, queries, keys)


@misconception(caught_by=six_heads)
def the_first_ones_of_the_higher(heads, queries, keys):
    """Right for one head that is left over. For more you take the next slopes one after
    the other, and so have some twice: wanted is every second one."""
    lower = 2 ** int(np.log2(heads))
    slopes = np.concatenate([_of_power(lower), _of_power(2 * lower)])[:heads]
    return _faded(slopes, queries, keys)


@misconception(caught_by=a_power_of_two)
def slopes_from_one(heads, queries, keys):
    """Your first slope is 1: h counts from 1 here, so the first of eight is a half."""
    lower = 2 ** int(np.log2(heads))
    first = 2.0 ** (-8 * np.arange(lower) / lower)
    rest = 2.0 ** (-8 * np.arange(0, 2 * lower, 2) / (2 * lower))
    return _faded(np.concatenate([first, rest])[:heads], queries, keys)


@misconception(caught_by=two_heads_on_paper)
def always_halved(heads, queries, keys):
    """Your slopes are a half, a quarter, an eighth for any number of heads. That is
    right for eight: with fewer heads the steps between them are larger."""
    return _faded(0.5 ** np.arange(1.0, heads + 1), queries, keys)


@misconception(caught_by=two_heads_on_paper)
def the_far_ones_win(heads, queries, keys):
    """Your numbers grow with the distance, so that the furthest key gains most. ALiBi
    *takes off* the distance."""
    return -_faded(_slopes(heads), queries, keys)


@misconception(caught_by=two_heads_on_paper)
def the_future_gains(heads, queries, keys):
    """You take off the offset with its sign, so that a key after the query gets a
    bonus. A distance has no sign."""
    return _faded(_slopes(heads), queries, keys, distance=np.asarray)


@misconception(caught_by=two_heads_on_paper)
def queries_are_the_first_places(heads, queries, keys):
    """Right where there are as many queries as keys. With fewer, yours stand at the
    beginning: when a text is continued, where do the new places stand?"""
    return _faded(_slopes(heads), queries, keys, first=0)


@misconception(caught_by=two_heads_on_paper)
def the_future_is_hidden(heads, queries, keys):
    """You hide the keys after the query as well. To hide is a mask's business; here
    both sides fade alike."""
    bias = _faded(_slopes(heads), queries, keys)
    return np.where(_steps(queries, keys) < 0, -np.inf, bias)


@misconception(caught_by=two_heads_on_paper)
def the_future_costs_nothing(heads, queries, keys):
    """Keys after the query keep their whole score in your bias. The distance counts on
    either side: the key after is as far away as the one before."""
    return _faded(_slopes(heads), queries, keys, distance=lambda s: np.maximum(s, 0))


@misconception(caught_by=against_the_library)
def squared_distance(heads, queries, keys):
    """You take off the square of the distance. The biases of ALiBi are linear: the
    second step costs as much as the first."""
    return _faded(_slopes(heads), queries, keys, distance=np.square)


@misconception(caught_by=two_heads_on_paper)
def weights_not_scores(heads, queries, keys):
    """You took the exponential already. What is asked for is added to the *scores*;
    the softmax comes later."""
    return np.exp(_faded(_slopes(heads), queries, keys))
