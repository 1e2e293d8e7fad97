"""Fits of many pixels, in the processors at hand."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.kernels.baseline.core import fit_range
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
    """

    coefficients: NDArray[np.float32]
    covariance: NDArray[np.float32]
    variance: NDArray[np.float32]
    dof: NDArray[np.float32]
    columns: NDArray[np.uint8]
    dates: NDArray[np.int16]


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
    leave_out: bool = False,
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
    leave_out
        Whether every date is also left out, by the weights of the full fit; without, `LeftOut`
        has no dates.
    """
    pixels = values.shape[1]
    fitted = _no_fits(design.shape[1], pixels)
    left = _nothing_left_out(len(values) if leave_out else 0, pixels)

    def fit(first: int, last: int) -> None:
        fit_range(values, used, days, design, floor, first, last, tuple(fitted), tuple(left))

    in_ranges(fit, pixels, fewest=FEWEST_PIXELS)
    return fitted, left


def _no_fits(width: int, pixels: int) -> Fitted:
    return Fitted(
        coefficients=np.full((width, pixels), np.nan, dtype=np.float32),
        covariance=np.zeros((width, width, pixels), dtype=np.float32),
        variance=np.full(pixels, np.nan, dtype=np.float32),
        dof=np.zeros(pixels, dtype=np.float32),
        columns=np.zeros(pixels, dtype=np.uint8),
        dates=np.zeros(pixels, dtype=np.int16),
    )


def _nothing_left_out(dates: int, pixels: int) -> LeftOut:
    shape = (dates, pixels)
    return LeftOut(
        residual=np.full(shape, np.nan, dtype=np.float32),
        leverage=np.full(shape, np.nan, dtype=np.float32),
        variance=np.full(shape, np.nan, dtype=np.float32),
        dof=np.zeros(shape, dtype=np.float32),
    )
