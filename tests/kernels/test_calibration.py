from __future__ import annotations

import math

import numpy as np
import pytest

from pipeline.kernels.calibration import Calibration, physical_values

NONE = (math.nan, math.nan)


def plainly(numbers, calibration, corner, shape):
    """Return the same, pixel by pixel, in Python's own arithmetic."""
    out = np.full(shape, np.nan)
    for y in range(shape[0]):
        for x in range(shape[1]):
            number = float(numbers[0, corner[0] + y, corner[1] + x])
            value = number * calibration.scale + calibration.offset
            if number not in calibration.fills and calibration.low <= value <= calibration.high:
                out[y, x] = value
    return out


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint16", "int32", "float32", "float64"])
def test_numbers_become_what_plain_arithmetic_makes_of_them(dtype, kind):
    numbers = np.random.default_rng(1).integers(0, 120, (2, 9, 11)).astype(dtype)
    calibration = Calibration(0.0001, -0.1, -0.0999, -0.0901, (7.0, 11.0))
    found = physical_values(numbers, calibration, (2, 3), (6, 8), kind)
    expected = plainly(numbers, calibration, (2, 3), (6, 8)).astype(kind)
    assert found.dtype == kind
    assert found.tobytes() == expected.tobytes()
    assert 0 < np.isnan(found).sum() < found.size


def test_powers_as_delivered_keep_every_bit():
    numbers = np.random.default_rng(2).gamma(2, 0.1, (1, 5, 6)).astype(np.float32)
    found = physical_values(numbers, Calibration(1.0, 0.0, 1e-8, 1e5, NONE), (0, 0), (5, 6))
    assert found.tobytes() == numbers.tobytes()


@pytest.mark.parametrize("broken", [np.nan, np.inf, -np.inf, 0.0, -1.0, 1e-9, 3e38, -9999.0])
def test_what_is_no_measurement_is_nan(broken):
    numbers = np.ones((1, 2, 2), np.float32)
    numbers[0, 1, 0] = broken
    found = physical_values(numbers, Calibration(1.0, 0.0, 1e-8, 1e5, NONE), (0, 0), (2, 2))
    assert np.isnan(found).tolist() == [[False, False], [True, False]]


def test_limits_are_held_in_double_precision():
    # As a float32 the least power is a little less than 1e-8.
    numbers = np.full((1, 1, 1), 1e-8, np.float32)
    assert float(numbers[0, 0, 0]) < 1e-8
    found = physical_values(numbers, Calibration(1.0, 0.0, 1e-8, 1e5, NONE), (0, 0), (1, 1))
    assert np.isnan(found).all()


@pytest.mark.parametrize("corner", [(-1, 0), (0, -1), (1, 0), (0, 2)])
def test_a_block_beyond_the_numbers_is_refused(corner):
    with pytest.raises(ValueError, match="is not inside"):
        physical_values(np.ones((1, 4, 5)), Calibration(1, 0, 0, 2, NONE), corner, (4, 4))


def test_numbers_are_left_alone_whether_they_may_be_written_or_not():
    numbers = np.arange(12, dtype=np.uint16).reshape(1, 3, 4)
    physical_values(numbers, Calibration(2, 1, 0, 99, NONE), (0, 0), (3, 4))
    assert numbers.flags.writeable
    assert numbers.tolist() == np.arange(12).reshape(1, 3, 4).tolist()
