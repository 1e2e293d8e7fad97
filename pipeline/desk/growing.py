"""A track's pixels under cloud masks of another growth; shifts stay as they were measured."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from pipeline.assessment.features import FEATURES
from pipeline.kernels.masking import (
    CLOUD,
    COVERAGE_CODES,
    MISSING,
    OBSERVED,
    SHADOW,
    Sign,
    coverage_from_mask,
    usable,
)
from pipeline.workflows.monitor.tracks import track_series

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.agreement import Site
    from pipeline.assessment.series import TrackSeries
    from pipeline.imagery.sensors import Sensor
    from pipeline.imagery.stack import LookPlan, StackPlan
    from pipeline.store.chips import ChipStore
    from pipeline.workflows.monitor.record import TrackOutcome

#: Kinds of masks that name the pixels of clouds, and are grown from those alone.
TOLD = frozenset({"classes", "bits", "none"})


def regrown(track: TrackOutcome, plan: StackPlan, site: Site) -> TrackSeries:
    """Return a track's pixels under masks of another growth; only looks that have any are read.

    Parameters
    ----------
    plan
        The track's own, with the other growth.
    """
    series = track.series
    places = [i for i, look in enumerate(plan.looks) if _is_masked(look, plan.sensor, track.chips)]
    if not places:
        return series
    few = replace(plan, looks=tuple(plan.looks[i] for i in places), reference_looks=())
    codes, features = series.codes.copy(), dict(series.features)
    if only_hides(track, few):
        codes[places] = _hidden(track, few, places, site)
        seen = usable(codes[places])
        found = {name: np.where(seen, kept[places], np.nan) for name, kept in features.items()}
    else:
        read = track_series(few, site, track.chips, tuple(features), None, track.ground)
        codes[places], found = read.codes, dict(read.features)
    for name, kept in features.items():
        features[name] = kept.copy()
        features[name][places] = found[name]
    return replace(series, features=features, codes=codes)


def only_hides(track: TrackOutcome, plan: StackPlan) -> bool:
    """Return whether the masks of a plan do no more than hide pixels that the track shows.

    So it is where no mask shrinks, one tile shows each look, and no feature looks at its
    neighbours: what stays in sight then keeps its values.
    """
    alone = all(len(look.look.tiles) == 1 for look in plan.looks)
    pointwise = all(FEATURES[name].smoothing_px == 0 for name in track.series.features)
    before, after = (dict(item.options.dilation_m) for item in (track.plan, plan))
    rules = plan.sensor.masks
    told = all(rule.kind in TOLD for rule in rules)
    usual = [(code.reason, code.dilation_m) for rule in rules for code in rule.codes]
    wider = all(after.get(word, own) >= before.get(word, own) for word, own in usual)
    return alone and pointwise and told and wider


def _hidden(
    track: TrackOutcome, plan: StackPlan, places: list[int], site: Site
) -> NDArray[np.uint8]:
    """Return the coverage codes of some looks under masks that only hide; one band is read."""
    one = replace(plan, bands=plan.bands[:1])
    codes = track_series(one, site, track.chips, (), None, track.ground).codes
    # What lacks a value in another band is known to lack it.
    lacking = (codes == OBSERVED) & (track.series.codes[places] == MISSING)
    return np.where(lacking, np.uint8(MISSING), codes)


def _is_masked(look: LookPlan, sensor: Sensor, chips: ChipStore) -> bool:
    """Return whether the mask of a look holds any cloud or shadow that could grow."""
    rule = sensor.mask
    if rule.kind not in TOLD - {"none"}:
        return rule.kind != "none"
    signs = [Sign(COVERAGE_CODES[c.reason], c.values, c.bits) for c in rule.codes]
    asset = rule.asset or ""
    masks = [tile.chips[asset] for tile in look.look.tiles if asset in tile.chips]
    codes = (coverage_from_mask(chips.open(m).values[0], signs, pixel_m=1.0) for m in masks)
    return any(np.isin(found, (CLOUD, SHADOW)).any() for found in codes)
