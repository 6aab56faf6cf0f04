"""Every attack gets what is due, and nobody else feels that there was one."""

import re
from collections import Counter
from html.parser import HTMLParser

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


class Scripts(HTMLParser):
    """Gathers what a browser would run of what the attacks have written."""

    def __init__(self):
        super().__init__()
        self.within, self.found = False, []

    def handle_starttag(self, tag, attributes):
        self.within = tag == "script"
        self.found += [
            f"{name}={value}"
            for name, value in attributes
            if "attn_attack" in (value or "")
            and (name.startswith("on") or "javascript:" in value)
        ]

    def handle_endtag(self, tag):
        self.within = False

    def handle_data(self, data):
        if self.within and "attn_attack" in data:
            self.found.append(data)


def feedback(ours):
    column, _ = ours
    pages = list((column.root / "_grading" / "feedback").glob(f"*/{NAME}/*.html"))
    assert len(pages) > len(CORPUS) / 2
    return pages


def test_no_feedback_runs_what_a_student_wrote(ours):
    found = {}
    for page in feedback(ours):
        scripts = Scripts()
        scripts.feed(page.read_text("utf8"))
        found |= {page.parts[-3]: scripts.found} if scripts.found else {}
    assert found == {}


def test_no_feedback_is_larger_than_anybody_reads(ours):
    large = [page.parts[-3] for page in feedback(ours) if page.stat().st_size > 4e6]
    assert large == []


def test_no_attack_costs_the_grader_much_memory_or_time(ours):
    _, outcome = ours
    assert outcome.memory < 1e9
    assert {name: took for name, took in outcome.seconds.items() if took > 100} == {}


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
