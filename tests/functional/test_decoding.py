"""Greedy and beam: against the enumeration of every sequence, and each other."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attn_course.functional import (
    Hypothesis,
    beam_search,
    greedy_decode,
    length_penalty,
    log_softmax,
)

START, END, VOCAB = 3, 0, 4


def language(seed, sharpness=1.5):
    """A model with a distribution of its own after every prefix."""

    def log_probs(prefixes):
        rows = [
            np.random.default_rng([seed, *map(int, row)]).normal(size=VOCAB)
            for row in prefixes
        ]
        return log_softmax(sharpness * np.array(rows).reshape(-1, VOCAB))

    return log_probs


def every_sequence(log_probs, longest):
    """All sequences that end within `longest` tokens or are cut there, with sums."""
    for tokens in product(range(VOCAB), repeat=longest):
        cut = tokens.index(END) + 1 if END in tokens else longest
        if any(tokens[cut:]):  # keep one of those that differ only after the end
            continue
        total = 0.0
        for t in range(cut):
            total += log_probs(np.array([[START, *tokens[:t]]]))[0, tokens[t]]
        yield tokens[:cut], total, END in tokens


def beam(log_probs, width, longest=3, **kind):
    prompt = np.array([START])
    return beam_search(log_probs, prompt, end=END, longest=longest, width=width, **kind)


@pytest.mark.parametrize("alpha", [0.0, 0.6, 2.0])
def test_a_beam_wide_enough_for_everything_is_exhaustive_search(alpha):
    for seed in range(3):
        found = beam(language(seed), width=100, alpha=alpha)
        wanted = [
            (tokens, total, total / ((5 + len(tokens)) / 6) ** alpha, ended)
            for tokens, total, ended in every_sequence(language(seed), 3)
        ]
        wanted.sort(key=lambda one: (not one[3], -one[2]))
        assert len(found) == len(wanted) == 1 + 3 + 9 + 27
        for one, other in zip(found, wanted, strict=True):
            assert one.tokens == other[0]
            assert one.finished == other[3]
            np.testing.assert_allclose(one[1:3], other[1:3], rtol=1e-12)


@given(st.integers(0, 10**6), st.integers(0, 6))
def test_a_beam_of_one_is_greedy(seed, longest):
    (best,) = beam(language(seed), width=1, longest=longest)
    prompts = np.array([[START]])
    row = greedy_decode(language(seed), prompts, end=END, longest=longest)[0]
    assert best.tokens == tuple(row.tolist())
    assert best.finished == (END in best.tokens)


def test_greedy_takes_the_best_token_at_each_step_and_pads_with_the_end():
    prompts = np.array([[START, n] for n in (1, 2, 3, 1, 2)])
    prompts[3:, 0] = 1
    rows = greedy_decode(language(5), prompts, end=END, longest=9)
    for prompt, row in zip(prompts, rows, strict=True):
        prefix = list(prompt)
        while len(prefix) < 2 + 9 and (len(prefix) == 2 or prefix[-1] != END):
            prefix.append(int(language(5)(np.array([prefix])).argmax()))
        new = prefix[2:]
        assert row[: len(new)].tolist() == new
        assert (row[len(new) :] == END).all()
    assert rows.shape[1] == max((row != END).sum() for row in rows) + 1


def test_a_wider_beam_finds_what_greedy_walks_past():
    def garden_path(prefixes):
        after = {(3,): [0.0, 0.6, 0.4, 0.0], (3, 1): [0.4, 0.3, 0.3, 0.0]}
        rows = [after.get(tuple(map(int, row)), [1.0, 0, 0, 0]) for row in prefixes]
        with np.errstate(divide="ignore"):
            return np.log(np.array(rows))

    (greedy,) = beam(garden_path, width=1)
    assert greedy.tokens == (1, 0)
    np.testing.assert_allclose(np.exp(greedy.log_probability), 0.24)
    best, *_ = beam(garden_path, width=2)
    assert best.tokens == (2, 0)
    np.testing.assert_allclose(np.exp(best.log_probability), 0.4)


def test_what_is_finished_is_kept_and_stands_before_what_was_cut():
    def ends_now_or_never(prefixes):
        logs = np.log([[0.3, 0.7, 1e-9, 1e-9]] * len(prefixes))
        logs[prefixes[:, -1] != START] = np.log([1e-9, 1.0, 1e-9, 1e-9])
        return logs

    found = beam(ends_now_or_never, width=2, longest=5)
    assert [one.tokens for one in found] == [(0,), (1, 1, 1, 1, 1)]
    assert [one.finished for one in found] == [True, False]
    assert found[0].log_probability < found[1].log_probability


@settings(max_examples=30)
@given(st.integers(0, 10**6), st.integers(1, 9), st.sampled_from([0.0, 0.7]))
def test_every_hypothesis_is_worth_what_it_says(seed, width, alpha):
    found = beam(language(seed), width, alpha=alpha)
    assert 1 <= len(found) <= width
    assert len({one.tokens for one in found}) == len(found)
    sums = {tokens: total for tokens, total, _ in every_sequence(language(seed), 3)}
    for one in found:
        np.testing.assert_allclose(one.log_probability, sums[one.tokens], rtol=1e-12)
        assert one.finished == (one.tokens[-1] == END)
    scores = [one.score for one in found if one.finished]
    assert scores == sorted(scores, reverse=True)


def test_ties_go_to_the_lower_token_numbers():
    def even(prefixes):
        return np.log(np.full((len(prefixes), VOCAB), 0.25))

    assert [one.tokens for one in beam(even, width=4, longest=2)] == [
        (0,),
        (1, 0),
        (1, 1),
        (1, 2),
    ]
    rows = greedy_decode(even, np.array([[START]]), end=2, longest=3)
    assert rows.tolist() == [[0, 0, 0]]


def test_what_cannot_be_is_never_found():
    def certain(prefixes):
        logs = np.full((len(prefixes), VOCAB), -np.inf)
        logs[:, END] = 0.0
        return logs

    (only,) = beam(certain, width=5)
    assert only == Hypothesis((END,), 0.0, 0.0, True)


def test_the_length_penalty_is_the_papers_and_turns_the_ranking_round():
    assert length_penalty(1, 0.6) == 1.0
    assert length_penalty(20, 0.0) == 1.0
    np.testing.assert_allclose(length_penalty(13, 0.5), 3**0.5)
    short, long = (-2.0, 2), (-2.4, 4)  # log-probability, length

    def score(one, alpha):
        return one[0] / length_penalty(one[1], alpha)

    assert score(short, 0.0) > score(long, 0.0)
    assert score(short, 0.6) > score(long, 0.6)  # still, although 0.6 a token is better
    assert score(short, 1.0) < score(long, 1.0)


def test_no_steps_leave_the_prompt_as_it_is():
    (empty,) = beam(language(0), width=3, longest=0)
    assert empty == Hypothesis((), 0.0, 0.0, False)
    rows = greedy_decode(language(0), np.array([[START, 1]] * 2), end=END, longest=0)
    assert rows.shape == (2, 0)


def test_leaves_the_prompts_alone():
    prompts = np.array([[START, 1], [1, 2]])
    greedy_decode(language(0), prompts, end=END, longest=5)
    beam_search(language(0), prompts[1], end=END, longest=5, width=2)
    assert prompts.tolist() == [[START, 1], [1, 2]]


@pytest.mark.parametrize(
    ("returned", "message"),
    [
        (np.zeros((1, 4)) + 0.5, r"log-probabilities of at most 0, got 0\.5"),
        (np.full((1, 4), np.nan), "log-probabilities of at most 0, got nan"),
        (np.zeros((2, 4)), r"1 rows of more than 0 .*got shape \(2, 4\)"),
        (np.zeros(4), r"got shape \(4,\)"),
        (np.zeros((1, 0)), r"got shape \(1, 0\)"),
        (np.zeros((1, 4), dtype=int), "array of floats, got dtype int64"),
    ],
)
def test_refuses_a_model_that_returns_no_log_probabilities(returned, message):
    with pytest.raises(ValueError, match=message):
        beam(lambda prefixes: returned, width=2)
    with pytest.raises(ValueError, match=message):
        greedy_decode(lambda p: returned, np.array([[START]]), end=END, longest=2)


def test_refuses_numbers_out_of_range():
    prompt = np.array([START])
    for kind, message in (
        ({"width": 0}, "width of at least 1, got 0"),
        ({"width": 1.0}, r"whole width, got 1\.0"),
        ({"longest": -1}, "longest of at least 0"),
        ({"end": -1}, "end of at least 0"),
        ({"end": 4}, "1 rows of more than 4"),
        ({"alpha": -0.1}, r"alpha of at least 0, got -0\.1"),
        ({"alpha": float("nan")}, "alpha of at least 0, got nan"),
    ):
        kind = {"end": END, "longest": 2, "width": 2, **kind}
        with pytest.raises(ValueError, match=message):
            beam_search(language(0), prompt, **kind)
    with pytest.raises(ValueError, match=r"prompt of shape \(1,\), got \(1, 1\)"):
        beam_search(language(0), prompt[None], end=END, longest=2, width=2)
    with pytest.raises(ValueError, match="prompt as an array of integers"):
        beam_search(language(0), np.array([1.0]), end=END, longest=2, width=2)
    with pytest.raises(ValueError, match="prompts with at least 2 axes"):
        greedy_decode(language(0), prompt, end=END, longest=2)
    with pytest.raises(ValueError, match=r"prompts of shape \(1, 1\), got \(1, 1, 1\)"):
        greedy_decode(language(0), prompt[None, None], end=END, longest=2)
    with pytest.raises(ValueError, match="length of at least 0, got -1"):
        length_penalty(-1, 0.5)
