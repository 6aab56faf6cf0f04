"""What a student writes beside the answers is text on every page, never a script."""

import re

import nbformat
import pytest
from nbconvert.filters import markdown2html

from attn_course.classroom.feedback import FORMULA, _mathml
from attn_course.classroom.intake import _added

SCRIPTS = [
    "[x](javascript:alert(1))",
    "[x]( javascript:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](<javascript:alert(1)>)",
    "[x]: javascript:alert(1)\n\n[x]",
    "> [x]:\n> javascript:alert(1)\n\n[x]",
    "[x]: data:text/html,hello\n\n[x]",
    "![x](javascript:alert(1))",
    "[[x](y)](javascript:alert(1))",
    "[x](http://a) [x](javascript:alert(1))",
    r"$\href{javascript:alert(1)}{x}$",
    r"$\mmlToken{mi}[href='javascript:alert(1)']{x}$",
    "<javascript:alert(1)>",
    "<a href='javascript:alert(1)'>x</a>",
    "<img src=x onerror=alert(1)>",
]


def shown(text: str) -> str:
    cell = _added(nbformat.v4.new_markdown_cell(text), "added-0")
    return markdown2html(FORMULA.sub(_mathml, cell.source))


@pytest.mark.parametrize("text", SCRIPTS)
def test_no_link_and_no_tag_runs_anything(text):
    page = shown(text)
    links = re.findall(r'(?:href|src)="([^"]*)"', page)
    assert all(link.startswith(("http://", "#")) for link in links)
    assert not re.search(r"<(img|script|a [^>]*on)", page)


def test_links_to_pages_and_formulas_stay():
    assert 'href="https://arxiv.org/abs/1706.03762"' in shown(
        "[x](https://arxiv.org/abs/1706.03762)"
    )
    assert "<mfrac>" in shown(r"$\frac{1}{2}$")
