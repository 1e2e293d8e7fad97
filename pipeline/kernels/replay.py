"""Replayed imagery: the same or nearly the same pixels under two dates.

Two looks of a sensor cannot agree better than its noise, speckle included. A
replayed scene does, and would read as a confident "no change".
"""
# ruff: noqa: ANN001, ANN202 - numba infers the types of compiled loops.

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from pipeline.kernels.lanes import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MIN_PIXELS = 400
_SHARE_EQUAL = 0.5  # of textured pixels; quantised looks of different dates share a few per cent
_OF_NORMAL = 1.4826
_MARGIN = 0.01  # of every limit: pairs so near to one are compared in full
_FLOOR = 0.4  # of the noise of two independent looks; speckle six days apart is half coherent


@dataclass(frozen=True)
class Replay:
    """How alike two looks are, against how alike they can honestly be.

    Attributes
    ----------
    same
        True: not two independent observations.
    equal_share
        Share of compared pixels with bit-equal values.
    difference
        Robust sigma of the difference's fine structure, unit of the values, after
        the best gain and offset are taken out.
    noise_floor
        Difference that two independent looks have at least, same unit.
    n
        Pixels compared; 0 where too few, and then `same` is False.
    """

    same: bool
    equal_share: float
    difference: float
    noise_floor: float
    n: int


def nearly_same(
    a: NDArray[np.floating],
    b: NDArray[np.floating],
    valid: NDArray[np.bool_],
    *,
    noise: float,
) -> Replay:
    """Compare two looks of one band for being the same picture.

    Parameters
    ----------
    a, b
        (y, x) reflectance, or gamma-nought in dB.
    valid
        (y, x) valid in both.
    noise
        One sigma of one look's pixel, same unit (sensor table).

    Returns
    -------
    Replay

    Notes
    -----
    Neighbouring pixels are differenced first, so that haze or another offset laid
    over a copy does not hide it; a copy with added noise below about
    ``0.4·√2·noise`` is found, one with more is not. A copy moved by a fraction of a
    pixel must be registered first.
    """
    if not a.shape == b.shape == valid.shape or a.ndim != 2:
        raise ValueError(f"shapes differ: {a.shape}, {b.shape}, {valid.shape}")
    if not (np.isfinite(noise) and noise > 0):
        raise ValueError(f"noise must be above zero, got {noise}")
    ok = valid & np.isfinite(a) & np.isfinite(b)
    pair = ok[:, 1:] & ok[:, :-1]
    floor = float(np.sqrt(2.0) * noise)
    n = int(pair.sum())
    if n < _MIN_PIXELS:
        return Replay(False, 0.0, 0.0, floor, 0)
    da, db = (np.diff(np.where(ok, v, 0.0), axis=1)[pair] for v in (a, b))
    textured = da != 0
    equal = (a == b)[:, 1:][pair]
    share = float(equal[textured].mean()) if textured.any() else 0.0
    spread = _sigma(_gain(db, da) * db - da) / np.sqrt(2.0)
    same = bool(textured.any() and (share > _SHARE_EQUAL or spread < _FLOOR * floor))
    return Replay(same, share, float(spread), floor, n)


