"""Files appear whole or not at all; documents are canonical JSON (RFC 8785)."""

from __future__ import annotations

import json
import math
import os
import re
import secrets
import shutil
from contextlib import suppress
from itertools import accumulate
from json.encoder import encode_basestring
from typing import TYPE_CHECKING, Any

import rfc8785

from pipeline.errors import FairWitnessError, OutputError, ProductError
from pipeline.store.reading import UnreadableFile, read_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

TEMPORARY_SUFFIX = ".fwtmp"
# From this on integers are not exact.
_EXACT = 2**53
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*+"', re.DOTALL)
_NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_DEEPER = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}


def atomic_write(path: Path, payload: bytes, *, durable: bool = True) -> None:
    """Write `payload` so that `path` holds the old bytes or all new ones, never a part.

    A temporary file in the same folder is written, synchronised, renamed, and the
    folder synchronised. Missing folders are created.

    Parameters
    ----------
    durable
        False leaves synchronising to the system: a killed process still leaves no part, a
        power cut may. Only for what is verified by digest on every reading and can be
        made again.

    Raises
    ------
    OutputError
        The disk refused (full, read-only, I/O error); `path` is as before.
    """
    temporary = temporary_beside(path)
    try:
        make_folder(path.parent)
        if durable:
            write_synchronised(temporary, payload)
            move_into_place(temporary, path)
        else:
            temporary.write_bytes(payload)
            _renamed(temporary, path)
    except OSError as cause:
        raise OutputError(f"could not be written: {cause.strerror or cause}", file=path) from cause
    finally:
        with suppress(OSError):
            temporary.unlink()


def temporary_beside(path: Path) -> Path:
    """Return a fresh hidden name in the folder of `path` that `sweep` recognises."""
    return path.with_name(f".{path.name[:80]}.{secrets.token_hex(6)}{TEMPORARY_SUFFIX}")


def move_into_place(temporary: Path, path: Path) -> None:
    """Give complete, synchronised bytes their final name, replacing what has it."""
    _renamed(temporary, path)
    synchronise_folder(path.parent)


def _renamed(temporary: Path, path: Path) -> None:
    os.replace(temporary, path)  # noqa: PTH105 - the one call this module is about


def write_synchronised(path: Path, payload: bytes | Iterable[bytes]) -> None:
    """Create `path`, which must not exist, and bring its bytes, or pieces of them, to the disk."""
    with path.open("xb") as file:
        file.writelines([payload] if isinstance(payload, bytes) else payload)
        file.flush()
        os.fsync(file.fileno())


