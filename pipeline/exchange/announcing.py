"""Saying in one's own ledger what was issued and let out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.exchange.clock import parsed
from pipeline.exchange.container import envelope_of
from pipeline.exchange.envelope import read_envelope
from pipeline.exchange.ledger import Kind, append
from pipeline.exchange.statement import read_bundle_statement

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.exchange.ledger import Entry
    from pipeline.exchange.releaserules import Authorisation
    from pipeline.exchange.statement import BundleStatement


def say_issued(ledger: Path, payload: bytes, *, at: str) -> list[Entry]:
    """Add one ``issued`` statement a report of a bundle that was just signed.

    Parameters
    ----------
    ledger
        The issuer's own.
    payload
        The signed bundle.
    at
        UTC text.
    """
    statement = _statement(payload)
    digests = {member.name: member.sha256 for member in statement.members}
    return [
        append(
            ledger,
            kind=Kind.ISSUED,
            about={
                "site": each.site,
                "report": digests[each.member],
                "bundle": statement.sha256,
                "sequence": each.sequence,
            },
            body={
                "recipients": list(statement.recipients),
                "expires": statement.expires,
                "standing": statement.standing,
            },
            made=parsed(at),
            party=statement.issuer,
        )
        for each in statement.reports
    ]


def issuer_of(payload: bytes) -> str:
    """Return whose bundle it says it is; BundleError where it is none."""
    return _statement(payload).issuer


def _statement(payload: bytes) -> BundleStatement:
    return read_bundle_statement(read_envelope(envelope_of(payload)).payload)


def say_authorised(ledger: Path, given: Authorisation, *, at: str) -> Entry:
    """Add one ``authorised`` statement of a release that was just signed.

    Parameters
    ----------
    ledger
        The signing party's own.
    given
        The authorisation.
    at
        UTC text.
    """
    return append(
        ledger,
        kind=Kind.AUTHORISED,
        about={"file": given.sha256},
        body={**given.terms.as_document(), "expires": given.expires, "key": given.keyid},
        made=parsed(at),
        party=given.party,
    )
