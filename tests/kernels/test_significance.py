"""Calibrated rarity: exact counts, exchangeability, budgets and rates."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from pipeline.kernels import significance as kernel


def plain_p(score, quiet, extreme):
    return (1 + sum(extreme(q, score) for q in quiet)) / (len(quiet) + 1)


@settings(max_examples=30, derandomize=True, deadline=None)
@given(seed=st.integers(0, 10_000), size=st.integers(0, 30))
def test_conformal_p_counts_as_the_plain_loop_does(seed, size):
    rng = np.random.default_rng(seed)
    # Rounded, so that ties occur: a tie counts as "at least as extreme".
    quiet = rng.normal(size=size).round(1).astype(np.float32)
    asked = rng.normal(size=7).round(1).astype(np.float32)
    for side, extreme in (
        ("both", lambda q, s: abs(q) >= abs(s)),
        ("more", lambda q, s: q >= s),
        ("less", lambda q, s: q <= s),
    ):
        sample = kernel.calibration_sample([quiet], side=side)
        found = kernel.conformal_p(asked, sample, side=side)
        assert found.tolist() == [plain_p(s, quiet, extreme) for s in asked]


def test_exchangeable_looks_alarm_at_the_nominal_rate():
    rng = np.random.default_rng(1)
    quiet, held_out = rng.standard_cauchy((2, 50_000))
    found = kernel.conformal_p(held_out, kernel.calibration_sample([quiet]))
    for level in (0.1, 0.01, 0.001):
        # Binomial error of both samples: 2 * sqrt(2 * level / 50000), doubled.
        assert np.mean(found <= level) == pytest.approx(level, abs=4 * np.sqrt(2 * level / 50_000))


def test_samples_of_sites_are_pooled_and_nan_is_left_out():
    one, two = np.array([[1.0, np.nan], [3.0, -2.0]]), np.array([5.0])
    sample = kernel.calibration_sample([one, two])
    assert sample.tolist() == [1.0, 2.0, 3.0, 5.0]
    assert kernel.calibration_sample([two, one]).tolist() == sample.tolist()
    assert np.isnan(kernel.conformal_p(np.array([np.nan]), sample)[0])
    assert kernel.conformal_p(np.array([100.0]), sample)[0] == kernel.smallest_p(4) == 0.2
    empty = kernel.calibration_sample([])
    assert kernel.conformal_p(np.array([100.0]), empty)[0] == 1.0


def test_score_at_is_where_p_first_holds():
    sample = kernel.calibration_sample([np.arange(99)])
    for p in (0.01, 0.02, 0.5):
        at = kernel.score_at(sample, p)
        assert kernel.conformal_p(np.array([at]), sample)[0] <= p
        assert kernel.conformal_p(np.array([at - 1e-3]), sample)[0] > p
    assert kernel.score_at(sample, 0.0099) == np.inf
    assert kernel.score_at(sample, 1.0) == -np.inf
    with pytest.raises(ValueError, match="got 0"):
        kernel.score_at(sample, 0)


def test_sides_are_named():
    with pytest.raises(ValueError, match="'up'"):
        kernel.calibration_sample([np.ones(3)], side="up")


def test_confirmation_needs_k_looks_that_agree():
    looks = np.array([[4.0, 9.0, -3.0, 3.0, np.nan], [3.0, 0.2, -4.0, -3.0, 5.0]])
    found = kernel.confirmation_scores(looks, k=2)
    expected = [7 / np.sqrt(2), 0.0, -7 / np.sqrt(2), 0.0, np.nan]
    assert found == pytest.approx(expected, nan_ok=True, rel=1e-6)
    assert kernel.confirmation_scores(looks, k=2, side="more")[2] == 0
    assert kernel.confirmation_scores(looks, k=2, side="less")[0] == 0
    assert kernel.confirmation_scores(looks, k=2, floor=3.5)[0] == 0


def test_two_of_three_takes_the_best_two():
    looks = np.array([[4.0], [0.0], [3.0]])
    assert kernel.confirmation_scores(looks, k=2)[0] == pytest.approx(7 / np.sqrt(2))
    assert kernel.confirmation_scores(looks, k=1)[0] == 4
    assert kernel.confirmation_scores(-looks, k=2)[0] == pytest.approx(-7 / np.sqrt(2))
    for k in (0, 4):
        with pytest.raises(ValueError, match=f"got {k}"):
            kernel.confirmation_scores(looks, k=k)
    with pytest.raises(ValueError, match="floor"):
        kernel.confirmation_scores(looks, k=2, floor=0)


def test_zone_statistics_equal_the_plain_ones():
    rng = np.random.default_rng(2)
    scores = rng.normal(size=(3, 8, 9))
    scores[rng.random(scores.shape) < 0.2] = np.nan
    scores[2, :4] = np.nan
    zones = np.zeros((2, 8, 9), dtype=bool)
    zones[0, :4], zones[1, 2:7, 3:] = True, True
    found = kernel.zone_statistics(scores, zones, threshold=1.0, pixel_area_m2=100.0)
    for t in range(3):
        for z in range(2):
            inside = scores[t][zones[z]]
            seen = inside[np.isfinite(inside)]
            assert found.observed[t, z] == seen.size / inside.size
            if seen.size:
                assert found.mean[t, z] == pytest.approx(seen.mean())
                assert found.largest[t, z] == np.abs(seen).max()
                assert found.over_m2[t, z] == 100 * np.sum(seen >= 1)
                assert found.under_m2[t, z] == 100 * np.sum(seen <= -1)
    assert np.isnan([found.mean[2, 0], found.highest[2, 0], found.over_m2[2, 0]]).all()


def test_zone_statistics_refuse_an_empty_zone_and_no_threshold():
    scores, zones = np.zeros((1, 4, 4)), np.zeros((1, 4, 4), dtype=bool)
    with pytest.raises(ValueError, match="at least one pixel"):
        kernel.zone_statistics(scores, zones, threshold=1, pixel_area_m2=1)
    with pytest.raises(ValueError, match="got 0"):
        kernel.zone_statistics(scores, ~zones, threshold=0, pixel_area_m2=1)


def test_placements_lie_on_the_ground_side_by_side():
    zone = np.zeros((40, 50), dtype=bool)
    zone[10:18, 20:30] = True
    ground = np.ones_like(zone)
    ground[:, 44:] = False
    shifts = kernel.zone_placements(zone, ground, share=1.0)
    moved = kernel.placed(zone, shifts)
    assert len(shifts) >= 12  # of 40 * 44 / 80 = 22 that area alone would allow
    assert moved.sum(axis=0).max() == 1
    assert not (moved & (zone | ~ground)).any()
    assert np.all(moved.sum(axis=(1, 2)) == zone.sum())
    assert kernel.zone_placements(zone, zone).shape == (0, 2)
    with pytest.raises(ValueError, match="at least one pixel"):
        kernel.zone_placements(np.zeros_like(zone), ground)


def test_clopper_pearson_is_the_textbook_one():
    # Clopper and Pearson's own case of 0 in n: 1 - 0.025 ** (1 / n).
    assert kernel.clopper_pearson(0, 20) == (0.0, pytest.approx(1 - 0.025**0.05))
    assert kernel.clopper_pearson(20, 20)[0] == pytest.approx(0.025**0.05)
    # R: binom.test(5, 50)$conf.int
    assert kernel.clopper_pearson(5, 50) == pytest.approx((0.03327509, 0.2181354), abs=1e-6)
    with pytest.raises(ValueError, match="5 of 4"):
        kernel.clopper_pearson(5, 4)


def test_ratio_covers_one_as_often_as_it_says():
    rng = np.random.default_rng(3)
    covered = 0
    for _ in range(200):
        # Dates go bad together: the rate itself varies by 60 % from date to date.
        rate = 0.01 * rng.gamma(2.8, 1 / 2.8, 25)
        ratio = kernel.false_alarm_ratio(
            rng.binomial(2000, rate), np.full(25, 2000), 0.01, draws=300
        )
        covered += ratio.low <= 1 <= ratio.high
    # Nominal 95 %; percentile bootstrap of 25 skewed dates is known to fall a few points short.
    assert covered / 200 > 0.87


def test_ratio_of_few_alarms_is_the_exact_one_and_seeded():
    quiet = kernel.false_alarm_ratio([0, 0, 0], [100, 100, 100], 0.01)
    assert quiet.ratio == 0
    assert quiet.high == pytest.approx(kernel.clopper_pearson(0, 300)[1] / 0.01)
    assert quiet.holds
    bad = kernel.false_alarm_ratio([50, 60, 70, 55], [1000] * 4, 0.001)
    assert bad.ratio == pytest.approx(58.75)
    assert not bad.holds
    assert bad == kernel.false_alarm_ratio([50, 60, 70, 55], [1000] * 4, 0.001)
    nothing = kernel.false_alarm_ratio([0], [0], 0.01)
    assert np.isnan(nothing.ratio)
    assert not nothing.holds
    with pytest.raises(ValueError, match="alarms <= trials"):
        kernel.false_alarm_ratio([2], [1], 0.01)
    with pytest.raises(ValueError, match="nominal"):
        kernel.false_alarm_ratio([1], [2], 1.0)


def test_overdispersion_is_one_for_chance_and_finds_bad_dates():
    rng = np.random.default_rng(4)
    trials = np.full(400, 5000)
    chance = kernel.overdispersion(rng.binomial(trials, 0.01), trials)
    # Pearson's X² over 399: standard error sqrt(2 / 399) = 7 %.
    assert chance.factor == pytest.approx(1.0, abs=0.25)
    spread = 0.5
    rates = 0.01 * rng.gamma(1 / spread**2, spread**2, 400)
    mixed = kernel.overdispersion(rng.binomial(trials, rates), trials)
    # Between-date variance by construction: 1 + 5000 * 0.01 * 0.25 = 13.5.
    assert mixed.factor == pytest.approx(13.5, rel=0.25)
    assert mixed.between_dates == pytest.approx(spread, rel=0.15)
    assert np.isnan(kernel.overdispersion([0, 0], [10, 10]).factor)
    assert np.isnan(kernel.overdispersion([1], [10]).factor)


def quiet_maps(number, seed):
    rng = np.random.default_rng(seed)
    return ndimage.gaussian_filter(rng.standard_normal((number, 60, 60)), (0, 0.8, 0.8)) * 2.9


def test_peaks_are_the_local_maxima():
    scores = np.full((7, 7), np.nan)
    scores[1:6, 1:6] = 0
    scores[2, 2], scores[4, 5], scores[3, 2] = 5, 3, 4  # the third is beside the first
    assert kernel.score_peaks(scores).tolist() == [5, 3]
    assert kernel.score_peaks(scores, lowest=3.5).tolist() == [5]
    assert kernel.score_peaks(scores, radius_px=3).tolist() == [5]


@pytest.mark.parametrize("budget", [0.05, 0.5])
def test_region_budget_is_kept_on_new_maps(budget):
    sample = kernel.pooled_peaks(
        [kernel.peak_sample(quiet_maps(100, 5)), kernel.peak_sample(quiet_maps(100, 6))]
    )
    height = kernel.region_threshold(sample, budget)
    seen = sum((kernel.score_peaks(one) >= height).sum() for one in quiet_maps(200, 7))
    # Poisson errors of both samples, three of them.
    assert abs(seen - 200 * budget) < 3 * np.sqrt(2 * 200 * budget)
    assert kernel.expected_regions(sample, height) <= budget


def test_a_budget_beyond_the_sample_is_not_claimed():
    sample = kernel.peak_sample(quiet_maps(10, 8))
    assert kernel.region_threshold(sample, 1 / 12) == np.inf
    assert kernel.region_threshold(sample, 1 / 11) > sample.heights[-1]
    assert kernel.region_threshold(sample, 1e6) == -np.inf
    with pytest.raises(ValueError, match="got 0"):
        kernel.region_threshold(sample, 0)


def test_looks_that_go_together_are_told_by_their_agreement():
    rng = np.random.default_rng(8)
    shared, own = rng.normal(size=(1, 200, 200)), rng.normal(size=(2, 200, 200))
    # Correlation one half: the sum of two spreads by the root of 1.5. 40 000 pixels: 1 %.
    looks = np.sqrt(0.5) * (shared + own)
    assert kernel.agreement_scale(looks) == pytest.approx(np.sqrt(1.5), rel=0.02)
    assert kernel.agreement_scale(own) == pytest.approx(1.0, rel=0.02)
    zone = np.zeros((200, 200), bool)
    zone[:100] = True
    looks[:, zone] += 20
    assert kernel.agreement_scale(looks, ~zone) == pytest.approx(np.sqrt(1.5), rel=0.02)
    assert np.isnan(kernel.agreement_scale(looks, np.zeros_like(zone)))


def test_a_joint_score_is_divided_by_the_agreement():
    looks = np.array([[[4.0]], [[3.0]]], np.float32)
    plain = kernel.confirmation_scores(looks, k=2)
    assert kernel.confirmation_scores(looks, k=2, scale=1.25) == pytest.approx(plain / 1.25)
    assert np.isnan(kernel.confirmation_scores(looks, k=2, scale=np.nan)).all()
    with pytest.raises(ValueError, match="scale"):
        kernel.confirmation_scores(looks, k=2, scale=0.0)