def synchronise_folder(folder: Path) -> None:
    """Bring the names in `folder` to the disk, where the system can."""
    if os.name == "nt":  # folders cannot be opened there; NTFS journals names itself
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_folder(folder: Path) -> None:
    """Create `folder` and its parents, each name brought to the disk."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    synchronise_folder(folder.parent)


def sweep(folder: Path) -> int:
    """Remove what killed runs left beneath `folder`; return how many entries.

    Call it while holding the run's lock: a living run's temporaries look the same.
    """
    leftovers = sorted(folder.rglob(f".*{TEMPORARY_SUFFIX}")) if folder.is_dir() else []
    for leftover in leftovers:
        try:
            if leftover.is_dir() and not leftover.is_symlink():
                shutil.rmtree(leftover)
            else:
                leftover.unlink(missing_ok=True)
        except OSError as cause:
            rule = f"could not be removed: {cause.strerror or cause}"
            raise OutputError(rule, file=leftover) from cause
    return len(leftovers)


def canonical_json(document: Any, *, number: Callable[[float], float] = float) -> bytes:
    """Return the one RFC 8785 form of `document`.

    Parameters
    ----------
    number
        What is written in place of each float.

    Raises
    ------
    ValueError
        NaN, Inf, an integer beyond ±(2^53 − 1), or a value JSON does not have.
    """
    return _canonical(document, number, {}).encode()


def _canonical(value: Any, number: Callable[[float], float], known: dict[Any, Any]) -> str:
    """Return the canonical text of a value; `known` keeps the order of keys met before."""
    kind = type(value)
    if kind is str:
        return encode_basestring(value)
    if kind is float:
        return _float_text(number(value))
    if kind is dict:
        keys = tuple(value)
        if keys not in known:
            known[keys] = _ordered(keys)
        members = [text + _canonical(value[key], number, known) for key, text in known[keys]]
        return "{" + ",".join(members) + "}"
    if kind is list:
        return "[" + ",".join([_canonical(item, number, known) for item in value]) + "]"
    return _rarer(value, number, known)


def _rarer(value: Any, number: Callable[[float], float], known: dict[Any, Any]) -> str:
    if type(value) is int and -_EXACT < value < _EXACT:
        return repr(value)
    if isinstance(value, float):
        return _canonical(float(value), number, known)
    if isinstance(value, dict):
        return _canonical(dict(value), number, known)
    if isinstance(value, list | tuple):
        return _canonical(list(value), number, known)
    return rfc8785.dumps(value).decode()


def _float_text(number: float) -> str:
    text = repr(number)
    if "e" in text or not math.isfinite(number):
        return rfc8785.dumps(number).decode()
    return text.removesuffix(".0") if number else "0"


def _ordered(keys: tuple[Any, ...]) -> list[tuple[str, str]]:
    """Return keys in the order of their UTF-16, each with the text that begins its member."""
    if not all(isinstance(key, str) for key in keys):
        raise rfc8785.CanonicalizationError("object keys must be strings")
    ordered = sorted(keys, key=lambda key: key.encode("utf-16-be"))
    return [(key, encode_basestring(key) + ":") for key in ordered]


def write_json(path: Path, document: Any) -> None:
    """Write `document` in its canonical form, atomically."""
    atomic_write(path, canonical_json(document))


def read_json(
    path: Path,
    *,
    error: type[FairWitnessError] = ProductError,
    byte_limit: int = 64 << 20,
    depth_limit: int = 64,
    root: Path | None = None,
) -> Any:
    """Read one JSON document as data from a stranger.

    Parameters
    ----------
    path, root
        The file, and the folder it must be in (None: anywhere).
    error
        What to raise; it names the file and the rule.
    byte_limit, depth_limit
        Largest size and deepest nesting.

    Raises
    ------
    FairWitnessError
        Of kind `error`: not a regular file, too large, too deep, not UTF-8, not
        JSON, NaN or Inf (also as ``1e999``), a key twice in one object.
    """
    try:
        payload = read_bytes(path, byte_limit=byte_limit, root=root)
        return parse_json(payload, depth_limit=depth_limit)
    except (UnreadableFile, ValueError) as cause:
        raise error(str(cause), file=path) from cause


def parse_json(payload: bytes, *, depth_limit: int = 64) -> Any:
    """Return the document in `payload`; ValueError says which rule it breaks."""
    if _depth(payload) > depth_limit:
        raise ValueError(f"is nested deeper than {depth_limit} levels")
    try:
        text = payload.decode("utf-8")
        document = json.loads(
            text,
            object_pairs_hook=_object_of_unique_keys,
            parse_constant=_refused_constant,
            parse_float=_finite,
            parse_int=_whole,
        )
        if "\\u" in text:  # half a surrogate pair decodes, and cannot be written again
            json.dumps(document, ensure_ascii=False).encode()
    except UnicodeError as cause:
        raise ValueError("is not UTF-8 text") from cause
    except json.JSONDecodeError as cause:
        raise ValueError(f"is not JSON: {cause}") from cause
    return document


def _depth(payload: bytes) -> int:
    brackets = _STRING.sub(b"", payload).translate(None, _NOT_BRACKETS)
    return max(accumulate((_DEEPER[mark] for mark in brackets), initial=0))


def _object_of_unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for place, key in enumerate(keys) if key in keys[:place])
        raise ValueError(f"has the key {twice!r} twice in one object")
    return members


def _refused_constant(name: str) -> float:
    raise ValueError(f"holds {name}, which is not a number")


def _whole(text: str) -> int | float:
    # Canonical JSON writes 1e20 without exponent; beyond 2^53 it never was an integer.
    return int(text) if len(text) < 16 else _finite_whole(text)


def _finite_whole(text: str) -> int | float:
    number = _finite(text)
    return number if abs(number) >= 2**53 else int(text)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"holds {text}, which is out of range")
    return number
