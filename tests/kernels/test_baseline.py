"""The baseline: closed forms, plain references, injected truth, bad pixels, block invariance."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from pipeline.kernels import baseline as kernel
from pipeline.kernels.baseline.fitting import fit_pixels
from pipeline.kernels.baseline.model import flattened

LEVEL = {"harmonics": 0, "trend": False}
RNG_SEED = 20
DAYS = np.arange(12) * 12.0 + 19_000


def quiet(dates=12, shape=(16, 20), *, spread=1.5, seed=RNG_SEED):
    rng = np.random.default_rng(seed)
    level = rng.normal(-12, 2, shape)
    return (level + rng.normal(0, spread, (dates, *shape))).astype(np.float32)


def everywhere(values):
    return np.ones(values.shape, dtype=bool)


def seasonal(years=4, step=10, *, noise=0.3, seed=3, shape=(2, 3)):
    days = np.arange(0, 365.25 * years, step)
    rng = np.random.default_rng(seed)
    angle = 2 * np.pi * days / 365.25
    curve = 5 + 0.4 * (days - days.mean()) / 365.25 + 2 * np.cos(angle) - 0.7 * np.sin(2 * angle)
    values = curve[:, None, None] + rng.normal(0, noise, (days.size, *shape))
    return values.astype(np.float32), days


def test_level_is_the_mean_where_nothing_is_unusual():
    values = np.array([1, 2, 3, 4, 5], dtype=np.float32)[:, None, None] * np.ones((1, 1, 2))
    found = kernel.fit_baseline(
        values, everywhere(values), np.arange(5), prior=kernel.VariancePrior(1e4, 1e-9), **LEVEL
    )
    # With a prior that counts for nothing but a wide floor, weights are nearly 1: mean and
    # variance are those of the textbook, to the 0.2 % that (1 - u²)² takes at u = 2/300.
    assert found.coefficients[0] == pytest.approx(3.0, abs=1e-5)
    assert found.scale == pytest.approx(np.sqrt(2.5), rel=2e-3)
    assert found.dof == pytest.approx(4.0, rel=2e-3)
    assert found.covariance[0, 0] == pytest.approx(0.2, rel=2e-3)


def test_one_wild_date_in_eight_hardly_moves_level_and_scale():
    values = quiet(8)
    clean = kernel.fit_baseline(values, everywhere(values), DAYS[:8], **LEVEL)
    wild = values.copy()
    wild[3] += 40
    robust = kernel.fit_baseline(wild, everywhere(wild), DAYS[:8], **LEVEL)
    # A mean would move by 5; losing one date of eight moves it by about 1.5 / 8.
    assert np.abs(robust.coefficients[0] - clean.coefficients[0]).max() < 1.0
    assert np.median(robust.scale / clean.scale) == pytest.approx(1.0, abs=0.1)


def test_season_and_trend_are_recovered():
    values, days = seasonal()
    found = kernel.fit_baseline(values, everywhere(values), days)
    truth = np.array([5, 0.4, 2, 0, 0, -0.7])
    # 0.3 noise over 147 dates: standard error about 0.3 * sqrt(2 / 147) = 0.035; four of them.
    assert np.abs(found.coefficients[:, 0, 0] - truth).max() < 0.14
    assert np.all(found.columns == 6)
    ahead = kernel.predict(found, [days[-1] + 30])
    assert ahead.value.shape == ahead.scale.shape == (1, 2, 3)
    assert np.all(ahead.scale[0] > found.scale)


@pytest.mark.parametrize(
    ("days", "why"),
    [
        (np.linspace(0, 900, 20), "fewer than four dates a coefficient"),
        (np.linspace(0, 500, 60), "shorter than 1.5 years"),
        (np.concatenate([np.arange(0, 90, 4), np.arange(730, 820, 4)]), "one season only"),
    ],
)
def test_too_thin_a_history_gets_a_level_instead_of_a_season(days, why):
    values = quiet(days.size, (3, 3))
    found = kernel.fit_baseline(values, everywhere(values), days)
    assert np.all(found.columns == 1), why
    assert np.all(found.coefficients[1:] == 0)


def test_anomaly_of_normal_noise_is_normal_whatever_the_number_of_dates():
    values = quiet(9, (60, 60))
    valid = everywhere(values)
    valid[:3, :30] = False
    prior = kernel.VariancePrior(1.5**2, 4.0)
    found = kernel.fit_baseline(values[:8], valid[:8], DAYS[:8], prior=prior, **LEVEL)
    scores = kernel.anomaly(found, values[8:], valid[8:], DAYS[8:9])[0]
    for half in (scores[:30], scores[30:]):
        # 1,800 pixels: the standard error of a standard deviation is 1.7 %; the prior that counts
        # beside real dates adds to the left of it.
        assert half.std() == pytest.approx(1.0, abs=0.08)
        assert abs(half.mean()) < 0.1


def test_normal_score_keeps_the_tail_probability():
    t = np.array([-4.0, -1.0, 0.5, 3.0, 8.0])
    for dof, error in ((3, 0.02), (8, 0.005), (40, 0.005)):  # as the docstring promises
        exact = stats.norm.isf(stats.t.sf(np.abs(t), dof)) * np.sign(t)
        assert kernel.normal_score(t, dof) == pytest.approx(exact, rel=error)


def test_prior_is_found_again():
    rng = np.random.default_rng(1)
    own, prior_dof, prior_variance = 7.0, 10.0, 2.0
    variance = prior_variance * prior_dof / rng.chisquare(prior_dof, 20_000)
    seen = variance * rng.chisquare(own, variance.size) / own
    seen[:400] *= 50  # two per cent of pixels with real change
    found = kernel.variance_prior(seen, np.full(seen.shape, own))
    # Quantiles of 20,000 draws: 1 % on the variance, 10 % on its spread; the change adds as much.
    assert found.variance == pytest.approx(prior_variance, rel=0.05)
    assert found.dof == pytest.approx(prior_dof, rel=0.25)


def test_prior_of_few_pixels_is_none_and_of_equal_pixels_is_strong():
    assert kernel.variance_prior(np.ones(5), np.full(5, 6.0)).dof == 0
    assert kernel.variance_prior(np.ones(100), np.full(100, 6.0)).dof == 200


def left_out_plainly(values, days, group, prior):
    rest = [i for i in range(len(days)) if i not in group]
    base = kernel.fit_baseline(
        values[rest], everywhere(values[rest]), days[rest], prior=prior, **LEVEL
    )
    chosen = list(group)
    scores = kernel.anomaly(base, values[chosen], everywhere(values[chosen]), days[chosen])
    return kernel.normalised_history(scores).scores


@pytest.mark.parametrize("size", [1, 2, 3])
def test_closed_form_equals_refitting_without_the_dates(size):
    values = quiet(10)
    days = DAYS[:10]
    # A wide floor makes all weights alike, so that the closed form is exact up to their rest.
    prior = kernel.VariancePrior(300.0, 5.0)
    groups = kernel.adjacent_groups(days, size=size)
    found = kernel.leave_group_out_scores(
        values, everywhere(values), days, groups, prior=prior, **LEVEL
    )
    for index, group in enumerate(groups.dates):
        plain = left_out_plainly(values, days, group, prior)
        assert np.abs(found[index] - plain).max() < 0.02


def test_closed_form_is_near_refitting_with_robust_weights():
    values = quiet(10, (40, 40))
    values[4, :5] += 20
    prior = kernel.fit_prior(values, everywhere(values), DAYS[:10], **LEVEL)
    found = kernel.leave_one_out_scores(
        values, everywhere(values), DAYS[:10], prior=prior, **LEVEL
    ).scores
    plain = np.concatenate([left_out_plainly(values, DAYS[:10], (i,), prior) for i in range(10)])
    # Frozen weights: the mean difference was 0.01 on real radar series, the extremes agree in rank.
    assert np.mean(np.abs(found - plain)) < 0.03
    assert np.mean(np.abs(found) > 2.5) == pytest.approx(np.mean(np.abs(plain) > 2.5), rel=0.1)


def test_leaving_one_date_out_is_not_enough_for_two():
    values = quiet(6, (50, 50))
    values[2:4, 20:30, 20:30] += 6  # a change on two dates, which then hide each other
    single = kernel.leave_one_out_scores(values, everywhere(values), DAYS[:6], **LEVEL).scores
    pair = kernel.leave_group_out_scores(
        values, everywhere(values), DAYS[:6], kernel.Groups(np.array([[2, 3]]), 2), **LEVEL
    )[0]
    inside = (slice(None), slice(20, 30), slice(20, 30))
    # A quarter more of six looks' baseline is wrong by far more than a quarter in the tail.
    assert np.median(pair[inside]) > 1.25 * np.median(single[2:4][inside])


def test_pixels_do_not_depend_on_the_block_they_are_in():
    values = quiet(9, (7, 11))
    valid = np.random.default_rng(2).random(values.shape) > 0.2
    days = DAYS[:9]
    prior = kernel.fit_prior(values, valid, days, **LEVEL)
    whole = kernel.fit_baseline(values, valid, days, prior=prior, **LEVEL)
    scores = kernel.anomaly(whole, values, valid, days)
    for rows, columns in [(slice(0, 3), slice(4, 5)), (slice(6, 7), slice(0, 11))]:
        part = kernel.fit_baseline(
            values[:, rows, columns], valid[:, rows, columns], days, prior=prior, **LEVEL
        )
        for name in ("coefficients", "covariance", "scale", "dof", "dates", "first_day"):
            expected = getattr(whole, name)[..., rows, columns]
            np.testing.assert_array_equal(getattr(part, name), expected)
        cut = kernel.anomaly(part, values[:, rows, columns], valid[:, rows, columns], days)
        np.testing.assert_array_equal(cut, scores[:, rows, columns])


@settings(max_examples=20, derandomize=True, deadline=None)
@given(bad=st.sampled_from([np.nan, np.inf, -np.inf]), seed=st.integers(0, 50))
def test_bad_pixels_travel_as_nan_and_touch_no_other(bad, seed):
    values = quiet(8, (6, 6))
    hit = np.random.default_rng(seed).random((6, 6)) < 0.2
    spoilt = values.copy()
    spoilt[:, hit] = bad
    prior = kernel.VariancePrior(2.0, 5.0)
    clean = kernel.fit_baseline(values, everywhere(values), DAYS[:8], prior=prior, **LEVEL)
    found = kernel.fit_baseline(spoilt, everywhere(spoilt), DAYS[:8], prior=prior, **LEVEL)
    assert np.all(np.isnan(found.scale[hit]))
    assert np.all(found.dates[hit] == 0)
    np.testing.assert_array_equal(found.scale[~hit], clean.scale[~hit])
    scores = kernel.anomaly(found, spoilt, everywhere(spoilt), DAYS[:8])
    assert np.all(np.isnan(scores[:, hit]))
    assert np.all(np.isfinite(scores[:, ~hit]))


def test_inputs_are_untouched_and_ages_are_counted():
    values = quiet(6, (4, 4))
    valid = everywhere(values)
    valid[5, 0, 0] = False
    before = values.copy()
    found = kernel.fit_baseline(values, valid, DAYS[:6], **LEVEL)
    np.testing.assert_array_equal(values, before)
    ages = kernel.age_days(found, DAYS[6])
    assert ages[0, 0] == 24
    assert ages[1, 1] == 12


def test_wrong_arguments_are_refused_with_their_value():
    values = quiet(6, (4, 4))
    with pytest.raises(ValueError, match=r"\(6, 4, 4\).*\(5,\)"):
        kernel.fit_baseline(values, everywhere(values), DAYS[:5])
    with pytest.raises(ValueError, match="got 9"):
        kernel.fit_baseline(values, everywhere(values), DAYS[:6], harmonics=9)
    for groups, words in (
        ([[0, 0]], "different dates"),
        ([[0, 6]], r"0\.\.6"),
        ([[-2, 1]], "got -2"),
        ([[1, -1]], "2 or more"),
    ):
        with pytest.raises(ValueError, match=words):
            kernel.leave_group_out_scores(
                values, everywhere(values), DAYS[:6], kernel.Groups(np.array(groups), 2), **LEVEL
            )


def test_adjacent_groups_do_not_reach_over_a_gap():
    days = np.array([0, 12, 24, 400, 412])
    pairs = kernel.adjacent_groups(days, within_days=40)
    assert pairs.dates.tolist() == [[0, 1], [1, 2], [3, 4]]
    assert pairs.scored == 2
    triples = kernel.adjacent_groups(days, size=3, within_days=40)
    assert triples.dates.tolist() == [[0, 1, 2]]
    assert kernel.adjacent_groups(days[:1]).dates.shape == (0, 2)


def test_embargo_leaves_neighbours_out_with_a_group():
    # Passes come seconds late: half a look more catches a neighbour all the same.
    days = np.array([0, 12, 24, 36, 400, 412]) + np.array([0, 1, -1, 2, 0, 1]) * 1e-4
    around = kernel.adjacent_groups(days, within_days=40, embargo_days=(18, 18))
    assert around.dates.tolist() == [[0, 1, 2, -1], [1, 2, 0, 3], [2, 3, 1, -1], [4, 5, -1, -1]]
    assert around.scored == 2
    later = kernel.adjacent_groups(days, within_days=40, embargo_days=(0, 30))
    assert later.dates.tolist() == [[0, 1, 2, 3], [1, 2, 3, -1], [2, 3, -1, -1], [4, 5, -1, -1]]


def test_dates_of_a_group_that_are_not_scored_are_left_out_all_the_same():
    values = quiet(8, (20, 20))
    arguments = (values, everywhere(values), DAYS[:8])

    def left_out(dates, scored):
        groups = kernel.Groups(np.array([dates]), scored)
        return kernel.leave_group_out_scores(*arguments, groups, **LEVEL)

    np.testing.assert_array_equal(left_out([2, 3, -1], 2), left_out([2, 3], 2))
    np.testing.assert_array_equal(left_out([2, 3, 4], 2), left_out([2, 3, 4], 3)[:, :2])
    assert np.any(left_out([2, 3, 4], 2) != left_out([2, 3], 2))
    assert np.isnan(left_out(list(range(7)), 2)).all()


def test_wet_scene_is_taken_out_by_the_ring_and_the_zone_is_not():
    rng = np.random.default_rng(4)
    scores = (rng.normal(0, 1, (60, 60)) * 1.4 + 3).astype(np.float32)
    ring = np.ones((60, 60), dtype=bool)
    ring[20:40, 20:40] = False
    scores[~ring] += 5  # an exercise that fills the zone
    step = kernel.scene_offset(scores, np.ones_like(ring), ring)
    normal = kernel.self_normalised(scores, step)
    # 3,200 ring pixels: the standard error of the median is 1.25 * 1.4 / sqrt(3200) = 0.03, that of
    # the 95 % point over 1.96 about 0.04.
    assert step.offset == pytest.approx(3, abs=0.1)
    assert step.scale == pytest.approx(1.4, abs=0.1)
    assert np.median(normal[~ring]) == pytest.approx(5 / 1.4, abs=0.3)


def test_few_changed_ring_pixels_do_not_set_the_step():
    rng = np.random.default_rng(9)
    scores = rng.normal(0, 1, (100, 100))
    clean = kernel.scene_offset(scores, np.ones((100, 100), dtype=bool))
    scores.ravel()[:100] = 1e6  # one pixel in a hundred: saturated
    spoilt = kernel.scene_offset(scores, np.ones((100, 100), dtype=bool))
    # The 95 % point moves to the 96 % one, 1.96 to 2.05; the median by a hundredth of its slope.
    assert spoilt.scale == pytest.approx(clean.scale, rel=0.08)
    assert spoilt.offset == pytest.approx(clean.offset, abs=0.03)


def test_unseen_ring_leaves_nothing_to_say():
    scores = np.zeros((10, 10), dtype=np.float32)
    step = kernel.scene_offset(scores, np.zeros((10, 10), dtype=bool))
    assert step.pixels == 0
    assert np.all(np.isnan(kernel.self_normalised(scores, step)))


def test_removed_step_is_an_alarm_of_its_own():
    history = np.array([-0.2, 0.1, 0.0, 0.3, -0.1, np.nan])
    alarm = kernel.step_alarm(3.0, history)
    assert alarm.p == pytest.approx(1 / 6)
    assert alarm.score > 10
    assert kernel.step_alarm(0.05, history).p > 0.8
    assert kernel.step_alarm(3.0, history[:2]).p == 1.0
    assert np.isnan(kernel.step_alarm(np.nan, history).score)


def test_score_of_two_bands_has_unit_spread_and_sees_more_than_one():
    rng = np.random.default_rng(5)
    both = rng.normal(0, 1, (2, 80, 80)) * np.array([1, 3])[:, None, None] + 2
    both[:, 40, 40] += np.array([4, 12])
    found = kernel.score(kernel.date_scorer(both, sigma_px=0), both)
    alone = kernel.score(kernel.date_scorer(both[:1], sigma_px=0), both[:1])
    rest = np.delete(found.ravel(), 40 * 80 + 40)
    assert rest.std() == pytest.approx(1.0, abs=0.03)  # 6,400 pixels: standard error 0.9 %
    assert found[40, 40] > alone[40, 40]


def test_patches_score_as_the_scene_they_were_cut_from():
    both = np.random.default_rng(6).normal(0, 1, (2, 40, 40)).astype(np.float32)
    both[0, 20, 21] = np.nan
    scorer = kernel.date_scorer(both, sigma_px=0.8)
    whole = kernel.score(scorer, both)
    patch = kernel.score(scorer, both[None, :, 10:31, 10:31])[0]
    inner = slice(scorer.halo, -scorer.halo)
    np.testing.assert_array_equal(patch[inner, inner], whole[10:31, 10:31][inner, inner])
    assert np.isnan(whole[20, 21])
    assert np.isfinite(whole[20, 22])


def test_scores_beside_a_cloud_have_the_spread_of_the_rest():
    both = np.random.default_rng(7).normal(0, 1, (1, 200, 200)).astype(np.float32)
    both[:, ::4] = np.nan
    found = kernel.score(kernel.date_scorer(both, sigma_px=1.0), both)
    # 10,000 smoothed pixels a row class, about seven to an independent one: standard error 2 %.
    assert np.nanstd(found[1::4]) == pytest.approx(np.nanstd(found[2::4]), rel=0.08)


def test_scorer_refuses_what_it_cannot_mean():
    with pytest.raises(ValueError, match="got -1"):
        kernel.date_scorer(np.zeros((1, 5, 5)), sigma_px=-1)
    with pytest.raises(ValueError, match=r"\(5, 5\)"):
        kernel.date_scorer(np.zeros((5, 5)))


def test_tail_is_prequential_and_errs_on_the_large_side():
    rng = np.random.default_rng(8)
    tail = kernel.empty_tail()
    assert kernel.tail_p(tail, np.array([9.0])) == 1.0
    seen = []
    for _ in range(5):
        date = rng.standard_t(4, 1000)
        date[0] = np.nan
        tail = kernel.step(tail, date)
        seen.append(date[1:])
    seen = np.concatenate(seen)
    asked = np.array([-3.0, 0.0, 1.2, 4.0])
    for side, extreme in (
        ("both", lambda s: np.abs(seen) >= abs(s)),
        ("more", lambda s: seen >= s),
        ("less", lambda s: seen <= s),
    ):
        plain = np.array([(1 + extreme(s).sum()) / (seen.size + 1) for s in asked])
        found = kernel.tail_p(tail, asked, side=side)
        assert np.all(found >= plain - 1e-12)
        # A bin of 0.02 holds at most 0.4 % of the middle of the distribution, two of them 0.8 %.
        assert np.all(found - plain < 0.016)
    assert np.isnan(kernel.tail_p(tail, np.array([np.nan]))[0])
    assert tail.dates == 5


def test_tail_forgets_when_told_to():
    old = kernel.step(kernel.empty_tail(), np.full(1000, 5.0))
    kept = old
    for _ in range(30):
        old = kernel.step(old, np.zeros(10), memory_dates=5)
        kept = kernel.step(kept, np.zeros(10))
    assert kernel.tail_p(kept, np.array([4.0])) > 0.5
    assert kernel.tail_p(old, np.array([4.0])) < 0.1
    assert kernel.step(kept, np.array([np.nan])) is kept
    with pytest.raises(ValueError, match="got 0"):
        kernel.step(kept, np.zeros(3), memory_dates=0)


def test_a_regional_field_is_the_smooth_part_and_leaves_objects_alone():
    rng = np.random.default_rng(5)
    rows, columns = np.indices((120, 160))
    front = 1.5 * np.sin(columns / 160 * np.pi) - 0.8 * rows / 120
    scores = (front + rng.normal(size=front.shape)).astype(np.float32)
    scores[60:62, 80:82] += 12
    scores[20:30, 20:30] = np.nan
    field = kernel.regional_field(scores, sigma_px=8)
    # Noise of unit spread averaged over 2 pi (2 x 8)^2 / 2 pixels leaves 0.035; the front bends.
    assert np.abs(field - front)[16:-16, 16:-16].max() < 0.25
    assert abs(field[61, 81] - front[61, 81]) < 0.15
    assert np.isfinite(field).all()


def test_a_regional_field_comes_from_the_ring_and_never_from_a_zone():
    rows, columns = np.indices((90, 90))
    zone = (abs(rows - 45) < 8) & (abs(columns - 45) < 8)
    scores = np.where(zone, 9.0, 0.5).astype(np.float32)
    field = kernel.regional_field(scores, ~zone, sigma_px=8)
    # One pixel of prior weight at zero, of the few that reach across the zone.
    np.testing.assert_allclose(field[zone], 0.5, atol=0.06)
    assert not kernel.regional_field(scores, np.zeros_like(zone), sigma_px=8).any()


@pytest.mark.parametrize("sigma", [0.0, -1.0, np.nan])
def test_a_regional_field_needs_a_width(sigma):
    with pytest.raises(ValueError, match="sigma_px"):
        kernel.regional_field(np.zeros((4, 4), np.float32), sigma_px=sigma)


@pytest.mark.parametrize("dates", [0, 1, 2])
def test_a_history_of_no_date_is_no_baseline_and_no_error(dates):
    values = quiet(dates, shape=(4, 5))
    base, history = kernel.fit_with_left_out(values, everywhere(values), DAYS[:dates])
    later = quiet(3, shape=(4, 5))
    assert history.shape == values.shape
    assert np.isnan(base.coefficients).all()
    assert np.isnan(kernel.departures(base, later, DAYS[:3], np.arange(20))).all()
    assert np.isnan(kernel.anomaly(base, later, everywhere(later), DAYS[:3])).all()


def test_the_prior_of_the_ring_costs_no_second_fit():
    """Eight dates: by chance some spreads fall below the floor, and those are fitted again."""
    rng = np.random.default_rng(8)
    values = rng.normal(size=(8, 40, 50)).astype(np.float32)
    ring = rng.random((40, 50)) < 0.7
    usable, days = everywhere(values), DAYS[:8]
    prior = kernel.fit_prior(values[:, None, ring], usable[:, None, ring], days)
    floor = 0.5 * np.sqrt(prior.variance)
    loose = fit_pixels(*flattened(values, usable), days, np.ones((8, 1)), 0.0)[0]
    assert 0 < np.count_nonzero(loose.least_spread < floor) < loose.least_spread.size / 4
    plain = kernel.fit_with_left_out(values, usable, days, prior=prior)
    found = kernel.fit_with_left_out(values, usable, days, prior_over=ring)
    assert found[0].prior == prior
    for mine, theirs in zip(found[0][:8], plain[0][:8], strict=True):
        np.testing.assert_array_equal(mine, theirs)
    np.testing.assert_array_equal(found[1], plain[1])
