"""Forget executed notebooks when the code they ran has changed.

The execution cache recognises a notebook by its cells alone. A page that calls
`attn_course` would go on showing yesterday's outputs after the package changed, even
in a build of all pages. So a fingerprint of all that the cells can call is kept
beside the cache; when it differs, cache and parsed pages are deleted before Sphinx
reads them, and the build runs every page again. An edit of one page alone does not
change the fingerprint and costs one page.

A build that warned is forgotten too. Sphinx warns while it reads a page, and does not
read it again until it changes, so the same build run twice would fail and then pass.

Not covered: data outside the folders below, and packages that `requirements.txt`
does not pin.
"""

import hashlib
import shutil
from pathlib import Path

CALLED = (
    "attn_course/**/*.py",
    "solutions/**/*.py",
    "book/_ext/*.py",
    "book/ideas.yml",
)
PINS = "requirements.txt"


def fingerprint(root: Path) -> str:
    """Hash names and contents of everything below `root` that a cell may depend on."""
    found = {path for pattern in CALLED for path in root.glob(pattern)}
    found.update(root.glob(PINS))
    digest = hashlib.sha256()
    for path in sorted(found):
        name, content = path.relative_to(root).as_posix(), path.read_bytes()
        digest.update(f"{name}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def forget(root: Path, build: Path) -> bool:
    """Delete what was executed below `build` if the code has changed since.

    Returns
    -------
    bool
        True if the outputs were stale (or of unknown age) and are gone.
    """
    stamp, now = build / "fingerprint.txt", fingerprint(root)
    if stamp.is_file() and stamp.read_text("utf8") == now:
        return False
    for folder in (".jupyter_cache", ".doctrees", "jupyter_execute"):
        shutil.rmtree(build / folder, ignore_errors=True)
    build.mkdir(parents=True, exist_ok=True)
    stamp.write_text(now, "utf8")
    return True


def before_reading(app, config):
    """Runs before Sphinx opens the parsed pages of the last build."""
    forget(Path(app.srcdir).parent, Path(app.outdir).parent)
    Path(app.doctreedir).mkdir(exist_ok=True)
    shutil.rmtree(Path(app.outdir, "reports"), ignore_errors=True)  # old tracebacks


def after_writing(app, error):
    """Make the next build read every page again if this one warned.

    Sphinx sets its status code later; the count of warnings is what it goes by.
    """
    if error or app._warncount:
        Path(app.doctreedir, "environment.pickle").unlink(missing_ok=True)


def setup(app):
    app.connect("config-inited", before_reading)
    app.connect("build-finished", after_writing)
