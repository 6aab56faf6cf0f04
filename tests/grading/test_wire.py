"""The wire: what crosses arrives as it was, and what is too much does not leave."""

import math
import socket
import struct
import subprocess
import sys
import threading
from array import array
from collections import Counter, OrderedDict, deque, namedtuple

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from attn_course.grading import wire
from attn_course.grading.values import named
from attn_course.grading.wire import Opaque, WireError, pack, receive, send, unpack

NUMBERS = "? i1 i2 i4 i8 u1 u2 u4 u8 f2 f4 f8 c8 c16".split()
TENSORS = [code for code in NUMBERS if code not in ("u2", "u4", "u8")]
SHAPES = array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=3)


def drawn(codes, shape=SHAPES):
    return st.sampled_from(codes).flatmap(lambda code: arrays(code, shape))


PLAIN = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(1 - 2**4096, 2**4096 - 1)
    | st.floats()
    | st.complex_numbers()
    | st.text()
    | st.binary()
)
KEYS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3).map(tuple),
    max_leaves=5,
)
LEAVES = (
    PLAIN
    | drawn(NUMBERS)
    | drawn(NUMBERS, ()).map(lambda array: array[()])
    | drawn(TENSORS).map(torch.from_numpy)
    | drawn(["f4"]).map(lambda array: torch.from_numpy(array).bfloat16())
    | st.builds(Opaque, st.from_regex(r"\A\w{1,60}\Z"), st.text(max_size=200))
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner)
        | st.lists(inner).map(tuple)
        | st.dictionaries(KEYS, inner, max_size=5)
    ),
    max_leaves=12,
)


def same(one, other) -> bool:
    """Whether two values are one in type and in every bit, but for those of a nan."""
    if type(one) is not type(other):
        return False
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict):
        return same(list(one.items()), list(other.items()))
    if isinstance(one, torch.Tensor):
        if one.dtype != other.dtype:
            return False
        return (
            same(*(t.view(torch.int16).numpy() for t in (one, other)))
            if (one.dtype == torch.bfloat16)
            else same(one.numpy(), other.numpy())
        )
    if isinstance(one, np.ndarray | np.generic):
        facts = one.dtype == other.dtype and one.shape == other.shape
        return facts and one.tobytes() == other.tobytes()
    if isinstance(one, float):
        return struct.pack("d", one) == struct.pack("d", other)
    if isinstance(one, complex):
        return same((one.real, one.imag), (other.real, other.imag))
    return one == other


def there(value):
    return unpack(pack(value))


@given(VALUES)
def test_everything_arrives_as_it_was_and_packs_to_the_same_bytes(value):
    message = pack(value)
    assert same(unpack(message), value)
    assert pack(unpack(message)) == message


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, -0.0, 5e-324])
def test_floats_that_are_no_common_numbers_arrive_in_every_form(value):
    assert same(there(value), value)
    assert same(there({value: [value]}), {value: [value]})
    for code in ("f2", "f4", "f8", "c8", "c16"):
        array = np.full((2, 3), value, "f8").astype(code)
        assert same(there(array), array)


def test_a_scalar_an_array_of_no_axes_and_a_tensor_of_none_are_three_things():
    scalar = np.float64(2.5)
    tensor = torch.tensor(2.5, dtype=torch.float64)
    kinds = [type(there(v)) for v in (2.5, scalar, np.array(scalar), tensor)]
    assert kinds == [float, np.float64, np.ndarray, torch.Tensor]


@pytest.mark.parametrize(
    "array",
    [
        np.arange(30, dtype=">i4").reshape(5, 6),
        np.asfortranarray(np.arange(30.0).reshape(5, 6)),
        np.arange(60.0).reshape(5, 12)[::-1, ::2],
        np.broadcast_to(np.float32(3), (5, 6)),
        np.arange(30).reshape(5, 6).view(type("Own", (np.ndarray,), {})),
        np.ma.masked_less(np.arange(30.0).reshape(5, 6), 3),
        np.frombuffer(bytes(241), np.uint8)[1:].view("f8").reshape(5, 6),
    ],
    ids="big-endian columns-first strided broadcast subclass masked unaligned".split(),
)
def test_an_array_of_any_layout_arrives_plain_in_c_order_and_native(array):
    arrived = there(array)
    assert type(arrived) is np.ndarray
    assert arrived.dtype == array.dtype.newbyteorder("=")
    assert arrived.dtype.isnative
    assert arrived.flags.c_contiguous
    np.testing.assert_array_equal(arrived, np.asarray(array))


def test_what_arrives_is_writable_and_the_receivers_own():
    message = pack((np.zeros(3), torch.zeros(3)))
    for value in unpack(message):
        value += 1
    array, tensor = unpack(message)
    assert array.flags.owndata
    assert not array.any()
    assert not tensor.any()


