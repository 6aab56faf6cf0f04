"""Every attack gets what is due, and nobody else feels that there was one."""

import re
from collections import Counter

import pytest

from .attack import POINTS, meets, words
from .columns import Ours, Stock
from .corpus import CORPUS, KINDS
from .runner import run_class
from .scene import NAME
from .stage import WITNESSES, stage

GET_THROUGH_STOCK = {
    "reads-the-solutions",
    "looks-at-the-callers-variables",
    "allclose-is-always-true",
    "every-reply-says-ok",
    "checks-to-be-skipped",
    "asks-an-accomplice",
    "gives-itself-points-by-hand",
}


@pytest.fixture(scope="module")
def ours():
    """Grade the whole corpus as one class; return the column and what came of it."""
    with stage() as made:
        column = Ours(made)
        yield column, run_class(made, column, CORPUS, harmful=True)


@pytest.mark.parametrize("attack", CORPUS, ids=lambda attack: attack.name)
def test_gets_what_is_due(ours, attack):
    _, outcome = ours
    got = outcome.got[attack.name]
    assert meets(got, attack.due), (
        f"{attack.says} Due: {words(attack.due)}. Got: {words(got)}. "
        f"{outcome.reasons.get(attack.name, '')}"
    )


def test_honest_neighbours_keep_every_point(ours):
    _, outcome = ours
    assert outcome.witnesses == dict.fromkeys(WITNESSES, POINTS)


def test_nothing_outside_is_touched(ours):
    _, outcome = ours
    assert outcome.touched == []


def test_nothing_is_left_running(ours):
    _, outcome = ours
    assert outcome.left_running == []


def test_nobody_outside_is_talked_to(ours):
    _, outcome = ours
    assert outcome.heard == []


def test_no_feedback_runs_what_a_student_wrote(ours):
    column, _ = ours
    pages = list((column.root / "_grading" / "feedback").glob(f"*/{NAME}/*.html"))
    assert len(pages) > len(CORPUS) / 2
    ran = r"<script[^>]*>\s*window\.attn_attack"
    assert [page for page in pages if re.search(ran, page.read_text("utf8"))] == []


def test_some_attacks_do_get_through_stock_nbgrader():
    chosen = [attack for attack in CORPUS if attack.name in GET_THROUGH_STOCK]
    with stage() as made:
        got = run_class(made, Stock(made), chosen, harmful=False).got
    assert got == dict.fromkeys(GET_THROUGH_STOCK, POINTS)


def test_the_corpus_is_as_it_says():
    names = Counter(attack.name for attack in CORPUS)
    assert names.total() >= 70
    assert max(names.values()) == 1
    assert not set(names) & set(WITNESSES)
    assert sum(attack.slow for attack in CORPUS) <= 12
    assert all(re.fullmatch(r"[A-Z].*[.]", attack.says) for attack in CORPUS)
    assert all(len(kind.ATTACKS.attacks) >= 7 for kind in KINDS)
