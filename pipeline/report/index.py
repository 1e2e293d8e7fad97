"""The index over all products of an output folder: one page, and the same as JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipeline.errors import ProductError
from pipeline.report import formatting as f
from pipeline.report.aggregates import sum_entries
from pipeline.report.facts.state import headline_counts, ordered, sentence, stamps, state_code
from pipeline.report.render import PAGE, filled, read_record
from pipeline.report.words import Words
from pipeline.store.atomic import atomic_write, canonical_json
from pipeline.store.products import list_products

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pipeline.assessment.record import Report

SCHEMA = "fairwitness/index/1"
FACTS = (
    "site", "as_of", "kind", "standing", "status", "headline", "findings", "headlines",
    "looks_found", "looks_usable", "observed_share", "folder", "record_sha256",
)  # fmt: skip


@dataclass(frozen=True)
class Entry:
    """One product in the index.

    Attributes
    ----------
    folder
        Relative to the index, with forward slashes.
    """

    site: str
    name: str
    folder: str
    as_of: str
    failed: bool
    headline: str
    sentence: str
    stamps: tuple[str, ...]
    findings: str
    coverage: str
    spoken: str
    facts: dict[str, Any]

    @property
    def group(self) -> str:
        """Folder of the site: products are grouped by it."""
        return self.folder.rpartition("/")[0]

    @property
    def page(self) -> str:
        """Address of the report page, relative to the index."""
        return f"{self.folder}/{PAGE}"


def headline(report: Report) -> str:
    """Return one word on a product: failed, a finding's headline, or its state."""
    if report.status == "failed":
        return "failed"
    return ordered(report.findings)[0].headline if report.findings else state_code(report)


def entry(folder: Path, out: Path, words: Words) -> Entry:
    """Return the line of one product."""
    report, sha256 = read_record(folder)
    site = report.site
    word = headline(report)
    facts = {
        "site": site.id if site else None,
        "as_of": report.model_dump(mode="json", include={"as_of"})["as_of"],
        "kind": report.kind,
        "standing": report.standing,
        "status": report.status,
        "headline": word,
        "findings": len(report.findings),
        "headlines": _counts(report),
        "looks_found": report.summary.looks_found,
        "looks_usable": report.summary.looks_usable,
        "observed_share": _observed(report),
        "folder": folder.relative_to(out).as_posix(),
        "record_sha256": sha256,
    }
    return Entry(
        site=site.id if site else folder.parent.name,
        name=(site.name or site.id) if site else words("title.compare"),
        folder=facts["folder"],
        as_of=words.style.minute(report.as_of) if report.as_of else words("none.unknown"),
        failed=report.status == "failed",
        headline=words(f"index.{word}"),
        sentence=sentence(report, words),
        stamps=tuple(stamp.text for stamp in stamps(report, words)),
        findings=_findings_text(report, words),
        coverage=words("index.looks", usable=report.summary.looks_usable,
                       found=report.summary.looks_found),
        spoken=f.spoken(sha256),
        facts=facts,
    )  # fmt: skip


def _counts(report: Report) -> dict[str, int]:
    found: dict[str, int] = {}
    for item in ordered(report.findings):
        found[item.headline] = found.get(item.headline, 0) + 1
    return found


def _findings_text(report: Report, words: Words) -> str:
    if report.kind == "compare":
        return words.count("regions", len(report.regions))
    return headline_counts(report, words) or words("index.none")


def _observed(report: Report) -> float | None:
    """Return the mean observed share of all zones and looks of the period, 4 decimals."""
    start = report.period.start if report.period else None
    shares = [
        item.fractions.get("observed", 0.0)
        for item in report.coverage
        if start is None or f.utc(item.acquired) > f.utc(start)
    ]
    return round(sum(shares) / len(shares), 4) if shares else None


def entries(out: Path, words: Words) -> Iterator[Entry]:
    """Yield every finished product under ``out/sites``, by site and newest first.

    A product without manifest does not exist; one whose record cannot be read is listed
    as failed by `unreadable`, so that it is missed by nobody.
    """
    sites = out / "sites"
    folders = sorted(sites.iterdir()) if sites.is_dir() else []
    for site in folders:
        if not site.is_dir() or site.name.startswith("."):
            continue
        found = [_entry_or_failed(folder, out, words) for folder in list_products(site)]
        yield from sorted(found, key=lambda e: (e.facts["as_of"] or "", e.folder), reverse=True)


def _entry_or_failed(folder: Path, out: Path, words: Words) -> Entry:
    try:
        return entry(folder, out, words)
    except ProductError as error:
        return unreadable(folder, out, str(error.rule), words)


def unreadable(folder: Path, out: Path, why: str, words: Words) -> Entry:
    """Return the line of a product whose record cannot be read."""
    place = folder.relative_to(out).as_posix()
    facts: dict[str, Any] = dict.fromkeys(FACTS)
    facts |= {"site": folder.parent.name, "status": "failed", "headline": "failed", "folder": place}
    said = f.readable(words("index.unreadable", why=why))
    return Entry(folder.parent.name, folder.parent.name, place, words("none.unknown"), True,
                 words("index.failed"), said, (), "–", "–", "–", facts)  # fmt: skip


def index_files(out: Path, language: str = "en") -> dict[str, bytes]:
    """Return ``index.html`` and ``index.json`` as bytes, a function of the products alone."""
    words = Words(language)
    found = list(entries(out, words))
    latest = [e for i, e in enumerate(found) if i == 0 or found[i - 1].group != e.group]
    earlier = [e for e in found if e not in latest]
    sums = list(sum_entries(out, words))
    document = {"schema": SCHEMA, "products": [e.facts for e in found]}
    if sums:
        document["aggregates"] = [e.facts for e in sums]
    page = filled("index.html.j2", words, latest=latest, earlier=earlier, sums=sums)
    return {"index.html": page, "index.json": canonical_json(document)}


def render_index(out: Path) -> Path:
    """Write ``index.html`` and ``index.json`` of the output folder and return the page.

    What is equal already is not written again.
    """
    for name, payload in index_files(out).items():
        path = out / name
        if not path.is_file() or path.read_bytes() != payload:
            atomic_write(path, payload)
    return out / "index.html"
