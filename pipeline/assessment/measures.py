"""An indicator's value in one zone on every look."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from pipeline.assessment.background import BACKGROUND_SHARE, less_background
from pipeline.assessment.lengths import long_axis, taken_length_m
from pipeline.assessment.local import LOWEST_CUT, sided
from pipeline.kernels.masking import OBSERVED, SNOW
from pipeline.kernels.zone_sums import lost_shares, zone_powers
from pipeline.threads import side_by_side

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from pipeline.assessment.local import LocalScores
    from pipeline.assessment.observables import Method
    from pipeline.assessment.series import FeatureScores, TrackSeries

# Share of quiet ring pixels allowed over the pixel cut on one look, one-sided. At 1e-3 a
# zone of 100 pixels holds a false pixel on every tenth look, which the minimum area removes.
PIXEL_ALPHA = 1e-3
WHITE_RING = 0.5
# Of a pixel of (look, y, x) masks, within its look.
EIGHT_NEIGHBOURS = np.zeros((3, 3, 3), dtype=bool)
EIGHT_NEIGHBOURS[1] = True
FOUR_NEIGHBOURS = ndimage.generate_binary_structure(3, 1) & EIGHT_NEIGHBOURS
# The interferometric wide swath looks at 30 to 46 degrees; gamma-nought becomes sigma-nought by
# the cosine of that, here of its middle, right to a tenth.
COSINE_OF_INCIDENCE = 0.79


@dataclass(frozen=True)
class Measured:
    """One zone's values.

    Attributes
    ----------
    value
        (time,) float64 in the indicator's unit; NaN not observed.
    spread
        (time,) float64 half width of the 95 % interval that the measurement itself brings
        (pixels on the edge of a region), same unit; 0 where only quiet looks tell.
    observed
        (time,) float64 share of the zone with usable pixels.
    missed
        (time,) float64 how much more there may be where the zone was not seen, same unit.
    most
        Largest value the zone can have; infinite where it has no bound.
    also
        Other quantities of the same looks, by name with unit: (time,) float64.
    """

    value: NDArray[np.float64]
    spread: NDArray[np.float64]
    observed: NDArray[np.float64]
    missed: NDArray[np.float64] | None = None
    most: float = np.inf
    also: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)

    def scaled(self, factor: float) -> Measured:
        """Return the same in another unit."""
        return replace(
            self,
            value=self.value * factor,
            spread=self.spread * factor,
            missed=None if self.missed is None else self.missed * factor,
            most=self.most * factor,
        )

    def bounded(self, low: float, high: float) -> tuple[float, float]:
        """Return an interval cut to what the quantity can be; areas and lengths have a least."""
        if not np.isfinite(self.most):
            return low, high
        return min(max(low, 0.0), self.most), min(max(high, 0.0), self.most)


def pixel_cut(z: NDArray[np.floating], ring: NDArray[np.bool_], sign: int) -> float:
    """Return the score that a share `PIXEL_ALPHA` of quiet ring pixels passes.

    Parameters
    ----------
    z
        (time, pixel) left-out scores of the baseline looks.
    sign
        +1 or −1 for one side, 0 for both.

    Returns
    -------
    The empirical quantile, never below 3: a ring too small or too smooth must not lower it.
    """
    places = np.flatnonzero(ring)

    def high(look: int) -> tuple[int, float, NDArray[np.floating]]:
        scores = sided(z[look, places], sign)
        scores = scores[np.isfinite(scores)]
        above = scores > LOWEST_CUT
        return scores.size, float(scores[~above].max(initial=-np.inf)), scores[above]

    found = side_by_side(high, range(len(z)))
    count = sum(number for number, _, _ in found)
    if not count:
        return np.inf
    # Of millions of scores only those above the least cut are put in order, and the one below them.
    below = max(low for _, low, _ in found)
    highest = np.sort(np.concatenate([[below], *(scores for _, _, scores in found)]))
    place = (1.0 - PIXEL_ALPHA) * (count - 1) - (count - highest.size)
    if place <= 0.0:
        return LOWEST_CUT
    return max(LOWEST_CUT, float(np.interp(place, np.arange(highest.size), highest)))


def zone_excess_db(series: TrackSeries, weight: NDArray[np.float32]) -> Measured:
    """Return the zone's summed power against its own quiet looks, less its background, in dB.

    The sum over the zone, not a count of objects: neighbours merge at 10-30 m, and a hectare
    averages about a hundred looks of speckle. A baseline look is held against the others: its
    values are those of a new look. Beside it, the radar cross-section that the excess comes
    to, m².
    """
    usual, step_db = series.usual_power
    place = np.flatnonzero(weight > 0)
    share = weight[place].astype(np.float64)
    powers = zone_powers(series.features["span"], usual, place, share, quantile=BACKGROUND_SHARE)
    with np.errstate(divide="ignore", invalid="ignore"):
        level = 10.0 * np.log10(powers.look / powers.usual)  # NaN where no pixel is known
        background = 10.0 * np.log10(powers.quantile)
    found = less_background(level, step_db, background, series.in_baseline)
    excess = powers.usual * (10.0 ** (found.level / 10.0) - 1.0)
    return Measured(
        found.level,
        1.96 * found.unsure,
        powers.seen / weight.sum(dtype=np.float64),
        also={"rcs_m2": excess * series.pixel_area_m2 * COSINE_OF_INCIDENCE},
    )


def observed_share(
    values: NDArray[np.floating], weight: NDArray[np.float32]
) -> NDArray[np.float64]:
    """Return (time,) share of the zone that has finite values; 0 for a zone off the grid."""
    place = np.flatnonzero(weight > 0)
    if not place.size:
        return np.zeros(len(values))
    share = weight[place].astype(np.float64)
    # From what is lost, so that of a zone seen whole nothing is missed, not even a rounding error.
    lost, pixels = lost_shares(values, place, share)
    return np.where(pixels == place.size, 0.0, np.maximum(1.0 - lost / share.sum(), 0.0))


def changed_pixels(
    series: TrackSeries,
    scores: Mapping[str, FeatureScores],
    combined: NDArray[np.float32],
    cut: float,
    method: Method,
) -> NDArray[np.bool_]:
    """Return (time, pixel) True where score, step and every guard speak for change.

    The score passes the pixel cut and the step is at least the smallest that counts.
    """
    names = method.features[: 1 + (method.sign == 0)]
    found = np.zeros(combined.shape, np.bool_)

    def compare(look: int) -> None:
        # Of a quiet look one pixel of a thousand passes, and only those are looked at again.
        places = np.flatnonzero(sided(combined[look], method.sign) >= cut)
        steps = [scores[name].change(series, name, look, places) for name in names]
        moved = np.max([sided(step, method.sign) for step in steps], axis=0)
        passes = moved >= method.smallest_step
        for guard in method.guards:
            level = series.features[guard.name][look, places]
            passes &= level < guard.level if guard.side == "below" else level > guard.level
        found[look, places[passes]] = True

    side_by_side(compare, range(len(found)))
    return found


def zone_area(
    series: TrackSeries,
    found: NDArray[np.bool_],
    weight: NDArray[np.float32],
    smallest_m2: float,
    observed: NDArray[np.float64],
) -> Measured:
    """Return the area of regions in the zone no smaller than the agreed minimum, m².

    Parameters
    ----------
    found
        (time, n) True = changed, for the n pixels of the series where `weight` is above 0.
    weight
        (pixel,) share of each pixel inside the zone.
    smallest_m2
        Smaller regions are not counted.
    observed
        (time,) share of the zone that was seen.

    Notes
    -----
    A pixel on the edge of a region is half in, half out for all we know: its area has a
    standard deviation of 1/√12 pixel, and edge pixels are independent. What was not seen may
    hold change everywhere.
    """
    looks, total = len(found), float(weight.sum(dtype=np.float64)) * series.pixel_area_m2
    area, spread = np.full(looks, np.nan), np.zeros(looks)
    area[observed > 0] = 0.0
    place = np.flatnonzero(weight > 0)
    if place.size:
        rows, columns = (axis[place] - axis[place].min() for axis in (series.rows, series.columns))
        shares = np.zeros((rows.max() + 1, columns.max() + 1), np.float32)
        shares[rows, columns] = weight[place]
    changed = np.flatnonzero((observed > 0) & found.any(axis=1))
    if changed.size:
        grids = np.zeros((changed.size, *shares.shape), np.bool_)
        grids[:, rows, columns] = found[changed]
        kept = _large_enough(grids, shares, smallest_m2 / series.pixel_area_m2)
        areas = [float(np.sum(shares[look], dtype=np.float64)) for look in kept]
        area[changed] = np.array(areas) * series.pixel_area_m2
        edges = (kept & ~ndimage.binary_erosion(kept, FOUR_NEIGHBOURS)).sum(axis=(1, 2))
        spread[changed] = 1.96 * series.pixel_area_m2 * np.sqrt(edges / 12.0)
    return Measured(area, spread, observed, missed=(1.0 - observed) * total, most=total)


def _large_enough(
    grids: NDArray[np.bool_], shares: NDArray[np.float32], smallest_px: float
) -> NDArray[np.bool_]:
    """Return the (look, y, x) pixels of regions no smaller than a minimum."""
    labels, count = ndimage.label(grids, structure=EIGHT_NEIGHBOURS)
    weights = np.broadcast_to(shares, grids.shape)[grids]
    sizes = np.bincount(labels[grids], weights=weights, minlength=count + 1)
    # Half a pixel of tolerance: a region of exactly the minimum must not hang on rounding.
    return np.asarray(grids & (sizes[labels] >= smallest_px - 0.5))


def zone_length(
    series: TrackSeries, local: LocalScores, weight: NDArray[np.float32], method: Method
) -> Measured:
    """Return how much of the zone's long axis is taken, m.

    The interval is never narrower than the method's floor, nor than a pixel.
    """
    place, pixel_m = local.place, float(np.sqrt(series.pixel_area_m2))
    axis = long_axis(series.rows[place], series.columns[place], weight[place], pixel_m)
    taken = local.found(method.sign, method.local_step)
    length = taken_length_m(taken, axis, pixel_m=pixel_m, shortest_m=method.shortest_m)
    observed = observed_share(series.features[method.local], weight)
    return Measured(
        np.where(observed > 0, np.minimum(length, axis.length_m), np.nan),
        np.full(len(length), max(method.floor, pixel_m)),
        observed,
        missed=(1.0 - observed) * axis.length_m,
        most=axis.length_m,
    )


def snow_free_area(
    series: TrackSeries, weight: NDArray[np.float32], smallest_m2: float
) -> Measured:
    """Return the ground free of snow in the zone on looks with a white ring, m²."""
    place = np.flatnonzero(weight > 0)
    seen = np.isin(series.codes, (OBSERVED, SNOW))
    ring_seen = seen[:, series.ring].sum(axis=1)
    ring_snow = (series.codes[:, series.ring] == SNOW).sum(axis=1)
    white = (ring_snow >= WHITE_RING * ring_seen) & (ring_seen > 0)
    observed = observed_share(np.where(seen & white[:, None], 1.0, np.nan), weight)
    bare = (series.codes[:, place] == OBSERVED) & white[:, None]
    return zone_area(series, bare, weight, smallest_m2, observed)


def as_share(measured: Measured, zone_m2: float) -> Measured:
    """Return areas as per cent of the zone."""
    return measured.scaled(100.0 / zone_m2)
