"""What is signed of a bundle: who to whom, under which agreement, which number, which bytes."""

from __future__ import annotations

import hashlib
import itertools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipeline.errors import BundleError, UsageError
from pipeline.exchange.clock import parsed
from pipeline.exchange.container import MEMBER_LIMIT, Member, is_member_name
from pipeline.exchange.envelope import read_statement, statement
from pipeline.exchange.layout import AGREEMENT, site_member

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

PREDICATE_TYPE = "urn:fairwitness:bundle:1"
STANDINGS = ("joint", "national", "rehearsal", "none")
LARGEST_SEQUENCE = 10**9
_ID = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,62}[A-Za-z0-9])?")
_DIGEST = re.compile(r"[0-9a-f]{64}")
#: UTC to the second; texts of this form are ordered as the moments are.
_TIME = re.compile(r"[12][0-9]{3}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
#: The moment of a look, as records hold it.
_AS_OF = re.compile(r"[12][0-9]{3}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?Z")


@dataclass(frozen=True)
class SignedReport:
    """One site's report inside a bundle.

    Attributes
    ----------
    site, as_of
        As in its record; `as_of` is None where there never was a look.
    sequence
        Number of this report in the issuer's series on the site, from 1.
    previous
        Digest of the statement that held number `sequence` - 1; None for the first.
    """

    site: str
    as_of: str | None
    sequence: int
    previous: str | None

    @property
    def member(self) -> str:
        """Name of the record inside the bundle."""
        return site_member(self.site, "report.json")


@dataclass(frozen=True)
class BundleStatement:
    """The signed statement of one bundle.

    Attributes
    ----------
    issuer, recipients
        Party ids.
    issued, expires
        UTC, ``YYYY-MM-DDTHH:MM:SSZ``; `expires` is the first moment it no longer counts.
    agreement, agreement_sha256, standing
        Id and digest of the agreement, and what the reports may call themselves.
    reports
        Sorted by site, each site once.
    members
        Every file of the bundle but the envelope, sorted by name.
    """

    issuer: str
    recipients: tuple[str, ...]
    issued: str
    expires: str
    agreement: str
    agreement_sha256: str
    standing: str
    reports: tuple[SignedReport, ...]
    members: tuple[Member, ...]

    @property
    def payload(self) -> bytes:
        """The canonical bytes that are signed."""
        subjects = [
            {"name": m.name, "digest": {"sha256": m.sha256}, "annotations": {"size": m.size}}
            for m in self.members
        ]
        return statement(PREDICATE_TYPE, subjects, self._predicate())

    def _predicate(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "recipients": list(self.recipients),
            "issued": self.issued,
            "expires": self.expires,
            "agreement": {"id": self.agreement, "sha256": self.agreement_sha256},
            "standing": self.standing,
            "reports": [
                {
                    "site": each.site, "as_of": each.as_of, "sequence": each.sequence,
                    "previous": each.previous,
                }
                for each in self.reports
            ],
        }  # fmt: skip

    @property
    def sha256(self) -> str:
        """Digest of the statement: the bundle's name in later statements."""
        return hashlib.sha256(self.payload).hexdigest()


def read_bundle_statement(payload: bytes) -> BundleStatement:
    """Return the statement in `payload`, every field held against its rule.

    Raises BundleError: ``statement``, or ``format`` for another type or version.
    """
    subjects, predicate = read_statement(payload, PREDICATE_TYPE)
    fields = exactly(
        predicate, "issuer", "recipients", "issued", "expires", "agreement", "standing", "reports"
    )
    agreement = exactly(fields["agreement"], "id", "sha256")
    recipients = listed(fields["recipients"], 1, 20, identifier)
    reports = listed(fields["reports"], 1, 200, _report)
    if fields["standing"] not in STANDINGS:
        raise BundleError("statement: standing is none that is known")
    _ascending([each.site for each in reports], "reports")
    _ascending(recipients, "recipients")
    return BundleStatement(
        issuer=identifier(fields["issuer"]),
        recipients=recipients,
        issued=moment(fields["issued"]),
        expires=moment(fields["expires"]),
        agreement=identifier(agreement["id"]),
        agreement_sha256=digest(agreement["sha256"]),
        standing=fields["standing"],
        reports=reports,
        members=_members(subjects, reports),
    )


def _members(subjects: list[Any], reports: Sequence[SignedReport]) -> tuple[Member, ...]:
    members = listed(subjects, 1, MEMBER_LIMIT, _member)
    _ascending([member.name for member in members], "subject")
    names = {member.name for member in members}
    for name in (AGREEMENT, *(each.member for each in reports)):
        if name not in names:
            raise BundleError(f"statement: {name} is not among its subjects")
    return members


def _member(entry: Any) -> Member:
    fields = exactly(entry, "name", "digest", "annotations")
    name = fields["name"]
    if not isinstance(name, str) or not is_member_name(name):
        raise BundleError("statement: a subject has no name of a member")
    size = number(exactly(fields["annotations"], "size")["size"], 0, 2**32 - 1)
    return Member(name, size, digest(exactly(fields["digest"], "sha256")["sha256"]))


def _report(entry: Any) -> SignedReport:
    fields = exactly(entry, "site", "as_of", "sequence", "previous")
    sequence = number(fields["sequence"], 1, LARGEST_SEQUENCE)
    previous = None if fields["previous"] is None else digest(fields["previous"])
    as_of = None if fields["as_of"] is None else _dated(fields["as_of"], _AS_OF, "as_of")
    if (sequence == 1) != (previous is None):
        raise BundleError("statement: number 1, and no other, has no report before it")
    return SignedReport(identifier(fields["site"]), as_of, sequence, previous)


def _ascending(names: Sequence[str], what: str) -> None:
    if any(one >= other for one, other in itertools.pairwise(names)):
        raise BundleError(f"statement: {what} are not sorted, or one stands twice")


def exactly(value: Any, *keys: str) -> dict[str, Any]:
    """Return a mapping that has these keys and no other; BundleError otherwise."""
    if not isinstance(value, dict) or set(value) != set(keys):
        raise BundleError(f"statement: a part must hold {', '.join(keys)} and nothing else")
    return value


def listed(
    value: Any, least: int, most: int, item: Callable[[Any], Any]
) -> tuple[Any, ...]:  # fmt: skip
    """Return a list of `least` to `most` items, each read by `item`."""
    if not isinstance(value, list) or not least <= len(value) <= most:
        raise BundleError(f"statement: a list must have {least} to {most} items")
    return tuple(map(item, value))


def matching(value: Any, pattern: re.Pattern[str], what: str) -> str:
    """Return a text that `pattern` matches whole; BundleError otherwise."""
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise BundleError(f"statement: {what} is not in its form")
    return value


def identifier(value: Any) -> str:
    """Return the id of a party, site or agreement."""
    return matching(value, _ID, "an id")


def digest(value: Any) -> str:
    """Return a SHA-256 in hexadecimal digits."""
    return matching(value, _DIGEST, "a digest")


def moment(value: Any) -> str:
    """Return a time, UTC to the second, of a day that was or will be."""
    return _dated(value, _TIME, "a time")


def _dated(value: Any, pattern: re.Pattern[str], what: str) -> str:
    text = matching(value, pattern, what)
    try:
        parsed(f"{text[:19]}Z")
    except UsageError as cause:
        raise BundleError(f"statement: {what} is of a day or an hour that never was") from cause
    return text


def number(value: Any, least: int, most: int) -> int:
    """Return an integer from `least` to `most`."""
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise BundleError(f"statement: a number must be from {least} to {most}")
    return value
