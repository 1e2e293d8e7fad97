"""From an indicator's values to assessments: value, interval, quiet band, outcome, reasons."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from pipeline.assessment import measures
from pipeline.assessment.lengths import long_axis
from pipeline.assessment.local import LocalScores, local_scores
from pipeline.assessment.observables import UNITS, Method, features_needed, method_for
from pipeline.assessment.quiet import Quiet, quiet_band, quiet_share
from pipeline.assessment.record import Assessment
from pipeline.assessment.series import combined_scores, feature_scores
from pipeline.assessment.thresholds import Reading, ThresholdRule, threshold_rule

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import date

    from numpy.typing import NDArray

    from pipeline.assessment.measures import Measured
    from pipeline.assessment.series import FeatureScores, TrackSeries
    from pipeline.kernels.baseline import SceneStep

    Declared = Callable[[date], float | None]

# Less of a zone than this, and the look says nothing about it.
LEAST_OBSERVED = 0.7
# Published floors of 10-30 m looks; a hundredth is left for how areas are computed.
SMALLEST_ZONE_M2, NARROWEST_ZONE_M, SHORTEST_ZONE_M = 9_900.0, 49.5, 99.0
FEWEST_PIXELS = 4.0
# With more of the zone than this under a mask that never lifts, nobody looks at the zone.
NEVER_SEEN = 0.3


def quiet_looks(measured: Measured, in_baseline: NDArray[np.bool_], method: Method) -> Quiet:
    """Return the quiet band of one zone and indicator: dB are near normal, areas are counted."""
    good = in_baseline & (measured.observed >= LEAST_OBSERVED) & np.isfinite(measured.value)
    return quiet_band(measured.value[good], "normal" if method.measure == "zone-sum" else "counted")


@dataclass(frozen=True)
class Judging:
    """All that one indicator in one zone is judged by."""

    measured: Measured
    quiet: Quiet
    rule: ThresholdRule
    method: Method
    baseline: Any
    declared: Declared | None

    @property
    def without_history(self) -> bool:
        """Whether the value is measured outright and its threshold asks no history."""
        return self.method.measure == "snow" and self.rule.threshold.kind == "absolute"

    @property
    def too_few(self) -> bool:
        """Whether quiet looks are fewer than agreed."""
        return bool(self.quiet.values.size < self.baseline.minimum_looks)

    @cached_property
    def _margins(self) -> NDArray[np.float64]:
        return np.asarray(np.nan_to_num([self.quiet.low, self.quiet.high]))

    def reading(self, index: int, day: float) -> Reading:
        """Return the value of one look with its interval, cut to what the quantity can be.

        The true value differs from the measured one by what quiet looks show, by what the
        measurement itself brings, and upwards by all that was not seen.
        """
        value, spread = float(self.measured.value[index]), float(self.measured.spread[index])
        above, below = self._margins
        missed = self.measured.missed
        unseen = 0.0 if missed is None else float(missed[index])
        low, high = self.measured.bounded(
            value - float(np.hypot(below, spread)), value + float(np.hypot(above, spread)) + unseen
        )
        return Reading(value, min(low, value), max(high, value), day)


class ChangedPixels(NamedTuple):
    """Where the pixels of a track changed, and the rule that says so.

    Parameters
    ----------
    found
        (time, pixel) True = changed.
    cut
        Score from which a pixel counts, from quiet looks of the ring.
    steps
        (time,) what self-normalisation took out of each date's scores.
    """

    found: NDArray[np.bool_]
    cut: float
    steps: tuple[SceneStep, ...]


class TrackAssessor:
    """Assesses the agreed indicators over one sensor and track.

    Scores of features are computed once and shared by all indicators and zones.

    Parameters
    ----------
    series
        The pixels of the zones and the ring over time.
    """

    def __init__(self, series: TrackSeries) -> None:
        self.series = series
        self.scores: dict[str, FeatureScores] = {}
        self._changed: dict[str, ChangedPixels] = {}
        self._local: dict[tuple[str, str, int], LocalScores] = {}

    def with_zones(self, zones: Mapping[str, NDArray[np.float32]]) -> TrackAssessor:
        """Return an assessor of other zones over the same pixels, which shares their scores."""
        other = TrackAssessor(self.series.with_zones(zones))
        other.scores, other._changed = self.scores, self._changed
        return other

    def score(self, name: str) -> FeatureScores:
        """Return one feature's scores, computed on first use."""
        if name not in self.scores:
            self.scores[name] = self._scored(name)
        return self.scores[name]

    def _scored(self, name: str) -> FeatureScores:
        return feature_scores(self.series, name)

    def changed_pixels(self, observable: str) -> ChangedPixels:
        """Return where the pixels of the track changed in an observable, computed on first use."""
        if observable not in self._changed:
            self._changed[observable] = self._pixels_changed(observable)
        return self._changed[observable]

    def _pixels_changed(self, observable: str) -> ChangedPixels:
        method = method_for(observable, self.series.physical)
        parts = {name: self.score(name) for name in method.features}
        z, steps = combined_scores(self.series, parts, method.features, method.combine)
        cut = measures.pixel_cut(z[self.series.in_baseline], self.series.ring, method.sign)
        found = measures.changed_pixels(self.series, parts, z, cut, method)
        return ChangedPixels(found, cut, steps)

    def local(self, method: Method, zone: str) -> LocalScores:
        """Return the scores of a zone's pixels against the rest of the zone."""
        key = (zone, method.local, method.sign)
        if key not in self._local:
            self._local[key] = local_scores(
                self.series.features[method.local],
                self.series.zones[zone],
                self.series.in_baseline,
                self.date_scale(method.local),
                step=self.score(method.local).ring_step,
                sign=method.sign,
            )
        return self._local[key]

    def date_scale(self, feature: str) -> NDArray[np.float64]:
        """Return (time,) spread of the ring's scores over its median on baseline looks."""
        spread = np.array([step.scale for step in self.score(feature).steps], dtype=np.float64)
        quiet = spread[self.series.in_baseline & np.isfinite(spread)]
        return spread / np.median(quiet) if quiet.size else np.full(spread.shape, np.nan)

    def measured(self, observable: str, zone: str, smallest_m2: float) -> Measured | None:
        """Return an observable's values in one zone; None where this sensor cannot carry it.

        Looks that are set aside have no value.
        """
        method = method_for(observable, self.series.physical)
        if method.measure == "none" or set(features_needed([method])) - set(self.series.features):
            return None
        if not (self.series.zones[zone] > 0).any():
            return None
        found = self._measured(observable, method, zone, method.region_m2(smallest_m2))
        return replace(found, value=np.where(self.aside, np.nan, found.value))

    def _measured(self, observable: str, method: Method, zone: str, smallest_m2: float) -> Measured:
        weight = self.series.zones[zone]
        if method.measure == "zone-sum":
            return measures.zone_excess_db(self.series, weight)
        if method.measure == "snow":
            return measures.snow_free_area(self.series, weight, smallest_m2)
        if method.measure == "length":
            return measures.zone_length(self.series, self.local(method, zone), weight, method)
        found = self.changed(observable, method, zone)
        observed = measures.observed_share(self.series.features[method.features[0]], weight)
        area = measures.zone_area(self.series, found, weight, smallest_m2, observed)
        if method.measure == "share":
            zone_m2 = float(weight.sum(dtype=np.float64)) * self.series.pixel_area_m2
            return measures.as_share(area, zone_m2)
        return area

    def changed(self, observable: str, method: Method, zone: str) -> NDArray[np.bool_]:
        """Return (time, n) True = changed, for the pixels with a share in the zone."""
        place = np.flatnonzero(self.series.zones[zone] > 0)
        found = np.zeros((len(self.series.acquired), place.size), dtype=np.bool_)
        if not method.local_only:
            found |= self.changed_pixels(observable).found.take(place, axis=1)
        if method.local:
            found |= self.local(method, zone).found(method.sign, method.local_step)
        return found

    def assess(
        self, indicator: Any, zone: str, *, baseline: Any, declared: Declared | None = None
    ) -> Iterator[Assessment]:
        """Yield one assessment per look of one indicator in one zone.

        Parameters
        ----------
        indicator
            The agreement's indicator.
        zone
            Zone id.
        baseline
            The agreement's baseline rule: `minimum_looks`, `max_age_days`.
        declared
            Day to the value of the last declaration up to it, or None; for thresholds
            relative to it.
        """
        unit = UNITS.get(indicator.observable, "m2")
        common = {"zone": zone, "indicator": indicator.id, "unit": unit}
        rule = threshold_rule(indicator, unit)
        refusal, measured = self._measured_or_why(indicator, zone, rule)
        if measured is None:
            for index in self._looks_from(baseline):
                yield self._assessment(index, common, outcome="not-observable", reasons=(refusal,))
            return
        method = method_for(indicator.observable, self.series.physical)
        quiet = quiet_looks(measured, self.series.in_baseline & ~self.aside, method)
        judging = Judging(measured, quiet, rule, method, baseline, declared)
        earlier: list[Reading] = []
        for index in self._looks_from(baseline):
            facts = self._judged(index, judging, earlier)
            facts["reasons"] = (
                *facts.get("reasons", ()), *self._doubts(index, judging), *self._masking(zone)
            )  # fmt: skip
            yield self._assessment(index, common, threshold=rule.threshold, **facts)
            if facts["outcome"] in {"change", "no-change", "at-threshold"}:
                earlier.append(judging.reading(index, float(self.series.days[index])))

    def _looks_from(self, baseline: Any) -> list[int]:
        """Return the looks from the start of the baseline on: what lies before is no news."""
        start = baseline.start
        return [i for i, moment in enumerate(self.series.acquired) if moment.date() >= start]

    @property
    def aside(self) -> NDArray[np.bool_]:
        """(time,) True = set aside for one reason or another."""
        masks = [np.zeros(len(self.series.acquired), dtype=np.bool_)]
        return np.asarray(np.any([*masks, *self.series.set_aside.values()], axis=0))

    def _measured_or_why(
        self, indicator: Any, zone: str, rule: ThresholdRule
    ) -> tuple[str, Measured | None]:
        """Return the values of an indicator in a zone, or the reason code of why there are none."""
        if indicator.observability == "not_observable":
            return "declared-not-observable", None
        method = method_for(indicator.observable, self.series.physical)
        refusal = rule.refusal or self._direction_refused(method, indicator.direction, rule)
        refusal = refusal or self.zone_refused(method, zone)
        if refusal:
            return refusal, None
        smallest = indicator.method.minimum_area_m2
        return "no-method-for-sensor", self.measured(indicator.observable, zone, smallest)

    @staticmethod
    def _direction_refused(method: Method, direction: str, rule: ThresholdRule) -> str:
        """Areas of what is new have no less than nothing: only a sum or a level can fall."""
        falls = method.measure in {"zone-sum", "length", "snow", "none"}
        states = rule.threshold.kind in {"absolute", "rate"}
        return "" if falls or states or direction != "less" else "direction-not-measured"

    def zone_refused(self, method: Method, zone: str) -> str:
        """Return the reason code why a zone is below what the measure can carry, or nothing."""
        weight = self.series.zones[zone]
        place = np.flatnonzero(weight > 0)
        total = float(weight.sum(dtype=np.float64))
        if not place.size:
            return "zone-outside-grid"
        pixel_m = float(np.sqrt(self.series.pixel_area_m2))
        axis = long_axis(
            self.series.rows[place], self.series.columns[place], weight[place], pixel_m
        )
        if method.measure == "length":
            small = axis.length_m < SHORTEST_ZONE_M
        else:
            small = (
                total * self.series.pixel_area_m2 < SMALLEST_ZONE_M2
                or axis.width_m < NARROWEST_ZONE_M
            )
        return "zone-below-floor" if small or total < FEWEST_PIXELS else ""

    def _judged(self, index: int, judging: Judging, earlier: list[Reading]) -> dict[str, Any]:
        measured, quiet = judging.measured, judging.quiet
        value, observed = float(measured.value[index]), float(measured.observed[index])
        facts: dict[str, Any] = {"observed_fraction": observed}
        reasons = tuple(code for code, mask in self.series.set_aside.items() if mask[index])
        if reasons:
            return {**facts, "outcome": "not-observed", "reasons": reasons}
        if observed >= LEAST_OBSERVED and not (np.isfinite(value) or self.series.in_baseline.any()):
            return {
                **facts,
                "outcome": "not-observable",
            }  # seen, and without a history to differ from
        if observed < LEAST_OBSERVED or not np.isfinite(value):
            unseen = () if judging.method.measure != "snow" or observed else ("ring-not-white",)
            return {**facts, "outcome": "not-observed", "reasons": unseen}
        facts["value"] = value
        if not np.isfinite(quiet.expected) and not judging.without_history:
            return {**facts, "outcome": "not-observable"}
        reading = judging.reading(index, float(self.series.days[index]))
        facts["interval"] = (reading.low, reading.high)
        facts["also"] = {name: float(values[index]) for name, values in measured.also.items()}
        if np.isfinite(quiet.expected):
            facts |= {
                "baseline": quiet.expected,
                "baseline_interval": measured.bounded(*quiet.band),
                "p": quiet_share(value, quiet, judging.rule.direction),
                "p_sample": int(quiet.values.size),
            }
        return {**facts, **self._held(index, judging, reading, earlier)}

    def _held(
        self, index: int, judging: Judging, reading: Reading, earlier: list[Reading]
    ) -> dict[str, Any]:
        day = self.series.acquired[index].date()
        held = judging.rule.statistic(
            reading,
            judging.quiet,
            earlier=earlier,
            declared=judging.declared(day) if judging.declared else None,
        )
        if isinstance(held, str):
            return {"outcome": "not-observable", "reasons": (held,)}
        if judging.too_few and not judging.without_history:
            return {"outcome": "not-observable"}
        outcome, direction = judging.rule.judged(held)
        return {"outcome": outcome, "direction": direction}

    def _doubts(self, index: int, judging: Judging) -> tuple[str, ...]:
        reasons = []
        if judging.too_few:
            reasons.append("baseline-too-short")
        if not self.series.in_baseline[index]:
            last = self.series.days[self.series.in_baseline].max(initial=-np.inf)
            if self.series.days[index] - last > judging.baseline.max_age_days:
                reasons.append("baseline-stale")
        return tuple(reasons)

    def _masking(self, zone: str) -> tuple[str, ...]:
        return ("persistently-masked",) if self.never_seen[zone] > NEVER_SEEN else ()

    @cached_property
    def never_seen(self) -> dict[str, float]:
        """Zone to the share of it that is masked as cloud on most dates with a clear ring."""
        return self.series.never_seen()

    def _assessment(self, index: int, common: Mapping[str, Any], **facts: Any) -> Assessment:
        acquired = self.series.acquired[index]
        stamp = acquired.strftime("%Y%m%dT%H%M%SZ")
        parts = (common["zone"], common["indicator"], self.series.sensor, self.series.track, stamp)
        return Assessment(
            id=":".join(parts),
            sensor=self.series.sensor,
            track=self.series.track,
            acquired=acquired,
            scene=self.series.scenes[index],
            phase="baseline" if self.series.in_baseline[index] else "monitoring",
            **common,
            **facts,
        )
