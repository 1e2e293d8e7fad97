"""From admitted scenes to one assessor per sensor and track, window by window."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.assessment.features import evaluate
from pipeline.assessment.indicators import TrackAssessor
from pipeline.assessment.nuisances import HEAVY_HAZE, hazy_looks, look_nuisances
from pipeline.assessment.observables import features_needed, method_for
from pipeline.assessment.quiet_ground import NO_GROUND, ground_mask, placements_of
from pipeline.assessment.series import TrackSeries
from pipeline.errors import ProductError
from pipeline.imagery.grid import native_grid, pixel_metres, ring_mask, site_grid, zone_fractions
from pipeline.imagery.stack import KeptPlacings, StackOptions, plan_stack, stack_pixels
from pipeline.kernels.masking import CLOUD, OBSERVED, SHADOW, among
from pipeline.threads import side_by_side
from pipeline.workflows.monitor.fingerprint import code_digest
from pipeline.workflows.monitor.masks import agreed_dilation, replayed_looks
from pipeline.workflows.monitor.record import TrackOutcome
from pipeline.workflows.planning import (
    baseline_of,
    in_window,
    known_sensors,
    site_indicators,
    start_of_day,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime
    from pathlib import Path

    from numpy.typing import NDArray
    from odc.geo.geobox import GeoBox

    from pipeline.agreement import Site
    from pipeline.assessment.nuisances import LookNuisances
    from pipeline.assessment.quiet_ground import Ground
    from pipeline.imagery.sensors import Sensor
    from pipeline.imagery.stack import StackPlan
    from pipeline.imagery.stack.looks import AdmittedScene
    from pipeline.store.chips import ChipStore
    from pipeline.workflows.monitor.admitting import AdmittedScenes
    from pipeline.workflows.planning import Run

# The median of so many is known to 1 % of their spread, of radar power to 0.01 dB: more would add
# nothing to a step of the scene that is told in tenths, and cost time and memory on a large site.
MOST_RING_PIXELS = 30_000


def track_outcomes(run: Run, site: Site, admitted: AdmittedScenes) -> tuple[TrackOutcome, ...]:
    """Return one outcome per sensor and track that has scenes, sorted by both."""
    groups = admitted.by_track()
    return tuple(_outcome(run, site, admitted, key) for key in sorted(groups) if groups[key].scenes)


def _outcome(run: Run, site: Site, admitted: AdmittedScenes, key: tuple[str, str]) -> TrackOutcome:
    group = admitted.by_track()[key]
    sensor = known_sensors(run.settings)[key[0]]
    methods = [
        method_for(item.observable, sensor.physical)
        for item in site_indicators(run, site)
        if sensor.key in item.sensors
    ]
    names = tuple(n for n in features_needed(methods) if _roles_of(n) <= _roles(sensor))
    plan = plan_stack(
        group.scenes,
        geobox=site_geobox(site, sensor, admitted),
        sensor=sensor,
        chips=admitted.chips,
        failed=group.failed,
        options=StackOptions(
            bands=_bands_for(names, sensor),
            baseline_end=start_of_day(baseline_of(run, site).end),
            dilation_m=agreed_dilation(run, site, sensor, group.scenes, admitted.chips),
        ),
        kept=_kept_placings(admitted.placed, key),
    )
    _refuse_lost(plan, group.scenes, admitted.chips)
    ground = quiet_ground(plan, site)
    series = track_series(plan, site, admitted.chips, names, baseline_of(run, site), ground)
    facts = {scene.id: _facts(look, plan) for look in plan.looks for scene in look.look.scenes}
    return TrackOutcome(series, TrackAssessor(series), facts, plan, admitted.chips, ground)


def _refuse_lost(plan: StackPlan, scenes: Iterable[AdmittedScene], chips: ChipStore) -> None:
    """Raise ProductError where evidence went away since it was admitted: its look was seen."""
    failed = {scene.id for look in plan.looks for scene, _ in look.look.failed}
    for admitted in scenes:
        if admitted.scene.id in failed:
            for sha256 in admitted.chips.values():
                if not chips.holds(sha256):
                    rule = "chip went missing or was altered while it was in use"
                    raise ProductError(rule, file=chips.path(sha256))


def _kept_placings(folder: Path | None, key: tuple[str, str]) -> KeptPlacings | None:
    if folder is None:
        return None
    return KeptPlacings(folder / f"{track_stem(*key)}.json", code_digest())


def track_stem(sensor: str, track: str) -> str:
    """Return a file name for what belongs to one sensor and track."""
    return re.sub(r"[^A-Za-z0-9-]+", "-", f"{sensor}-{track}")


def _roles_of(feature: str) -> frozenset[str]:
    from pipeline.assessment.features import FEATURES  # noqa: PLC0415

    return frozenset(FEATURES[feature].roles)


def _roles(sensor: Sensor) -> frozenset[str]:
    return frozenset(band.role for band in sensor.bands)


def _bands_for(features: Iterable[str], sensor: Sensor) -> tuple[str, ...]:
    """Return the bands the features and the report's pictures need, in the sensor's order."""
    roles = {role for name in features for role in _roles_of(name)}
    roles |= {"vv", "vh"} if sensor.physical == "gamma0" else {"blue", "green", "red", "nir"}
    return tuple(band.name for band in sensor.bands if band.role in roles)


def site_geobox(site: Site, sensor: Sensor, admitted: AdmittedScenes) -> GeoBox:
    """Return the native grid of the sensor's finest band over site and ring."""
    grids = admitted.grids(sensor)
    crs, transform = native_grid(grids, site.polygon)
    return site_grid([site.polygon, site.context_ring], crs=crs, transform=transform)


