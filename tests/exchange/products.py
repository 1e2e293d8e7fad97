"""A small product on disk, with its chips, under an agreement whose keys are the world's."""

from __future__ import annotations

import hashlib

from pipeline.agreement import load_agreement
from pipeline.exchange.bundle import CHIPS
from pipeline.store.atomic import atomic_write, canonical_json, parse_json
from pipeline.store.products import write_product
from tests.agreement import samples
from tests.exchange.world import NORTH, SOUTH

CHIP = b"pixels of the town"
AS_OF = "2025-01-02T01:59:01Z"


def agreement_file(folder):
    text = samples.FULL.replace(samples.KEYS[0], NORTH.public_text)
    text = text.replace(samples.KEYS[1], SOUTH.public_text)
    text = text.replace(
        "valid_to: 2027-01-01T00:00:00Z}", "valid_to: 2030-01-01T00:00:00Z, roles: [authority]}"
    )
    text = text.replace("[north, south], required: 2", "[north, south], required: 1")
    return samples.write(folder, text.replace("valid_to: 2027", "valid_to: 2030"))


def product(out, agreement, *, site="town", **changes):
    """Write one product under `out`, and the chip it names; return its folder."""
    sha256 = hashlib.sha256(CHIP).hexdigest()
    atomic_write(out / CHIPS / sha256[:2] / f"{sha256}.tif", CHIP)
    record = {
        "kind": "monitor", "site": {"id": site}, "as_of": AS_OF, "standing": "none",
        "agreement": {"id": agreement.id, "sha256": agreement.sha256},
        "assessments": [],
        "inputs": [
            {"scene": "S1", "status": "used", "files": [{"band": "VV", "chip_sha256": sha256}]}
        ],
        **changes,
    }  # fmt: skip
    evidence = {"agreement": agreement.model_dump(mode="json", by_alias=True)}
    files = {
        "report.json": canonical_json(record),
        "evidence.json": canonical_json(evidence),
        "layers/zones.geojson": b"{}",
    }
    folder = out / "sites" / site / "2025-01-02T015901Z"
    write_product(folder, files)
    return folder


def record_of(folder):
    return parse_json((folder / "report.json").read_bytes())


def loaded(folder):
    return load_agreement(agreement_file(folder))
