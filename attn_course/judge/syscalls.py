"""What a sandboxed process may not ask of the kernel, as a seccomp filter.

Namespaces hide what is outside; this takes away what would reach round them (new
namespaces, tracing, memory that no limit counts, sockets of other families), and
system calls with a history of holes that no exercise needs.
"""

import platform
import struct

# Name: number on x86_64, number on aarch64 (from the kernel's own tables).
REFUSED = {
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "pidfd_getfd": (438, 438),
    "kcmp": (312, 272),
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "shmget": (29, 194),
    "msgget": (68, 186),
    "semget": (64, 190),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "keyctl": (250, 219),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "open_by_handle_at": (304, 265),
    "fanotify_init": (300, 262),
}
SOCKET, CLONE, CLONE3 = (41, 198), (56, 220), (435, 435)
FAMILIES = (1, 2, 10, 16)  # unix, inet, inet6, netlink: none leaves the namespace
NEW_NAMESPACES = 0x7E020000  # CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, …
MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
X32 = 0x40000000  # a second set of numbers that x86_64 knows

LOAD, EQUAL, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
ALLOW, ERROR = 0x7FFF0000, 0x00050000
EPERM, ENOSYS = 1, 38
NUMBER, ARCHITECTURE, FIRST_ARGUMENT = 0, 4, 16  # places in what is looked at


def program(machine: str = platform.machine()) -> bytes:
    """Return the filter for a machine out of MACHINES, as bwrap wants it."""
    column, architecture = MACHINES[machine]
    steps = [
        (LOAD, 0, 0, ARCHITECTURE),
        (EQUAL, 1, 0, architecture),
        (RETURN, 0, 0, ERROR | ENOSYS),
        (LOAD, 0, 0, NUMBER),
        *_if(AT_LEAST, X32, ENOSYS),
    ]
    for numbers in REFUSED.values():
        steps += _if(EQUAL, numbers[column], EPERM)
    steps += _if(EQUAL, CLONE3[column], ENOSYS)  # then libraries use clone, seen below
    steps += [
        (EQUAL, 0, 3, CLONE[column]),
        (LOAD, 0, 0, FIRST_ARGUMENT),
        *_if(ANY_BIT, NEW_NAMESPACES, EPERM),
        (LOAD, 0, 0, NUMBER),
        (EQUAL, 0, 6, SOCKET[column]),
        (LOAD, 0, 0, FIRST_ARGUMENT),
        *((EQUAL, len(FAMILIES) - i, 0, each) for i, each in enumerate(FAMILIES)),
        (RETURN, 0, 0, ERROR | EPERM),
        (RETURN, 0, 0, ALLOW),
    ]
    return b"".join(struct.pack("=HBBI", *step) for step in steps)


def _if(test: int, value: int, error: int) -> list[tuple[int, int, int, int]]:
    """Refuse with `error` if what is loaded passes the test."""
    return [(test, 0, 1, value), (RETURN, 0, 0, ERROR | error)]
