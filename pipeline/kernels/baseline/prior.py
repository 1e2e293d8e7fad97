"""What the pixels of one window say about each other's variance."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special

if TYPE_CHECKING:
    from collections.abc import Callable

# With so many prior dates a pixel's own variance no longer counts.
MOST_DOF = 200.0
FEWEST_PIXELS = 30
# Of an interval of six: what remains is below the last digit of a float.
HALVINGS = 56


class VariancePrior(NamedTuple):
    """A scaled inverse chi-square prior of a pixel's variance.

    Parameters
    ----------
    variance
        Prior variance, in squared units of the values.
    dof
        How many dates the prior is worth; 0 is no prior.
    """

    variance: float
    dof: float


NO_PRIOR = VariancePrior(1.0, 0.0)


def variance_prior(variance: NDArray[np.floating], dof: NDArray[np.floating]) -> VariancePrior:
    """Fit the prior over pixels by quantiles, so that changed pixels do not widen it.

    Parameters
    ----------
    variance, dof
        Residual variances of the pixels and their degrees of freedom, any shape; NaN is left out.

    Returns
    -------
    The prior under which the 20, 50 and 80 % points of `variance` are those of a scaled F
    distribution; `NO_PRIOR` when fewer than 30 pixels can be used.

    Notes
    -----
    The model is that of Smyth (2004), doi:10.2202/1544-6115.1027; quantiles take the place of his
    moments, because a few per cent of pixels with real change would inflate those.
    """
    usable = np.isfinite(variance) & (variance > 0) & (dof > 0)
    if np.count_nonzero(usable) < FEWEST_PIXELS:
        return NO_PRIOR
    own = float(np.median(dof[usable]))
    # A quantile has a meaning for one number of dates only: take the pixels near the median.
    near = usable & (np.abs(dof - own) <= 0.15 * own + 0.5)
    low, middle, high = np.quantile(variance[near].astype(np.float64), (0.2, 0.5, 0.8))
    spread = float(np.log(high / low))
    prior_dof = _prior_dof(own, spread)
    return VariancePrior(float(middle / special.fdtri(own, prior_dof, 0.5)), prior_dof)


def shrunk_variance(
    variance: NDArray[np.floating], dof: NDArray[np.floating], prior: VariancePrior
) -> NDArray[np.float64]:
    """Return the posterior variance; its degrees of freedom are `dof + prior.dof`."""
    total = np.asarray(dof + prior.dof, dtype=np.float64)
    return (prior.dof * prior.variance + dof * variance) / np.where(total > 0, total, np.nan)


def smallest_spread(prior: VariancePrior) -> float:
    """Return the floor of a pixel's robust spread while its weights are found.

    A median absolute deviation of six dates can be tiny by chance, and would throw good dates out.
    """
    return 0.5 * float(np.sqrt(prior.variance)) if prior.dof > 0 else 0.0


def _prior_dof(own: float, spread: float) -> float:
    def excess(log_dof: float) -> float:
        low, high = special.fdtri(own, np.exp(log_dof), (0.2, 0.8))
        return float(np.log(high / low)) - spread

    smallest, largest = float(np.log(0.5)), float(np.log(MOST_DOF))
    if excess(largest) >= 0:
        return MOST_DOF
    if excess(smallest) <= 0:
        return 0.5
    return float(np.exp(_falling_root(excess, smallest, largest)))


def _falling_root(function: Callable[[float], float], low: float, high: float) -> float:
    """Return where a falling function is zero, by halving: a hundredth of scipy's import."""
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if function(middle) > 0 else (low, middle)
    return 0.5 * (low + high)
