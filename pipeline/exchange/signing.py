"""Adding a signature to a bundle: the issuer's own, or another party's beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.errors import BundleError
from pipeline.exchange import history
from pipeline.exchange.container import packed
from pipeline.exchange.verify import Opened, accepted, check_release, judge, open_bundle

if TYPE_CHECKING:
    from pipeline.exchange.keys import SigningKey
    from pipeline.exchange.trust import Trust


def sign(payload: bytes, key: SigningKey, trust: Trust, *, at: str) -> tuple[bytes, Trust]:
    """Return the bundle with the issuer's signature, and the store that remembers its number.

    Raises
    ------
    BundleError
        The bundle is not whole; the key is not the issuer's, or does not count now; or another
        report with the same number was signed before, which would be equivocation.
    """
    opened = open_bundle(payload, trust, signed=False)
    issuer = opened.statement.issuer
    _check_key(key, trust, at)
    check_release(opened, {}, complete=False)  # before a number is spent
    if trust.owner(key.keyid) != issuer:
        raise BundleError(f"unknown-key: key {key.keyid[:16]} is not one of {issuer}")
    history.refuse_gaps(opened.statement, history.places(trust, opened.statement))
    return _signed(opened, key, trust)


def countersign(payload: bytes, key: SigningKey, trust: Trust, *, at: str) -> tuple[bytes, Trust]:
    """Return a signed bundle with one more signature, of a distinct key.

    A further key of the issuer may sign before its threshold is met; every other party signs
    only what it would accept.

    Raises
    ------
    BundleError
        As `verify`; or the key is not trusted, does not count now, or has signed already.
    """
    opened = open_bundle(payload, trust)
    _check_key(key, trust, at)
    if trust.owner(key.keyid) != opened.statement.issuer:
        trust = accepted(trust, judge(opened, trust, at=at, complete=False))
    return _signed(opened, key, trust)


def _check_key(key: SigningKey, trust: Trust, at: str) -> None:
    owner = trust.owner(key.keyid)
    if owner is None:
        raise BundleError(f"unknown-key: key {key.keyid[:16]} is not trusted here")
    if not trust.parties[owner].keys[key.keyid].signs_at(at):
        raise BundleError(f"key-not-valid: key {key.keyid[:16]} does not count at {at}")


def _signed(opened: Opened, key: SigningKey, trust: Trust) -> tuple[bytes, Trust]:
    signed = opened.signed.with_signature(key)
    noted = history.recorded(trust, opened.statement, tuple(signed.signatures))
    return packed(signed.serialised, opened.files), noted
