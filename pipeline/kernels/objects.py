"""Regions of change: found on a fine score, outlined on a smoothed one.

Smoothing makes outlines better and hides small things, so the two questions are
asked of two maps.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from skimage.measure import label

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Regions:
    """Connected regions of change.

    Attributes
    ----------
    label
        int32 (y, x); 0 outside, else 1-based index in order of falling peak.
    pixels
        int64 (region,).
    peak, mean
        float64 (region,): of the fine and of the smoothed score.
    centre
        float64 (region, 2): mean row and column.
    """

    label: NDArray[np.int32]
    pixels: NDArray[np.int64]
    peak: NDArray[np.float64]
    mean: NDArray[np.float64]
    centre: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.pixels)


def found_regions(
    smooth: NDArray[np.floating],
    fine: NDArray[np.floating],
    *,
    outline: float,
    find: float,
    minimum_pixels: int = 1,
) -> Regions:
    """Find and outline regions of change.

    A region is an 8-connected set of pixels whose smoothed score exceeds `outline`,
    kept if its fine score exceeds `find` somewhere and it has `minimum_pixels`.

    Parameters
    ----------
    smooth, fine
        (y, x); NaN is never part of a region.
    outline, find
        Thresholds on `smooth` and `fine`; inf finds nothing.

    Returns
    -------
    Regions
        Sorted by falling peak; equal peaks in reading order.
    """
    if smooth.shape != fine.shape or minimum_pixels < 1:
        raise ValueError(f"shapes {smooth.shape}, {fine.shape}, minimum {minimum_pixels}")
    with np.errstate(invalid="ignore"):
        raw = label(smooth > outline, connectivity=2).astype(np.int32, copy=False)
    at = np.flatnonzero(raw)  # few pixels are in a region: whole maps are not copied
    of = raw.ravel()[at]
    count = int(of.max(initial=0))
    pixels = np.bincount(of, minlength=count + 1)
    peak = np.full(count + 1, -np.inf)
    np.maximum.at(peak, of, np.nan_to_num(fine.ravel()[at], nan=-np.inf))
    kept = np.flatnonzero((peak > find) & (pixels >= minimum_pixels))
    kept = kept[np.argsort(-peak[kept], kind="stable")]
    renumbered = np.zeros(count + 1, np.int32)
    renumbered[kept] = np.arange(1, len(kept) + 1)
    mean, rows, cols = (
        np.bincount(of, weights=each, minlength=count + 1)[kept] / pixels[kept]
        for each in (smooth.ravel()[at], *np.divmod(at, raw.shape[1]))
    )
    raw.ravel()[at] = renumbered[of]
    return Regions(raw, pixels[kept], peak[kept], mean, np.column_stack([rows, cols]))
