"""Validate a run before it starts: agreement, sites, coverage, allowances, and what would run."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

from pipeline.agreement import OBSERVABLES
from pipeline.assessment.observables import NO_METHOD, method_for
from pipeline.workflows.monitor.calibrating import site_budgets
from pipeline.workflows.planning import (
    baseline_of,
    in_window,
    known_sensors,
    load_run,
    open_shelf,
    refuse_misplaced,
    site_indicators,
    site_scenes,
)
from pipeline.workflows.supported import SiteSupport

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from pathlib import Path

    from pipeline.agreement import Indicator, Site, Zone
    from pipeline.assessment.allowance import Budget
    from pipeline.imagery.scene import Scene
    from pipeline.workflows.planning import Run, SiteScenes


@dataclass(frozen=True)
class Line:
    """One printed line and its kind: ok, warn, fail or refused."""

    kind: str
    text: str


@dataclass(frozen=True)
class Sheet:
    """All lines, and the exit code they come to."""

    lines: tuple[Line, ...]
    exit_code: int


def check_settings(settings: Path) -> Sheet:
    """Return the lines of ``fairwitness check``; nothing is written, no raster is opened.

    Raises
    ------
    SettingsError, AgreementError, GeometryError
        As the files deserve; also where no scene of any date meets any site, or an
        indicator names a sensor nobody describes.
    """
    run = load_run(settings)
    lines = [
        Line("ok", f"agreement {run.agreement.id}: {run.agreement.title}"),
        Line("ok", f"  digest {run.agreement.sha256}, standing {run.standing_at(run.as_of)}"),
        *(Line("warn", f"  {text}") for text in run.agreement.warnings),
        Line("ok", f"  {len(run.notifications)} notifications on file"),
    ]
    shelf = open_shelf(run)
    found = [site_scenes(run, site, shelf) for site in run.sites]
    for site, scenes in zip(run.sites, found, strict=True):
        lines += _site_lines(run, site, scenes)
    if unplaced := len(found[-1].unplaced):
        lines.append(Line("warn", f"items on file that name no place: {unplaced} (see scenes)"))
    refuse_misplaced(run, found)
    kinds = {line.kind for line in lines}
    return Sheet(tuple(lines), 2 if "refused" in kinds else 1 if "fail" in kinds else 0)


def _site_lines(run: Run, site: Site, found: SiteScenes) -> list[Line]:
    run = run.of_day(found.as_of)
    head = f"site {site.id}: {site.area_km2:.1f} km2, {len(site.zones)} zones"
    lines = [Line("ok", head)]
    lines += [Line("fail", f"  FAILED catalogue: {text}") for text in found.catalogue_failures]
    looks = looks_among(found.scenes)
    lines += _coverage_lines(run, site, looks)
    support, spent = SiteSupport(run, site, looks), site_budgets(run, site)
    for indicator in site_indicators(run, site):
        carried, described = _indicator_lines(run, site, indicator, looks)
        lines += described
        if carried and looks and indicator.id in spent:
            lines += _allowance_lines(support, indicator, carried, spent[indicator.id])
    return lines


def looks_among(scenes: Iterable[Scene]) -> list[Scene]:
    """Return one scene of each look: tiles of one datatake are one observation of the site."""
    first: dict[tuple[str, str, str], Scene] = {}
    for scene in scenes:
        first.setdefault((scene.sensor, scene.track, scene.datatake or scene.id), scene)
    return list(first.values())


def _coverage_lines(run: Run, site: Site, looks: list[Scene]) -> list[Line]:
    if not looks:
        return [Line("warn", "  no scene found: the report will read not observed")]
    baseline = baseline_of(run, site)
    lines = []
    counts = Counter((look.sensor, look.track) for look in looks)
    for (sensor, track), count in sorted(counts.items()):
        of_track = [look for look in looks if (look.sensor, look.track) == (sensor, track)]
        quiet = sum(in_window(look.acquired, baseline) for look in of_track)
        enough = quiet >= baseline.minimum_looks
        lines.append(
            Line(
                "ok" if enough else "warn",
                f"  {sensor} {track}: {count} looks, {quiet} in the baseline window"
                + ("" if enough else f", fewer than the agreed {baseline.minimum_looks}"),
            )
        )
    return lines


def _indicator_lines(
    run: Run, site: Site, indicator: Indicator, looks: list[Scene]
) -> tuple[list[str], list[Line]]:
    """Return the sensors that carry an indicator, and what is to be said of it."""
    zones = [zone.id for zone in _zones(run, site, indicator)]
    carried, others = _carried(run, indicator)
    if not carried:
        text = f"  {indicator.id}: not observable with {', '.join(indicator.sensors)}"
        return [], [Line("warn", text)]
    lines = [
        Line("ok", f"  {indicator.id}: zones {', '.join(zones)}, sensors {', '.join(carried)}")
    ]
    lines += [
        Line("warn", f"    {sensor} cannot carry {indicator.observable}") for sensor in others
    ]
    times = [look.acquired for look in looks if look.sensor in carried]
    if len(times) >= 2:
        lines += _rhythm_lines(indicator, median_gap_days(times))
    return carried, lines


def _zones(run: Run, site: Site, indicator: Indicator) -> list[Zone]:
    return [zone for zone in site.zones if indicator in run.agreement.indicators_for(site, zone)]


def _carried(run: Run, indicator: Indicator) -> tuple[list[str], list[str]]:
    """Return the indicator's sensors that can measure it, and those that cannot."""
    sensors = known_sensors(run.settings)
    domain = OBSERVABLES[indicator.observable].domain
    carried: list[str] = []
    others: list[str] = []
    for key in indicator.sensors:
        physical = sensors[key].physical
        fits = domain in {"either", "radar" if physical == "gamma0" else "optical"}
        measured = fits and method_for(indicator.observable, physical) != NO_METHOD
        (carried if measured else others).append(key)
    return carried, others


