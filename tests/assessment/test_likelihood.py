"""Likelihoods: errors as measured, terms, posteriors, reliability."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import numpy as np
import pytest

from pipeline.assessment.calibration import quiet_pool
from pipeline.assessment.held_out import held_out_rate
from pipeline.assessment.likelihood import (
    Errors,
    Probability,
    beyond,
    crossed,
    false_alarm_p,
    fused,
    posteriors,
    stated,
    term,
)
from pipeline.assessment.record import Threshold
from pipeline.assessment.recovery import NEAR_DOUBLINGS, STEPS_PER_DOUBLING, Recovery
from pipeline.assessment.reliability import reliability
from tests.assessment.looks import look

START = datetime(2025, 1, 1, 10, 30, tzinfo=UTC)
LIMIT = Threshold(kind="deviation", value=1.5, comparator=">=", unit="dB")


def rarity(rng, *, places=40, dates=40, spread=0.5):
    values = spread * rng.standard_normal((places, dates))
    quiet = np.ones(dates, bool)
    names = [str(number) for number in range(places)]
    pool = quiet_pool(list(values), names, zones=1, quiet=quiet, side="both", resolution=0.01)
    return SimpleNamespace(
        pool=pool,
        row=0,
        acquired=tuple(START + timedelta(days=i) for i in range(dates)),
        rates=tuple(held_out_rate(pool, level) for level in (0.1, 0.05)),
        spread=lambda index: float(pool.deviations.spread[0, index]),
        confirming=np.linspace(0.01, 1, 500),
    )


def over(day, value, *, threshold=LIMIT, p=0.001, **more):
    return look(day, "change", "more", value=value, **more).model_copy(
        update={"threshold": threshold, "baseline": 0.0, "p": p}
    )


@pytest.fixture(scope="module")
def quiet():
    return rarity(np.random.default_rng(1))


def test_a_value_at_the_threshold_is_even_odds(quiet):
    found = crossed([over(3, 1.5)], "more", Errors(quiet))
    assert found.p == pytest.approx(0.5, abs=0.05)  # 4,000 draws and a rough spread
    assert found.low < 0.5 < found.high


def test_farther_over_is_likelier_and_never_certain(quiet):
    stages = [crossed([over(3, value)], "more", Errors(quiet)).p for value in (0.5, 1.5, 2.5, 9.0)]
    assert stages == sorted(stages)
    # No more than forty quiet dates support: the next one may be bad as a whole.
    assert stages[-1] == pytest.approx(1 - 1 / 41)
    two = crossed([over(3, 9.0), over(4, 9.0)], "more", Errors(quiet)).p
    assert two == pytest.approx(1 - 1 / (40 * 40 + 1))


def test_looks_join_by_dates(quiet):
    one = crossed([over(3, 1.8)], "more", Errors(quiet))
    four = crossed([over(day, 1.8) for day in (3, 4, 5, 6)], "more", Errors(quiet))
    assert four.p > one.p


def test_less_mirrors_more(quiet):
    more = crossed([over(3, 1.7)], "more", Errors(quiet)).p
    less = crossed([over(3, -1.7)], "less", Errors(quiet)).p
    assert less == pytest.approx(more, abs=0.04)  # quiet scores are symmetric to a few per cent


def test_an_area_is_read_by_what_injected_changes_measured(quiet):
    # Injected changes of this size measured twice their area.
    double = Recovery(np.array([2.0, 4.0, 8.0]), np.array([2.0, 2.0, 2.0]))
    plain, halved = (crossed([over(3, 2.4)], "more", Errors(quiet, r)).p
                     for r in (Recovery(np.empty(0), np.empty(0)), double))  # fmt: skip
    assert plain > 0.9
    assert halved < 0.5


def test_only_changes_that_measured_as_much_tell():
    few, many = np.full(20, 1.0), np.full(20, 100.0)
    found = Recovery(np.append(few, many), np.append(3 * few, many / 200))
    # Six doublings apart are ten kernel widths: the other twenty say nothing. Twenty that agree
    # leave half of one in 21 for the next to be unlike them.
    assert 6 / NEAR_DOUBLINGS >= 10
    assert found.beyond(np.full(9, 1.0), 0.3) == pytest.approx(20.5 / 21)
    assert found.beyond(np.full(9, 1.0), 0.4) == pytest.approx(0.5 / 21)
    assert found.beyond(np.full(9, 100.0), 199.0) == pytest.approx(20.5 / 21)


def test_a_signal_that_is_noise_alone_is_no_change():
    found = Recovery(np.full(20, 4.0), np.full(20, 1.0))
    assert found.beyond(np.full(9, -1.0), 2.0) == 0.0
    assert found.beyond(np.array([-1.0, 4.0]), 2.0) == pytest.approx((0.5 * 20 + 0.5) / 21)


def test_what_speaks_of_each_signal_is_weighed_as_a_plain_loop_does():
    rng = np.random.default_rng(31)
    known = Recovery(2.0 ** rng.uniform(2, 6, 40), rng.uniform(0.3, 1.5, 40))
    signals = np.round(rng.normal(12.0, 9.0, 60), 1)  # some alike, some below zero
    positive = [float(signal) for signal in signals if signal > 0]
    weights = []
    for signal in positive:
        level = round(math.log2(signal) * STEPS_PER_DOUBLING) / STEPS_PER_DOUBLING
        near = np.exp(-0.5 * ((np.log2(known.measured) - level) / NEAR_DOUBLINGS) ** 2)
        weights.append(near / near.sum())
    speaking = 1.0 / (np.mean(weights, axis=0) ** 2).sum()
    for limit in (8.0, -3.0, float(signals.max())):
        past = sum(w[s > limit * known.share].sum() for s, w in zip(positive, weights, strict=True))
        share = (past + np.sum((signals <= 0) & (signals > limit))) / signals.size
        wanted = (share * speaking + 0.5) / (speaking + 1.0)
        # Sums in another order.
        assert known.beyond(signals, limit) == pytest.approx(wanted, rel=1e-12)


@pytest.mark.parametrize("kind", ["relative", "rate"])
def test_what_one_look_cannot_tell_has_no_number(quiet, kind):
    limit = LIMIT.model_copy(update={"kind": kind})
    assert beyond(limit, 1.0, "more") is None
    assert crossed([over(3, 3.0, threshold=limit)], "more", Errors(quiet)) is None
    assert crossed([], "more", Errors(quiet)) is None


def test_likelihoods_of_single_looks_are_calibrated():
    rng = np.random.default_rng(2)
    quiet = rarity(rng)
    true = rng.uniform(0, 3, 300)
    measured = true + 0.5 * rng.standard_normal(300)
    p = [crossed([over(5, value)], "more", Errors(quiet)).p for value in measured]
    found = reliability(p, true > 1.5)
    # With thirty statements a bin, a perfect table errs by 0.04 on average.
    assert found.error < 0.08
    assert found.brier < 0.12


@pytest.mark.parametrize(
    ("p", "scale", "word"),
    [
        (0.05, "icd203", "almost-no-chance"), (0.06, "icd203", "very-unlikely"),
        (0.5, "icd203", "roughly-even-chance"), (0.8, "icd203", "likely"),
        (0.97, "icd203", "almost-certain"), (0.3, "phia", "unlikely"),
        (0.45, "phia", "realistic-possibility"), (0.85, "phia", "highly-likely"),
        (0.995, "ipcc", "virtually-certain"), (0.5, "ipcc", "about-as-likely-as-not"),
    ],
)  # fmt: skip
def test_terms_are_those_of_the_published_scales(p, scale, word):
    assert term(p, scale) == word


def test_no_term_for_what_is_no_probability():
    with pytest.raises(ValueError, match="between 0 and 1"):
        term(1.2, "icd203")


def test_independent_kinds_multiply_their_odds():
    both = fused([Probability(0.8, 0.7, 0.9), Probability(0.8, 0.7, 0.9)])
    assert both.p == pytest.approx(16 / 17)
    assert fused([Probability(0.8, 0.7, 0.9), Probability(0.5, 0.5, 0.5)]).p == pytest.approx(0.8)
    assert fused([]) is None


def test_posteriors_follow_bayes():
    found = posteriors(0.9, 0.01)
    assert found["0.05"] == pytest.approx(0.045 / (0.045 + 0.95 * 0.01))
    assert found["0.01"] < found["0.05"] < found["0.2"]
    assert posteriors(0.3, 0.3)["0.2"] == pytest.approx(0.2)  # nothing was learnt
    assert posteriors(0.0, 0.0)["0.2"] == 0.2


def test_two_rare_looks_are_rarer_than_one(quiet):
    looks = [over(3, 3.0, p=0.001), over(4, 3.0, p=0.002)]
    assert false_alarm_p(looks[:1], quiet, 2, 3) == 0.001
    # The k-th smallest p decides, and windows of quiet looks bound it from below.
    assert false_alarm_p(looks, quiet, 2, 3) == pytest.approx(1 / 501)


def test_a_term_needs_calibration():
    found = Probability(0.97, 0.9, 0.99)
    said = stated("x", found, scale="icd203", calibrated=True, posterior={"0.01": 0.5})
    silent = stated("x", found, scale="icd203", calibrated=False, posterior={})
    assert (said.term, silent.term) == ("almost-certain", None)
    assert silent.p == 0.97
    assert stated("x", None, scale="icd203", calibrated=True, posterior={}).p is None


def test_reliability_counts_what_it_says():
    found = reliability([0.05, 0.05, 0.95, 0.95, 1.0], [False, True, True, True, True])
    assert [row.statements for row in found.bins] == [2, 3]
    assert found.bins[0].observed == 0.5
    assert found.error == pytest.approx((2 * 0.45 + 3 * (1 - 2.9 / 3)) / 5)
    assert found.bins[1].observed_low < 1 <= found.bins[1].observed_high
    assert reliability([], []).statements == 0
    assert reliability([np.nan], [True]).statements == 0


@pytest.mark.parametrize(("p", "truth"), [([0.5], [True, False]), ([1.5], [True])])
def test_reliability_refuses_what_is_no_table(p, truth):
    with pytest.raises(ValueError, match="one probability per truth"):
        reliability(p, truth)
