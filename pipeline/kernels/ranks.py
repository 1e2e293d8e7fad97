"""Numbers of a given rank in whole maps, exactly: what medians and quantiles are made of.

Sorting a map to learn one of its numbers takes ten times as long, and numpy's partition three
times. The bits of floating point numbers order as the numbers do, so a count of their first
digits says where the number sought is, and only those that share its digit are looked at again.
"""
# ruff: noqa: ANN001, ANN201, ANN202 - numba infers the types of compiled loops.

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pipeline.kernels.lanes import compiled
from pipeline.threads import in_ranges

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Bits of a digit; its counts stay in the fastest cache.
DIGIT = 12
_DIGITS = (1 << DIGIT) - 1
_SIGN = np.uint64(1 << 63)
_ALL = np.uint64((1 << 64) - 1)


@compiled
def digit(bits, shift):  # type: ignore[no-untyped-def]
    """Return twelve bits of a number from `shift` on, in the order of the numbers."""
    turned = bits ^ (_ALL if bits & _SIGN else _SIGN)
    return np.int64((turned >> np.uint64(shift)) & np.uint64(_DIGITS))


@compiled
def narrowed(bits, count, rank, shift, tally):  # type: ignore[no-untyped-def]
    """Keep, in place, those of the first `count` that share the digit of the one of a rank.

    Returns how many they are, and the rank among them.
    """
    tally[:] = 0
    for i in range(count):
        tally[digit(bits[i], shift)] += 1
    found, below = 0, 0
    while below + tally[found] <= rank:
        below += tally[found]
        found += 1
    kept = 0
    for i in range(count):
        bits[kept] = bits[i]
        kept += digit(bits[i], shift) == found
    return kept, rank - below


@compiled
def ranked(numbers, count, rank):  # type: ignore[no-untyped-def]
    """Return the number of a rank (0 is the smallest) of the first `count`, and the next one.

    Parameters
    ----------
    numbers
        (n,) float64, all finite.
    count, rank
        With 0 <= rank < count; the last one is its own next.
    """
    room = numbers[:count].copy()
    bits, tally = room.view(np.uint64), np.empty(_DIGITS + 1, np.int32)
    left, place, shift = count, rank, 64
    while left > 1 and shift > 0:
        shift = max(shift - DIGIT, 0)
        left, place = narrowed(bits, left, place, shift, tally)
    number = room[0]
    following = np.inf
    if place + 1 < left or rank + 1 == count:
        following = number
    else:
        for i in range(count):
            if number < numbers[i] < following:
                following = numbers[i]
    return number, following


@compiled
def middle(numbers, count):  # type: ignore[no-untyped-def]
    """Return the two numbers, or twice the one, in the middle of the first `count`, one or more."""
    low, high = ranked(numbers, count, (count - 1) // 2)
    return (low, high) if count % 2 == 0 else (low, low)


@compiled
def quantile(numbers, count, share):  # type: ignore[no-untyped-def]
    """Return what `np.quantile` returns for the first `count`, to the bit."""
    at = (count - 1) * share
    below = int(np.floor(at))
    low, high = ranked(numbers, count, below)
    part, step = at - below, high - low
    return low + step * part if part < 0.5 else high - step * (1.0 - part)


@compiled
def gathered(values, places, out):  # type: ignore[no-untyped-def]
    """Put the finite of the values at some places into `out`; return how many they are."""
    count = 0
    for place in places:
        value = values[place]
        if np.isfinite(value):
            out[count] = value
            count += 1
    return count


@compiled
def _medians(rows, places, first, last, out):  # type: ignore[no-untyped-def]
    numbers, pair = np.empty(places.size), np.empty(2, rows.dtype)
    for row in range(first, last):
        count = gathered(rows[row], places, numbers)
        if count:
            pair[0], pair[1] = middle(numbers, count)
            out[row] = (pair[0] + pair[1]) / rows.dtype.type(2)


def ring_medians(values: NDArray[np.floating], ring: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return each date's median over the ring's usable pixels, as `np.median` finds it.

    Parameters
    ----------
    values
        (time, pixel) float32 or float64; what is not finite is left out.
    ring
        (pixel,) True = counts.

    Returns
    -------
    (time,) float64; NaN where nothing is left.
    """
    places, out = np.flatnonzero(ring), np.full(len(values), np.nan)
    in_ranges(lambda first, last: _medians(values, places, first, last, out), len(out), fewest=8)
    return out


@compiled
def between(numbers, count, share):  # type: ignore[no-untyped-def]
    """Return the quantile of the first `count` numbers, between two of them by their parts."""
    at = share * (count - 1)
    below = int(np.floor(at))
    low, high = ranked(numbers, count, below)
    return low * (1 - at + below) + high * (at - below)


@compiled
def _quantiles(rows, share, first, last, out):  # type: ignore[no-untyped-def]
    numbers, places = np.empty(rows.shape[1]), np.arange(rows.shape[1])
    for row in range(first, last):
        count = gathered(rows[row], places, numbers)
        if count:
            out[row] = between(numbers, count, share)


def row_quantiles(values: NDArray[np.floating], share: float) -> NDArray[np.float64]:
    """Return each row's quantile over what is finite in it, between two numbers by their parts.

    Parameters
    ----------
    values
        (row, n) float32 or float64.
    share
        Of the row's numbers that lie below, 0 to 1.

    Returns
    -------
    (row,) float64; NaN where nothing is finite.
    """
    out = np.full(len(values), np.nan)
    in_ranges(lambda first, last: _quantiles(values, share, first, last, out), len(out), fewest=8)
    return out
