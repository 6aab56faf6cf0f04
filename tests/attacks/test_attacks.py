"""Every attack gets what is due, and nobody else feels that there was one."""

import json
import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from html.parser import HTMLParser

import pytest

from .attack import POINTS, meets, words
from .columns import Ours, Stock
from .corpus import CORPUS, KINDS
from .runner import run_class
from .scene import NAME
from .stage import ROOT, WITNESSES, stage

TABLE = ROOT / "book" / "_assets" / "attacks.json"

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
def halves():
    """Grade the corpus as two classes at a time; return columns and outcomes."""
    with ExitStack() as stack, ThreadPoolExecutor(2) as pool:
        columns = [Ours(stack.enter_context(stage())) for _ in range(2)]
        yield list(pool.map(graded, columns, (CORPUS[::2], CORPUS[1::2])))


def graded(column, attacks):
    return column, run_class(column.stage, column, attacks, harmful=True)


@pytest.mark.parametrize("attack", CORPUS, ids=lambda attack: attack.name)
def test_gets_what_is_due(halves, attack):
    outcome = next(out for _, out in halves if attack.name in out.got)
    got = outcome.got[attack.name]
    assert meets(got, attack.due), (
        f"{attack.says} Due: {words(attack.due)}. Got: {words(got)}. "
        f"{outcome.reasons.get(attack.name, '')}"
    )


def test_honest_neighbours_keep_every_point(halves):
    for _, outcome in halves:
        assert outcome.witnesses == dict.fromkeys(WITNESSES, POINTS)


def test_nothing_outside_is_touched_left_running_or_talked_to(halves):
    for _, outcome in halves:
        assert outcome.touched == []
        assert outcome.left_running == []
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


def feedback(halves):
    pages = [
        page
        for column, _ in halves
        for page in (column.root / "_grading" / "feedback").glob(f"*/{NAME}/*.html")
    ]
    assert len(pages) > len(CORPUS) / 2
    return pages


def test_no_feedback_runs_what_a_student_wrote(halves):
    found = {}
    for page in feedback(halves):
        scripts = Scripts()
        scripts.feed(page.read_text("utf8"))
        found |= {page.parts[-3]: scripts.found} if scripts.found else {}
    assert found == {}


def test_no_feedback_is_larger_than_anybody_reads(halves):
    large = [page.parts[-3] for page in feedback(halves) if page.stat().st_size > 4e6]
    assert large == []


def test_no_attack_costs_the_grader_much_memory_or_time(halves):
    for _, outcome in halves:
        assert outcome.memory < 2e9  # torch, and some copies of the largest message
        slow = {name: took for name, took in outcome.seconds.items() if took > 100}
        assert slow == {}


def test_the_books_table_is_of_this_corpus():
    told = json.loads(TABLE.read_text("utf8"))["attacks"]
    facts = {a.name: (a.kind, a.says, a.due) for a in CORPUS}
    assert {
        row["name"]: (row["kind"], row["says"], row["due"]) for row in told
    } == facts
    assert all(meets(row["ours"], row["due"]) for row in told)


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
