"""What silence is worth: the smallest change that would have been seen, zone by zone.

Measured by injection into the very look that was used, through the indicator's own rule.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import ceil
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.assessment.injecting import (
    Look,
    Recipe,
    injected,
    optical_recipe,
    radar_recipes,
)
from pipeline.assessment.observables import features_needed, method_for
from pipeline.assessment.record import CalibrationPart, CurvePoint, Detectability
from pipeline.assessment.recovery import Recovery
from pipeline.kernels.injection import (
    CurvePosterior,
    SmallestSeen,
    curve_posterior,
    found_probability,
    smallest_found,
)
from pipeline.kernels.significance import RateRatio, false_alarm_ratio

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date

    from numpy.typing import NDArray

    from pipeline.assessment.indicators import TrackAssessor
    from pipeline.assessment.injecting import Injected
    from pipeline.assessment.measures import Measured
    from pipeline.assessment.observables import Method
    from pipeline.assessment.rarity import Rarity

INJECTIONS = 500
FEWEST_PER_ZONE = 40
MEASURED_BY_INJECTION = frozenset({"area", "share", "zone-sum"})


@dataclass(frozen=True)
class Detection:
    """What injection found for one zone, indicator and contrast.

    Attributes
    ----------
    zone, indicator, contrast
        What was injected where, and who looked for it.
    sizes_m2, hits
        (n,) area injected, and whether the indicator found it.
    added
        (n,) by how much the indicator's value rose, in its unit.
    added_m2
        The same as area; None where the indicator is none.
    curve, seen
        Fitted over all injections.
    """

    zone: str
    indicator: str
    contrast: str
    sizes_m2: NDArray[np.float64]
    hits: NDArray[np.bool_]
    added: NDArray[np.float64]
    added_m2: NDArray[np.float64] | None
    curve: CurvePosterior
    seen: SmallestSeen


@dataclass(frozen=True)
class Seeker:
    """One indicator looking for what was injected.

    Attributes
    ----------
    indicator
        The agreement's.
    assessor
        Of the track, under the indicator's own masks and baseline window.
    rarities
        Zone to how rare its looks are.
    half_widths
        Zone to half the 95 % interval of its newest value.
    """

    indicator: Any
    assessor: TrackAssessor
    rarities: Mapping[str, Rarity]
    half_widths: Mapping[str, float]

    @property
    def method(self) -> Method:
        """How the indicator is measured with this sensor."""
        return method_for(self.indicator.observable, self.assessor.series.physical)


def detections(
    look: Look, seekers: Sequence[Seeker], *, seed: str
) -> tuple[list[Detection], dict[str, str]]:
    """Inject, measure and fit, for all indicators of one track.

    Parameters
    ----------
    look
        The newest usable look.
    seekers
        The indicators of the track.
    seed
        Text that names site, sensor, track and scene.

    Returns
    -------
    The detections, and a reason code for each indicator that nothing was injected for.
    """
    reasons: dict[str, str] = {}
    found: list[Detection] = []
    wanted = _wanted(look, seekers, reasons)
    zones = max((len(item.assessor.series.zones) for item in seekers), default=1)
    recipes = sum(len(of_series) for of_series in wanted.values())
    number = max(FEWEST_PER_ZONE, ceil(INJECTIONS / max(1, recipes * zones)))
    for of_series in wanted.values():
        group = [item for _, items in of_series for item in items]
        assessor = group[0].assessor
        if not any((weight > 0).any() for weight in assessor.series.zones.values()):
            continue
        needed = features_needed([item.method for item in group])
        features = tuple(name for name in needed if name in assessor.series.features)
        looks = injected(
            assessor, look, [recipe for recipe, _ in of_series], features, number=number, seed=seed
        )
        # The contrasts of one indicator are blocks of the same looks.
        measure = cache(looks.assessor.measured)
        for block, (recipe, items) in zip(looks.looks, of_series, strict=True):
            for item in items:
                found += _sought(item, looks, measure, block, recipe.contrast, look.index)
    return found, reasons


Wanted = dict[int, list[tuple[Recipe, list[Seeker]]]]


def _wanted(look: Look, seekers: Sequence[Seeker], reasons: dict[str, str]) -> Wanted:
    """Return what to inject for whom, by series; who wants the same shares its looks.

    Indicators that nothing can be injected for get their reason code into `reasons`.
    """
    wanted: dict[int, dict[Any, tuple[Recipe, list[Seeker]]]] = {}
    for seeker in seekers:
        method, series = seeker.method, seeker.assessor.series
        if method.measure not in MEASURED_BY_INJECTION:
            reasons[seeker.indicator.id] = "no-injection-for-measure"
            continue
        groups = wanted.setdefault(id(series), {})
        if series.physical == "gamma0":
            for recipe in radar_recipes():
                groups.setdefault(recipe.contrast, (recipe, []))[1].append(seeker)
            continue
        material = (method.features[0], method.sign, method.guards)
        if material not in groups:
            of_scene = optical_recipe(series, look, method)
            if of_scene is None:
                reasons[seeker.indicator.id] = "no-material-in-scene"
                continue
            groups[material] = (of_scene, [])
        groups[material][1].append(seeker)
    return {key: list(groups.values()) for key, groups in wanted.items() if groups}


def _sought(
    seeker: Seeker,
    looks: Injected,
    measure: Callable[[str, str, float], Measured | None],
    block: slice,
    contrast: str,
    index: int,
) -> list[Detection]:
    indicator = seeker.indicator
    found = []
    for zone in seeker.rarities:
        measured = (
            measure(indicator.observable, zone, indicator.method.minimum_area_m2)
            if zone in looks.sizes_m2
            else None
        )
        if measured is None:
            continue
        sizes = looks.sizes_m2[zone]
        added = np.nan_to_num(measured.value[block] - measured.value[looks.unchanged])
        summed = seeker.method.measure == "zone-sum"
        hits = _crossed(added, seeker, zone, index) if summed else added > 0
        weight = looks.assessor.series.zones[zone]
        curve = curve_posterior(sizes, hits)
        found.append(
            Detection(
                zone=zone,
                indicator=indicator.id,
                contrast=contrast,
                sizes_m2=sizes,
                hits=hits,
                added=added,
                added_m2=None if summed else added * _square_metres(seeker, weight),
                curve=curve,
                seen=smallest_found(curve),
            )
        )
    return found


def _square_metres(seeker: Seeker, weight: NDArray[np.float32]) -> float:
    """Return the area that one unit of the indicator stands for."""
    if seeker.method.measure != "share":
        return 1.0
    return float(weight.sum(dtype=np.float64)) * seeker.assessor.series.pixel_area_m2 / 100.0


def _crossed(
    added: NDArray[np.float64], seeker: Seeker, zone: str, index: int
) -> NDArray[np.bool_]:
    """Return which rises of a zone sum, on top of quiet looks, alarm.

    The quiet looks are those of the pool in a fixed order: a rise meets every kind of date.
    """
    rarity = seeker.rarities[zone]
    spread = rarity.spread(index)
    quiet = np.sort(rarity.pool.scores())
    if not quiet.size or not np.isfinite(spread):
        return np.zeros(added.size, np.bool_)
    # Van der Corput's order: neighbours among the injections meet distant quantiles.
    turn = np.array([int(f"{number:016b}"[::-1], 2) / 2**16 for number in range(added.size)])
    value = added + spread * quiet[(turn * quiet.size).astype(np.int64)]
    rare = value / spread >= rarity.cut
    threshold = seeker.indicator.threshold
    limit = threshold.value if threshold.kind in {"absolute", "deviation"} else 0.0
    return np.asarray(rare & (value - seeker.half_widths.get(zone, 0.0) >= limit))


def recovery(found: Sequence[Detection]) -> Recovery:
    """Return what measured areas of found changes were, against what was injected.

    Empty where the indicator is no area: a sum in dB is measured as it is.
    """
    areas = [(item, item.added_m2) for item in found if item.added_m2 is not None]
    measured = [item.added[item.hits] for item, _ in areas]
    shares = [area[item.hits] / item.sizes_m2[item.hits] for item, area in areas]
    empty = np.empty(0)
    return Recovery(np.concatenate([empty, *measured]), np.concatenate([empty, *shares]))


def held_out(found: Sequence[Detection]) -> RateRatio:
    """Compare detections with what a curve predicts that has not seen them.

    Every other injection is predicted from the rest, zone by zone, both ways.
    """
    hits, trials, predicted = [], [], []
    for item in found:
        for part in (slice(0, None, 2), slice(1, None, 2)):
            rest = slice(1 - (part.start or 0), None, 2)
            curve = curve_posterior(item.sizes_m2[rest], item.hits[rest])
            if not curve.weight.size:
                continue
            middle, _, _ = found_probability(curve, item.sizes_m2[part])
            hits.append(int(item.hits[part].sum()))
            trials.append(middle.size)
            predicted.append(float(middle.sum()))
    if not sum(trials) or not sum(predicted):
        return RateRatio(np.nan, np.nan, np.nan, 0, sum(trials), 0)
    return false_alarm_ratio(hits, trials, min(sum(predicted) / sum(trials), 1 - 1e-9))


def detection_part(found: Sequence[Detection], as_of: date) -> CalibrationPart:
    """Return the part of `calibrated` that injection answers for."""
    if not found:
        return CalibrationPart(ok=False, reason="not-injected")
    rate = held_out(found)
    if not rate.trials or not np.isfinite(rate.ratio):
        return CalibrationPart(ok=False, as_of=as_of, reason="nothing-detected")
    reached = rate.holds
    return CalibrationPart(
        ok=reached,
        sample_size=rate.trials,
        as_of=as_of,
        ratio=rate.ratio,
        ratio_interval=(rate.low, rate.high),
        reason="" if reached else "detection-rate-off",
    )


def recorded(item: Detection, series: Any, index: int) -> Detectability:
    """Return a detection as the record has it, with the points of its curve."""
    low, high = item.seen.interval_m2
    return Detectability(
        zone=item.zone,
        sensor=series.sensor,
        track=series.track,
        acquired=series.acquired[index],
        indicator=item.indicator,
        smallest_m2=item.seen.size_m2,
        interval=None if low is None or high is None else (low, high),
        contrast=item.contrast,
        injections=int(item.sizes_m2.size),
        reason=item.seen.reason,
        curve=_points(item),
    )


def _points(item: Detection) -> tuple[CurvePoint, ...]:
    if not item.curve.weight.size:
        return ()
    sizes = np.unique(item.sizes_m2)
    points = zip(sizes, *found_probability(item.curve, sizes), strict=True)
    return tuple(
        CurvePoint(
            size_m2=float(size),
            probability=float(middle),
            interval=(float(low), float(high)),
            found=int(item.hits[item.sizes_m2 == size].sum()),
            injected=int((item.sizes_m2 == size).sum()),
        )
        for size, middle, low, high in points
    )


def not_measured(zone: str, series: Any, indicator: str | None, reason: str) -> Detectability:
    """Return the record's line of a zone for which nothing was measured, and why."""
    return Detectability(
        zone=zone, sensor=series.sensor, track=series.track, indicator=indicator, reason=reason
    )
