"""Arrays, NumPy's scalars and tensors as bytes, and back.

One byte for the dtype, one for the number of axes, eight for each axis, and the
numbers in C order, little end first.
"""

import math
import struct
import sys
from typing import Any

import numpy as np

from attn_course.grading.protocol import MOST_AXES, MOST_BYTES, WireError, within

BFLOAT = "bf"  # torch's bfloat16, which NumPy has not: carried as int16
CODES = (
    *("b1", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8"),
    *("f2", "f4", "f8", "c8", "c16", BFLOAT),
)
TORCH = {
    "bool": "b1",
    "uint8": "u1",
    **{f"int{8 * size}": f"i{size}" for size in (1, 2, 4, 8)},
    **{f"float{8 * size}": f"f{size}" for size in (2, 4, 8)},
    **{f"complex{8 * size}": f"c{size}" for size in (8, 16)},
    "bfloat16": BFLOAT,
}
TORCH_OF = {code: name for name, code in TORCH.items()}


def code_of(array: np.ndarray) -> str | None:
    """Return the code of an array's dtype, None for a dtype that does not cross."""
    code = array.dtype.str[1:]
    if code not in CODES or array.dtype.newbyteorder("=") != np.dtype(code):
        return None
    return code


def to_bytes(array: np.ndarray, code: str) -> bytes:
    """Return shape and numbers of a plain array as bytes."""
    within(MOST_AXES, array.ndim, "axes")
    _check_extent(array.shape, array.itemsize)
    if code == "b1":  # whatever byte was true, 1 is sent
        array = array.view(np.uint8) != 0
    head = struct.pack(f"<BB{array.ndim}Q", CODES.index(code), array.ndim, *array.shape)
    return head + array.astype(_stored(code), copy=False).tobytes()


def to_array(payload: bytes, code: str | None = None) -> np.ndarray:
    """Return the array that `payload` holds, a writable copy; `code` may be demanded.

    Everything is looked at before memory is taken, in ints that cannot overflow.
    """
    found, shape = _head(payload)
    if found != (code or found) or (found == BFLOAT and code is None):
        raise WireError(f"wire: a dtype out of place: {found}")
    stored = np.dtype(_stored(found))
    start = 2 + 8 * len(shape)
    wanted, got = math.prod(shape) * stored.itemsize, len(payload) - start
    if wanted != got:
        raise WireError(f"wire: wanted {wanted:,} bytes for {shape}, got {got:,}")
    _check_extent(shape, stored.itemsize)
    if found == "b1" and payload[start:].strip(b"\x00\x01"):
        raise WireError("wire: wanted booleans of 0 and 1, got other bytes")
    flat = np.frombuffer(payload, stored, offset=start)
    return flat.reshape(shape).astype(stored.newbyteorder("="))


def to_scalar(payload: bytes) -> np.generic:
    """Return the NumPy scalar that `payload` holds."""
    array = to_array(payload)
    if array.ndim:
        raise WireError(f"wire: wanted a scalar, got an array of shape {array.shape}")
    return array[()]


def to_tensor(payload: bytes) -> Any:
    """Return the tensor that `payload` holds; this imports torch."""
    code, _ = _head(payload)
    if code not in TORCH_OF:
        raise WireError(f"wire: wanted a dtype that tensors have, got {code}")
    array = to_array(payload, code)
    try:
        import torch
    except (ImportError, OSError) as error:
        raise WireError(
            f"wire: a tensor came, and torch is not here: {error}"
        ) from None
    tensor = torch.from_numpy(array)
    return tensor.view(torch.bfloat16) if code == BFLOAT else tensor


def is_tensor(value: Any) -> bool:
    """Whether `value` is a tensor, without importing torch."""
    kind = getattr(sys.modules.get("torch"), "Tensor", None)
    return isinstance(kind, type) and issubclass(type(value), kind)


def size_of_tensor(tensor: Any) -> int:
    """Return how many bytes the numbers of `tensor` take, before they are copied."""
    torch = sys.modules["torch"]
    with torch._C.DisableTorchFunctionSubclass():
        return torch.Tensor.numel(tensor) * torch.Tensor.element_size(tensor)


def of_tensor(tensor: Any) -> tuple[np.ndarray, str]:
    """Return a tensor's numbers as an array, and its code; raise if it has none."""
    torch = sys.modules["torch"]
    with torch._C.DisableTorchFunctionSubclass():
        plain = torch.Tensor.detach(tensor).as_subclass(torch.Tensor).cpu()
        code = TORCH[str(plain.dtype).removeprefix("torch.")]
        plain = plain.resolve_conj().resolve_neg()
        return (plain.view(torch.int16) if code == BFLOAT else plain).numpy(), code


def _stored(code: str) -> str:
    return "<i2" if code == BFLOAT else f"<{code}"


def _head(payload: bytes) -> tuple[str, tuple[int, ...]]:
    """Return dtype and shape, as the first bytes of `payload` say."""
    if len(payload) < 2 or payload[0] >= len(CODES):
        raise WireError("wire: wanted a dtype and a number of axes, got neither")
    within(MOST_AXES, payload[1], "axes")
    if len(payload) < 2 + 8 * payload[1]:
        raise WireError(f"wire: wanted {payload[1]} axes, got bytes for fewer")
    return CODES[payload[0]], struct.unpack_from(f"<{payload[1]}Q", payload, 2)


def _check_extent(shape: tuple[int, ...], itemsize: int) -> None:
    """Refuse an empty array so wide that a sum along its empty axis fills memory."""
    extent = math.prod(n or 1 for n in shape) * itemsize
    within(MOST_BYTES, extent, "bytes if no axis were empty")
