"""What partners say of recomputing a report: their signed statements, read back into a ledger."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from pipeline.errors import BundleError, printable
from pipeline.exchange.clock import SKEW_S, later, parsed
from pipeline.exchange.envelope import read_envelope, read_statement
from pipeline.exchange.layout import site_member
from pipeline.exchange.ledger import Kind, append, entries
from pipeline.exchange.ledgerview import current, merged
from pipeline.exchange.statement import (
    LARGEST_SEQUENCE,
    digest,
    exactly,
    identifier,
    listed,
    matching,
    moment,
    number,
)
from pipeline.report.reviewing import Review

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from pipeline.exchange.ledger import Entry
    from pipeline.exchange.ledgerview import Current
    from pipeline.exchange.trust import Trust

PREDICATE_TYPE = "urn:fairwitness:reproduction:1"
#: A report is reproduced from here on.
REPRODUCED = frozenset({"R3", "R4"})
_RUNG = re.compile(r"R0|R1|R2a|R2b|R3|R4")
_MOST_FIELDS = 2000

JointState = Literal["unreviewed", "reproduced", "disputed"]


@dataclass(frozen=True)
class Said:
    """One party's signed word on one report it has recomputed.

    Attributes
    ----------
    party, signed
        Who, and when, UTC text.
    issuer, site, sequence
        Whose report, as the trust store knows the bundle.
    bundle, report, recomputed
        Digests of the bundle's statement, of its ``report.json`` and of theirs.
    rung
        How far they agree, R0 to R4.
    sha256
        Digest of the signed statement.
    """

    party: str
    signed: str
    issuer: str
    site: str
    sequence: int
    bundle: str
    report: str
    recomputed: str | None
    rung: str
    sha256: str

    @property
    def about(self) -> dict[str, Any]:
        """What a ledger's statement of it speaks of."""
        return {
            "site": self.site,
            "report": self.report,
            "bundle": self.bundle,
            "sequence": self.sequence,
        }

    @property
    def body(self) -> dict[str, Any]:
        """What a ledger's statement of it says."""
        return {
            "by": self.party,
            "issuer": self.issuer,
            "rung": self.rung,
            "signed": self.signed,
            "statement": self.sha256,
        }


def read_reproduction(serialised: bytes, trust: Trust, *, at: str) -> Said:
    """Return what a signed reproduction statement says.

    Parameters
    ----------
    serialised
        The envelope, with one signature.
    trust
        Whose keys count, and which bundles were seen.
    at
        The moment that counts as now.

    Raises
    ------
    BundleError
        ``envelope``, ``statement``, ``format``; ``unsigned``, ``unknown-key``, ``signature``,
        ``key-not-valid``; ``not-yet``; ``unseen`` where it speaks of a bundle that was never
        seen here.
    """
    signed = read_envelope(serialised)
    signed.verify(trust.public_keys())
    found = _said(signed.payload, trust)
    if found.signed > later(at, seconds=SKEW_S):
        raise BundleError(f"not-yet: signed {found.signed}, and it is {at}")
    for keyid in signed.signatures:
        key = trust.parties[str(trust.owner(keyid))].keys[keyid]
        if trust.owner(keyid) != found.party or not key.signs_at(found.signed):
            raise BundleError(
                f"key-not-valid: key {keyid[:16]} did not sign for {found.party} then"
            )
    return found


def _said(payload: bytes, trust: Trust) -> Said:
    subjects, predicate = read_statement(payload, PREDICATE_TYPE)
    fields = exactly(
        predicate, "bundle", "site", "sequence", "party", "signed", "rung", "recomputed", "fields",
        "versions",
    )  # fmt: skip
    listed(fields["fields"], 0, _MOST_FIELDS, lambda each: exactly(each, "field", "note", "rung"))
    site, sequence = identifier(fields["site"]), number(fields["sequence"], 1, LARGEST_SEQUENCE)
    bundle = digest(fields["bundle"])
    return Said(
        party=identifier(fields["party"]),
        signed=moment(fields["signed"]),
        issuer=_issuer(trust, site, sequence, bundle),
        site=site,
        sequence=sequence,
        bundle=bundle,
        report=_report(subjects, site),
        recomputed=None if fields["recomputed"] is None else digest(fields["recomputed"]),
        rung=matching(fields["rung"], _RUNG, "a rung"),
        sha256=hashlib.sha256(payload).hexdigest(),
    )


def _report(subjects: Sequence[Any], site: str) -> str:
    """Return the digest of the one report a statement speaks of."""
    if len(subjects) != 1:
        raise BundleError("statement: it speaks of one report")
    subject = exactly(subjects[0], "name", "digest")
    if subject["name"] != site_member(site, "report.json"):
        raise BundleError(f"statement: it speaks of another file than the report on {site}")
    return digest(exactly(subject["digest"], "sha256")["sha256"])


def _issuer(trust: Trust, site: str, sequence: int, bundle: str) -> str:
    for stream, reports in trust.seen.items():
        party, _, place = stream.partition("/")
        if place == site and any(
            (each.sequence, each.statement) == (sequence, bundle) for each in reports
        ):
            return party
    raise BundleError(f"unseen: no report {sequence} on {site} of bundle {bundle[:16]} was seen")


