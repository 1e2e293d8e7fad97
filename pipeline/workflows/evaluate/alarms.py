"""False alarms on quiet looks: seen against promised, for pixels, zones and regions."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import stats

from pipeline.kernels.baseline import empty_tail, step, tail_p
from pipeline.kernels.significance import (
    calibration_sample,
    conformal_p,
    false_alarm_ratio,
    overdispersion,
    peak_sample,
    pooled_peaks,
    region_threshold,
    score_peaks,
    smallest_p,
    zone_statistics,
)
from pipeline.workflows.evaluate.intervals import poisson_interval
from pipeline.workflows.evaluate.series_rivals import RIVALS, rival_p, rival_scores, usual

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pipeline.workflows.evaluate.looks import Trial

PIXEL_LEVELS = (1e-2, 1e-3, 1e-4)
ZONE_LEVELS = (0.1, 0.05, 0.01)
BUDGETS = (0.05, 0.2, 1.0, 5.0)
ZONE_PX = 20
#: Name → what it is.
OURS = {
    "ours, one look": "summed polarisations, self-normalised, left-out looks",
    "ours, one polarisation": "first polarisation alone, unsmoothed",
    "ours, two looks": "both looks agree, left-out pairs",
    "ours, looks so far": "as one look, against every look judged before it (prequential)",
}


class AlarmCount:
    """Alarms per date at one promised rate; a date's series are added up."""

    def __init__(self) -> None:
        self._alarms: dict[int, float] = defaultdict(float)
        self._trials: dict[int, float] = defaultdict(float)

    def add(self, day: int, p: NDArray[np.floating], level: float) -> None:
        """Count the p-values of one date, NaN left out."""
        known = p[np.isfinite(p)]
        self._alarms[day] += float(np.count_nonzero(known <= level))
        self._trials[day] += float(known.size)

    def document(self, level: float) -> dict[str, Any]:
        """Return empirical over nominal with interval, and how much the dates differ."""
        days = sorted(self._trials)
        alarms, trials = ([float(part[d]) for d in days] for part in (self._alarms, self._trials))
        found, spread = false_alarm_ratio(alarms, trials, level), overdispersion(alarms, trials)
        per_date = [a / t / level if t else 0.0 for a, t in zip(alarms, trials, strict=True)]
        return {
            "level": level,
            "ratio": found.ratio,
            "interval": [found.low, found.high],
            "alarms": found.alarms,
            "trials": found.trials,
            "dates": found.dates,
            "between_dates": spread.between_dates,
            "by_date": per_date,
        }


