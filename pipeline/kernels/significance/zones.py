"""What a zone shows as a whole, and the same on quiet ground of the same shape."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class ZoneStatistics(NamedTuple):
    """Statistics of score maps per zone; all (time, zone), NaN where nothing was seen.

    Parameters
    ----------
    mean, highest, lowest
        Of the scores.
    over_m2, under_m2
        Area with scores at or above `threshold`, at or below minus `threshold`.
    observed
        Share of the zone's pixels that were seen, 0 to 1.
    """

    mean: NDArray[np.float64]
    highest: NDArray[np.float64]
    lowest: NDArray[np.float64]
    over_m2: NDArray[np.float64]
    under_m2: NDArray[np.float64]
    observed: NDArray[np.float64]

    @property
    def largest(self) -> NDArray[np.float64]:
        """Largest |score|, (time, zone)."""
        return np.asarray(np.maximum(self.highest, -self.lowest))


def zone_statistics(
    scores: NDArray[np.floating],
    zones: NDArray[np.bool_],
    *,
    threshold: float,
    pixel_area_m2: float,
) -> ZoneStatistics:
    """Summarise score maps over zones, which may overlap.

    Parameters
    ----------
    scores
        (time, y, x); NaN was not seen.
    zones
        (zone, y, x) True = inside.
    threshold
        Positive score from which a pixel counts as changed.
    pixel_area_m2
        Area of a pixel.

    Raises
    ------
    ValueError
        If `threshold` is not positive, or a zone covers no pixel.
    """
    if not threshold > 0:
        raise ValueError(f"threshold must be positive, got {threshold}")
    columns = [_summary(scores[:, zone], threshold, pixel_area_m2) for zone in zones]
    return ZoneStatistics(*(np.stack(part, axis=1) for part in zip(*columns, strict=True)))


def zone_placements(
    zone: NDArray[np.bool_], ground: NDArray[np.bool_], *, share: float = 0.9
) -> NDArray[np.int64]:
    """Find where on quiet ground the zone's own shape fits, side by side.

    The statistics of these placements on quiet dates are a null distribution of the zone's own
    statistic. Placements of one date share its weather: count dates, not placements, as sample.

    Parameters
    ----------
    zone
        (y, x) True = inside.
    ground
        (y, x) True = context ring.
    share
        Least share of the shape that must lie on the ground, and off every placement before it.

    Returns
    -------
    (n, 2) shifts in rows and columns, found in raster order; empty when it fits nowhere.

    Raises
    ------
    ValueError
        If the zone covers no pixel.
    """
    rows, columns = np.nonzero(zone)
    if rows.size == 0:
        raise ValueError("a zone must cover at least one pixel")
    free, found = ground & ~zone, []
    top, left = int(rows.min()), int(columns.min())
    shape = zone[top : int(rows.max()) + 1, left : int(columns.max()) + 1]
    height, width = shape.shape
    for down in _shifts(rows, zone.shape[0]):
        for right in _shifts(columns, zone.shape[1]):
            under = free[top + down :, left + right :][:height, :width]
            if np.count_nonzero(under & shape) >= share * rows.size:
                found.append((down, right))
                under &= ~shape
    return np.array(found, dtype=np.int64).reshape(-1, 2)


def _shifts(places: NDArray[np.int64], length: int) -> range:
    # A quarter of the shape at a time: dense enough to pack it, and quick on large windows.
    low, high = int(places.min()), int(places.max())
    return range(-low, length - high, max((high - low + 1) // 4, 1))


def placed(zone: NDArray[np.bool_], placements: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return (n, y, x) the zone moved to each placement of `zone_placements`."""
    out = np.zeros((len(placements), *zone.shape), dtype=np.bool_)
    rows, columns = np.nonzero(zone)
    for index, (down, right) in enumerate(placements):
        out[index, rows + down, columns + right] = True
    return out


def _summary(
    inside: NDArray[np.floating], threshold: float, pixel_area_m2: float
) -> tuple[NDArray[np.float64], ...]:
    if inside.shape[1] == 0:
        raise ValueError("a zone must cover at least one pixel")
    seen = np.isfinite(inside)
    known = seen.sum(axis=1)
    some = known > 0
    total = np.where(seen, inside, 0.0).sum(axis=1, dtype=np.float64)
    mean = np.where(some, total / np.maximum(known, 1), np.nan)
    highest = np.where(some, np.where(seen, inside, -np.inf).max(axis=1), np.nan)
    lowest = np.where(some, np.where(seen, inside, np.inf).min(axis=1), np.nan)
    with np.errstate(invalid="ignore"):
        over = np.where(some, (inside >= threshold).sum(axis=1) * pixel_area_m2, np.nan)
        under = np.where(some, (inside <= -threshold).sum(axis=1) * pixel_area_m2, np.nan)
    return mean, highest, lowest, over, under, known / inside.shape[1]
