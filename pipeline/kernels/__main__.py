"""Compile the kernels' loops ahead of the first run: ``python -m pipeline.kernels``.

numba keeps what it compiled beside the package, so set-up pays for it once and no run does.
"""

from __future__ import annotations

import numpy as np

from pipeline.kernels.baseline import (
    anomaly,
    departures,
    fit_with_left_out,
    normal_score,
    normalise,
)
from pipeline.kernels.blurring import gaussian_means
from pipeline.kernels.calibration import Calibration, physical_values
from pipeline.kernels.interpolation import between_pixels
from pipeline.kernels.medians import medians_of_looks, medians_of_others
from pipeline.kernels.ranks import ring_medians, row_quantiles
from pipeline.kernels.replay import replayed_pairs
from pipeline.kernels.zone_sums import lost_shares, zone_powers


def compile_loops() -> None:
    """Call every compiled loop once, on a few pixels in the types a run uses."""
    days = np.arange(6, dtype=np.float64)
    values = np.random.default_rng(0).normal(size=(6, 1, 64)).astype(np.float32)
    usable = np.isfinite(values)
    baseline, scores = fit_with_left_out(values, usable, days, harmonics=2, trend=False)
    anomaly(baseline, values, usable, days)
    departures(baseline, values, days, np.arange(9))
    normalise(scores)
    normal_score(days, 5.0)
    medians_of_looks(values[:, 0])
    medians_of_others(values[:, 0])
    ring_medians(values[:, 0], usable[0, 0])
    row_quantiles(values[:, 0], 0.5)
    row_quantiles(values[:, 0].astype(np.float64), 0.5)
    lost_shares(values[:, 0], np.arange(9), np.ones(9))
    zone_powers(values[:, 0], values[:, 0], np.arange(9), np.ones(9), quantile=0.5)
    gaussian_means(values, usable, 0.8)
    square = np.tile(values[:, 0], (1, 64)).reshape(6, 64, 64)
    for seen in (np.ones(square.shape, np.bool_), square > -2.0):
        replayed_pairs(square, seen, noise=1.0)
    cell, part = np.zeros(1, np.int64), np.zeros(1)
    between_pixels(np.ones((1, 1)), cell, cell, part, cell, cell, part, np.ones((1, 1)))
    plain = Calibration(1.0, 0.0, 0.0, 1.0, (np.nan, np.nan))
    for numbers in (values, values.astype(np.uint16)):
        for kind in (np.float32, np.float64):
            physical_values(numbers, plain, (0, 0), (1, 64), kind)


if __name__ == "__main__":
    compile_loops()
