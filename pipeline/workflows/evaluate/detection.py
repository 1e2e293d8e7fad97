"""What would have been seen: known changes put into the very looks, by size and strength."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from pipeline.kernels.baseline import anomaly_of_date, cut_baseline, date_scorer, predict, score
from pipeline.kernels.injection import (
    Injections,
    blob_footprints,
    detected,
    detection_curve,
    patch_indices,
    plan_injections,
    smallest_seen,
    with_radar_blobs,
)
from pipeline.kernels.significance import (
    confirmation_scores,
    peak_sample,
    pooled_peaks,
    region_threshold,
    score_peaks,
)
from pipeline.workflows.evaluate.intervals import SEED, clustered_share
from pipeline.workflows.evaluate.looks import SIGMA_PX
from pipeline.workflows.evaluate.series_rivals import RIVALS, rival_scores, usual

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pipeline.kernels.baseline import Scorer
    from pipeline.workflows.evaluate.looks import Trial
    from pipeline.workflows.evaluate.series_rivals import Usual

SIZES_PX = (1, 2, 4, 8)
CONTRASTS_DB = (6.0, 9.0, 12.0)
#: One false region per site of 9 km² in 20 looks.
TIGHT = 0.05 / 9.0
ONE, TWO = "ours, one look", "ours, two looks"
_PER_SERIES = 240
_HALF_PX = 7
_SPECKLE_LOOKS = 8.0
_FWHM = 2.3548


class _Waiting(NamedTuple):
    """Scores of a rival whose threshold is known only at the end."""

    day: int
    plan: Injections
    prints: NDArray[np.float32]
    scores: NDArray[np.float32]


class Detection:
    """Collects hits over pairs of test days; thresholds of ours are known before, the rivals' not.

    A rival gets, with hindsight, the threshold at which exactly the allowed number of false
    regions was seen on these very looks: no formula of theirs keeps the budget.

    Parameters
    ----------
    budget_per_km2
        False regions allowed per map and km².
    """

    def __init__(self, budget_per_km2: float = TIGHT) -> None:
        self._budget = budget_per_km2
        self._hits: dict[tuple[str, float, float], dict[int, list[float]]] = {}
        self._raw: dict[tuple[str, float], list[tuple[float, float]]] = defaultdict(list)
        self._false: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
        self._waiting: dict[str, list[_Waiting]] = defaultdict(list)
        self._rival_peaks: dict[str, list[NDArray[np.float64]]] = defaultdict(list)
        self._rival_budget = 0.0

    def add_day(self, trials: Sequence[Trial]) -> None:
        """Inject into one test day and its successor, where both tight budgets can be kept."""
        paired = [trial for trial in trials if trial.paired]
        if not paired:
            return
        area = float(np.mean([trial.series.km2 for trial in paired]))
        thresholds = _thresholds(paired, self._budget * area)
        if not np.isfinite(list(thresholds.values())).all():
            return
        for trial in paired:
            self._false_regions(trial, thresholds)
            self._inject(trial, thresholds)

    def document(self) -> dict[str, Any]:
        """Return detection by method, size and contrast, and the smallest size seen with 90 %."""
        self._settle_rivals()
        table = [
            {"method": name, "size_m2": size, "contrast_db": contrast, **self._share(key)}
            for key in sorted(self._hits, key=_order)
            for name, size, contrast in [key]
        ]
        return {
            "budget_per_km2": self._budget,
            "methods": [{"name": name} for name in (TWO, ONE, *RIVALS)],
            "table": table,
            "smallest": [
                {"method": name, "contrast_db": contrast, **_smallest(pairs)}
                for (name, contrast), pairs in sorted(self._raw.items(), key=_raw_order)
            ],
            "false_regions": {
                name: {"seen": int(seen), "expected": expected}
                for name, (seen, expected) in sorted(self._false.items())
            },
        }

    def _share(self, key: tuple[str, float, float]) -> dict[str, Any]:
        days = sorted(self._hits[key])
        hits, trials = np.array([self._hits[key][day] for day in days]).T
        return clustered_share(hits, trials)

    def _false_regions(self, trial: Trial, thresholds: dict[str, float]) -> None:
        expected = self._budget * trial.series.km2
        maps = {ONE: trial.new_scores()[0], TWO: trial.new_confirmed("more")[0]}
        for name, scores in maps.items():
            self._false[name][0] += float((score_peaks(scores) >= thresholds[name]).sum())
            self._false[name][1] += expected
        known = usual(trial)
        self._rival_budget += expected
        for name in RIVALS:
            both = _rival_pair(name, known, trial.series.values[trial.at : trial.at + 2])
            self._rival_peaks[name].append(score_peaks(both))

    def _inject(self, trial: Trial, thresholds: dict[str, float]) -> None:
        series, day = trial.series, int(trial.day)
        plan = plan_injections(
            np.asarray(series.valid[trial.at : trial.at + 2].all(axis=0)),
            sizes_m2=tuple(size * series.pixel_m**2 for size in SIZES_PX),
            contrasts=CONTRASTS_DB, number=_PER_SERIES, margin_px=_HALF_PX,
            seed=(SEED + 1000 * day + trial.at) % 2**31,
        )  # fmt: skip
        prints = blob_footprints(
            plan, pixel_m=series.pixel_m, psf_sigma_m=series.sensor.psf_m / _FWHM,
            half_px=_HALF_PX,
        )  # fmt: skip
        looks = [_injected(trial, plan, prints, later) for later in (0, 1)]
        scores = [_patch_scores(trial, plan, looks[later], later) for later in (0, 1)]
        both = confirmation_scores(np.stack(scores), k=2, side="more", scale=trial.agreement)
        self._add(ONE, day, plan, detected(scores[0], prints, thresholds[ONE]))
        self._add(TWO, day, plan, detected(both, prints, thresholds[TWO]))
        known = usual(trial).cut(*patch_indices(plan, _HALF_PX))
        for name in RIVALS:
            pair = _rival_pair(name, known, [np.moveaxis(look, 1, 0) for look in looks])
            self._waiting[name].append(_Waiting(day, plan, prints, pair.astype(np.float32)))

    def _settle_rivals(self) -> None:
        for name, waiting in self._waiting.items():
            heights = np.sort(np.concatenate(self._rival_peaks[name]))[::-1]
            allowed = int(self._rival_budget)
            threshold = np.nextafter(heights[allowed], np.inf) if heights.size > allowed else 0.0
            self._false[name] = [float((heights >= threshold).sum()), self._rival_budget]
            for one in waiting:
                hits = detected(one.scores, one.prints, float(threshold))
                self._add(name, one.day, one.plan, hits)
        self._waiting.clear()

    def _add(self, name: str, day: int, plan: Injections, hits: NDArray[np.bool_]) -> None:
        for size in np.unique(plan.size_m2):
            for contrast in np.unique(plan.contrast):
                here = (plan.size_m2 == size) & (plan.contrast == contrast)
                cells = self._hits.setdefault((name, float(size), float(contrast)), {})
                cell = cells.setdefault(day, [0.0, 0.0])
                cell[0] += float(hits[here].sum())
                cell[1] += float(here.sum())
                self._raw[name, float(contrast)] += [
                    (float(size), float(hit)) for hit in hits[here]
                ]


def _thresholds(trials: Sequence[Trial], budget: float) -> dict[str, float]:
    """Return the scores that brighter regions must reach, from quiet looks alone."""
    one = pooled_peaks([peak_sample(trial.quiet_scores()) for trial in trials])
    two = pooled_peaks([peak_sample(trial.quiet_confirmed("more")) for trial in trials])
    return {ONE: region_threshold(one, budget), TWO: region_threshold(two, budget)}


def _injected(
    trial: Trial, plan: Injections, prints: NDArray[np.float32], later: int
) -> NDArray[np.float32]:
    """Return (n, band, h, w) dB of one look with a blob in each patch."""
    series, at = trial.series, trial.at + later
    rows, columns = patch_indices(plan, _HALF_PX)
    day = float(series.days[at])
    expected = np.stack(
        [predict(cut_baseline(one, rows, columns), day).value[0] for one in trial.baselines], axis=1
    )
    power = with_radar_blobs(
        np.moveaxis(series.power[at][:, rows, columns], 0, 1), prints, plan.contrast,
        10.0 ** (expected.astype(np.float64) / 10.0), looks=_SPECKLE_LOOKS,
        rng=np.random.default_rng((SEED, int(day))),
    )  # fmt: skip
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(10.0 * np.log10(power), np.float32)


def _patch_scores(
    trial: Trial, plan: Injections, decibels: NDArray[np.float32], later: int
) -> NDArray[np.float32]:
    rows, columns = patch_indices(plan, _HALF_PX)
    day = float(trial.series.days[trial.at + later])
    scorer: Scorer = date_scorer(trial.new[later], sigma_px=SIGMA_PX)
    anomalies = [
        anomaly_of_date(cut_baseline(one, rows, columns), decibels[:, band], day)
        - trial.regional[later, band][rows, columns]
        for band, one in enumerate(trial.baselines)
    ]
    return score(scorer, np.stack(anomalies, axis=1))


def _rival_pair(
    name: str, known: Usual, looks: Sequence[NDArray[np.floating]] | NDArray[np.floating]
) -> NDArray[np.float64]:
    """Return the smaller of both looks' scores: brighter on both."""
    first, second = (rival_scores(name, known, look) for look in looks)
    return np.asarray(np.fmin(first, second))


def _smallest(pairs: Sequence[tuple[float, float]]) -> dict[str, Any]:
    sizes, hits = np.array(pairs).T
    found = smallest_seen(detection_curve(sizes, hits))
    return {
        "size_m2": found.size_m2,
        "interval_m2": list(found.interval_m2),
        "reason": found.reason,
        "injections": len(pairs),
    }


def _order(key: tuple[str, float, float]) -> tuple[int, float, float]:
    names = (TWO, ONE, *RIVALS)
    return names.index(key[0]), key[1], key[2]


def _raw_order(item: tuple[tuple[str, float], Any]) -> tuple[int, float]:
    (name, contrast), _ = item
    return (TWO, ONE, *RIVALS).index(name), contrast
