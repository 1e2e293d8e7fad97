"""Rarity of every look of one indicator on one track, and at which p a look may alarm.

The agreement fixes the share of false alarms (`allowance`); quiet looks say at which p a
look must lie so that the agreed k-of-n rule keeps to it, dependence between dates included.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.assessment.calibration import LEVELS, QuietPool, quiet_pool
from pipeline.assessment.held_out import (
    ConfirmedRate,
    HeldOutRate,
    confirmed_rate,
    confirming_p,
    held_out_rate,
    level_for_confirmation,
)
from pipeline.assessment.observables import method_for
from pipeline.assessment.quiet_ground import apart, pixels_of
from pipeline.kernels.significance import score_at
from pipeline.threads import side_by_side

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from numpy.typing import NDArray

    from pipeline.assessment.allowance import Budget
    from pipeline.assessment.indicators import TrackAssessor
    from pipeline.assessment.record import Assessment

# Places are comparable where their areas differ by no more than this factor.
COMPARABLE = 4.0
LEAST_OBSERVED = 0.7
SMALLEST_DB = 0.05


@dataclass(frozen=True)
class Rarity:
    """How rare each look of one zone is.

    Attributes
    ----------
    pool, row
        The quiet looks it is held against, and the zone's row in it.
    acquired
        (time,) of the track.
    budget
        What the allowance leaves for one judgement.
    level
        Greatest p with which a look may alarm.
    rates
        Held-out rates at `LEVELS` and at `level`.
    later
        The same at `level` on the looks after the baseline, quiet ground only.
    confirmed
        Rate at which quiet ground meets the k-of-n rule.
    confirming
        (n,) level at which each window of quiet looks meets it.
    """

    pool: QuietPool
    row: int
    acquired: tuple[datetime, ...]
    budget: Budget
    level: float
    rates: tuple[HeldOutRate, ...]
    later: HeldOutRate
    confirmed: ConfirmedRate
    confirming: NDArray[np.float64]

    @property
    def at_level(self) -> HeldOutRate:
        """Held-out rate at the level used."""
        return self.rates[-1]

    @property
    def supported(self) -> bool:
        """Whether the quiet looks are enough for the level."""
        return self.level * (self.pool.sample().size + 1) >= 1

    @property
    def cut(self) -> float:
        """Deviation, in standard deviations, from which a look is rare enough to alarm."""
        return score_at(self.pool.sample(), self.level)

    def spread(self, index: int) -> float:
        """Return the standard deviation to expect of the zone's value on a look."""
        return float(self.pool.deviations.spread[self.row, index])


def rarities(
    assessor: TrackAssessor,
    ground: TrackAssessor,
    indicator: Any,
    zones: Sequence[str],
    budget: Budget,
) -> dict[str, Rarity]:
    """Return the rarity of every zone; empty where the sensor cannot carry the indicator.

    Parameters
    ----------
    assessor
        Of the track.
    ground
        From `quiet_assessor`: the same track over the zones' placements.
    indicator
        The agreement's indicator.
    zones
        Zones it applies to.
    budget
        From `allowance.budgets`.
    """
    values = _values(assessor, indicator, zones)
    if not values:
        return {}
    areas = {name: float((assessor.series.zones[name] > 0).sum()) for name in values}
    found: dict[str, Rarity] = {}
    for members in comparable_zones(areas):
        placed = _values(ground, indicator, _apart(ground, members))
        pool = quiet_pool(
            [values[zone] for zone in members] + list(placed.values()),
            [*members, *placed],
            zones=len(members),
            quiet=assessor.series.in_baseline,
            side=indicator.direction,
            resolution=_resolution(assessor, indicator, areas[members[0]]),
        )
        found |= _judged_by(pool, members, assessor, indicator, budget)
    return found


def _apart(ground: TrackAssessor, zones: Sequence[str]) -> list[str]:
    """Return the names of the placements of some zones that do not lie on one another."""
    places = ground.series.zones
    names = (name for name in places if name.split("/")[0] in zones)
    return apart(((name, pixels_of(places, name)) for name in names), ground.series.rows.size)


def _values(
    assessor: TrackAssessor, indicator: Any, zones: Sequence[str]
) -> dict[str, NDArray[np.float64]]:
    def value(zone: str) -> NDArray[np.float64] | None:
        measured = assessor.measured(indicator.observable, zone, indicator.method.minimum_area_m2)
        if measured is None:
            return None
        return np.where(measured.observed >= LEAST_OBSERVED, measured.value, np.nan)

    # The first one computes what all of them share.
    values = [value(zone) for zone in zones[:1]] + side_by_side(value, zones[1:])
    return {zone: it for zone, it in zip(zones, values, strict=True) if it is not None}


def comparable_zones(areas: dict[str, float]) -> list[tuple[str, ...]]:
    """Group zones of similar area, smallest first; each zone is in one group."""
    groups: list[list[str]] = []
    for name in sorted(areas, key=lambda zone: (areas[zone], zone)):
        if groups and areas[name] <= COMPARABLE * areas[groups[-1][0]]:
            groups[-1].append(name)
        else:
            groups.append([name])
    return [tuple(group) for group in groups]


def _resolution(assessor: TrackAssessor, indicator: Any, pixels: float) -> float:
    """Return the smallest spread that means anything: a pixel, or 0.05 dB."""
    measure = method_for(indicator.observable, assessor.series.physical).measure
    if measure == "zone-sum":
        return SMALLEST_DB
    return 100.0 / pixels if measure == "share" else assessor.series.pixel_area_m2


def _judged_by(
    pool: QuietPool,
    zones: Sequence[str],
    assessor: TrackAssessor,
    indicator: Any,
    budget: Budget,
) -> dict[str, Rarity]:
    rule = indicator.confirmation
    level = level_for_confirmation(pool, rule.k, rule.n, budget)
    rates = tuple(held_out_rate(pool, at) for at in (*LEVELS, level))
    later = held_out_rate(pool, level, later=True)
    confirmed = confirmed_rate(pool, rule.k, rule.n, level, promised=budget.alpha)
    windows = confirming_p(pool, rule.k, rule.n)
    windows = windows[np.isfinite(windows)]
    acquired = assessor.series.acquired
    return {
        zone: Rarity(pool, row, acquired, budget, level, rates, later, confirmed, windows)
        for row, zone in enumerate(zones)
    }


def ranked(looks: Iterable[Assessment], rarity: Rarity) -> list[Assessment]:
    """Return the looks of one zone, indicator and track with their calibrated p.

    A change that quiet looks match more often than the allowance permits is no alarm: it
    stays at the threshold, with the reason. Where there are too few quiet looks to tell,
    the look keeps its outcome, and the reason says so.
    """
    index = {moment: position for position, moment in enumerate(rarity.acquired)}
    return [_ranked(look, rarity, index[look.acquired]) for look in looks]


def _ranked(look: Assessment, rarity: Rarity, index: int) -> Assessment:
    p = float(rarity.pool.p[rarity.row, index])
    if look.p is None or not np.isfinite(p):
        return look
    update: dict[str, Any] = {"p": p, "p_sample": rarity.pool.sample_size(index)}
    if rarity.pool.restless[index]:
        look = look.model_copy(update={"reasons": (*look.reasons, "restless-date")})
    if look.outcome == "change" and not rarity.supported:
        update["reasons"] = (*look.reasons, "allowance-not-supported")
    elif look.outcome == "change" and p > rarity.level:
        update |= {
            "outcome": "at-threshold",
            "direction": "none",
            "reasons": (*look.reasons, "not-rarer-than-allowed"),
        }
    return look.model_copy(update=update)
