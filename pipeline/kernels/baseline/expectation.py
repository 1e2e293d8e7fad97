"""What a baseline expects of looks, and how far looks are from it."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pipeline.kernels.baseline.design import column_count, design_matrix
from pipeline.kernels.baseline.deviates import (
    departures_of,
    expected_of,
    normal_score,
    scores_of,
    spread_of,
)
from pipeline.kernels.baseline.model import Baseline, checked
from pipeline.threads import side_by_side

# Looks of one date that are scored by one prediction: so many take ten times as long as it does.
TOGETHER = 16


class Prediction(NamedTuple):
    """What a baseline expects, per date.

    Parameters
    ----------
    value
        (time, y, x) float32 expected value.
    scale
        (time, y, x) float32 standard deviation of a new look, with that of the prediction.
    """

    value: NDArray[np.float32]
    scale: NDArray[np.float32]


def predict(baseline: Baseline, days: ArrayLike) -> Prediction:
    """Return the expected value and the standard deviation of a new look, for each day.

    Parameters
    ----------
    days
        (time,) days since the epoch of the fit.
    """
    day = np.atleast_1d(np.asarray(days, dtype=np.float64))
    design = _design_of(baseline, day)
    shape = (day.size, *baseline.scale.shape)
    value, scale = np.empty(shape, dtype=np.float32), np.empty(shape, dtype=np.float32)
    for index, row in enumerate(design):
        # Many looks of one date, as injected ones are, are predicted once.
        if index and day[index] == day[index - 1]:
            value[index], scale[index] = value[index - 1], scale[index - 1]
        else:
            value[index], scale[index] = _predicted(baseline, row)
    return Prediction(value, scale)


def departures(
    baseline: Baseline,
    values: NDArray[np.floating],
    days: ArrayLike,
    places: NDArray[np.intp],
) -> NDArray[np.float32]:
    """Return how far values are from those of `predict` at some pixels.

    Parameters
    ----------
    values
        (time, y, x) float, in the units of the fit.
    days
        (time,) days since the epoch of the fit.
    places
        (n,) flat indices of pixels.

    Returns
    -------
    (time, n) float32; NaN where there is no value or no baseline.
    """
    rows = _design_of(baseline, np.atleast_1d(np.asarray(days, dtype=np.float64)))
    out = np.empty((len(rows), places.size), dtype=np.float32)
    maps = _layers(baseline.coefficients, baseline)

    def depart(date: int) -> None:
        departures_of(rows[date], maps, _flat(values[date]), places, out[date])

    side_by_side(depart, range(len(rows)))
    return out


def anomaly(
    baseline: Baseline,
    values: NDArray[np.floating],
    valid: NDArray[np.bool_],
    days: ArrayLike,
    *,
    out: NDArray[np.float32] | None = None,
) -> NDArray[np.float32]:
    """Standardise new looks by what the baseline expects of them.

    Parameters
    ----------
    values
        (time, y, x) float, in the units of the fit; NaN is a bad pixel.
    valid
        (time, y, x) True = usable.
    days
        (time,) days since the epoch of the fit.
    out
        (time, y, x) contiguous, for the scores; None makes one.

    Returns
    -------
    (time, y, x) float32: Student's t of the look, prediction variance included, mapped to the
    normal score of the same probability so that pixels with few and with many dates compare. It
    orders pixels; it is no p-value until it is calibrated. NaN where not usable or no baseline.
    """
    day, usable = checked(values, valid, days)
    scores = np.empty(values.shape, dtype=np.float32) if out is None else out
    rows = _design_of(baseline, day)

    dof = baseline.dof.ravel()

    def score(dates: NDArray[np.intp]) -> None:
        expected, scale = (part.ravel() for part in _predicted(baseline, rows[dates[0]]))
        for date in dates.tolist():
            of_date = _flat(values[date]), _flat(usable[date])
            scores_of(expected, scale, dof, *of_date, scores[date].reshape(-1))

    side_by_side(score, _same_rows(rows))
    return scores


def anomaly_of_date(
    baseline: Baseline, values: NDArray[np.floating], day: float
) -> NDArray[np.float32]:
    """Standardise one date's values, any shape that `baseline.scale` broadcasts to.

    As `anomaly`; NaN values give NaN. Patches cut with `cut_baseline` are scored with this.
    """
    expected, scale = _predicted(baseline, _design_of(baseline, np.array([day]))[0])
    return normal_score((values - expected) / scale, baseline.dof).astype(np.float32)


def _design_of(baseline: Baseline, day: NDArray[np.float64]) -> NDArray[np.float64]:
    column_count(baseline.harmonics, baseline.trend)
    return design_matrix(
        day, harmonics=baseline.harmonics, trend=baseline.trend, origin=baseline.origin
    )


def _same_rows(design: NDArray[np.float64]) -> list[NDArray[np.intp]]:
    """Group dates that follow each other with one and the same row, up to `TOGETHER` of them.

    Many looks of one date, as injected ones are, are predicted together, yet not all by one thread.
    """
    new = np.flatnonzero((design[1:] != design[:-1]).any(axis=1)) + 1
    groups = np.split(np.arange(len(design)), new) if len(design) else []
    return [
        group[start : start + TOGETHER]
        for group in groups
        for start in range(0, group.size, TOGETHER)
    ]


def _predicted(
    baseline: Baseline, row: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    scale = np.empty(baseline.scale.size)
    spread_of(row, _layers(baseline.covariance, baseline), _flat(baseline.scale), scale)
    return _expected(baseline, row), scale.reshape(baseline.scale.shape)


def _expected(baseline: Baseline, row: NDArray[np.float64]) -> NDArray[np.float64]:
    expected = np.empty(baseline.scale.size)
    expected_of(row, _layers(baseline.coefficients, baseline), expected)
    return expected.reshape(baseline.scale.shape)


def _layers(part: NDArray[np.float32], baseline: Baseline) -> NDArray[np.float32]:
    """Return (layer, pixel) maps of a baseline; those that were cut out are put in order."""
    return np.ascontiguousarray(part.reshape(-1, baseline.scale.size))


def _flat(values: NDArray[Any]) -> NDArray[Any]:
    """Return a map's pixels, in order and uncopied where they lie so."""
    return np.ascontiguousarray(values).reshape(-1)
