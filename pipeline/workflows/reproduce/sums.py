"""Sums over sites, made again of the records that were computed again."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from pipeline.assessment.record import Report
from pipeline.errors import BundleError
from pipeline.exchange.layout import SUMS
from pipeline.store.atomic import parse_json
from pipeline.workflows.monitor.aggregate import sum_bytes, summed
from pipeline.workflows.reproduce.ladder import Field, lowest, record_fields

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipeline.workflows.monitor.site import SiteJob


def sum_fields(
    files: Mapping[str, bytes], done: Mapping[str, tuple[SiteJob, bytes]]
) -> dict[str, tuple[Field, ...]]:
    """Return, by site, how every sum it is part of compares with ours.

    Parameters
    ----------
    files
        The bundle's.
    done
        Site id to its job and the ``report.json`` that was computed again.

    Raises
    ------
    BundleError
        ``evidence`` where a sum is no such record, or names a site the bundle does not hold.
    """
    found: dict[str, list[Field]] = {}
    for name in sorted(files):
        if name.startswith(f"{SUMS}/"):
            sites, field = _field(name, files[name], done)
            for site in sites:
                found.setdefault(site, []).append(field)
    return {site: tuple(fields) for site, fields in found.items()}


def _field(
    name: str, payload: bytes, done: Mapping[str, tuple[SiteJob, bytes]]
) -> tuple[tuple[str, ...], Field]:
    try:
        theirs: Any = parse_json(payload)
        sites = tuple(str(each["site"]) for each in theirs["sources"])
        held = {site: done[site] for site in sites}
        run = held[sites[0]][0].run
        indicator = next(i for i in run.agreement.indicators if i.id == theirs["indicator"])
    except (ValueError, KeyError, TypeError, IndexError, StopIteration) as cause:
        raise BundleError(f"evidence: {name} is no sum over reports of this bundle") from cause
    records = {
        site: (Report.model_validate(parse_json(ours)), hashlib.sha256(ours).hexdigest())
        for site, (_, ours) in held.items()
    }
    report = summed(run, indicator, records)
    if report is None:
        return sites, Field(name, "R2a", "nothing to sum here")
    ours = parse_json(sum_bytes(report))
    # Which bytes the records have is compared record by record.
    for each in (theirs, ours):
        each.pop("sources")
    fields = record_fields(theirs, ours)
    apart = next((field for field in fields if field.rung == "R2a"), None)
    return sites, Field(name, lowest(fields), "" if apart is None else apart.note)