def received(ledger: Path, said: Said, *, party: str, at: str) -> Entry | None:
    """Put a verified statement into our ledger; None where it is there already.

    Raises BundleError ``another-report`` where our ledger knows another report of that bundle.
    """
    held = entries(ledger)
    if any(each.kind == Kind.REPRODUCED and each.body.get("statement") == said.sha256
           for each in held):  # fmt: skip
        return None
    _refuse_another_report(held, said, party)
    return append(
        ledger, kind=Kind.REPRODUCED, about=said.about, body=said.body, made=parsed(at), party=party
    )


def _refuse_another_report(held: Iterable[Entry], said: Said, own: str) -> None:
    """Hold a report's digest against what we issued or recomputed; a partner's word is no proof."""
    for each in held:
        ours = each.kind == Kind.ISSUED or (
            each.kind == Kind.REPRODUCED and each.body.get("by", own) == own
        )
        same = (each.about.get("bundle"), each.about.get("site")) == (said.bundle, said.site)
        report = each.about.get("report", said.report)
        if ours and same and report != said.report:
            raise BundleError(
                f"another-report: it speaks of report {said.report[:16]} of bundle "
                f"{said.bundle[:16]}, which holds {str(report)[:16]}"
            )


@dataclass(frozen=True)
class Standing:
    """What the ledgers say of one report, or of one finding of a site.

    Attributes
    ----------
    site
        Of which site.
    report, finding
        Digest of the report, or id of the finding; the other is empty.
    state
        ``reproduced`` where a party other than its issuer reached R3; ``disputed`` where a
        dispute of the finding stands.
    basis
        Who says so, in order.
    said
        Party and rung of every recomputation of a report.
    """

    site: str
    report: str
    finding: str
    state: JointState
    basis: tuple[str, ...]
    said: tuple[tuple[str, str], ...] = ()


def review_of(ledgers: Sequence[Path], site: str, report: str) -> Review:
    """Return what ledgers say of one report and the findings of its site.

    Parameters
    ----------
    ledgers
        One a party; each is verified.
    site, report
        Site id, and digest of its ``report.json``.
    """
    found = standings(current(merged(ledgers)))
    own = next((each for each in found if each.report == report), None)
    disputed = {each.finding: each.state for each in found if each.finding and each.site == site}
    if own is None:
        return Review(findings=disputed)
    return Review(own.state, disputed, own.said)


def standings(found: Iterable[Current]) -> tuple[Standing, ...]:
    """Return the joint state of everything ledgers speak of, reports first, sorted.

    A party's newest word on a report is its word; words that were superseded, or name no party
    or no rung, do not count.
    """
    standing = [each.entry for each in found if each.superseded_by is None]
    issued = {
        (each.about.get("report"), each.party) for each in standing if each.kind == Kind.ISSUED
    }
    rungs: dict[tuple[str, str], dict[str, _Word]] = {}
    disputes: dict[tuple[str, str], set[str]] = {}
    for entry in standing:
        site = str(entry.about.get("site", ""))
        if entry.kind == Kind.REPRODUCED and "report" in entry.about:
            word = _word(entry, issued)
            if word is None:
                continue
            held = rungs.setdefault((site, str(entry.about["report"])), {})
            if word.ledger == word.party or word.party not in held or held[word.party].hearsay:
                held[word.party] = word  # a party's own ledger before what another received
        elif entry.kind == Kind.DISPUTE and "finding" in entry.about:
            disputes.setdefault((site, str(entry.about["finding"])), set()).add(entry.party)
    reports = [
        Standing(
            site,
            report,
            "",
            _state(said.values()),
            tuple(map(str, said.values())),
            tuple((word.party, word.rung) for word in said.values()),
        )
        for (site, report), said in sorted(rungs.items())
    ]
    disputed = [
        Standing(site, "", finding, "disputed", tuple(sorted(parties)))
        for (site, finding), parties in sorted(disputes.items())
    ]
    return (*reports, *disputed)


@dataclass(frozen=True)
class _Word:
    """One party's rung on one report, and in whose ledger it stands."""

    party: str
    rung: str
    ledger: str
    own: bool

    @property
    def hearsay(self) -> bool:
        return self.ledger != self.party

    def __str__(self) -> str:
        told = "" if not self.hearsay else f", as {self.ledger} received it"
        return f"{self.party} {self.rung}{' (its issuer)' if self.own else ''}{told}"


def _word(entry: Entry, issued: set[tuple[Any, str]]) -> _Word | None:
    """Return the word in a statement; None where it names no party or no rung."""
    try:
        party = identifier(entry.body.get("by", entry.party))
        rung = matching(entry.body.get("rung"), _RUNG, "a rung")
    except BundleError:
        return None
    own = party == entry.body.get("issuer") or (entry.about["report"], party) in issued
    return _Word(party, rung, entry.party, own)


def _state(said: Iterable[_Word]) -> JointState:
    reached = any(word.rung in REPRODUCED and not word.own for word in said)
    return "reproduced" if reached else "unreviewed"


def standing_lines(found: Iterable[Standing]) -> list[str]:
    """Return the lines that ``ledger show`` prints of the joint state."""
    return [
        printable(f"{each.site}, {_subject(each)}: {each.state} ({', '.join(each.basis)})")
        for each in found
    ]


def _subject(each: Standing) -> str:
    return f"finding {each.finding}" if each.finding else f"report {each.report[:16]}"