def baseline_mask(acquired: Sequence[datetime], baseline: Any) -> NDArray[np.bool_]:
    """Return (time,) True inside a baseline window; nowhere where there is none."""
    if baseline is None:
        return np.zeros(len(acquired), dtype=bool)
    return np.array([in_window(moment, baseline) for moment in acquired], dtype=bool)


def quiet_ground(plan: StackPlan, site: Site) -> Ground:
    """Return where the shapes of a site's zones lie on its context ring."""
    polygons = [zone.polygon for zone in site.zones]
    weights = zone_fractions(polygons, plan.geobox)
    ring = ring_mask(site.context_ring, polygons, plan.geobox)
    ids = [zone.id for zone in site.zones]
    return placements_of(dict(zip(ids, weights, strict=True)), ring)


def track_series(
    plan: StackPlan,
    site: Site,
    chips: Any,
    features: tuple[str, ...],
    baseline: Any,
    ground: Ground = NO_GROUND,
    *,
    unmasked: tuple[int, ...] = (),
) -> TrackSeries:
    """Read a stack look by look and keep the pixels of zones, ring and placements.

    Coverage codes in `unmasked` count as ground where there are values. Memory: one look of the
    whole site a thread, and (time × feature × kept pixel) × 4 bytes.
    """
    geobox = plan.geobox
    weights = zone_fractions([zone.polygon for zone in site.zones], geobox)
    ring = sampled_ring(ring_mask(site.context_ring, [z.polygon for z in site.zones], geobox))
    kept = ring | (weights > 0).any(axis=0) | ground_mask(ground, ring.shape)
    rows, columns = (part.astype(np.int32) for part in np.nonzero(kept))
    places, looks = np.flatnonzero(kept), len(plan.looks)
    values = {name: np.empty((looks, places.size), np.float32) for name in features}
    codes = np.empty((looks, places.size), np.uint8)

    def read(look: int) -> None:
        found, reason = look_features(plan, chips, look, features, unmasked)
        np.take(reason, places, out=codes[look], mode="clip")
        for name, image in found.items():
            np.take(image, places, out=values[name][look], mode="clip")

    side_by_side(read, range(looks))
    acquired = tuple(look.look.acquired for look in plan.looks)
    series = TrackSeries(
        sensor=plan.sensor.key,
        physical=plan.sensor.physical,
        track=plan.looks[0].look.scenes[0].track,
        acquired=acquired,
        scenes=tuple(look.look.id for look in plan.looks),
        in_baseline=baseline_mask(acquired, baseline),
        features=values,
        codes=codes,
        ring=ring[rows, columns],
        zones={
            zone.id: weight[rows, columns] for zone, weight in zip(site.zones, weights, strict=True)
        },
        rows=rows,
        columns=columns,
        shape=(int(geobox.shape[0]), int(geobox.shape[1])),
        pixel_area_m2=pixel_metres(geobox) ** 2,
    )
    aside = {"replayed-pixels": replayed_looks(plan), "haze": hazy_looks(series, HEAVY_HAZE)}
    return replace(series, set_aside=aside)


