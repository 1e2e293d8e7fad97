"""Replayed imagery: the same or nearly the same pixels under two dates.

Two looks of a sensor cannot agree better than its noise, speckle included. A
replayed scene does, and would read as a confident "no change".
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

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
        both = self.seen[:j] & self.seen[j]
        n = both.sum(axis=1)
        textured = both & (self.steps[:j] != 0)
        equal = np.count_nonzero(textured & (self.values[:j] == self.values[j]), axis=1)
        alike = equal > (1 - _MARGIN) * _SHARE_EQUAL * textured.sum(axis=1)
        # the spread is a median: it is below a limit where half of the pixels are
        limit = (1 + _MARGIN) * 2.0 * _FLOOR * noise / _OF_NORMAL
        away = np.abs(self._gains(j, both)[:, None] * self.steps[j] - self.steps[:j])
        close = np.count_nonzero((away < limit) & both, axis=1) >= 0.5 * n - 1
        return np.flatnonzero((alike | close) & (n >= _MIN_PIXELS))

    def _gains(self, j: int, both: NDArray[np.bool_]) -> NDArray[np.floating]:
        if both.all():
            sizes, size = self._sizes[:j], self._sizes[j]
        else:
            sizes = _masked_medians(np.abs(self.steps[:j]), both)
            size = _masked_medians(np.broadcast_to(np.abs(self.steps[j]), both.shape), both)
        known = (sizes > 0) & (size > 0)
        return np.where(known, sizes / np.where(known, size, 1), 1).astype(self.steps.dtype)

    @cached_property
    def _sizes(self) -> NDArray[np.floating]:
        return np.asarray(np.median(np.abs(self.steps), axis=1))


def _masked_medians(values: NDArray[np.floating], kept: NDArray[np.bool_]) -> NDArray[np.floating]:
    """Return the median of each row's kept values; 0 where there is none."""
    ranked = np.sort(np.where(kept, values, np.inf), axis=1)
    rows, count = np.arange(len(ranked)), kept.sum(axis=1)
    middle = (ranked[rows, np.maximum(count - 1, 0) // 2] + ranked[rows, count // 2]) / 2
    return np.where(count > 0, middle, 0)


def _sigma(values: NDArray[np.floating]) -> float:
    """Return the robust sigma of values whose median is zero, as differences' is."""
    return float(_OF_NORMAL * np.median(np.abs(values)))


def _gain(of: NDArray[np.floating], onto: NDArray[np.floating]) -> float:
    """Ratio of the fine structures' size; 1 where one has none."""
    a, b = _sigma(of), _sigma(onto)
    return b / a if a > 0 and b > 0 else 1.0
