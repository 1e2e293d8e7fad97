"""The record of one site, put together from what the steps before it found."""

from __future__ import annotations

import platform
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.assessment.coverage import longest_gap_days, zone_shares
from pipeline.assessment.record import (
    AgreementRef,
    Assessment,
    Check,
    Coverage,
    Detectability,
    Failure,
    Finding,
    Handling,
    InputFile,
    LikelihoodReliability,
    NotifiedActivity,
    Period,
    QuietRate,
    Registration,
    Report,
    Rhythm,
    SceneInput,
    SceneStep,
    SiteRef,
    Summary,
)
from pipeline.kernels.baseline import step_alarm
from pipeline.kernels.masking import COVERAGE_NAMES
from pipeline.workflows.monitor.drift import with_drift
from pipeline.workflows.planning import baseline_of, known_sensors, start_of_day

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date, datetime

    from pipeline.agreement import Site
    from pipeline.assessment.indicators import TrackAssessor
    from pipeline.assessment.quiet_ground import Ground
    from pipeline.assessment.series import TrackSeries
    from pipeline.imagery.stack import StackPlan
    from pipeline.store.chips import ChipStore
    from pipeline.workflows.planning import Run, SiteScenes

# A whole-scene step this many robust standard deviations out is an alarm of its own.
STEP_ALARM_SCORE = 5.0
LARGEST_RESIDUAL_PX = 0.2
LIBRARIES = ("numpy", "scipy", "rasterio", "xarray", "pyproj", "shapely", "odc-geo", "numba")


@dataclass(frozen=True)
class TrackOutcome:
    """What one sensor and track of a site came to.

    Attributes
    ----------
    series, assessor
        Its pixels and their scores.
    scene_facts
        Scene id to the stack's facts: registration, normalization, notes.
    plan
        The stack before its pixels: looks, shifts, grid.
    chips
        The evidence the stack reads.
    ground
        Where the zones' shapes lie on quiet ground.
    variants
        Assessors made for indicators with windows or masks of their own, each once.
    """

    series: TrackSeries
    assessor: TrackAssessor
    scene_facts: Mapping[str, Mapping[str, Any]]
    plan: StackPlan
    chips: ChipStore
    ground: Ground = field(default_factory=dict)
    variants: dict[tuple[Any, ...], TrackAssessor] = field(default_factory=dict)


@dataclass(frozen=True)
class SiteOutcome:
    """All that was found at one site, before it becomes a record."""

    tracks: tuple[TrackOutcome, ...]
    assessments: tuple[Assessment, ...]
    findings: tuple[Finding, ...]
    notified: tuple[NotifiedActivity, ...]
    detectability: tuple[Detectability, ...]
    inputs: tuple[SceneInput, ...]
    failures: tuple[Failure, ...]
    steps: tuple[SceneStep, ...]
    next_looks: Mapping[tuple[str, str], date]
    rhythms: tuple[Rhythm, ...] = ()
    quiet_rates: tuple[QuietRate, ...] = ()
    likelihood_reliability: LikelihoodReliability | None = None


def report_of(run: Run, site: Site, scenes: SiteScenes, outcome: SiteOutcome) -> Report:
    """Return the record of one site."""
    as_of = scenes.as_of
    run = run.of_day(as_of)
    failed = bool(outcome.failures) or bool(scenes.catalogue_failures)
    report = Report(
        kind="monitor",
        standing=run.standing_at(as_of),
        agreement=AgreementRef(
            id=run.agreement.id,
            sha256=run.agreement.sha256,
            title=run.agreement.title,
            signed=run.standing_at(as_of) in {"joint", "national"},
            parties=tuple(item.id for item in run.agreement.parties if item.role == "party"),
        ),
        site=site_ref(site),
        as_of=as_of,
        period=period_of(run, site, as_of),
        status="failed" if failed else "complete",
        summary=summary_of(run, site, scenes, outcome),
        assessments=outcome.assessments,
        findings=outcome.findings,
        notified_activity=outcome.notified,
        coverage=tuple(coverage_of(outcome.tracks)),
        detectability=outcome.detectability,
        quiet_rates=outcome.quiet_rates,
        likelihood_reliability=outcome.likelihood_reliability,
        scene_steps=outcome.steps,
        rhythms=outcome.rhythms,
        checks=tuple(checks_of(run, site, outcome, as_of)),
        inputs=outcome.inputs,
        failures=outcome.failures,
        limits=limits_of(outcome),
        method=method_of(run, site),
        versions=versions(),
        handling=Handling(permitted_use=run.agreement.permitted_use),
    )
    return with_drift(run, site, report)


