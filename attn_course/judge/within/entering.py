"""Walk into a sandbox that stands empty, and shut every door behind oneself.

The sandbox is bubblewrap's; this takes a process of ours into its namespaces, and then
away from it all that bubblewrap takes from a process which it starts itself. Nothing in
here is secret, and nothing of a student's has been read when it runs.
"""

import ctypes
import os
import resource
import struct

from . import launch

NAMESPACES = {  # as setns knows them
    "user": 0x10000000,
    "mnt": 0x00020000,
    "pid": 0x20000000,
    "net": 0x40000000,
    "ipc": 0x08000000,
    "uts": 0x04000000,
}
NO_NEW_PRIVILEGES, FILTER_CALLS, BY_PROGRAM = 38, 22, 2  # what prctl is asked
STEP = 8  # bytes of one step of a filter of system calls


def enter(process: int, *, as_root: bool) -> None:
    """Enter the namespaces of a process that is held open by a pidfd.

    Its PID namespace is that of children from now on, and not of this process.
    """
    kinds = 0
    for name, kind in NAMESPACES.items():
        if not (as_root and name == "user"):
            kinds |= kind
    _checked(launch.LIBC.setns(process, kinds), "setns")


def lock(user: int | None, limits: dict[str, int], refused: bytes) -> None:
    """Become `user`, if one is named, within limits, and never more than that."""
    for name, most in limits.items():
        launch.lower(getattr(resource, f"RLIMIT_{name}"), most)
    if user is not None:
        launch.become(user)
    else:
        launch.give_up()
    launch.prctl(NO_NEW_PRIVILEGES, 1)
    steps = ctypes.create_string_buffer(refused, len(refused))
    program = struct.pack("HP", len(refused) // STEP, ctypes.addressof(steps))
    _checked(launch.LIBC.prctl(FILTER_CALLS, BY_PROGRAM, program, 0, 0), "seccomp")


def start_session() -> None:
    """Leave the terminal and the group of whoever started this."""
    os.setsid()


def _checked(code: int, what: str) -> None:
    if code:
        raise OSError(ctypes.get_errno(), f"{what}: {os.strerror(ctypes.get_errno())}")
