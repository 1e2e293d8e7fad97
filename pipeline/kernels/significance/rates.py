"""How far the false alarms that were seen are from those that were promised."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

# Tolerance of the record's `calibrated`: the interval must meet [1/1.5, 1.5].
TOLERANCE = 1.5


class RateRatio(NamedTuple):
    """Empirical over nominal rate of false alarms, 1 is right.

    Parameters
    ----------
    ratio, low, high
        With its 95 % interval; NaN without trials.
    alarms, trials
        Seen, and looked at.
    dates
        Number of independent dates behind it.
    """

    ratio: float
    low: float
    high: float
    alarms: int
    trials: int
    dates: int

    @property
    def holds(self) -> bool:
        """Whether the interval meets [1/1.5, 1.5]."""
        return bool(self.low <= TOLERANCE and self.high >= 1.0 / TOLERANCE)


class Overdispersion(NamedTuple):
    """How much more the dates differ than chance lets them.

    Parameters
    ----------
    factor
        Variance of the alarms per date over the binomial one; 1 is independence, NaN under two
        dates or without any alarm.
    between_dates
        Standard deviation of the dates' own rates over the mean rate, binomial part removed.
    dates
        Number of dates.
    """

    factor: float
    between_dates: float
    dates: int


def clopper_pearson(alarms: int, trials: int, *, level: float = 0.95) -> tuple[float, float]:
    """Return the exact interval of a binomial rate (Clopper and Pearson 1934).

    Raises
    ------
    ValueError
        If `alarms` is negative or above `trials`, or `trials` is 0.
    """
    if not 0 <= alarms <= trials or trials < 1:
        raise ValueError(f"need 0 <= alarms <= trials and a trial, got {alarms} of {trials}")
    tail = (1.0 - level) / 2.0
    quiet = trials - alarms
    low = 0.0 if alarms == 0 else float(special.betaincinv(alarms, quiet + 1, tail))
    high = 1.0 if quiet == 0 else float(special.betainccinv(alarms + 1, quiet, tail))
    return low, high


def binomial_tail(hits: ArrayLike, trials: ArrayLike, rate: float) -> NDArray[np.float64]:
    """Return the probability of at least `hits` of `trials` at a rate, element by element.

    Notes
    -----
    The incomplete beta function, as `scipy.stats` has it, without what that takes to import.
    """
    wanted, tried = np.broadcast_arrays(np.asarray(hits), np.asarray(trials))
    inside = (wanted > 0) & (wanted <= tried)
    a, b = np.where(inside, wanted, 1), np.where(inside, tried - wanted + 1, 1)
    return np.where(inside, special.betainc(a, b, rate), np.where(wanted <= 0, 1.0, 0.0))


def false_alarm_ratio(
    alarms: ArrayLike, trials: ArrayLike, nominal: float, *, draws: int = 2000, seed: int = 0
) -> RateRatio:
    """Compare held-out false alarms with the rate that was promised.

    Parameters
    ----------
    alarms, trials
        (date,) alarms on each quiet date and what was looked at on it. Sites seen on the same date
        share its weather: add them up.
    nominal
        The promised rate per trial.
    draws, seed
        Of the bootstrap over whole dates.

    Returns
    -------
    RateRatio. Its interval is the wider of the exact binomial one, which is right for few alarms,
    and the bootstrap over dates, which is right when dates go bad together.

    Raises
    ------
    ValueError
        If `nominal` is not between 0 and 1, or a date has more alarms than trials.
    """
    seen, looked = _counts(alarms, trials)
    if not 0 < nominal < 1:
        raise ValueError(f"nominal must be between 0 and 1, got {nominal}")
    total, size = int(seen.sum()), int(looked.sum())
    if size == 0:
        return RateRatio(np.nan, np.nan, np.nan, 0, 0, 0)
    exact = clopper_pearson(total, size)
    rng = np.random.default_rng(seed)
    drawn = rng.integers(0, seen.size, (draws, seen.size))
    low, high = np.quantile(seen[drawn].sum(axis=1) / looked[drawn].sum(axis=1), (0.025, 0.975))
    return RateRatio(
        total / size / nominal,
        min(exact[0], float(low)) / nominal,
        max(exact[1], float(high)) / nominal,
        total,
        size,
        seen.size,
    )


def overdispersion(alarms: ArrayLike, trials: ArrayLike) -> Overdispersion:
    """Estimate how much more the dates differ than the binomial lets them (Pearson's X²).

    Parameters
    ----------
    alarms, trials
        (date,) as for `false_alarm_ratio`.
    """
    seen, looked = _counts(alarms, trials)
    if seen.size < 2 or seen.sum() == 0 or seen.sum() == looked.sum():
        return Overdispersion(np.nan, np.nan, seen.size)
    rate = seen.sum() / looked.sum()
    factor = float(
        np.sum((seen - looked * rate) ** 2 / (looked * rate * (1 - rate))) / (seen.size - 1)
    )
    # Variance of a date's rate beyond the binomial, by the method of moments.
    beyond = max(factor - 1.0, 0.0) * rate * (1 - rate) / float(looked.mean())
    return Overdispersion(factor, float(np.sqrt(beyond) / rate), seen.size)


def _counts(
    alarms: ArrayLike, trials: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    seen = np.atleast_1d(np.asarray(alarms, dtype=np.float64))
    looked = np.atleast_1d(np.asarray(trials, dtype=np.float64))
    if seen.shape != looked.shape or np.any(seen < 0) or np.any(seen > looked):
        raise ValueError(f"need alarms <= trials on every date, got {seen} of {looked}")
    used = looked > 0
    return seen[used], looked[used]
