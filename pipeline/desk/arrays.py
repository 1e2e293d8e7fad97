"""Arrays on disk that are mapped into memory, and that a full disk refuses in words.

A mapped file with holes ends the process when its disk fills up. So what is written once is
written as a file, and what is written later has its room reserved first.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from numpy.typing import NDArray

_PIECE = 4 << 20


def begin_array(file: BinaryIO, shape: tuple[int, ...], dtype: Any) -> None:
    """Write the head of an array file; its rows are to follow in order."""
    head = {"descr": np.dtype(dtype).str, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, head)


def write_rows(file: BinaryIO, rows: Iterable[NDArray[Any]]) -> None:
    """Write rows of an array that was begun; OSError where the disk refuses."""
    file.writelines(np.ascontiguousarray(row).data for row in rows)


def reserved_array(path: Path, shape: tuple[int, ...], dtype: Any) -> NDArray[Any]:
    """Return an array mapped for reading and writing, made of zeros where it is not there.

    OSError where the disk has no room for all of it.
    """
    if path.is_file():
        found: NDArray[Any] = np.load(path, mmap_mode="r+")
        if found.shape == shape:
            return found
    # Under a name of its own: another desk may have the place mapped already.
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        with fresh.open("wb") as file:
            begin_array(file, shape, dtype)
            _reserve(file, int(np.prod(shape)) * np.dtype(dtype).itemsize)
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)
    made: NDArray[Any] = np.load(path, mmap_mode="r+")
    return made


def _reserve(file: BinaryIO, size: int) -> None:
    """Let the disk promise `size` more bytes of zeros."""
    file.flush()
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(file.fileno(), file.tell(), size)
        return
    file.writelines(bytes(min(_PIECE, size - start)) for start in range(0, size, _PIECE))
