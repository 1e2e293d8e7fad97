"""Calibrated rarity: how often a quiet look is at least this unusual.

Pixels and zones by `conformal_p` against left-out looks, regions by their peaks, several looks by
`confirmation_scores`; `false_alarm_ratio` and `overdispersion` say whether it holds. Nothing here
assumes a distribution. Halo: `score_peaks` one radius, all else none.
"""

from __future__ import annotations

from pipeline.kernels.significance.conformal import (
    Side,
    agreement_scale,
    calibration_sample,
    confirmation_scores,
    conformal_p,
    score_at,
    smallest_p,
)
from pipeline.kernels.significance.rates import (
    TOLERANCE,
    Overdispersion,
    RateRatio,
    binomial_tail,
    clopper_pearson,
    false_alarm_ratio,
    overdispersion,
)
from pipeline.kernels.significance.regions import (
    PeakSample,
    expected_regions,
    peak_sample,
    pooled_peaks,
    region_threshold,
    score_peaks,
)
from pipeline.kernels.significance.zones import (
    ZoneStatistics,
    placed,
    zone_placements,
    zone_statistics,
)

__all__ = [
    "TOLERANCE",
    "Overdispersion",
    "PeakSample",
    "RateRatio",
    "Side",
    "ZoneStatistics",
    "agreement_scale",
    "binomial_tail",
    "calibration_sample",
    "clopper_pearson",
    "confirmation_scores",
    "conformal_p",
    "expected_regions",
    "false_alarm_ratio",
    "overdispersion",
    "peak_sample",
    "placed",
    "pooled_peaks",
    "region_threshold",
    "score_at",
    "score_peaks",
    "smallest_p",
    "zone_placements",
    "zone_statistics",
]
