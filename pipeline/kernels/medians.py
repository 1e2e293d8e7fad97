"""Medians over time, pixel by pixel."""
# ruff: noqa: ANN001, ANN202 - numba infers the types of compiled loops.

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pipeline.kernels.lanes import FEWEST_PIXELS, LANES, compiled, rank
from pipeline.threads import in_ranges

if TYPE_CHECKING:
    from numpy.typing import NDArray


def medians_of_looks(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the median over time, (pixel,), of (time, pixel) float32 looks.

    NaN is left out, and the answer where there is no look.
    """
    looks = np.ascontiguousarray(values, dtype=np.float32)
    out = np.full(looks.shape[1:], np.nan, dtype=np.float32)
    if len(looks):
        in_ranges(
            lambda first, last: _of_looks(looks, first, last, out), out.size, fewest=FEWEST_PIXELS
        )
    return out


def medians_of_others(
    values: NDArray[np.float32], *, out: NDArray[np.float32] | None = None
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return for each look the median of all other looks, pixel by pixel, and that of all.

    Parameters
    ----------
    values
        (time, pixel) float32; NaN is left out.
    out
        (time, pixel) contiguous, for the medians of the others; None makes one.

    Returns
    -------
    (time, pixel) float32, NaN where no other look is usable; and (pixel,), as `medians_of_looks`.
    """
    looks = np.ascontiguousarray(values, dtype=np.float32)
    others = np.empty_like(looks) if out is None else out
    whole = np.full(looks.shape[1:], np.nan, dtype=np.float32)
    if len(looks):
        in_ranges(
            lambda first, last: _of_others(looks, first, last, others, whole),
            looks.shape[1],
            fewest=FEWEST_PIXELS,
        )
    return others, whole


@compiled
def _sorted_block(values, start, end, ranked, count):  # type: ignore[no-untyped-def]
    """Sort the series of a block of pixels; what is not known comes last, as infinity."""
    for t in range(len(values)):
        for lane in range(LANES):
            ranked[t, lane] = np.float32(np.inf)
    for lane in range(end - start):
        count[lane] = 0
    for t in range(len(values)):
        for lane in range(end - start):
            value = values[t, start + lane]
            known = np.isfinite(value)
            ranked[t, lane] = value if known else np.float32(np.inf)
            count[lane] += known
    rank(ranked)


@compiled
def _of_looks(values, first, last, out):  # type: ignore[no-untyped-def]
    ranked, count = np.empty((len(values), LANES), np.float32), np.zeros(LANES, np.int64)
    for start in range(first, last, LANES):
        end = min(start + LANES, last)
        _sorted_block(values, start, end, ranked, count)
        _middles(ranked, count, start, end, out)


@compiled
def _middles(ranked, count, start, end, out):  # type: ignore[no-untyped-def]
    for lane in range(end - start):
        n = count[lane]
        if n > 0:
            middle = ranked[(n - 1) // 2, lane] + ranked[n // 2, lane]
            out[start + lane] = middle / np.float32(2)


@compiled
def _of_others(values, first, last, out, whole):  # type: ignore[no-untyped-def]
    ranked, count = np.empty((len(values), LANES), np.float32), np.zeros(LANES, np.int64)
    for start in range(first, last, LANES):
        end = min(start + LANES, last)
        _sorted_block(values, start, end, ranked, count)
        _middles(ranked, count, start, end, whole)
        for t in range(len(values)):
            for lane in range(end - start):
                value = values[t, start + lane]
                others = count[lane] - np.isfinite(value)
                out[t, start + lane] = np.nan
                if others > 0:
                    low, high = (others - 1) // 2, others // 2
                    # Among the others all above the look itself move down by one.
                    low += np.isfinite(value) and value <= ranked[low, lane]
                    high += np.isfinite(value) and value <= ranked[high, lane]
                    middle = ranked[low, lane] + ranked[high, lane]
                    out[t, start + lane] = np.float32(0.5) * middle
