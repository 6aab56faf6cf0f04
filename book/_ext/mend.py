"""Repair what the theme writes, page by page, after the build.

Each repair answers a rule that axe reports on the theme's own pages (sphinx-book-theme
1.3.0) or an error a browser logs; `tests/book/test_browser.py` would report it again.
A repair leaves its own result alone: a page of the last build may come by twice.
"""

import re
from pathlib import Path


def parameters(found: re.Match) -> str:
    """Write the parameters of a signature, which are terms without definitions."""
    lines = found[1].replace("<dd>", "<div>").replace("</dd>", "</div>")
    return f'<div class="sig-params">\n{lines}</div>'


REPAIRS = (
    # definition-list: Sphinx puts one parameter a line as a list of definitions alone.
    (r'<dl>\n((?:<dd><em class="sig-param">.*</dd>\n)+)</dl>', parameters),
    # label-content-name-mismatch: who says "click Search" must reach what reads
    # "Search", so a label may not replace the visible words with others.
    (r'(<button class="btn search-button-field[^>]*?) aria-label="[^"]*"', r"\1"),
    (r'<summary aria-label="Toggle hidden content">', "<summary>"),
    (r'(<i class="theme-switch[^>]*?) title="[^"]*"', r'\1 aria-hidden="true"'),
    # region: everything on a page belongs to a landmark; the left column did not.
    (
        r'(<div id="pst-primary-sidebar" class="[^"]*")(?! role)',
        r'\1 role="region" aria-label="Book contents"',
    ),
    # aria-required-children: the bibliography is a list, so these are its items.
    (r'(<div class="citation"[^>]*?) role="doc-biblioentry"', r'\1 role="listitem"'),
    # empty-table-header: the corner of a pandas table heads nothing.
    (r"<th></th>", "<td></td>"),
)


def repaired(page: str) -> str:
    """Apply every repair to the text of one page."""
    for pattern, replacement in REPAIRS:
        page = re.sub(pattern, replacement, page)
    return page


def repair_pages(app, error):
    """Rewrite the pages that need it, once all are written."""
    if error or app.builder.format != "html":
        return
    for path in Path(app.outdir).rglob("*.html"):
        if "_static" in path.parts:
            continue
        before = path.read_text("utf8")
        after = repaired(before)
        if after != before:
            path.write_text(after, "utf8")


def drop_thebe(app, pagename, templatename, context, doctree):
    """Leave out sphinx_thebe, which declares one constant twice on every page.

    Jupyter Book loads it always; it serves a launch button that this book lacks.
    """
    context["script_files"] = [
        script
        for script in context.get("script_files", [])
        if "thebe" not in f"{script} {getattr(script, 'attributes', {})}".lower()
    ]


def setup(app):
    app.connect("html-page-context", drop_thebe, priority=999)  # after sphinx_thebe
    app.connect("build-finished", repair_pages)
