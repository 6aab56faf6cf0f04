"""A student's hands and eyes: what is done to a notebook in JupyterLab, by clicks."""

import re

from playwright.sync_api import Locator, Page, expect

NEWS = re.compile(r"/lab/api/(?:news|update)")  # the server would ask elsewhere
ELSEWHERE = re.compile(r"^(?:https?|wss?)://(?!127\.0\.0\.1[:/])")
RAN = re.compile(r"\[\d+\]:")
SLOW = 45_000  # milliseconds; a kernel starts, on two busy cores
expect.set_options(timeout=SLOW)


class Desk:
    """One notebook open in JupyterLab, and the list of what went wrong in the page."""

    def __init__(self, page: Page):
        self.page = page
        self.faults: list[str] = []
        page.set_default_timeout(SLOW)
        page.context.route(ELSEWHERE, lambda route: route.abort())
        page.on("request", self._asked)
        page.on("websocket", self._asked)
        page.on("response", self._answered)
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.faults.append(f"script: {error}"))

    def open(self, address: str) -> None:
        """Open a notebook and wait for its kernel."""
        self.page.goto(address)
        expect(self.page.locator("#jupyterlab-splash")).to_have_count(0)
        expect(self.page.get_by_text("Python 3 (ipykernel) | Idle")).to_be_visible()

    def cell(self, text: str) -> Locator:
        """Return the one code cell whose source holds `text`."""
        source = self.page.locator(".jp-InputArea", has_text=text)
        found = self.page.locator(".jp-CodeCell").filter(has=source)
        expect(found).to_have_count(1)
        return found

    def enter(self, cell: Locator) -> None:
        """Click into a cell, so that the keyboard is heard there."""
        cell.locator(".cm-content").click()
        expect(cell.locator(".cm-content")).to_be_focused()

    def write(self, cell: Locator, source: str) -> None:
        """Replace what a cell holds."""
        self.enter(cell)
        self.page.keyboard.press("Control+A")
        self.page.keyboard.insert_text(source)

    def run(self, cell: Locator) -> None:
        """Run a cell and wait until it has run."""
        self.enter(cell)
        before = cell.locator(".jp-InputPrompt").first.inner_text()
        self.page.keyboard.press("Control+Enter")
        prompt = cell.locator(".jp-InputPrompt").first
        expect(prompt).not_to_have_text(before)
        expect(prompt).to_have_text(RAN)

    def insert_below(self, cell: Locator, source: str) -> Locator:
        """Add a cell below `cell` and return it."""
        self.enter(cell)
        self.page.keyboard.press("Escape")
        self.page.keyboard.press("b")
        self.write(self.page.locator(".jp-Cell.jp-mod-active"), source)
        return self.cell(source)

    def save(self) -> None:
        with self.page.expect_response(_is_save) as saved:
            self.page.keyboard.press("Control+S")
        assert saved.value.ok

    def validate(self) -> str:
        """Press Validate and return what the dialog says; close it."""
        self.page.get_by_role("button", name="Validate").click()
        dialog = self.page.locator(".jp-Dialog")
        text = dialog.inner_text()
        dialog.get_by_role("button", name="OK").click()
        expect(dialog).to_have_count(0)
        return text

    def notices(self) -> Locator:
        """Return what JupyterLab puts up in the corner, such as a word about news."""
        return self.page.locator(".Toastify__toast")

    def _asked(self, request) -> None:
        if ELSEWHERE.match(request.url) or NEWS.search(request.url):
            self.faults.append(f"asks another host: {request.url}")

    def _answered(self, response) -> None:
        if response.status >= 400:
            self.faults.append(f"{response.status}: {response.url}")

    def _said(self, message) -> None:
        if message.type == "error":
            self.faults.append(f"console: {message.text}")


def _is_save(response) -> bool:
    return response.request.method == "PUT" and "/api/contents/" in response.url