def site_ref(site: Site) -> SiteRef:
    """Return who the site is."""
    return SiteRef(
        id=site.id,
        name=site.name,
        declared_by=site.declared_by,
        timezone=site.timezone,
        area_km2=site.area_km2,
        zones={zone.id: zone.kind for zone in site.zones},
    )


def period_of(run: Run, site: Site, as_of: datetime | None) -> Period | None:
    """Return the period from the end of the baseline window to `as_of`."""
    if as_of is None:
        return None
    baseline = baseline_of(run, site)
    start, end = start_of_day(baseline.start), start_of_day(baseline.end)
    return Period(start=min(end, as_of), end=as_of, baseline_start=start, baseline_end=end)


def coverage_of(tracks: Iterable[TrackOutcome]) -> Iterable[Coverage]:
    """Yield the ledger line of every zone and look."""
    for track in tracks:
        series, never = track.series, track.assessor.never_seen
        shares = {
            zone: zone_shares(series.codes, weight, COVERAGE_NAMES)
            for zone, weight in series.zones.items()
        }
        for index, acquired in enumerate(series.acquired):
            for zone in series.zones:
                yield Coverage(
                    zone=zone,
                    sensor=series.sensor,
                    track=series.track,
                    acquired=acquired,
                    scene=series.scenes[index],
                    fractions=shares[zone][index],
                    never_seen=never[zone],
                )


def scene_steps(tracks: Iterable[TrackOutcome]) -> Iterable[SceneStep]:
    """Yield the whole-scene step of every look and feature, with its own alarm."""
    for track in tracks:
        series = track.series
        for name, scores in sorted(track.assessor.scores.items()):
            quiet = scores.ring_step[series.in_baseline]
            for index, acquired in enumerate(series.acquired):
                offset = float(scores.ring_step[index])
                if not np.isfinite(offset):
                    continue
                alarm = step_alarm(offset, quiet)
                yield SceneStep(
                    sensor=series.sensor,
                    track=series.track,
                    acquired=acquired,
                    band=name,
                    offset=offset,
                    unit=feature_unit(name),
                    expected=float(np.nanmedian(quiet)),
                    alarm=bool(abs(alarm.score) >= STEP_ALARM_SCORE),
                )


def feature_unit(name: str) -> str:
    """Return the unit of a feature."""
    from pipeline.assessment.features import FEATURES  # noqa: PLC0415

    return FEATURES[name].unit


def summary_of(run: Run, site: Site, scenes: SiteScenes, outcome: SiteOutcome) -> Summary:
    """Return page one as facts."""
    looks = [
        (look.sensor, look.track, look.acquired)
        for look in outcome.assessments
        if look.phase == "monitoring" and look.outcome in {"change", "no-change", "at-threshold"}
    ]
    usable = sorted({moment for _, _, moment in looks})
    found = {
        (track.series.sensor, track.series.track, moment)
        for track in outcome.tracks
        for moment, quiet in zip(track.series.acquired, track.series.in_baseline, strict=True)
        if not quiet
    }
    as_of = scenes.as_of
    period = period_of(run, site, as_of)
    years = (period.end - period.start).days / 365.25 if period else 0.0
    listed = len(found)
    if period and not outcome.tracks:  # nothing was judged; what was found is not nothing
        after = (scene for scene in scenes.scenes if scene.acquired > period.start)
        listed = len({(scene.sensor, scene.track, scene.acquired) for scene in after})
    return Summary(
        sentence_code=sentence_code(scenes, outcome),
        sentence_facts=sentence_facts(outcome),
        alarms_used=sum(item.confirmed for item in outcome.findings),
        alarms_allowed=run.agreement.false_alarm_allowance.alarms_per_site_year * years,
        looks_planned=None if period is None else max(planned_looks(run, scenes, period), listed),
        looks_found=listed,
        looks_usable=len(usable),
        longest_gap_days=longest_gap_days(usable, period.start, period.end) if period else None,
        local_hours=local_hours(site, found),
        next_looks={f"{s} {t}": day for (s, t), day in sorted(outcome.next_looks.items())},
    )


