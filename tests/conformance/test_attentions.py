"""Every attention of the package obeys every law, or says by name which it does not."""

import re

import numpy as np
import pytest

import attn_course.functional as functional
from attn_course.conformance import examine, table

from .attentions import FUNCTIONAL
from .modules import MODULES

ENTRIES = FUNCTIONAL | MODULES

# Reads that the laws are not about, and where they are tested instead.
ELSEWHERE = {
    "attention_pool": "has no queries: tests/functional/test_hierarchical.py",
    "attend_backward": "a gradient: tests/functional/test_attention_backward.py",
    "gated_pool": "has no queries: tests/functional/test_gated.py",
    "head_parallel_attend": "attend, dealt out: tests/functional/test_ring.py",
    "hierarchical_pool": "has no queries: tests/functional/test_hierarchical.py",
    "structured_attention": "has no queries: tests/functional/test_structured.py",
    "sampled_read": "random: tests/functional/test_hard.py",
}


SEEDS = range(4)


def verdicts(name: str, seed: int):
    """Examine an attention on a case whose sizes differ from seed to seed."""
    entry = ENTRIES[name]
    sizes = np.random.default_rng(seed).permutation([2, 3, 4, 5, 6, 7, 8])
    drawn = dict(zip(("queries", "keys", "width", "channels"), sizes, strict=False))
    return examine(
        entry.attention,
        excepted=entry.excepted,
        square=entry.square,
        mask=entry.mask,
        seed=seed,
        **(drawn | dict(entry.sizes)),
    )


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", ENTRIES)
def test_it_obeys_every_law_or_has_declared_that_it_does_not(name, seed):
    broken = [v for v in verdicts(name, seed) if not v.holds and not v.excepted]
    assert not broken, table(broken)


@pytest.mark.parametrize("name", ENTRIES)
def test_no_exception_is_idle(name):
    seen = [v for seed in SEEDS for v in verdicts(name, seed)]
    broken = {v.law for v in seen if not v.holds}
    assert set(ENTRIES[name].excepted) <= broken


def test_no_attention_is_forgotten():
    reads = {
        name
        for name, thing in vars(functional).items()
        if callable(thing) and re.search(r"attend|attention$|_read$|_pool$", name)
    }
    held = {name.partition(",")[0] for name in FUNCTIONAL}
    assert reads - held - set(ELSEWHERE) == set()
