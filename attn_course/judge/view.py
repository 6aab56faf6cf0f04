"""What a sandbox sees of this machine: Python, what it needs, and the student's view.

Everything here is read-only. The package that students have is put together from parts
of ours; the rest of it is nowhere, also if it is installed beside other packages.
"""

import os
import sys
from collections.abc import Iterable
from pathlib import Path

import attn_course

PACKAGE = Path(attn_course.__file__).parent
PARTS = ("__init__.py", "grading", "data", "viz")  # of the package, for students
VIEW = Path("/opt/attn-course")  # in the sandbox
LAUNCHER = Path(__file__).parent / "within" / "launch.py"

SYSTEM = (Path("/usr"), Path("/nix/store"))
TOP = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")  # links into /usr, or folders
ETC = (
    "ld.so.cache",
    "ld.so.conf",
    "ld.so.conf.d",
    "localtime",
    "fonts",
    "alternatives",
)
PYTHON = ("bin", "lib", "lib32", "lib64", "pyvenv.cfg")  # of an environment


def python() -> list[Path]:
    """Return the folders that make up this Python: its environment and its base."""
    given = dict.fromkeys(
        Path(each)
        for prefix in (sys.base_prefix, sys.base_exec_prefix, sys.prefix)
        for each in (os.path.realpath(prefix), os.path.abspath(prefix))
    )
    return [each for each in given if not _within(each / "bin", SYSTEM)]


def font_lists() -> list[Path]:
    """Return what matplotlib knows about the fonts here, which takes it seconds."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return sorted(Path(cache, "matplotlib").glob("fontlist-*.json"))


def arguments(
    hidden: Iterable[Path],
    *,
    prefixes: Iterable[Path] | None = None,
    package: Path = PACKAGE,
    at: Path = VIEW,
) -> list[str]:
    """Return bwrap's arguments for the view, in which nothing of `hidden` is seen.

    `at` is where the package and the launcher are seen.
    """
    seen = [*filter(Path.exists, SYSTEM)]
    args = [word for path in seen for word in bind(path)]
    for path in (Path("/", name) for name in TOP):
        args += _same(path)
    for path in (Path("/etc", name) for name in ETC):
        args += bind(path) if path.exists() else []
    covers = [each for each in map(Path.resolve, hidden) if _within(each, seen)]
    args += [word for path in covers for word in ("--tmpfs", str(path))]
    for prefix in python() if prefixes is None else prefixes:
        for path in (prefix / name for name in PYTHON):
            seen.append(path)
            args += _same(path)
    if _within(package, seen):
        covers.append(package)
        args += ["--tmpfs", str(package)]
    for name in PARTS:
        args += bind(package / name, at / "view" / PACKAGE.name / name)
    args += bind(LAUNCHER, at / LAUNCHER.name)
    return args + [word for path in covers for word in ("--remount-ro", str(path))]


def islands(scratch: Path, at: Path = VIEW) -> list[Path]:
    """Return the folders in `scratch` that hold what is shown, which stay read-only."""
    shown = [path for path in [*python(), at] if scratch in path.parents]
    tops = [scratch / path.relative_to(scratch).parts[0] for path in shown]
    return [*dict.fromkeys(tops)]


def bind(source: Path, inside: Path | None = None) -> list[str]:
    """Return the arguments that show `source`, read-only, at `inside`."""
    inside = inside or source
    return [*parents(inside), "--ro-bind", str(source), str(inside)]


def parents(path: Path) -> list[str]:
    """Return the arguments that make the folders above `path`, open to all."""
    above = [*reversed(path.parents)][1:]
    return [word for each in above for word in ("--perms", "0755", "--dir", str(each))]


def launcher(*, sandboxed: bool) -> str:
    """Return where the launcher is, for the command that runs it."""
    return str(VIEW / LAUNCHER.name if sandboxed else LAUNCHER)


def put_together(folder: Path) -> Path:
    """Make the view in `folder`, of links, for a kernel that is in no sandbox."""
    package = folder / PACKAGE.name
    package.mkdir(parents=True)
    for name in PARTS:
        (package / name).symlink_to(PACKAGE / name)
    return folder


def _same(path: Path) -> list[str]:
    """Return the arguments for `path` as it is: a link, a file, a folder, nothing."""
    if path.is_symlink():
        return [*parents(path), "--symlink", os.readlink(path), str(path)]
    return bind(path) if path.exists() else []


def _within(path: Path, others: Iterable[Path]) -> bool:
    return any(other in path.parents for other in others)
