"""What one party has said, in order: an append-only, hash-chained file of statements.

One line a statement, in its canonical form (RFC 8785); each names the digest of the line before
it, so that nothing can be left out, put in or changed without breaking the chain, and a
signature over the newest line covers all (`pipeline.exchange.heads`). A statement is taken back
by another that supersedes it; nothing is deleted.
"""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pipeline.errors import BundleError, OutputError, UsageError
from pipeline.exchange.clock import text_of
from pipeline.exchange.entry import (
    LINE_LIMIT,
    SCHEMA,
    SUPERSEDING,
    TEXT_LIMIT,
    Entry,
    Kind,
    read_entry,
)
from pipeline.exchange.heads import load_heads
from pipeline.store.atomic import (
    atomic_write,
    canonical_json,
    make_folder,
    synchronise_folder,
)
from pipeline.store.reading import UnreadableFile, read_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime
    from pathlib import Path

    from pipeline.agreement import Settings

__all__ = [
    "LINE_LIMIT", "SUPERSEDING", "TEXT_LIMIT", "Chain", "Entry", "Kind", "append", "entries",
    "ledger_path", "read_chain",
]  # fmt: skip
SUFFIX = ".ledger.jsonl"
#: Most bytes of a ledger.
BYTE_LIMIT = 64 << 20
#: How every line begins; a file that begins otherwise is none of ours, and left alone.
_BEGINNING = b'{"about":'


@dataclass(frozen=True)
class Chain:
    """A ledger as it lies on disk.

    Attributes
    ----------
    entries
        Every whole statement.
    whole
        How many bytes they take, each with its line end.
    torn
        What follows them without a line end: an append that was interrupted.
    """

    entries: tuple[Entry, ...]
    whole: int
    torn: bytes


def ledger_path(settings: Settings) -> Path:
    """Return where a run's ledger lies: the setting, or ``<output>.ledger.jsonl`` beside it."""
    output = settings.output
    return settings.ledger or output.with_name(output.name + SUFFIX)


def entries(path: Path) -> tuple[Entry, ...]:
    """Return every statement of a ledger, its chain verified; none where there is no file.

    A last line without its end is left out: it is an append that never returned.

    Raises
    ------
    BundleError
        ``ledger``: a line that is changed, left out, put in or too long, or a ledger that was
        cut or rewritten below a signed line. ``format``: of another version.
    """
    return _verified(path).entries


def refuse_other(path: Path, party: str) -> None:
    """Raise UsageError where a ledger is not this party's, before anything is signed."""
    found = entries(path)
    if found and found[0].party != party:
        raise UsageError(f"ledger: is {found[0].party}'s, and not {party}'s", file=path)


def _verified(path: Path) -> Chain:
    """Return a ledger that reaches every signed line, with what is signed marked."""
    chain = read_chain(path)
    heads = load_heads(path)
    for head in heads:
        if head.number > len(chain.entries):
            rule = f"ledger: is cut: line {head.number} was signed, it has {len(chain.entries)}"
            raise BundleError(rule, file=path)
        if chain.entries[head.number - 1].sha256 != head.sha256:
            rule = f"ledger: is rewritten: line {head.number} is not the one that was signed"
            raise BundleError(rule, file=path)
    covered = max((head.number for head in heads), default=0)
    marked = tuple(replace(each, signed=each.number <= covered) for each in chain.entries)
    return replace(chain, entries=marked)


def read_chain(path: Path) -> Chain:
    """Return a ledger and what an interrupted append left behind it; raises as `entries`."""
    if not path.exists():
        return Chain((), 0, b"")
    try:
        payload = read_bytes(path, byte_limit=BYTE_LIMIT)
    except UnreadableFile as cause:
        raise BundleError(f"ledger: {cause}", file=path) from cause
    *lines, torn = payload.split(b"\n")
    found: list[Entry] = []
    for line in lines:
        try:
            found.append(read_entry(line, found[-1] if found else None))
        except BundleError as cause:
            raise BundleError(cause.rule, file=path, line=len(found) + 1) from cause
    try:  # what lost nothing but its line end is kept
        found.append(read_entry(torn, found[-1] if found else None))
    except BundleError as cause:
        if not found and not torn.startswith(_BEGINNING[: len(torn)]):
            raise BundleError("ledger: is no ledger", file=path) from cause
        return Chain(tuple(found), len(payload) - len(torn), torn)
    return Chain(tuple(found), len(payload), b"")


def append(
    path: Path,
    *,
    kind: str,
    about: Mapping[str, Any],
    body: Mapping[str, Any],
    made: datetime,
    party: str,
) -> Entry:
    """Add one statement to a ledger, on the disk before this returns.

    Another process waits meanwhile. What an interrupted append left behind the last whole line
    is moved to ``<ledger>.torn-<number>`` first.

    Parameters
    ----------
    path
        The ledger; begun where there is none.
    kind
        A `Kind`.
    about
        What it speaks of: short texts and whole numbers by name.
    body
        What it says: any JSON; texts of at most `TEXT_LIMIT` characters, a line of at most
        `LINE_LIMIT` bytes.
    made
        When, with a time zone.
    party
        Whose ledger it is; one ledger is one party's.

    Raises
    ------
    UsageError
        The statement breaks a rule; nothing is written.
    BundleError
        The ledger itself is broken; see `entries`.
    OutputError
        The disk refused.
    """
    if made.tzinfo is None:
        raise UsageError(f"a statement's time needs a time zone, got {made.isoformat()}")
    with _locked(path):
        chain = _verified(path)  # what was cut below a signed line is not built upon
        before = chain.entries[-1] if chain.entries else None
        document = {
            "about": dict(about),
            "body": dict(body),
            "kind": str(kind),
            "made": text_of(made),
            "number": 1 if before is None else before.number + 1,
            "party": party,
            "previous": None if before is None else before.sha256,
            "schema": SCHEMA,
        }
        try:
            line = canonical_json(document)
            entry = read_entry(line, before)
        except BundleError as cause:
            raise UsageError(cause.rule, file=path) from cause
        except (ValueError, TypeError, RecursionError) as cause:
            raise UsageError(f"ledger: a statement is not JSON: {cause}", file=path) from cause
        _write(path, chain, line + b"\n", entry.number)
    return entry


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    from filelock import FileLock, Timeout  # noqa: PLC0415

    try:
        make_folder(path.parent)
        lock = FileLock(path.with_name(f".{path.name}.lock"), timeout=30)
        lock.acquire()
    except (OSError, Timeout, NotImplementedError) as cause:
        raise OutputError("the ledger could not be locked", file=path) from cause
    try:
        yield
    finally:
        lock.release()


def _write(path: Path, chain: Chain, line: bytes, number: int) -> None:
    begun = path.exists()
    if chain.torn:
        atomic_write(path.with_name(f"{path.name}.torn-{number}"), chain.torn)
    if begun and (chain.torn or not path.read_bytes().endswith(b"\n")):
        whole = path.read_bytes()[: chain.whole]
        atomic_write(path, whole if not whole or whole.endswith(b"\n") else whole + b"\n")
    if chain.whole + len(line) > BYTE_LIMIT:
        raise OutputError(f"a ledger has at most {BYTE_LIMIT} bytes", file=path)
    before = path.stat().st_size if begun else 0
    try:
        with path.open("ab") as file:
            file.write(line)
            file.flush()
            os.fsync(file.fileno())
        if not begun:
            synchronise_folder(path.parent)
    except OSError as cause:
        with suppress(OSError):  # what is refused is not half said either
            os.truncate(path, before)
        raise OutputError(f"could not be written: {cause.strerror or cause}", file=path) from cause
