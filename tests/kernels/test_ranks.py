"""Ranks: against sorting and numpy, with ties, signs and every size."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.kernels import ranks
from pipeline.threads import allow_threads

RNG = np.random.default_rng(17)
MAPS = {
    "normal": lambda n: RNG.normal(size=n),
    "ties": lambda n: RNG.integers(-3, 3, n).astype(np.float64),
    "positive": lambda n: RNG.exponential(size=n),
    "all one": np.zeros,
    "any size": lambda n: RNG.normal(size=n) * 10.0 ** RNG.uniform(-300, 300, n),
}


@pytest.mark.parametrize("kind", MAPS)
@pytest.mark.parametrize("size", [1, 2, 3, 101, 1000])
def test_a_rank_is_that_of_sorting(kind, size):
    numbers = MAPS[kind](size)
    in_order = np.sort(numbers)
    for rank in {0, size // 3, size // 2, size - 1}:
        found = ranks.ranked(numbers, size, rank)
        assert found == (in_order[rank], in_order[min(rank + 1, size - 1)])


@pytest.mark.parametrize("kind", MAPS)
@pytest.mark.parametrize("size", [1, 2, 5, 64, 999])
def test_a_quantile_is_numpys_to_the_bit(kind, size):
    numbers = MAPS[kind](size)
    for share in (0.0, 0.05, 0.25, 0.5, 0.95, 1.0):
        assert ranks.quantile(numbers, size, share) == np.quantile(numbers, share)


def test_only_the_first_numbers_count():
    assert ranks.ranked(np.array([3.0, 1.0, -9.0]), 2, 0) == (1.0, 3.0)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_the_medians_of_a_ring_are_numpys_to_the_bit(kind):
    values = RNG.normal(size=(20, 301)).astype(kind)
    values[RNG.random(values.shape) < 0.1] = np.nan
    ring = RNG.random(301) < 0.7
    plain = [float(np.median(date[ring & np.isfinite(date)])) for date in values]
    assert ranks.ring_medians(values, ring).tolist() == plain
    with allow_threads(1):
        assert ranks.ring_medians(values, ring).tolist() == plain


def test_a_ring_nobody_saw_has_no_median():
    values = np.array([[1.0, 2.0, 9.0], [np.nan, np.nan, 9.0]])
    found = ranks.ring_medians(values, np.array([True, True, False]))
    assert found[0] == 1.5
    assert np.isnan(found[1])


def test_the_quantile_of_a_row_lies_between_two_of_its_numbers():
    values = RNG.normal(size=(30, 57)).astype(np.float32)
    values[RNG.random(values.shape) < 0.2] = np.nan
    values[3] = np.nan
    values[4, :2], values[4, 2:] = (2.0, 6.0), np.nan
    for share in (0.0, 0.25, 0.5, 1.0):
        found = ranks.row_quantiles(values, share)
        assert np.isnan(found[3])
        assert found[4] == 2.0 + 4.0 * share
        plain = np.nanquantile(np.delete(values, 3, 0).astype(np.float64), share, axis=1)
        # Two ways to weigh two numbers differ by their last bits.
        np.testing.assert_allclose(np.delete(found, 3), plain, rtol=1e-13)
