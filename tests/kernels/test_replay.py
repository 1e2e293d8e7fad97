"""Copies under a second date are flagged, independent looks of the same ground are not."""

import numpy as np
import pytest

from pipeline.kernels.replay import compared_rows, nearly_same, replayed_pairs
from tests.kernels.ground import fields

NOISE = 0.0016  # Sentinel-2 red, reflectance
SHAPE = (120, 120)
ALL = np.ones(SHAPE, bool)
GROUND = fields(SHAPE, seed=1)


def look(seed, noise=NOISE):
    rng = np.random.default_rng(seed)
    return np.round((GROUND + rng.normal(0, noise, SHAPE)) * 1e4) / 1e4


def test_two_honest_looks_of_unchanged_ground_are_not_the_same():
    result = nearly_same(look(1), look(2), ALL, noise=NOISE)
    assert not result.same
    # two independent looks differ by √2 of one look's noise
    assert result.difference == pytest.approx(np.sqrt(2) * NOISE, rel=0.1)


@pytest.mark.parametrize("dn", [0, 1, 2, 5])
def test_copies_with_a_few_dn_of_noise_are_flagged_even_under_a_veil(dn):
    rng = np.random.default_rng(3)
    original = look(1)
    copy = np.round((1.06 * original + 0.012) * 1e4 + rng.uniform(-dn, dn, SHAPE)) / 1e4
    assert nearly_same(original, copy, ALL, noise=NOISE).same


def test_beyond_its_limit_a_copy_passes_for_a_look():
    # documented: 0.4 · √2 · noise = 9 DN here
    rng = np.random.default_rng(4)
    assert not nearly_same(look(1), look(1) + rng.normal(0, 12e-4, SHAPE), ALL, noise=NOISE).same


def test_a_changed_patch_in_a_copy_does_not_hide_it():
    copy = look(1).copy()
    copy[20:60, 20:60] = look(9)[20:60, 20:60] + 0.1
    assert nearly_same(look(1), copy, ALL, noise=NOISE).same


def test_flat_or_few_pixels_say_nothing():
    flat = np.full(SHAPE, 0.2)
    assert not nearly_same(flat, flat, ALL, noise=NOISE).same
    few = np.zeros(SHAPE, bool)
    few[:15, :15] = True
    assert nearly_same(look(1), look(1), few, noise=NOISE).n == 0


def test_broken_pixels_are_left_out():
    broken = look(1).copy()
    broken[::7, ::7] = np.nan
    broken[3, 3] = np.inf
    result = nearly_same(look(1), broken, ALL, noise=NOISE)
    assert result.same
    assert result.equal_share == 1.0


def test_pairs_are_found_in_time_order():
    looks = np.stack([look(1), look(2), look(1), look(3), look(2)])
    found = replayed_pairs(looks, np.ones(looks.shape, bool), noise=NOISE)
    assert [(i, j) for i, j, _ in found] == [(0, 2), (1, 4)]


@pytest.mark.parametrize("noise", [0.0, -1.0, np.nan])
def test_noise_must_be_above_zero(noise):
    with pytest.raises(ValueError, match="noise"):
        nearly_same(GROUND, GROUND, ALL, noise=noise)


def test_screening_loses_no_pair_and_finds_what_comparing_all_pairs_finds():
    rng = np.random.default_rng(5)
    ground = rng.normal(0.0, 3.0, (1, 48, 90))
    looks = (ground + rng.normal(0.0, 1.0, (14, 48, 90))).astype(np.float32)
    valid = rng.random(looks.shape) > 0.1
    valid[4] = True
    # copies with ever more noise, one of them brighter and one under a haze
    for copy, of, gain, haze, noise in (
        (5, 1, 1.0, 0.0, 0.0),
        (9, 2, 1.3, 0.0, 0.3),
        (11, 3, 1.0, 4.0, 0.5),
        (12, 4, 1.0, 0.0, 0.56),
    ):
        looks[copy] = gain * looks[of] + haze + rng.normal(0.0, noise, looks.shape[1:])
    found = replayed_pairs(looks, valid, noise=1.0, rows=48)
    slow = [
        (i, j)
        for j in range(14)
        for i in range(j)
        if nearly_same(looks[i], looks[j], valid[i] & valid[j], noise=1.0).same
    ]
    assert [(i, j) for i, j, _ in found] == slow
    assert {(1, 5), (2, 9), (3, 11)} <= set(slow)


@pytest.mark.parametrize("count", [0, 1])
def test_fewer_than_two_looks_make_no_pair(count):
    looks = np.zeros((count, 30, 30), np.float32)
    assert replayed_pairs(looks, np.ones(looks.shape, bool), noise=1.0) == ()


@pytest.mark.parametrize("height", [1, 15, 16, 31, 47, 120, 1620])
def test_the_compared_rows_of_the_compared_rows_are_all_of_them(height):
    kept = np.arange(height)[compared_rows(height)]
    assert min(height, 16) <= kept.size < 32
    np.testing.assert_array_equal(kept[compared_rows(kept.size)], kept)
