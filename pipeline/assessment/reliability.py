"""Stated probabilities held against what was true."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pipeline.kernels.significance import clopper_pearson

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

BINS = 10


class ReliabilityBin(NamedTuple):
    """Statements of about one probability, and how often they were true.

    Parameters
    ----------
    low, high
        Ends of the bin.
    statements
        How many fell into it.
    predicted, observed
        Mean probability stated, and share that was true.
    observed_low, observed_high
        Exact 95 % interval of that share.
    """

    low: float
    high: float
    statements: int
    predicted: float
    observed: float
    observed_low: float
    observed_high: float


class Reliability(NamedTuple):
    """A reliability table.

    Parameters
    ----------
    bins
        Those that hold a statement, ascending.
    error
        Expected calibration error: mean distance of predicted from observed, weighted by
        statements; NaN without any.
    brier
        Mean squared distance of stated probability from truth.
    statements
        How many.
    """

    bins: tuple[ReliabilityBin, ...]
    error: float
    brier: float
    statements: int


def reliability(
    p: Sequence[float] | NDArray[np.floating],
    truth: Sequence[bool] | NDArray[np.bool_],
    *,
    bins: int = BINS,
) -> Reliability:
    """Hold stated probabilities against what was true.

    Parameters
    ----------
    p
        (n,) probabilities stated; NaN is left out.
    truth
        (n,) whether each statement was true.
    bins
        Equal parts of 0 to 1; 1 itself is in the last.

    Raises
    ------
    ValueError
        If lengths differ, or a probability is not between 0 and 1.
    """
    stated_p, was = np.asarray(p, dtype=np.float64), np.asarray(truth, dtype=np.bool_)
    if stated_p.shape != was.shape or np.any((stated_p < 0) | (stated_p > 1)):
        raise ValueError(f"need one probability per truth, got {stated_p.shape} and {was.shape}")
    known = np.isfinite(stated_p)
    stated_p, was = stated_p[known], was[known]
    if not stated_p.size:
        return Reliability((), float("nan"), float("nan"), 0)
    place = np.minimum((stated_p * bins).astype(np.int64), bins - 1)
    table = tuple(_bin(index, bins, stated_p, was, place == index) for index in np.unique(place))
    gaps = sum(row.statements * abs(row.predicted - row.observed) for row in table)
    brier = float(np.mean((stated_p - was) ** 2))
    return Reliability(table, gaps / stated_p.size, brier, int(stated_p.size))


def _bin(
    index: int,
    bins: int,
    p: NDArray[np.float64],
    truth: NDArray[np.bool_],
    inside: NDArray[np.bool_],
) -> ReliabilityBin:
    count, true = int(inside.sum()), int(truth[inside].sum())
    low, high = clopper_pearson(true, count)
    return ReliabilityBin(
        index / bins, (index + 1) / bins, count, float(p[inside].mean()), true / count, low, high
    )