def planned_looks(run: Run, scenes: SiteScenes, period: Period) -> int:
    """Return how many looks the repeat cycles offered in the period: opportunities, no plan.

    Each satellite seen on a track passes again after the sensor's repeat cycle; the newest
    of its scenes sets the phase.
    """
    newest: dict[tuple[str, str, str], datetime] = {}
    for scene in scenes.scenes:
        if period.start < scene.acquired <= period.end:
            key = (scene.sensor, scene.track, scene.platform or "")
            newest[key] = max(scene.acquired, newest.get(key, scene.acquired))
    sensors, count = known_sensors(run.settings), 0
    for (sensor, _, _), last in newest.items():
        cycle = timedelta(days=sensors[sensor].repeat_days)
        count += (last - period.start) // cycle + (period.end - last) // cycle + 1
    return count


def sentence_code(scenes: SiteScenes, outcome: SiteOutcome) -> str:
    """Return the code of the one sentence on the state."""
    if outcome.failures or scenes.catalogue_failures:
        return "failed"
    observed = {"change", "no-change", "at-threshold"}
    watched = [look for look in outcome.assessments if look.phase == "monitoring"]
    if not any(look.outcome in observed for look in watched):
        return "not-observed"
    open_findings = [item for item in outcome.findings if item.evidence_state != "ended"]
    if any(item.evidence_state == "persistent" for item in open_findings):
        return "persistent"
    if open_findings:
        return "tentative"
    return "ended-only" if outcome.findings else "no-finding"


def sentence_facts(outcome: SiteOutcome) -> dict[str, Any]:
    """Return the numbers the sentence is written with."""
    states = Counter(item.evidence_state for item in outcome.findings)
    outcomes = Counter(look.outcome for look in outcome.assessments if look.phase == "monitoring")
    return {"findings": dict(sorted(states.items())), "outcomes": dict(sorted(outcomes.items()))}


def local_hours(site: Site, found: Iterable[tuple[str, str, datetime]]) -> dict[str, str]:
    """Return the median local time of the looks per sensor and track."""
    minutes: dict[str, list[int]] = {}
    for sensor, track, moment in sorted(found):
        local = site.local_time(moment)
        minutes.setdefault(f"{sensor} {track}", []).append(60 * local.hour + local.minute)
    medians = {key: int(np.median(values)) for key, values in minutes.items()}
    return {key: f"{m // 60:02d}:{m % 60:02d}" for key, m in sorted(medians.items())}


def checks_of(
    run: Run, site: Site, outcome: SiteOutcome, as_of: datetime | None
) -> Iterable[Check]:
    """Yield the table of checks: description, threshold, actual, result."""
    yield Check(
        code="agreement-signed",
        description="the agreement's digest is signed by all parties",
        threshold="signed",
        actual=standing_words(run.standing_at(as_of)),
        result="pass" if run.standing_at(as_of) == "joint" else "warn",
    )
    failed = len(outcome.failures)
    yield Check(
        code="scenes-loaded",
        description="every scene that was found could be loaded",
        threshold="0 failed",
        actual=f"{failed} failed",
        result="fail" if failed else "pass",
    )
    baseline = baseline_of(run, site)
    for track in outcome.tracks:
        name = f"{track.series.sensor} {track.series.track}"
        quiet = int(track.series.in_baseline.sum())
        yield Check(
            code="baseline-looks",
            description=f"looks in the baseline window, {name}",
            threshold=f">= {baseline.minimum_looks}",
            actual=str(quiet),
            result="pass" if quiet >= baseline.minimum_looks else "warn",
        )
        if quiet and as_of is not None:
            last = max(
                moment
                for moment, inside in zip(
                    track.series.acquired, track.series.in_baseline, strict=True
                )
                if inside
            )
            age = (as_of - last).total_seconds() / 86400.0
            yield Check(
                code="baseline-age",
                description=f"age of the newest baseline look, {name}",
                threshold=f"<= {baseline.max_age_days} days",
                actual=f"{age:.0f} days",
                result="pass" if age <= baseline.max_age_days else "warn",
            )
        yield residual_check(track, name)


