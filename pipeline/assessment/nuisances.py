"""What was measured of weather, season and haze on each look, beside what is judged.

All of it is read from the context ring and the calendar, so that no zone explains itself
away. A nuisance that was there on every look over a threshold is offered as the hypothesis
that explains the finding; one that was not is said to be inconsistent.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pipeline.kernels.masking import CLOUD, OBSERVED, SHADOW, SNOW, among
from pipeline.kernels.medians import medians_of_looks

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from numpy.typing import NDArray

    from pipeline.assessment.series import TrackSeries

# The darkest twentieth of the ring should stay dark; haze of optical depth .2 lifts it so far.
DARKEST, HAZE_REFLECTANCE = 0.05, 0.045
# So much light scattered in, and the ground is no longer what is looked at.
HEAVY_HAZE = 0.08
SNOW_SHARE, WET_DB, YEAR_DAYS, SEASON_DAYS = 0.1, 1.0, 365.25, 45.0
FEWEST_PIXELS = 50
FARMING = ("mowing-or-harvest", "ploughing-or-harvest")
GREEN_NDVI, CLEARED_NDVI, CLEARED_SHARE = 0.4, 0.15, 0.1
WATER_REFLECTANCE, WATER_DB = 0.12, -17.0


@dataclass(frozen=True)
class LookNuisances:
    """What was measured on one look; None where it could not be.

    Attributes
    ----------
    ring_step_db
        Radar: the ring's median power against its usual one, dB. Rain lifts it; frost and wet
        snow lower it.
    haze
        Optical: how far the darkest twentieth of the ring lies above its usual, reflectance.
    snow
        Optical: share of the ring's seen pixels under snow.
    cleared
        Optical: share of the ring whose vegetation index fell as far as a mown field's.
    season_days
        Distance in the calendar to the nearest baseline look, days, whatever the year.
    """

    ring_step_db: float | None = None
    haze: float | None = None
    snow: float | None = None
    cleared: float | None = None
    season_days: float | None = None


NOTHING_MEASURED = LookNuisances()


def look_nuisances(series: TrackSeries) -> tuple[LookNuisances, ...]:
    """Return what was measured on each look of a track, in time order."""
    steps = series.usual_power[1] if "span" in series.features else None
    snow = ring_snow(series) if series.physical != "gamma0" else None
    parts = (
        steps, haze_of(series), snow, ring_cleared(series),
        season_days(series.days, series.in_baseline),
    )  # fmt: skip
    return tuple(
        LookNuisances(*(_finite(part, index) for part in parts))
        for index in range(len(series.acquired))
    )


def _finite(values: NDArray[np.float64] | None, index: int) -> float | None:
    if values is None or not np.isfinite(values[index]):
        return None
    return float(values[index])


def haze_of(series: TrackSeries) -> NDArray[np.float64] | None:
    """Return (time,) reflectance by which the ring's dark ground is too bright; None for radar.

    Dark-object shift: Chavez (1988), doi:10.1016/0034-4257(88)90019-3, here against the same
    ground on quiet dates. NaN where the ring was not seen.
    """
    if "brightness" not in series.features:
        return None
    ring = series.features["brightness"][:, series.ring]
    dark = np.full(len(ring), np.nan)
    for index, look in enumerate(ring):
        known = look[np.isfinite(look)]
        if known.size >= FEWEST_PIXELS:
            dark[index] = float(np.quantile(known, DARKEST))
    quiet = dark[series.in_baseline & np.isfinite(dark)]
    usual = float(np.median(quiet)) if quiet.size else float("nan")
    return np.asarray(dark - usual, dtype=np.float64)


def hazy_looks(series: TrackSeries, limit: float = HAZE_REFLECTANCE) -> NDArray[np.bool_]:
    """Return (time,) True where haze of at least `limit`, reflectance, lies over the ring."""
    haze = haze_of(series)
    if haze is None:
        return np.zeros(len(series.acquired), dtype=np.bool_)
    return np.asarray(np.nan_to_num(haze, nan=-np.inf) >= limit)


def water_pixels(series: TrackSeries) -> NDArray[np.bool_]:
    """Return (pixel,) True where most baseline looks show water.

    Optical: a vegetation index below zero on dark ground. Radar: co-polarised power below
    -17 dB, which also smooth sand and runways may show.
    """
    quiet = series.in_baseline
    if {"ndvi", "brightness"} <= set(series.features):
        ndvi, bright = series.features["ndvi"][quiet], series.features["brightness"][quiet]
        votes, known = (ndvi < 0) & (bright < WATER_REFLECTANCE), np.isfinite(ndvi)
    elif "vv_db" in series.features:
        level = series.features["vv_db"][quiet]
        votes, known = level < WATER_DB, np.isfinite(level)
    else:
        return np.zeros(series.rows.size, dtype=np.bool_)
    return np.asarray(votes.sum(axis=0) > 0.5 * np.maximum(known.sum(axis=0), 1))


def ring_snow(series: TrackSeries) -> NDArray[np.float64]:
    """Return (time,) share of snow among the ring's seen pixels; NaN where none was seen."""
    codes = series.codes[:, series.ring]
    seen = among(codes, OBSERVED, SNOW).sum(axis=1)
    snow = (codes == SNOW).sum(axis=1).astype(np.float64)
    share = np.full(len(codes), np.nan)
    np.divide(snow, seen, out=share, where=seen > 0)
    return share


