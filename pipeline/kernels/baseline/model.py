"""A pixel's own history: robust level, trend and season, with the variance of a prediction."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pipeline.kernels.baseline.design import design_matrix
from pipeline.kernels.baseline.fitting import Fitted, fit_pixels, fit_with_prior
from pipeline.kernels.baseline.prior import (
    VariancePrior,
    shrunk_variance,
    smallest_spread,
    variance_prior,
)


class Baseline(NamedTuple):
    """A frozen baseline of one band of one stack.

    Parameters
    ----------
    coefficients
        (k, y, x) float32: level, trend per year, cosine and sine pairs; those a pixel's dates could
        not carry are 0, and NaN marks a pixel without baseline.
    covariance
        (k, k, y, x) float32, of the coefficients for unit variance.
    scale
        (y, x) float32 standard deviation of one look, shrunk towards the prior, in units of the
        values.
    dof
        (y, x) float32 degrees of freedom of `scale`, prior included.
    dates
        (y, x) int16 dates used.
    columns
        (y, x) uint8 coefficients fitted: 0, 1 or k.
    first_day, last_day
        (y, x) float32 first and last usable day; NaN where there is none.
    harmonics, trend, origin
        The design, see `design_matrix`.
    prior
        The prior that shrank the variance.
    """

    coefficients: NDArray[np.float32]
    covariance: NDArray[np.float32]
    scale: NDArray[np.float32]
    dof: NDArray[np.float32]
    dates: NDArray[np.int16]
    columns: NDArray[np.uint8]
    first_day: NDArray[np.float32]
    last_day: NDArray[np.float32]
    harmonics: int
    trend: bool
    origin: float
    prior: VariancePrior


def fit_baseline(
    values: NDArray[np.floating],
    valid: NDArray[np.bool_],
    days: ArrayLike,
    *,
    harmonics: int = 2,
    trend: bool = True,
    prior: VariancePrior | None = None,
    origin: float | None = None,
) -> Baseline:
    """Fit a robust baseline to every pixel.

    A pixel whose dates are too few (under four a coefficient), span less than 1.5 years, or leave
    more than four months of the year empty gets a robust location and scale instead of a season.

    Parameters
    ----------
    values
        (time, y, x) float; NaN is a bad pixel.
    valid
        (time, y, x) True = usable.
    days
        (time,) days since any fixed epoch. Which dates are in is the caller's choice: strictly
        earlier ones for a causal baseline.
    harmonics, trend
        Columns to fit where there are enough dates; `harmonics=0, trend=False` is location only.
    prior
        Variance prior in squared units of the values; None fits it over the pixels given, so that
        blocks of one scene must share the prior of the whole to give the same bits.
    origin
        Day at which the trend is zero; None is the mean of `days`.

    Returns
    -------
    Baseline. Pixels with fewer than three dates are NaN.

    Raises
    ------
    ValueError
        If shapes do not agree, or `harmonics` is not 0 to 4.

    Notes
    -----
    Tukey biweights from the median (Beaton and Tukey 1974, doi:10.1080/00401706.1974.10489171),
    variances shrunk as by Smyth (2004), doi:10.2202/1544-6115.1027.
    """
    day, usable = checked(values, valid, days)
    start = mean_day(day) if origin is None else origin
    design = design_matrix(day, harmonics=harmonics, trend=trend, origin=start)
    flat, used = flattened(values, usable)
    if prior is None:
        found, _, prior = fit_with_prior(flat, used, day, design)
    else:
        found, _ = fit_pixels(flat, used, day, design, smallest_spread(prior))
    return as_baseline(
        found, usable, day, harmonics=harmonics, trend=trend, origin=start, prior=prior
    )


def as_baseline(
    fitted: Fitted,
    usable: NDArray[np.bool_],
    day: NDArray[np.float64],
    *,
    harmonics: int,
    trend: bool,
    origin: float,
    prior: VariancePrior,
) -> Baseline:
    """Return the baseline that `fit_pixels` found for `usable` (time, y, x) pixels."""
    maps = usable.shape[1:]
    variance, dof = fitted.variance.reshape(maps), fitted.dof.reshape(maps)
    first, last = _span(usable, day)
    return Baseline(
        coefficients=fitted.coefficients.reshape(-1, *maps),
        covariance=fitted.covariance.reshape(*fitted.covariance.shape[:2], *maps),
        scale=np.sqrt(shrunk_variance(variance, dof, prior)).astype(np.float32),
        dof=(dof + np.float32(prior.dof)).astype(np.float32),
        dates=fitted.dates.reshape(maps),
        columns=fitted.columns.reshape(maps),
        first_day=first,
        last_day=last,
        harmonics=harmonics,
        trend=trend,
        origin=origin,
        prior=prior,
    )


def fit_prior(
    values: NDArray[np.floating],
    valid: NDArray[np.bool_],
    days: ArrayLike,
    *,
    harmonics: int = 2,
    trend: bool = True,
) -> VariancePrior:
    """Fit the variance prior of a whole window, to be shared by its blocks; see `fit_baseline`."""
    day, usable = checked(values, valid, days)
    design = design_matrix(day, harmonics=harmonics, trend=trend, origin=mean_day(day))
    found, _ = fit_pixels(*flattened(values, usable), day, design, 0.0)
    return variance_prior(found.variance, found.dof)


def cut_baseline(
    baseline: Baseline, rows: NDArray[np.integer], columns: NDArray[np.integer]
) -> Baseline:
    """Cut patches out of a baseline by index arrays.

    Parameters
    ----------
    rows, columns
        Broadcastable indices, as from `pipeline.kernels.injection.patch_indices`: (n, h, 1) and
        (n, 1, w).

    Returns
    -------
    Baseline whose maps are (n, h, w).
    """
    maps = baseline._asdict()
    for name, part in maps.items():
        if isinstance(part, np.ndarray):
            maps[name] = part[..., rows, columns]
    return Baseline(**maps)


def age_days(baseline: Baseline, day: float) -> NDArray[np.float32]:
    """Return how long before `day` each pixel's baseline ends, in days, (y, x) float32."""
    return (day - baseline.last_day.astype(np.float64)).astype(np.float32)


