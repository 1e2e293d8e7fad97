"""Values on a pipe: JSON for the shape, raw bytes for the pixels, never pickle.

A child that decoded hostile bytes may itself have turned hostile; what it
answers is data with limits.
"""

from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING, Any, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Callable

_HEADER = struct.Struct("<Q")
_HEADER_LIMIT = 16 << 20
_CHUNK = 1 << 20
_MARK = "\0"  # a one-member object with this key stands for a value JSON does not have


class BrokenFrame(Exception):  # noqa: N818 - names what came out of the pipe
    """What came is no frame: the other side ended, or does not keep to the form."""


def send(pipe: BinaryIO, value: Any) -> None:
    """Write one value: JSON types, tuples, bytes and numeric arrays, nested.

    Raises
    ------
    TypeError
        A value of another type.
    """
    buffers: list[memoryview] = []
    shape = _packed(value, buffers)
    sizes = [buffer.nbytes for buffer in buffers]
    header = json.dumps({"value": shape, "sizes": sizes}).encode()
    pipe.write(_HEADER.pack(len(header)) + header)
    for buffer in buffers:
        pipe.writelines(buffer[at : at + _CHUNK] for at in range(0, buffer.nbytes, _CHUNK))
    pipe.flush()


def receive(pipe: BinaryIO, *, byte_limit: int) -> Any:
    """Read one value whose buffers hold at most `byte_limit` bytes together.

    Raises
    ------
    BrokenFrame
        The pipe ended, or its bytes do not keep to form or limit.
    """
    (length,) = _HEADER.unpack(_exactly(pipe, _HEADER.size))
    if length > _HEADER_LIMIT:
        raise BrokenFrame(f"a header of {length} bytes")
    try:
        header = json.loads(_exactly(pipe, length))
        sizes = [int(size) for size in header["sizes"]]
        if min(sizes, default=0) < 0 or sum(sizes) > byte_limit:
            raise BrokenFrame(f"{sum(sizes)} bytes of arrays, the limit is {byte_limit}")
        buffers = [_exactly(pipe, size) for size in sizes]
        return _unpacked(header["value"], buffers)
    except (ValueError, KeyError, TypeError, IndexError, RecursionError) as cause:
        raise BrokenFrame(f"not a frame: {cause}") from cause


def _packed(value: Any, buffers: list[memoryview]) -> Any:
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, dict):
        return {str(key): _packed(item, buffers) for key, item in value.items()}
    if isinstance(value, list | tuple):
        items = [_packed(item, buffers) for item in value]
        return items if isinstance(value, list) else {_MARK: ["tuple", items]}
    if isinstance(value, bytes | bytearray | memoryview):
        buffers.append(memoryview(value).cast("B"))
        return {_MARK: ["bytes", len(buffers) - 1]}
    import numpy as np  # noqa: PLC0415 - a child is started before numpy is loaded

    if isinstance(value, np.ndarray) and value.dtype.kind in "uifb":
        flat = np.ascontiguousarray(value).reshape(-1)
        buffers.append(memoryview(flat.view(np.uint8).data))
        return {_MARK: ["array", len(buffers) - 1, value.dtype.str, list(value.shape)]}
    raise TypeError(f"{type(value).__name__} does not travel between processes here")


def _unpacked(value: Any, buffers: list[bytearray]) -> Any:
    if isinstance(value, list):
        return [_unpacked(item, buffers) for item in value]
    if not isinstance(value, dict):
        return value
    if _MARK in value:
        kind, *rest = value[_MARK]
        return _KINDS[kind](buffers, *rest)
    return {key: _unpacked(item, buffers) for key, item in value.items()}


def _array(buffers: list[bytearray], index: int, dtype: str, shape: list[int]) -> Any:
    import numpy as np  # noqa: PLC0415

    kind = np.dtype(dtype)
    if kind.kind not in "uifb":
        raise ValueError(f"an array of {dtype}")
    return np.frombuffer(buffers[index], kind).reshape(shape)


_KINDS: dict[str, Callable[..., Any]] = {
    "tuple": lambda buffers, items: tuple(_unpacked(items, buffers)),
    "bytes": lambda buffers, index: bytes(buffers[index]),
    "array": _array,
}


def _exactly(pipe: BinaryIO, size: int) -> bytearray:
    buffer = bytearray(size)
    view, done = memoryview(buffer), 0
    while done < size:
        count = pipe.readinto(view[done : done + _CHUNK])  # type: ignore[attr-defined]
        if not count:
            raise BrokenFrame("the pipe ended")
        done += count
    return buffer
