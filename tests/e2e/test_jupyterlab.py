"""A student's afternoon in JupyterLab: fail, read, ask, mend, save, validate.

Not covered: browsers other than Chromium, and Jupyter Notebook 7.
"""

import pytest
from playwright.sync_api import expect

from attn_course.classroom.demo import as_submitted

from .desk import Desk


@pytest.fixture
def desk(browser, lab, chapter):
    address, token = lab
    with browser.new_context(viewport={"width": 1280, "height": 900}) as context:
        desk = Desk(context.new_page())
        path = f"{chapter.name}/{chapter.notebook.name}"
        desk.open(f"{address}lab/tree/{path}?token={token}")
        yield desk


def public(ex):
    return [check for check in ex.checks if not check.hidden]


def run_line(ex, check):
    """The line of a notebook that runs `check`."""
    return f"run({check.name}, {ex.name})"


def answer(desk, ex, part):
    """Run the cells of an exercise with the source of `part` for an answer."""
    desk.run(desk.cell(f'_chapter.begin("{ex.name}")'))
    cell = desk.cell(f"def {ex.name}(")
    desk.write(cell, as_submitted(part, ex.name))
    desk.run(cell)
    for check in public(ex):
        desk.run(desk.cell(run_line(ex, check)))


def shown(text):
    """`text` as a card shows it: on one line, code set as code."""
    return " ".join(text.replace("`", "").split())


def test_a_student_fails_reads_asks_mends_and_validates(desk, chapter):
    first, *others = chapter.exercises
    check = public(first)[0]
    slip = next(s for s in first.misconceptions if s.caught_by == check.name)
    desk.run(desk.cell("open_chapter("))

    answer(desk, first, slip)
    checked = desk.cell(run_line(first, check))
    card = checked.locator(".attn-card")
    expect(card).to_contain_text(f"not yet: {shown(check.says)}")
    expect(card.locator(".attn-slip")).to_contain_text(shown(slip.says))

    asked = desk.insert_below(checked, "hint(1)")
    desk.run(asked)
    expect(asked).to_contain_text(f"{first.title}, hint 1 of 3: {first.hints[0]}")

    answer(desk, first, first.answer)
    for each in public(first):
        card = desk.cell(run_line(first, each)).locator(".attn-card")
        expect(card).to_contain_text(f"passed: {shown(each.says)}")
    desk.save()

    said = desk.validate()
    assert not [each for each in public(first) if run_line(first, each) in said]
    for ex in others:
        assert [each for each in public(ex) if run_line(ex, each) in said]

    for ex in others:
        answer(desk, ex, ex.answer)
    assert "Success! Your notebook passes all the tests." in desk.validate()
    expect(desk.notices()).to_have_count(0)
    assert not desk.faults, "\n".join(desk.faults)
