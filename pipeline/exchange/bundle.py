"""From finished products on disk to the one file that travels."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipeline.errors import ProductError, UsageError
from pipeline.exchange.baselines import baseline_of
from pipeline.exchange.container import members_of, packed
from pipeline.exchange.envelope import Signed
from pipeline.exchange.layout import (
    AGREEMENT,
    AGREEMENT_SIGNATURES,
    BASELINE,
    EVIDENCE,
    SUMS,
    chip_member,
    chips_named,
    site_member,
    sum_member,
)
from pipeline.exchange.statement import BundleStatement, SignedReport
from pipeline.exchange.trust import stream_of
from pipeline.store.atomic import atomic_write, canonical_json, parse_json
from pipeline.store.products import MANIFEST, read_product_file, verify_product
from pipeline.store.reading import UnreadableFile, read_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from pipeline.exchange.trust import Trust

#: Where a run keeps its chips, below the output folder.
CHIPS = ".state/chips"
_CHIP_LIMIT = 1 << 30


@dataclass(frozen=True)
class Address:
    """Who sends a bundle to whom, and for how long it counts.

    Attributes
    ----------
    issuer, recipients
        Party ids.
    issued, expires
        UTC texts.
    """

    issuer: str
    recipients: tuple[str, ...]
    issued: str
    expires: str


@dataclass(frozen=True)
class Source:
    """One product that goes into a bundle, checked against its manifest."""

    files: dict[str, bytes]
    record: Any
    evidence: Any

    @property
    def site(self) -> str:
        """Site id."""
        return str(self.record["site"]["id"])


def read_source(product: Path) -> Source:
    """Return a product's files, each held against the manifest.

    Raises ProductError where it is altered or incomplete, or holds no evidence.
    """
    manifest = verify_product(product)
    names = [entry.path for entry in manifest.files]
    if EVIDENCE not in names:
        rule = "holds no evidence.json: it is no product of a run"
        raise ProductError(rule, file=product)
    files = {name: read_product_file(product, name) for name in names}
    files[MANIFEST] = manifest.payload
    return Source(files, parse_json(files["report.json"]), parse_json(files[EVIDENCE]))


def make_bundle(
    products: Sequence[Path],
    out: Path,
    *,
    trust: Trust,
    address: Address,
    chips: Path | None = None,
    agreement_signatures: bytes | None = None,
) -> BundleStatement:
    """Write one bundle of the products; nobody has signed it yet.

    Sums over sites go with them where every record they were made of does.

    Parameters
    ----------
    products
        Product folders of one agreement, each site once.
    out
        The file.
    trust
        Our store: it knows the last number issued per site.
    address
        From whom, to whom, until when.
    chips
        Folder of evidence chips; None is the one of each product's own output folder.
    agreement_signatures
        The signatures file of the agreement, if there is one.

    Raises
    ------
    UsageError
        Products of several agreements or standings, or one site twice; an unknown party.
    ProductError
        A product or chip that is missing or altered.
    BundleError
        More than one bundle may hold.
    """
    sources = [read_source(product) for product in products]
    files = _shared_files(sources, agreement_signatures)
    for product, source in zip(products, sources, strict=True):
        files |= {site_member(source.site, name): raw for name, raw in source.files.items()}
        baseline = canonical_json(baseline_of(source.record))
        files[site_member(source.site, BASELINE)] = baseline
        files |= _chip_files(chips or product.resolve().parents[2] / CHIPS, source)
    files |= _sum_files({product.resolve().parents[2] for product in products}, sources)
    statement = _statement(sources, files, trust, address)
    atomic_write(out, packed(Signed(statement.payload, {}).serialised, files))
    return statement


def _shared_files(sources: Sequence[Source], signatures: bytes | None) -> dict[str, bytes]:
    facts = {
        (s.record["agreement"]["sha256"], s.record["standing"], s.record["kind"]) for s in sources
    }
    if len(facts) != 1 or next(iter(facts))[2] != "monitor":
        raise UsageError("a bundle holds reports of one agreement and one standing")
    if len({source.site for source in sources}) < len(sources):
        raise UsageError("a bundle holds one report a site")
    agreement = canonical_json(sources[0].evidence["agreement"])
    if hashlib.sha256(agreement).hexdigest() != sources[0].record["agreement"]["sha256"]:
        raise ProductError("evidence.json holds another agreement than report.json names")
    shared = {AGREEMENT: agreement}
    return shared if signatures is None else {**shared, AGREEMENT_SIGNATURES: signatures}


def _sum_files(outputs: Iterable[Path], sources: Sequence[Source]) -> dict[str, bytes]:
    """Return the sums over sites whose every record is one of the bundle's."""
    held = {(s.site, hashlib.sha256(s.files["report.json"]).hexdigest()) for s in sources}
    found = {}
    for output in sorted(outputs):
        for manifest in sorted((output / SUMS).glob(f"*/*/*/{MANIFEST}")):
            folder = manifest.parent
            payload = read_product_file(folder, "report.json")
            named = {(s["site"], s["record_sha256"]) for s in parse_json(payload)["sources"]}
            if named <= held:
                indicator, group = folder.parts[-3:-1]
                found[sum_member(indicator, group, "report.json")] = payload
    return found


def _chip_files(root: Path, source: Source) -> dict[str, bytes]:
    return {chip_member(sha): _chip(root, sha) for sha in chips_named(source.record)}


def _chip(root: Path, sha256: str) -> bytes:
    path = root / sha256[:2] / f"{sha256}.tif"
    try:
        payload = read_bytes(path, byte_limit=_CHIP_LIMIT)
    except UnreadableFile as cause:
        raise ProductError(f"chip {cause}", file=path) from cause
    if hashlib.sha256(payload).hexdigest() != sha256:
        raise ProductError("chip does not have the digest it is named by", file=path)
    return payload


def _statement(
    sources: Iterable[Source], files: dict[str, bytes], trust: Trust, address: Address
) -> BundleStatement:
    ordered = sorted(sources, key=lambda source: source.site)
    first = ordered[0].record
    unknown = {address.issuer, *address.recipients} - set(trust.parties)
    if unknown:
        raise UsageError(f"no party {min(unknown)!r} in the trust store")
    return BundleStatement(
        issuer=address.issuer,
        recipients=tuple(sorted(set(address.recipients))),
        issued=address.issued,
        expires=address.expires,
        agreement=first["agreement"]["id"],
        agreement_sha256=first["agreement"]["sha256"],
        standing=first["standing"],
        reports=tuple(_numbered(source, trust, address.issuer) for source in ordered),
        members=members_of(files),
    )


def _numbered(source: Source, trust: Trust, issuer: str) -> SignedReport:
    seen = trust.seen.get(stream_of(issuer, source.site), ())
    sequence = seen[-1].sequence + 1 if seen else 1
    previous = seen[-1].statement if seen else None
    return SignedReport(source.site, source.record["as_of"], sequence, previous)
