"""Whether a bundle is what somebody we trust signed, for us, now, and in its turn.

The order is fixed and the standalone verifiers keep it: the envelope's form, its signatures,
the statement, every byte of the file, what the records say of themselves, and only then keys,
recipient, time and number. Until all bytes are accounted for nothing but the envelope is parsed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipeline.errors import BundleError, UsageError
from pipeline.exchange import history
from pipeline.exchange.clock import SKEW_S, later
from pipeline.exchange.container import BYTE_LIMIT, envelope_of, unpacked
from pipeline.exchange.envelope import Signed, read_envelope
from pipeline.exchange.layout import AGREEMENT
from pipeline.exchange.statement import BundleStatement, read_bundle_statement
from pipeline.store.atomic import parse_json
from pipeline.store.reading import FileTooLarge, UnreadableFile, read_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from pipeline.exchange.history import Place
    from pipeline.exchange.statement import SignedReport
    from pipeline.exchange.trust import Trust


@dataclass(frozen=True)
class Opened:
    """A bundle whose every byte is what its signers signed.

    Attributes
    ----------
    signed, statement
        The envelope and what it says.
    files
        Name → bytes, without the envelope.
    records
        Site → its ``report.json``, parsed.
    """

    signed: Signed
    statement: BundleStatement
    files: Mapping[str, bytes]
    records: Mapping[str, Any]


@dataclass(frozen=True)
class Verified:
    """A bundle that was accepted.

    Attributes
    ----------
    opened
        Its content.
    signers
        Party → ids of its keys whose signatures count, sorted.
    not_counting
        Ids of keys that signed, while retired, revoked or not valid yet.
    places
        Site → where its report stands among those seen.
    """

    opened: Opened
    signers: Mapping[str, tuple[str, ...]]
    not_counting: tuple[str, ...]
    places: Mapping[str, Place]


def read_bundle(path: Path) -> bytes:
    """Return a bundle's bytes; BundleError where it cannot be read or is too large."""
    try:
        return read_bytes(path, byte_limit=BYTE_LIMIT)
    except FileTooLarge as cause:
        raise BundleError(f"too-large: {cause}", file=path) from cause
    except UnreadableFile as cause:
        raise BundleError(f"not-a-bundle: {cause}", file=path) from cause


def open_bundle(payload: bytes, trust: Trust, *, signed: bool = True) -> Opened:
    """Return the content of a bundle after signatures and all bytes were checked.

    Parameters
    ----------
    payload
        The whole file.
    trust
        Whose keys are known.
    signed
        False also opens a bundle that nobody has signed yet.

    Raises
    ------
    BundleError
        The rule begins with the check that failed.
    """
    serialised = envelope_of(payload)
    envelope = read_envelope(serialised)
    if signed or envelope.signatures:
        envelope.verify(trust.public_keys())
    statement = read_bundle_statement(envelope.payload)
    files = unpacked(payload, serialised, statement.members)
    _check_agreement(statement, trust)
    records = {
        report.site: _checked_record(statement, report, files[report.member])
        for report in statement.reports
    }
    return Opened(envelope, statement, files, records)


def _check_agreement(statement: BundleStatement, trust: Trust) -> None:
    inside = next(m.sha256 for m in statement.members if m.name == AGREEMENT)
    if inside != statement.agreement_sha256:
        raise BundleError("inconsistent: agreement.json is not the agreement that is named")
    if statement.agreement_sha256 not in trust.agreements:
        raise BundleError("agreement: it stands under an agreement that is not held here")


def _checked_record(statement: BundleStatement, report: SignedReport, payload: bytes) -> Any:
    stated = (
        "monitor", report.site, report.as_of, statement.agreement_sha256, statement.standing
    )  # fmt: skip
    try:
        record = parse_json(payload)
        found = (
            record["kind"], record["site"]["id"], record["as_of"], record["agreement"]["sha256"],
            record["standing"],
        )  # fmt: skip
    except (ValueError, KeyError, TypeError, RecursionError) as cause:
        raise BundleError(f"inconsistent: {report.member} is no record") from cause
    if found != stated:
        raise BundleError(f"inconsistent: {report.member} is not the report that is named")
    return record


