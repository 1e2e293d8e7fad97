"""Signatures over the head of a ledger: up to which statement somebody stands by it.

The head's digest binds every line before it, so one signature covers the whole ledger so far.
Envelopes lie beside the ledger in one canonical file, and keys are those of the trust store.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipeline.errors import BundleError, UsageError
from pipeline.exchange.envelope import Signed, read_envelope, read_statement, statement
from pipeline.exchange.envelope import strict_document as strict
from pipeline.exchange.statement import digest, exactly, identifier, moment, number
from pipeline.store.atomic import canonical_json
from pipeline.store.reading import UnreadableFile, read_bytes

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pipeline.exchange.keys import SigningKey
    from pipeline.exchange.trust import Trust

SCHEMA = "fairwitness/ledger-heads/1"
PREDICATE_TYPE = "urn:fairwitness:ledger-head:1"
_MOST = 10_000
_LIMIT = 16 << 20
_LARGEST = 10**6


@dataclass(frozen=True)
class Head:
    """What one signature says of a ledger.

    Attributes
    ----------
    number, sha256
        The last statement that is covered, and its digest.
    agreement
        Digest of the agreement under which it is signed.
    ledger
        Party whose ledger it is.
    party, signed
        Who signed, and when, UTC text.
    envelope
        With exactly one signature.
    """

    number: int
    sha256: str
    agreement: str
    ledger: str
    party: str
    signed: str
    envelope: Signed

    @property
    def keyid(self) -> str:
        """Id of the key that signed."""
        return next(iter(self.envelope.signatures))


def heads_path(ledger: Path) -> Path:
    """Return where the signatures of a ledger lie: ``<ledger without .jsonl>.heads.json``."""
    return ledger.with_name(ledger.name.removesuffix(".jsonl") + ".heads.json")


def load_heads(ledger: Path) -> tuple[Head, ...]:
    """Return every signature beside a ledger, in the order made; keys are not judged here.

    Raises BundleError where the file is there and is none of ours.
    """
    path = heads_path(ledger)
    if not path.exists():
        return ()
    try:
        payload = read_bytes(path, byte_limit=_LIMIT)
    except UnreadableFile as cause:
        raise BundleError(f"ledger: {cause}", file=path) from cause
    try:
        return _read(payload)
    except BundleError as cause:
        raise BundleError(cause.rule, file=path) from cause


def _read(payload: bytes) -> tuple[Head, ...]:
    document = exactly(strict(payload, "ledger"), "schema", "envelopes")
    if document["schema"] != SCHEMA:
        raise BundleError("format: signatures of a version that is not known here")
    if not isinstance(document["envelopes"], list) or len(document["envelopes"]) > _MOST:
        raise BundleError(f"ledger: a list of at most {_MOST} envelopes is needed")
    return tuple(_head(each) for each in document["envelopes"])


def _head(document: Any) -> Head:
    signed = read_envelope(canonical_json(document))
    if len(signed.signatures) != 1:
        raise BundleError("envelope: one signature an envelope")
    subjects, predicate = read_statement(signed.payload, PREDICATE_TYPE)
    fields = exactly(predicate, "agreement", "ledger", "number", "party", "signed")
    if len(subjects) != 1:
        raise BundleError("statement: it speaks of one ledger")
    subject = exactly(subjects[0], "name", "digest")
    return Head(
        number=number(fields["number"], 1, _LARGEST),
        sha256=digest(exactly(subject["digest"], "sha256")["sha256"]),
        agreement=digest(fields["agreement"]),
        ledger=identifier(fields["ledger"]),
        party=identifier(fields["party"]),
        signed=moment(fields["signed"]),
        envelope=signed,
    )


def with_head(
    heads: Sequence[Head],
    *,
    head: tuple[int, str],
    ledger: str,
    agreement: str,
    key: SigningKey,
    trust: Trust,
    at: str,
) -> bytes:
    """Return the signatures file with one more signature over a ledger's head.

    Parameters
    ----------
    heads
        Those that are there.
    head
        Number and digest of the newest statement.
    ledger
        Party whose ledger it is; another party may sign that it has seen it.
    agreement
        Digest of the agreement under which it is signed.
    key, trust
        The key that signs must be one of a party trusted here, and count now.
    at
        UTC text.

    Raises
    ------
    UsageError
        The key may not sign, the agreement is not held here, or the key has signed this head.
    """
    party = trust.owner(key.keyid)
    if party is None or not trust.parties[party].keys[key.keyid].signs_at(at):
        raise UsageError(f"key {key.keyid[:16]} is no trusted key that counts at {at}")
    if agreement not in trust.agreements:
        raise UsageError(f"agreement {agreement[:16]} is not held in the trust store")
    if any((each.number, each.keyid) == (head[0], key.keyid) for each in heads):
        raise UsageError(f"key {key.keyid[:16]} has signed statement {head[0]} already")
    subject = {"name": "ledger", "digest": {"sha256": head[1]}}
    predicate = {
        "agreement": agreement, "ledger": ledger, "number": head[0], "party": party, "signed": at,
    }  # fmt: skip
    signed = Signed(statement(PREDICATE_TYPE, [subject], predicate), {}).with_signature(key)
    envelopes = [
        strict(each.serialised, "ledger") for each in [*(h.envelope for h in heads), signed]
    ]
    return canonical_json({"schema": SCHEMA, "envelopes": envelopes})


def fault_of(head: Head, trust: Trust) -> str | None:
    """Return why a signature does not count for this trust store; None where it counts."""
    try:
        head.envelope.verify(trust.public_keys())
    except BundleError as error:
        return error.rule
    if trust.owner(head.keyid) != head.party:
        return f"unknown-key: key {head.keyid[:16]} is not one of {head.party}"
    if not trust.parties[head.party].keys[head.keyid].signs_at(head.signed):
        return f"key-not-valid: key {head.keyid[:16]} did not count at {head.signed}"
    if head.agreement not in trust.agreements:
        return f"agreement: signed under {head.agreement[:16]}, which is not held here"
    return None
