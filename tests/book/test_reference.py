"""The reference pages hold every public name of the package, and each has one place."""

import importlib
import inspect
import re

import pytest

from .conftest import pages

PACKAGES = ("functional", "nn", "data", "viz", "conformance")


def public(package: str) -> dict[str, str]:
    """Return where each public function or class of a package is defined."""
    module = importlib.import_module(f"attn_course.{package}")
    return {
        name: thing.__module__
        for name, thing in vars(module).items()
        if name[0] != "_" and (inspect.isfunction(thing) or inspect.isclass(thing))
    }


@pytest.mark.parametrize("package", PACKAGES)
def test_every_public_name_is_explained_once(book, package):
    text = "".join((book.html / f"{name}.html").read_text("utf8") for name in pages())
    anchors = re.findall(r'<dt class="[^"]*" id="(attn_course\.[\w.]+)"', text)
    for name, module in public(package).items():
        assert anchors.count(f"{module}.{name}") == 1, f"{module}.{name}"