def judge(
    opened: Opened,
    trust: Trust,
    *,
    at: str,
    required: Iterable[str] = (),
    accept_gap: bool = False,
    complete: bool = True,
) -> Verified:
    """Return who signed an opened bundle, once keys, recipient, time and number are in order.

    Parameters
    ----------
    opened, trust
        The bundle, and what is trusted and was seen.
    at
        The moment that counts as now.
    required
        Parties that must have signed besides the issuer.
    accept_gap
        Go on where reports in between were never seen.
    complete
        Every authority that the agreement asks for must have signed; False while they do.

    Raises
    ------
    BundleError
        ``unknown-issuer``, ``key-revoked``, ``key-not-valid``, ``threshold``, ``recipient``,
        ``not-yet``, ``expired``, or what `history.place_of` and `history.refuse_gaps` say.
    """
    signers, idle = check_signers(opened, trust, at, required)
    statement = opened.statement
    check_release(opened, signers, complete=complete)
    if trust.own is not None and trust.own not in {statement.issuer, *statement.recipients}:
        named = ", ".join(statement.recipients)
        raise BundleError(f"recipient: made for {named}, not for {trust.own}")
    if statement.issued > later(at, seconds=SKEW_S):
        raise BundleError(f"not-yet: issued {statement.issued}, and it is {at}")
    if statement.expires <= at:
        raise BundleError(f"expired: counted until {statement.expires}, and it is {at}")
    found = history.places(trust, statement)
    if not accept_gap:
        history.refuse_gaps(statement, found)
    return Verified(opened, signers, idle, found)


def check_signers(
    opened: Opened, trust: Trust, at: str, required: Iterable[str] = ()
) -> tuple[dict[str, tuple[str, ...]], tuple[str, ...]]:
    """Return the keys that count by party, and those that do not.

    The issuer's must have been valid when it issued; a countersignature may also be valid now.
    A revoked key counts for what it signed before, where more than its own word says so.
    """
    statement = opened.statement
    issuer = trust.parties.get(statement.issuer)
    if issuer is None:
        raise BundleError(f"unknown-issuer: no party {statement.issuer} is trusted here")
    anchored = history.is_anchored(trust, statement)
    signers: dict[str, list[str]] = {}
    idle: list[str] = []
    for keyid in sorted(opened.signed.signatures):
        name = str(trust.owner(keyid))
        key = trust.parties[name].keys[keyid]
        counts = key.signs_at(statement.issued) or (
            name != statement.issuer and key.signs_at(at)
        )  # fmt: skip
        if counts and (key.revoked_at is None or anchored):
            signers.setdefault(name, []).append(keyid)
        else:
            idle.append(keyid)
    if len(signers.get(statement.issuer, ())) < issuer.threshold:
        raise _too_few(issuer, idle, len(signers.get(statement.issuer, ())))
    for name in required:
        if name not in signers:
            raise BundleError(f"threshold: {name} has not signed")
    return {name: tuple(keyids) for name, keyids in sorted(signers.items())}, tuple(idle)


def check_release(
    opened: Opened, signers: Mapping[str, tuple[str, ...]], *, complete: bool = True
) -> None:
    """Hold a bundle against the agreement's rule for the joint level, where it has one.

    A bundle is what both assessment teams see. Raises BundleError ``threshold`` where too few
    of the named authorities signed, ``not-yet`` where it was issued sooner after a look than
    agreed, and ``inconsistent`` where the rule cannot be read.
    """
    rule = parse_json(opened.files[AGREEMENT]).get("release", {}).get("joint")
    if rule is None:
        return
    try:
        named, delay = [str(name) for name in rule["authorities"]], int(rule["delay_hours"])
        needed = len(named) if rule["required"] is None else int(rule["required"])
        looks = [each.as_of[:19] + "Z" for each in opened.statement.reports if each.as_of]
        soonest = max((later(look, seconds=3600 * delay) for look in looks), default="")
    except (KeyError, TypeError, ValueError, OverflowError, UsageError) as cause:
        raise BundleError("inconsistent: the agreement's release rule cannot be read") from cause
    have = len(set(named) & set(signers))
    if complete and have < needed:
        raise BundleError(f"threshold: {have} of {needed} of {', '.join(named)} authorised it")
    if delay and soonest > opened.statement.issued:
        raise BundleError(f"not-yet: issued sooner than {delay} hours after its newest look")


def _too_few(issuer: Any, idle: Iterable[str], counted: int) -> BundleError:
    own = [issuer.keys[keyid] for keyid in idle if keyid in issuer.keys]
    for key in own:
        if key.revoked_at is not None:
            return BundleError(
                f"key-revoked: its key {key.keyid[:16]} was revoked {key.revoked_at}"
            )
    for key in own:
        return BundleError(f"key-not-valid: its key {key.keyid[:16]} was not valid at that time")
    return BundleError(f"threshold: {counted} of {issuer.threshold} keys of the issuer signed")


def verify(
    payload: bytes,
    trust: Trust,
    *,
    at: str,
    required: Iterable[str] = (),
    accept_gap: bool = False,
) -> Verified:
    """Return a bundle that was accepted; see `open_bundle` and `judge` for what is refused."""
    opened = open_bundle(payload, trust)
    return judge(opened, trust, at=at, required=required, accept_gap=accept_gap)


def accepted(trust: Trust, verified: Verified) -> Trust:
    """Return the trust store after a bundle was accepted."""
    keyids = [keyid for keyids in verified.signers.values() for keyid in keyids]
    return history.recorded(trust, verified.opened.statement, keyids)
