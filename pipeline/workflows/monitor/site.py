"""One site, from its scenes to its product; the order of steps, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pipeline.assessment.findings import Surroundings, zone_findings
from pipeline.assessment.injected_truth import likelihood_reliability
from pipeline.assessment.notifications import seen
from pipeline.assessment.record import Failure
from pipeline.assessment.rhythm import rhythms
from pipeline.progress import silent
from pipeline.workflows.monitor import admitting, calibrating, evidence, layers, product, tracks
from pipeline.workflows.monitor import record as recording
from pipeline.workflows.monitor.fingerprint import fingerprint, is_done, remember
from pipeline.workflows.monitor.variants import assessor_for
from pipeline.workflows.passes import opportunities
from pipeline.workflows.planning import in_force, known_sensors, site_indicators

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import date, datetime

    from pipeline.agreement import Site
    from pipeline.assessment.record import (
        Assessment,
        Finding,
        NotifiedActivity,
        Report,
        Rhythm,
        SceneStep,
    )
    from pipeline.progress import Show
    from pipeline.workflows.monitor.admitting import AdmittedScenes
    from pipeline.workflows.monitor.record import SiteOutcome, TrackOutcome
    from pipeline.workflows.planning import Run, SiteScenes

#: Longest text of a failure; evidence holds no longer one.
MESSAGE_LIMIT = 2000


NOTHING = recording.SiteOutcome((), (), (), (), (), (), (), (), {})
#: Of one site, once its scenes are admitted.
STEPS = ("read", "measured", "calibrated", "written")


@dataclass(frozen=True)
class SiteJob:
    """One site to do; it travels to a worker whole."""

    run: Run
    site: Site
    scenes: SiteScenes


@dataclass(frozen=True)
class SiteLine:
    """What a run says of one site.

    Attributes
    ----------
    status
        ``complete``, ``unchanged`` or ``failed``.
    """

    site: str
    status: str
    text: str


def monitor_site(job: SiteJob, *, show: Show = silent) -> SiteLine:
    """Bring one site's product up to date and say what was done.

    Where scenes, agreement, notifications and code are those of the product on disk, no
    raster is opened and no byte changes. `show` is told of scenes admitted and steps done.
    """
    mark = fingerprint(job.run, job.site, job.scenes)
    folder = product.folder_of(job.run, job.site, job.scenes.as_of)
    if is_done(job.run, folder, mark):
        return SiteLine(job.site.id, "unchanged", f"{job.site.id}: nothing new")
    admitted = admitting.admit_scenes(job.run, job.site, job.scenes, show=show)
    outcome, files = judged(job, admitted, show=show)
    files[evidence.FILE] = evidence.evidence_bytes(job, admitted)
    report = recording.report_of(job.run, job.site, job.scenes, outcome)
    product.write(folder, report, job.site, files)
    _step(show, job, "written")
    if report.status == "complete":
        remember(job.run, folder, mark)
    return _line(job, report)


def failed_site(job: SiteJob, error: tuple[str, str]) -> SiteLine:
    """Write the product of a site that could not be processed: it reads FAILED."""
    code, message = error
    failure = Failure(code=code, message=message[:MESSAGE_LIMIT])
    report = failed_report(job, failure)
    folder = product.folder_of(job.run, job.site, job.scenes.as_of)
    product.write(folder, report, job.site, {evidence.FILE: evidence.failed_bytes(job, failure)})
    return _line(job, report)


def failed_report(job: SiteJob, failure: Failure) -> Report:
    """Return the record of a site that failed as a whole."""
    outcome = replace(NOTHING, failures=(failure,))
    return recording.report_of(job.run, job.site, job.scenes, outcome)


def _line(job: SiteJob, report: Any) -> SiteLine:
    if report.status == "failed":
        messages = [failure.message for failure in report.failures]
        messages += list(job.scenes.catalogue_failures)
        more = f" and {len(messages) - 1} more" if len(messages) > 1 else ""
        return SiteLine(job.site.id, "failed", f"{job.site.id}: FAILED: {messages[0]}{more}")
    states: dict[str, int] = {}
    for finding in report.findings:
        states[finding.headline] = states.get(finding.headline, 0) + 1
    told = ", ".join(f"{count} {word}" for word, count in sorted(states.items())) or "no finding"
    looks = f"{report.summary.looks_usable} of {report.summary.looks_found} looks usable"
    if report.summary.sentence_code == "not-observed":
        told = "not observed"
    return SiteLine(job.site.id, "complete", f"{job.site.id}: {told}; {looks}")


def _step(show: Show, job: SiteJob, step: str) -> None:
    show("steps", done=1 + STEPS.index(step), total=len(STEPS), text=f"{job.site.id} {step}")


def judged(
    job: SiteJob, admitted: AdmittedScenes, *, show: Show = silent
) -> tuple[SiteOutcome, dict[str, bytes]]:
    """Return what a site's admitted scenes come to, and its layers; no catalogue is needed."""
    if job.scenes.as_of is None:  # no look, and no end that was asked for: nothing to judge
        return NOTHING, {}
    job = replace(job, run=job.run.of_day(job.scenes.as_of))
    done = tracks.track_outcomes(job.run, job.site, admitted)
    _step(show, job, "read")
    rarities = calibrating.site_rarities(job.run, job.site, done)
    assessments = tuple(calibrating.ranked_looks(_assessments(job, done), rarities))
    _step(show, job, "measured")
    calibration = calibrating.calibrated(job.run, job.site, done, rarities, assessments)
    _step(show, job, "calibrated")
    steps = tuple(recording.scene_steps(done))
    around = surroundings(job.run, job.site, job.scenes, done, steps)
    around = replace(around, known=calibrating.known_of(job.run, calibration))
    findings = tuple(site_findings(job.run, job.site, assessments, around))
    detectability = tuple(calibrating.detectability_lines(calibration, done))
    outcome = recording.SiteOutcome(
        tracks=done,
        assessments=assessments,
        findings=findings,
        notified=tuple(_notified(around, findings, assessments, detectability)),
        detectability=detectability,
        inputs=admitting.inputs_of(job.scenes, admitted, done),
        failures=admitted.failures,
        steps=steps,
        next_looks=around.next_looks,
        rhythms=tuple(_rhythms(job, assessments)),
        quiet_rates=tuple(calibrating.rate_lines(calibration)),
        likelihood_reliability=likelihood_reliability(calibration.rarities, calibration.detections),
    )
    return outcome, layers.layer_files(done, job.site.polygon)


