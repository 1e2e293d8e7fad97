"""Names inside a bundle."""

from __future__ import annotations

from typing import Any

EVIDENCE = "evidence.json"
BASELINE = "baseline.json"
AGREEMENT = "agreement.json"
SUMS = "aggregates"
AGREEMENT_SIGNATURES = "agreement.signatures.json"


def site_member(site: str, path: str) -> str:
    """Return the name of a product's file inside a bundle."""
    return f"sites/{site}/{path}"


def sum_member(indicator: str, group: str, path: str) -> str:
    """Return the name of a file of a sum over sites inside a bundle."""
    return f"{SUMS}/{indicator}/{group}/{path}"


def chip_member(sha256: str) -> str:
    """Return the name of a chip inside a bundle."""
    return f"chips/{sha256}.tif"


def chips_named(record: Any) -> tuple[str, ...]:
    """Return the digests of the chips a record was computed from, sorted."""
    named = {
        str(file["chip_sha256"])
        for scene in record["inputs"]
        if scene["status"] == "used"
        for file in scene["files"]
        if file["chip_sha256"]
    }
    return tuple(sorted(named))
