"""A place where a student's code runs and reaches nothing: bubblewrap around it.

Namespaces hide files, processes and the network; a filter refuses system calls that
would reach round them; limits bound what is left. As root the code runs as a user that
nothing else belongs to; otherwise as the user who grades, in a user namespace.
Namespaces are not a virtual machine: a hole in the system's kernel is one in this, too.
"""

import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from attn_course.judge import view
from attn_course.judge.findings import Findings, fault_and_remedy, look, namespaces
from attn_course.judge.limits import Limits
from attn_course.judge.place import Place

JUDGE = "judge.sock"  # in the private folder: where the judge listens
HOME = Path("/student")  # and working folder, in the sandbox
TMP = Path("/tmp")  # in the sandbox, empty at first
USERNS_OFF = (0, 8)  # the bubblewrap that can forbid further user namespaces
UNSANDBOXED = "attn-course grade --unsandboxed everything"
CAPABILITIES = ("CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP")  # until the user changes


class CannotSandbox(RuntimeError):
    """There can be no sandbox here; says what is missing and how to mend it."""


@dataclass(frozen=True)
class Support:
    """What works here. `missing` says why there is no sandbox, and is None if one."""

    mode: str  # "root" or "user"
    bwrap: str = ""
    userns_off: bool = False
    missing: str | None = None


@cache
def probe() -> Support:
    """Find out, once, what works here."""
    return support(look())


def require(found: Support | None = None) -> Support:
    """Return what works here.

    Raises
    ------
    CannotSandbox
        If that is not enough for a sandbox.
    """
    found = found or probe()
    if found.missing:
        raise CannotSandbox(found.missing)
    return found


def support(found: Findings) -> Support:
    """Judge by what was found."""
    trouble = fault_and_remedy(found)
    return Support(
        mode="root" if found.root else "user",
        bwrap=found.bwrap or "",
        userns_off=not found.root and found.version >= USERNS_OFF,
        missing=_missing(*trouble) if trouble else None,
    )


def _missing(fault: str, remedy: str) -> str:
    return (
        f"Students' code cannot be kept apart from this machine: {fault}.\n{remedy}\n"
        f"To grade without a sandbox all the same, where students' code can read the "
        f"gradebook and change its own score: {UNSANDBOXED}"
    )


def command(
    place: Place,
    limits: Limits,
    files: dict[str, bytes],
    hidden: list[Path],
    info: int,
    refused: int,
    *,
    at: Path = view.VIEW,
    capabilities: tuple[str, ...] | None = None,
) -> list[str]:
    """Return the command that runs in a sandbox what is put after it.

    `info` and `refused` are open files: bwrap writes into one which process is the
    first inside, and reads from the other what the system is to refuse. `at` is where
    the student's view of the package is. `capabilities` are left to the process: by
    default, as root, those by which it becomes another user, else none.
    """
    found = require()
    env = environment(place, HOME, TMP, at)
    args = [found.bwrap, *namespaces(found.mode == "root"), "--hostname", "sandbox"]
    args += ["--die-with-parent", "--new-session", "--as-pid-1", "--clearenv"]
    args += [word for item in env.items() for word in ("--setenv", *item)]
    args += ["--disable-userns"] if found.userns_off else []
    if found.mode == "root":
        args += ["--cap-drop", "ALL"]
    if capabilities is None:
        capabilities = CAPABILITIES if found.mode == "root" else ()
    args += [word for each in capabilities for word in ("--cap-add", each)]
    args += ["--info-fd", str(info), "--seccomp", str(refused)]
    islands = view.islands(TMP, at)
    args += _scratch(TMP, limits)  # first, as what is shown may lie in it
    for path in islands:
        args += ["--perms", "0755", "--tmpfs", str(path)]
    args += [*view.arguments(hidden, at=at), "--proc", "/proc", "--dev", "/dev"]
    args += [*_scratch(Path("/dev/shm"), limits), *_scratch(HOME, limits)]
    args += _own(place, files)
    finished = [*map(str, islands), "/dev", "/"]
    args += [word for path in finished for word in ("--remount-ro", path)]
    return [*args, "--chdir", str(HOME)]


def _scratch(path: Path, limits: Limits) -> list[str]:
    """Return the arguments for a folder in memory, which everybody can write to."""
    size = ("--size", str(limits.scratch))
    return [*view.parents(path), "--perms", "1777", *size, "--tmpfs", str(path)]


def plain_surroundings(place: Place, files: dict[str, bytes]) -> dict:
    """Make the same folders outside a sandbox; return what a kernel there is given."""
    home, scratch = place.folder / "home", place.folder / "tmp"
    home.mkdir()
    scratch.mkdir()
    for name, data in files.items():
        place.write(f"home/{name}", data)
    seen = view.put_together(place.folder / "view")
    return {"cwd": home, "env": environment(place, home, scratch, seen.parent)}


def environment(
    place: Place, home: Path, scratch: Path, view_in: Path
) -> dict[str, str]:
    """Return the whole environment of a kernel."""
    jupyter = str(scratch / "jupyter")
    return {
        "ATTN_JUDGE": str(place.private / JUDGE),
        "HOME": str(home),
        "PATH": f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "TMPDIR": str(scratch),
        "PYTHONPATH": str(view_in / "view"),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONHASHSEED": "0",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "MPLCONFIGDIR": str(scratch / "matplotlib"),
        "IPYTHONDIR": str(scratch / "ipython"),
        "JUPYTER_PLATFORM_DIRS": "1",
        "JUPYTER_CONFIG_DIR": jupyter,
        "JUPYTER_DATA_DIR": jupyter,
        "JUPYTER_RUNTIME_DIR": jupyter,
    }


def _own(place: Place, files: dict[str, bytes]) -> list[str]:
    """Return the arguments for what belongs to one sandbox alone."""
    user = place.owner if place.user is None else place.user
    student = f"student:x:{user}:{user}:student:{HOME}:/bin/sh\n"
    texts = {
        "etc/passwd": f"root:x:0:0:root:/:/bin/sh\n{student}".encode(),
        "etc/group": f"root:x:0:\nstudent:x:{user}:\n".encode(),
        "etc/hosts": b"127.0.0.1 localhost sandbox\n::1 localhost sandbox\n",
    }
    given = {f"{HOME}/{name}".lstrip("/"): data for name, data in files.items()}
    shown = {
        Path("/", name): place.write(name, data)
        for name, data in (texts | given).items()
    }
    args = ["--perms", "1777", "--dir", "/tmp/matplotlib"]
    for fonts in view.font_lists():
        shown[Path("/tmp/matplotlib", fonts.name)] = fonts
    own = (place.private, place.connection)
    shown |= {each: each for each in own if each.exists()}
    return args + [word for at, path in shown.items() for word in view.bind(path, at)]
