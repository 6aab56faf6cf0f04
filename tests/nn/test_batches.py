"""shuffled: every row once, together with its own, in an order of the seed."""

import pytest
import torch

from attn_course.nn import shuffled

X = torch.arange(11)
Y = torch.randn(11, 3)


def dealt(seed):
    return list(shuffled(X, Y, size=4)(torch.Generator().manual_seed(seed)))


def test_every_row_comes_once_with_its_own():
    batches = dealt(0)
    assert [len(x) for x, _ in batches] == [4, 4, 3]
    assert sorted(torch.cat([x for x, _ in batches]).tolist()) == X.tolist()
    for x, y in batches:
        assert torch.equal(y, Y[x])


def test_the_seed_decides_the_order():
    firsts = [dealt(seed)[0][0].tolist() for seed in (0, 0, 1)]
    assert firsts[0] == firsts[1] != firsts[2]


def test_refuses_rows_that_do_not_fit_together():
    with pytest.raises(ValueError, match=r"equally many rows, got \[11, 4\]"):
        shuffled(X, Y[:4], size=2)
    with pytest.raises(ValueError, match=r"equally many rows, got \[0\]"):
        shuffled(X[:0], size=2)
    with pytest.raises(ValueError, match="size as a whole number above zero"):
        shuffled(X, size=0)
