"""What several groups of tests share: one browser, and how hypothesis searches."""

import os
import shutil

import hypothesis
import pytest

# The same examples at every run, so that a red run is red again; no clock: the machine
# may be busy. Search more widely with: pytest --hypothesis-profile=wide
hypothesis.settings.register_profile("same", derandomize=True, deadline=None)
hypothesis.settings.register_profile("wide", max_examples=1000, deadline=None)
few = {"max_examples": 5, "derandomize": True, "deadline": None}  # see test_shapes.py
hypothesis.settings.register_profile("few", **few)
hypothesis.settings.load_profile("same")

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")


@pytest.fixture(scope="session")
def browser():
    """One Chromium for the session: the system's, never one that is downloaded."""
    from playwright.sync_api import sync_playwright

    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        missing = (
            f"none of {', '.join(BROWSERS)} is installed, so no page was opened; "
            "on Debian: apt-get install chromium"
        )
        (pytest.fail if os.environ.get("CI") else pytest.skip)(missing)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield started
        started.close()
