"""Holding a record's baseline against the one the parties have ratified."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.assessment.record import BaselineDrift, Check, Report, rounded
from pipeline.exchange.frozen import agreed_drift_of, drift_of
from pipeline.workflows.planning import baseline_of

if TYPE_CHECKING:
    from pipeline.agreement import Site
    from pipeline.workflows.planning import Run


def with_drift(run: Run, site: Site, report: Report) -> Report:
    """Return a record that says how far its baseline is the ratified one, and checks it.

    A record without a ratified baseline is returned as it is, with a check that says so; so
    is one where nothing was judged, which has no baseline to compare.
    """
    frozen = run.frozen.get(site.id)
    agreed = {scene.id: scene.sha256 for scene in baseline_of(run, site).scenes}
    if (frozen or agreed) and not report.assessments:
        return report.model_copy(update={"checks": (*report.checks, _check("not measured"))})
    record = rounded(report.model_dump(mode="json", by_alias=True)) if frozen or agreed else {}
    found = drift_of(frozen, record, run.agreement)
    if found is None and agreed:
        found = agreed_drift_of(agreed, record, run.agreement)
    drift = None if found is None else BaselineDrift.model_validate(found)
    return report.model_copy(
        update={"baseline_drift": drift, "checks": (*report.checks, _check(_told(drift), drift))}
    )


def _told(drift: BaselineDrift | None) -> str:
    return "no ratified baseline" if drift is None else f"{drift.count} differences"


def _check(actual: str, drift: BaselineDrift | None = None) -> Check:
    return Check(
        code="baseline-ratified",
        description="the baseline is the ratified one",
        threshold="0 differences",
        actual=actual,
        result="not-applicable" if drift is None else "warn" if drift.count else "pass",
    )
