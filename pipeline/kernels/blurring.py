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
    values: NDArray[np.floating], known: NDArray[np.bool_], sigma_px: float
) -> NDArray[np.float32]:
    """Return Gaussian means of what is known, image by image.

    Parameters
    ----------
    values
        (n, y, x) float32 or float64, finite where `known`.
    known
        (n, y, x) True = usable.
    sigma_px
        Standard deviation, pixels. Halo: round(4 × sigma_px) pixels; beyond its edge an image is
        mirrored.

    Returns
    -------
    (n, y, x) float32, NaN where not known.
    """
    out = np.empty(values.shape, np.float32)
    weights = gaussian(sigma_px)

    def compute(first: int, last: int) -> None:
        _means(values, known, weights, first, last, out)

    in_ranges(compute, len(values), fewest=1)
    return out


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
def _blur(image, weights, row, out):  # type: ignore[no-untyped-def]
    """Blur down the columns and along the rows, farthest neighbours first.

    In the order of scipy's `correlate1d`, whose bits these are.
    """
    height, width = image.shape
    reach = weights.size - 1
    for y in range(height):
        inner = row[reach : reach + width]
        _weigh(inner, image[y], weights[0])
        for away in range(reach, 0, -1):
            above, below = _mirrored(y - away, height), _mirrored(y + away, height)
            _add_pair(inner, image[above], image[below], weights[away])
        for away in range(1, reach + 1):
            row[reach - away] = inner[_mirrored(-away, width)]
            row[reach + width - 1 + away] = inner[_mirrored(width - 1 + away, width)]
        _weigh(out[y], inner, weights[0])
        for away in range(reach, 0, -1):
            left = row[reach - away : reach - away + width]
            _add_pair(out[y], left, row[reach + away : reach + away + width], weights[away])


@compiled
def _means(values, known, weights, first, last, out):  # type: ignore[no-untyped-def]
    height, width = values.shape[1:]
    image, seen = np.empty((height, width)), np.ones((height, width))
    total, weight, everywhere = np.empty_like(image), np.empty_like(image), np.empty_like(image)
    row = np.empty(width + 2 * weights.size)
    _blur(seen, weights, row, everywhere)
    for index in range(first, last):
        whole = True
        for y in range(height):
            for x in range(width):
                there = known[index, y, x]
                image[y, x] = values[index, y, x] if there else 0.0
                seen[y, x] = 1.0 if there else 0.0
                whole &= there
        _blur(image, weights, row, total)
        if not whole:
            _blur(seen, weights, row, weight)
        of = everywhere if whole else weight
        for y in range(height):
            for x in range(width):
                out[index, y, x] = total[y, x] / of[y, x] if known[index, y, x] else np.nan
