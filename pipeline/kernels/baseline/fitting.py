"""Fits of many pixels, in the processors at hand."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.kernels.baseline.core import fit_range
from pipeline.kernels.baseline.prior import VariancePrior, smallest_spread, variance_prior
from pipeline.kernels.lanes import FEWEST_PIXELS
from pipeline.threads import in_ranges


class Fitted(NamedTuple):
    """Fits of pixels, and what they leave unexplained.

    Parameters
    ----------
    coefficients
        (k, pixel) float32; NaN without a fit.
    covariance
        (k, k, pixel) float32, for unit variance.
    variance
        (pixel,) float32 weighted variance of the residuals; NaN without a fit.
    dof
        (pixel,) float32 degrees of freedom of `variance`.
    columns
        (pixel,) uint8 coefficients fitted: 0, 1 or k.
    dates
        (pixel,) int16 usable dates.
    least_spread
        (pixel,) float64 smallest robust spread that weights were found by; a floor up to it would
        not have changed the fit. Infinite without a fit.
    """

    coefficients: NDArray[np.float32]
    covariance: NDArray[np.float32]
    variance: NDArray[np.float32]
    dof: NDArray[np.float32]
    columns: NDArray[np.uint8]
    dates: NDArray[np.int16]
    least_spread: NDArray[np.float64]


class LeftOut(NamedTuple):
    """What every date comes to without itself in the fit; (time, pixel) float32.

    Parameters
    ----------
    residual
        From what the other dates expect; NaN where not usable.
    leverage
        Of the date on the fit of the others: the variance of that expectation for unit variance.
    variance, dof
        As in `Fitted`, of the others; NaN and 0 where too few remain.

    Where there is no residual the others are left as memory holds them.
    """

    residual: NDArray[np.float32]
    leverage: NDArray[np.float32]
    variance: NDArray[np.float32]
    dof: NDArray[np.float32]


def fit_pixels(
    values: NDArray[np.float32],
    used: NDArray[np.bool_],
    days: NDArray[np.float64],
    design: NDArray[np.float64],
    floor: float,
    *,
    residual: NDArray[np.float32] | None = None,
) -> tuple[Fitted, LeftOut]:
    """Fit (time, pixel) series by iterated biweights.

    Parameters
    ----------
    values, used
        (time, pixel), contiguous; where not `used` a value is not looked at.
    days, design
        (time,) and (time, k) of `design_matrix`.
    floor
        Smallest robust spread while weights are found.
    residual
        (time, pixel) that becomes the one of `LeftOut`: every date is also left out, by the weights
        of the full fit. Without it `LeftOut` has no dates.
    """
    pixels = values.shape[1]
    fitted = _no_fits(design.shape[1], pixels)
    left = _nothing_left_out(np.empty((0, pixels), np.float32) if residual is None else residual)

    def fit(first: int, last: int) -> None:
        fit_range(values, used, days, design, floor, first, last, tuple(fitted), tuple(left))

    in_ranges(fit, pixels, fewest=FEWEST_PIXELS)
    return fitted, left


def fit_with_prior(
    values: NDArray[np.float32],
    used: NDArray[np.bool_],
    days: NDArray[np.float64],
    design: NDArray[np.float64],
    *,
    over: NDArray[np.bool_] | None = None,
    residual: NDArray[np.float32] | None = None,
) -> tuple[Fitted, LeftOut, VariancePrior]:
    """Fit the variance prior, and every pixel with the smallest spread that it allows.

    Parameters
    ----------
    values, used, days, design, residual
        As for `fit_pixels`.
    over
        (pixel,) True = counts for the prior; None is all.

    Notes
    -----
    The prior needs fits without a floor, and a floor changes those alone that fell below it: one
    pixel of ten thousand is fitted twice, not all.
    """
    found, left = fit_pixels(values, used, days, design, 0.0, residual=residual)
    chosen = slice(None) if over is None else over
    prior = variance_prior(found.variance[chosen], found.dof[chosen])
    floor = smallest_spread(prior)
    again = np.flatnonzero(~(found.least_spread >= floor))
    if again.size:
        few, mask = np.ascontiguousarray(values[:, again]), np.ascontiguousarray(used[:, again])
        room = None if residual is None else np.empty_like(few)
        fits, rest = fit_pixels(few, mask, days, design, floor, residual=room)
        _replace(found, again, fits)
        _replace(left, again, rest)
    return found, left, prior


def _replace(
    whole: tuple[NDArray[Any], ...], pixels: NDArray[np.intp], part: tuple[NDArray[Any], ...]
) -> None:
    for old, new in zip(whole, part, strict=True):
        old[..., pixels] = new


def _no_fits(width: int, pixels: int) -> Fitted:
    return Fitted(
        coefficients=np.full((width, pixels), np.nan, dtype=np.float32),
        covariance=np.zeros((width, width, pixels), dtype=np.float32),
        variance=np.full(pixels, np.nan, dtype=np.float32),
        dof=np.zeros(pixels, dtype=np.float32),
        columns=np.zeros(pixels, dtype=np.uint8),
        dates=np.zeros(pixels, dtype=np.int16),
        least_spread=np.full(pixels, np.inf),
    )


def _nothing_left_out(residual: NDArray[np.float32]) -> LeftOut:
    residual.fill(np.nan)
    # The others mean nothing where there is no residual: memory is what scoring waits for.
    return LeftOut(residual, *(np.empty_like(residual) for _ in range(3)))
