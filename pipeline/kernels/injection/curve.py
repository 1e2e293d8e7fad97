"""One detection curve per zone: probability of detection against size."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

ITERATIONS = 50


class DetectionCurve(NamedTuple):
    """logit P(detected) = intercept + slope * log2(size / 1 m²).

    Parameters
    ----------
    intercept, slope
        Coefficients; NaN when the injections cannot tell (one size, or none).
    covariance
        (2, 2) of the two.
    smallest_m2, largest_m2
        Sizes that were injected; nothing is claimed beyond.
    injections, detections
        Number of trials, and of hits.
    """

    intercept: float
    slope: float
    covariance: NDArray[np.float64]
    smallest_m2: float
    largest_m2: float
    injections: int
    detections: int


class SmallestSeen(NamedTuple):
    """Smallest size seen with the asked probability.

    Parameters
    ----------
    size_m2
        None where it is not reached within the sizes that were injected.
    interval_m2
        95 % interval; None at an end that the injections do not bound.
    reason
        "" or a code: "not-reached", "below-smallest-injected", "not-measured".
    """

    size_m2: float | None
    interval_m2: tuple[float | None, float | None]
    reason: str


def detection_curve(sizes_m2: ArrayLike, hits: ArrayLike) -> DetectionCurve:
    """Fit a logistic curve in the logarithm of the size.

    Parameters
    ----------
    sizes_m2
        (n,) area of each injected blob.
    hits
        (n,) bool, from `detected`.

    Raises
    ------
    ValueError
        If lengths differ or a size is not positive.

    Notes
    -----
    Penalised by Jeffreys' prior (Firth 1993, doi:10.1093/biomet/80.1.27), so that a clean split
    into never and always detected still has a finite slope.
    """
    size = np.atleast_1d(np.asarray(sizes_m2, dtype=np.float64))
    hit = np.atleast_1d(np.asarray(hits, dtype=np.float64))
    if size.shape != hit.shape or np.any(~(size > 0)):
        raise ValueError(f"need one positive size per hit, got {size.shape} and {hit.shape}")
    if np.unique(size).size < 2:
        low, high = (float(size.min()), float(size.max())) if size.size else (np.nan, np.nan)
        unknown = np.full((2, 2), np.nan)
        return DetectionCurve(np.nan, np.nan, unknown, low, high, size.size, int(hit.sum()))
    middle = float(np.log2(size).mean())
    beta, covariance = _firth(np.log2(size) - middle, hit)
    # From the centred to the published intercept.
    back = np.array([[1.0, -middle], [0.0, 1.0]])
    intercept, slope = back @ beta
    return DetectionCurve(
        float(intercept),
        float(slope),
        back @ covariance @ back.T,
        float(size.min()),
        float(size.max()),
        size.size,
        int(hit.sum()),
    )


def detection_probability(
    curve: DetectionCurve, sizes_m2: ArrayLike, *, level: float = 0.95
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return probability, lower and upper bound at each size, each (n,)."""
    x = np.log2(np.atleast_1d(np.asarray(sizes_m2, dtype=np.float64)))
    centre = curve.intercept + curve.slope * x
    c = curve.covariance
    spread = np.sqrt(np.maximum(c[0, 0] + 2 * x * c[0, 1] + x * x * c[1, 1], 0.0))
    z = -special.ndtri((1.0 - level) / 2.0)
    return (
        special.expit(centre),
        special.expit(centre - z * spread),
        special.expit(centre + z * spread),
    )


def smallest_seen(
    curve: DetectionCurve, *, probability: float = 0.9, level: float = 0.95
) -> SmallestSeen:
    """Read the smallest size that is detected with the asked probability off a curve.

    Parameters
    ----------
    probability
        Of detection, between 0 and 1.
    level
        Of the interval, which is Fieller's (1954): where the curve's own band crosses.

    Raises
    ------
    ValueError
        If `probability` is not between 0 and 1.
    """
    if not 0 < probability < 1:
        raise ValueError(f"probability must be between 0 and 1, got {probability}")
    if not np.isfinite(curve.slope):
        return SmallestSeen(None, (None, None), "not-measured")
    sizes = np.geomspace(curve.smallest_m2, curve.largest_m2, 1025)
    middle, lower, upper = detection_probability(curve, sizes, level=level)
    size, first, last = (
        _first_reached(sizes, line, probability) for line in (middle, upper, lower)
    )
    if size is None:
        return SmallestSeen(None, (first, None), "not-reached")
    reason = "below-smallest-injected" if middle[0] >= probability else ""
    return SmallestSeen(size, (first, last), reason)


def _first_reached(
    sizes: NDArray[np.float64], line: NDArray[np.float64], probability: float
) -> float | None:
    # The last size below the line: beyond it, every size that was injected is seen.
    below = np.flatnonzero(line < probability)
    if below.size == 0:
        return float(sizes[0])
    if below[-1] == sizes.size - 1:
        return None
    low = int(below[-1])
    share = (probability - line[low]) / (line[low + 1] - line[low])
    return float(sizes[low] + share * (sizes[low + 1] - sizes[low]))


def _firth(
    x: NDArray[np.float64], hit: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    design = np.stack([np.ones_like(x), x], axis=1)
    beta = np.zeros(2)
    for _ in range(ITERATIONS):
        p = special.expit(design @ beta)
        weight = p * (1.0 - p)
        inverse = np.linalg.inv(design.T @ (design * weight[:, None]))
        leverage = weight * np.einsum("ni,ij,nj->n", design, inverse, design)
        step = inverse @ (design.T @ (hit - p + leverage * (0.5 - p)))
        # Never more than this at once: a clean split would otherwise overshoot.
        step *= min(1.0, 2.0 / max(float(np.abs(step).max()), 1e-12))
        beta = beta + step
        if float(np.abs(step).max()) < 1e-9:
            break
    return beta, inverse
