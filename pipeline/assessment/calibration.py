"""How rare a look is: against quiet looks of the zone and of its shape on quiet ground.

Nothing here assumes a distribution. Deviations of many places are made comparable by each
place's own spread and by how restless the date was, then pooled; a look's p is its rank.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from pipeline.kernels.medians import medians_of_others
from pipeline.kernels.significance import binomial_tail, conformal_p

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pipeline.kernels.significance import Side

# How many looks the spread of all places is worth beside a place's own, and how many
# placements the usual unrest beside a date's own.
PRIOR_LOOKS = 8.0
PRIOR_PLACES = 8.0
# A deviation beyond this many spreads is a thing that happened, not the unrest of a date.
WILDEST = 3.0
LEVELS = (0.1, 0.05, 0.01)
FEWEST_DATES = 3
# A quiet date has as many placements over some level on one date of a thousand.
RESTLESS_P = 1e-3


@dataclass(frozen=True)
class Deviations:
    """What places of one shape and indicator deviate by, made comparable; all (place, time).

    Attributes
    ----------
    residual
        Value less the median of the place's other baseline looks, in the indicator's unit;
        NaN was not observed.
    spread
        Standard deviation to expect of `residual`: the place's own, shrunk towards that of
        all places, times the unrest of the date on quiet ground.
    """

    residual: NDArray[np.float64]
    spread: NDArray[np.float64]

    @property
    def score(self) -> NDArray[np.float64]:
        """Deviation in expected standard deviations."""
        return self.residual / self.spread


def deviations(
    values: NDArray[np.float64],
    quiet: NDArray[np.bool_],
    ground: NDArray[np.bool_],
    *,
    resolution: float,
) -> Deviations:
    """Make the values of several places comparable.

    Parameters
    ----------
    values
        (place, time) float64 in one unit; NaN was not observed.
    quiet
        (time,) True = baseline look.
    ground
        (place,) True = placement on quiet ground; False = a zone, which must not say how
        restless a date is.
    resolution
        Smallest spread that means anything, in the unit of the values.
    """
    residual = _residual(values, quiet)
    squared = residual**2
    known = quiet & np.isfinite(residual)
    own = np.where(known, squared, 0.0)
    total, looks = own.sum(axis=1, keepdims=True), known.sum(axis=1, keepdims=True)
    usual = _usual_variance(total[:, 0], looks[:, 0], resolution)
    # A baseline look is not to widen its own spread.
    variance = (PRIOR_LOOKS * usual + total - own) / (PRIOR_LOOKS + looks - known)
    unrest = _unrest(squared / variance, ground)
    return Deviations(residual, np.sqrt(variance * unrest))


def _residual(values: NDArray[np.float64], quiet: NDArray[np.bool_]) -> NDArray[np.float64]:
    expected = np.full(values.shape, np.nan)
    history = values[:, quiet]
    expected[:, quiet] = medians_of_others(history.T.astype(np.float32))[0].T
    enough = np.isfinite(history).sum(axis=1) >= FEWEST_DATES
    some = np.where(enough[:, None], history, 0.0) if history.size else np.zeros((len(values), 1))
    expected[:, ~quiet] = np.nanmedian(some, axis=1)[:, None]
    expected[~enough] = np.nan
    return np.asarray(values - expected)


def _usual_variance(
    total: NDArray[np.float64], looks: NDArray[np.int64], resolution: float
) -> float:
    """Return the variance of an ordinary place: the tenth that is most restless left out."""
    seen = looks > 0
    if not seen.any():
        return resolution**2
    own = np.sort(total[seen] / looks[seen])
    kept = own[: max(1, int(np.ceil(0.9 * own.size)))]
    return max(float(kept.mean()), resolution**2)


def _unrest(squared: NDArray[np.float64], ground: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return (place, time) mean square of the other placements of each date, shrunk to 1."""
    bounded = np.where(np.isfinite(squared), np.minimum(squared, WILDEST**2), 0.0)
    seen = np.isfinite(squared) & ground[:, None]
    bounded = np.where(seen, bounded, 0.0)
    others, count = bounded.sum(axis=0) - bounded, seen.sum(axis=0) - seen
    return np.asarray((PRIOR_PLACES + others) / (PRIOR_PLACES + count))


