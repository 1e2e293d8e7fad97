"""Labelled objects found, against false regions: what a reader of a list of regions meets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

SMALLEST_PX = 10
_EIGHT = np.ones((3, 3), np.bool_)
# Multiples of the own thresholds' distance from the median, from lenient to strict.
FACTORS = tuple(round(1.08**step, 4) for step in range(-16, 31))  # 0.3 to 10, 1 among them


@dataclass(frozen=True)
class Objects:
    """Labelled objects of one place.

    Attributes
    ----------
    label
        int32 (y, x), 0 outside; every connected labelled set, however small.
    large
        (object,) indices of those with at least `SMALLEST_PX` pixels.
    km2
        Observed area.
    """

    label: NDArray[np.int32]
    large: NDArray[np.intp]
    km2: float


@dataclass(frozen=True)
class Found:
    """Objects and regions at one decision.

    Attributes
    ----------
    found, objects
        Large labelled objects that a region touches, of so many.
    false_regions, regions
        Regions that touch no labelled pixel, of so many.
    false_per_km2
        Per km² observed.
    """

    found: int
    objects: int
    false_regions: int
    regions: int
    false_per_km2: float

    @property
    def recall(self) -> float:
        """Share of the objects found; NaN without any."""
        return self.found / self.objects if self.objects else float("nan")


@dataclass(frozen=True)
class Levels:
    """A pair of maps and the thresholds that one decision puts on them.

    Attributes
    ----------
    smooth, fine
        (y, x) scores for outlining and for finding; NaN not observed.
    outline, find
        Thresholds.
    smallest_px
        Of a region.
    """

    smooth: NDArray[np.floating]
    fine: NDArray[np.floating]
    outline: float
    find: float
    smallest_px: int


def labelled_objects(changed: NDArray[np.bool_], *, km2: float) -> Objects:
    """Return the 8-connected objects of (y, x) labels."""
    label, count = ndimage.label(changed, _EIGHT)
    sizes = np.bincount(label.ravel(), minlength=count + 1)
    sizes[0] = 0
    return Objects(label.astype(np.int32), np.flatnonzero(sizes >= SMALLEST_PX), km2)


def held(region: NDArray[np.integer], objects: Objects) -> Found:
    """Hold labelled regions (y, x), 0 outside, against the objects."""
    inside = region > 0
    touched = np.unique(objects.label[inside])
    found = np.isin(objects.large, touched).sum()
    regions = np.unique(region[inside])
    true = np.unique(region[inside & (objects.label > 0)])
    false = regions.size - true.size
    return Found(
        int(found), objects.large.size, int(false), int(regions.size),
        false / objects.km2 if objects.km2 else float("nan"),
    )  # fmt: skip


def recall_curve(levels: Levels, objects: Objects) -> list[Found]:
    """Return what is found as both thresholds move together, most lenient first."""
    centres = [float(np.nanmedian(m)) for m in (levels.smooth, levels.fine)]
    return [held(_regions(levels, centres, factor), objects) for factor in FACTORS]


def recall_at(curve: Sequence[Found], *, false_per_km2: float = 1.0) -> float:
    """Return the best recall with at most so many false regions; 0 where none has as few."""
    within = [point.recall for point in curve if point.false_per_km2 <= false_per_km2]
    return max(within, default=0.0)


def _regions(levels: Levels, centres: Sequence[float], factor: float) -> NDArray[np.int32]:
    outline, find = (
        centre + factor * (threshold - centre)
        for centre, threshold in zip(centres, (levels.outline, levels.find), strict=True)
    )
    with np.errstate(invalid="ignore"):
        label, count = ndimage.label(levels.smooth > outline, _EIGHT)
        strong = levels.fine > find
    kept = np.bincount(label.ravel(), minlength=count + 1) >= levels.smallest_px
    kept &= np.bincount(label[strong], minlength=count + 1) > 0
    kept[0] = False
    return np.where(kept[label], label, 0).astype(np.int32)