@pytest.mark.parametrize(
    "tensor",
    [
        torch.arange(6.0).reshape(2, 3).T,
        torch.arange(12)[::5],
        torch.ones(1).expand(2, 3),
        torch.ones(2, requires_grad=True) * 2,
        torch.nn.Parameter(torch.ones(2)),
        torch.full((3,), 1 + 2j).conj(),
        torch.full((3,), 1 + 2j).conj().imag,
        torch.arange(6).bfloat16().reshape(2, 3).T,
    ],
    ids="turned strided expanded grown parameter conjugate negative bfloat16".split(),
)
def test_a_tensor_of_any_layout_arrives_as_a_detached_copy(tensor):
    arrived = there(tensor)
    assert type(arrived) is torch.Tensor
    assert arrived.dtype == tensor.dtype
    assert arrived.is_contiguous()
    assert not arrived.requires_grad
    assert torch.equal(arrived, tensor)


def test_subclasses_arrive_as_their_plain_base():
    class Angle(float):
        pass

    pair = namedtuple("pair", "left right")
    for value, base in [
        (Angle(2.5), float),
        (pair(1, 2), tuple),
        (OrderedDict(a=1), dict),
        (Counter("abb"), dict),
        (np.str_("é"), str),
        (np.bytes_(b"x"), bytes),
    ]:
        assert type(there(value)) is base
        assert there(value) == value


def test_numpys_numbers_as_keys_arrive_as_equal_plain_ones():
    keys = (np.int16(3), np.float32(0.1), np.bool_(True), (np.uint64(2**63),))
    arrived = there(dict.fromkeys(keys, 7))
    assert list(map(type, arrived)) == [int, float, bool, tuple]
    assert all(arrived[key] == 7 for key in keys)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ({3}, "set"),
        (frozenset(), "frozenset"),
        ((n for n in ()), "generator"),
        (np, "module"),
        (len, "builtin_function_or_method"),
        (int, "type"),
        (np.array(["a"]), "ndarray"),
        (np.array([None]), "ndarray"),
        (np.zeros(2, "f8,i4"), "ndarray"),
        (np.array(["2026-01-01"], "M8[D]"), "ndarray"),
        (np.datetime64(3, "s"), "datetime64"),
        (torch.ones(2).to_sparse(), "Tensor"),
        (torch.ones(2, device="meta"), "Tensor"),
        (torch.float32, "dtype"),
        (bytearray(3), "bytearray"),
        ({b"x": 1}, "dict"),
        ({frozenset(): 1}, "dict"),
        ({"\ud800": 1}, "dict"),
        ("\ud800", "str"),
    ],
    ids=lambda value: value if isinstance(value, str) and value.isascii() else "",
)
def test_anything_else_is_opaque_and_named_by_its_type(value, kind):
    seen = there([value])[0]
    assert type(seen) is Opaque
    assert seen.kind == kind
    assert named(seen) == f"something of type {kind}"
    assert same(there(seen), seen)


def test_an_opaque_thing_shows_what_it_showed_and_equals_by_content():
    assert repr(there({3})) == "{3}"
    assert there({3}) == there({3}) != there({4})
    assert repr(Opaque("set")) == "<set>"
    assert there(set(range(5000))).text == ""  # long in the making
    assert len(there(type("Long", (), {"__repr__": lambda _: "x" * 999})()).text) == 200


def test_what_says_it_is_an_array_arrives_as_that_array():
    class Series:
        def __init__(self, values):
            self.values = values

        def __array__(self, dtype=None, copy=None):
            return np.asarray(self.values)

    assert same(there(Series([1.5, 2.5])), np.array([1.5, 2.5]))
    assert there(Series(["a"])).kind == "Series"


def test_functions_arrive_as_numbers_and_are_called_from_afar():
    calls, functions = [], []

    def call_back(number, args):
        calls.append((number, args))
        return functions[number](*args)

    message = pack({"norm": abs, "all": [max, abs]}, callbacks=functions)
    arrived = unpack(message, call_back=call_back)
    assert not calls
    assert arrived["norm"](-3) == 3
    assert arrived["all"][0](2, 5) == 5
    assert calls == [(0, (-3,)), (1, (2, 5))]


def test_refuses_a_function_where_no_one_calls_back():
    with pytest.raises(WireError, match="wanted data alone, got a function"):
        unpack(pack(abs, callbacks=[]))


def deep(depth: int):
    value = 1
    for level in range(depth):
        value = (
            (value,) if level % 3 == 0 else [value] if level % 3 == 1 else {1: value}
        )
    return value


def doubled(times: int):
    value = [0]
    for _ in range(times):
        value = [value, value]
    return value


def alike(count: int) -> dict:
    return dict.fromkeys(number * (2**61 - 1) for number in range(count))


