"""A reproduction as a statement that can be signed and sent back."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from pipeline.exchange.envelope import Signed, statement
from pipeline.exchange.layout import site_member
from pipeline.exchange.reproductions import PREDICATE_TYPE, Said

if TYPE_CHECKING:
    from pipeline.workflows.reproduce.recompute import Reproduction


def reproduction_statement(found: Reproduction, *, party: str | None, at: str) -> Signed:
    """Return the unsigned envelope of a reproduction.

    Parameters
    ----------
    found
        What was recomputed.
    party
        Who says so; None where nobody in particular.
    at
        When, UTC text.
    """
    name = site_member(found.site, "report.json")
    predicate = {
        "bundle": found.bundle,
        "site": found.site,
        "sequence": found.sequence,
        "party": party,
        "signed": at,
        "rung": found.rung,
        "recomputed": found.ours,
        "fields": [
            {"field": each.name, "rung": each.rung, "note": each.note} for each in found.fields
        ],
        "versions": dict(found.versions),
    }
    subject = {"name": name, "digest": {"sha256": found.report}}
    return Signed(statement(PREDICATE_TYPE, [subject], predicate), {})


_FAILED = {
    "R0": "narrative: it reads FAILED, and no evidence bears that out",
    "R1": "same scene ids: it reads FAILED as a whole, so there is nothing to compute again",
}


def said(found: Reproduction, signed: Signed, *, party: str, at: str) -> Said:
    """Return our own reproduction as a ledger holds it.

    Parameters
    ----------
    found, signed
        What was recomputed, and the envelope of `reproduction_statement`.
    party, at
        Who says so, and when, UTC text.
    """
    return Said(
        party=party,
        signed=at,
        issuer=found.issuer,
        site=found.site,
        sequence=found.sequence,
        bundle=found.bundle,
        report=found.report,
        recomputed=found.ours,
        rung=found.rung,
        sha256=hashlib.sha256(signed.payload).hexdigest(),
    )


def told(found: Reproduction) -> list[str]:
    """Return the lines the command prints."""
    word = "reproduced" if found.reproduced else "NOT reproduced"
    lines = [f"{found.site}, number {found.sequence}: {word}, rung {found.rung}"]
    if found.rung in _FAILED:
        lines.append(f"  {found.rung} {_FAILED[found.rung]}")
        return lines
    lines += [
        "  R2a same decoded pixels: chips verified by digest",
        "  R2b same input bytes: stated by the record, not held here",
    ]
    lines += [f"  {each.rung} {each.name}{': ' if each.note else ''}{each.note}"
              for each in found.fields]  # fmt: skip
    return lines
