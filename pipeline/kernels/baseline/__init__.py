"""A pixel's own history, and how unusual a new look is against it.

`fit_baseline` freezes a baseline, `anomaly` standardises new looks by it, `scene_offset` and
`self_normalised` take the step of the whole scene out, `leave_one_out_scores` and
`leave_group_out_scores` re-score the history for calibration, and `step` keeps the empirical tail
between refits. Halo: none, every pixel stands alone; only the variance prior and the scene step
look at the whole window, and both can be given. `score` smooths: `Scorer.halo` pixels;
`regional_field` is the smooth part of a whole date.
"""

from __future__ import annotations

from pipeline.kernels.baseline.deviates import normal_score
from pipeline.kernels.baseline.expectation import (
    Prediction,
    anomaly,
    anomaly_of_date,
    departures,
    predict,
)
from pipeline.kernels.baseline.leave_out import (
    Groups,
    History,
    adjacent_groups,
    fit_with_left_out,
    leave_group_out_scores,
    leave_one_out_scores,
    normalise,
    normalised_history,
)
from pipeline.kernels.baseline.model import (
    Baseline,
    age_days,
    cut_baseline,
    fit_baseline,
    fit_prior,
)
from pipeline.kernels.baseline.prior import VariancePrior, variance_prior
from pipeline.kernels.baseline.regional import regional_field
from pipeline.kernels.baseline.scene_step import (
    SceneStep,
    StepAlarm,
    scene_offset,
    self_normalised,
    step_alarm,
)
from pipeline.kernels.baseline.scoring import Scorer, date_scorer, date_scores, score
from pipeline.kernels.baseline.tail import Tail, empty_tail, step, tail_p

__all__ = [
    "Baseline",
    "Groups",
    "History",
    "Prediction",
    "SceneStep",
    "Scorer",
    "StepAlarm",
    "Tail",
    "VariancePrior",
    "adjacent_groups",
    "age_days",
    "anomaly",
    "anomaly_of_date",
    "cut_baseline",
    "date_scorer",
    "date_scores",
    "departures",
    "empty_tail",
    "fit_baseline",
    "fit_prior",
    "fit_with_left_out",
    "leave_group_out_scores",
    "leave_one_out_scores",
    "normal_score",
    "normalise",
    "normalised_history",
    "predict",
    "regional_field",
    "scene_offset",
    "score",
    "self_normalised",
    "step",
    "step_alarm",
    "tail_p",
    "variance_prior",
]
