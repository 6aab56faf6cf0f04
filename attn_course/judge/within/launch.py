"""Start the kernel inside the sandbox: the one file of the judge that lies in there.

It sets the limits, gives up what is left of being root, and goes on as an ipykernel on
sockets that were opened outside. Nothing in it is secret. It imports nothing of ours.
"""

import ctypes
import json
import os
import resource
import signal
import struct
import sys

PDEATHSIG, DUMPABLE, DROP_FROM_BOUND, SUBREAPER = 1, 4, 24, 36  # what prctl is asked
STARTED = b"\0"  # the last thing said where the judge can hear it
CAPABILITIES_3 = 0x20080522  # the version of the header that capset takes
LIBC = ctypes.CDLL(None, use_errno=True)


def main(plan: dict) -> None:
    """Become the kernel that `plan` describes."""
    if plan["first"]:
        keep_house()
    elif sys.platform == "linux":
        prctl(PDEATHSIG, signal.SIGKILL)
        prctl(SUBREAPER, 1)  # what it leaves behind stays below it, and is found there
    for name, most in plan["limits"].items():
        lower(getattr(resource, f"RLIMIT_{name}"), most)
    if plan["user"] is not None:
        become(plan["user"])
    become_kernel(plan)


def keep_house() -> None:
    """As process 1, wait for all that ends, and end with the kernel; it returns."""
    prctl(DUMPABLE, 0)  # closed to the kernel, which may run as the same user
    kernel = os.fork()
    if kernel == 0:
        prctl(DUMPABLE, 1)
        return
    os.closerange(3, 4096)
    while True:
        ended, status = os.wait()
        if ended == kernel:
            code = os.waitstatus_to_exitcode(status)
            os._exit(code if code >= 0 else 128 - code)


def lower(which: int, most: int) -> None:
    """Set a limit, or keep the one there is if it is lower."""
    hard = resource.getrlimit(which)[1]
    if hard != resource.RLIM_INFINITY:
        most = min(most, hard)
    resource.setrlimit(which, (most, most))


def become(user: int) -> None:
    """Be that user, in no other group, with no capability and no way to get one."""
    _shrink()
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)
    prctl(DUMPABLE, 1)
    _drop()


def give_up() -> None:
    """Be the same user with no capability and no way to get one."""
    _shrink()
    _drop()


def _shrink() -> None:
    for capability in range(64):
        prctl(DROP_FROM_BOUND, capability)  # fails for those that are not


def _drop() -> None:
    header, nothing = struct.pack("=Ii", CAPABILITIES_3, 0), bytes(24)
    if LIBC.capset(header, nothing):
        raise OSError(ctypes.get_errno(), "capset")


def prctl(what: int, value: int) -> None:
    LIBC.prctl(what, ctypes.c_ulong(value), 0, 0, 0)


def become_kernel(plan: dict) -> None:
    """Run ipykernel on the open sockets in `plan`, silent but for its messages."""
    import zmq
    from ipykernel.kernelapp import IPKernelApp

    plain_bind = zmq.Socket.bind

    def bind(self, address):
        if address in plan["sockets"]:
            self.setsockopt(zmq.USE_FD, plan["sockets"][address])
        return plain_bind(self, address)

    zmq.Socket.bind = bind
    os.write(2, STARTED)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    del sys.path[0]  # this file's folder
    IPKernelApp.launch_instance(plan["arguments"])


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
