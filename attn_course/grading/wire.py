"""What crosses between a notebook and the judge: bounded, plain data.

`pack` makes bytes of a value and `unpack` a value of bytes, with every type kept:
None, bool, int, float, complex, str, bytes, list, tuple, dict, NumPy's arrays and
scalars, torch's tensors. Anything else becomes an `Opaque`, which can be looked at and
no more; functions may be called across, if both ends agree to that.

The other side may be hostile. No class and no module is looked up by a name that came,
nothing that came is run, and no message costs more than a multiple of its bytes. What
this does not promise: that a value means what it says. Its bounds are in `protocol`.
"""

import struct
import time
from collections.abc import Callable
from socket import socket as Socket
from typing import Any

from attn_course.grading.opaque import Opaque as Opaque
from attn_course.grading.packing import Writer
from attn_course.grading.protocol import MOST_AXES as MOST_AXES
from attn_course.grading.protocol import MOST_BITS as MOST_BITS
from attn_course.grading.protocol import MOST_BYTES as MOST_BYTES
from attn_course.grading.protocol import MOST_DEPTH as MOST_DEPTH
from attn_course.grading.protocol import MOST_ITEMS as MOST_ITEMS
from attn_course.grading.protocol import MOST_KEYS as MOST_KEYS
from attn_course.grading.protocol import MOST_TEXT as MOST_TEXT
from attn_course.grading.protocol import WireError as WireError
from attn_course.grading.protocol import within
from attn_course.grading.unpacking import Reader

PREFIX = struct.Struct(">I")
PIECE = 1 << 20  # bytes asked for at once: memory is taken for what came, not claimed


def pack(value: Any, *, callbacks: list[Callable] | None = None) -> bytes:
    """Return `value` as bytes.

    With `callbacks`, a function is sent as its number in that list, to which it is
    added; without, it is opaque like anything that is no plain data.

    Raises
    ------
    WireError
        If `value` is too large or too deep, as a list that holds itself is.

    Examples
    --------
    >>> unpack(pack({"weights": (0.25, 0.75), "set": {3}}))
    {'weights': (0.25, 0.75), 'set': {3}}
    >>> type(unpack(pack({3})))
    <class 'attn_course.grading.opaque.Opaque'>
    """
    writer = Writer(callbacks)
    writer.write(value)
    return writer.message()


def unpack(data: bytes, *, call_back: Callable[[int, tuple], Any] | None = None) -> Any:
    """Return the value that `pack` made `data` of.

    A function that was sent as a number becomes one that calls
    ``call_back(number, args)``.

    Raises
    ------
    WireError
        If `pack` cannot have made `data`, or if it holds a function and there is no
        `call_back`. Nothing else, whatever the bytes.
    """
    return Reader(data, call_back).whole()


def send(socket: Socket, message: bytes) -> None:
    """Send one message, after its length."""
    within(MOST_BYTES, len(message), "bytes in a message")
    socket.sendall(PREFIX.pack(len(message)) + message)


def receive(socket: Socket, *, most: int = MOST_BYTES) -> bytes:
    """Return one message, of at most `most` bytes.

    The socket's timeout is for the whole message, however slowly it drips.

    Raises
    ------
    WireError
        If the other side announces more.
    EOFError
        If the other side is gone.
    TimeoutError
        If the socket's timeout is over.
    """
    limit = socket.gettimeout()
    deadline = None if limit is None else time.monotonic() + limit
    try:
        length = PREFIX.unpack(_exactly(socket, PREFIX.size, deadline))[0]
        within(most, length, "bytes in a message")
        return _exactly(socket, length, deadline)
    finally:
        socket.settimeout(limit)


def _exactly(socket: Socket, count: int, deadline: float | None) -> bytes:
    got = bytearray()
    while len(got) < count:
        if deadline is not None:
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError("timed out")
            socket.settimeout(left)
        try:
            piece = socket.recv(min(count - len(got), PIECE))
        except ConnectionError:
            piece = b""
        if not piece:
            raise EOFError("the other side is gone")
        got += piece
    return bytes(got)
