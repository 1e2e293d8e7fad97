"""How rare each look is, what would have been seen, and what both say of calibration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.assessment.allowance import budgets
from pipeline.assessment.certainty import Known
from pipeline.assessment.detectability import (
    Seeker,
    detections,
    not_measured,
    recorded,
)
from pipeline.assessment.injecting import Look
from pipeline.assessment.observables import method_for
from pipeline.assessment.quiet_ground import quiet_assessor
from pipeline.assessment.quiet_rates import quiet_rates
from pipeline.assessment.rarity import ranked, rarities
from pipeline.kernels.baseline import predict
from pipeline.kernels.masking import OBSERVED
from pipeline.workflows.monitor.layers import look_pixels
from pipeline.workflows.monitor.variants import assessor_for
from pipeline.workflows.planning import known_sensors, site_indicators

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pipeline.agreement import Site
    from pipeline.assessment.allowance import Budget
    from pipeline.assessment.detectability import Detection
    from pipeline.assessment.indicators import TrackAssessor
    from pipeline.assessment.rarity import Rarity
    from pipeline.assessment.record import Assessment, Detectability, QuietRate
    from pipeline.workflows.monitor.record import TrackOutcome
    from pipeline.workflows.planning import Run

# A zone less seen than this is no place to put a change into.
LEAST_OBSERVED = 0.7
# Full width at half maximum of a Gaussian over its standard deviation.
FWHM_PER_SIGMA = 2.3548
# Standard deviation in dB of one look of exponential speckle: 10/ln 10.
DB_OF_ONE_LOOK = 4.343

Key = tuple[str, str, str, str]


@dataclass(frozen=True)
class Calibration:
    """What the quiet history and injections of a site say.

    Attributes
    ----------
    rarities
        (zone, indicator, sensor, track) to how rare its looks are.
    detections
        The same to what injection found, one a contrast.
    unmeasured
        Lines of the record on what nothing was injected for.
    newest
        (sensor, track) to the place of the look that changes were put into.
    """

    rarities: Mapping[Key, Rarity]
    detections: Mapping[Key, tuple[Detection, ...]]
    unmeasured: tuple[Detectability, ...]
    newest: Mapping[tuple[str, str], int]


def site_budgets(run: Run, site: Site) -> dict[str, Budget]:
    """Return what the allowance leaves for one judgement of each indicator of a site."""
    sensors = known_sensors(run.settings)
    judged = []
    for indicator in site_indicators(run, site):
        zones = [z for z in site.zones if indicator in run.agreement.indicators_for(site, z)]
        revisits = tuple(
            sensors[key].revisit_days
            for key in indicator.sensors
            if key in sensors
            and method_for(indicator.observable, sensors[key].physical).measure != "none"
        )
        judged.append((indicator, len(zones), revisits))
    allowance = run.agreement.false_alarm_allowance.alarms_per_site_year
    return budgets(judged, alarms_per_site_year=allowance)


def site_rarities(run: Run, site: Site, tracks: Iterable[TrackOutcome]) -> dict[Key, Rarity]:
    """Return how rare the looks of every zone, indicator, sensor and track are."""
    spent = site_budgets(run, site)
    found: dict[Key, Rarity] = {}
    for track in tracks:
        placed: dict[int, TrackAssessor] = {}
        for indicator in site_indicators(run, site):
            if track.series.sensor not in indicator.sensors or indicator.id not in spent:
                continue
            zones = _zones(run, site, indicator)
            baseline = run.baseline_for(indicator)
            assessor = assessor_for(track, site, indicator, baseline)
            if id(assessor) not in placed:
                placed[id(assessor)] = quiet_assessor(assessor, track.ground)
            ground = placed[id(assessor)]
            of_zones = rarities(assessor, ground, indicator, zones, spent[indicator.id])
            for zone, rarity in of_zones.items():
                found[(zone, indicator.id, track.series.sensor, track.series.track)] = rarity
    return found


def _zones(run: Run, site: Site, indicator: Any) -> tuple[str, ...]:
    return tuple(
        zone.id for zone in site.zones if indicator in run.agreement.indicators_for(site, zone)
    )


def ranked_looks(looks: Iterable[Assessment], found: Mapping[Key, Rarity]) -> list[Assessment]:
    """Return every look with its calibrated p, in the order given."""
    out = []
    for look in looks:
        rarity = found.get((look.zone, look.indicator, look.sensor, look.track))
        out += [look] if rarity is None else ranked([look], rarity)
    return out


def calibrated(
    run: Run,
    site: Site,
    tracks: Sequence[TrackOutcome],
    found: Mapping[Key, Rarity],
    looks: Sequence[Assessment],
) -> Calibration:
    """Put changes into the newest usable look of every track, and gather what is known."""
    seen: dict[Key, tuple[Detection, ...]] = {}
    unmeasured: list[Detectability] = []
    newest: dict[tuple[str, str], int] = {}
    for track in tracks:
        series = track.series
        index = newest_usable(track)
        if index is None:
            unmeasured += [
                not_measured(zone, series, None, "no-usable-look") for zone in series.zones
            ]
            continue
        newest[(series.sensor, series.track)] = index
        seekers = _seekers(run, site, track, found, looks)
        seed = f"{site.id}|{series.sensor}|{series.track}|{series.scenes[index]}"
        hits, reasons = detections(look_of(track, index), seekers, seed=seed)
        for hit in hits:
            key = (hit.zone, hit.indicator, series.sensor, series.track)
            seen[key] = (*seen.get(key, ()), hit)
        unmeasured += _unmeasured(run, site, track, seen, reasons)
    return Calibration(found, seen, tuple(unmeasured), newest)


def _seekers(
    run: Run,
    site: Site,
    track: TrackOutcome,
    found: Mapping[Key, Rarity],
    looks: Sequence[Assessment],
) -> list[Seeker]:
    sensor, name = track.series.sensor, track.series.track
    seekers = []
    for indicator in site_indicators(run, site):
        mine = {
            zone: found[(zone, indicator.id, sensor, name)]
            for zone in track.series.zones
            if (zone, indicator.id, sensor, name) in found
        }
        widths = {
            look.zone: look.value - look.interval[0]
            for look in looks
            if (look.indicator, look.sensor, look.track) == (indicator.id, sensor, name)
            and look.interval is not None
            and look.value is not None
        }
        if mine:
            baseline = run.baseline_for(indicator)
            assessor = assessor_for(track, site, indicator, baseline)
            seekers.append(Seeker(indicator, assessor, mine, widths))
    return seekers


def _unmeasured(
    run: Run,
    site: Site,
    track: TrackOutcome,
    seen: Mapping[Key, Any],
    reasons: Mapping[str, str],
) -> list[Detectability]:
    lines = []
    for indicator in site_indicators(run, site):
        if track.series.sensor not in indicator.sensors:
            continue
        for zone in _zones(run, site, indicator):
            if (zone, indicator.id, track.series.sensor, track.series.track) not in seen:
                reason = reasons.get(indicator.id, "not-observable-here")
                lines.append(not_measured(zone, track.series, indicator.id, reason))
    return lines


def newest_usable(track: TrackOutcome) -> int | None:
    """Return the newest look on which half of the zones were seen; None without any."""
    weights = np.stack(list(track.series.zones.values())).astype(np.float64)
    whole = np.maximum(weights.sum(axis=1), 1e-9)
    for index in reversed(range(len(track.series.codes))):
        shares = weights @ (track.series.codes[index] == OBSERVED) / whole
        if (shares >= LEAST_OBSERVED).mean() >= 0.5:
            return index
    return None


def look_of(track: TrackOutcome, index: int) -> Look:
    """Return the pixels of one look, ready for changes to be put in."""
    data, sensor = look_pixels(track, index), track.plan.sensor
    bands = {
        sensor.band(name).role: np.where(data.valid[0], data.value[0, number], np.nan)
        for number, name in enumerate(track.plan.bands)
    }
    pixel_m = float(np.sqrt(track.series.pixel_area_m2))
    radar = sensor.physical == "gamma0"
    noise_db = min(band.noise for band in sensor.bands)
    return Look(
        index=index,
        bands=bands,
        pixel_m=pixel_m,
        psf_sigma_m=sensor.psf_m / FWHM_PER_SIGMA,
        speckle_looks=(DB_OF_ONE_LOOK / noise_db) ** 2 if radar else None,
        background=_expected_power(track, index, bands) if radar else bands,
    )


def _expected_power(
    track: TrackOutcome, index: int, bands: Mapping[str, np.ndarray[Any, Any]]
) -> dict[str, np.ndarray[Any, Any]]:
    """Return what the baseline expects of each band; where it does not reach, the look itself."""
    found = {}
    for role, band in bands.items():
        name = f"{role}_db"
        if name not in track.series.features:
            found[role] = band
            continue
        of_look = predict(track.assessor.score(name).baseline, track.series.days[index])
        expected = track.series.on_grid(of_look.value[0, 0])
        power = (10.0 ** (expected / 10.0)).astype(np.float32)
        found[role] = np.where(np.isfinite(power), power, band)
    return found


def detectability_lines(
    calibration: Calibration, tracks: Iterable[TrackOutcome]
) -> list[Detectability]:
    """Return the record's detectability, by sensor, track, zone, indicator and contrast."""
    lines = list(calibration.unmeasured)
    for track in tracks:
        pair = (track.series.sensor, track.series.track)
        for key, hits in calibration.detections.items():
            if key[2:] == pair:
                index = calibration.newest[pair]
                lines += [recorded(hit, track.series, index) for hit in hits]
    return sorted(lines, key=lambda d: (d.sensor, d.track, d.zone, d.indicator or "", d.contrast))


def rate_lines(calibration: Calibration) -> list[QuietRate]:
    """Return the site's own nominal against empirical rates on its quiet history."""
    return quiet_rates(calibration.rarities)


def known_of(run: Run, calibration: Calibration) -> Known:
    """Return what findings are held against."""
    sensors = known_sensors(run.settings)
    return Known(
        rarities=calibration.rarities,
        detections=calibration.detections,
        kinds={key: sensor.physical for key, sensor in sensors.items()},
        term_scale=run.agreement.term_scale,
    )