class FalseAlarms:
    """Collects every count over the test days of one sensor."""

    def __init__(self) -> None:
        self._pixels: dict[tuple[str, float], AlarmCount] = defaultdict(AlarmCount)
        self._zones: dict[tuple[str, float], AlarmCount] = defaultdict(AlarmCount)
        self._regions: dict[tuple[str, float], list[float]] = defaultdict(lambda: [0.0, 0.0])
        self._so_far = empty_tail()

    def add_day(self, trials: Sequence[Trial]) -> None:
        """Count one test day of all series; calibration is pooled over them."""
        quiet = [trial.quiet_scores() for trial in trials]
        new = [trial.new_scores()[:1] for trial in trials]
        self._pixel_level(trials, "ours, one look", quiet, new)
        self._pixel_level(
            trials, "ours, one polarisation",
            [trial.quiet_scores(slice(1), 0.0) for trial in trials],
            [trial.new_scores(slice(1), 0.0)[:1] for trial in trials],
        )  # fmt: skip
        self._looks_so_far(trials, quiet, new)
        self._zone_level(trials, quiet, new)
        self._region_level("ours, one look", trials, quiet, new)
        paired = [trial for trial in trials if trial.paired]
        if paired:
            pairs = [trial.quiet_confirmed("both") for trial in paired]
            fresh = [trial.new_confirmed("both") for trial in paired]
            self._pixel_level(paired, "ours, two looks", pairs, fresh)
            self._region_level("ours, two looks", paired, pairs, fresh)
        self._rivals(trials)

    def document(self) -> dict[str, Any]:
        """Return all rates; a level that the sample cannot support is absent."""
        return {
            "methods": [{"name": name, "is": text} for name, text in {**OURS, **RIVALS}.items()],
            "pixels": _by_method(self._pixels),
            "zones": _by_method(self._zones),
            "zone_px": ZONE_PX,
            "regions": self._budgets(),
        }

    def _pixel_level(
        self,
        trials: Sequence[Trial],
        name: str,
        quiet: Sequence[NDArray[np.float32]],
        new: Sequence[NDArray[np.float32]],
    ) -> None:
        sample = calibration_sample(quiet)
        for trial, maps in zip(trials, new, strict=True):
            self._count_pixels(name, trial, conformal_p(maps, sample), sample.size)

    def _looks_so_far(
        self,
        trials: Sequence[Trial],
        quiet: Sequence[NDArray[np.float32]],
        new: Sequence[NDArray[np.float32]],
    ) -> None:
        """Judge each new look by the tail so far, which then takes it in; left-out looks start it.

        The sample grows with a long series, where that of a baseline does not. A look that holds a
        lasting change would blunt all that follow: monitoring keeps to the agreed baseline.
        """
        if not self._so_far.dates:
            for look in (look for maps in quiet for look in maps):
                self._so_far = step(self._so_far, look)
        before, size = self._so_far, int(self._so_far.counts.sum())
        for trial, maps in zip(trials, new, strict=True):
            self._count_pixels("ours, looks so far", trial, tail_p(before, maps), size)
            self._so_far = step(self._so_far, maps[0])

    def _count_pixels(self, name: str, trial: Trial, p: NDArray[np.float64], sample: int) -> None:
        for level in PIXEL_LEVELS:
            # Ten quiet pixels beyond it, or nothing is claimed at this level.
            if smallest_p(sample) * 10 <= level:
                self._pixels[name, level].add(int(trial.day), p, level)

    def _zone_level(
        self,
        trials: Sequence[Trial],
        quiet: Sequence[NDArray[np.float32]],
        new: Sequence[NDArray[np.float32]],
    ) -> None:
        null = calibration_sample([_zone_largest(maps) for maps in quiet], side="more")
        for trial, maps in zip(trials, new, strict=True):
            p = conformal_p(_zone_largest(maps), null, side="more")
            for level in ZONE_LEVELS:
                if smallest_p(null.size) * 10 <= level:
                    self._zones["ours, one look", level].add(int(trial.day), p, level)

    def _region_level(
        self,
        name: str,
        trials: Sequence[Trial],
        quiet: Sequence[NDArray[np.float32]],
        new: Sequence[NDArray[np.float32]],
    ) -> None:
        peaks = pooled_peaks([peak_sample(np.abs(maps)) for maps in quiet])
        for budget in BUDGETS:
            threshold = region_threshold(peaks, budget)
            if np.isfinite(threshold):
                seen = sum((score_peaks(np.abs(maps[0])) >= threshold).sum() for maps in new)
                self._count_regions(name, budget, seen, len(trials))

    def _count_regions(self, name: str, budget: float, seen: float, maps: int) -> None:
        self._regions[name, budget][0] += float(seen)
        self._regions[name, budget][1] += budget * maps

    def _rivals(self, trials: Sequence[Trial]) -> None:
        for trial in trials:
            known = usual(trial)
            for name in RIVALS:
                scores = rival_scores(name, known, trial.series.values[trial.at])
                p = rival_p(name, known, scores)
                for level in PIXEL_LEVELS:
                    self._pixels[name, level].add(int(trial.day), p, level)
                zone_p = _zone_p(p)
                for level in ZONE_LEVELS:
                    self._zones[name, level].add(int(trial.day), zone_p, level)
                for budget in BUDGETS:
                    height = -stats.norm.ppf(min(0.5, budget / p.size))
                    peaks = score_peaks(-stats.norm.ppf(np.maximum(p, 1e-300)))
                    self._count_regions(name, budget, (peaks >= height).sum(), 1)

    def _budgets(self) -> dict[str, list[dict[str, Any]]]:
        out: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for (name, budget), (seen, expected) in self._regions.items():
            low, high = poisson_interval(int(seen))
            out[name].append(
                {"budget": budget, "expected": expected, "seen": int(seen), "interval": [low, high]}
            )
        return dict(out)


def _by_method(
    counts: dict[tuple[str, float], AlarmCount],
) -> dict[str, list[dict[str, Any]]]:
    out: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for (name, level), count in counts.items():
        out[name].append(count.document(level))
    return dict(out)


def _tiles(shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Return (zone, y, x) squares side by side, as zones that nobody declared."""
    side = min(ZONE_PX, *shape)
    rows, columns = (size // side for size in shape)
    out = np.zeros((rows * columns, *shape), np.bool_)
    for row in range(rows):
        for column in range(columns):
            at = np.s_[row * side : (row + 1) * side, column * side : (column + 1) * side]
            out[(row * columns + column, *at)] = True
    return out


def _zone_largest(maps: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return (map, zone) largest |score| in each square."""
    zones = _tiles(maps.shape[1:])
    return zone_statistics(maps, zones, threshold=1.0, pixel_area_m2=1.0).largest


def _zone_p(p: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return (zone,) p of the smallest pixel p in a square, as if pixels were independent."""
    smallest = np.array([np.nanmin(p[zone], initial=1.0) for zone in _tiles(p.shape)])
    return np.asarray(-np.expm1(ZONE_PX**2 * np.log1p(-np.minimum(smallest, 1 - 1e-16))))
