"""Whether p holds: false alarms on quiet looks, each date judged by all the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pipeline.kernels.significance import (
    Overdispersion,
    RateRatio,
    false_alarm_ratio,
    overdispersion,
    score_at,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.assessment.allowance import Budget
    from pipeline.assessment.calibration import QuietPool

NO_RATE = RateRatio(np.nan, np.nan, np.nan, 0, 0, 0)
NO_SPREAD = Overdispersion(np.nan, np.nan, 0)


@dataclass(frozen=True)
class HeldOutRate:
    """False alarms promised and seen on quiet dates, each judged by all the others.

    Attributes
    ----------
    level
        The p asked for.
    nominal
        The rate promised: p can only take the values that ties leave, so at most `level`.
    rate
        Seen over promised, with its 95 % interval over dates.
    spread
        How much more the dates differ than chance lets them.
    """

    level: float
    nominal: float
    rate: RateRatio
    spread: Overdispersion


def held_out_rate(pool: QuietPool, level: float, *, later: bool = False) -> HeldOutRate:
    """Count how often quiet looks have a p of at most `level`.

    Parameters
    ----------
    later
        Count quiet ground on the looks after the baseline in place of the baseline's own.

    Notes
    -----
    An area is mostly zero, and zeros tie: of the looks with p at most 0.1 there may be 2 % by
    rule, not 10 %. Alarms are held against the rate that the ties leave.
    """
    dates = np.flatnonzero(~pool.quiet if later else pool.quiet)
    rows = slice(pool.zones, None) if later else slice(None)
    alarms, trials, promised = (np.zeros(dates.size) for _ in range(3))
    for index, date in enumerate(dates):
        p = pool.p[rows, date]
        trials[index] = np.isfinite(p).sum()
        alarms[index] = np.count_nonzero(p <= level)
        promised[index] = trials[index] * attained(pool.sample_without(int(date)), level)
    if not trials.sum():
        return HeldOutRate(level, level, NO_RATE, NO_SPREAD)
    nominal = float(min(promised.sum() / trials.sum(), 1 - 1e-9))
    return HeldOutRate(
        level, nominal, false_alarm_ratio(alarms, trials, nominal), overdispersion(alarms, trials)
    )


def attained(calibration: NDArray[np.float32], level: float) -> float:
    """Return the largest p up to `level` that the ties of a sorted sample leave."""
    above = calibration.size - int(np.searchsorted(calibration, score_at(calibration, level)))
    return (1.0 + above) / (calibration.size + 1.0)


@dataclass(frozen=True)
class ConfirmedRate:
    """How often quiet places meet the k-of-n rule, each date held out.

    Attributes
    ----------
    nominal
        The rate that the allowance leaves.
    rate
        Windows seen to confirm over those allowed, with the interval over dates.
    """

    nominal: float
    rate: RateRatio


def confirming_p(pool: QuietPool, k: int, n: int) -> NDArray[np.float64]:
    """Return (place, window) the level at which each window of n baseline looks confirms.

    It is the k-th smallest p of the n observed looks; NaN where fewer than n follow.
    """
    p = pool.p[:, pool.quiet]
    windows = max(p.shape[1] - n + 1, 0)
    if not windows:
        return np.full((len(p), 0), np.nan)
    stacked = np.stack([p[:, start : start + n] for start in range(windows)], axis=1)
    known = np.isfinite(stacked).all(axis=2)
    return np.where(known, np.sort(stacked, axis=2)[:, :, k - 1], np.nan)


def level_for_confirmation(pool: QuietPool, k: int, n: int, budget: Budget) -> float:
    """Return the p at which a look may alarm so that confirmed alarms keep to the allowance.

    At most the level that independent dates allow; less where quiet looks of one place go
    together from date to date. Where there are too few windows to tell, the former.
    """
    if k == 1:
        return budget.alpha_per_look
    confirming = confirming_p(pool, k, n)
    found = np.sort(confirming[np.isfinite(confirming)])
    # How many windows may confirm: (1 + m) / (windows + 1) <= alpha, for each of the sets.
    allowed = int(np.floor(budget.alpha * (found.size + 1.0))) - 1
    if allowed < 0:
        return budget.alpha_per_look
    bound = float(np.nextafter(found[allowed], 0.0)) if allowed < found.size else 1.0
    return min(budget.alpha_per_look, max(bound, 1.0 / (pool.sample().size + 1.0)))


def confirmed_rate(
    pool: QuietPool, k: int, n: int, level: float, *, promised: float
) -> ConfirmedRate:
    """Count the windows of n quiet looks in which k have a p of at most `level`.

    Parameters
    ----------
    promised
        The rate of confirmed alarms that the allowance leaves for one judgement.
    """
    nominal = float(np.clip(promised, 1e-12, 1 - 1e-9))
    confirming = confirming_p(pool, k, n)
    known = np.isfinite(confirming)
    if not known.any():
        return ConfirmedRate(nominal, NO_RATE)
    alarms = (np.where(known, confirming, np.inf) <= level).sum(axis=0)
    return ConfirmedRate(nominal, false_alarm_ratio(alarms, known.sum(axis=0), nominal))
