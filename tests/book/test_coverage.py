"""Every idea of the plan belongs to one page, and a written page covers its own."""

import re
from collections import Counter

import pytest
import yaml

from .conftest import ROOT, pages

PLAN = yaml.safe_load((ROOT / "book" / "ideas.yml").read_text("utf8"))
WRITTEN = {page["file"]: page for page in PLAN if "file" in page}


def covers(name: str) -> list[str]:
    """Return the ideas that the front matter of a page lists."""
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
    assert sorted(covers(name)) == sorted(WRITTEN[name]["ideas"])
