"""The same tests once more as an ordinary user, where the tests are run by root."""

import os
import subprocess
import sys
from pathlib import Path

from attn_course.judge import view

from .inside import ROOT

NOBODY = 65_534
WITHOUT = {"_build", "_grading", "notebooks"}
BY_NOBODY = ["test_sandbox.py", "test_sandbox_limits.py", "test_sandbox_ending.py"]


def closed(path: Path) -> list[Path]:
    """Return the folders on the way to `path` that others may not enter."""
    return [p for p in [*reversed(path.parents), path] if not p.stat().st_mode & 0o001]


def reachable(*paths: Path) -> list[str]:
    """Return bwrap's arguments that let everybody enter the folders `paths`."""
    args = []
    for top in dict.fromkeys(closed(path)[0] for path in paths if closed(path)):
        args += ["--perms", "0755", "--tmpfs", str(top)]
    for path in filter(closed, paths):
        args += view.parents(path / "inside")
        for each in sorted(path.iterdir()):
            if each.name not in WITHOUT:
                args += ["--ro-bind", str(each), str(each)]
    return args


if os.getuid() == 0:

    def test_all_of_it_holds_for_an_ordinary_user(tmp_path):
        home = tmp_path / "home"
        home.mkdir()
        os.chown(home, NOBODY, NOBODY)
        base, env = Path(sys.base_prefix), Path(sys.prefix)
        outer = ["bwrap", "--dev-bind", "/", "/", *reachable(base, ROOT)]
        outer += ["--bind", str(home), "/mnt", "--setenv", "HOME", "/mnt"]
        outer += ["--chdir", str(ROOT), "--die-with-parent"]
        drop = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
        pytest_ = [f"{env}/bin/python", "-m", "pytest", "-q", "-p", "no:cacheprovider"]
        done = subprocess.run(
            [*outer, *drop, *pytest_, *(f"tests/judge/{each}" for each in BY_NOBODY)],
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]
        assert " passed" in done.stdout
