"""The ratified baselines a run is held against: files beside the agreement.

``<agreement>.baselines/<site>.json`` with its signatures in ``<site>.signatures.json``, as
``baseline propose`` writes them and every other party signs them. Only what every party has
ratified counts; when it did is stated, and decides nothing. Where there is none, the scenes that
the agreement itself lists count.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipeline.errors import BundleError
from pipeline.exchange.agreements import signatures_path
from pipeline.exchange.attestations import signing_parties
from pipeline.exchange.baselineform import read_baseline
from pipeline.exchange.baselines import Difference, baseline_of, drift, unlisted
from pipeline.exchange.ratification import said_of
from pipeline.store.reading import UnreadableFile, read_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from pipeline.agreement import Agreement

FOLDER = ".baselines"
#: A record lists this many differences; how many there are is stated.
MOST_LISTED = 200
_LIMIT = 32 << 20
_EVER = "9999-12-31T23:59:59Z"


@dataclass(frozen=True)
class Frozen:
    """A baseline file and its signatures, as they lie beside the agreement."""

    payload: bytes
    signatures: bytes | None

    @property
    def sha256(self) -> str:
        """Digest of both, for telling whether anything changed."""
        return hashlib.sha256(self.payload + b"\0" + (self.signatures or b"")).hexdigest()


def baselines_folder(agreement: Path) -> Path:
    """Return where the baselines of an agreement file lie: ``<agreement>.baselines``."""
    return agreement.with_suffix(FOLDER)


def load_frozen(path: Path, agreement: Agreement, sites: Iterable[str]) -> dict[str, Frozen]:
    """Return the baseline file of each site that has one.

    Parameters
    ----------
    path
        The agreement file.
    agreement
        As loaded from it; its keys count.
    sites
        Ids of the sites that are run.

    Raises
    ------
    BundleError
        ``baseline``: a file that is none, or is another site's; ``signature``: a signatures
        file that is none.
    """
    found = {}
    for site in sites:
        file = baselines_folder(path) / f"{site}.json"
        if not file.exists():
            continue
        try:
            found[site] = _frozen(file, site, agreement)
        except BundleError as cause:
            raise BundleError(cause.rule, site=site, file=file) from cause
    return found


def _frozen(file: Path, site: str, agreement: Agreement) -> Frozen:
    beside = signatures_path(file)
    frozen = Frozen(_read(file), _read(beside) if beside.exists() else None)
    if read_baseline(frozen.payload)["site"] != site:
        raise BundleError(f"baseline: is not one of site {site}")
    said_of(frozen.payload, frozen.signatures, agreement, at=_EVER)
    return frozen


def _read(path: Path) -> bytes:
    try:
        return read_bytes(path, byte_limit=_LIMIT)
    except UnreadableFile as cause:
        raise BundleError(f"baseline: {cause}") from cause


def drift_of(
    frozen: Frozen | None, record: Mapping[str, Any], agreement: Agreement
) -> dict[str, Any] | None:
    """Return how a record's baseline differs from the ratified one, as the record holds it.

    Parameters
    ----------
    frozen
        The site's file; None where it has none.
    record
        A ``report.json``, parsed.
    agreement
        Whose parties must have ratified.

    Returns
    -------
    dict or None
        sha256, ratified, count and differences; None where no baseline is ratified.
    """
    if frozen is None:
        return None
    said = said_of(frozen.payload, frozen.signatures, agreement, at=_EVER)
    if said.state != "ratified":
        return None
    found = drift(read_baseline(frozen.payload), baseline_of(record))
    sha256 = hashlib.sha256(frozen.payload).hexdigest()
    return _part(found, sha256, said.said["ratified"], said.ratified_at)


def agreed_drift_of(
    agreed: Mapping[str, str], record: Mapping[str, Any], agreement: Agreement
) -> dict[str, Any]:
    """Return how a record's baseline differs from the scenes that its agreement lists.

    Parameters
    ----------
    agreed
        Scene id → digest, as the agreement's baseline has them.
    record, agreement
        A ``report.json``, parsed, and the agreement it stands under.
    """
    found = unlisted(agreed, baseline_of(record))
    return _part(found, agreement.sha256, signing_parties(agreement), None)


def _part(
    found: tuple[Difference, ...], sha256: str, parties: tuple[str, ...], at: str | None
) -> dict[str, Any]:
    return {
        "sha256": sha256,
        "ratified": at,
        "parties": parties,
        "count": len(found),
        "differences": [vars(each) for each in found[:MOST_LISTED]],
    }
