"""The pages as they are read: large and small, day and night, on paper, by keyboard.

Not covered: browsers other than Chromium, and screen readers themselves.
"""

import re
from pathlib import Path
from urllib.parse import unquote

import pytest
from axe_playwright_python.sync_playwright import Axe

from attn_course.classroom.report import pages, write_report

from .graded_class import FIRST
from .odd_classes import CLASSES, IDS

SIZES = {
    "desktop": {"width": 1280, "height": 900},
    "phone": {"width": 390, "height": 844},
}
WINDOWS = [("desktop", "light"), ("desktop", "dark"), ("phone", "light")]
LOOK = """() => {
    const all = (selector) => [...document.querySelectorAll(selector)];
    const root = document.documentElement;
    const scripts = (e) => e.getAttributeNames().some((name) => name.startsWith("on"));
    return {
        "title changed": Number(document.title === "owned"),
        "wider than the window, in pixels": root.scrollWidth - root.clientWidth,
        "foreign elements": all("script, img, iframe, object, form, base, link").length,
        "attributes that run": all("*").filter(scripts).length,
        "headers without scope": all("th:not([scope])").length,
        "tables that no heading names":
            all("table").filter((t) => !t.closest("[aria-labelledby]")).length,
    };
}"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Make the report of a class once; return the folder of its pages."""
    made: dict[str, Path] = {}

    def of(name: str) -> Path:
        if name not in made:
            course = CLASSES[name](tmp_path_factory.mktemp(name)).course
            made[name] = write_report(course).parent
        return made[name]

    return of


@pytest.fixture
def window(browser):
    """Open pages; the list gathers whatever they ask for or complain of."""
    context = browser.new_context()
    page, faults = context.new_page(), []
    page.on("console", lambda message: faults.append(message.text))
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on(
        "request",
        lambda request: request.is_navigation_request() or faults.append(request.url),
    )
    yield page, faults
    context.close()


def kinds(place: Path) -> list[Path]:
    """Return a page of each kind: the course's, an assignment's, a student's."""
    students = place.glob("students/*.html")
    largest = sorted(students, key=lambda path: -path.stat().st_size)[:1]
    pages = [place / "index.html", place / f"{FIRST}.html", *largest]
    return [path for path in pages if path.exists()]


def barriers(page) -> list[str]:
    """List what axe finds serious or critical."""
    options = {"resultTypes": ["violations"], "preload": False}
    found = Axe().run(page, options=options).response["violations"]
    return [
        f"axe {rule['id']} ({rule['impact']}): {node['html'][:200]}"
        for rule in found
        if rule["impact"] in ("serious", "critical")
        for node in rule["nodes"]
    ]


def faults_of(page, size: str, scheme: str) -> list[str]:
    page.set_viewport_size(SIZES[size])
    page.emulate_media(color_scheme=scheme)
    found = [f"{what}: {n}" for what, n in page.evaluate(LOOK).items() if n]
    return [f"{size}, {scheme}: {fault}" for fault in (*found, *barriers(page))]


@pytest.mark.parametrize("name", CLASSES)
def test_a_page_has_no_fault_and_asks_for_nothing(window, folder, name):
    page, faults = window
    windows = WINDOWS if name == "hostile" else [("phone", "light")]
    for path in kinds(folder(name)):
        page.goto(path.as_uri())
        page.evaluate(
            "document.querySelectorAll('details').forEach(d => d.open = true)"
        )
        for size, scheme in windows:
            faults += [f"{path.stem[:20]}: {f}" for f in faults_of(page, size, scheme)]
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("name", ["hostile", "nobody"])
def test_every_link_leads_somewhere(folder, name):
    for path in folder(name).rglob("*.html"):
        text = path.read_text("utf8")
        for link in re.findall(r'href="([^"]*)"', text):
            file, _, anchor = unquote(link).partition("#")
            target = path.parent / file if file else path
            assert target.is_file(), link
            assert f'id="{anchor}"' in target.read_text("utf8") or not anchor, link


def test_everybody_has_a_page_whatever_they_are_called(folder):
    written = {path.name for path in folder("hostile").glob("students/*")}
    assert len(written) == len(IDS) + 2
    assert "two words.html" not in written
    assert not list(folder("hostile").parents[2].rglob("owned*"))


def test_a_long_table_scrolls_by_keyboard_under_its_header(window, folder):
    page, _ = window
    page.set_viewport_size(SIZES["phone"])
    page.goto((folder("sixty") / f"{FIRST}.html").as_uri())
    region = page.locator("[aria-labelledby=matrix][tabindex]")
    region.focus()
    page.keyboard.press("End")
    scrolled = """async (region) => {
        while (region.scrollTop < 500) await new Promise(requestAnimationFrame);
    }"""
    region.evaluate(scrolled)
    top = "(e) => e.getBoundingClientRect().top"
    header = page.locator("[aria-labelledby=matrix] thead th").first
    assert abs(header.evaluate(top) - region.evaluate(top)) < 2


def test_on_paper_nothing_is_cut_off_or_dark(window, folder):
    page, _ = window
    page.set_viewport_size({"width": 680, "height": 960})  # what A4 has to print on
    page.goto((folder("sixty") / f"{FIRST}.html").as_uri())
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate("document.documentElement.scrollWidth") <= 680
    ground = "getComputedStyle(document.querySelector('.s5')).backgroundColor"
    assert page.evaluate(ground) == "rgb(229, 160, 119)"
    cut = """() => [...document.querySelectorAll(".scroll, pre")].filter(
        (e) => e.scrollHeight > e.clientHeight + 1 && getComputedStyle(e).overflowY
            !== "visible").length"""
    assert page.evaluate(cut) == 0


def luminance(colour: str) -> float:
    wide = colour if len(colour) == 7 else "#" + "".join(2 * c for c in colour[1:])
    parts = [int(wide[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [
        p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts
    ]
    return sum(w * p for w, p in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_words_stand_out_from_every_colour_behind_them(scheme):
    style = Path(pages.__file__).with_name("templates") / "style.css"
    found = re.findall(r":root \{(.*?)\}", style.read_text("utf8"), re.DOTALL)
    colours = dict(re.findall(r"--(\w+): (#\w+);", found[scheme]))
    light = {name: luminance(colour) + 0.05 for name, colour in colours.items()}
    behind = ["paper", "note", "wash", "t1", "t2", "t3", "t4", "t5"]
    pairs = [("ink", name) for name in behind]
    pairs += [(over, under) for over in ("quiet", "link") for under in behind[:2]]
    for over, under in pairs:
        ends = sorted((light[over], light[under]))
        assert ends[1] / ends[0] >= 4.5, (over, under)
