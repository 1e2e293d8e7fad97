"""Causal tests: each new look of a series, scored by what was known before it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pipeline.kernels.baseline import (
    Baseline,
    adjacent_groups,
    anomaly,
    date_scores,
    fit_baseline,
    leave_group_out_scores,
    leave_one_out_scores,
    regional_field,
)
from pipeline.kernels.significance import agreement_scale, confirmation_scores

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from pipeline.kernels.significance import Side
    from pipeline.workflows.evaluate.stacks import Series

    Maps = NDArray[np.float32]

FEWEST_BEFORE = 6
#: Looks further apart do not confirm each other.
WITHIN_DAYS = 40.0
# One look before a pair and two after it; half a look more, because passes come seconds late.
EMBARGO_LOOKS = (1.5, 2.5)
SIGMA_PX = 0.8
#: Of the weather within a scene.
REGIONAL_M = 250.0
# As monitoring fits its baselines: a season where there are looks enough, else a level.
_HARMONICS, _TREND = 2, False


@dataclass(frozen=True)
class Trial:
    """One new look of one series, and the next one where it follows soon.

    Attributes
    ----------
    at
        Index of the look.
    baselines
        One per band, of the looks before `at`.
    quiet, new
        (look, band, y, x) standardised, less what is regional: the baseline's looks, each left
        out, and the new ones.
    regional
        (look, band, y, x) what is regional of the new looks.
    quiet_pairs
        (pair, look, band, y, x) the baseline's pairs of looks, each left out with neighbours;
        empty where the new look has no successor.
    """

    series: Series
    at: int
    baselines: tuple[Baseline, ...]
    quiet: Maps
    new: Maps
    regional: Maps
    quiet_pairs: Maps

    @property
    def paired(self) -> bool:
        """Whether a second look follows soon, and enough quiet pairs were had."""
        return len(self.new) == 2 and len(self.quiet_pairs) > 0

    @property
    def day(self) -> float:
        """Day of the new look."""
        return float(self.series.days[self.at])

    def quiet_scores(self, bands: slice = slice(None), sigma_px: float = SIGMA_PX) -> Maps:
        """Return (look, y, x) scores of the baseline's looks."""
        return date_scores(self.quiet[:, bands], sigma_px=sigma_px)

    def new_scores(self, bands: slice = slice(None), sigma_px: float = SIGMA_PX) -> Maps:
        """Return (1 or 2, y, x) scores of the new looks."""
        return date_scores(self.new[:, bands], sigma_px=sigma_px)

    def quiet_confirmed(self, side: Side) -> Maps:
        """Return (pair, y, x) joint scores of the baseline's pairs."""
        return np.stack([_confirmed(date_scores(pair), side) for pair in self.quiet_pairs])

    def new_confirmed(self, side: Side) -> Maps:
        """Return (1, y, x) joint scores of the two new looks."""
        return _confirmed(self.new_scores(), side)[None]

    @property
    def agreement(self) -> float:
        """How much the two new looks go together on this ground."""
        return agreement_scale(self.new_scores())


def _confirmed(looks: Maps, side: Side) -> Maps:
    return confirmation_scores(looks, k=2, side=side, scale=agreement_scale(looks))


def trial_days(series: Sequence[Series]) -> list[int]:
    """Return the days on which any series has a new look with enough looks before it."""
    return sorted({int(day) for one in series for day in one.days[FEWEST_BEFORE:]})


def trials_of_day(series: Sequence[Series], day: int) -> Iterator[Trial]:
    """Yield the trial of each series that has a new look on a day."""
    for one in series:
        for at in np.flatnonzero(one.days.astype(np.int64) == day):
            if at >= FEWEST_BEFORE:
                yield _trial(one, int(at))


def _trial(one: Series, at: int) -> Trial:
    days, valid = one.days[:at], one.valid[:at]
    paired = at + 1 < len(one.days) and one.days[at + 1] - one.days[at] <= WITHIN_DAYS
    new = slice(at, at + 2 if paired else at + 1)
    bands = range(one.values.shape[1])
    baselines = tuple(
        fit_baseline(one.values[:at, b], valid, days, harmonics=_HARMONICS, trend=_TREND)
        for b in bands
    )
    quiet = [
        leave_one_out_scores(
            one.values[:at, b],
            valid,
            days,
            prior=baselines[b].prior,
            harmonics=_HARMONICS,
            trend=_TREND,
        ).scores
        for b in bands
    ]
    fresh = [
        anomaly(baselines[b], one.values[new, b], one.valid[new], one.days[new]) for b in bands
    ]
    pairs = _quiet_pairs(one, at, baselines) if paired else _no_pairs(one)
    scores = np.stack(fresh, 1)
    regional = _regional(scores, one.pixel_m)
    looks = _local(np.stack(quiet, 1), one.pixel_m)
    return Trial(one, at, baselines, looks, scores - regional, regional, _local(pairs, one.pixel_m))


def _local(scores: Maps, pixel_m: float) -> Maps:
    return scores - _regional(scores, pixel_m)


def _regional(scores: Maps, pixel_m: float) -> Maps:
    """Return the smooth part of (..., y, x) maps, each by itself."""
    out = np.empty_like(scores)
    for index in np.ndindex(*scores.shape[:-2]):
        out[index] = regional_field(scores[index], sigma_px=REGIONAL_M / pixel_m)
    return out


def _no_pairs(one: Series) -> Maps:
    return np.empty((0, 2, *one.values.shape[1:]), np.float32)


def _quiet_pairs(one: Series, at: int, baselines: Sequence[Baseline]) -> NDArray[np.float32]:
    days, valid = one.days[:at], one.valid[:at]
    step = float(np.median(np.diff(days)))
    embargo = (EMBARGO_LOOKS[0] * step, EMBARGO_LOOKS[1] * step)
    groups = adjacent_groups(days, within_days=WITHIN_DAYS, embargo_days=embargo)
    if not len(groups.dates):
        return _no_pairs(one)
    left = [
        leave_group_out_scores(
            one.values[:at, b],
            valid,
            days,
            groups,
            prior=baseline.prior,
            harmonics=_HARMONICS,
            trend=_TREND,
        )
        for b, baseline in enumerate(baselines)
    ]
    scores = np.stack(left, axis=2)
    # Where too few looks remained beside the pair, there is no baseline to score it by.
    return scores[np.isfinite(scores).any(axis=(1, 2, 3, 4))]
