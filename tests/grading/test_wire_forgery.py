"""The wire at the receiver: messages that nobody packed."""

import struct
import tracemalloc

import msgpack
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from attn_course.grading import protocol as p
from attn_course.grading.buffers import CODES
from attn_course.grading.wire import Opaque, WireError, pack, unpack


def never(*_, **__):
    raise RuntimeError("the wire ran what it was to look at")


def ext(code: int, payload: bytes) -> bytes:
    return msgpack.packb(msgpack.ExtType(code, payload))


def holding(code: int, count: int, *items: bytes) -> bytes:
    return ext(code, struct.pack("<I", count)) + b"".join(items)


def numbers(code: str | int, shape: tuple, raw: bytes, *, form: int = p.ARRAY) -> bytes:
    index = code if isinstance(code, int) else CODES.index(code)
    head = struct.pack(f"<BB{len(shape)}Q", index, len(shape), *shape)
    return ext(form, head + raw)


def many(items: list[bytes]) -> bytes:
    return holding(p.LIST, len(items), *items)


NIL, ONE, TRUE = b"\xc0", b"\x01", b"\xc3"
ALIKE = [pack(n * (2**61 - 1)) + NIL for n in range(65)]
TWICE = [("text", pack("a")), ("tuple", pack((1, 2))), ("wide int", pack(2**70))]
FORGED = {
    "nothing": b"",
    "cut": pack([1, 2])[:-1],
    "cut in a token": pack(2.5)[:-1],
    "cut in a payload": pack(np.ones(3))[:-1],
    "one byte more": pack([1, 2]) + b"\0",
    "two values": NIL + NIL,
    "no msgpack": b"\xc1",
    "an array of msgpack": msgpack.packb([1]),
    "an empty array of msgpack": msgpack.packb([]),
    "an empty map of msgpack": msgpack.packb({}),
    "a timestamp of msgpack": msgpack.packb(msgpack.Timestamp(3)),
    "a bad timestamp": ext(127, b"").replace(b"\x7f", b"\xff"),
    "a float of 32 bits": b"\xca" + struct.pack(">f", 2.5),
    "a long way to write 1": b"\xcc\x01",
    "a long way to write a text": b"\xd9\x01a",
    "a long way to write a form": b"\xc7\x04\x00" + bytes(4),
    "no utf-8": b"\xa1\xff",
    "half a surrogate pair": b"\xa3\xed\xa0\x80",
    "an unknown form": ext(99, b""),
    "no number of items": ext(p.LIST, b"\0\0\0"),
    "a function": pack(len, callbacks=[]),
    "ints that are not wide": ext(p.WIDE, b"\x07"),
    "no int": ext(p.WIDE, b""),
    "a padded int": ext(p.WIDE, (2**70).to_bytes(20, "little")),
    "an int too wide": ext(p.WIDE, (2**4096).to_bytes(600, "little")),
    "half a complex number": ext(p.COMPLEX, bytes(8)),
    "more items than there are": holding(p.LIST, 3, NIL, NIL),
    "fewer items than there are": holding(p.LIST, 1, NIL, NIL),
    "billions of items": holding(p.LIST, 2**32 - 1, *[NIL] * 9),
    "billions of keys": holding(p.DICT, 2**32 - 1, *[NIL] * 9),
    "too many items": many([NIL] * 200_000),
    "too deep": holding(p.LIST, 1) * 25 + NIL,
    "deep beyond words": holding(p.LIST, 1) * 10**5 + NIL,
    "a list as key": holding(p.DICT, 1, pack([]), NIL),
    "a dict as key": holding(p.DICT, 1, pack({}), NIL),
    "an array as key": holding(p.DICT, 1, pack(np.ones(2)), NIL),
    "a scalar as key": holding(p.DICT, 1, pack(np.float32(2)), NIL),
    "bytes as key": holding(p.DICT, 1, pack(b""), NIL),
    "an opaque key": holding(p.DICT, 1, pack(Opaque("a")), NIL),
    "an unknown form as key": holding(p.DICT, 1, ext(99, b""), NIL),
    "a list in a key": holding(p.DICT, 1, pack((1, [])), NIL),
    **{f"a {k} twice as key": holding(p.DICT, 2, v, NIL, v, NIL) for k, v in TWICE},
    "1 and True": holding(p.DICT, 2, ONE, NIL, TRUE, NIL),
    "1 and 1.0": holding(p.DICT, 2, ONE, NIL, pack(1.0), NIL),
    "keys of one hash": holding(p.DICT, 65, *ALIKE),
    "too many keys": holding(p.DICT, 10_001, *(pack(n) + NIL for n in range(10_001))),
    "numbers without a head": ext(p.ARRAY, b"\0"),
    "axes that are not there": ext(p.ARRAY, bytes([0, 2]) + bytes(8)),
    "an unknown dtype": numbers(200, (1,), bytes(8)),
    "a tensor's dtype in an array": numbers("bf", (1,), bytes(2)),
    "an array's dtype in a tensor": numbers("u2", (1,), bytes(2), form=p.TENSOR),
    "a scalar with an axis": numbers("f4", (1,), bytes(4), form=p.SCALAR),
    "true as 2": numbers("b1", (3,), b"\0\2\1"),
    "a number too few": numbers("f8", (3,), bytes(16)),
    "a byte too many": numbers("f8", (3,), bytes(25)),
    "billions of numbers": numbers("f4", (2**30,), bytes(4)),
    "sizes that overflow to nothing": numbers("f4", (2**31, 2**31, 4), b""),
    "sizes that overflow to 4": numbers("f4", (641, 6700417), bytes(4)),
    "empty, but wide": numbers("f8", (2**31, 0), b""),
    "an axis below zero": numbers("f4", (2**64 - 1,), b""),
    "empty, but beyond counting": numbers("f4", (2**31, 2**31, 2**31, 0), b""),
    "too many axes": numbers("f4", (1,) * 33, bytes(4)),
    "opaque without a text": ext(p.OPAQUE, b"set"),
    "opaque without a name": ext(p.OPAQUE, b"\0text"),
    "opaque with markup for a name": ext(p.OPAQUE, b"<b>\0text"),
    "opaque with a line for a name": ext(p.OPAQUE, b"set\n\0text"),
    "opaque with a long name": ext(p.OPAQUE, b"a" * 61 + b"\0"),
    "opaque with a long text": ext(p.OPAQUE, b"a\0" + b"a" * 201),
    "opaque without utf-8": ext(p.OPAQUE, b"a\0\xff"),
    "too long a string": msgpack.packb("a" * 1_000_001),
}


