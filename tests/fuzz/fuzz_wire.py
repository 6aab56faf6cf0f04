"""Fuzz the wire: any bytes are refused by a WireError or are what their value packs to.

Guided by coverage, with atheris, which has no wheel for macOS and so is no requirement
of the course: pip install atheris==3.0.0 (Linux, CPython 3.11 to 3.13), then

    python tests/fuzz/fuzz_wire.py -runs=1000000

Options are libFuzzer's; a folder among them keeps what is found. Seeds are made here.
msgpack itself is compiled and gives no coverage; with MSGPACK_PUREPYTHON=1 its Python
twin takes its place and does.
"""

import contextlib
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

LONGEST = 2048  # bytes of an input: every form fits many times
with contextlib.suppress(ImportError):
    import atheris
GUIDED = "atheris" in sys.modules and __name__ == "__main__"

with (
    atheris.instrument_imports(include=["attn_course.grading", "msgpack"])
    if GUIDED
    else contextlib.nullcontext()
):
    from attn_course.grading.wire import Opaque, WireError, pack, unpack


def one_input(data: bytes) -> None:
    """Fail unless `data` is refused as it should be, or read as it was meant."""
    called = []
    try:
        value = unpack(data, call_back=lambda *call: called.append(call))
    except WireError:
        return
    functions = []
    again = pack(value, callbacks=functions)
    if not functions:
        assert again == data, "read, but not what packing gives"
        return
    assert len(again) == len(data)  # the numbers of functions may differ
    twice = pack(unpack(again, call_back=print), callbacks=[])
    assert twice == again, "a second trip changed it"
    assert not called, "reading called a function"


def values() -> Iterator[Any]:
    """Yield something of every form, and some forms within others."""
    yield from (None, True, 7, -(2**40), 2**70, -(3**99), 0.5, -0.0, 2 - 1j, "é", b"\0")
    yield from ([], (), {}, [1, [2.5, (None,)]], {"a": {(1, 2**65): "b"}, None: []})
    for code in ("?", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8"):
        yield np.arange(6).reshape(2, 3).astype(code)
        yield np.ones((), code)
        yield np.ones((), code)[()]
    yield np.full((1, 2, 1), 1j, "c8")
    yield np.zeros((2**20, 0), "c16")
    yield Opaque("set", "{1, 2}")
    yield {"result": np.eye(2), "printed": "x", "warnings": [], "changed": {0: [1]}}
    yield ("call", "f", (np.eye(2), abs), {"key": len}, 4.0)


def tensors() -> Iterator[Any]:
    import torch

    yield from (torch.ones(2, 3), torch.tensor(True), torch.zeros(0, 2))
    yield from (torch.ones(3, dtype=torch.bfloat16), torch.ones(1) * 1j)


def seeds() -> list[bytes]:
    """Return messages to start from."""
    every = [*values(), *tensors()]
    return [pack(value, callbacks=[]) for value in [*every, every]]


def main() -> None:
    if not GUIDED:
        sys.exit("fuzz_wire: wanted atheris, got none; pip install atheris==3.0.0")
    with tempfile.TemporaryDirectory() as folder:
        for number, seed in enumerate(seeds()):
            Path(folder, str(number)).write_bytes(seed)
        atheris.Setup([*sys.argv, f"-max_len={LONGEST}", folder], one_input)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
