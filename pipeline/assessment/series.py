"""The pixels that matter of one sensor and track, over time, and how unusual each is.

A site's context ring and zones are kept as columns: (time, pixel). That bounds memory
however large the site is, and lets a stack be read window by window.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from pipeline.kernels.baseline import (
    anomaly,
    departures,
    fit_with_left_out,
    normalise,
)
from pipeline.kernels.masking import CLOUD, OBSERVED, SHADOW, SNOW, among, never_observed
from pipeline.kernels.medians import medians_of_others
from pipeline.kernels.ranks import ring_medians

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from numpy.typing import NDArray

    from pipeline.kernels.baseline import Baseline, SceneStep

HARMONICS = 2
# A ring with less of it under cloud or its shadow is clear: what is masked then is no cloud.
CLEAR_RING = 0.05


@dataclass(frozen=True)
class TrackSeries:
    """One sensor on one track over one site.

    Attributes
    ----------
    sensor, physical, track
        Key of the sensor table, its kind of value, and the track.
    acquired, scenes
        (time,) UTC times and scene ids, in time order.
    in_baseline
        (time,) bool, True = inside the agreed baseline window.
    features
        Name to (time, pixel) float32; NaN is not usable.
    codes
        (time, pixel) uint8 coverage codes.
    ring
        (pixel,) bool, True = context ring; never a zone.
    zones
        Zone id to (pixel,) float32, share of the pixel inside the zone.
    rows, columns, shape
        Where the pixels lie in the site's grid.
    pixel_area_m2
        Area of one pixel.
    set_aside
        Reason code to (time,) bool, True = the look does not count: ``replayed-pixels`` are
        nearly those of an earlier look and no observation of their own.
    parent
        Series whose `usual_power` is this one's: of the same pixels under other zones, or of more
        looks and pixels, of which `taken` tells those that are here.
    """

    sensor: str
    physical: str
    track: str
    acquired: tuple[datetime, ...]
    scenes: tuple[str, ...]
    in_baseline: NDArray[np.bool_]
    features: Mapping[str, NDArray[np.float32]]
    codes: NDArray[np.uint8]
    ring: NDArray[np.bool_]
    zones: Mapping[str, NDArray[np.float32]]
    rows: NDArray[np.int32]
    columns: NDArray[np.int32]
    shape: tuple[int, int]
    pixel_area_m2: float
    set_aside: Mapping[str, NDArray[np.bool_]] = field(default_factory=dict)
    parent: TrackSeries | None = field(default=None, init=False, repr=False)
    taken: tuple[NDArray[np.intp], NDArray[np.intp]] | None = field(
        default=None, init=False, repr=False
    )

    def with_zones(self, zones: Mapping[str, NDArray[np.float32]]) -> TrackSeries:
        """Return the same pixels under other zones."""
        return self._parent_of(replace(self, zones=zones))

    def with_looks(
        self,
        looks: NDArray[np.intp],
        pixels: NDArray[np.intp],
        features: Mapping[str, NDArray[np.float32]],
        quiet: int,
    ) -> TrackSeries:
        """Return looks of this series over some of its pixels, with features of their own.

        Parameters
        ----------
        looks, pixels
            Places in this series; a look may come more than once.
        features
            (look, pixel) of each.
        quiet
            How many of the first looks are baseline.
        """
        other = replace(
            self,
            acquired=tuple(self.acquired[look] for look in looks),
            scenes=tuple(self.scenes[look] for look in looks),
            in_baseline=np.arange(looks.size) < quiet,
            features=features,
            codes=self.codes[np.ix_(looks, pixels)],
            set_aside={},
            ring=self.ring[pixels],
            zones={zone: weight[pixels] for zone, weight in self.zones.items()},
            rows=self.rows[pixels],
            columns=self.columns[pixels],
        )
        return self._parent_of(other, (looks, pixels))

    def _parent_of(
        self,
        other: TrackSeries,
        taken: tuple[NDArray[np.intp], NDArray[np.intp]] | None = None,
    ) -> TrackSeries:
        # No arguments of a series: replaced pixels have powers of their own.
        object.__setattr__(other, "parent", self)
        object.__setattr__(other, "taken", taken)
        return other

    @cached_property
    def days(self) -> NDArray[np.float64]:
        """(time,) days since 1970, fractions included."""
        return np.array([moment.timestamp() / 86400.0 for moment in self.acquired])

    @cached_property
    def usual_power(self) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
        """What the baseline expects of `span` on each look, (time, pixel), and the ring's step.

        The median of the baseline looks, of the others on a baseline look itself. The step,
        (time,) dB, is the ring's median ratio to it; NaN where the ring was not seen.
        """
        if self.parent is not None:
            usual, step = self.parent.usual_power
            if self.taken is None:
                return usual, step
            return usual[np.ix_(*self.taken)], step[self.taken[0]]
        span, quiet = self.features["span"], _places(self.in_baseline)
        usual = np.empty(span.shape, dtype=np.float32)
        others, of_all = medians_of_others(span[quiet], out=usual[quiet])
        usual[~self.in_baseline] = of_all
        if not isinstance(quiet, slice):
            usual[quiet] = others
        with np.errstate(divide="ignore", invalid="ignore"):
            # Taken, not indexed: that would lay the looks of a pixel side by side.
            around = np.flatnonzero(self.ring)
            ratio = span.take(around, axis=1) / usual.take(around, axis=1)
            return usual, 10.0 * np.log10(ring_medians(ratio, np.ones(ratio.shape[1], np.bool_)))

    def never_seen(self) -> dict[str, float]:
        """Return zone to the share of it masked as cloud on most dates with a clear ring.

        Bright concrete and roofs are taken for cloud; what is masked whenever one could have
        looked was never looked at, and "no change" must not be said of it.
        """
        if not (self.codes == CLOUD).any():
            return dict.fromkeys(self.zones, 0.0)
        ring = self.codes[:, self.ring]
        looked, cloudy = among(ring, OBSERVED, CLOUD, SHADOW, SNOW), among(ring, CLOUD, SHADOW)
        with np.errstate(invalid="ignore", divide="ignore"):
            share = cloudy.sum(axis=1) / looked.sum(axis=1)
        found = never_observed(self.codes[:, None], share <= CLEAR_RING)
        flagged = found.flag[0].astype(np.float64)
        return {
            zone: float(flagged @ weight) / max(float(weight.sum(dtype=np.float64)), 1e-9)
            for zone, weight in self.zones.items()
        }

    def on_grid(self, values: NDArray[np.floating]) -> NDArray[np.float32]:
        """Return (pixel,) values on the site's (y, x) grid, NaN elsewhere."""
        grid = np.full(self.shape, np.nan, dtype=np.float32)
        grid[self.rows, self.columns] = values
        return grid


