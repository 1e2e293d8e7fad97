"""Who lets a file out, at which level, and for how long: authorisations over its exact bytes.

They lie beside the file as ``<file>.release.json``, one DSSE envelope a signature. Keys and
their roles are the agreement's; so are rules that differ from the usual ones below.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.errors import BundleError, UsageError, printable
from pipeline.exchange.clock import SKEW_S, later, text_of
from pipeline.exchange.envelope import Signed, read_envelope, read_statement, statement
from pipeline.exchange.envelope import strict_document as strict
from pipeline.exchange.keys import keyid_of, public_bytes
from pipeline.exchange.releaserules import (
    LEVELS,
    TEXTS,
    TLP,
    Authorisation,
    Terms,
    check_terms,
    delay_of,
    missing_for,
    roles_for,
)
from pipeline.exchange.statement import digest, exactly, identifier, listed, moment
from pipeline.store.atomic import canonical_json

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.agreement import Agreement
    from pipeline.exchange.keys import SigningKey
    from pipeline.exchange.trust import Trust

SCHEMA = "fairwitness/release/1"
PREDICATE_TYPE = "urn:fairwitness:release:1"
_MOST = 50


@dataclass(frozen=True)
class Release:
    """How far a file is authorised.

    Attributes
    ----------
    terms, expires
        What it may be released as, and until when; None where nobody authorised it.
    given
        The authorisations that count now.
    missing
        One line for each thing without which it may not go out; empty: it may.
    faults
        One line for each signature that does not count.
    """

    terms: Terms | None
    expires: str | None
    given: tuple[Authorisation, ...]
    missing: tuple[str, ...]
    faults: tuple[str, ...]


def release_path(file: Path) -> Path:
    """Return where the authorisations of a file lie: ``<file>.release.json``."""
    return file.with_name(file.name + ".release.json")


def authorised(
    held: bytes | None,
    sha256: str,
    terms: Terms,
    agreement: Agreement,
    key: SigningKey,
    *,
    at: str,
    expires: str,
) -> bytes:
    """Return the authorisations of a file with one more.

    Parameters
    ----------
    held
        Those that are there; None where there are none.
    sha256
        Digest of the file.
    terms
        Must be those of the authorisations that are there.
    agreement, key
        The key must be one of its parties' or its mediator's, valid now, with a role that the
        level needs.
    at, expires
        UTC texts.

    Raises
    ------
    UsageError
        The key may not authorise this, has done so, or the terms are others than agreed on.
    BundleError
        The file of authorisations is not as it was written.
    """
    check_terms(terms, agreement, at)
    if expires <= at:
        raise UsageError(f"an authorisation until {expires} counts for nothing at {at}")
    found = _key(agreement, key.keyid, at)
    if found is None or not set(found[1]) & roles_for(terms.level):
        roles = " or ".join(sorted(roles_for(terms.level)))
        raise UsageError(f"key {key.keyid[:16]} has no role {roles} in {agreement.id} at {at}")
    given, faults = _authorisations(held, agreement, sha256)
    if faults:
        raise BundleError(f"release: {faults[0]}")
    if any(each.terms != terms for each in given):
        raise UsageError("it was authorised on other terms; withdraw those first")
    if any(each.keyid == key.keyid and each.expires > at for each in given):
        raise UsageError(f"key {key.keyid[:16]} has authorised this already")
    predicate = {
        "agreement": agreement.sha256, "party": found[0], "signed": at, "expires": expires,
        **terms.as_document(),
    }  # fmt: skip
    subject = {"name": "file", "digest": {"sha256": sha256}}
    signed = Signed(statement(PREDICATE_TYPE, [subject], predicate), {}).with_signature(key)
    envelopes = [] if held is None else strict(held, "release")["envelopes"]
    envelopes = [*envelopes, strict(signed.serialised, "release")]
    return canonical_json({"schema": SCHEMA, "envelopes": envelopes})


def release_of(
    held: bytes | None,
    sha256: str,
    agreement: Agreement,
    *,
    at: str,
    trust: Trust | None = None,
) -> Release:
    """Return how far a file is authorised at a moment.

    Parameters
    ----------
    held
        The authorisations beside it; None where there are none.
    sha256
        Digest of the file's bytes as they are now.
    agreement
        Whose keys and rules count.
    at
        UTC text.
    trust
        Where keys that were rotated or revoked since stand; None where there is none.

    Raises
    ------
    BundleError
        The file of authorisations is none.
    """
    found, faults = _authorisations(held, agreement, sha256)
    given = []
    for each in found:
        fault = _fault(each, agreement, at) or _retired(each, trust)
        if fault is None:
            given.append(each)
        else:
            faults.append(f"{each.party}, key {each.keyid[:16]}: {fault}")
    if not given:
        return Release(None, None, (), ("nobody has authorised it",), tuple(faults))
    terms = given[0].terms
    if any(each.terms != terms for each in given):
        return Release(None, None, tuple(given), ("it is authorised on several terms",), ())
    expires = min(each.expires for each in given)
    missing = tuple(missing_for(terms, agreement, given))
    return Release(terms, expires, tuple(given), missing, tuple(faults))


def _retired(each: Authorisation, trust: Trust | None) -> str | None:
    """Return why a key the trust store knows better did not count when it signed."""
    held = None if trust is None else trust.parties.get(each.party)
    key = None if held is None else held.keys.get(each.keyid)
    if key is None or key.signs_at(each.signed):
        return None
    return f"its key was {'revoked' if key.revoked_at else 'retired'} by {each.signed}"


def _fault(each: Authorisation, agreement: Agreement, at: str) -> str | None:
    if each.expires <= at:
        return f"expired {each.expires}"
    if each.signed > later(at, seconds=SKEW_S):
        return f"signed {each.signed}, and it is {at}"
    if not set(each.roles) & roles_for(each.terms.level):
        return f"no role for level {each.terms.level}"
    delay = delay_of(agreement, each.terms.level)
    if delay and (
        each.terms.look is None or later(each.terms.look, seconds=3600 * delay) > each.signed
    ):
        return f"level {each.terms.level} waits {delay} hours from the look"
    return None


def _authorisations(
    held: bytes | None, agreement: Agreement, sha256: str
) -> tuple[list[Authorisation], list[str]]:
    if held is None:
        return [], []
    document = exactly(strict(held, "release"), "schema", "envelopes")
    if document["schema"] != SCHEMA:
        raise BundleError("format: authorisations of a version that is not known here")
    given: list[Authorisation] = []
    faults: list[str] = []
    for position, envelope in enumerate(listed(document["envelopes"], 0, _MOST, lambda e: e)):
        try:
            found = _authorisation(read_envelope(canonical_json(envelope)), agreement)
        except BundleError as error:
            faults.append(f"signature {position + 1}: {error.rule}")
            continue
        if found.sha256 == sha256:
            given.append(found)
        else:
            faults.append(f"{found.party} authorised other bytes, of digest {found.sha256[:16]}")
    return given, faults


def _authorisation(signed: Signed, agreement: Agreement) -> Authorisation:
    if len(signed.signatures) != 1:
        raise BundleError("envelope: one signature an envelope")
    signed.verify({keyid_of(raw): raw for raw in _publics(agreement)})
    subjects, predicate = read_statement(signed.payload, PREDICATE_TYPE)
    fields = exactly(
        predicate, "agreement", "party", "signed", "expires", "level", "text", "look"
    )  # fmt: skip
    if len(subjects) != 1 or fields["level"] not in LEVELS or fields["text"] not in TEXTS:
        raise BundleError("statement: it speaks of one file, a known level and text")
    if digest(fields["agreement"]) != agreement.sha256:
        raise BundleError("agreement: it was authorised under another agreement")
    keyid, at = next(iter(signed.signatures)), moment(fields["signed"])
    found = _key(agreement, keyid, at)
    if found is None or found[0] != identifier(fields["party"]):
        raise BundleError(f"key-not-valid: key {keyid[:16]} did not sign for that party then")
    subject = exactly(subjects[0], "name", "digest")
    look = None if fields["look"] is None else moment(fields["look"])
    return Authorisation(
        terms=Terms(fields["level"], fields["text"], look),
        party=found[0],
        roles=found[1],
        keyid=keyid,
        signed=at,
        expires=moment(fields["expires"]),
        sha256=digest(exactly(subject["digest"], "sha256")["sha256"]),
    )


def _key(agreement: Agreement, keyid: str, at: str) -> tuple[str, tuple[str, ...]] | None:
    """Return whose key it is and its roles, where it is valid at a moment."""
    for party in agreement.parties:
        for key in party.keys:
            valid = text_of(key.valid_from) <= at < text_of(key.valid_to)
            if party.role != "observer" and valid and keyid_of(public_bytes(key.public)) == keyid:
                return str(party.id), tuple(key.roles)
    return None


def _publics(agreement: Agreement) -> list[bytes]:
    return [public_bytes(key.public) for party in agreement.parties for key in party.keys]


def lines(name: str, sha256: str, found: Release) -> list[str]:
    """Return what is printed of a file's release."""
    told = [f"file {name} {sha256}"]
    if found.terms is not None:
        told.append(
            f"level {found.terms.level} ({TLP[found.terms.level]}), {found.terms.text} text"
        )
        told.append(f"counts until {found.expires}")
    told += [
        f"authorised by {g.party} ({', '.join(g.roles)}), key {g.keyid[:16]}, {g.signed}"
        for g in found.given
    ]
    told += [f"missing: {text}" for text in found.missing]
    told += [f"does not count: {text}" for text in found.faults]
    told.append("not authorised" if found.missing else "may go out")
    return [printable(line) for line in told]