def checked(
    values: NDArray[np.floating], valid: NDArray[np.bool_], days: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return the days as float64 and where the values can be used; ValueError on wrong shapes."""
    day = np.atleast_1d(np.asarray(days, dtype=np.float64))
    if values.ndim != 3 or values.shape != valid.shape or day.shape != values.shape[:1]:
        raise ValueError(
            f"values (time, y, x), valid and days must agree, got {values.shape}, "
            f"{valid.shape} and {day.shape}"
        )
    return day, valid & np.isfinite(values)


def mean_day(day: NDArray[np.float64]) -> float:
    """Return the day in the middle of a history; 0 where there is no date."""
    return float(day.mean()) if day.size else 0.0


def flattened(
    values: NDArray[np.floating], usable: NDArray[np.bool_]
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Return (time, pixel) float32 values and their mask, contiguous."""
    shape = (values.shape[0], values.shape[1] * values.shape[2])  # -1 has no meaning for no dates
    flat = np.ascontiguousarray(values.reshape(shape), dtype=np.float32)
    return flat, np.ascontiguousarray(usable.reshape(shape))


def _span(
    usable: NDArray[np.bool_], day: NDArray[np.float64]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    if not day.size:
        nothing = np.full(usable.shape[1:], np.nan, dtype=np.float32)
        return nothing, nothing
    if usable.all():
        ends = np.float32(day.min()), np.float32(day.max())
        first, last = (np.full(usable.shape[1:], end, dtype=np.float32) for end in ends)
        return first, last
    order = np.argsort(day, kind="stable")
    inside = usable if (np.diff(order) == 1).all() else usable[order]
    seen, moment = inside.any(axis=0), day[order].astype(np.float32)
    first, last = inside.argmax(axis=0), day.size - 1 - inside[::-1].argmax(axis=0)
    return (
        np.where(seen, moment[first], np.float32(np.nan)),
        np.where(seen, moment[last], np.float32(np.nan)),
    )