def _assessments(job: SiteJob, done: Sequence[TrackOutcome]) -> list[Assessment]:
    found: list[Assessment] = []
    for track in done:
        for zone in job.site.zones:
            for indicator in job.run.agreement.indicators_for(job.site, zone):
                if track.series.sensor not in indicator.sensors:
                    continue
                baseline = job.run.baseline_for(indicator)
                assessor = assessor_for(track, job.site, indicator, baseline)
                declared = declared_values(job.site, indicator.id, zone.id)
                found += assessor.assess(indicator, zone.id, baseline=baseline, declared=declared)
    return sorted(found, key=lambda look: (look.zone, look.indicator, look.acquired, look.id))


def declared_values(site: Site, indicator: str, zone: str) -> Callable[[date], float | None]:
    """Return day to the value last declared up to it for an indicator in a zone, or None."""

    def value(day: date) -> float | None:
        last = site.last_declaration(indicator, zone, day)
        return None if last is None else float(last.value)

    return value


def _rhythms(job: SiteJob, looks: Sequence[Assessment]) -> list[Rhythm]:
    """Return how often every zone was busy, indicator by indicator with its own window."""
    found: list[Rhythm] = []
    for indicator in site_indicators(job.run, job.site):
        own = [look for look in looks if look.indicator == indicator.id]
        found += rhythms(own, window_days=indicator.confirmation.window_days)
    return found


def surroundings(
    run: Run,
    site: Site,
    scenes: SiteScenes,
    done: Sequence[TrackOutcome],
    steps: Sequence[SceneStep],
) -> Surroundings:
    """Return what the findings of a site are held against, but for what injections found.

    Parameters
    ----------
    done
        The tracks.
    steps
        Of those tracks, from `record.scene_steps`.

    Raises
    ------
    ValueError
        There is neither a look nor an end of the period.
    """
    as_of = scenes.as_of
    if as_of is None:
        raise ValueError("findings need a period, and a period needs a look or an end")
    seen = Surroundings(
        notifications=in_force(run.notifications, site.id, as_of),
        as_of=as_of,
        residuals_px=tracks.residuals(done),
        step_alarms=frozenset(),
        masked=tracks.masked_shares(done),
        next_looks=_next_looks(run, scenes, as_of),
        baseline_ends={},
    )
    return rebased(seen, done, steps)


def rebased(
    around: Surroundings, done: Sequence[TrackOutcome], steps: Sequence[SceneStep]
) -> Surroundings:
    """Return surroundings of the same looks and masks, held against the baseline of `done`."""
    return replace(
        around,
        step_alarms=frozenset(
            (step.sensor, step.track, step.acquired) for step in steps if step.alarm
        ),
        baseline_ends=tracks.baseline_ends(done),
        nuisances=tracks.nuisances(done),
    )


def _next_looks(run: Run, scenes: SiteScenes, as_of: datetime) -> dict[tuple[str, str], date]:
    found = opportunities(scenes.scenes, known_sensors(run.settings), start=as_of, days=60)
    first: dict[tuple[str, str], date] = {}
    for item in found:
        first.setdefault((item.sensor, item.track), item.when.date())
    return first


def site_findings(
    run: Run, site: Site, assessments: Iterable[Assessment], around: Surroundings
) -> list[Finding]:
    """Return what the assessments of a site's monitoring add up to, by indicator and zone."""
    groups: dict[tuple[str, str], list[Assessment]] = {}
    for look in assessments:
        if look.phase == "monitoring":
            groups.setdefault((look.indicator, look.zone), []).append(look)
    found: list[Finding] = []
    for indicator in site_indicators(run, site):
        max_age = run.baseline_for(indicator).max_age_days
        for zone in site.zones:
            looks = groups.get((indicator.id, zone.id), [])
            found += zone_findings(indicator, looks, around, max_age_days=max_age)
    return found


def _notified(
    around: Surroundings,
    findings: Sequence[Finding],
    looks: Sequence[Assessment],
    detectability: Sequence[Any],
) -> list[NotifiedActivity]:
    known = frozenset(item.zone for item in detectability if item.smallest_m2 is not None)
    told = [
        seen(item, findings, looks, as_of=around.as_of, detectable=known)
        for item in around.notifications
    ]
    return [item for item in told if item is not None]