def sampled_ring(ring: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the ring thinned evenly to at most `MOST_RING_PIXELS`, the same ones every time."""
    places = np.flatnonzero(ring)
    stride = -(-places.size // MOST_RING_PIXELS) if places.size else 1
    thinned = np.zeros(ring.shape, dtype=bool)
    thinned.ravel()[places[::stride]] = True
    return thinned


def look_features(
    plan: StackPlan,
    chips: ChipStore,
    index: int,
    features: tuple[str, ...],
    unmasked: tuple[int, ...] = (),
) -> tuple[dict[str, NDArray[np.float32]], NDArray[np.uint8]]:
    """Return features by name and the coverage codes of one look of a stack, (y, x) each."""
    value, usable, reason = stack_pixels(plan.only(index), chips)
    if unmasked:
        ground = np.isin(reason, unmasked) & np.isfinite(value).all(axis=1)
        reason, usable = np.where(ground, np.uint8(OBSERVED), reason), usable | ground
    bands = {plan.sensor.band(name).role: value[:, index] for index, name in enumerate(plan.bands)}
    return {name: evaluate(name, bands, usable)[0] for name in features}, reason[0]


def nuisances(
    tracks: Iterable[TrackOutcome],
) -> dict[tuple[str, str, datetime], LookNuisances]:
    """Return what was measured of weather, season and haze on every look."""
    found = {}
    for track in tracks:
        series = track.series
        for moment, measured in zip(series.acquired, look_nuisances(series), strict=True):
            found[(series.sensor, series.track, moment)] = measured
    return found


def _facts(look: Any, plan: StackPlan) -> dict[str, Any]:
    shift = look.shift
    measured = shift.tiles_used > 0
    replayed = [
        f"nearly the same pixels as {pair['after' if pair['before'] == look.look.id else 'before']}"
        for pair in plan.replayed
        if look.look.id in (pair["before"], pair["after"])
    ]
    return {
        "registration": {
            "dx_px": float(shift.dx),
            "dy_px": float(shift.dy),
            "residual_px": float(shift.residual_px) if measured else None,
            "tiles": int(shift.tiles_used),
            "corrected": bool(look.corrected),
            "note": shift.note,
        },
        "notes": (*look.notes, *replayed),
    }


def residuals(tracks: Iterable[TrackOutcome]) -> dict[tuple[str, str, datetime], float]:
    """Return the registration residual of every look that has one, pixels."""
    found = {}
    for track in tracks:
        for look in track.plan.looks:
            if look.shift.tiles_used > 0:
                key = (track.series.sensor, track.series.track, look.look.acquired)
                found[key] = float(look.shift.residual_px)
    return found


def masked_shares(
    tracks: Iterable[TrackOutcome],
) -> dict[tuple[str, str, str, datetime], float]:
    """Return the share of every zone under cloud or shadow on every look."""
    found = {}
    for track in tracks:
        series = track.series
        for zone, weight in series.zones.items():
            place = np.flatnonzero(weight)
            masked = among(series.codes[:, place], CLOUD, SHADOW).astype(np.float64)
            shares = masked @ weight[place].astype(np.float64) / weight.sum(dtype=np.float64)
            for moment, share in zip(series.acquired, shares, strict=True):
                found[(zone, series.sensor, series.track, moment)] = float(share)
    return found


def baseline_ends(tracks: Iterable[TrackOutcome]) -> dict[tuple[str, str], datetime]:
    """Return the newest baseline look of each sensor and track."""
    found = {}
    for track in tracks:
        series = track.series
        inside = [m for m, quiet in zip(series.acquired, series.in_baseline, strict=True) if quiet]
        if inside:
            found[(series.sensor, series.track)] = max(inside)
    return found
