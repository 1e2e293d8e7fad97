"""From an opened pair to scores, a decision and regions."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING

import numpy as np

from pipeline.imagery.grid import pixel_metres
from pipeline.kernels.change import (
    DELINEATE,
    FIND,
    Recipe,
    Scores,
    Threshold,
    label_free_threshold,
)
from pipeline.kernels.change.prediction import TwoWay, two_way_residuals
from pipeline.kernels.change.sampling import on_grid, sample_step
from pipeline.kernels.objects import Regions, found_regions
from pipeline.progress import silent
from pipeline.workflows.compare.strips import Seen, scored_in_strips

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.imagery.pair import Pair
    from pipeline.imagery.pair.pictures import Pictures
    from pipeline.kernels.change import Method
    from pipeline.kernels.change.score import Model
    from pipeline.progress import Show

_SMOOTH_M, _FINE_M = 25.0, 15.0  # built things are rarely smaller than this
_SMOOTH_PX, _FINE_PX = (1.0, 2.5), (0.6, 1.5)
_CONTEXT = 4.0  # times the smoothing: a building site and its neighbours
_DETAIL_M = 15.0  # in larger pixels a building has no detail, and smooth change would only lose
_SMALLEST_M2, _SMALLEST_PX = 400.0, 2  # science: below that nothing is reliable
_BAND_PIXELS = 400  # of a region, looked at to say which bands carry it
_ALL_BAND_PIXELS = 400_000  # of all regions


@dataclass(frozen=True)
class Judged:
    """Scores of a pair and what was decided on them.

    Attributes
    ----------
    recipe, scores
        How the pair was scored, and the maps.
    outline, find
        Thresholds on the smoothed and on the fine score.
    regions
        In order of falling peak.
    shares
        One mapping a region: band → share of the squared residuals.
    seen
        What was observed on each date.
    sample
        (date, band, pixel): pixels of a regular grid that are valid on both dates.
    pictures
        Of both dates.
    """

    recipe: Recipe
    scores: Scores
    outline: Threshold
    find: Threshold
    regions: Regions
    shares: tuple[dict[str, float], ...]
    seen: Seen
    sample: NDArray[np.float32]
    pictures: Pictures


def recipe_for(pair: Pair, method: Method) -> Recipe:
    """Return how this pair is scored, from its sensor and the size of its pixels."""
    metres = pixel_metres(pair.geobox)
    radar = pair.before.source.sensor.physical == "gamma0"
    weighed = method == "two-way" and not radar  # speckle is all detail
    smooth = round(float(np.clip(_SMOOTH_M / metres, *_SMOOTH_PX)), 3)
    return Recipe(
        method=method,
        extra=pair.visible,
        pre_sigma=1.0 if radar or method in ("cva", "irmad") else 0.0,
        fine_sigma=round(float(np.clip(_FINE_M / metres, *_FINE_PX)), 3),
        smooth_sigma=smooth,
        detail=weighed and metres <= _DETAIL_M,
        context_sigma=_CONTEXT * smooth if weighed else 0.0,
    )


def judge(
    pair: Pair, method: Method, *, inside: NDArray[np.bool_] | None = None, show: Show = silent
) -> Judged:
    """Score a pair and decide where it changed.

    Parameters
    ----------
    inside
        (y, x): where regions may lie; scores are blank elsewhere. None: everywhere.
    show
        Called as rows are scored.

    Raises
    ------
    GeometryError
        The dates share next to no ground.
    """
    recipe = recipe_for(pair, method)
    found = scored_in_strips(pair, recipe, show=show)
    scores = found.scores
    outline, find = thresholds(scores)
    if inside is not None:
        for layer in (scores.smooth, scores.fine):
            layer[~inside] = np.nan
    smallest = max(_SMALLEST_PX, ceil(_SMALLEST_M2 / pixel_metres(pair.geobox) ** 2))
    regions = found_regions(
        scores.smooth, scores.fine, outline=outline.value, find=find.value,
        minimum_pixels=smallest,
    )  # fmt: skip
    shares = _band_shares(pair, regions, found.model)
    return Judged(
        recipe, scores, outline, find, regions, shares, found.seen, found.sample, found.pictures
    )


def thresholds(scores: Scores) -> tuple[Threshold, Threshold]:
    """Return the thresholds for outlining and for finding, from the scores alone."""
    step = sample_step(scores.smooth.shape, limit=400_000)
    smooth, fine = (on_grid(m, step=step, origin=(0, 0)) for m in (scores.smooth, scores.fine))
    return (
        label_free_threshold(smooth, DELINEATE, effect_unit=scores.effect_unit),
        label_free_threshold(fine, FIND, effect_unit=scores.effect_unit),
    )


def _band_shares(pair: Pair, regions: Regions, model: Model | None) -> tuple[dict[str, float], ...]:
    """Return for each region which bands carry its score."""
    if not isinstance(model, TwoWay) or not len(regions):
        return tuple({} for _ in range(len(regions)))
    picked, starts = _sampled(regions)
    before, after = _values_at(pair, picked)
    power = np.square(two_way_residuals(before, after, model)).sum(axis=0, dtype=np.float64)
    totals = np.add.reduceat(power, starts, axis=1).T
    return tuple(
        {name: float(p / row.sum()) for name, p in zip(pair.bands, row, strict=True)}
        if row.sum() > 0
        else {}
        for row in totals
    )


def _values_at(pair: Pair, picked: NDArray[np.intp]) -> NDArray[np.float32]:
    """Return (date, band, pixel) of flat pixels, from the strips that hold one."""
    width = pair.geobox.shape[1]
    out = np.empty((2, len(pair.bands), len(picked)), np.float32)
    for top, bottom in pair.strips():
        here = (picked >= top * width) & (picked < bottom * width)
        if here.any():
            rows, cols = np.divmod(picked[here] - top * width, width)
            for values, strip in zip(out, pair.rows(top, bottom), strict=True):
                values[:, here] = strip.values[:, rows, cols]
    return out


def _sampled(regions: Regions) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return flat pixels, some of each region in order, and where each region starts."""
    at = np.flatnonzero(regions.label)
    at = at[np.argsort(regions.label.ravel()[at], kind="stable")]
    ends = np.cumsum(regions.pixels)
    most = max(1, min(_BAND_PIXELS, _ALL_BAND_PIXELS // len(regions)))
    parts = [
        at[end - size : end : max(1, int(size) // most)]
        for size, end in zip(regions.pixels, ends, strict=True)
    ]
    sizes = [len(part) for part in parts]
    return np.concatenate(parts), np.cumsum([0, *sizes[:-1]])
