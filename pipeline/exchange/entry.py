"""One statement of a ledger: its form, its kinds, and what must hold of the line before it."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from pipeline.errors import BundleError
from pipeline.exchange.statement import digest, exactly, identifier, moment
from pipeline.store.atomic import canonical_json, parse_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SCHEMA = "fairwitness/ledger/1"
#: Longest line, longest text within it, and most keys of `about`.
LINE_LIMIT = 64 << 10
TEXT_LIMIT = 8000
ABOUT_LIMIT = 20
_DEPTH = 8
_KEYS = ("about", "body", "kind", "made", "number", "party", "previous", "schema")
_ABOUT_KEY = re.compile(r"[a-z][a-z0-9_]{0,39}")


class Kind(StrEnum):
    """What a statement does."""

    ISSUED = "issued"
    REPRODUCED = "reproduced"
    OPINION = "opinion"
    HYPOTHESIS = "hypothesis"
    LINK = "link"
    EXPLAIN = "explain"
    EXPLAINED = "explained"
    DISPUTE = "dispute"
    NOTE = "note"
    AUTHORISED = "authorised"
    RELEASED = "released"
    REFUSED = "refused"
    CORRECTED = "corrected"
    WITHDRAWN = "withdrawn"
    CONSULTATION_DRAFTED = "consultation-drafted"
    CONSULTATION_SENT = "consultation-sent"
    CONSULTATION_RECEIVED = "consultation-received"
    CONSULTATION_REPLIED = "consultation-replied"
    CONSULTATION_MET = "consultation-met"
    CONSULTATION_CLOSED = "consultation-closed"


#: Kinds that take an earlier statement of the same ledger back, with a reason.
SUPERSEDING = frozenset({Kind.CORRECTED, Kind.WITHDRAWN})


@dataclass(frozen=True)
class Entry:
    """One statement.

    Attributes
    ----------
    number
        From 1, without a gap.
    previous
        Digest of the line before; None for the first.
    sha256
        Digest of this line: the statement's name elsewhere.
    made
        When, as its author says, UTC text.
    party
        Whose ledger it is.
    kind
        A `Kind`.
    about
        What it speaks of: ``site``, ``finding``, ``field``, ``report``, ``bundle``, and
        ``statement`` for the number of an earlier one of the same ledger.
    body
        What it says.
    signed
        Whether a signature over this or a later line lies beside the ledger. Its key is not
        judged here, but by ``ledger verify``.
    """

    number: int
    previous: str | None
    sha256: str
    made: str
    party: str
    kind: Kind
    about: Mapping[str, Any]
    body: Mapping[str, Any]
    signed: bool = False


def read_entry(line: bytes, before: Entry | None) -> Entry:
    """Return the statement in one line, held against the one before it.

    Raises BundleError: ``ledger``, ``statement``, or ``format`` for another version.
    """
    if len(line) > LINE_LIMIT:
        raise BundleError(f"ledger: a line is longer than {LINE_LIMIT} bytes")
    try:
        document = parse_json(line, depth_limit=_DEPTH)
        canonical = canonical_json(document)
    except (ValueError, RecursionError) as cause:
        raise BundleError(f"ledger: {cause}") from cause
    if canonical != line:
        raise BundleError("ledger: a line is not in its canonical form")
    if isinstance(document, dict) and document.get("schema") != SCHEMA:
        raise BundleError("format: a statement of a version that is not known here")
    fields = exactly(document, *_KEYS)
    entry = Entry(
        number=fields["number"],
        previous=None if fields["previous"] is None else digest(fields["previous"]),
        sha256=hashlib.sha256(line).hexdigest(),
        made=moment(fields["made"]),
        party=identifier(fields["party"]),
        kind=_kind(fields["kind"]),
        about=_about(fields["about"]),
        body=_body(fields["body"]),
    )
    _check_follows(entry, before)
    return entry


def _check_follows(entry: Entry, before: Entry | None) -> None:
    number, previous = (1, None) if before is None else (before.number + 1, before.sha256)
    if type(entry.number) is not int or (entry.number, entry.previous) != (number, previous):
        raise BundleError("ledger: the chain is broken: this line does not follow the one before")
    if before is not None and entry.party != before.party:
        raise BundleError(f"ledger: is {before.party}'s, and this line is {entry.party}'s")
    target = entry.about.get("statement")
    if target is not None and not (type(target) is int and 1 <= target < entry.number):
        raise BundleError("ledger: 'statement' must be the number of an earlier one")
    if entry.kind in SUPERSEDING:
        if target is None:
            raise BundleError(f"ledger: '{entry.kind}' needs about.statement, an earlier number")
        if not str(entry.body.get("reason") or "").strip():
            raise BundleError(f"ledger: '{entry.kind}' needs a reason in its body")


def _kind(value: Any) -> Kind:
    try:
        return Kind(value)
    except ValueError:
        known = ", ".join(Kind)
        raise BundleError(f"ledger: no kind of statement {str(value)[:40]!r}: {known}") from None


def _about(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict) or len(value) > ABOUT_LIMIT:
        raise BundleError(f"ledger: 'about' maps at most {ABOUT_LIMIT} names")
    for key, each in value.items():
        if not isinstance(key, str) or not _ABOUT_KEY.fullmatch(key):
            raise BundleError("ledger: a name in 'about' has small letters, digits and _ only")
        if not isinstance(each, str | int) or len(str(each)) > 300:
            raise BundleError(f"ledger: about.{key} is a short text or a whole number")
    return value


def _body(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise BundleError("ledger: 'body' is a mapping")
    if any(len(text) > TEXT_LIMIT for text in _texts(value)):
        raise BundleError(f"ledger: a text is longer than {TEXT_LIMIT} characters")
    return value


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from (str(key), *_texts(each))
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)
