"""Medians over time: numpy's, whatever is missing and however the pixels are shared out."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.kernels import lanes
from pipeline.kernels.lanes import FEWEST_PIXELS, LANES, rank
from pipeline.kernels.medians import medians_of_looks, medians_of_others
from pipeline.threads import allow_threads


def noisy(looks, pixels=3 * LANES + 5, gaps=0.2):
    rng = np.random.default_rng(30)
    values = rng.normal(size=(looks, pixels)).astype(np.float32)
    values[rng.random(values.shape) < 0.2] = 0.5  # ties
    values[rng.random(values.shape) < gaps] = np.nan
    return values


@pytest.mark.parametrize("n", [1, 2, 3, 5, 16, 17, 63, 100])
def test_every_lane_is_sorted_for_itself(n):
    numbers = np.random.default_rng(n).normal(size=(n, LANES))
    expected = np.sort(numbers, axis=0)
    rank(numbers)
    assert np.array_equal(numbers, expected)


@pytest.mark.filterwarnings("ignore:All-NaN slice")
@pytest.mark.parametrize(("looks", "gaps"), [(1, 0.5), (2, 0.3), (9, 0.9), (24, 0.2), (61, 0.0)])
def test_medians_are_those_of_numpy(looks, gaps):
    values = noisy(looks, gaps=gaps)
    assert np.array_equal(medians_of_looks(values), np.nanmedian(values, axis=0), equal_nan=True)


@pytest.mark.filterwarnings("ignore:All-NaN slice", "ignore:Mean of empty slice")
@pytest.mark.parametrize(("looks", "gaps"), [(1, 0.0), (2, 0.3), (9, 0.9), (24, 0.2), (30, 0.0)])
def test_medians_of_others_leave_the_look_out(looks, gaps):
    values = noisy(looks, gaps=gaps)
    others, whole = medians_of_others(values)
    np.testing.assert_array_equal(whole, medians_of_looks(values))
    for index, found in enumerate(others):
        others = np.delete(values, index, axis=0)
        expected = np.nanmedian(others, axis=0) if looks > 1 else np.full(found.shape, np.nan)
        assert np.array_equal(found, expected, equal_nan=True)


def test_no_looks_have_no_median():
    assert np.isnan(medians_of_looks(np.empty((0, 4), np.float32))).all()
    others, whole = medians_of_others(np.empty((0, 4), np.float32))
    assert others.shape == (0, 4)
    assert np.isnan(whole).all()


@pytest.mark.parametrize("function", [medians_of_looks, medians_of_others])
def test_threads_change_no_bit(function):
    values = noisy(5, pixels=2 * FEWEST_PIXELS + 3)
    with allow_threads(1):
        alone = np.vstack(function(values))
    with allow_threads(3):
        assert np.array_equal(np.vstack(function(values)), alone, equal_nan=True)


def test_a_user_without_any_place_for_compiled_code_still_runs(monkeypatch):
    def njit(*, cache=False, **_):
        if cache:
            raise RuntimeError("cannot cache function: no locator available")
        return lambda function: function

    monkeypatch.setattr(lanes, "njit", njit)
    assert lanes.compiled(len)([1, 2]) == 2