@dataclass(frozen=True)
class FeatureScores:
    """How unusual every look is in one feature.

    Attributes
    ----------
    z
        (time, pixel) float32, self-normalised by the ring; baseline looks are scored as if
        they had been left out. NaN is not usable.
    ring_step
        (time,) float64, the ring's median change from what the baseline expects, in the feature's
        unit; NaN where the ring was not seen.
    baseline
        The frozen baseline, maps of shape (1, pixel).
    steps
        (time,) what self-normalisation took out of each date's scores.
    """

    z: NDArray[np.float32]
    ring_step: NDArray[np.float64]
    baseline: Baseline
    steps: tuple[SceneStep, ...]

    def change(
        self, series: TrackSeries, name: str, look: int, places: NDArray[np.intp]
    ) -> NDArray[np.float32]:
        """Return how far pixels of a look are from what the baseline expects, less the ring's step.

        Parameters
        ----------
        series, name
            What was scored.
        places
            (n,) of the series' pixels.

        Returns
        -------
        (n,) float32, in the feature's unit.
        """
        one = slice(look, look + 1)
        values = series.features[name][one, None]
        away = departures(self.baseline, values, series.days[one], places)[0]
        return np.asarray(away - np.float32(self.ring_step[look]))


def feature_scores(series: TrackSeries, name: str) -> FeatureScores:
    """Score every look of one feature against the frozen baseline."""
    values, quiet, days = series.features[name], series.in_baseline, series.days
    z, history, later = np.empty(values.shape, np.float32), _places(quiet), _places(~quiet)
    known = values[history][:, None]
    baseline, left_out = fit_with_left_out(
        known,
        np.isfinite(known),
        days[history],
        prior_over=series.ring[None],
        harmonics=HARMONICS,
        trend=False,
        out=z[history][:, None],
    )
    new = values[later][:, None]
    scores = anomaly(baseline, new, np.isfinite(new), days[later], out=z[later][:, None])
    for places, part in ((history, left_out), (later, scores)):
        if not isinstance(places, slice):
            z[places] = part[:, 0]
    around = departures(baseline, values[:, None], days, np.flatnonzero(series.ring))
    return FeatureScores(
        z=z,
        ring_step=ring_medians(around, np.ones(around.shape[1], np.bool_)),
        baseline=baseline,
        steps=normalise(z, series.ring),
    )


def _places(looks: NDArray[np.bool_]) -> slice | NDArray[np.intp]:
    """Return where looks are: a slice where they follow each other, so that none is copied."""
    places = np.flatnonzero(looks)
    if places.size and places[-1] - places[0] + 1 == places.size:
        return slice(int(places[0]), int(places[-1]) + 1)
    return places


def combined_scores(
    series: TrackSeries, scores: Mapping[str, FeatureScores], names: tuple[str, ...], how: str
) -> tuple[NDArray[np.float32], tuple[SceneStep, ...]]:
    """Return the scores of several features as one, self-normalised by the ring again, and how.

    Parameters
    ----------
    how
        ``sum`` adds them; ``largest`` takes the one farthest from zero, with its sign.

    Returns
    -------
    (time, pixel) float32, NaN where any feature is; and (time,) what was taken out of each date.
    """
    together = combined([scores[name].z for name in names], how)
    return together, normalise(together, series.ring)


def combined(parts: Sequence[NDArray[np.float32]], how: str) -> NDArray[np.float32]:
    """Return scores of several features as one new array, not normalised; see `combined_scores`."""
    if how == "sum" or len(parts) == 1:
        together = parts[0].copy()
        for part in parts[1:]:
            together += part
        return together
    stacked = np.stack(parts)
    farthest = np.abs(np.nan_to_num(stacked)).argmax(axis=0)
    together = np.take_along_axis(stacked, farthest[None], axis=0)[0]
    together[np.isnan(stacked).any(axis=0)] = np.nan
    return np.asarray(together)
