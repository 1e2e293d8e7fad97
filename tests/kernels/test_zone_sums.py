"""Powers of a zone: as plain sums and quantiles find them."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.kernels.zone_sums import lost_shares, zone_powers


def a_zone(seed):
    rng = np.random.default_rng(seed)
    span, usual = rng.gamma(4, 0.05, (2, 7, 40)).astype(np.float32)
    span[rng.random(span.shape) < 0.2] = np.nan
    usual[rng.random(span.shape) < 0.2] = np.nan
    usual[2, 5] = 0.0
    return span, usual, np.array([2, 5, 11, 17, 20, 39])


def test_powers_are_summed_as_by_plain_indexing():
    span, usual, places = a_zone(3)
    shares = np.array([1.0, 0.25, 0.5, 1.0, 0.75, 0.1])
    found = zone_powers(span, usual, places, shares, quantile=0.25)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = span[:, places] / usual[:, places]
    known = np.isfinite(ratio)
    assert not known.all()
    sums = [np.where(known, part[:, places], 0.0) @ shares for part in (span, usual)]
    # Sums of six numbers in another order.
    np.testing.assert_allclose(found.look, sums[0], rtol=1e-15)
    np.testing.assert_allclose(found.usual, sums[1], rtol=1e-15)
    np.testing.assert_allclose(found.seen, np.isfinite(span[:, places]) @ shares, rtol=1e-15)
    for look, inside in enumerate(known & (shares > 0.5)):
        one = ratio[look, inside].astype(np.float64)
        expected = np.quantile(one, 0.25) if one.size else np.nan
        assert found.quantile[look] == pytest.approx(expected, rel=1e-12, nan_ok=True)


def test_a_zone_of_slivers_has_a_quantile_and_one_unseen_has_none():
    span, usual, places = a_zone(4)
    span[1] = np.nan
    found = zone_powers(span, usual, places, np.full(6, 0.3), quantile=0.5)
    assert np.isnan(found.quantile[1])
    assert found.look[1] == found.usual[1] == found.seen[1] == 0.0
    assert np.isfinite(found.quantile[[0, 2, 3, 4, 5, 6]]).all()


def test_no_result_depends_on_which_looks_stand_beside_it():
    span, usual, places = a_zone(5)
    shares = np.linspace(0.1, 1.0, 6)
    whole = zone_powers(span, usual, places, shares, quantile=0.25)
    alone = zone_powers(span[3:4], usual[3:4], places, shares, quantile=0.25)
    for one, other in zip(whole, alone, strict=True):
        np.testing.assert_array_equal(one[3:4], other)


def test_what_is_lost_of_a_zone_is_the_share_of_its_pixels_without_a_value():
    span, _, places = a_zone(6)
    span[3], span[4] = np.inf, 1.0
    shares = np.linspace(0.1, 1.0, 6)
    lost, count = lost_shares(span, places, shares)
    gone = ~np.isfinite(span[:, places])
    np.testing.assert_allclose(lost, gone @ shares, rtol=1e-15)
    np.testing.assert_array_equal(count, gone.sum(axis=1))
    assert (count[3], count[4], lost[4]) == (6, 0, 0.0)
