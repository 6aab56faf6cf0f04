"""Read a message that anybody may have made.

Each token is looked at before anything is made of it, and must be written as
`packing` writes it: whatever is read was, byte for byte, what packing its value gives.
Memory grows with the bytes that came and never with what they claim.
"""

import struct
from collections.abc import Callable
from typing import Any

import msgpack

from attn_course.grading import buffers
from attn_course.grading.opaque import KIND, LONGEST_TEXT, Opaque
from attn_course.grading.packing import wide
from attn_course.grading.protocol import (
    ARRAY,
    CALLBACK,
    COMPLEX,
    DICT,
    LIST,
    MOST_BITS,
    MOST_BYTES,
    MOST_DEPTH,
    MOST_ITEMS,
    MOST_TEXT,
    OPAQUE,
    SCALAR,
    TENSOR,
    TUPLE,
    WIDE,
    WireError,
    check_keys,
    is_key,
    within,
)

CallBack = Callable[[int, tuple], Any]
AS_THEY_ARE = (type(None), bool, int, float, str, bytes)


class Reader:
    """One message being read, from its first token to its last."""

    def __init__(self, data: bytes, call_back: CallBack | None):
        within(MOST_BYTES, len(data), "bytes in a message")
        self.data, self.at, self.items = data, 0, 0
        self.call_back = call_back
        self.packer = msgpack.Packer(buf_size=1024)
        self.tokens = msgpack.Unpacker(
            read_size=max(len(data), 1),
            max_buffer_size=max(len(data), 1),
            max_str_len=MOST_TEXT,
            max_bin_len=len(data),
            max_ext_len=len(data),
            max_array_len=0,  # containers are ours
            max_map_len=0,
        )
        self.tokens.feed(data)
        self.leaves = {
            ARRAY: buffers.to_array,
            SCALAR: buffers.to_scalar,
            TENSOR: buffers.to_tensor,
            WIDE: _int,
            COMPLEX: _complex,
            OPAQUE: _opaque,
            CALLBACK: self._function,
        }
        self.containers = {LIST: list, TUPLE: tuple, DICT: _dict}

    def whole(self) -> Any:
        """Return the value of the message, and refuse anything after it."""
        value = self.read()
        if self.at != len(self.data):
            raise WireError(f"wire: wanted one value, got {self._left()} bytes more")
        return value

    def read(self, depth: int = 0) -> Any:
        """Return the next value, which stands in `depth` containers."""
        within(MOST_ITEMS, self.items + 1, "values in a message")
        self.items += 1
        token = self._token()
        if type(token) in AS_THEY_ARE:
            return token
        if type(token) is not msgpack.ExtType:
            raise WireError(f"wire: wanted plain data, got a {type(token).__name__}")
        code, payload = token
        if code in self.leaves:
            return self.leaves[code](payload)
        if code in self.containers:
            count = _number(payload) * (2 if code == DICT else 1)
            within(MOST_DEPTH, depth + 1, "containers in one another")
            within(MOST_ITEMS, self.items + count, "values in a message")
            within(self._left(), count, "values in the bytes that are left")
            items = [self.read(depth + 1) for _ in range(count)]
            return self.containers[code](items)
        raise WireError(f"wire: wanted a known form, got number {code}")

    def _token(self) -> Any:
        """Return the next token, if it is written in the one right way."""
        try:
            token = next(self.tokens)
            written = self.packer.pack(token)
        except StopIteration:
            raise WireError("wire: wanted more, got the end of the message") from None
        except Exception as error:  # msgpack has a dozen kinds, and not one base
            found = type(error).__name__
            raise WireError(f"wire: wanted msgpack, got a {found}") from None
        if not self.data.startswith(written, self.at):
            raise WireError("wire: wanted the shortest form of a token, got another")
        self.at += len(written)
        return token

    def _left(self) -> int:
        return len(self.data) - self.at

    def _function(self, payload: bytes) -> Callable:
        number, call_back = _number(payload), self.call_back
        if call_back is None:
            raise WireError("wire: wanted data alone, got a function")
        return lambda *args: call_back(number, args)


def _dict(items: list) -> dict:
    keys = items[::2]
    if not all(map(is_key, keys)):
        raise WireError("wire: wanted keys of plain data, got others")
    check_keys(keys)
    pairs = dict(zip(keys, items[1::2], strict=True))
    if len(pairs) < len(keys):
        raise WireError("wire: wanted each key once, got one twice")
    return pairs


def _number(payload: bytes) -> int:
    if len(payload) != 4:
        raise WireError(f"wire: wanted a number of 4 bytes, got {len(payload)}")
    return struct.unpack("<I", payload)[0]


def _int(payload: bytes) -> int:
    value = int.from_bytes(payload, "little", signed=True)
    within(MOST_BITS, value.bit_length(), "bits of an int")
    if -(2**63) <= value < 2**64 or wide(value) != payload:
        raise WireError("wire: wanted the shortest form of an int, got another")
    return value


def _complex(payload: bytes) -> complex:
    if len(payload) != 16:
        raise WireError(f"wire: wanted two floats, got {len(payload)} bytes")
    return complex(*struct.unpack("<dd", payload))


def _opaque(payload: bytes) -> Opaque:
    try:
        kind, mark, text = payload.decode().partition("\0")
    except UnicodeDecodeError:
        raise WireError("wire: wanted text, got bytes that are none") from None
    if not (mark and KIND.fullmatch(kind) and len(text) <= LONGEST_TEXT):
        raise WireError("wire: wanted the name of a type and a short text, got neither")
    return Opaque(kind, text)
