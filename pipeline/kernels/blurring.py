"""Gaussian means over the usable pixels of many small images, in one pass each."""
# ruff: noqa: ANN001, ANN202 - numba infers the types of compiled loops.

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pipeline.kernels.lanes import compiled
from pipeline.threads import in_ranges

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Standard deviations after which the Gaussian is cut.
TRUNCATE = 4.0


def gaussian(sigma_px: float) -> NDArray[np.float64]:
    """Return the weights of a pixel and of those beside it, (reach + 1,), from the middle out."""
    reach = int(TRUNCATE * sigma_px + 0.5)
    away = np.arange(-reach, reach + 1)
    weights = np.exp(-0.5 / (sigma_px * sigma_px) * away**2)
    return np.asarray((weights / weights.sum())[reach:])


def gaussian_means(
    values: NDArray[np.floating],
    known: NDArray[np.bool_],
    sigma_px: float,
    out: NDArray[np.float32] | None = None,
) -> NDArray[np.float32]:
    """Return Gaussian means of what is known, image by image.

    Parameters
    ----------
    values
        (n, y, x) float32 or float64; what is not finite is not known.
    known
        (n, y, x) True = usable.
    sigma_px
        Standard deviation, pixels. Halo: round(4 × sigma_px) pixels; beyond its edge an image is
        mirrored.
    out
        Where the means are written; None makes an array.

    Returns
    -------
    (n, y, x) float32, NaN where not known.
    """
    means = np.empty(values.shape, np.float32) if out is None else out
    weights = gaussian(sigma_px)

    def compute(first: int, last: int) -> None:
        _means(values, known, weights, first, last, means)

    in_ranges(compute, len(values), fewest=1)
    return means


@compiled
def _mirrored(at, size):  # type: ignore[no-untyped-def]
    """Return the pixel of a row of `size` that stands at a place beyond its ends."""
    while at < 0 or at >= size:
        at = -1 - at if at < 0 else 2 * size - 1 - at
    return at


@compiled
def _weigh(out, middle, weight):  # type: ignore[no-untyped-def]
    for i in range(out.size):
        out[i] = middle[i] * weight


@compiled
def _add_pair(out, one, other, weight):  # type: ignore[no-untyped-def]
    for i in range(out.size):
        out[i] += (one[i] + other[i]) * weight


@compiled
def _blur_row(rows, y, height, weights, line, out):  # type: ignore[no-untyped-def]
    """Blur down the columns and then along one row, farthest neighbours first.

    In the order of scipy's `correlate1d`, whose bits these are. Row `y` is at ``y % len(rows)``.
    """
    kept, width = rows.shape
    reach = weights.size - 1
    inner = line[reach : reach + width]
    _weigh(inner, rows[y % kept], weights[0])
    for away in range(reach, 0, -1):
        above, below = _mirrored(y - away, height), _mirrored(y + away, height)
        _add_pair(inner, rows[above % kept], rows[below % kept], weights[away])
    for away in range(1, reach + 1):
        line[reach - away] = inner[_mirrored(-away, width)]
        line[reach + width - 1 + away] = inner[_mirrored(width - 1 + away, width)]
    _weigh(out, inner, weights[0])
    for away in range(reach, 0, -1):
        left = line[reach - away : reach - away + width]
        _add_pair(out, left, line[reach + away : reach + away + width], weights[away])


@compiled
def _take_row(values, known, row, seen):  # type: ignore[no-untyped-def]
    """Write what is known and finite, else 0, and 1 where it is."""
    for x in range(row.size):
        there = known[x] & np.isfinite(values[x])
        row[x] = values[x] if there else 0.0
        seen[x] = 1.0 if there else 0.0


@compiled
def _is_whole(values, known):  # type: ignore[no-untyped-def]
    whole = True
    for y in range(values.shape[0]):
        for x in range(values.shape[1]):
            whole &= known[y, x] & np.isfinite(values[y, x])
    return whole


@compiled
def _means(values, known, weights, first, last, out):  # type: ignore[no-untyped-def]
    height, width = values.shape[1:]
    reach = weights.size - 1
    rows = np.empty((2 * reach + 1, width))  # of an image, those around the one in hand
    seen = np.empty_like(rows)
    total, weight, line = np.empty(width), np.empty(width), np.empty(width + 2 * reach)
    for index in range(first, last):
        whole, taken = _is_whole(values[index], known[index]), 0
        for y in range(height):
            while taken < min(height, y + reach + 1):
                at = taken % len(rows)
                _take_row(values[index, taken], known[index, taken], rows[at], seen[at])
                taken += 1
            _blur_row(rows, y, height, weights, line, total)
            if y == 0 or not whole:  # where all is known every pixel has the same weight
                _blur_row(seen, y, height, weights, line, weight)
            for x in range(width):
                there = known[index, y, x] & np.isfinite(values[index, y, x])
                out[index, y, x] = total[x] / weight[x] if there else np.nan