def ring_cleared(series: TrackSeries) -> NDArray[np.float64] | None:
    """Return (time,) share of the ring's green ground that lost it since the usual look.

    NaN where the ring was not seen, or is not green; None without a vegetation index.
    """
    if "ndvi" not in series.features:
        return None
    ring = series.features["ndvi"][:, series.ring]
    usual = medians_of_looks(ring[series.in_baseline])
    fallen = (ring - usual <= -CLEARED_NDVI)[:, usual >= GREEN_NDVI]
    seen = np.isfinite(ring)[:, usual >= GREEN_NDVI].sum(axis=1)
    share = np.full(len(ring), np.nan)
    np.divide(fallen.sum(axis=1), seen, out=share, where=seen >= FEWEST_PIXELS)
    return share


def season_days(days: NDArray[np.float64], quiet: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return (time,) days of the calendar to the nearest baseline look; NaN without any."""
    if not quiet.any():
        return np.full(days.shape, np.nan)
    apart = np.abs(days[:, None] - days[quiet]) % YEAR_DAYS
    return np.asarray(np.minimum(apart, YEAR_DAYS - apart).min(axis=1))


def cloud_share(codes: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return (time,) share of (time, pixel) codes under cloud or its shadow."""
    return np.asarray(among(codes, CLOUD, SHADOW).mean(axis=1))


@dataclass(frozen=True)
class Explanation:
    """How a measured nuisance stands to a finding.

    Attributes
    ----------
    code
        Hypothesis code.
    measured
        ``name:value``, as the message tables know it.
    consistent
        True: it was there on every look over; False: on none; None: on some.
    anywhere
        Whether it explains any observable, or only those whose checklist names it.
    """

    code: str
    measured: str
    consistent: bool | None
    anywhere: bool = True


def explanations(
    over: Sequence[tuple[str, str, datetime]],
    known: Mapping[tuple[str, str, datetime], LookNuisances],
    direction: str,
) -> tuple[Explanation, ...]:
    """Return the nuisances that could be measured on the looks over a threshold.

    Parameters
    ----------
    over
        (sensor, track, acquired) of the looks over.
    known
        The same to what was measured.
    direction
        ``more`` or ``less``: rain lifts radar power, frost and wet snow lower it.
    """
    looks = [known.get(key, NOTHING_MEASURED) for key in over]
    steps = [look.ring_step_db for look in looks if look.ring_step_db is not None]
    wet = "wet-soil-or-rain" if direction == "more" else "frost-or-wet-snow"
    sign = 1.0 if direction == "more" else -1.0
    # Ground darker than usual is brightened by nothing.
    haze = [None if look.haze is None else max(look.haze, 0.0) for look in looks]
    rows: list[tuple[str, str, list[float | None], float, float]] = [
        (wet, "ring-step-db", [sign * step for step in steps], WET_DB, sign),
        ("residual-cloud-or-haze", "haze", haze, HAZE_REFLECTANCE, 1.0),
        ("snow-in-surroundings", "snow-percent", [x.snow for x in looks], SNOW_SHARE, 100.0),
        ("season", "season-days", [x.season_days for x in looks], SEASON_DAYS, 1.0),
    ]
    cleared = [look.cleared for look in looks]
    rows += [(code, "cleared-percent", cleared, CLEARED_SHARE, 100.0) for code in FARMING]
    return tuple(_explanation(*row) for row in rows if any(part is not None for part in row[2]))


def _explanation(
    code: str, name: str, values: Sequence[float | None], limit: float, shown: float
) -> Explanation:
    there = [value for value in values if value is not None]
    beyond = [value >= limit for value in there]
    consistent = all(beyond) if all(beyond) or not any(beyond) else None
    measured = f"{name}:{shown * max(there):.3g}"
    return Explanation(code, measured, consistent, anywhere=code not in FARMING)