def standing_words(standing: str) -> str:
    """Return who signed, as the table of checks says it."""
    return {"joint": "signed by all parties", "national": "signed by some parties"}.get(
        standing, "not signed"
    )


def residual_check(track: TrackOutcome, name: str) -> Check:
    """Return the check on the largest registration residual of a track."""
    residuals = [
        facts["registration"]["residual_px"]
        for facts in track.scene_facts.values()
        if facts.get("registration") and facts["registration"].get("residual_px") is not None
    ]
    worst = max(residuals, default=None)
    return Check(
        code="registration-residual",
        description=f"largest registration residual, {name}",
        threshold=f"<= {LARGEST_RESIDUAL_PX} px",
        actual="not measured" if worst is None else f"{worst:.3f} px",
        result=(
            "not-applicable" if worst is None
            else "pass" if worst <= LARGEST_RESIDUAL_PX else "warn"
        ),
    )  # fmt: skip


def limits_of(outcome: SiteOutcome) -> tuple[str, ...]:
    """Return the codes of what this record cannot say."""
    limits = ["not-proof-of-intent", "says-nothing-about-undeclared-places"]
    if not outcome.quiet_rates:
        limits.append("not-calibrated")
    if any(look.outcome == "not-observed" for look in outcome.assessments):
        limits.append("some-looks-not-observed")
    if any(look.outcome == "not-observable" for look in outcome.assessments):
        limits.append("some-indicators-not-observable")
    return tuple(limits)


def method_of(run: Run, site: Site) -> dict[str, Any]:
    """Return the resolved parameters behind every number of this record."""
    from pipeline.assessment import indicators, measures, series  # noqa: PLC0415
    from pipeline.workflows.planning import site_indicators  # noqa: PLC0415

    return {
        "baseline": baseline_of(run, site).model_dump(mode="json", by_alias=True),
        "indicators": [
            item.model_dump(mode="json", by_alias=True) for item in site_indicators(run, site)
        ],
        "harmonics": series.HARMONICS,
        "least_observed_share": indicators.LEAST_OBSERVED,
        "pixel_alpha": measures.PIXEL_ALPHA,
        "step_alarm_score": STEP_ALARM_SCORE,
    }


@cache
def _installed() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for name in ("fairwitness", *LIBRARIES):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "source"
    return found


def versions() -> dict[str, str]:
    """Return the versions of everything that can move a number."""
    return dict(_installed())


def scene_input(
    scene: Any,
    *,
    status: Any,
    reason: str = "",
    files: Sequence[InputFile] = (),
    facts: Mapping[str, Any] | None = None,
) -> SceneInput:
    """Return the record's line of one scene."""
    known = facts or {}
    shift = known.get("registration")
    return SceneInput(
        scene=scene.id,
        sensor=scene.sensor,
        track=scene.track,
        tile=scene.tile,
        acquired=scene.acquired,
        provider=scene.provider,
        status=status,
        reason=reason,
        processing_baseline=scene.processing_baseline,
        files=tuple(files),
        registration=Registration(**shift) if shift else None,
        normalization=dict(known.get("normalization", {})),
        notes=tuple(scene.notes) + tuple(known.get("notes", ())),
    )  # fmt: skip
