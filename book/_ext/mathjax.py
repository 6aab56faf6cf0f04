"""Put MathJax beside the pages, so that formulas need no network.

MathJax 3.2.2 (Apache License 2.0) comes with the package `sphinx-mathjax-offline`,
which is pinned and installed by pip like any other requirement. That package, used as
an extension, would copy all of its 25 MB; a page loads the script below and the fonts
it names. Nothing of it is kept in the repository.

The menu on a right click is off: it makes every formula a stop of the tab key, and
its speech tools ask for files that are not here. MathML for screen readers is written
into the page all the same.
"""

import importlib.util
from pathlib import Path

from sphinx.util.fileutil import copy_asset

PACKAGE = "sphinx-mathjax-offline"  # a hyphen: it cannot be named in an import line
NEEDED = {  # what a page loads: the folder it lies in
    "tex-mml-chtml.js": ".",
    "input/tex/extensions": "input/tex/extensions",
    "output/chtml/fonts/woff-v2": "output/chtml/fonts/woff-v2",
}


def source() -> Path:
    """Return the folder of MathJax inside the installed package."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None:
        raise ModuleNotFoundError(f"{PACKAGE} is missing: pip install {PACKAGE}")
    return Path(spec.origin).parent / "static" / "mathjax"


def copy(app):
    """Copy the files that pages ask for, before the first page is written."""
    if app.builder.format != "html":
        return
    for name, folder in NEEDED.items():
        copy_asset(source() / name, Path(app.outdir, "_static", "mathjax", folder))


def setup(app):
    app.connect("builder-inited", copy)