def compared_rows(height: int, rows: int = 16) -> slice:
    """Return evenly spread rows of a look: `rows`, and less than twice as many."""
    return slice(None, None, max(1, height // rows))


def replayed_pairs(
    looks: NDArray[np.floating], valid: NDArray[np.bool_], *, noise: float, rows: int = 16
) -> tuple[tuple[int, int, Replay], ...]:
    """Return every pair of looks (time, y, x) that `nearly_same` calls the same, in time order.

    The rows of `compared_rows` are compared; looks that are no more than these give the same.
    """
    if len(looks) < 2:
        return ()
    compared = compared_rows(looks.shape[1], rows)
    sample, seen = looks[:, compared], valid[:, compared]
    structure = _FineStructure.of(sample, seen)
    found = []
    for j in range(1, len(looks)):
        for i in structure.near(j, noise).tolist():
            result = nearly_same(sample[i], sample[j], seen[i] & seen[j], noise=noise)
            if result.same:
                found.append((i, j, result))
    return tuple(found)


@dataclass(frozen=True)
class _FineStructure:
    """What pairs of looks are screened by, many at once; all (time, pixel).

    Attributes
    ----------
    values, steps
        Of each pixel, and how far it lies above its left neighbour.
    seen
        Both are valid.
    """

    values: NDArray[np.floating]
    steps: NDArray[np.floating]
    seen: NDArray[np.bool_]

    @classmethod
    def of(cls, looks: NDArray[np.floating], valid: NDArray[np.bool_]) -> _FineStructure:
        ok, flat = valid & np.isfinite(looks), (len(looks), -1)
        steps = np.diff(np.where(ok, looks, 0.0), axis=2)
        pair = ok[:, :, 1:] & ok[:, :, :-1]
        return cls(looks[:, :, 1:].reshape(flat), steps.reshape(flat), pair.reshape(flat))

    def near(self, j: int, noise: float) -> NDArray[np.intp]:
        """Return the looks before `j` that `nearly_same` might call the same: never too few."""
        # the spread is a median: it is below a limit where half of the pixels are
        limit = (1 + _MARGIN) * 2.0 * _FLOOR * noise / _OF_NORMAL
        counts = np.empty((j, 4), np.int64)
        gains = self._gains(j)
        _count(self.values, self.steps, self.seen, gains, self.steps.dtype.type(limit), counts)
        n, textured, equal, close = counts.T
        alike = equal > (1 - _MARGIN) * _SHARE_EQUAL * textured
        return np.flatnonzero((alike | (close >= 0.5 * n - 1)) & (n >= _MIN_PIXELS))

    def _gains(self, j: int) -> NDArray[np.floating]:
        if self.seen[: j + 1].all():
            sizes, size = self._sizes[:j], self._sizes[j]
        else:
            sizes, size = np.empty((2, j), self.steps.dtype)
            _masked_medians(np.abs(self.steps[: j + 1]), self.seen, self._ranked, sizes, size)
        known = (sizes > 0) & (size > 0)
        return np.where(known, sizes / np.where(known, size, 1), 1).astype(self.steps.dtype)

    @cached_property
    def _sizes(self) -> NDArray[np.floating]:
        return np.asarray(np.median(np.abs(self.steps), axis=1))

    @cached_property
    def _ranked(self) -> NDArray[np.int32]:
        """Pixels by the size of their step, of each look."""
        return np.argsort(np.abs(self.steps), axis=1).astype(np.int32)


@compiled
def _count(values, steps, seen, gains, limit, counts):  # type: ignore[no-untyped-def]
    """Count pixels seen by a look and each one before it: all, textured, equal, close."""
    j = len(counts)
    for i in range(j):
        n = textured = equal = close = 0
        for x in range(values.shape[1]):
            both = seen[i, x] & seen[j, x]
            rough = both & (steps[i, x] != 0)
            n += both
            textured += rough
            equal += rough & (values[i, x] == values[j, x])
            close += both & (np.abs(gains[i] * steps[j, x] - steps[i, x]) < limit)
        counts[i, 0], counts[i, 1], counts[i, 2], counts[i, 3] = n, textured, equal, close


@compiled
def _masked_medians(sizes, seen, ranked, own, other):  # type: ignore[no-untyped-def]
    """Write the median size in each look, and in the last one, of what both have seen; or 0."""
    j = len(sizes) - 1
    for i in range(j):
        n = (seen[i] & seen[j]).sum()
        own[i] = _middle(sizes[i], ranked[i], seen[i], seen[j], n)
        other[i] = _middle(sizes[j], ranked[j], seen[i], seen[j], n)


@compiled
def _middle(sizes, ranked, seen, too, n):  # type: ignore[no-untyped-def]
    """Return the median of `n` sizes where both are True, walked up in their order."""
    low, at, passed = sizes[0] * 0, 0, 0
    if n == 0:
        return low
    while passed <= n // 2:
        place = ranked[at]
        if seen[place] and too[place]:
            if passed == (n - 1) // 2:
                low = sizes[place]
            passed += 1
        at += 1
    return (low + sizes[ranked[at - 1]]) / sizes.dtype.type(2)


def _sigma(values: NDArray[np.floating]) -> float:
    """Return the robust sigma of values whose median is zero, as differences' is."""
    return float(_OF_NORMAL * np.median(np.abs(values)))


def _gain(of: NDArray[np.floating], onto: NDArray[np.floating]) -> float:
    """Ratio of the fine structures' size; 1 where one has none."""
    a, b = _sigma(of), _sigma(onto)
    return b / a if a > 0 and b > 0 else 1.0
