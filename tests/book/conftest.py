"""The book is built once per session; each test reads what came out.

A build after a build costs seconds, because Jupyter Book runs again only what changed.
"""

import fcntl
import re
import subprocess
import sys
import threading
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
BUILD = (
    *("jupyter-book", "build", "book/", "--config", "_config.yml"),
    *("--path-output", ".", "-W", "-n", "--keep-going"),
)


def pages() -> list[str]:
    """Names of the pages that the table of contents promises, in its order."""
    toc = yaml.safe_load((ROOT / "book" / "_toc.yml").read_text("utf8"))
    chapters = [entry for part in toc["parts"] for entry in part["chapters"]]
    return [toc["root"], *(chapter["file"] for chapter in chapters)]


def pytest_generate_tests(metafunc):
    if "page_name" in metafunc.fixturenames:
        metafunc.parametrize("page_name", pages())


@dataclass(frozen=True)
class Book:
    """What a build leaves behind, and where it came from."""

    source: Path
    build: Path
    log: str

    @property
    def html(self) -> Path:
        return self.build / "html"


def build() -> str:
    """Build the book as the README says and return the log; fail if it warns."""
    program = Path(sys.executable).with_name(BUILD[0])
    done = subprocess.run(
        [program, *BUILD[1:]], cwd=ROOT, capture_output=True, text=True, check=False
    )
    log = re.sub(r"\x1b\[[\d;]*m", "", done.stdout + done.stderr)
    if done.returncode:
        said = re.findall(r"^.*(?:WARNING|ERROR|CRITICAL):.*$", log, re.MULTILINE)
        pytest.fail("\n".join(["the book does not build", *said, *reports()]), False)
    return log


def reports() -> list[str]:
    """Return the last lines of what each cell that failed has raised."""
    found = (ROOT / "_build" / "html" / "reports").glob("*.err.log")
    return ["\n".join(path.read_text("utf8").splitlines()[-12:]) for path in found]


@pytest.fixture(scope="session")
def book() -> Book:
    (ROOT / "_build").mkdir(exist_ok=True)
    with (ROOT / "_build" / "building").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # parallel workers take turns
        return Book(ROOT / "book", ROOT / "_build", build())


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format, *args):
        """Print nothing: a refused file is reported by the page that asked."""


@pytest.fixture(scope="session")
def served(book):
    """Address of the built book on a loopback server."""
    handler = partial(Quiet, directory=book.html)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
