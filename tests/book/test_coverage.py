"""Every idea of the plan belongs to one page, and a written page covers its own.

What a page corrects and which mistakes it catches is said in the same plan.
"""

import re
from collections import Counter

import pytest
import yaml

from attn_course.authoring import load

from .conftest import ROOT, pages

PLAN = yaml.safe_load((ROOT / "book" / "ideas.yml").read_text("utf8"))
WRITTEN = {page["file"]: page for page in PLAN if "file" in page}
PARTS = {"ideas": r"S\d{3}", "corrects": r"(F|CL)\d{2}", "mistakes": r"[MX]\d{2}"}
MISTAKES = [
    (name, number, mistake)
    for name, page in WRITTEN.items()
    for number, mistake in page.get("mistakes", {}).items()
]


def covers(name: str) -> list[str]:
    """Return the numbers that the front matter of a page lists."""
    text = (ROOT / "book" / f"{name}.md").read_text("utf8")
    return yaml.safe_load(text.split("---\n")[1]).get("covers", [])


def test_every_idea_has_one_page_and_the_list_is_whole():
    ideas = Counter(idea for page in PLAN for idea in page["ideas"])
    assert set(ideas.values()) == {1}
    assert sorted(ideas) == [f"S{number:03}" for number in range(1, len(ideas) + 1)]
    assert len(ideas) == 236


def test_every_chapter_is_in_the_plan_under_its_number():
    chapters = [name for name in pages() if re.match(r"ch\d\d_", name)]
    assert sorted(chapters) == sorted(WRITTEN)
    for name, page in WRITTEN.items():
        assert int(name[2:4]) == int(page["page"])


@pytest.mark.parametrize("name", WRITTEN)
def test_a_page_covers_what_was_planned_for_it(name):
    planned = [number for part in PARTS for number in WRITTEN[name].get(part, {})]
    assert covers(name) == planned


@pytest.mark.parametrize("part", PARTS)
def test_numbers_are_of_their_kind_and_in_order(part):
    for page in PLAN:
        numbers = list(page.get(part, {}))
        assert all(re.fullmatch(PARTS[part], number) for number in numbers), page
        formulas_first = sorted(numbers, key=lambda n: (not n.startswith("F"), n))
        assert numbers == (formulas_first if part == "corrects" else sorted(numbers))


def test_what_is_wrong_is_put_right_on_one_page_and_said_in_a_line():
    wrong = [pair for page in PLAN for pair in page.get("corrects", {}).items()]
    assert set(Counter(number for number, _ in wrong).values()) == {1}
    assert max(len(words) for _, words in wrong) <= 90


def test_a_mistake_is_said_in_the_same_words_on_every_page():
    said = {(number, mistake["says"]) for _, number, mistake in MISTAKES}
    assert len(said) == len({number for number, _ in said})


@pytest.mark.parametrize(("name", "number", "mistake"), MISTAKES)
def test_a_mistake_is_shown_or_caught_by_an_exercise_of_its_page(name, number, mistake):
    if mistake.get("shown"):
        assert mistake.keys() == {"says", "shown"}
        return
    exercise, _, wanted = mistake["caught"].partition("/")
    known = load(ROOT / "solutions" / name / f"{exercise}.py").misconceptions
    assert wanted in {wrong.name for wrong in known}, number