@pytest.mark.parametrize("what", FORGED)
def test_refuses_a_forged_message(what):
    with pytest.raises(WireError, match=r"^wire: .*(wanted|dtype out of place)"):
        unpack(FORGED[what])
    with pytest.raises(WireError):
        unpack(many([NIL, FORGED[what]]))


def test_the_forgers_own_tools_make_good_messages_as_well():
    assert unpack(holding(p.DICT, 1, pack((1, 2**70)), pack([]))) == {(1, 2**70): []}
    assert unpack(numbers("f8", (10**6, 0), b"")).shape == (10**6, 0)
    assert unpack(numbers("bf", (2,), bytes(4), form=p.TENSOR)).dtype == torch.bfloat16
    assert len(unpack(holding(p.DICT, 64, *ALIKE[:64]))) == 64


BOMBS = {
    "lists": many([pack([])] * 9_999),
    "dicts": many([pack({})] * 9_999),
    "empty arrays": many([numbers("f8", (10**6, 0), b"")] * 5_000),
    "arrays of one": many([pack(np.int8([[1]]))] * 5_000),
    "arrays of no axes": many([pack(np.array(True))] * 5_000),
    "scalars": many([pack(np.int8(1))] * 9_999),
    "opaque things": many([pack(Opaque("a"))] * 9_999),
    "lists that claim": holding(p.LIST, 19_900) * 24 + NIL * 19_900,
    "lists that claim in lists": holding(p.LIST, 150_000) * 20 + NIL * 150_000,
    "billions": numbers("f8", (2**31,), bytes(10**6)),
    "msgpack's own": b"\xdd\x00\x03\x0d\x40" * 1000,
    "msgpack's maps": b"\xdf\x00\x03\x0d\x40" * 1000,
    "texts": many([pack("é" * 1000)] * 1000),
    "wide characters": pack("a" * 999_000 + "\U0001f600"),
    "ints": many([pack(2**70)] * 9_999),
    "keys": many([pack(dict.fromkeys(range(1000)))] * 50),
}


@pytest.mark.parametrize("what", BOMBS)
def test_memory_stays_within_a_multiple_of_the_message(what):
    message = BOMBS[what]
    tracemalloc.start()
    try:
        unpack(message)
    except WireError:
        pass
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 64 * len(message) + 100_000


GOOD = [
    pack(value, callbacks=[])
    for value in (
        {"result": (np.eye(3), 2.5), "warnings": ["é"], "changed": {0: [1, None]}},
        [
            2**70,
            {(1, "a"): 1j},
            np.float32(2),
            {3},
            torch.ones(2, dtype=torch.bfloat16),
        ],
        ("call", "f", (np.arange(6).reshape(2, 3), abs), {}, 4.0, b"raw", True),
    )
]
ANY_OF = st.sampled_from(GOOD)


def read(data: bytes) -> None:
    """Read `data`; whatever is read must be what packing gives."""
    try:
        value = unpack(data, call_back=never)
    except WireError:
        return
    functions = []
    again = pack(value, callbacks=functions)
    assert again == data or functions


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data):
    read(data)
    for form in range(10):
        read(ext(form, data))


@given(ANY_OF, st.data())
def test_flipped_bits_are_read_or_refused(message, data):
    places = data.draw(st.lists(st.integers(0, 8 * len(message) - 1), max_size=4))
    flipped = bytearray(message)
    for place in places:
        flipped[place // 8] ^= 1 << place % 8
    read(bytes(flipped))


@given(ANY_OF, ANY_OF, st.data())
def test_spliced_messages_are_read_or_refused(one, other, data):
    start, end, place = (data.draw(st.integers(0, len(one))) for _ in range(3))
    read(one[:start] + other[place : place + 20] + one[end:])


@pytest.mark.parametrize("message", GOOD)
def test_refuses_a_message_cut_or_extended_anywhere(message):
    for end in range(len(message)):
        with pytest.raises(WireError):
            unpack(message[:end], call_back=never)
    for extra in (b"\0", b"\xc0", message):
        with pytest.raises(WireError):
            unpack(message + extra, call_back=never)
