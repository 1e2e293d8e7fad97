"""Quiet ground: where in the context ring a zone's own shape fits, measured as the zone is.

A zone has few quiet looks of its own. The same shape placed on ground that nobody declared
is measured on the same looks through the same rule, and says what weather and speckle do.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pipeline.kernels.significance import zone_placements

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.assessment.indicators import TrackAssessor
    from pipeline.assessment.series import TrackSeries

# More placements of one shape share the same weather and teach little more.
MOST_PLACEMENTS = 24


@dataclass(frozen=True)
class Placement:
    """A zone's shape on quiet ground.

    Attributes
    ----------
    rows, columns
        (n,) pixels of the site's grid.
    shares
        (n,) float32 share of each pixel inside the shape.
    """

    rows: NDArray[np.int64]
    columns: NDArray[np.int64]
    shares: NDArray[np.float32]


Ground = Mapping[str, tuple[Placement, ...]]
NO_GROUND: Ground = {}


def placements_of(
    weights: Mapping[str, NDArray[np.float32]], ring: NDArray[np.bool_]
) -> dict[str, tuple[Placement, ...]]:
    """Return up to 24 placements of every zone on the ring, spread evenly over it.

    Zones of one shape fit in the same places: each takes its own of them, as far as they go.

    Parameters
    ----------
    weights
        Zone id to (y, x) share of each pixel inside the zone.
    ring
        (y, x) True = context ring, which holds no zone.
    """
    starts = (np.arange(len(weights)) + 0.5) / max(len(weights), 1)
    return {
        zone: tuple(_placements(weight, ring, float(start)))
        for start, (zone, weight) in zip(starts, weights.items(), strict=True)
    }


def _placements(
    weight: NDArray[np.float32], ring: NDArray[np.bool_], start: float
) -> Iterator[Placement]:
    inside = weight > 0
    if not inside.any():
        return
    rows, columns = np.nonzero(inside)
    shifts = zone_placements(inside, ring)
    step = max(len(shifts) / MOST_PLACEMENTS, 1.0)
    chosen = (np.arange(min(len(shifts), MOST_PLACEMENTS)) + start) * step
    for down, right in shifts[chosen.astype(np.int64)]:
        at = ring[rows + down, columns + right]
        yield Placement(rows[at] + down, columns[at] + right, weight[rows, columns][at])


def apart(places: Iterable[tuple[str, NDArray[np.integer]]], size: int) -> list[str]:
    """Return the names of places of which more than half lies off every place named before.

    Ground that several shapes share is one piece of evidence, and is not to be counted twice.

    Parameters
    ----------
    places
        Name and (n,) flat indices of pixels; a place without pixels is left out.
    size
        Number of pixels that can be indexed.
    """
    taken, found = np.zeros(size, np.bool_), []
    for name, pixels in places:
        if 2 * np.count_nonzero(~taken[pixels]) > pixels.size:
            taken[pixels] = True
            found.append(name)
    return found


def ground_mask(ground: Ground, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Return (y, x) True where some placement lies."""
    mask = np.zeros(shape, np.bool_)
    for placements in ground.values():
        for placement in placements:
            mask[placement.rows, placement.columns] = True
    return mask


class _Weights(Mapping[str, "NDArray[np.float32]"]):
    """Zone weights, each made when asked for: many shapes of few pixels."""

    def __init__(self, series: TrackSeries, places: Mapping[str, Placement]) -> None:
        self._places, self._size = places, series.rows.size
        self._index = np.full(series.shape, -1, np.int64)
        self._index[series.rows, series.columns] = np.arange(series.rows.size)

    def __getitem__(self, name: str) -> NDArray[np.float32]:
        weight = np.zeros(self._size, np.float32)
        weight[self.pixels(name)] = self._places[name].shares
        return weight

    def pixels(self, name: str) -> NDArray[np.int64]:
        """Return where the weights of a place are above 0, without making them."""
        place = self._places[name]
        return np.asarray(self._index[place.rows, place.columns])

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


def pixels_of(zones: Mapping[str, NDArray[np.float32]], name: str) -> NDArray[np.int64]:
    """Return the pixels with a share in a zone, in no order."""
    return zones.pixels(name) if isinstance(zones, _Weights) else np.flatnonzero(zones[name])


def quiet_assessor(assessor: TrackAssessor, ground: Ground) -> TrackAssessor:
    """Return an assessor whose zones are the placements, named ``zone/number``.

    It shares the scores of `assessor`: the same pixels judged by the same cut.
    """
    places = {
        f"{zone}/{number}": place
        for zone, placed in ground.items()
        for number, place in enumerate(placed)
    }
    return assessor.with_zones(_Weights(assessor.series, places))
