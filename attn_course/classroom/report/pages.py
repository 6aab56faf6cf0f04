"""Write the pages: one for the course, one for each assignment and each student.

They ask nothing of anybody: style and pictures are in them, there is no script, and a
policy in each page's head forbids the browser both, whatever a name or an answer holds.
"""

import re
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from attn_course.authoring.files import write_whole
from attn_course.classroom.course import Course
from attn_course.classroom.report.assignment import assignment_view
from attn_course.classroom.report.names import page_names
from attn_course.classroom.report.overview import overview_view
from attn_course.classroom.report.reading import whole_class
from attn_course.classroom.report.student import student_view

CODE = re.compile(r"`([^`\n]+)`")
STEPS = 5  # of colour
OWNER_ONLY = 0o600  # everybody's scores are in it


def write_report(course: Course, now: datetime | None = None) -> Path:
    """Write `_grading/report/` anew and return its first page.

    Pages of students who are in the course no longer are taken away.
    """
    whole, place = whole_class(course), course.root / "_grading" / "report"
    pages = page_names(whole.names)
    render = _renderer(now or datetime.now(UTC), pages, whole.names)
    made = {place / "index.html": render("index.html", overview_view(whole))}
    for work in whole.assignments:
        path = place / f"{work.assignment}.html"
        made[path] = render("assignment.html", assignment_view(work))
    for student, page in pages.items():
        path = place / "students" / page
        made[path] = render("student.html", student_view(whole, student))
    for path, text in made.items():
        write_whole(path, text, mode=OWNER_ONLY)
    for path in {*place.glob("*.html"), *place.glob("students/*.html")} - made.keys():
        path.unlink()
    return place / "index.html"


def _renderer(now: datetime, pages: dict[str, str], names: dict[str, str]):
    """Return a function that fills a template."""
    env = Environment(
        loader=FileSystemLoader(Path(__file__).with_name("templates")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.filters |= {"points": points, "words": words, "seconds": seconds}
    env.globals |= {
        "written": f"{now:%-d %B %Y, %H:%M} UTC",
        "names": names,
        "page_of": lambda student: f"students/{quote(pages[student])}",
        "shade": shade,
    }
    return lambda template, facts: env.get_template(template).render(facts)


def points(value: float) -> str:
    """Write points: whole where they are whole, else to two digits.

    Examples
    --------
    >>> points(3.0), points(2.5), points(1 / 3)
    ('3', '2.5', '0.33')
    """
    return f"{value:.2f}".rstrip("0").rstrip(".")


def seconds(value: float) -> str:
    """Write seconds so that short ones can be told apart.

    Examples
    --------
    >>> seconds(0.0071), seconds(0.2501), seconds(12.34)
    ('0.007', '0.25', '12.3')
    """
    digits = 1 if value >= 10 else 2 if value >= 0.1 else 3
    return f"{value:.{digits}f}"


def words(text: str) -> Markup:
    """Escape `text`; what stands between backticks becomes code.

    Examples
    --------
    >>> words("`x` < 2")
    Markup('<code>x</code> &lt; 2')
    """
    return Markup(CODE.sub(r"<code>\1</code>", escape(text)))


def shade(part: float, whole: float) -> int:
    """Return the step of colour for a part of a whole: 0 for nothing, 5 for all.

    Examples
    --------
    >>> [shade(n, 10) for n in (0, 1, 5, 10, 12)]
    [0, 1, 3, 5, 5]
    """
    if part <= 0 or whole <= 0:
        return 0
    return min(STEPS, max(1, int(STEPS * part / whole + 0.5)))
