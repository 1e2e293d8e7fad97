"""Sums over sites, after the sites are done: from their finished records and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from pipeline.assessment.aggregation import (
    SCHEMA,
    AggregateReport,
    AggregateSource,
    aggregate_findings,
    aggregated,
)
from pipeline.assessment.findings import persistence_rule
from pipeline.assessment.record import Report, rounded
from pipeline.errors import ProductError
from pipeline.store.atomic import canonical_json, parse_json
from pipeline.store.products import read_manifest, read_product_file, write_product
from pipeline.workflows.monitor.product import folder_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date
    from pathlib import Path

    from pipeline.workflows.planning import Run, SiteScenes

FOLDER = "aggregates"
# The folder of the sites that are named; no site can be called so.
TOGETHER = "_together"


def write_aggregates(run: Run, found: Sequence[SiteScenes]) -> list[Path]:
    """Write the sums of every indicator that agrees on them, and return their folders.

    Summed is what the records of this run say. Where a named site is not part of the run or
    its record cannot be read, there is no sum: half of one would read as the whole.
    """
    groups = [
        (indicator, name, sites)
        for indicator in run.agreement.indicators
        for name, sites in _groups(run, indicator).items()
    ]
    named = {site for _, _, sites in groups for site in sites}
    records = {
        site.id: record
        for site, scenes in zip(run.sites, found, strict=True)
        if site.id in named and (record := _record(folder_of(run, site, scenes.as_of))) is not None
    }
    folders = []
    for indicator, name, sites in groups:
        chosen = {site: records[site] for site in sites if site in records}
        if len(chosen) == len(sites):
            folders += _written(run, indicator, name, chosen)
    return folders


def _groups(run: Run, indicator: Any) -> dict[str, tuple[str, ...]]:
    """Return folder name to the sites that are summed.

    Every site an indicator applies to is summed with the named ones; with days alone, each
    by itself.
    """
    over = indicator.aggregate_over
    applies = [s.id for s in run.agreement.sites if not indicator.sites or s.id in indicator.sites]
    if not over.sites and not over.days:
        return {}
    return {
        TOGETHER if site in over.sites else site: tuple(sorted({site, *over.sites}))
        for site in applies
    }


def _record(folder: Path) -> tuple[Report, str] | None:
    try:
        payload = read_product_file(folder, "report.json")
        listed = {entry.path: entry.sha256 for entry in read_manifest(folder).files}
        return Report.model_validate(parse_json(payload)), listed["report.json"]
    except (ProductError, ValidationError, ValueError):
        return None


def _written(
    run: Run, indicator: Any, name: str, records: Mapping[str, tuple[Report, str]]
) -> list[Path]:
    report = summed(run, indicator, records)
    if report is None:
        return []
    as_of = f"{report.as_of:%Y-%m-%dT%H%M%SZ}"
    folder = run.settings.output / FOLDER / indicator.id / name / as_of
    write_product(folder, {"report.json": sum_bytes(report)})
    return [folder]


def summed(
    run: Run, indicator: Any, records: Mapping[str, tuple[Report, str]]
) -> AggregateReport | None:
    """Return the sums of one indicator over the sites of some records.

    Parameters
    ----------
    records
        Site id to its record and the digest of its ``report.json``.

    Returns
    -------
    AggregateReport or None
        None where a site has no look of this indicator, or there is nothing to sum.
    """
    looks = {site: record.assessments for site, (record, _) in records.items()}
    if not all(any(look.indicator == indicator.id for look in own) for own in looks.values()):
        return None
    baseline = run.baseline_for(indicator)

    def declared(site: str, zone: str, day: date) -> float | None:
        last = run.agreement.site(site).last_declaration(indicator.id, zone, day)
        return None if last is None else float(last.value)

    sums = aggregated(indicator, looks, minimum_looks=baseline.minimum_looks, declared=declared)
    if not sums:
        return None
    as_of = max(item.acquired for item in sums)
    return AggregateReport(
        schema_=SCHEMA,
        standing=run.standing_at(as_of),
        agreement=run.agreement.id,
        agreement_sha256=run.agreement.sha256,
        indicator=indicator.id,
        unit=indicator.unit,
        sites=tuple(sorted(records)),
        days=indicator.aggregate_over.days,
        as_of=as_of,
        sums=tuple(sums),
        findings=tuple(
            aggregate_findings(sums, indicator.direction, persistence_rule(indicator), as_of)
        ),
        sources=tuple(
            AggregateSource(site=site, as_of=record.as_of, record_sha256=sha256)
            for site, (record, sha256) in sorted(records.items())
        ),
    )


def sum_bytes(report: AggregateReport) -> bytes:
    """Return the record of a sum in its canonical form."""
    document = report.model_dump(mode="json")
    document["schema"] = document.pop("schema_")
    return canonical_json(document, number=rounded)
