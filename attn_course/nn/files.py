"""Files that are either whole or not there, and that hold data and no code."""

import os
import tempfile
from pathlib import Path

import torch


def write_whole(contents: dict, path: str | os.PathLike) -> None:
    """Write with `torch.save`, to a neighbour first that then takes the name.

    Whatever happens on the way, under `path` stands all of the new, or still the old.

    Examples
    --------
    >>> import torch
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_whole({"x": torch.ones(2)}, Path(folder) / "x.pt")
    ...     read_whole(Path(folder) / "x.pt")
    {'x': tensor([1., 1.])}
    """
    path = Path(path)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            torch.save(contents, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise


def read_whole(path: str | os.PathLike) -> dict:
    """Read what `write_whole` wrote; tensors and plain data only, on the CPU.

    Examples
    --------
    See `write_whole`.
    """
    return torch.load(path, map_location="cpu", weights_only=True)
