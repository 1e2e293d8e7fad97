"""Areas, sums and lengths: closed forms, injected truth, and a slow plain reference."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.assessment import measures
from pipeline.assessment.background import less_background
from pipeline.assessment.lengths import long_axis, taken_length_m
from pipeline.assessment.local import COMMON_SHARE, local_scores
from pipeline.assessment.observables import method_for
from pipeline.kernels.masking import CLOUD, SNOW
from tests.assessment.ground import SIZE, ZONE, series, speckled

QUIET = np.arange(26) < 20


def weights():
    out = np.zeros((SIZE, SIZE), np.float32)
    out[ZONE] = 1.0
    return out.ravel()


def area(found, weight, smallest=0.0, observed=None):
    track = series({"brightness": np.zeros((len(found), SIZE, SIZE))}, physical="reflectance")
    seen = np.ones(len(found)) if observed is None else observed
    place = np.flatnonzero(weight > 0)
    flat = np.asarray(found).reshape(len(found), -1)[:, place]
    return measures.zone_area(track, flat, weight, smallest, seen)


def test_area_is_the_sum_of_shares_of_large_enough_regions():
    weight = weights()
    weight[weight > 0] = 0.5
    found = np.zeros((2, SIZE, SIZE), bool)
    found[0, 15:19, 15:19] = True  # 16 pixels of half a share: 8 pixels of 400 m²
    found[0, 22, 22] = True
    result = area(found, weight, smallest=4 * 400.0)
    assert result.value.tolist() == [8 * 400.0, 0.0]
    assert result.most == 144 * 0.5 * 400.0


def test_a_region_outside_the_zone_counts_nothing():
    found = np.zeros((1, SIZE, SIZE), bool)
    found[0, :13] = True
    assert area(found, weights()).value.tolist() == [0.0]


def test_the_interval_of_an_area_comes_from_its_edge():
    found = np.zeros((1, SIZE, SIZE), bool)
    found[0, 16:22, 16:22] = True
    # 36 pixels, 20 of them on the edge, each uncertain by 1/sqrt(12) of itself.
    assert area(found, weights()).spread[0] == pytest.approx(1.96 * 400 * np.sqrt(20 / 12))


def test_what_was_not_seen_is_bounded_and_an_unseen_zone_has_no_area():
    result = area(np.zeros((3, SIZE, SIZE), bool), weights(), observed=np.array([1.0, 0.75, 0.0]))
    assert result.missed == pytest.approx([0.0, 36 * 400.0, 144 * 400.0])
    assert result.value[:2].tolist() == [0.0, 0.0]
    assert np.isnan(result.value[2])


def test_bounds_cut_an_interval_to_what_an_area_can_be():
    share = measures.as_share(area(np.zeros((1, SIZE, SIZE), bool), weights()), 144 * 400.0)
    assert share.bounded(-3.0, 120.0) == (0.0, 100.0)
    assert measures.Measured(*[np.zeros(1)] * 3).bounded(-3.0, 3.0) == (-3.0, 3.0)


def test_snow_free_ground_is_measured_under_a_white_ring_only():
    codes = np.full((3, SIZE, SIZE), SNOW, np.uint8)
    codes[0, 14:20, 14:20] = 0
    codes[1] = 0
    codes[2, :, :] = CLOUD
    track = series({"ndvi": np.zeros((3, SIZE, SIZE))}, physical="reflectance", codes=codes)
    result = measures.snow_free_area(track, weights(), 400.0)
    assert result.value[0] == 36 * 400.0
    assert np.isnan(result.value[1:]).all()
    assert result.observed.tolist() == [1.0, 0.0, 0.0]


def test_snow_free_regions_count_from_a_floor_that_no_agreement_lowers():
    snow, burnt = (method_for(name, "reflectance") for name in ("snow_cleared", "burn_scar"))
    assert [snow.region_m2(agreed) for agreed in (0.0, 399.0, 900.0)] == [400.0, 400.0, 900.0]
    assert [burnt.region_m2(agreed) for agreed in (0.0, 900.0)] == [0.0, 900.0]


def excess(power, **more):
    track = series({"span": power}, **more)
    return measures.zone_excess_db(track, track.zones["stand"])


def test_an_injected_excess_is_measured_in_db():
    power = speckled(np.random.default_rng(8), 26, enl=200.0)
    power[23, ZONE[0], 14:20] *= 10 ** (6 / 10)  # half of the zone by 6 dB
    truth = 10 * np.log10((1 + 10**0.6) / 2)
    found = excess(power)
    # Speckle of 144 pixels at 200 looks is 0.03 dB; a quarter of the background is let go.
    assert found.value[23] == pytest.approx(truth, abs=0.25)
    power_m2 = 0.05 * 72 * 400 * (10**0.6 - 1) * measures.COSINE_OF_INCIDENCE
    assert found.also["rcs_m2"][23] == pytest.approx(power_m2, rel=0.15)


@pytest.mark.parametrize("follows", [0.0, 0.1, 1.0])
def test_rain_is_no_excess_however_much_of_it_the_zone_follows(follows):
    rng = np.random.default_rng(9)
    step = rng.normal(0, 1.2, 26)
    step[24] = 3.0
    power = speckled(rng, 26) * 10 ** (step / 10)[:, None, None]
    power[:, ZONE[0], ZONE[1]] *= 10 ** ((follows - 1) * step / 10)[:, None, None]
    found = excess(power)
    # One hectare of eight looks has 0.13 dB of speckle; the ring's step of 3 dB is gone.
    assert np.abs(found.value[20:]).max() < 0.6


def test_an_exercise_that_lifts_every_pixel_does_not_vanish():
    power = speckled(np.random.default_rng(10), 26)
    power[22:, ZONE[0], ZONE[1]] *= 10**0.6
    assert excess(power).value[22:].min() > 5.0


def test_quiet_looks_are_held_against_the_others():
    rng = np.random.default_rng(11)
    level, step, background = rng.normal(size=(3, 26))
    used = QUIET.copy()
    found = less_background(level, step, background, used).level
    for index in (0, 7, 19):
        without = used.copy()
        without[index] = False
        alone = less_background(level, step, background, without).level
        moved = (found - alone)[index]
        # The slow way refits medians and bounds too: of a step of 1 dB that is a few tenths.
        assert abs(moved) < 0.5
    assert np.std(found[:20]) > np.std(level[:20]) * 0.8


def test_a_zone_without_history_falls_back_to_the_rings_step():
    level = np.array([1.0, 2.0, 3.0])
    found = less_background(level, np.array([1.0, 1.0, 1.0]), level, np.array([True, True, False]))
    assert found.level.tolist() == [-0.5, 0.5, 1.5]


def zone_of(values, quiet=QUIET, **more):
    flat = values.reshape(len(values), -1).astype(np.float32)
    return local_scores(flat, weights(), quiet, np.ones(len(values)), **more)


def stand(rng, looks=26):
    texture = rng.normal(0.2, 0.01, (SIZE, SIZE))
    return texture + rng.normal(0, 0.003, (looks, SIZE, SIZE))


def test_rain_on_concrete_is_common_and_vehicles_are_not():
    rng = np.random.default_rng(12)
    values = stand(rng)
    values[3], values[11], values[24] = values[3] * 0.75, values[11] * 0.8, values[24] * 0.76
    values[25, 14:26, 14:20] -= 0.045
    found = zone_of(values).found(0, 0.015)
    assert found[24].mean() < 0.01
    half = np.zeros((SIZE, SIZE), bool)
    half[14:26, 14:20] = True
    inside = half[ZONE].ravel()
    assert found[25][inside].mean() > 0.97
    assert found[25][~inside].mean() < 0.03


def test_a_zone_that_fills_beyond_what_quiet_dates_show_is_found():
    values = stand(np.random.default_rng(13))
    values[25, 14:26, 14:26] -= 0.08
    assert zone_of(values).found(0, 0.015)[25].mean() > 0.95


def test_a_long_shadow_of_every_winter_is_remembered():
    values = stand(np.random.default_rng(14))
    for winter in (2, 10, 18, 24):
        values[winter, 14:16, 14:26] -= 0.1
    assert zone_of(values).found(0, 0.015)[24].mean() < 0.02


def test_a_restless_date_finds_less_and_an_unseen_ring_nothing():
    values = stand(np.random.default_rng(15))
    values[25, 14:20, 14:20] -= 0.03
    flat = values.reshape(26, -1).astype(np.float32)
    scale = np.ones(26)
    scale[25] = 9.0
    assert local_scores(flat, weights(), QUIET, np.ones(26)).found(0, 0.015)[25].sum() >= 30
    assert not local_scores(flat, weights(), QUIET, scale).found(0, 0.015)[25].any()
    scale[25] = np.nan
    assert not local_scores(flat, weights(), QUIET, scale).found(0, 0.015)[25].any()


def test_too_few_quiet_looks_find_nothing():
    values = stand(np.random.default_rng(16), 8)
    values[7] -= 0.1
    assert not zone_of(values, np.arange(8) < 5).found(0, 0.015).any()


def test_sides_are_kept_apart():
    values = stand(np.random.default_rng(17))
    values[25, 14:20, 14:20] += 0.05
    found = zone_of(values, sign=1)
    assert found.found(1, 0.015)[25].sum() >= 35
    assert not found.found(-1, 0.015)[25].any()


def test_the_common_change_is_what_a_quarter_speaks_for():
    values = np.zeros((26, SIZE, SIZE))
    values += np.random.default_rng(18).normal(0, 1e-4, values.shape)
    values[4], values[5] = values[4] + 0.05, values[5] - 0.05
    cells = np.argwhere(np.ones((12, 12), bool)) + 14
    covered = cells[: int((1 - COMMON_SHARE) * len(cells)) - 2]
    values[25, covered[:, 0], covered[:, 1]] += 0.05
    assert zone_of(values).common[25] == pytest.approx(0.0, abs=5e-4)
    assert zone_of(values).common[4] == pytest.approx(0.05, abs=1e-3)


@pytest.mark.parametrize("turn", [0, 1])
def test_the_long_axis_of_a_rectangle_has_its_sides(turn):
    rows, columns = (part.ravel() for part in np.indices((4, 30)))
    if turn:
        rows, columns = columns, rows
    axis = long_axis(rows, columns, np.ones(rows.size, np.float32), 10.0)
    assert (axis.length_m, axis.width_m) == pytest.approx((300.0, 40.0))
    assert axis.along.max() == pytest.approx(290.0)


def test_a_length_counts_stretches_long_enough_and_bridges_a_dark_deck():
    rows, columns = (part.ravel() for part in np.indices((4, 30)))
    axis = long_axis(rows, columns, np.ones(rows.size, np.float32), 10.0)
    taken = np.zeros((4, 4, 30), bool)
    taken[0, 1, 3:11] = True
    taken[1, 1, 3:6] = taken[1, 2, 7:11] = True  # one pixel of gap
    taken[2, 1, 3:6] = True  # 30 m only
    found = taken_length_m(taken.reshape(4, -1), axis, pixel_m=10.0, shortest_m=50.0)
    assert found.tolist() == [80.0, 80.0, 0.0, 0.0]


def test_nothing_found_where_the_ring_says_nothing():
    assert measures.pixel_cut(np.full((3, 10), np.nan), np.ones(10, bool), 1) == np.inf


def test_of_a_zone_seen_whole_nothing_is_missed():
    rng = np.random.default_rng(12)
    weight = rng.random(4000).astype(np.float32)
    values = np.ones((3, weight.size), np.float32)
    values[1, :2000] = np.nan
    values[2] = np.nan
    seen = measures.observed_share(values, weight)
    assert seen[0] == 1.0
    assert seen[1] == pytest.approx(weight[2000:].sum() / weight.sum(), rel=1e-6)
    assert seen[2] == 0.0


@pytest.mark.parametrize("pixels", [40, 150, 800, 20_000])
@pytest.mark.parametrize("sign", [-1, 0, 1])
def test_the_cut_is_the_quantile_of_all_scores_and_never_below_three(pixels, sign):
    z = 1.3 * np.random.default_rng(pixels).standard_t(4, (9, pixels))
    z[2, ::7] = np.nan
    z[3, 0] = np.inf
    ring = np.arange(pixels) % 3 > 0
    seen = measures.sided(z[:, ring], sign)
    exact = np.quantile(seen[np.isfinite(seen)], 1 - measures.PIXEL_ALPHA)
    assert measures.pixel_cut(z, ring, sign) == pytest.approx(max(3.0, exact), rel=1e-12)
    assert measures.pixel_cut(0.1 * np.nan_to_num(z, posinf=1.0), ring, sign) == 3.0
