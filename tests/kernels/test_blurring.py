"""Gaussian means: scipy's to the bit, and only of what is known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from pipeline.kernels.blurring import gaussian_means
from pipeline.threads import allow_threads

RNG = np.random.default_rng(23)


def plain(values, known, sigma):
    """Smooth image by image as scipy does."""
    filled = np.where(known, values, 0.0).astype(np.float64)
    total = ndimage.gaussian_filter(filled, sigma, axes=(1, 2))
    weight = ndimage.gaussian_filter(known.astype(np.float64), sigma, axes=(1, 2))
    out = np.full(values.shape, np.nan, np.float32)
    np.divide(total, weight, out=out, where=known, casting="same_kind")
    return out


@pytest.mark.parametrize("shape", [(3, 40, 37), (2, 1, 9), (2, 3, 2), (1, 11, 64)])
@pytest.mark.parametrize("sigma", [0.8, 1.7])
@pytest.mark.parametrize("missing", [0.0, 0.2])
def test_the_mean_is_scipys_to_the_bit(shape, sigma, missing):
    values = RNG.normal(-12, 3, shape).astype(np.float32)
    known = RNG.random(shape) >= missing
    values[~known] = np.nan
    expected = plain(values, known, sigma)
    np.testing.assert_array_equal(gaussian_means(values, known, sigma), expected)
    with allow_threads(1):
        np.testing.assert_array_equal(gaussian_means(values, known, sigma), expected)


def test_what_is_not_finite_is_not_known_and_the_means_go_where_they_are_wanted():
    values = RNG.normal(-12, 3, (2, 20, 17)).astype(np.float32)
    values[0, 3, 4], values[0, 9, 9], values[0, 0, 0] = np.nan, np.inf, -np.inf
    known = RNG.random(values.shape) > 0.1
    out = np.zeros((3, 20, 17), np.float32)
    found = gaussian_means(values, known, 0.8, out[1:])
    expected = plain(np.where(np.isfinite(values), values, 0), known & np.isfinite(values), 0.8)
    np.testing.assert_array_equal(out[1:], expected)
    assert np.shares_memory(found, out)
    assert not out[0].any()
