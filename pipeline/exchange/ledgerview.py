"""One view of several ledgers: what stands, what was superseded, who signed up to where."""

from __future__ import annotations

import itertools
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipeline.errors import UsageError, printable
from pipeline.exchange.heads import fault_of, load_heads
from pipeline.exchange.ledger import SUPERSEDING, Entry, entries, read_chain

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from pipeline.exchange.trust import Trust

_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Current:
    """A statement, and whether it still stands.

    Attributes
    ----------
    entry
        The statement.
    superseded_by
        Number of the statement of the same party that takes it back; None where it stands.
    """

    entry: Entry
    superseded_by: int | None


def current(found: Iterable[Entry]) -> tuple[Current, ...]:
    """Return statements in the order they were made, with what was superseded marked.

    A statement that takes back one that took back another lets the first stand again.

    Parameters
    ----------
    found
        Of one ledger or several; a party takes back only what it said itself.
    """
    superseded: dict[tuple[str, int], int] = {}
    listed = list(found)
    for each in sorted(listed, key=lambda entry: entry.number, reverse=True):
        target = each.about.get("statement")
        if each.kind in SUPERSEDING and (each.party, each.number) not in superseded:
            superseded.setdefault((each.party, int(target)), each.number)  # type: ignore[arg-type]
    ordered = sorted(listed, key=lambda entry: (entry.made, entry.party, entry.number))
    return tuple(Current(each, superseded.get((each.party, each.number))) for each in ordered)


def merged(ledgers: Sequence[Path]) -> tuple[Entry, ...]:
    """Return the statements of several ledgers, each verified on its own.

    Raises UsageError where two are one party's, and BundleError as `ledger.entries`.
    """
    found: list[Entry] = []
    for path in ledgers:
        if not path.exists():
            raise UsageError("no ledger here", file=path)
        own = entries(path)
        if own and any(own[0].party == each.party for each in found):
            raise UsageError(f"two ledgers of {own[0].party}; a party has one", file=path)
        found += own
    return tuple(found)


def entry_lines(found: Iterable[Current]) -> list[str]:
    """Return the lines that ``ledger show`` prints, one a statement."""
    return [printable(_line(each)) for each in found]


def _line(each: Current) -> str:
    entry = each.entry
    marks = [] if entry.signed else ["not signed"]
    if each.superseded_by is not None:
        marks.append(f"superseded by {each.superseded_by}")
    mark = f" [{', '.join(marks)}]" if marks else ""
    about = " ".join(f"{name}={_short(value)}" for name, value in entry.about.items())
    body = "; ".join(f"{name}: {_short(value)}" for name, value in entry.body.items())
    return f"{entry.made} {entry.party} {entry.number} {entry.kind}{mark} {about} | {body}".rstrip(
        " |"
    )


def _short(value: Any) -> str:
    text = str(value)
    if _DIGEST.fullmatch(text):
        return text[:16]
    return text if len(text) <= 80 else text[:77] + "..."


@dataclass(frozen=True)
class Checked:
    """What ``ledger verify`` found.

    Attributes
    ----------
    lines
        To be printed.
    covered
        Number up to which a signature of the ledger's own party counts; 0 where none does.
    faults
        One line for each signature that does not count, and for what an append left behind.
    """

    lines: tuple[str, ...]
    covered: int
    faults: tuple[str, ...]


def checked(path: Path, trust: Trust) -> Checked:
    """Return who has signed a ledger and up to where, held against the keys trusted here.

    Raises UsageError where there is no ledger, BundleError as `ledger.entries`.
    """
    if not path.exists():
        raise UsageError("no ledger here", file=path)
    found, chain = entries(path), read_chain(path)
    party = found[0].party if found else "nobody"
    reached: dict[str, Any] = {}
    faults: list[str] = []
    for head in load_heads(path):
        fault = fault_of(head, trust)
        if fault is None and head.ledger != party:
            fault = f"statement: signed as the ledger of {head.ledger}"
        if fault:
            faults.append(f"signature over line {head.number} does not count: {fault}")
        elif head.party not in reached or head.number > reached[head.party].number:
            reached[head.party] = head
    lines = [f"ledger of {party}: {len(found)} statements, chain unbroken"]
    if found:
        lines.append(f"head {found[-1].number} {found[-1].sha256}")
    lines += [
        f"signed by {name} up to {head.number} at {head.signed}, key {head.keyid[:16]}, "
        f"agreement {head.agreement[:16]}"
        for name, head in sorted(reached.items())
    ]
    covered = reached[party].number if party in reached else 0
    if covered < len(found):
        lines.append(f"missing: {party} has not signed statements {covered + 1} to {len(found)}")
    if chain.torn:
        faults.append(f"{len(chain.torn)} bytes follow the last line: an append was interrupted")
    lines += [f"note: {text}" for text in _backdated(found)]
    return Checked(tuple(map(printable, lines)), covered, tuple(map(printable, faults)))


def _backdated(found: Sequence[Entry]) -> list[str]:
    pairs = itertools.pairwise(found)
    return [
        f"statement {later.number} is dated before the one it follows"
        for before, later in pairs
        if later.made < before.made
    ]


def escaped(text: str) -> str:
    r"""Return JSON that says the same, with what a terminal would act on written as ``\u``."""
    return "".join(mark if mark.isprintable() else json.dumps(mark)[1:-1] for mark in text)


def as_document(each: Current) -> Mapping[str, Any]:
    """Return a statement of the merged view as JSON."""
    entry = each.entry
    return {
        "number": entry.number,
        "sha256": entry.sha256,
        "made": entry.made,
        "party": entry.party,
        "kind": str(entry.kind),
        "about": dict(entry.about),
        "body": dict(entry.body),
        "signed": entry.signed,
        "superseded_by": each.superseded_by,
    }