AT_MOST = {
    "bytes": (lambda n: bytes(n), wire.MOST_BYTES - 5),
    "depth": (deep, wire.MOST_DEPTH),
    "values": (lambda n: [None] * (n - 1), wire.MOST_ITEMS),
    "letters": (lambda n: "a" * n, wire.MOST_TEXT),
    "utf8": (lambda n: "é" * (n // 2) + "a" * (n % 2), wire.MOST_TEXT),
    "axes": (lambda n: np.zeros((1,) * n), wire.MOST_AXES),
    "extent": (lambda n: np.zeros((n, 0), np.uint8), wire.MOST_BYTES),
    "bits": (lambda n: 2**n - 1, wire.MOST_BITS),
    "negative": (lambda n: 1 - 2**n, wire.MOST_BITS),
    "keys": (lambda n: dict.fromkeys(range(n)), wire.MOST_KEYS),
}


@pytest.mark.parametrize("what", AT_MOST)
def test_refuses_one_more_than_the_most_that_crosses(what):
    make, most = AT_MOST[what]
    assert same(there(make(most)), make(most))
    with pytest.raises(WireError, match=r"^wire: wanted at most [\d,]+ .*, got [\d,]+"):
        pack(make(most + 1))


@pytest.mark.parametrize(
    "value",
    [
        [0] * 10**7,
        doubled(20),
        [np.zeros(10**6)] * 1000,
        np.broadcast_to(1.0, (10**6, 10**6)),
        torch.ones(1).expand(10**6, 10**6),
        torch.ones(1).mul(1j).conj().expand(10**6, 10**6),
        np.zeros((1,) * 33),
        alike(100),
    ],
    ids="list doubled repeated broadcast expanded conjugate axes alike".split(),
)
def test_refuses_what_is_too_much_before_it_is_copied(value):
    with pytest.raises(WireError, match="wanted at most"):
        pack(value)


def test_refuses_what_holds_itself():
    row, table = [], {}
    row.append([row])
    table["self"] = (table,)
    for value in (row, table):
        with pytest.raises(WireError, match="24 containers in one another, got 25"):
            pack(value)


@pytest.fixture
def ends():
    one, other = socket.socketpair()
    with one, other:
        yield one, other


def test_messages_of_any_length_go_through_a_socket_in_order(ends):
    messages = [b"", b"a", bytes(3 * wire.PIECE + 5)]
    sender = threading.Thread(target=lambda: [send(ends[0], m) for m in messages])
    sender.start()
    assert [receive(ends[1]) for _ in messages] == messages
    sender.join()


def test_refuses_a_length_beyond_what_is_wanted(ends):
    ends[0].sendall(struct.pack(">I", 2**32 - 1))
    with pytest.raises(WireError, match="wanted at most 64,000,000 bytes"):
        receive(ends[1])
    send(ends[0], b"1234567")
    with pytest.raises(WireError, match="wanted at most 6 bytes in a message, got 7"):
        receive(ends[1], most=6)
    with pytest.raises(WireError, match="got 64,000,001"):
        send(ends[0], bytes(wire.MOST_BYTES + 1))


@pytest.mark.parametrize("came", [b"", b"\0\0", b"\0\0\0\7abc"])
def test_the_end_of_the_other_side_is_told_wherever_it_stopped(ends, came):
    ends[0].sendall(came)
    ends[0].close()
    with pytest.raises(EOFError, match="the other side is gone"):
        receive(ends[1])


def test_a_connection_that_was_reset_is_an_end_as_well(ends):
    ends[1].sendall(b"never read")
    ends[0].close()
    with pytest.raises(EOFError):
        receive(ends[1])


def test_a_timeout_passes_through_and_stays_set(ends):
    ends[1].settimeout(0.01)
    ends[0].sendall(b"\0\0\0\7abc")
    with pytest.raises(TimeoutError):
        receive(ends[1])
    assert ends[1].gettimeout() == 0.01


class Dripping:
    """A socket that is never silent for long, and never done."""

    def gettimeout(self):
        return 0.02

    def settimeout(self, seconds):
        assert 0 < seconds <= 0.02

    def recv(self, most):
        return b"\1"


def test_a_timeout_is_for_the_whole_message_however_slowly_it_drips():
    with pytest.raises(TimeoutError):
        receive(Dripping())


def test_students_notebooks_need_no_msgpack_and_plain_data_needs_no_torch():
    code = (
        "import sys, attn_course.grading as g, attn_course.grading.values;"
        "early = 'msgpack' in sys.modules;"
        "import numpy; from attn_course.grading.wire import pack, unpack;"
        "unpack(pack([numpy.ones(3), {3}, numpy.float32(2)]));"
        "print(early, 'msgpack' in sys.modules, 'torch' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["False", "True", "False"]


def test_refuses_a_tensor_where_torch_is_not_installed(monkeypatch):
    message = pack(torch.ones(3))
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(WireError, match="torch is not here"):
        unpack(message)
    assert there(2.5) == 2.5


@pytest.mark.parametrize("value", [range(3), deque([0, 1, 2]), array("q", [0, 1, 2])])
def test_what_numpy_reads_as_a_list_arrives_as_an_array(value):
    assert same(there(value), np.arange(3))


def test_longer_floats_than_other_machines_have_arrive_as_doubles():
    assert same(there(np.longdouble(3)), np.float64(3))
    assert same(there(np.ones(2, np.clongdouble)), np.ones(2, complex))
