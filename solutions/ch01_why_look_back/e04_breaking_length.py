r"""### Foresee where a vector breaks

The memory of this page reads letters back from one vector of `width` entries. For a few
small widths someone has measured the share of letters that come back, at several
lengths and with several seeds. Where will a much larger vector break? Measure what is
cheap, and foresee what is dear.

Write `foresee_break(widths, lengths, shares, width)`. Three steps:

1. **One curve for each width:** the *median* over the seeds, at each length.
2. **Its breaking length:** where the curve *first* falls below one half, by a straight
   line between the last length before and the first length below. Every curve starts at
   one half or more. A curve that never falls below one half has no breaking length:
   note `np.inf` for it.
3. **The law:** breaking length = c · width, a line through the origin. Fit c by least
   squares to the widths that do break (at least one does), and foresee the break at
   `width`.

Return the breaking lengths, in the order of `widths`, and the forecast.

Then make it an experiment. Copy `read_back` from the page, with `LETTERS = 8`; the
first of the two numbers that it returns is the share. Measure at widths 8 to 64, write
down what you foresee for 256, and only then measure 256, at a few lengths around the
forecast. The law leaves one letter out of the reckoning: on which side of the truth do
you expect the forecast? The seeds scatter by a few letters as well.
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
    level="stretch",
    minutes=25,
    hints=(
        "Draw one curve on paper: lengths 4, 8, 16 and shares 0.9, 0.6, 0.4. Between "
        "which two lengths does it pass one half, and how far along?",
        "With `i` the first index below one half, the share falls from `curve[i - "
        "1]` to `curve[i]` while the length grows from `lengths[i - 1]` to "
        "`lengths[i]`. For the law, minimise Σ (b − c·w)² over c.",
        "The slope of a line through the origin is Σ w·b / Σ w², over those widths "
        "only whose breaking length is finite; `np.isfinite` finds them.",
    ),
)


@answer
def foresee_break(widths, lengths, shares, width):
    """Breaking length of each measured width, and the one foreseen.

    widths   (widths,)                  float, positive
    lengths  (lengths,)                 float, ascending
    shares   (widths, seeds, lengths)   float, from 0 to 1
    width    ()                         float, positive
    returns  two things: the breaking lengths (widths,) and the forecast, a number
    """
    ### BEGIN SOLUTION
    breaks = np.full(len(widths), np.inf)
    for w, curve in enumerate(np.median(shares, axis=1)):
        below = np.flatnonzero(curve < 0.5)
        if len(below):
            i = below[0]
            way = (curve[i - 1] - 0.5) / (curve[i - 1] - curve[i])
            breaks[w] = lengths[i - 1] + way * (lengths[i] - lengths[i - 1])
    broke = np.isfinite(breaks)
    slope = widths[broke] @ breaks[broke] / (widths[broke] @ widths[broke])
    return breaks, slope * width
    ### END SOLUTION


@inputs
def draw(rng):
    """Noisy falling curves, some of which rise again or never break."""
    count, seeds, points = rng.permutation(np.arange(3, 9))[:3]
    widths = np.cumsum(rng.uniform(4, 20, size=count))
    lengths = np.cumsum(rng.uniform(1, 6, size=points))
    falls = rng.uniform(0.2, 2.0, size=count) * lengths[-1]
    falls[rng.integers(count)] = 0.4 * lengths[-1]
    shares = 1 / (1 + (lengths / falls[:, None]) ** 3)
    shares = shares[:, None] + 0.15 * rng.normal(size=(count, seeds, points))
    shares[..., 0] = rng.uniform(0.6, 1, size=(count, seeds))
    shares[0, :, -1] = 0.1
    return widths, lengths, shares.clip(0, 1), float(rng.uniform(50, 200))


@alternative
def with_interpolation(widths, lengths, shares, width):
    """The crossing by np.interp, the fit by np.linalg.lstsq."""
    breaks = []
    for curve in np.median(shares, axis=1):
        i = next((i for i, share in enumerate(curve) if share < 0.5), None)
        if i is None:
            breaks.append(np.inf)
        else:
            ends = [curve[i], curve[i - 1]], [lengths[i], lengths[i - 1]]
            breaks.append(np.interp(0.5, *ends))
    breaks = np.array(breaks)
    kept = breaks < np.inf
    slope, *_ = np.linalg.lstsq(widths[kept][:, None], breaks[kept], rcond=None)
    return breaks, width * slope[0]


@check(points=1)
def one_width_on_paper(foresee_break):
    """One width, three seeds: the median falls below one half at length 12."""
    shares = np.array(
        [[[1.0, 0.9, 0.1, 0.4], [0.9, 0.7, 0.4, 0.2], [0.8, 0.6, 0.45, 0.1]]]
    )
    lengths = np.array([2.0, 4.0, 16.0, 20.0])
    got = foresee_break(np.array([24.0]), lengths, shares, 60.0)
    both = isinstance(got, tuple | list) and len(got) == 2
    assert both, f"wanted the breaking lengths and the forecast, got {got!r}"
    # The medians are 0.9, 0.7, 0.4, 0.2: two thirds of the way from 4 to 16.
    close(got[0], np.array([12.0]), "breaking lengths")
    close(got[1], 30.0, "forecast")


@check(points=1)
def three_widths_and_one_that_holds(foresee_break):
    """Two widths break, one of them twice; the third never does."""
    widths, lengths = np.array([10.0, 20.0, 80.0]), np.array([1.0, 3.0, 5.0, 9.0, 17.0])
    curves = np.array(
        [
            [1.0, 0.6, 0.4, 0.6, 0.2],  # falls below a half at 4, rises, falls again
            [1.0, 0.9, 0.7, 0.6, 0.2],  # at 9 + 8/4 = 11
            [1.0, 1.0, 0.9, 0.8, 0.7],  # never
        ]
    )
    got = foresee_break(widths, lengths, np.stack([curves, curves], axis=1), 100.0)
    both = isinstance(got, tuple | list) and len(got) == 2
    assert both, f"wanted the breaking lengths and the forecast, got {got!r}"
    close(got[0], np.array([4.0, 11.0, np.inf]), "breaking lengths")
    close(got[1], 100 * (10 * 4 + 20 * 11) / (10**2 + 20**2), "forecast")


@check(points=2, hidden=True)
def measured_memories(foresee_break, rng):
    """Memories measured afresh, with curves that fall at uneven lengths."""
    widths = np.array([8.0, 16.0, 32.0, 64.0])
    lengths = np.array([1.0, 2.0, 3.0, 5.0, 8.0, 12.0, 20.0])
    shares = np.empty((4, 6, 7))
    for w, size in enumerate(widths.astype(int)):
        for s in range(6):
            codes = rng.normal(size=(8, size)) / np.sqrt(size)
            for i, length in enumerate(lengths.astype(int)):
                noise = rng.normal(size=(60, size)) * np.sqrt((length - 1) / size)
                letters = rng.integers(8, size=60)
                guess = ((codes[letters] + noise) @ codes.T).argmax(axis=1)
                shares[w, s, i] = np.mean(guess == letters)
    shares[..., 0] = 1.0
    curves, breaks = np.median(shares, axis=1), []
    for curve in curves:
        i = int(np.argmax(curve < 0.5)) if (curve < 0.5).any() else None
        if i is not None:
            fall = (0.5 - curve[i]) / (curve[i - 1] - curve[i])
            breaks.append(lengths[i] - fall * (lengths[i] - lengths[i - 1]))
        else:
            breaks.append(np.inf)
    breaks = np.array(breaks)
    kept = np.isfinite(breaks)
    slope = np.sum(widths[kept] * breaks[kept]) / np.sum(widths[kept] ** 2)
    got = foresee_break(widths, lengths, shares, 256.0)
    both = isinstance(got, tuple | list) and len(got) == 2
    assert both, f"wanted the breaking lengths and the forecast, got {got!r}"
    close(got[0], breaks, "breaking lengths")
    close(got[1], 256 * slope, "forecast")


def _foresee(
    widths,
    lengths,
    shares,
    width,
    middle=np.median,
    pick=0,
    law=None,
    go=lambda way: way,
):
    """The answer, with one step of it exchanged."""
    breaks = np.full(len(widths), np.inf)
    for w, curve in enumerate(middle(shares, axis=1)):
        below = np.flatnonzero(curve < 0.5)
        if pick == -1:  # the last time that it passes one half downwards
            below = np.array([i for i in below if i and curve[i - 1] >= 0.5], dtype=int)
        if len(below):
            i = below[pick]
            way = (curve[i - 1] - 0.5) / (curve[i - 1] - curve[i])
            breaks[w] = lengths[i - 1] + go(way) * (lengths[i] - lengths[i - 1])
    kept = np.isfinite(breaks)
    if law is None:
        slope = widths[kept] @ breaks[kept] / (widths[kept] @ widths[kept])
        return breaks, slope * width
    return breaks, law(widths[kept], breaks[kept], width)


@misconception(caught_by=one_width_on_paper)
def mean_over_the_seeds(widths, lengths, shares, width):
    """Your curves are means over the seeds. One seed that went wrong pulls a mean far,
    and leaves a median almost where it was; asked for is the median."""
    return _foresee(widths, lengths, shares, width, middle=np.mean)


@misconception(caught_by=one_width_on_paper)
def the_best_seed(widths, lengths, shares, width):
    """You took the best seed of each length. The best of several is luck as well as
    merit, and more so with more seeds: which value stands in the middle?"""
    return _foresee(widths, lengths, shares, width, middle=np.max)


@misconception(caught_by=three_widths_and_one_that_holds)
def the_last_fall(widths, lengths, shares, width):
    """Your breaking length is where the curve falls below one half for the last time.
    Asked for is the first: from there on the memory cannot be relied on."""
    return _foresee(widths, lengths, shares, width, pick=-1)


@misconception(caught_by=one_width_on_paper)
def first_length_below(widths, lengths, shares, width):
    """You return the first length that was measured below one half. The curve passed
    one half on the way there: how far along, on a straight line?"""
    return _foresee(widths, lengths, shares, width, go=lambda way: 1)


@misconception(caught_by=one_width_on_paper)
def last_length_above(widths, lengths, shares, width):
    """You return the last length that still was at one half or more. The curve goes on
    from there and passes one half a little later: how far along, on a straight line?"""
    return _foresee(widths, lengths, shares, width, go=lambda way: 0)


@misconception(caught_by=one_width_on_paper)
def counted_from_the_far_end(widths, lengths, shares, width):
    """The right two lengths, and the way between them from the wrong end: your break
    lies as far from the one as it should from the other. Which of the two shares is
    nearer to one half?"""
    return _foresee(widths, lengths, shares, width, go=lambda way: 1 - way)


@misconception(caught_by=one_width_on_paper)
def straight_in_the_logarithm(widths, lengths, shares, width):
    """You drew the straight line over the logarithm of the length. Asked for is a
    straight line over the length itself."""
    breaks = 2 ** _foresee(widths, np.log2(lengths), shares, width)[0]
    kept = np.isfinite(breaks)
    slope = widths[kept] @ breaks[kept] / (widths[kept] @ widths[kept])
    return breaks, slope * width


@misconception(caught_by=one_width_on_paper)
def the_slope_for_the_forecast(widths, lengths, shares, width):
    """The breaking lengths are right, and your forecast is c itself: letters for each
    entry. How many entries does the vector have that is asked for?"""
    breaks, forecast = _foresee(widths, lengths, shares, width)
    return breaks, forecast / width


@misconception(caught_by=three_widths_and_one_that_holds)
def a_break_where_there_is_none(widths, lengths, shares, width):
    """A curve that never falls below one half got a breaking length. If nothing is
    true, `argmax` answers 0, and index 0 − 1 is the last entry: what tells you that a
    curve holds?"""
    breaks = []
    for curve in np.median(shares, axis=1):
        i = np.argmax(curve < 0.5)
        way = (curve[i - 1] - 0.5) / (curve[i - 1] - curve[i])
        breaks.append(lengths[i - 1] + way * (lengths[i] - lengths[i - 1]))
    breaks = np.array(breaks)
    return breaks, width * (widths @ breaks) / (widths @ widths)


@misconception(caught_by=three_widths_and_one_that_holds)
def sum_over_sum(widths, lengths, shares, width):
    """You divided the sum of the lengths by the sum of the widths. That is a line
    through the origin, and not the one of least squares: which c makes Σ (b − c·w)²
    least?"""
    return _foresee(
        widths, lengths, shares, width, law=lambda w, b, at: at * b.sum() / w.sum()
    )


@misconception(caught_by=three_widths_and_one_that_holds)
def all_widths_below_the_line(widths, lengths, shares, width):
    """Above the line only the widths that broke are counted, below it all of them, so
    that c comes out too small. Both sums run over the same widths."""
    breaks, _ = _foresee(widths, lengths, shares, width)
    kept = np.isfinite(breaks)
    return breaks, width * (widths[kept] @ breaks[kept]) / (widths @ widths)


@misconception(caught_by=three_widths_and_one_that_holds)
def holding_means_the_last_length(widths, lengths, shares, width):
    """A width that never broke counts with the longest length tried, as if it had
    broken there. All you know is that it breaks later: it has nothing to tell the
    fit."""
    breaks, _ = _foresee(widths, lengths, shares, width)
    breaks = np.where(np.isfinite(breaks), breaks, lengths[-1])
    return breaks, width * (widths @ breaks) / (widths @ widths)


@misconception(caught_by=three_widths_and_one_that_holds)
def a_line_with_an_intercept(widths, lengths, shares, width):
    """Your line need not pass through the origin, and far outside the measured widths
    an intercept leads astray. What length can a vector of no entries hold?"""

    def law(w, b, at):
        return np.polyval(np.polyfit(w, b, min(1, len(w) - 1)), at)

    return _foresee(widths, lengths, shares, width, law=law)


@misconception(caught_by=three_widths_and_one_that_holds)
def a_mean_of_ratios(widths, lengths, shares, width):
    """You averaged the ratios of length to width. Least squares weigh a wide vector
    more, since the same error in c costs more there: which c makes Σ (b − c·w)²
    least?"""
    return _foresee(
        widths, lengths, shares, width, law=lambda w, b, at: at * np.mean(b / w)
    )


@misconception(caught_by=three_widths_and_one_that_holds)
def scaled_from_the_widest(widths, lengths, shares, width):
    """You scale up from the widest vector that broke and leave the others unused. All
    of them are evidence: fit one c to all."""
    return _foresee(
        widths, lengths, shares, width, law=lambda w, b, at: at * b[-1] / w[-1]
    )


@misconception(caught_by=measured_memories)
def one_curve_for_all_widths(widths, lengths, shares, width):
    """The break is right for a single width and the same for all of them: your median
    runs over the widths as well. Which axis holds the seeds?"""
    both = np.broadcast_to(np.median(shares, axis=(0, 1)), (len(widths), len(lengths)))
    return _foresee(widths, lengths, both[:, None], width)


@misconception(caught_by=three_widths_and_one_that_holds)
def infinity_in_the_fit(widths, lengths, shares, width):
    """A width that never broke takes part in the fit, with a breaking length of
    infinity, and so the forecast is infinite. What can such a width tell about c?"""
    breaks, _ = _foresee(widths, lengths, shares, width)
    return breaks, width * (widths @ breaks) / (widths @ widths)


@misconception(caught_by=three_widths_and_one_that_holds)
def interpolated_over_the_whole_curve(widths, lengths, shares, width):
    """`np.interp` over the whole curve wants shares that only rise or only fall, and
    never says that a curve does not break. Find the two lengths around the break
    first."""
    curves = np.median(shares, axis=1)
    breaks = np.array([np.interp(0.5, c[::-1], lengths[::-1]) for c in curves])
    return breaks, width * (widths @ breaks) / (widths @ widths)


@misconception(caught_by=measured_memories)
def the_median_of_the_breaks(widths, lengths, shares, width):
    """You found a break for each seed and took the median of these. Asked for is one
    curve first, the median of the shares, and then its break."""
    runs = [
        _foresee(widths, lengths, shares[:, [s]], width)[0]
        for s in range(shares.shape[1])
    ]
    breaks = np.median(runs, axis=0)
    kept = np.isfinite(breaks)
    slope = widths[kept] @ breaks[kept] / (widths[kept] @ widths[kept])
    return breaks, slope * width
