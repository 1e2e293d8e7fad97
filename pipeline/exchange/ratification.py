"""A frozen baseline on its way: proposed by one party, validated by the others, ratified by all."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from pipeline.errors import BundleError, UsageError
from pipeline.exchange.attestations import attestations, attested, signing_parties, those_who
from pipeline.exchange.baselineform import read_baseline
from pipeline.exchange.baselines import drift

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipeline.agreement import Agreement
    from pipeline.exchange.keys import SigningKey

State = Literal["unsigned", "proposed", "validated", "ratified"]
PROPOSED, VALIDATED, RATIFIED = "proposed", "validated", "ratified"


@dataclass(frozen=True)
class Ratification:
    """How far a baseline has come.

    Attributes
    ----------
    state
        ``validated`` once every party but the proposer has; ``ratified`` once all have.
    said
        Word → parties that said it, in the agreement's order.
    faults
        One line for each signature that does not count.
    ratified_at
        When the last party so far ratified it, UTC text; None where none has.
    """

    state: State
    said: Mapping[str, tuple[str, ...]]
    faults: tuple[str, ...]
    ratified_at: str | None = None


def ratification(
    payload: bytes, signatures: bytes | None, agreement: Agreement, *, at: str
) -> Ratification:
    """Return who has proposed, validated and ratified a baseline by a moment.

    Raises BundleError where a file is not as it was written, or the baseline belongs to another
    agreement.
    """
    if read_baseline(payload)["agreement"] != agreement.sha256:
        raise BundleError("baseline: belongs to another agreement")
    return said_of(payload, signatures, agreement, at=at)


def said_of(
    payload: bytes, signatures: bytes | None, agreement: Agreement, *, at: str
) -> Ratification:
    """Return who has said what of a baseline, of whatever agreement it is; see `ratification`."""
    sha256 = hashlib.sha256(payload).hexdigest()
    found, faults = attestations(signatures, agreement)
    parties = signing_parties(agreement)
    said = {
        word: tuple(p for p in parties if p in those_who(found, word, sha256, by=at))
        for word in (PROPOSED, VALIDATED, RATIFIED)
    }
    last = [each.signed for each in those_who(found, RATIFIED, sha256, by=at).values()]
    return Ratification(_state(said, parties), said, tuple(faults), max(last, default=None))


def _state(said: Mapping[str, tuple[str, ...]], parties: tuple[str, ...]) -> State:
    if not said[PROPOSED]:
        return "unsigned"
    if set(parties) > set(said[PROPOSED]) | set(said[VALIDATED]):
        return "proposed"
    return "ratified" if set(said[RATIFIED]) == set(parties) else "validated"


def proposed(payload: bytes, agreement: Agreement, key: SigningKey, *, at: str) -> bytes:
    """Return the signatures file of a newly proposed baseline."""
    ratification(payload, None, agreement, at=at)
    return attested(None, PROPOSED, hashlib.sha256(payload).hexdigest(), agreement, key, at=at)


def validated(
    payload: bytes,
    signatures: bytes,
    agreement: Agreement,
    key: SigningKey,
    *,
    own: Mapping[str, Any],
    at: str,
) -> bytes:
    """Return the signatures file after another party found the same baseline.

    Parameters
    ----------
    payload, signatures
        The proposed baseline and its signatures.
    agreement, key
        Whose keys count, and the key that signs.
    own
        The baseline of the validating party's own run.
    at
        UTC text.

    Raises
    ------
    BundleError
        Nobody proposed it, or it differs from `own`: the first difference is named.
    UsageError
        The key may not sign, or is the proposer's.
    """
    state = ratification(payload, signatures, agreement, at=at)
    if state.state == "unsigned":
        raise BundleError("baseline: nobody has proposed it")
    lines = drift(read_baseline(payload), own)
    if lines:
        more = f" (and {len(lines) - 1} more)" if len(lines) > 1 else ""
        raise BundleError(f"baseline: differs from our own: {lines[0]!s}{more}")
    sha256 = hashlib.sha256(payload).hexdigest()
    signed = attested(signatures, VALIDATED, sha256, agreement, key, at=at)
    after = ratification(payload, signed, agreement, at=at)
    if set(after.said[VALIDATED]) & set(state.said[PROPOSED]):
        raise UsageError("who proposed a baseline cannot validate it")
    return signed


def ratified(
    payload: bytes, signatures: bytes, agreement: Agreement, key: SigningKey, *, at: str
) -> bytes:
    """Return the signatures file after one more party ratified a validated baseline.

    Raises BundleError where a party has not validated it yet.
    """
    state = ratification(payload, signatures, agreement, at=at)
    if state.state not in {"validated", "ratified"}:
        raise BundleError(f"baseline: is {state.state}, and must be validated by every other party")
    sha256 = hashlib.sha256(payload).hexdigest()
    return attested(signatures, RATIFIED, sha256, agreement, key, at=at)