@dataclass(frozen=True)
class QuietPool:
    """Quiet looks of comparable places, and how each look of each place ranks among them.

    Attributes
    ----------
    places
        Names of the places; the zones first.
    zones
        How many of them are zones.
    quiet
        (time,) True = baseline look.
    deviations
        Of all places.
    side
        Which deviations are extreme.
    """

    places: tuple[str, ...]
    zones: int
    quiet: NDArray[np.bool_]
    deviations: Deviations
    side: Side

    @cached_property
    def _ranked(self) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Sorted extremeness of the baseline scores, and the date of each."""
        scores = self.deviations.score[:, self.quiet].astype(np.float32)
        dates = np.broadcast_to(np.flatnonzero(self.quiet), scores.shape)
        known = np.isfinite(scores)
        extreme = _extremeness(scores[known], self.side)
        order = np.argsort(extreme, kind="stable")
        return extreme[order], dates[known][order]

    def sample(self, date: int | None = None) -> NDArray[np.float32]:
        """Return the sorted extremeness of quiet looks, without those of one date."""
        extreme, dates = self._ranked
        return extreme if date is None else extreme[dates != date]

    def sample_without(self, date: int) -> NDArray[np.float32]:
        """Return the quiet looks that a date is held against: its own are left out."""
        return self.sample(date if self.quiet[date] else None)

    def scores(self, *, dates_apart_from: int | None = None) -> NDArray[np.float64]:
        """Return (n,) signed quiet scores, without those of one date."""
        kept = self.quiet.copy()
        if dates_apart_from is not None:
            kept[dates_apart_from] = False
        scores = self.deviations.score[:, kept]
        return np.asarray(scores[np.isfinite(scores)])

    @cached_property
    def pooled_p(self) -> NDArray[np.float64]:
        """(place, time) conformal p; of a baseline look, against all other dates."""
        scores = self.deviations.score
        out = conformal_p(scores, self.sample(), side=self.side)
        for date in np.flatnonzero(self.quiet):
            held = self.sample_without(int(date))
            out[:, date] = conformal_p(scores[:, date], held, side=self.side)
        return out

    @cached_property
    def restless(self) -> NDArray[np.bool_]:
        """(time,) True = quiet ground alarms on more placements than chance lets it."""
        ground = self.pooled_p[self.zones :]
        seen = np.isfinite(ground).sum(axis=0)
        out = np.zeros(seen.size, np.bool_)
        for level in LEVELS:
            alarms = np.count_nonzero(ground <= level, axis=0)
            out |= binomial_tail(alarms, seen, level) < RESTLESS_P
        return out

    @cached_property
    def p(self) -> NDArray[np.float64]:
        """(place, time) p of every look.

        Errors come as whole dates: on a restless one a look must also be rare among the
        placements of the date itself, and its p is the larger of the two.
        """
        out = self.pooled_p.copy()
        for date in np.flatnonzero(self.restless):
            extreme = _extremeness(self.deviations.score[:, date].astype(np.float32), self.side)
            ground = np.isfinite(extreme) & (np.arange(extreme.size) >= self.zones)
            ranked = np.sort(extreme[ground])
            # A placement is not held against itself.
            above = ranked.size - np.searchsorted(ranked, extreme, side="left") - ground
            among = (1.0 + above) / (ranked.size - ground + 1.0)
            out[:, date] = np.where(np.isfinite(extreme), np.maximum(out[:, date], among), np.nan)
        return out

    def sample_size(self, date: int) -> int:
        """Return the number of quiet looks behind the p of a date."""
        return int(self.sample_without(date).size)


def _extremeness(scores: NDArray[np.float32], side: Side) -> NDArray[np.float32]:
    return np.abs(scores) if side == "both" else scores if side == "more" else -scores


def quiet_pool(
    values: Sequence[NDArray[np.float64]],
    places: Sequence[str],
    *,
    zones: int,
    quiet: NDArray[np.bool_],
    side: Side,
    resolution: float,
) -> QuietPool:
    """Pool places measured through one rule.

    Parameters
    ----------
    values
        One (time,) array a place, zones first; NaN was not observed.
    places
        Their names.
    zones
        How many are zones.
    quiet
        (time,) True = baseline look.
    side
        Direction in which a deviation counts.
    resolution
        Smallest spread that means anything, in the unit of the values.
    """
    ground = np.arange(len(places)) >= zones
    found = deviations(np.stack(values), quiet, ground, resolution=resolution)
    return QuietPool(tuple(places), zones, quiet, found, side)
