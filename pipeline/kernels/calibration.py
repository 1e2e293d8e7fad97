"""Digital numbers as physical values, in one pass."""
# ruff: noqa: ANN001, ANN202 - numba infers the types of compiled loops.

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from pipeline.kernels.lanes import compiled

if TYPE_CHECKING:
    from numpy.typing import DTypeLike, NDArray


class Calibration(NamedTuple):
    """What makes physical values of digital numbers.

    Parameters
    ----------
    scale, offset
        Physical value = DN × scale + offset.
    low, high
        Values outside are no measurement.
    fills
        Two DN that mean "no data"; NaN stands for none.
    """

    scale: float
    offset: float
    low: float
    high: float
    fills: tuple[float, float]


def physical_values(
    numbers: NDArray[Any],
    calibration: Calibration,
    corner: tuple[int, int],
    shape: tuple[int, int],
    dtype: DTypeLike = np.float32,
) -> NDArray[Any]:
    """Return a block of the first band of (band, y, x) numbers, calibrated in double precision.

    Parameters
    ----------
    numbers
        Any integers or floats.
    corner, shape
        First row and column of the block, and its size; it lies inside.
    dtype
        float32 or float64, of what is returned.

    Returns
    -------
    (y, x) of `dtype`; NaN where there is no data, or none that is plausible.
    """
    source = np.ascontiguousarray(numbers).view()
    source.flags.writeable = False  # as chips are: one compiled loop for all callers
    (top, left), (height, width) = corner, shape
    if min(top, left) < 0 or top + height > source.shape[1] or left + width > source.shape[2]:
        raise ValueError(f"block {shape} at {corner} is not inside {source.shape[1:]}")
    out = np.empty(shape, dtype)
    _calibrate(source[0], (top, left), calibration, out)
    return out


@compiled
def _calibrate(numbers, corner, calibration, out):  # type: ignore[no-untyped-def]
    scale, offset, low, high = calibration[:4]
    fill, other = calibration[4]
    for y in range(out.shape[0]):
        row = numbers[corner[0] + y, corner[1] : corner[1] + out.shape[1]]
        for x in range(out.shape[1]):
            number = np.float64(row[x])
            value = number * scale + offset
            known = (number != fill) & (number != other) & (value >= low) & (value <= high)
            out[y, x] = value if known else np.nan
