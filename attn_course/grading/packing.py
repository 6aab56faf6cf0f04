"""Write a value as a message.

What is sent is told by the type itself, never by what a class says of itself, and is
made plain by the base's own methods: a subclass has no say in how it crosses.
"""

import struct
import warnings
from array import array as typed
from collections import deque
from collections.abc import Callable
from typing import Any

import msgpack
import numpy as np

from attn_course.grading import buffers
from attn_course.grading.opaque import attempt, opaque
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
    MOST_KEYS,
    MOST_TEXT,
    OPAQUE,
    SCALAR,
    TENSOR,
    TUPLE,
    WIDE,
    check_keys,
    is_key,
    within,
)

ALL = slice(None)
SEQUENCES = (range, deque, typed)  # that NumPy reads as it reads lists
LONG = {"g": "f8", "G": "c16"}  # longer than other machines have: sent shorter


class Writer:
    """One message in the making; `callbacks` collects the functions met, if given."""

    def __init__(self, callbacks: list[Callable] | None = None):
        self.packer = msgpack.Packer(autoreset=False, buf_size=1024)
        self.callbacks = callbacks
        self.items = self.size = 0
        self.forms = (  # in this order: some of NumPy's scalars are Python's as well
            (str, self._text),
            (bytes, self._bytes),
            (np.generic, self._scalar),
            (int, self._int),
            (float, self._float),
            (complex, self._complex),
            (tuple, self._tuple),
            (list, self._list),
            (dict, self._dict),
            (np.ndarray, self._array),
        )

    def message(self) -> bytes:
        within(MOST_BYTES, len(self.packer.getbuffer()), "bytes in a message")
        return self.packer.bytes()

    def write(self, value: Any, depth: int = 0) -> None:
        """Add `value`, which stands in `depth` containers."""
        self._room_for(1)
        self.items += 1
        kind = type(value)
        if value is None or kind is bool or kind is float:
            self.packer.pack(value)
            return
        for base, write in self.forms:
            if issubclass(kind, base):
                write(value, depth)
                return
        self._other(value, depth)

    def _text(self, value: str, depth: int) -> None:
        within(MOST_TEXT, str.__len__(value), "characters of a string")
        plain = str.__str__(value)
        try:
            size = len(plain.encode())
        except UnicodeEncodeError:  # half a surrogate pair: no text that can be shown
            self._opaque(value)
            return
        within(MOST_TEXT, size, "bytes of a string")
        self._grow(size)
        self.packer.pack(plain)

    def _bytes(self, value: bytes, depth: int) -> None:
        self._grow(bytes.__len__(value))
        self.packer.pack(bytes.__getitem__(value, ALL))

    def _int(self, value: int, depth: int) -> None:
        plain = int.__index__(value)
        if -(2**63) <= plain < 2**64:
            self.packer.pack(plain)
        else:
            within(MOST_BITS, plain.bit_length(), "bits of an int")
            self._token(WIDE, wide(plain))

    def _float(self, value: float, depth: int) -> None:
        self.packer.pack(float.__float__(value))

    def _complex(self, value: complex, depth: int) -> None:
        plain = complex.__pos__(value)
        self._token(COMPLEX, struct.pack("<dd", plain.real, plain.imag))

    def _tuple(self, value: tuple, depth: int) -> None:
        self._container(TUPLE, tuple.__len__(value), depth)
        for item in tuple.__iter__(value):
            self.write(item, depth + 1)

    def _list(self, value: list, depth: int) -> None:
        self._room_for(list.__len__(value))
        plain = list.__getitem__(value, ALL)  # it may change while it is written
        self._container(LIST, len(plain), depth)
        for item in plain:
            self.write(item, depth + 1)

    def _dict(self, value: dict, depth: int) -> None:
        within(MOST_KEYS, dict.__len__(value), "keys of a dict")
        pairs = list(dict.items(value))
        keys = [_key(key, depth + 1) for key, _ in pairs]
        if not all(map(is_key, keys)) or len(set(keys)) < len(keys):
            self._opaque(value)
            return
        check_keys(keys)
        self._container(DICT, len(keys), depth)
        for key, (_, item) in zip(keys, pairs, strict=True):
            self.write(key, depth + 1)
            self.write(item, depth + 1)

    def _array(self, value: np.ndarray, depth: int) -> None:
        self._numbers_of(np.asarray(value), value, ARRAY)  # of no subclass

    def _scalar(self, value: np.generic, depth: int) -> None:
        array = attempt(np.asarray, value)
        self._numbers_of(None if np.ndim(array) else array, value, SCALAR)

    def _other(self, value: Any, depth: int) -> None:
        if buffers.is_tensor(value):
            self._tensor(value)
        elif self.callbacks is not None and callable(value):
            self._token(CALLBACK, struct.pack("<I", len(self.callbacks)))
            self.callbacks.append(value)
        else:
            self._numbers_of(attempt(_converted, value), value, ARRAY)

    def _tensor(self, value: Any) -> None:
        size = attempt(buffers.size_of_tensor, value)
        if type(size) is int:
            within(MOST_BYTES, self.size + size, "bytes in a message")
        found = attempt(buffers.of_tensor, value)
        if found is None:
            self._opaque(value)
        else:
            self._numbers(TENSOR, *found)

    def _numbers_of(self, array: Any, value: Any, form: int) -> None:
        """Send `array` for `value`, if it is one and of a dtype that crosses."""
        if type(array) is np.ndarray and array.dtype.char in LONG:
            array = array.astype(LONG[array.dtype.char])
        code = buffers.code_of(array) if type(array) is np.ndarray else None
        if code is None:
            self._opaque(value)
        else:
            self._numbers(form, array, code)

    def _numbers(self, form: int, array: np.ndarray, code: str) -> None:
        self._grow(array.nbytes)  # before anything is copied
        self._token(form, buffers.to_bytes(array, code))

    def _opaque(self, value: Any) -> None:
        seen = opaque(value)
        self._token(OPAQUE, f"{seen.kind}\0{seen.text}".encode())

    def _container(self, form: int, length: int, depth: int) -> None:
        within(MOST_DEPTH, depth + 1, "containers in one another")
        self._room_for(length)
        self._token(form, struct.pack("<I", length))

    def _token(self, form: int, payload: bytes) -> None:
        self.packer.pack_ext_type(form, payload)

    def _room_for(self, count: int) -> None:
        within(MOST_ITEMS, self.items + count, "values in a message")

    def _grow(self, size: int) -> None:
        self.size += size
        within(MOST_BYTES, self.size, "bytes in a message")


def wide(value: int) -> bytes:
    """Return an int as the least bytes that hold it and its sign."""
    return value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)


def _key(key: Any, depth: int) -> Any:
    """Return the plain key that is sent for `key`, or `...` if there is none."""
    kind = type(key)
    if issubclass(kind, np.generic) and not issubclass(kind, str):
        key = attempt(np.generic.item, key)  # equal to it, and of the same hash
        return key if is_key(key) else ...
    if key is None or kind is bool:
        return key
    if issubclass(kind, str):
        plain = str.__str__(key)
        return ... if attempt(str.encode, plain) is None else plain
    for base, plain in ((int, int.__index__), (float, float.__float__)):
        if issubclass(kind, base):
            return plain(key)
    if not issubclass(kind, tuple):
        return ...
    within(MOST_DEPTH, depth + 1, "containers in one another")
    within(MOST_ITEMS, tuple.__len__(key), "values in a message")
    return tuple(_key(each, depth + 1) for each in tuple.__iter__(key))


def _converted(value: Any) -> np.ndarray | None:
    """Return the array that a thing says it is: a pandas Series, say."""
    if not hasattr(type(value), "__array__") and type(value) not in SEQUENCES:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return np.asarray(value)
