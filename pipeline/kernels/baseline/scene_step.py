"""Steps of a whole scene: wet soil, haze, a gain; removed, and an alarm of their own."""
# ruff: noqa: ANN001, ANN202 - numba infers the types of compiled loops.

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.kernels.lanes import compiled
from pipeline.kernels.ranks import gathered, middle, quantile
from pipeline.kernels.significance.conformal import COVERED, COVERED_OF_NORMAL

# Median absolute deviation of a normal distribution with unit standard deviation.
MAD_OF_NORMAL = 0.6744897501960817
FEWEST_RING_PIXELS = 50


class SceneStep(NamedTuple):
    """Location and spread of one date's own map over the context ring.

    Parameters
    ----------
    offset
        Median, in units of the map; NaN when the ring is not seen.
    scale
        Distance from the median within which 95 % of the ring lies, over 1.96; NaN when the ring is
        not seen. Change on more than 5 % of the ring widens it: less is seen, not more alarmed.
    pixels
        Number of ring pixels used.
    """

    offset: float
    scale: float
    pixels: int


class StepAlarm(NamedTuple):
    """How unusual a removed offset is against those of quiet dates.

    Parameters
    ----------
    score
        Distance from the median of the history in robust standard deviations.
    p
        Conformal: (1 + dates at least as far out) / (dates + 1).
    dates
        Number of finite dates in the history.
    """

    score: float
    p: float
    dates: int


def scene_offset(
    values: NDArray[np.floating], valid: NDArray[np.bool_], ring: NDArray[np.bool_] | None = None
) -> SceneStep:
    """Measure a date's offset and scale over the context ring only.

    Parameters
    ----------
    values
        (y, x) scores or physical values of one date; NaN is left out.
    valid
        (y, x) True = usable.
    ring
        (y, x) True = context ring; never a zone, because an exercise that fills the zone must not
        vanish. None uses every pixel, for windows without zones.

    Returns
    -------
    SceneStep; NaN when fewer than 50 ring pixels are usable.
    """
    usable = valid & np.isfinite(values)
    if ring is not None:
        usable = usable & ring
    seen = values[usable].astype(np.float64)
    offset, scale = _step(seen, seen.size)
    return SceneStep(offset, scale, seen.size)


def step_of_map(values: NDArray[np.floating], places: NDArray[np.intp]) -> SceneStep:
    """Return what `scene_offset` does for a (pixel,) map whose ring pixels are at `places`."""
    seen = np.empty(places.size)
    count = gathered(values, places, seen)
    offset, scale = _step(seen, count)
    return SceneStep(offset, scale, count)


@compiled
def _step(seen, count):  # type: ignore[no-untyped-def]
    """Return offset and scale of the first `count` ring pixels, whose place they take."""
    if count < FEWEST_RING_PIXELS:
        return np.nan, np.nan
    low, high = middle(seen, count)
    offset = 0.5 * (low + high)
    # Not by the median deviation: where 95 % lies, the false alarms of real series varied less
    # between dates, their spread over their mean from 1.5 to 0.5 (optical, 1 %) and from 0.4 to
    # 0.2 (radar, 0.1 %).
    for i in range(count):
        seen[i] = abs(seen[i] - offset)
    scale = quantile(seen, count, COVERED) / COVERED_OF_NORMAL
    return offset, scale if scale > 0 else np.nan


def self_normalised(values: NDArray[np.floating], step: SceneStep) -> NDArray[np.float32]:
    """Return `(values - offset) / scale` of one date, float32; all NaN if the ring is not seen."""
    return ((values - step.offset) / step.scale).astype(np.float32)


def step_alarm(offset: float, history: NDArray[np.floating]) -> StepAlarm:
    """Hold a removed offset against the offsets of quiet dates.

    Parameters
    ----------
    offset
        The offset of the date in question.
    history
        (date,) offsets of quiet dates; NaN is left out.

    Returns
    -------
    StepAlarm, with NaN score and p = 1 when `offset` is NaN or fewer than three dates are known.
    """
    known = np.asarray(history, dtype=np.float64)
    known = known[np.isfinite(known)]
    if known.size < 3 or not np.isfinite(offset):
        return StepAlarm(np.nan, 1.0, known.size)
    centre = float(np.median(known))
    away = np.abs(known - centre)
    spread = float(np.median(away)) / MAD_OF_NORMAL
    score = (offset - centre) / spread if spread > 0 else np.nan
    further = int(np.count_nonzero(away >= abs(offset - centre)))
    return StepAlarm(score, (1 + further) / (known.size + 1), known.size)
