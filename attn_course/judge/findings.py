"""What this machine says about sandboxes, and what to do where there can be none."""

import os
import platform
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from attn_course.judge.syscalls import MACHINES

OLDEST = (0, 6)  # of bubblewrap, with sizes for what is kept in memory
TRIED = ("--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev", "true")
SWITCHES = {  # what turns user namespaces off, and the value that does
    "kernel.apparmor_restrict_unprivileged_userns": "1",
    "kernel.unprivileged_userns_clone": "0",
    "user.max_user_namespaces": "0",
}
INSTALL = {
    "debian": "sudo apt-get install bubblewrap",
    "ubuntu": "sudo apt-get install bubblewrap",
    "fedora": "sudo dnf install bubblewrap",
    "rhel": "sudo dnf install bubblewrap",
    "arch": "sudo pacman -S bubblewrap",
    "suse": "sudo zypper install bubblewrap",
    "alpine": "sudo apk add bubblewrap",
}
PROFILE = """sudo tee /etc/apparmor.d/bwrap >/dev/null <<'END'
abi <abi/4.0>,
include <tunables/global>
profile bwrap {bwrap} flags=(unconfined) {{
  userns,
}}
END
sudo systemctl reload apparmor"""
IN_CONTAINER = (
    "--security-opt seccomp=unconfined --security-opt apparmor=unconfined "
    "--security-opt systempaths=unconfined"
)
AS_ROOT = "--cap-add SYS_ADMIN --cap-add NET_ADMIN"


@dataclass(frozen=True)
class Findings:
    """What was found; `words` is what bwrap said when it was tried, "" if it worked."""

    system: str = "Linux"
    machine: str = "x86_64"
    family: str = "debian"  # of distributions: the ID and ID_LIKE of os-release
    root: bool = False
    bwrap: str | None = "/usr/bin/bwrap"
    version: tuple[int, ...] = (0, 8, 0)
    words: str = ""
    switch: str | None = None  # the setting that turns user namespaces off
    container: bool = False


def namespaces(root: bool) -> list[str]:
    """Return bwrap's arguments that cut a sandbox off from everything."""
    kinds = ("ipc", "pid", "net", "uts", "cgroup-try")
    return [f"--unshare-{kind}" for kind in (kinds if root else ("user", *kinds))]


def look() -> Findings:
    """Find out about this machine; bwrap is tried, which takes a few milliseconds."""
    bwrap, root = shutil.which("bwrap"), os.getuid() == 0
    system = platform.system()
    if bwrap is None or system != "Linux":
        return Findings(system, platform.machine(), _family(), root, None)
    tried = _run([bwrap, *namespaces(root), *TRIED])
    version = re.search(r"\d+(\.\d+)+", _run([bwrap, "--version"]).stdout)
    return Findings(
        system=system,
        machine=platform.machine(),
        family=_family(),
        root=root,
        bwrap=bwrap,
        version=tuple(map(int, version[0].split("."))) if version else (),
        words=(tried.stderr.strip() or "no reason") if tried.returncode else "",
        switch=None if root else _switch(),
        container=any(map(os.path.exists, ("/.dockerenv", "/run/.containerenv"))),
    )


def fault_and_remedy(found: Findings) -> tuple[str, str] | None:
    """Return what keeps sandboxes from working and how to mend it, None if nothing."""
    if found.system != "Linux":
        return (
            f"there are no sandboxes on {found.system}",
            "Grade on Linux: in a virtual machine, in WSL 2, or in a container.",
        )
    if found.machine not in MACHINES:
        return (
            f"no filter of system calls is written for {found.machine}",
            f"Grade on one of these machines: {', '.join(MACHINES)}.",
        )
    if found.bwrap is None:
        return "bubblewrap (bwrap) is not installed", f"Install it: {_install(found)}"
    if found.version < OLDEST:
        have = ".".join(map(str, found.version)) or "an unknown version"
        wanted = ".".join(map(str, OLDEST))
        return (
            f"bubblewrap is too old: wanted {wanted} or newer, got {have}",
            f"Install a newer one: {_install(found)}",
        )
    if not found.words:
        return None
    return f"bubblewrap cannot make a sandbox here ({found.words})", _remedy(found)


def _remedy(found: Findings) -> str:
    if found.container:
        options = f"{IN_CONTAINER} {AS_ROOT}" if found.root else IN_CONTAINER
        return (
            f"A container must be allowed to make namespaces. Start it with\n"
            f"{options}\nor grade outside the container."
        )
    if found.switch and "apparmor" in found.switch:
        return (
            f"AppArmor keeps programs from making user namespaces. Allow it to "
            f"bubblewrap alone:\n{PROFILE.format(bwrap=found.bwrap)}\nor to every "
            f"program: sudo sysctl -w {found.switch}=0"
        )
    if found.switch:
        value = "15000" if found.switch.startswith("user.") else "1"
        return (
            f"User namespaces are switched off. Switch them on: "
            f"sudo sysctl -w {found.switch}={value}"
        )
    return "Grade on a machine where this works: bwrap --ro-bind / / --unshare-all true"


def _install(found: Findings) -> str:
    for name in found.family.split():
        if name in INSTALL:
            return INSTALL[name]
    return "get the package called bubblewrap"


def _family() -> str:
    try:
        facts = platform.freedesktop_os_release()
    except OSError:
        return ""
    return f"{facts.get('ID', '')} {facts.get('ID_LIKE', '')}".strip()


def _switch() -> str | None:
    for name, off in SWITCHES.items():
        path = Path("/proc/sys", *name.split("."))
        if path.exists() and path.read_text().strip() == off:
            return name
    return None


def _run(command: list[str]) -> subprocess.CompletedProcess:
    return subprocess.run(command, capture_output=True, text=True, check=False)
