"""Ranks among quiet looks, and whether what they promise holds on dates held out."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.assessment.allowance import Budget
from pipeline.assessment.calibration import deviations, quiet_pool
from pipeline.assessment.held_out import (
    attained,
    confirmed_rate,
    confirming_p,
    held_out_rate,
    level_for_confirmation,
)
from pipeline.kernels.significance import calibration_sample

BUDGET = Budget(judgements_per_year=100.0, alpha=5e-3, alpha_per_look=0.04, quiet_looks_needed=25)


def pool(rng, *, places=60, dates=30, later=10, zones=2, side="both", restless=(), values=None):
    """Places of different unrest; on `restless` dates everything moves five times as far."""
    if values is None:
        own = rng.uniform(0.5, 2.0, (places, 1))
        date = np.ones(dates + later)
        date[list(restless)] = 5.0
        values = own * date * rng.standard_normal((places, dates + later))
    quiet = np.arange(values.shape[1]) < dates
    names = [f"place-{number}" for number in range(len(values))]
    return quiet_pool(list(values), names, zones=zones, quiet=quiet, side=side, resolution=0.01)


@pytest.mark.parametrize("side", ["both", "more", "less"])
@pytest.mark.parametrize("level", [0.1, 0.05])
def test_later_quiet_looks_alarm_as_often_as_promised(side, level):
    rng = np.random.default_rng(1)
    rates = [held_out_rate(pool(rng, side=side), level, later=True).rate for _ in range(20)]
    alarms, trials = sum(r.alarms for r in rates), sum(r.trials for r in rates)
    # 11,600 trials: a binomial rate of 5 % has a relative standard deviation of 4 %.
    assert alarms / trials / level == pytest.approx(1, abs=0.15)


def test_each_date_is_judged_by_the_others_only():
    rng = np.random.default_rng(2)
    values = rng.standard_normal((40, 20))
    before = pool(rng, values=values, dates=20, later=0)
    values = values.copy()
    values[:, 7] = 1000.0
    after = pool(rng, values=values, dates=20, later=0)
    # A date on which all places jump is as rare as can be: it is not in its own sample.
    assert after.pooled_p[:, 7] == pytest.approx(1 / (after.sample_without(7).size + 1))
    assert before.sample_without(7).size == after.sample_without(7).size == 40 * 19


def test_a_restless_date_is_ranked_against_itself():
    rng = np.random.default_rng(3)
    jumpy = pool(rng, restless=(33,))
    assert np.flatnonzero(jumpy.restless).tolist() == [33]
    # Ranked among the placements of its own date, p is spread evenly, not crowded at zero.
    assert np.median(jumpy.p[2:, 33]) == pytest.approx(0.5, abs=0.1)
    assert (jumpy.p >= jumpy.pooled_p)[np.isfinite(jumpy.p)].all()


def test_a_zone_says_nothing_of_how_restless_a_date_is():
    values = np.random.default_rng(4).standard_normal((30, 20))
    changed = values.copy()
    changed[0, 19] = 50.0  # the zone, after the baseline
    quiet, ground = np.arange(20) < 15, np.arange(30) >= 1
    plain = deviations(values, quiet, ground, resolution=0.01)
    found = deviations(changed, quiet, ground, resolution=0.01)
    np.testing.assert_array_equal(plain.spread, found.spread)
    assert found.score[0, 19] > 10


def test_a_quiet_look_is_held_against_the_median_of_the_others():
    values = np.array([[1.0, 2.0, 3.0, 10.0, 4.0]])
    found = deviations(values, np.ones(5, bool), np.zeros(1, bool), resolution=0.01)
    assert found.residual[0, 3] == pytest.approx(10 - 2.5)
    assert found.residual[0, 0] == pytest.approx(1 - 3.5)


def test_ties_lower_what_is_promised():
    values = np.zeros((50, 20))
    values[:2, ::5] = 100.0 + np.arange(4) + 10 * np.arange(2)[:, None]
    found = held_out_rate(pool(None, values=values, dates=20, later=0, side="more"), 0.1)
    # 8 of 1000 looks are above zero: more than about 8 in 1000 cannot be promised.
    assert found.nominal < 0.012
    assert found.rate.holds


def test_the_attained_level_is_that_of_distinct_scores():
    sample = calibration_sample([np.arange(99, dtype=np.float32)], side="more")
    assert attained(sample, 0.1) == pytest.approx(0.1)
    assert attained(sample, 0.001) == pytest.approx(0.01)  # nothing below 1 / (n + 1)


def test_a_window_confirms_at_its_kth_smallest_p():
    found = pool(np.random.default_rng(5), dates=12, later=0)
    windows = confirming_p(found, 2, 3)
    assert windows.shape == (60, 10)
    assert windows[4, 3] == sorted(found.p[4, 3:6])[1]
    assert confirming_p(pool(np.random.default_rng(5), dates=2, later=0), 2, 3).size == 0


def test_looks_that_go_together_lower_the_level():
    rng = np.random.default_rng(6)
    independent = pool(rng, places=100, dates=40, later=0)
    together = np.repeat(rng.standard_normal((100, 20)), 2, axis=1)
    lasting = pool(rng, values=together, dates=40, later=0)
    free, bound = (level_for_confirmation(item, 2, 3, BUDGET) for item in (independent, lasting))
    assert bound < free <= BUDGET.alpha_per_look
    rate = confirmed_rate(lasting, 2, 3, bound, promised=BUDGET.alpha).rate
    assert rate.ratio <= 1.0
    loose = confirmed_rate(lasting, 2, 3, BUDGET.alpha_per_look, promised=BUDGET.alpha).rate
    assert loose.low > 1.5  # the level of independent dates would break the promise


def test_one_look_needs_no_windows():
    found = pool(np.random.default_rng(7))
    assert level_for_confirmation(found, 1, 1, BUDGET) == BUDGET.alpha_per_look


def test_unseen_looks_and_short_histories_have_no_p():
    values = np.random.default_rng(8).standard_normal((20, 12))
    values[3, 5] = np.nan
    values[4, 2:10] = np.nan  # two quiet looks left
    found = pool(None, values=values, dates=10, later=0)
    assert np.isnan(found.p[3, 5])
    assert np.isnan(found.p[4]).all()
    assert held_out_rate(found, 0.05, later=False).rate.trials == 20 * 10 - 1 - 10
