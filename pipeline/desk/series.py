"""Series over time: a feature at a pixel or in a polygon, or an indicator in a zone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from pipeline.assessment.features import FEATURES, decibels
from pipeline.assessment.series import HARMONICS
from pipeline.desk.places import Place, place_of
from pipeline.desk.scores import feature_window
from pipeline.errors import UsageError
from pipeline.kernels.baseline import fit_baseline, predict
from pipeline.kernels.masking import COVERAGE_NAMES, OBSERVED
from pipeline.kernels.ranks import ring_medians
from pipeline.report.facts.series import threshold_lines
from pipeline.report.layers import BEYOND

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pipeline.assessment.record import Assessment, Detectability
    from pipeline.desk.state import Desk, DeskTrack
    from pipeline.workflows.monitor.record import TrackOutcome

LEAST_SEEN = 0.5  # of a place, for a look to tell what is quiet there
INTERVAL = 1.96  # half width of a 95 % interval, standard deviations
LABELS = {
    "vv_db": "VV backscatter, smoothed 0.8 px",
    "vh_db": "VH backscatter, smoothed 0.8 px",
    "span": "Summed backscatter (VV + VH)",
    "ratio_db": "VV / VH",
    "brightness": "Brightness",
    "ndvi": "Vegetation (NDVI)",
    "bare_soil": "Bare soil index",
    "nbr": "Burn ratio (NBR)",
}
NOT_JUDGED = "values of a place are not judged: only zones and agreed indicators are"
OBSERVED_OUTCOMES = frozenset({"change", "no-change", "at-threshold"})


@dataclass(frozen=True)
class Choice:
    """A feature that can be followed."""

    id: str
    label: str
    unit: str


def choices(track: DeskTrack) -> list[Choice]:
    """Return the features of a track, those of the assessment first, then the bands."""
    roles = set(track.gallery.roles)
    own = [name for name in FEATURES if set(FEATURES[name].roles) <= roles]
    main = track.gallery.scores.features if track.gallery.scores else ()
    own.sort(key=lambda name: (name not in main, name))
    found = [Choice(name, LABELS.get(name, name), FEATURES[name].unit) for name in own]
    if {"vv", "vh"} <= roles:
        found.append(Choice("ratio_db", LABELS["ratio_db"], "dB"))
    unit = "gamma0" if track.outcome.series.physical == "gamma0" else "reflectance"
    found += [Choice(f"band:{name}", f"{name} as delivered", unit) for name in
              track.gallery.pixels.bands]  # fmt: skip
    return found


def feature_series(desk: Desk, track: DeskTrack, name: str, geometry: Any) -> dict[str, Any]:
    """Return one feature at a place on every look, with what its quiet history expects.

    The expected value carries the ring's own step of each date, as the assessment takes it out.

    Raises
    ------
    UsageError
        The track has no such feature, or the place is none of the site's.
    """
    known = {choice.id: choice for choice in choices(track)}
    if name not in known:
        raise UsageError(f"no feature {name!r}: {', '.join(known)}")
    place = place_of(track, geometry)
    summary = _summary(_values(track, name, place), place.weight)
    expected, below, above, score = _expected(track, name, summary, place)
    return {
        "unit": known[name].unit,
        "label": known[name].label,
        "kind": "pixel" if place.weight.size == 1 else "polygon",
        "looks": _place_looks(track, place, summary, score),
        "baseline": {"expected": expected, "low": below, "high": above},
        "threshold": None,
        "notifications": notifications_of(desk, None, None),
        "detectability": None,
        "beyond_site": place.beyond,
        "area_m2": float(place.weight.sum()) * track.outcome.series.pixel_area_m2,
        "note": NOT_JUDGED,
    }


def _place_looks(
    track: DeskTrack, place: Place, summary: Summary, score: NDArray[np.float64]
) -> list[dict[str, Any]]:
    """Return what a place showed on each look, with its spread or its score."""
    several, codes = place.weight.size > 1, _codes(track, place)
    cut = track.gallery.scores.cut if track.gallery.scores else np.inf
    series = track.outcome.series
    return [
        {
            "look": look,
            "acquired": series.acquired[index],
            "value": summary.mean[index],
            "low": summary.low[index] if several else None,
            "high": summary.high[index] if several else None,
            "observed": summary.seen[index],
            "valid": bool(np.isfinite(summary.mean[index])),
            "reason": codes[index],
            "alarm": False,
            "unusual": bool(abs(np.nan_to_num(score[index])) >= cut),
            "z": score[index],
            "in_baseline": bool(series.in_baseline[index]),
            "p": None,
        }
        for index, look in enumerate(track.looks)
    ]


def _values(track: DeskTrack, name: str, place: Place) -> NDArray[np.float32]:
    """Return (time, y, x) values of a feature or band, NaN not usable."""
    pixels = track.gallery.pixels
    if name in FEATURES:
        return feature_window(track.outcome, pixels, name, place.rows, place.columns)
    window = pixels.window(place.rows, place.columns)
    good = pixels.reason[:, *window] == OBSERVED
    if name == "ratio_db":
        at = {role: index for index, role in enumerate(track.gallery.roles)}
        pair = (decibels(pixels.value[:, at[role], *window]) for role in ("vv", "vh"))
        values = np.subtract(*pair)
    else:
        values = pixels.value[:, pixels.bands.index(name.removeprefix("band:")), *window]
    return np.where(good, values, np.nan).astype(np.float32)


class Summary(NamedTuple):
    """A place on every look: weighted mean, 10 and 90 percentile, share seen, each (time,)."""

    mean: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    seen: NDArray[np.float64]


def _summary(values: NDArray[np.float32], weight: NDArray[np.float32]) -> Summary:
    flat = values.reshape(len(values), -1).astype(np.float64)
    share = weight.ravel().astype(np.float64)
    known = np.isfinite(flat) & (share > 0)
    seen = known @ share / share.sum()
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(known, flat, 0.0) @ share / (known @ share)
    mean[seen <= 0] = np.nan
    ends = np.full((2, len(flat)), np.nan)
    for index, row in enumerate(known):
        if row.any():
            ends[:, index] = np.percentile(flat[index][row], (10, 90))
    return Summary(mean, ends[0], ends[1], seen)


def _expected(
    track: DeskTrack, name: str, summary: Summary, place: Place
) -> tuple[NDArray[np.float64], ...]:
    """Return what the baseline looks expect of each look with its 95 % band, and the score.

    The score is that of the anomaly map, of the pixel, or NaN for more than one.
    """
    series, mean = track.outcome.series, summary.mean
    empty = np.full(len(mean), np.nan)
    quiet = series.in_baseline & np.isfinite(mean) & (summary.seen >= LEAST_SEEN)
    if quiet.sum() < 3:
        return empty, empty, empty, empty
    step = _ring_step(track, name)
    level = (mean - np.nan_to_num(step)).astype(np.float32)[:, None, None]
    prior = None
    if place.weight.size == 1 and name in _scored(track).assessor.scores:
        prior = _scored(track).assessor.score(name).baseline.prior
    baseline = fit_baseline(
        level[quiet], np.isfinite(level[quiet]), series.days[quiet],
        harmonics=HARMONICS, trend=False, prior=prior,
    )  # fmt: skip
    told = predict(baseline, series.days)
    middle = told.value[:, 0, 0].astype(np.float64) + np.nan_to_num(step)
    half = INTERVAL * told.scale[:, 0, 0]
    score = empty
    if place.weight.size == 1 and track.gallery.scores is not None:
        score = track.gallery.scores.at(place.rows.start, place.columns.start).astype(np.float64)
    return middle, middle - half, middle + half, score


def _scored(track: DeskTrack) -> TrackOutcome:
    """Return the track with all features that were read of it."""
    return track.gallery.scores.track if track.gallery.scores else track.outcome


def _ring_step(track: DeskTrack, name: str) -> NDArray[np.float64]:
    """Return by how much the whole scene stood off its history on each date; 0 where unknown."""
    outcome = _scored(track)
    if name in outcome.series.features:
        medians = ring_medians(outcome.series.features[name], outcome.series.ring)
        if name in outcome.assessor.scores:
            return outcome.assessor.score(name).ring_step
        return np.asarray(medians - np.nanmedian(medians[outcome.series.in_baseline]))
    return np.zeros(len(outcome.series.acquired))


def _codes(track: DeskTrack, place: Place) -> list[str]:
    """Return the coverage word of most of a place on each look."""
    window = track.gallery.pixels.window(place.rows, place.columns)
    codes = track.gallery.pixels.reason[:, *window].reshape(len(track.outcome.plan.looks), -1)
    share = place.weight.ravel()
    sums = [np.bincount(row, weights=share, minlength=BEYOND + 1) for row in codes]
    return [COVERAGE_NAMES.get(int(row.argmax()), "missing") for row in sums]


def zone_series(desk: Desk, track: DeskTrack, indicator: str, zone: str) -> dict[str, Any]:
    """Return one indicator in one zone on every look of a track, as it was assessed.

    Raises
    ------
    UsageError
        The site has no such zone or indicator, or the track does not carry it.
    """
    series = track.outcome.series
    own = [
        look
        for look in desk.assessments
        if (look.indicator, look.zone) == (indicator, zone)
        and (look.sensor, look.track) == (series.sensor, series.track)
    ]
    if not own:
        raise UsageError(f"{indicator!r} is not judged in zone {zone!r} on {track.key}")
    names = dict(zip(series.acquired, track.looks, strict=True))
    by_time = {look.acquired: look for look in own}
    known = [by_time.get(moment) for moment in series.acquired]
    first = own[-1]
    limit = next((look.threshold for look in own if look.threshold is not None), None)
    return {
        "unit": first.unit,
        "label": f"{indicator} in {zone}",
        "kind": "zone",
        "looks": [
            _look(look, names[look.acquired], _zone_reason(track, zone, index))
            for index, look in enumerate(known) if look is not None
        ],
        "baseline": {
            "expected": [_or_none(look, "baseline") for look in known if look],
            "low": [_end(look, 0) for look in known if look],
            "high": [_end(look, 1) for look in known if look],
        },
        "threshold": None if limit is None else _limit(desk, indicator, limit),
        "notifications": notifications_of(desk, zone, indicator),
        "detectability": detectability_of(desk, track, zone, indicator),
    }  # fmt: skip


def _look(look: Assessment, name: str, reason: str) -> dict[str, Any]:
    interval = look.interval or (None, None)
    return {
        "look": name,
        "acquired": look.acquired,
        "value": look.value,
        "low": interval[0],
        "high": interval[1],
        "observed": look.observed_fraction,
        "valid": look.outcome in OBSERVED_OUTCOMES,
        "limits": threshold_lines(look),
        "outcome": look.outcome,
        "reason": ", ".join(look.reasons) or reason,
        "alarm": look.outcome == "change" and look.phase == "monitoring",
        "direction": look.direction,
        "in_baseline": look.phase == "baseline",
        "p": look.p,
        "p_sample": look.p_sample,
        "assessment": look.id,
    }


def _zone_reason(track: DeskTrack, zone: str, index: int) -> str:
    series = track.outcome.series
    sums = np.bincount(series.codes[index], weights=series.zones[zone], minlength=BEYOND + 1)
    return COVERAGE_NAMES.get(int(sums.argmax()), "missing")


def _or_none(look: Assessment, name: str) -> Any:
    return getattr(look, name)


def _end(look: Assessment, which: int) -> float | None:
    return None if look.baseline_interval is None else look.baseline_interval[which]


def _limit(desk: Desk, indicator: str, limit: Any) -> dict[str, Any]:
    direction = desk.opened.run.agreement.indicator(indicator).direction
    return {**limit.model_dump(), "direction": direction}


def notifications_of(desk: Desk, zone: str | None, indicator: str | None) -> list[dict[str, Any]]:
    """Return the notifications on file for a zone and indicator; None is any."""
    return [
        {
            "id": item.id,
            "from": item.start,
            "to": item.end,
            "title": _title(item),
            "declared_by": item.declared_by,
            "zones": list(item.zones),
            "indicators": list(item.indicators),
        }
        for item in desk.notifications
        if (zone is None or not item.zones or zone in item.zones)
        and (indicator is None or not item.indicators or indicator in item.indicators)
    ]


def _title(item: Any) -> str:
    text = str(getattr(item, "text", "") or "")
    return f"{item.id}: {text}" if text else str(item.id)


def detectability_of(
    desk: Desk, track: DeskTrack, zone: str, indicator: str
) -> dict[str, Any] | None:
    """Return the smallest change that would have been seen; None where nothing was injected."""
    series = track.outcome.series
    found: Sequence[Detectability] = [
        item
        for item in desk.detectability
        if (item.zone, item.indicator, item.sensor, item.track)
        == (zone, indicator, series.sensor, series.track)
    ]
    if not found:
        return None
    best = min(found, key=lambda item: (item.smallest_m2 is None, item.smallest_m2 or 0.0))
    note = best.reason or f"with 90 % probability, contrast {best.contrast}"
    return {
        "smallest_m2": best.smallest_m2,
        "interval": best.interval,
        "contrast": best.contrast,
        "injections": best.injections,
        "note": note,
    }
