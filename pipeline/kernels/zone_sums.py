"""Sums over the pixels of a zone, each in one pass: its power, and what of it was not seen."""
# ruff: noqa: ANN001, ANN202, PLR0913, PLR0917 - numba infers the types of compiled loops.

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pipeline.kernels.lanes import compiled
from pipeline.kernels.ranks import between
from pipeline.threads import in_ranges

if TYPE_CHECKING:
    from numpy.typing import NDArray


class ZonePowers(NamedTuple):
    """One zone over time; all (time,) float64.

    Parameters
    ----------
    look, usual
        Linear power summed over the pixels where both are known, measured and usual; 0 without any.
    seen
        Sum of the shares of the pixels that were measured.
    quantile
        The quantile asked for of the pixels' ratio of the one to the other, over pixels mostly
        inside the zone, or over all where there is none; NaN where no ratio is a power.
    """

    look: NDArray[np.float64]
    usual: NDArray[np.float64]
    seen: NDArray[np.float64]
    quantile: NDArray[np.float64]


def zone_powers(
    span: NDArray[np.float32],
    usual: NDArray[np.float32],
    places: NDArray[np.intp],
    shares: NDArray[np.float64],
    *,
    quantile: float,
) -> ZonePowers:
    """Sum (time, pixel) power over a zone.

    Parameters
    ----------
    span, usual
        (time, pixel) linear power, measured and usual; NaN is not known.
    places, shares
        (n,) the zone's pixels and the share of each inside it.
    quantile
        0 to 1.
    """
    out = ZonePowers(*np.full((4, len(span)), np.nan))
    mostly = shares > 0.5 if (shares > 0.5).any() else np.ones(shares.size, np.bool_)

    def add(first: int, last: int) -> None:
        _add(span, usual, places, shares, mostly, quantile, first, last, *out)

    in_ranges(add, len(span), fewest=8)
    return out


@compiled
def _add(span, usual, places, shares, mostly, part, first, last, look, quiet, seen, quantile):  # type: ignore[no-untyped-def]
    ratios = np.empty(places.size)
    for t in range(first, last):
        look[t] = quiet[t] = seen[t] = 0.0
        count = 0
        for i in range(places.size):
            one, other = span[t, places[i]], usual[t, places[i]]
            ratio = one / other
            if np.isfinite(one):
                seen[t] += shares[i]
            if np.isfinite(ratio):
                look[t] += shares[i] * one
                quiet[t] += shares[i] * other
                if mostly[i] and ratio > 0.0:
                    ratios[count] = ratio
                    count += 1
        if count:
            quantile[t] = between(ratios, count, part)


def lost_shares(
    values: NDArray[np.floating], places: NDArray[np.intp], shares: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return what of a zone has no finite value on each look.

    Parameters
    ----------
    values
        (time, pixel).
    places, shares
        (n,) the zone's pixels and the share of each inside it.

    Returns
    -------
    (time,) sum of the shares of the pixels without a value, and how many they are.
    """
    lost, count = np.zeros(len(values)), np.zeros(len(values), np.int64)
    _lose(values, places, shares, lost, count)
    return lost, count


@compiled
def _lose(values, places, shares, lost, count):  # type: ignore[no-untyped-def]
    for t in range(len(values)):
        for i in range(places.size):
            if not np.isfinite(values[t, places[i]]):
                lost[t] += shares[i]
                count[t] += 1