def median_gap_days(times: list[datetime]) -> float:
    """Return the median time between looks on distinct days, in days; at least one."""
    days = sorted({moment.astimezone(UTC).date() for moment in times})
    return float(median([(b - a).days for a, b in pairwise(days)] or [1]))


def _rhythm_lines(indicator: Indicator, gap_days: float) -> list[Line]:
    """Say what the agreed confirmation and exemption ask of looks that come too seldom."""
    lines = []
    rule = indicator.confirmation
    rhythm = f"looks come every {gap_days:g} days"
    if (rule.k - 1) * gap_days > rule.window_days:
        within = f"{rule.k} looks within {rule.window_days} days"
        lines.append(Line("warn", f"    cannot be confirmed: {within} are asked, {rhythm}"))
    exempt = indicator.transit_exemption_days
    if exempt and 2 * gap_days > exempt:  # two looks must fall into a stay to tell its length
        transit = f"transit of up to {exempt} days cannot be told from a longer stay"
        lines.append(Line("warn", f"    {transit}: {rhythm}"))
    return lines


def _allowance_lines(
    support: SiteSupport, indicator: Indicator, carried: list[str], spent: Budget
) -> list[Line]:
    """Refuse an allowance that quiet looks cannot carry, and say what would carry it."""
    rule = indicator.confirmation
    lines = [
        Line(
            "ok",
            f"    allowance: alpha {spent.alpha:.2g} per judgement, {spent.alpha_per_look:.2g} per"
            f" look with {rule.k} of {rule.n}; needs {spent.quiet_looks_needed} quiet looks",
        )
    ]
    for found in (item for sensor in carried for item in support.of(indicator, sensor)):
        text = (
            f"    {found.sensor} {found.track}: {found.sample} quiet looks of {found.places} places"
            f" like {', '.join(found.zones)}"
        )
        if found.carries(spent):
            lines.append(Line("ok", text))
        else:
            would = found.remedies(spent, rule.k, rule.n)
            lines.append(Line("refused", f"{text}: allowance refused; {would} would carry it"))
    return lines
