"""Every page as a reader meets it: from a server and from disk, large and small, day
and night. Anything a reader would trip over is a fault; a page has none.

Not covered: browsers other than Chromium, and screen readers themselves.
"""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe

SIZES = {
    "desktop": {"viewport": {"width": 1280, "height": 900}},
    "phone": {
        "viewport": {"width": 390, "height": 844},
        "is_mobile": True,
        "has_touch": True,
    },
}
ELSEWHERE = re.compile(r"^(?:https?|wss?)://(?!127\.0\.0\.1[:/])")
READY = """async () => {
    document.querySelectorAll("details").forEach((box) => { box.open = true; });
    await window.MathJax?.startup?.promise;
    await document.fonts.ready;
}"""
LOOK = """() => {
    const all = (selector) => [...document.querySelectorAll(selector)];
    const root = document.documentElement;
    return {
        "wider than the window, in pixels": root.scrollWidth - root.clientWidth,
        "formulas left as source":
            all(".math").filter((e) => !e.querySelector("mjx-container")).length,
        "formulas in error": all("mjx-merror").length,
        "formulas without their font": all("mjx-container").length
            && ![...document.fonts].some(
                (font) => font.family.includes("MJX") && font.status === "loaded"
            ),
        "formulas without MathML": all("mjx-container").length
            - all("mjx-container mjx-assistive-mml math").length,
        "pictures that do not show":
            [...document.images].filter((i) => i.complete && !i.naturalWidth).length,
        "pictures without a description":
            all("main img").filter((i) => !i.alt.trim()).length,
    };
}"""


@pytest.fixture(scope="session", params=["http", "file"])
def address(request, book):
    """Where the book lies: on a server, or simply on disk."""
    if request.param == "file":
        return book.html.as_uri()
    return request.getfixturevalue("served")


@pytest.fixture(scope="session", params=list(SIZES))
def context(request, browser):
    """A window of one size, from which no other host is reached."""
    made = browser.new_context(reduced_motion="reduce", **SIZES[request.param])
    made.route(ELSEWHERE, lambda route: route.abort())
    yield made
    made.close()


@pytest.fixture
def window(context):
    """A fresh page, and the list of what goes wrong on it."""
    page, faults = context.new_page(), []

    def asked(request):
        if ELSEWHERE.match(request.url):
            faults.append(f"asks another host: {request.url}")

    def answered(response):
        if response.status >= 400:
            faults.append(f"{response.status}: {response.url}")

    def said(message):
        if message.type in ("error", "warning"):
            faults.append(f"console {message.type}: {message.text}")

    page.on("request", asked)
    page.on("response", answered)
    page.on("console", said)
    page.on("pageerror", lambda error: faults.append(f"script error: {error}"))
    page.on("requestfailed", lambda request: faults.append(f"failed: {request.url}"))
    yield page, faults
    page.close()


def barriers(page) -> list[str]:
    """List what axe finds serious or critical."""
    # preload: one rule wants style sheets fetched again, from addresses it gets wrong.
    options = {"resultTypes": ["violations"], "preload": False}
    found = Axe().run(page, options=options).response["violations"]
    return [
        f"axe {rule['id']} ({rule['impact']}): {node['html'][:200]}"
        for rule in found
        if rule["impact"] in ("serious", "critical")
        for node in rule["nodes"]
    ]


def shown(page, scheme: str, axe: bool) -> list[str]:
    """List the faults of a loaded page once the reader's system asks for `scheme`."""
    page.emulate_media(color_scheme=scheme)
    page.wait_for_function(
        "(s) => document.documentElement.dataset.theme === s", arg=scheme
    )
    faults = [f"{what}: {n}" for what, n in page.evaluate(LOOK).items() if n]
    faults += barriers(page) if axe else []
    return [f"in the {scheme}: {fault}" for fault in faults]


def test_a_page_has_no_fault(window, address, page_name):
    page, faults = window
    over_http = address.startswith("http")  # from disk axe would see the same again
    page.goto(
        f"{address}/{page_name}.html",
        wait_until="networkidle" if over_http else "load",
    )
    page.evaluate(READY)
    for scheme in ("light", "dark"):
        faults += shown(page, scheme, axe=over_http)
    assert not faults, "\n".join(faults)


def test_search_finds_a_word(browser, served):
    page = browser.new_page()
    page.goto(f"{served}/search.html?q=softmax")
    page.wait_for_selector("#search-results li a")
    assert "softmax" in page.inner_text("#search-results").lower()
    page.close()
