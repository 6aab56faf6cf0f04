"""Beam search: against trying everything, NumPy's version, greed, and lengths."""

import itertools

import numpy as np
import pytest
import torch

import attn_course.functional as numpy_side
from attn_course.nn import beam_search

VOCAB, END = 4, 3
generator = torch.Generator().manual_seed(0)
TABLE = torch.randn(5, VOCAB, VOCAB, generator=generator).double().log_softmax(-1)
PROMPT = torch.tensor([0])


def chain(prefixes):
    """Depend on the position and on the last token."""
    return TABLE[prefixes.shape[1] - 1, prefixes[:, -1]]


def everything(longest):
    """All sequences that end, or are cut at `longest`, and their log-probabilities."""
    for length in range(1, longest + 1):
        for tokens in itertools.product(range(VOCAB), repeat=length):
            if END in tokens[:-1] or (tokens[-1] != END and length < longest):
                continue
            steps = zip((0, *tokens), tokens, strict=False)
            yield tokens, sum(TABLE[i, a, b].item() for i, (a, b) in enumerate(steps))


def test_a_wide_beam_finds_everything():
    wanted = dict(everything(4))
    found = beam_search(chain, PROMPT, end=END, longest=4, width=1000)
    assert {one.tokens for one in found} == set(wanted)
    for one in found:
        assert one.log_probability == pytest.approx(wanted[one.tokens], abs=1e-12)
        assert one.finished == (one.tokens[-1] == END)
    assert np.isclose(sum(np.exp(one.log_probability) for one in found), 1)


@pytest.mark.parametrize("width", [1, 2, 3, 7])
@pytest.mark.parametrize("alpha", [0.0, 0.6, 2.0])
def test_finds_what_the_numpy_version_finds(width, alpha):
    def arrays(prefixes):
        return chain(torch.from_numpy(prefixes)).numpy()

    options = {"end": END, "longest": 5, "width": width, "alpha": alpha}
    theirs = numpy_side.beam_search(arrays, PROMPT.numpy(), **options)
    ours = beam_search(chain, PROMPT, **options)
    assert [one.tokens for one in ours] == [one.tokens for one in theirs]
    np.testing.assert_allclose(
        [one.score for one in ours], [one.score for one in theirs], rtol=1e-12
    )


def test_a_beam_of_one_is_greedy():
    tokens, last = [], 0
    for place in range(5):
        last = TABLE[place, last].argmax().item()
        tokens.append(last)
        if last == END:
            break
    (found,) = beam_search(chain, PROMPT, end=END, longest=5, width=1)
    assert found.tokens == tuple(tokens)


def test_a_length_penalty_lets_the_longer_sequence_win():
    def two_ways(prefixes):  # stop with 0.45, or go on four times with 0.9
        first = prefixes.shape[1] == 1
        last = prefixes.shape[1] == 5
        stop = 0.45 if first else 0.9 if last else 0.0
        go_on = 0.55 if first else 0.0 if last else 0.9
        return torch.tensor([go_on, stop]).log().expand(len(prefixes), 2)

    options = {"end": 1, "longest": 5, "width": 2}
    short, *_ = beam_search(two_ways, PROMPT, **options, alpha=0.0)
    long, *_ = beam_search(two_ways, PROMPT, **options, alpha=1.0)
    assert (len(short.tokens), len(long.tokens)) == (1, 5)


def test_refuses_a_beam_of_nothing_and_a_reward_for_being_short():
    for options, message in (
        ({"width": 0}, "width as a whole number above zero"),
        ({"longest": 0}, "longest as a whole number above zero"),
        ({"alpha": -1.0}, "alpha of at least 0"),
    ):
        given = {"end": END, "longest": 3, "width": 2, **options}
        with pytest.raises(ValueError, match=f"beam_search: wanted {message}"):
            beam_search(chain, PROMPT, **given)


def test_refuses_what_is_no_prompt_and_what_are_no_log_probabilities():
    def even(prefixes):
        return torch.full((len(prefixes), 3), 1 / 3).log()

    sizes = {"end": 0, "longest": 3, "width": 2}
    with pytest.raises(ValueError, match=r"one row of tokens, got \(1, 1\)"):
        beam_search(even, torch.tensor([[1]]), **sizes)
    with pytest.raises(ValueError, match="alpha of at least 0, got nan"):
        beam_search(even, torch.tensor([1]), **sizes, alpha=float("nan"))
    with pytest.raises(ValueError, match=r"1 rows of more than 5 .* got \(1, 3\)"):
        beam_search(even, torch.tensor([1]), **{**sizes, "end": 5})
    with pytest.raises(ValueError, match=r"1 rows of more than 0 .* got \(3,\)"):
        beam_search(lambda rows: even(rows)[0], torch.tensor([1]), **sizes)
