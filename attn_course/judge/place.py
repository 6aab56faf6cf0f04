"""A numbered place of its own for each sandbox: a folder, and as root a user id.

A place is claimed by a lock that ends with the process that holds it, so that what a
killed run has left behind is found, and removed, by the next one.
"""

import fcntl
import os
import shutil
import stat
from pathlib import Path

from attn_course.judge import cgroup

NUMBERS = range(60_600, 61_100)  # user ids that Debian, Fedora and systemd leave alone
HOME = Path("/run/attn-course")  # as root; an ordinary user has one below
GROUP = "group"  # in the folder: a link to a control group


class NoPlace(RuntimeError):
    """All places are taken, or their folder is not to be trusted; says which."""


class Place:
    """A folder on the host that nobody else can enter, until it is given back."""

    def __init__(self, number: int, lock: int, home: Path):
        self.number, self.lock = number, lock
        self.folder = home / str(number)
        self.private = self.folder / "private"  # sockets, seen inside as well
        self.connection = self.folder / "kernel.json"
        self.group = self.folder / GROUP
        self.owner = os.getuid()
        self.user = number if self.owner == 0 else None  # to be inside, if another
        self.private.mkdir(parents=True)

    @classmethod
    def claim(cls) -> "Place":
        """Return a free place; remove what is left of those whose owner is dead."""
        home = _home()
        _sweep(home)
        for number in NUMBERS:
            lock = _locked(_lock_path(home, number))
            if lock is not None and _cleared(home, number):
                return cls(number, lock, home)
            if lock is not None:
                os.close(lock)
        raise NoPlace(f"{home}: wanted a free place, got {len(NUMBERS)} taken ones")

    def write(self, name: str, data: bytes) -> Path:
        """Write a file that the sandbox may read, and return where it is."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        path.chmod(0o644)
        return path

    def release(self) -> None:
        """Remove the folder and let the number go; more than once does no harm."""
        if self.lock >= 0:
            _let_go(self.folder.parent, self.number, self.lock)
            self.lock = -1


def _home() -> Path:
    """Return the folder of all places, made if need be, and ours alone."""
    own = os.environ.get("XDG_RUNTIME_DIR")
    if os.getuid() == 0 and HOME.parent.is_dir():
        home = HOME
    elif own and os.access(own, os.W_OK) and len(own) < 40:  # socket paths are short
        home = Path(own, "attn-course")
    else:
        home = Path(f"/tmp/attn-course-{os.getuid()}")
    home.mkdir(mode=0o700, exist_ok=True)
    facts = home.lstat()
    ours = stat.S_ISDIR(facts.st_mode) and facts.st_uid == os.getuid()
    if not ours or stat.S_IMODE(facts.st_mode) & 0o077:
        raise NoPlace(f"{home}: wanted a folder of our own, got one others may enter")
    return home


def _sweep(home: Path) -> None:
    for path in home.glob("*.lock"):
        if path.stem.isdigit() and (lock := _locked(path)) is not None:
            _let_go(home, int(path.stem), lock)


def _locked(path: Path) -> int | None:
    """Return a lock on `path`, None if another has it or has just removed it."""
    lock = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if path.stat().st_ino == os.fstat(lock).st_ino:
            return lock
    except OSError:
        pass
    os.close(lock)
    return None


def _let_go(home: Path, number: int, lock: int) -> None:
    if _cleared(home, number):
        _lock_path(home, number).unlink(missing_ok=True)
    os.close(lock)


def _cleared(home: Path, number: int) -> bool:
    """Remove what is left of a place; return False if something in it still runs."""
    if not cgroup.remove(home / str(number) / GROUP):
        return False
    shutil.rmtree(home / str(number), ignore_errors=True)
    return not (home / str(number)).exists()


def _lock_path(home: Path, number: int) -> Path:
    return home / f"{number}.lock"
